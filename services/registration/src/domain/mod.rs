//! The law of registration, pure: what is registered, what the law asks of it, and each step from filing to the plates.

pub mod timers;
