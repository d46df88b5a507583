//! Fixtures for tests: given/when/then scenarios on pure domains, the rules of a journal, a proxy that cuts connections,
//! a cluster that can be parted, a bus of a test's own, a city with a service on it.

mod bus;
pub mod bus_rules;
mod city;
pub mod conformance;
mod network;
mod proxy;
mod scenario;

pub use bus::{Bus, config};
pub use city::{Account, Bearer, City, Line, Replica, fields, reason};
pub use network::Network;
pub use proxy::{Passage, Proxy};
pub use scenario::{Outcome, Scenario};
