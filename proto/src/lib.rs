//! The public contracts of the traffic suite and the code generated from them: a module for each package, so that
//! `traffic.permits.v1.Permit` is [`permits::v1::Permit`].
//!
//! Every message also has its proto3 JSON form through `serde`.

/// All contracts as a `FileDescriptorSet`, with their custom options: for reflection, and for what the server enforces.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub mod plates;

include!(concat!(env!("OUT_DIR"), "/contracts.rs"));

/// The status of a row, under the name that all of gRPC knows it by.
#[allow(clippy::all, reason = "generated")]
pub mod google {
    pub mod rpc {
        include!(concat!(env!("OUT_DIR"), "/google.rpc.rs"));
        include!(concat!(env!("OUT_DIR"), "/google.rpc.serde.rs"));
    }
}

/// A request for a step of a resource's life: it names the resource, may be bound to its etag, and may be a rehearsal.
/// Every request with these four fields is one.
pub trait Step: prost::Message + prost::Name {
    fn name(&self) -> &str;
    fn etag(&self) -> &str;
    fn request_id(&self) -> &str;
    fn validate_only(&self) -> bool;
}

include!(concat!(env!("OUT_DIR"), "/steps.rs"));

#[cfg(test)]
mod tests {
    use crate::permits::v1::{PermitKind, PermitSubmitted};

    /// The contracts are only ever added to, and services are upgraded one after the other.
    #[test]
    fn an_event_of_a_newer_version_is_read_without_what_it_adds() {
        let newer = r#"{
            "ref": {"permit": "permits/a", "kind": "PERMIT_KIND_OF_TOMORROW", "district": "371702", "lane": {"number": 2}},
            "priority": true
        }"#;
        let event: PermitSubmitted = serde_json::from_str(newer).expect("it is read");
        let about = event.r#ref.expect("what it is about");
        assert_eq!(about.permit, "permits/a");
        assert_eq!(about.kind(), PermitKind::Unspecified);
    }
}
