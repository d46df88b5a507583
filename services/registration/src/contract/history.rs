//! One event of a history, as recorded, without the sealed boxes.

use chassis::commit::Metadata;
use chassis::server::to_timestamp;
use serde_json::Value;
use traffic_proto::registration::v1 as proto;

/// Who, when, through which channel, and what. `fact`: the event's own part of what is stored.
pub fn history_event(
    resource: String,
    position: u64,
    metadata: &Metadata,
    name: &str,
    fact: Value,
) -> proto::HistoryEvent {
    let channel = serde_json::to_value(metadata.channel).unwrap_or_default();
    proto::HistoryEvent {
        resource,
        position,
        r#type: name.to_owned(),
        event_time: Some(to_timestamp(metadata.time)),
        actor: metadata.actor.id.clone(),
        channel: channel.as_str().unwrap_or_default().to_owned(),
        details: details(fact),
        command_id: metadata.command_id.to_string(),
    }
}

fn details(mut fact: Value) -> Option<pbjson_types::Struct> {
    // An event without data is recorded as its bare name, which `type` already says.
    let mut inner = match &mut fact {
        Value::Object(fields) => fields.values_mut().next()?.take(),
        _ => return None,
    };
    unseal(&mut inner);
    serde_json::from_value(inner).ok()
}

/// Puts the reference of the person in the place of each sealed box.
fn unseal(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.contains_key("person") && fields.contains_key("bytes") => {
            let person = fields["person"].take();
            *value = serde_json::json!({ "person_ref": person });
        }
        Value::Object(fields) => fields.values_mut().for_each(unseal),
        Value::Array(items) => items.iter_mut().for_each(unseal),
        _ => {}
    }
}
