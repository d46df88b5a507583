//! Policies: reactions to published events of other services, each effect once.
//!
//! A durable consumer a policy, pinned to one replica at a time while the others stand by. Events about the same
//! resource are handled in order, others beside each other. An event is acknowledged once its commands have been
//! committed; their request ids derive from the event's id, so handling it again changes nothing.

use crate::published::{EVENTS, NotAnEvent, ReceivedEvent};
use crate::server::Failure;
use crate::service::Samples;
use crate::telemetry;
use async_nats::Client;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PriorityPolicy, pull};
use async_nats::jetstream::{self, AckKind, Message};
use async_trait::async_trait;
use futures::StreamExt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Events handled beside each other: lanes, by the hash of what they are about.
const LANES: usize = 16;
/// Events that may wait in one lane.
const LANE: usize = 16;
/// Unacknowledged events that the server hands out.
const IN_FLIGHT: i64 = (LANES * LANE) as i64;
/// Without an acknowledgement or a sign of progress for this long an event is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);
const PROGRESS: Duration = Duration::from_secs(10);
/// How long the pinned replica may be silent before another takes over.
const PINNED_FOR: Duration = Duration::from_secs(5);
const GROUP: &str = "replicas";
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A reaction to published events.
#[async_trait]
pub trait Policy: Send + Sync + 'static {
    /// Name of the durable consumer, unique in the city: `<service>-<what it does>`. Never rename one: a new name
    /// starts from the first event.
    fn name(&self) -> &'static str;

    /// Which events, e.g. `events.permits.occupation_approved.>`.
    fn subjects(&self) -> Vec<String>;

    /// Does what the event asks for. Called again if it fails because something is away, and after a crash.
    ///
    /// # Errors
    /// [`Reaction::Again`] if something is away; the other kinds are logged and not tried again.
    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction>;
}

/// Why a policy did not do what an event asks for.
#[derive(Debug, thiserror::Error)]
pub enum Reaction {
    /// Something is away; the event is handled again until it succeeds.
    #[error("{0}")]
    Again(String),
    /// The domain refuses it: the matter has been settled otherwise.
    #[error("{0}")]
    Refused(String),
    /// This version does not understand the event.
    #[error("{0}")]
    NotUnderstood(String),
}

impl From<Failure> for Reaction {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(_) | Failure::NotFound(_) => Self::Refused(failure.to_string()),
            Failure::Invalid(_) | Failure::Malformed(_) => Self::NotUnderstood(failure.to_string()),
            other => Self::Again(other.to_string()),
        }
    }
}

impl From<NotAnEvent> for Reaction {
    fn from(error: NotAnEvent) -> Self {
        Self::NotUnderstood(error.to_string())
    }
}

/// Runs a policy until stopped.
pub(crate) async fn run(
    client: Client,
    policy: Arc<dyn Policy>,
    replicas: usize,
    samples: Arc<Samples>,
    stopping: CancellationToken,
) {
    let mut pause = SHORTEST_PAUSE;
    while !stopping.is_cancelled() {
        let why = tokio::select! {
            why = consume(&client, &policy, replicas, &samples) => why,
            () = stopping.cancelled() => return,
        };
        tracing::info!(policy = policy.name(), %why, "policy begins again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn consume(
    client: &Client,
    policy: &Arc<dyn Policy>,
    replicas: usize,
    samples: &Arc<Samples>,
) -> String {
    let consumer = match consumer(client, policy.as_ref(), replicas).await {
        Ok(consumer) => consumer,
        Err(why) => return why,
    };
    let messages = consumer
        .stream()
        .group(GROUP)
        .max_messages_per_batch(LANES * LANE)
        .messages()
        .await;
    let mut messages = match messages {
        Ok(messages) => messages,
        Err(why) => return why.to_string(),
    };
    // Dropped together: handling that is cut off is done again when the event is delivered again.
    let mut handling = JoinSet::new();
    let lanes: Vec<mpsc::Sender<(Message, ReceivedEvent)>> = (0..LANES)
        .map(|_| {
            let (lane, queue) = mpsc::channel(LANE);
            handling.spawn(handle(Arc::clone(policy), Arc::clone(samples), queue));
            lane
        })
        .collect();
    while let Some(message) = messages.next().await {
        let message = match message {
            Ok(message) => message,
            Err(why) => return why.to_string(),
        };
        match ReceivedEvent::parse(message.headers.as_ref(), message.payload.clone()) {
            Ok(event) => {
                let mut hasher = DefaultHasher::new();
                event.subject.hash(&mut hasher);
                let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
                if lanes[lane].send((message, event)).await.is_err() {
                    return "a lane ended".into();
                }
            }
            Err(why) => {
                tracing::error!(policy = policy.name(), subject = %message.subject, %why, "not an event");
                let _ = message.ack_with(AckKind::Term).await;
            }
        }
    }
    "no more messages".into()
}

async fn consumer(
    client: &Client,
    policy: &dyn Policy,
    replicas: usize,
) -> Result<jetstream::consumer::Consumer<pull::Config>, String> {
    let stream = jetstream::new(client.clone())
        .get_stream_no_info(EVENTS)
        .await
        .map_err(|error| error.to_string())?;
    let config = pull::Config {
        durable_name: Some(policy.name().to_owned()),
        filter_subjects: policy.subjects(),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: IN_FLIGHT,
        num_replicas: replicas,
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec![GROUP.to_owned()],
        priority_timeout: PINNED_FOR,
        ..pull::Config::default()
    };
    stream
        .create_consumer(config)
        .await
        .map_err(|error| error.to_string())
}

async fn handle(
    policy: Arc<dyn Policy>,
    samples: Arc<Samples>,
    mut queue: mpsc::Receiver<(Message, ReceivedEvent)>,
) {
    while let Some((message, event)) = queue.recv().await {
        let span = tracing::debug_span!(
            target: telemetry::SPANS,
            "policy",
            policy = policy.name(),
            event = event.id,
        );
        async {
            if let Some(traceparent) = &event.traceparent {
                telemetry::link_to(traceparent);
            }
            react(policy.as_ref(), &samples, &message, &event).await;
        }
        .instrument(span)
        .await;
    }
}

async fn react(policy: &dyn Policy, samples: &Samples, message: &Message, event: &ReceivedEvent) {
    let mut pause = SHORTEST_PAUSE;
    let mut progress = tokio::time::interval(PROGRESS);
    progress.tick().await;
    loop {
        let reaction = {
            let mut reacting = std::pin::pin!(policy.react(event));
            loop {
                tokio::select! {
                    reaction = &mut reacting => break reaction,
                    _ = progress.tick() => { let _ = message.ack_with(AckKind::Progress).await; }
                }
            }
        };
        match reaction {
            Ok(()) => break,
            Err(Reaction::Again(why)) => {
                samples.policy_failed(policy.name());
                tracing::debug!(policy = policy.name(), event = event.id, %why, "event waits");
                let _ = message.ack_with(AckKind::Progress).await;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(Reaction::Refused(why)) => {
                tracing::info!(policy = policy.name(), event = event.id, %why, "event refused");
                break;
            }
            Err(Reaction::NotUnderstood(why)) => {
                tracing::error!(policy = policy.name(), event = event.id, %why, "event not understood");
                break;
            }
        }
    }
    // Unacknowledged, it is delivered again, and handling it again changes nothing.
    let _ = message.ack().await;
}
