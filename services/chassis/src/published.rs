//! Published events: what the rest of the world sees, as CloudEvents 1.0 in the NATS binding's binary mode.
//!
//! Domain events are private. A service maps them to messages of its contract (`published.proto`), which says what of persons
//! and vehicles is in them, with a function of the commit alone; the relay publishes those and nothing else.

use crate::commit::{Commit, Metadata, Unreadable};
use crate::domain::{Aggregate, District};
use crate::journal::{Position, Stored};
use async_nats::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use prost::Name;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::fmt::{self, Debug};

/// The stream of all published events.
pub const EVENTS: &str = "EVENTS";

/// Events that one commit can publish at most.
pub const MOST_PER_COMMIT: usize = 100;

/// An extension of ours: the id of the commit that an event comes from.
pub(crate) const COMMIT_ID: &str = "ce-commitid";

/// CloudEvents NATS binding §3.1.3: values are percent-encoded where they are not printable ASCII.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// An event on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedEvent {
    /// Full name of the message, e.g. `traffic.permits.v1.OccupationApproved`.
    pub type_name: String,
    /// What it is about: a resource name, e.g. `permits/0192...`.
    pub subject: String,
    pub district: District,
    /// proto3 JSON of the message.
    pub data: Bytes,
}

impl PublishedEvent {
    /// # Panics
    /// Never: proto3 JSON of a message is always JSON.
    pub fn of<M: Name + Serialize>(subject: String, district: District, message: &M) -> Self {
        Self {
            type_name: M::full_name(),
            subject,
            district,
            data: serde_json::to_vec(message)
                .expect("a message is always JSON")
                .into(),
        }
    }

    /// `OccupationApproved` is published under `occupation_approved`.
    fn event_name(&self) -> String {
        let name = self.type_name.rsplit('.').next().unwrap_or_default();
        let mut snake = String::with_capacity(name.len() + 4);
        for letter in name.chars() {
            if letter.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }

    /// The NATS subject: `events.<service>.<event_name>.<district code>`.
    pub fn nats_subject(&self, service: &str) -> String {
        format!("events.{service}.{}.{}", self.event_name(), self.district)
    }

    pub(crate) fn headers(&self, service: &str, at: Place, metadata: &Metadata) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
        headers.insert("ce-specversion", "1.0");
        headers.insert("ce-id", at.id(service).as_str());
        headers.insert("ce-source", format!("/traffic/{service}").as_str());
        headers.insert("ce-type", encode(&self.type_name).as_str());
        headers.insert("ce-subject", encode(&self.subject).as_str());
        headers.insert("ce-time", metadata.time.to_string().as_str());
        headers.insert("ce-datacontenttype", "application/json");
        headers.insert("ce-sequence", at.sequence().as_str());
        let commit_id = metadata.commit_id.simple().to_string();
        headers.insert(COMMIT_ID, commit_id.as_str());
        if let Some(traceparent) = &metadata.traceparent {
            headers.insert("ce-traceparent", encode(traceparent).as_str());
        }
        headers
    }
}

/// Where an event comes from: its commit, and its number among what the commit publishes, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) position: Position,
    pub(crate) number: usize,
}

impl Place {
    /// Unique among the events of all services.
    fn id(self, service: &str) -> String {
        format!("{service}-{}-{}", self.position, self.number)
    }

    /// Sorts as text in the order of publication (the CloudEvents `sequence` extension).
    fn sequence(self) -> String {
        format!("{:016}-{:03}", self.position, self.number)
    }

    pub(crate) fn of_sequence(text: &str) -> Option<Self> {
        let (position, number) = text.split_once('-')?;
        Some(Self {
            position: position.parse().ok()?,
            number: number.parse().ok()?,
        })
    }
}

/// An event as another service or agency receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEvent {
    /// Unique among all events, but for those that a restore has lost.
    pub id: String,
    /// The commit that it comes from; older versions published events without.
    pub commit_id: Option<String>,
    pub type_name: String,
    /// The resource it is about.
    pub subject: String,
    pub time: Timestamp,
    pub traceparent: Option<String>,
    pub data: Bytes,
}

