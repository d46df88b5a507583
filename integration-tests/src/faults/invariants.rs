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
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How often a service counts its overdue timers, and a little.
pub(super) const COUNTED: Duration = Duration::from_secs(6);

fn publications(service: Service) -> Publications {
    match service {
        Service::Ledger => ledger::blueprint().publications,
        Service::Permits => permits::blueprint().publications,
        Service::Parking => parking::blueprint().publications,
        Service::Enforcement => enforcement::blueprint().publications,
        Service::Registration => registration::blueprint().publications,
    }
}

/// What of a journal is published.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    pub(super) commits: u64,
    pub(super) events: u64,
    /// The first event, if there is one, of a commit beyond those: it was made since, or never.
    pub(super) beyond: Option<String>,
}

/// Exactly what the journal makes of its commits is on the stream of events, in order, nothing missing, nothing twice.
/// Waits until the relay has published them.
///
/// # Panics
/// If not.
pub(super) async fn published_is_what_was_committed(
    service: Service,
    client: &async_nats::Client,
) -> Published {
    let publications = publications(service);
    let mut commits = 0;
    let mut last = 0;
    let mut expected = Vec::new();
    for message in bus::stream(client, &service.stream(), ">").await {
        let stored = stored(&message);
        commits += 1;
        last = stored.position;
        let events = publications.expected(service.name(), &stored);
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
    let beyond = published.get(expected.len()).map(|message| {
        ReceivedEvent::parse(message.headers.as_ref(), message.payload.clone())
            .expect("an event can be read")
            .id
    });
    if let Some(id) = &beyond {
        assert!(
            position_in(id) > last,
            "{}: published without a commit: {id}",
            service.name()
        );
    }
    Published {
        commits,
        events: expected.len() as u64,
        beyond,
    }
}

/// Of the commit that an event comes from: its id is `<service>-<position>-<number>`.
fn position_in(id: &str) -> u64 {
    let position = id.rsplit('-').nth(1);
    position
        .and_then(|position| position.parse().ok())
        .unwrap_or_else(|| panic!("{id} tells no position"))
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

/// Every policy of these services has its place on the stream of events, nobody else has one, and what is published is worked
/// off.
///
/// # Panics
/// If one is missing or stuck.
pub(super) async fn policies_come_to_rest(services: &[Service], client: &async_nats::Client) {
    let policies = services.iter().flat_map(|service| service.policies());
    let policies: BTreeSet<&str> = policies.copied().collect();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waiting = waiting_events(client).await;
        let at_rest = waiting.as_ref().is_ok_and(|waiting| {
            let are_all_there = waiting
                .keys()
                .map(String::as_str)
                .eq(policies.iter().copied());
            are_all_there && waiting.values().all(|waiting| *waiting == (0, 0))
        });
        if at_rest {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "of the policies {policies:?} one is missing or stuck: {waiting:?}"
        );
        tokio::time::sleep(GLANCE * 10).await;
    }
}

/// What each policy that has a place on the stream has left: events to be delivered, events delivered and not settled.
async fn waiting_events(
    client: &async_nats::Client,
) -> Result<BTreeMap<String, (u64, usize)>, Box<dyn std::error::Error + Send + Sync>> {
    let stream = jetstream::new(client.clone())
        .get_stream_no_info(EVENTS)
        .await?;
    let consumers: Vec<jetstream::consumer::Info> = stream.consumers().try_collect().await?;
    let policies = consumers
        .into_iter()
        .filter(|consumer| consumer.config.durable_name.is_some());
    let waiting = policies.map(|consumer| {
        let left = (consumer.num_pending, consumer.num_ack_pending);
        (consumer.name, left)
    });
    Ok(waiting.collect())
}

/// No timer is past its time, as each replica has counted them last: within [`COUNTED`].
///
/// # Panics
/// If one stays overdue.
pub(super) async fn no_timer_is_overdue(replicas: &[&Replica]) {
    let deadline = Instant::now() + PATIENCE;
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
