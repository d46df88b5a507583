//! Given past events, when a command is handled, then these events or this refusal.
