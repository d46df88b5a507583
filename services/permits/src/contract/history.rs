//! One event of a permit's history, as recorded, without the sealed boxes.

use super::name;
use crate::domain::event::PermitEvent;
use crate::domain::values::PermitId;
use chassis::commit::Metadata;
use chassis::server::to_timestamp;
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sealed_box_is_shown_as_the_reference_of_its_person() {
        let mut value = json!({
            "driver": { "person": { "person": "abc", "format": 1, "bytes": "AAAA" }, "qualified_until": "2026-01-01" },
            "list": [{ "person": "def", "format": 1, "bytes": "BBBB" }]
        });
        unseal(&mut value);
        assert_eq!(
            value,
            json!({
                "driver": { "person": { "person_ref": "abc" }, "qualified_until": "2026-01-01" },
                "list": [{ "person_ref": "def" }]
            })
        );
    }
}
