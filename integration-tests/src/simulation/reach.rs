//! How far the stories of a simulation come, as published events tell: one that is refused at its second step proves
//! nothing about what would follow.

use prost_reflect::DescriptorPool;
use std::collections::{BTreeMap, BTreeSet};

/// Events that no story leads to yet: tests of their service alone show them. Whoever adds a story takes its events out.
const BEYOND: [&str; 3] = [
    "traffic.registration.v1.EbikePlateExpired",
    "traffic.registration.v1.EbikePlateRenewed",
    "traffic.registration.v1.ScrappingNoticeDue",
];

/// The published events of all contracts that are not among `reached` and should be, by their full names.
///
/// # Panics
/// If the contracts cannot be read.
pub fn missed(reached: &BTreeMap<String, u64>) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(traffic_proto::DESCRIPTORS).expect("contracts");
    pool.files()
        .filter(|file| file.name().ends_with("/published.proto"))
        .flat_map(|file| file.messages().collect::<Vec<_>>())
        // What an event is about is a part of events.
        .filter(|message| !message.name().ends_with("Ref"))
        .map(|message| message.full_name().to_owned())
        .filter(|name| !reached.contains_key(name) && !BEYOND.contains(&name.as_str()))
        .collect()
}
