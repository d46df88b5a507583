//! gRPC: requests become commands and queries, states become resources, refusals become statuses.

mod days;
mod parties;
mod steps;
pub mod vehicles;
