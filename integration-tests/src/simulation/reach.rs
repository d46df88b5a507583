//! How far the stories of a simulation come, as published events and requests that were carried out tell: a story that is refused
//! at its second step proves nothing about what would follow.

use prost_reflect::{DescriptorPool, MethodDescriptor};
use std::collections::{BTreeMap, BTreeSet};

/// Events that no story leads to yet: tests of their service alone show them. Whoever adds a story takes its events out.
const BEYOND: [&str; 3] = [
    "traffic.registration.v1.EbikePlateExpired",
    "traffic.registration.v1.EbikePlateRenewed",
    "traffic.registration.v1.ScrappingNoticeDue",
];

/// Requests that change something, and that nobody in the city can have carried out. Renewals of transitional plates ended before
/// its time begins.
const UNDONE: [&str; 1] = ["traffic.registration.v1.RenewTransitionalPlateRequest"];

/// The packages of the services.
const SERVICES: [&str; 4] = [
    "traffic.enforcement.v1",
    "traffic.parking.v1",
    "traffic.permits.v1",
    "traffic.registration.v1",
];

/// The published events of all contracts, and the requests that change something, that are not among `reached` and should be, by
/// their full names.
///
/// # Panics
/// If the contracts cannot be read.
pub fn missed(reached: &BTreeMap<String, u64>) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(traffic_proto::DESCRIPTORS).expect("contracts");
    let events = pool
        .files()
        .filter(|file| file.name().ends_with("/published.proto"))
        .flat_map(|file| file.messages().collect::<Vec<_>>())
        // What an event is about is a part of events.
        .filter(|message| !message.name().ends_with("Ref"))
        .map(|message| message.full_name().to_owned());
    let requests = pool
        .services()
        .filter(|service| SERVICES.contains(&service.package_name()))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(changes_something)
        .map(|method| method.input().full_name().to_owned());
    events
        .chain(requests)
        .filter(|name| !reached.contains_key(name))
        .filter(|name| !BEYOND.contains(&name.as_str()) && !UNDONE.contains(&name.as_str()))
        .collect()
}

/// What changes something can be repeated, or is sent in rows.
fn changes_something(method: &MethodDescriptor) -> bool {
    method.is_client_streaming() || method.input().get_field_by_name("request_id").is_some()
}
