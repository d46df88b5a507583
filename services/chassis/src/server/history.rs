//! Recorded events as a history may show them.

use serde_json::Value;

/// Puts the reference of the person in the place of each sealed box of an event's JSON.
pub fn show_references(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.contains_key("person") && fields.contains_key("bytes") => {
            let person = fields["person"].take();
            *value = serde_json::json!({ "person_ref": person });
        }
        Value::Object(fields) => fields.values_mut().for_each(show_references),
        Value::Array(items) => items.iter_mut().for_each(show_references),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PersonRef, Sealed};
    use serde_json::json;

    #[test]
    fn a_sealed_box_is_shown_as_the_reference_of_its_person_wherever_it_stands() {
        let person = PersonRef::from_hash(&[7; 32]);
        let sealed = Sealed {
            person: person.clone(),
            format: 1,
            bytes: [1, 2, 3].into(),
        };
        let mut value =
            json!({ "driver": { "person": &sealed, "until": "2026-01-01" }, "list": [&sealed] });
        show_references(&mut value);
        let shown = json!({ "person_ref": person.as_str() });
        assert_eq!(
            value,
            json!({ "driver": { "person": &shown, "until": "2026-01-01" }, "list": [&shown] })
        );
    }
}
