//! gRPC: requests become commands and queries, states become resources, refusals become statuses.

mod days;
pub mod ebikes;
pub mod kiosks;
pub mod orders;
mod parties;
pub mod stations;
pub mod vehicles;
