//! Fixtures for tests: given/when/then scenarios on pure domains, the rules of a journal, a proxy that cuts connections,
//! a bus of a test's own.

mod bus;
pub mod conformance;
mod proxy;
mod scenario;

pub use bus::{Bus, config};
pub use proxy::Proxy;
pub use scenario::{Outcome, Scenario};