/// A message on the EVENTS stream that is no event as published by the suite.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEvent {
    #[error("header `{0}` is missing or malformed")]
    Header(&'static str),
    #[error("its id `{0}` does not say where it comes from")]
    Id(String),
    #[error("data is not a {type_name}: {source}")]
    Data {
        type_name: String,
        source: serde_json::Error,
    },
}

impl ReceivedEvent {
    /// # Errors
    /// [`NotAnEvent`]. Never panics, whatever the bytes.
    pub fn parse(headers: Option<&HeaderMap>, data: Bytes) -> Result<Self, NotAnEvent> {
        let header = |name: &'static str| -> Result<String, NotAnEvent> {
            let value = headers
                .and_then(|headers| headers.get(name))
                .ok_or(NotAnEvent::Header(name))?;
            percent_decode_str(value.as_str())
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| NotAnEvent::Header(name))
        };
        Ok(Self {
            id: header("ce-id")?,
            commit_id: header(COMMIT_ID).ok(),
            type_name: header("ce-type")?,
            subject: header("ce-subject")?,
            time: header("ce-time")?
                .parse()
                .map_err(|_| NotAnEvent::Header("ce-time"))?,
            traceparent: header("ce-traceparent").ok(),
            data,
        })
    }

    pub fn is<M: Name>(&self) -> bool {
        self.type_name == M::full_name()
    }

    /// Where the event stands among all events of its service: it grows with each. A receiver that remembers the newest
    /// it has heard about a subject is not misled by news that comes late or twice.
    ///
    /// # Errors
    /// [`NotAnEvent::Id`].
    pub fn revision(&self) -> Result<u64, NotAnEvent> {
        // `<service>-<position>-<number>`, with at most `MOST_PER_COMMIT` numbers at one position.
        const NUMBERS: u64 = 1_000;
        let mut parts = self.id.rsplitn(3, '-');
        let mut part = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let (number, position) = (part(), part());
        position
            .zip(number.filter(|number| *number < NUMBERS))
            .and_then(|(position, number)| position.checked_mul(NUMBERS)?.checked_add(number))
            .ok_or_else(|| NotAnEvent::Id(self.id.clone()))
    }

    /// # Errors
    /// [`NotAnEvent::Data`].
    pub fn decode<M: DeserializeOwned>(&self) -> Result<M, NotAnEvent> {
        serde_json::from_slice(&self.data).map_err(|source| NotAnEvent::Data {
            type_name: self.type_name.clone(),
            source,
        })
    }
}

/// One domain event, as a mapping to published events sees it.
#[derive(Debug)]
pub struct Origin<'a> {
    pub id: &'a str,
    pub metadata: &'a Metadata,
    pub position: Position,
}

