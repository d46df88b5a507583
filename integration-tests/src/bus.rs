//! What lies on the bus, read as anyone could read it: with a plain NATS client, past the services.

use crate::replica::eventually;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, Message};
use chassis::commit::Commit;
use futures::StreamExt;
use std::time::Duration;

/// How long the bus may take for one message.
const WAIT: Duration = Duration::from_secs(20);

/// All messages of a stream up to its present end, in order.
///
/// # Panics
/// If the bus does not answer in time.
pub async fn stream(client: &async_nats::Client, name: &str, filter: &str) -> Vec<Message> {
    // A cluster may just be electing a leader.
    let (end, consumer) = eventually("the bus answers", || async {
        let jetstream = jetstream::new(client.clone());
        let stream = jetstream.get_stream(name).await.ok()?;
        let config = OrderedConfig {
            filter_subject: filter.to_owned(),
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.ok()?;
        Some((stream.cached_info().state.last_sequence, consumer))
    })
    .await;
    let mut pending = consumer.cached_info().num_pending;
    let mut messages = consumer.messages().await.expect("messages");
    let mut found = Vec::new();
    while pending > 0 {
        let message = tokio::time::timeout(WAIT, messages.next())
            .await
            .expect("the bus sends what it has")
            .expect("the consumer does not end")
            .expect("a message");
        let info = message.info().expect("a message of a stream");
        pending = info.pending;
        if info.stream_sequence > end {
            break;
        }
        found.push(message);
    }
    found
}

/// A commit of a journal.
///
/// # Panics
/// If the message is none.
pub fn commit(message: &Message) -> Commit {
    Commit::decode(&message.payload).expect("a commit")
}

/// Which transaction a commit of a journal belongs to: the position of its last commit, which all of them tell.
///
/// # Panics
/// If the message is none of a stream.
pub fn transaction(message: &Message) -> u64 {
    let following = message
        .headers
        .as_ref()
        .and_then(|headers| headers.get("Commit-Following"))
        .map_or(0, |following| {
            let number = following.as_str().parse::<u64>();
            number.expect("a number of commits")
        });
    let info = message.info().expect("a message of a stream");
    info.stream_sequence + following
}

/// A header of a published event.
///
/// # Panics
/// If it is missing.
pub fn header(message: &Message, name: &str) -> String {
    let headers = message.headers.as_ref().expect("an event has headers");
    let value = headers.get(name);
    value
        .unwrap_or_else(|| panic!("an event has `{name}`"))
        .to_string()
}
