//! The people of a case.

use chassis::sealing::Sealer;
use chassis::server::{NamedPerson, People};
use traffic_proto::enforcement::v1 as proto;

/// The people of one request, sealed under the name that enforcement's boxes have.
pub(super) fn people(sealer: &Sealer) -> People<'_> {
    People::new(sealer, "enforcement.party")
}

pub(super) fn named(party: &proto::Party) -> NamedPerson<'_> {
    NamedPerson {
        name: &party.name,
        identity_document: party.identity_document,
        identity_number: &party.identity_number,
        phone: &party.phone,
    }
}
