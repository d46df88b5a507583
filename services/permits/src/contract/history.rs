//! One event of a permit's history, as recorded, without the sealed boxes.

use super::name;
use crate::domain::event::PermitEvent;
use crate::domain::values::PermitId;
use chassis::commit::Metadata;
use chassis::server::{show_references, to_timestamp};
use serde_json::Value;
use traffic_proto::permits::v1 as proto;

/// Who, when, why, through which channel, and what.
pub fn history_event(
    id: &PermitId,
    position: u64,
    metadata: &Metadata,
    event: &PermitEvent,
) -> proto::PermitEvent {
    let channel = serde_json::to_value(metadata.channel).unwrap_or_default();
    proto::PermitEvent {
        permit: name(id),
        position,
        r#type: event.fact.name().to_owned(),
        event_time: Some(to_timestamp(metadata.time)),
        actor: metadata.actor.id.clone(),
        channel: channel.as_str().unwrap_or_default().to_owned(),
        reason: event.fact.reason().unwrap_or_default().to_owned(),
        details: details(event),
        command_id: metadata.command_id.to_string(),
    }
}

fn details(event: &PermitEvent) -> Option<pbjson_types::Struct> {
    let mut recorded = serde_json::to_value(&event.fact).ok()?;
    // An event without data is recorded as its bare name, which `type` already says.
    let mut inner = match &mut recorded {
        Value::Object(fields) => fields.values_mut().next()?.take(),
        _ => return None,
    };
    show_references(&mut inner);
    serde_json::from_value(inner).ok()
}
