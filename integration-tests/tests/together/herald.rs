//! The bus itself: events told as a service tells them that is not there, told again, and heard by all.

use async_nats::HeaderMap;
use async_nats::jetstream::{self, Context};
use chassis::published::EVENTS;
use integration_tests::bus;
use integration_tests::replica::eventually;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Name;
use serde::Serialize;

/// Tells events in the place of a service that does not run: in any order, as often as wanted.
pub(crate) struct Herald {
    bus: Context,
    service: &'static str,
}

/// An event as it is told: where it stands in its service's journal, and when it happened.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    pub(crate) position: u64,
    pub(crate) at: Timestamp,
}

impl Herald {
    pub(crate) fn of(service: &'static str, client: &async_nats::Client) -> Self {
        Self {
            bus: jetstream::new(client.clone()),
            service,
        }
    }

    pub(crate) async fn tell<M: Name + Serialize>(&self, told: Told, about: &str, event: &M) {
        let Told { position, at } = told;
        let service = self.service;
        let mut headers = HeaderMap::new();
        headers.insert("ce-specversion", "1.0");
        headers.insert("ce-id", format!("{service}-{position}-1").as_str());
        headers.insert("ce-source", format!("/traffic/{service}").as_str());
        headers.insert("ce-type", M::full_name().as_str());
        let about = utf8_percent_encode(about, NON_ALPHANUMERIC).to_string();
        headers.insert("ce-subject", about.as_str());
        headers.insert("ce-time", at.to_string().as_str());
        headers.insert("ce-datacontenttype", "application/json");
        headers.insert("ce-sequence", format!("{position:016}-001").as_str());
        let name = in_snake_case(M::NAME);
        let subject = format!("events.{service}.{name}.371702");
        let data = serde_json::to_vec(event).unwrap();
        let stored = self.bus.publish_with_headers(subject, headers, data.into());
        stored.await.unwrap().await.unwrap();
    }
}

fn in_snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Tells everything that a service has published again, the newest first. The service must not run: it would take its own old
/// events for its newest.
pub(crate) async fn tell_again_backwards(client: &async_nats::Client, service: &str) {
    let told = bus::stream(client, EVENTS, &format!("events.{service}.>")).await;
    assert!(!told.is_empty(), "{service} has published something");
    let bus = jetstream::new(client.clone());
    for event in told.iter().rev() {
        let mut headers = HeaderMap::new();
        for (name, values) in event.headers.iter().flat_map(HeaderMap::iter) {
            // Without the guards of the relay.
            if name.to_string().starts_with("ce-") {
                for value in values {
                    headers.insert(name.clone(), value.clone());
                }
            }
        }
        let again = bus.publish_with_headers(event.subject.clone(), headers, event.payload.clone());
        again.await.unwrap().await.unwrap();
    }
}

/// Waits until a policy has handled everything that has been published so far.
pub(crate) async fn heard(client: &async_nats::Client, policy: &str) {
    let bus = jetstream::new(client.clone());
    eventually(&format!("{policy} has heard everything"), || async {
        let stream = bus.get_stream(EVENTS).await.ok()?;
        let heard = stream.consumer_info(policy).await.ok()?;
        (heard.num_pending == 0 && heard.num_ack_pending == 0).then_some(())
    })
    .await;
}

/// Waits until so many events have been told under a filter.
pub(crate) async fn published(client: &async_nats::Client, filter: &str, count: usize) {
    eventually(&format!("{count} of {filter}"), || async {
        let told = bus::stream(client, EVENTS, filter).await;
        (told.len() >= count).then_some(())
    })
    .await;
}
