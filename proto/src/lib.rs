//! The public contracts of the traffic suite and the code generated from them.
//!
//! Every message also has its proto3 JSON form through `serde`.

/// All contracts as a `FileDescriptorSet`, with their custom options: for reflection, and for what the server enforces.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub mod operations {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/traffic.operations.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/traffic.operations.v1.serde.rs"));
    }
}

pub mod parking {
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/traffic.parking.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/traffic.parking.v1.serde.rs"));
    }
}
