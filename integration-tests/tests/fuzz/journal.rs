//! What comes from the bus: commits of the own journal, events of other services.

use crate::recipe::{damaged, damaged_text, recipe};
use async_nats::header::HeaderMap;
use bytes::Bytes;
use chassis::commit::{Commit, FORMAT, Metadata, RequestMark};
use chassis::domain::{Actor, Aggregate, Channel};
use chassis::published::ReceivedEvent;
use permits::domain::permit::Permit;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;
use traffic_proto::{parking, permits::v1 as permits_v1};
use uuid::Uuid;

fn commit() -> Vec<u8> {
    let event = r#"{"fact":{"PermitAccepted":{"deemed":false}}}"#;
    Commit {
        metadata: Metadata {
            format: FORMAT,
            commit_id: Uuid::from_u128(1),
            command_id: Uuid::from_u128(2),
            request: Some(RequestMark {
                fingerprint: [7; 16],
                answer: None,
            }),
            actor: Actor::system("test"),
            channel: Channel::Api,
            time: "2026-03-02T09:00:00Z".parse().unwrap(),
            correlation_id: Uuid::from_u128(3),
            causation_id: None,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            previous: [9; 16],
        },
        events: vec![serde_json::from_str(event).unwrap()],
    }
    .encode()
    .to_vec()
}

proptest! {
    #[test]
    fn what_is_read_as_a_commit_stays_the_same_when_written_and_read_again(recipe in recipe()) {
        if let Ok(read) = Commit::decode(&damaged(&commit(), &recipe)) {
            let written = read.encode();
            let again = Commit::decode(&written).expect("what was written can be read");
            prop_assert_eq!(again.encode(), written);
            for event in &read.events {
                // Unknown events are refused, never misread into a panic.
                let _ = serde_json::from_str::<<Permit as Aggregate>::Event>(event.get());
            }
        }
    }
}

const HEADERS: [(&str, &str); 5] = [
    ("ce-id", "permits-12-1"),
    ("ce-type", "traffic.permits.v1.RoadOccupationApproved"),
    ("ce-subject", "permits/00000000-0000-8000-8000-000000000001"),
    ("ce-time", "2026-03-02T09:00:00Z"),
    (
        "ce-traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
];

const APPROVED: &str = r#"{"ref":{"permit":"permits/00000000-0000-8000-8000-000000000001",
    "kind":"PERMIT_KIND_ROAD_OCCUPATION","district":"371702"},"grantVersion":1,
    "stretch":{"roads":["示例路"],"directions":["TRAVEL_DIRECTION_EASTBOUND"],"side":"ROAD_SIDE_RIGHT","widthCm":800,
      "line":{"points":[{"longitude":115.48,"latitude":35.25},{"longitude":115.49,"latitude":35.25}]}},
    "time":{"startTime":"2026-03-02T09:00:00Z","endTime":"2026-03-04T09:00:00Z"}}"#;

/// Reads the data as a message of the contract: whatever is understood is understood in the same way again.
fn understood<M: Serialize + DeserializeOwned>(event: &ReceivedEvent) {
    if let Ok(message) = event.decode::<M>() {
        let written = serde_json::to_string(&message).expect("a message has a JSON form");
        let again: M = serde_json::from_str(&written).expect("what was written can be read");
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
    }
}

/// The event with one header and the data damaged, if the protocol can carry it and it is an event at all.
fn received(
    which: usize,
    of_header: &[(u16, u8, u8)],
    of_data: &[(u16, u8, u8)],
) -> Option<ReceivedEvent> {
    let mut headers = HeaderMap::new();
    for (at, (name, value)) in HEADERS.into_iter().enumerate() {
        let value = if at == which {
            damaged_text(value, of_header)
        } else {
            value.to_owned()
        };
        headers.insert(name, async_nats::HeaderValue::from_str(&value).ok()?);
    }
    let data = Bytes::from(damaged(APPROVED.as_bytes(), of_data));
    ReceivedEvent::parse(Some(&headers), data).ok()
}

proptest! {
    #[test]
    fn what_is_read_as_a_published_event_is_understood_or_refused(
        which in 0..HEADERS.len(), of_header in recipe(), of_data in recipe()
    ) {
        if let Some(event) = received(which, &of_header, &of_data) {
            understood::<permits_v1::RoadOccupationApproved>(&event);
            understood::<permits_v1::PermitRevoked>(&event);
            understood::<permits_v1::RoadReopened>(&event);
            understood::<parking::v1::IllegalParkingSeen>(&event);
        }
    }
}

#[test]
fn the_samples_are_whole() {
    assert!(Commit::decode(&commit()).is_ok());
    assert!(received(0, &[], &[]).is_some());
    let approved: permits_v1::RoadOccupationApproved = serde_json::from_str(APPROVED).unwrap();
    assert_eq!(approved.grant_version, 1);
    assert!(approved.stretch.is_some() && approved.time.is_some());
}
