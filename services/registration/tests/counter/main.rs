//! What happens at counters and kiosks: e-bikes, stations, orders. First the law by itself, then the service on a real bus.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ebikes;
mod fixtures;
mod kiosks;
mod orders;
mod stations;

mod at_kiosk;
mod service_counter;
mod service_ebikes;
mod service_import;
mod service_paid;
mod service_published;
mod world;
