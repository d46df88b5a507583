//! Fixtures for tests: given/when/then scenarios on pure domains, the rules of a journal, a proxy that cuts connections.

pub mod conformance;
mod proxy;
mod scenario;

pub use proxy::Proxy;
pub use scenario::{Outcome, Scenario};
