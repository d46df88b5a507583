//! What must hold whenever clients rest, read past the services from the bus itself.

use crate::replica::{GLANCE, PATIENCE, Replica, http_get};
use crate::suite::Service;
use crate::{bus, ledger};
use async_nats::jetstream;
use chassis::commit::Commit;
use chassis::journal::Stored;
use chassis::published::{EVENTS, Publications, ReceivedEvent};
use futures::TryStreamExt;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// How often a service counts its overdue timers, and a little.
const COUNTED: Duration = Duration::from_secs(6);

fn publications(service: Service) -> Publications {
    match service {
        Service::Ledger => ledger::blueprint().publications,
        Service::Permits => permits::blueprint().publications,
        Service::Parking => parking::blueprint().publications,
        Service::Enforcement => enforcement::blueprint().publications,
        Service::Registration => registration::blueprint().publications,
    }
}

/// Exactly what the journal makes of its commits is on the stream of events, in order, nothing missing, nothing twice.
/// Waits for the relay. Answers how many commits and events there are.
///
/// # Panics
/// If not.
pub(super) async fn published_is_what_was_committed(
    service: Service,
    client: &async_nats::Client,
) -> (u64, u64) {
    let publications = publications(service);
    let mut commits = 0;
    let mut expected = Vec::new();
    for message in bus::stream(client, &service.stream(), ">").await {
        commits += 1;
        let events = publications.expected(service.name(), &stored(&message));
        expected.extend(events.expect("a commit can be read"));
    }
    let filter = format!("events.{}.>", service.name());
    let deadline = Instant::now() + PATIENCE;
    let mut published = bus::stream(client, EVENTS, &filter).await;
    while published.len() < expected.len() {
        assert!(
            Instant::now() < deadline,
            "{}: {} of {} events published, the relay is stuck",
            service.name(),
            published.len(),
            expected.len()
        );
        tokio::time::sleep(GLANCE * 20).await;
        published = bus::stream(client, EVENTS, &filter).await;
    }
    for (message, (id, event)) in published.iter().zip(&expected) {
        let seen = ReceivedEvent::parse(message.headers.as_ref(), message.payload.clone())
            .expect("an event can be read");
        assert_eq!(&seen.id, id, "{}: the next event", service.name());
        assert_eq!(
            (&seen.type_name, &seen.subject, &seen.data),
            (&event.type_name, &event.subject, &event.data),
            "{id}"
        );
    }
    let surplus = published
        .get(expected.len())
        .map(|message| &message.headers);
    assert!(
        surplus.is_none(),
        "{}: published without a commit: {surplus:?}",
        service.name()
    );
    (commits, published.len() as u64)
}

fn stored(message: &jetstream::Message) -> Stored {
    let mut tokens = message.subject.rsplit('.');
    let mut token = || tokens.next().unwrap_or_default().to_owned();
    let (id, kind) = (token(), token());
    let commit = Commit::decode(&message.payload).expect("a commit");
    Stored {
        position: message
            .info()
            .expect("a message of a stream")
            .stream_sequence,
        kind,
        id,
        commit_id: commit.metadata.commit_id,
        following: 0,
        stored_at: Timestamp::UNIX_EPOCH,
        payload: message.payload.clone(),
    }
}

/// Every policy works off what is published.
///
/// # Panics
/// If one is stuck.
pub(super) async fn policies_come_to_rest(client: &async_nats::Client) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waiting = waiting_events(client).await;
        if waiting.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        assert!(Instant::now() < deadline, "a policy is stuck: {waiting:?}");
        tokio::time::sleep(GLANCE * 10).await;
    }
}

/// The policies that have not come to the end: name, events to be delivered, events delivered and not settled.
async fn waiting_events(
    client: &async_nats::Client,
) -> Result<Vec<(String, u64, usize)>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = jetstream::new(client.clone())
        .get_stream_no_info(EVENTS)
        .await?;
    let consumers: Vec<jetstream::consumer::Info> = stream.consumers().try_collect().await?;
    let policies = consumers
        .into_iter()
        .filter(|consumer| consumer.config.durable_name.is_some());
    let waiting = policies
        .filter(|consumer| consumer.num_pending > 0 || consumer.num_ack_pending > 0)
        .map(|consumer| {
            (
                consumer.name,
                consumer.num_pending,
                consumer.num_ack_pending,
            )
        });
    Ok(waiting.collect())
}

/// No timer is past its time by more than the service takes to count them.
///
/// # Panics
/// If one stays overdue.
pub(super) async fn no_timer_is_overdue(replicas: &[&Replica]) {
    let deadline = Instant::now() + PATIENCE;
    // What is counted now was due before.
    tokio::time::sleep(COUNTED).await;
    for replica in replicas {
        loop {
            let overdue = overdue(replica).await;
            if overdue == Some(0) {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{}: {overdue:?} timers are overdue",
                replica.service().name()
            );
            tokio::time::sleep(GLANCE * 20).await;
        }
    }
}

async fn overdue(replica: &Replica) -> Option<u64> {
    let (_, text) = http_get(replica.http_address(), "/metrics").await.ok()?;
    let text = String::from_utf8(text).ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("traffic_timers_overdue{"))?;
    line.rsplit(' ').next()?.parse().ok()
}
