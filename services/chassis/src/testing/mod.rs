//! Fixtures for tests: given/when/then scenarios on pure domains.

mod scenario;

pub use scenario::{Outcome, Scenario};
