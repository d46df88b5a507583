//! One commit of a history, as recorded, without the sealed boxes.

use chassis::commit::Commit;
use chassis::domain::{Aggregate, LegalBasis};
use chassis::journal::Stored;
use chassis::server::{Failure, show_references, to_timestamp};
use serde_json::Value;
use traffic_proto::enforcement::v1 as proto;

/// Who, when, why, through which channel, what, and on which provision each event rests.
///
/// # Errors
/// [`Failure::Internal`] if the commit cannot be read.
pub fn history_entry<A: Aggregate>(
    stored: &Stored,
    basis: fn(&A::Event) -> Option<LegalBasis>,
) -> Result<proto::HistoryEntry, Failure> {
    let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
    let metadata = &commit.metadata;
    let channel = serde_json::to_value(metadata.channel).map_err(Failure::internal)?;
    let mut events = Vec::with_capacity(commit.events.len());
    let mut legal_bases = Vec::with_capacity(commit.events.len());
    for json in &commit.events {
        let mut event: Value = serde_json::from_str(json.get()).map_err(Failure::internal)?;
        show_references(&mut event);
        let known: A::Event = serde_json::from_str(json.get()).map_err(Failure::internal)?;
        legal_bases.extend(basis(&known).map(|basis| basis.to_string()));
        // An event without data is recorded as its bare name.
        if let Value::String(name) = event {
            event = serde_json::json!({ name: {} });
        }
        events.push(serde_json::from_value(event).map_err(Failure::internal)?);
    }
    Ok(proto::HistoryEntry {
        position: stored.position,
        time: Some(to_timestamp(metadata.time)),
        actor: metadata.actor.id.clone(),
        channel: channel.as_str().unwrap_or_default().to_owned(),
        events,
        cause: metadata.causation_id.clone().unwrap_or_default(),
        legal_bases,
    })
}
