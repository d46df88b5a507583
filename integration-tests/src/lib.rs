//! The suite from outside: services as processes on a real nats-server, faults done to them, and what must hold afterwards.
//!
//! ```text
//! Suite ── nats-server (child, own port and folder, every write synced), or three that form a cluster
//!   ├─ Replica ── process of `replica` (own ports and folder), killed and started again on both
//!   ├─ Load<Workload> ── clients that repeat each command until it is acknowledged, and note what was
//!   ├─ audit ── what was acknowledged, against the services' own histories and against the raw stream
//!   └─ faults ── rounds of all of this at once, from a seed: what the program `faults` runs at any length
//! ```
//!
//! A further service needs a line in [`Service`] and, to be put under load, a [`load::Workload`].

pub mod audit;
pub mod bus;
pub mod clock;
pub mod disk;
pub mod faults;
pub mod files;
pub mod ledger;
pub mod load;
pub mod malformed;
pub mod process;
pub mod raw;
pub mod reflection;
pub mod replica;
pub mod simulation;
pub mod status;
pub mod suite;
pub mod workloads;

pub use replica::Replica;
pub use suite::{Service, Suite, Topology};

/// The ledger's contract.
pub mod ledger_v1 {
    /// With the operators' methods, for reflection and the scopes of each method.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ledger.bin"));
    include!(concat!(env!("OUT_DIR"), "/traffic.ledger.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/traffic.ledger.v1.serde.rs"));
}

/// How often something is done in a test: the default, which CI runs, or what the environment asks for.
///
/// # Panics
/// If the variable is no number.
pub fn times(variable: &str, default: usize) -> usize {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    }
}