/// What of an aggregate's events is published: a function of the event and its commit alone.
pub type Publish<A> = fn(&<A as Aggregate>::Event, &Origin<'_>) -> Vec<PublishedEvent>;

type ErasedPublish =
    Box<dyn Fn(&Commit, &Origin<'_>) -> Result<Vec<PublishedEvent>, Unreadable> + Send + Sync>;

/// What a service publishes.
#[derive(Default)]
pub struct Publications(HashMap<&'static str, ErasedPublish>);

impl Debug for Publications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Publications {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an aggregate type whose events are published. Events of other types stay private.
    #[must_use]
    pub fn of<A: Aggregate>(mut self, publish: Publish<A>) -> Self {
        self.0.insert(
            A::TYPE,
            Box::new(move |commit, origin| {
                let mut published = Vec::new();
                for (index, json) in commit.events.iter().enumerate() {
                    let event: A::Event = serde_json::from_str(json.get())
                        .map_err(|source| Unreadable::UnknownEvent { index, source })?;
                    published.extend(publish(&event, origin));
                }
                Ok(published)
            }),
        );
        self
    }

    /// Everything that a commit publishes, in order, each event under its `ce-id`: what must be found on the stream.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn expected(
        &self,
        service: &str,
        stored: &Stored,
    ) -> Result<Vec<(String, PublishedEvent)>, Unreadable> {
        let (_, events) = self.from(stored)?;
        let identified = events.into_iter().zip(1..).map(|(event, number)| {
            let place = Place {
                position: stored.position,
                number,
            };
            (place.id(service), event)
        });
        Ok(identified.collect())
    }

    /// What a commit publishes, in order.
    pub(crate) fn from(
        &self,
        stored: &Stored,
    ) -> Result<(Option<Metadata>, Vec<PublishedEvent>), Unreadable> {
        let Some(publish) = self.0.get(stored.kind.as_str()) else {
            return Ok((None, Vec::new()));
        };
        let commit = Commit::decode(&stored.payload)?;
        let origin = Origin {
            id: &stored.id,
            metadata: &commit.metadata,
            position: stored.position,
        };
        let published = publish(&commit, &origin)?;
        assert!(
            published.len() <= MOST_PER_COMMIT,
            "a commit publishes at most {MOST_PER_COMMIT} events"
        );
        Ok((Some(commit.metadata), published))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Actor, Channel};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn metadata() -> Metadata {
        Metadata {
            format: 1,
            commit_id: Uuid::nil(),
            command_id: Uuid::nil(),
            request: None,
            actor: Actor::system("test"),
            channel: Channel::Api,
            time: "2026-03-02T09:00:00Z".parse().expect("a time"),
            correlation_id: Uuid::nil(),
            causation_id: None,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            previous: [0; 16],
        }
    }

    fn event(subject: &str) -> PublishedEvent {
        PublishedEvent {
            type_name: "traffic.permits.v1.OccupationApproved".into(),
            subject: subject.into(),
            district: District::new(371_702).expect("a district"),
            data: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn the_subject_names_service_event_and_district() {
        assert_eq!(
            event("permits/1").nats_subject("permits"),
            "events.permits.occupation_approved.371702"
        );
    }

    #[test]
    fn sequences_sort_as_text_in_order_of_publication() {
        let places = [(9, 1), (9, 2), (10, 1), (100, 1)];
        let texts: Vec<String> = places
            .iter()
            .map(|(position, number)| {
                Place {
                    position: *position,
                    number: *number,
                }
                .sequence()
            })
            .collect();
        assert!(texts.is_sorted());
        assert_eq!(
            Place::of_sequence(&texts[1]),
            Some(Place {
                position: 9,
                number: 2
            })
        );
    }

    #[test]
    fn the_revision_grows_with_position_and_number() {
        let revision = |id: &str| {
            let received = ReceivedEvent {
                id: id.into(),
                commit_id: None,
                type_name: String::new(),
                subject: String::new(),
                time: metadata().time,
                traceparent: None,
                data: Bytes::new(),
            };
            received.revision().ok()
        };
        assert_eq!(revision("permits-12-3"), Some(12_003));
        assert!(revision("permits-12-100") < revision("permits-13-1"));
        for bad in [
            "",
            "permits",
            "permits-x-1",
            "permits-1-x",
            "permits-1-1000",
            "permits-18446744073709551615-1",
        ] {
            assert_eq!(revision(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_event_survives_its_headers(subject in "\\PC{1,40}") {
            let sent = event(&subject);
            let headers = sent.headers("permits", Place { position: 7, number: 1 }, &metadata());
            let received = ReceivedEvent::parse(Some(&headers), sent.data.clone()).expect("an event");
            prop_assert_eq!(received.id, "permits-7-1");
            prop_assert_eq!(received.subject, subject);
            prop_assert_eq!(received.type_name, sent.type_name);
            prop_assert_eq!(received.traceparent, metadata().traceparent);
        }
    }
}
