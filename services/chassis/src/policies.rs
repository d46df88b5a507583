//! Policies: reactions to published events of other services, each effect once.
//!
//! A durable consumer a policy, pinned to one replica at a time while the others stand by. Events about the same
//! resource are handled in order, others beside each other. An event is acknowledged once its commands have been
//! committed; their request ids derive from the event's id, so handling it again changes nothing.

use crate::bus::{Bus, Delivery, Receipt, Subscription};
use crate::published::{NotAnEvent, ReceivedEvent};
use crate::server::Failure;
use crate::service::Samples;
use crate::telemetry;
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
const IN_FLIGHT: usize = LANES * LANE;
/// Without an acknowledgement or a sign of progress for this long an event is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);
const PROGRESS: Duration = Duration::from_secs(10);
/// How long the pinned replica may be silent before another takes over.
const PINNED_FOR: Duration = Duration::from_secs(5);
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
    bus: Arc<dyn Bus>,
    policy: Arc<dyn Policy>,
    samples: Arc<Samples>,
    stopping: CancellationToken,
) {
    let mut pause = SHORTEST_PAUSE;
    while !stopping.is_cancelled() {
        let why = tokio::select! {
            biased;
            why = consume(&*bus, &policy, &samples) => why,
            () = stopping.cancelled() => return,
        };
        tracing::info!(policy = policy.name(), %why, "policy begins again");
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            () = stopping.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn consume(bus: &dyn Bus, policy: &Arc<dyn Policy>, samples: &Arc<Samples>) -> String {
    let subscription = Subscription {
        name: policy.name().to_owned(),
        subjects: policy.subjects(),
        ack_wait: ACK_WAIT,
        in_flight: IN_FLIGHT,
        pinned_for: PINNED_FOR,
    };
    let mut deliveries = match bus.subscribe(&subscription).await {
        Ok(deliveries) => deliveries,
        Err(away) => return away.to_string(),
    };
    // Dropped together: handling that is cut off is done again when the event is delivered again.
    let mut handling = JoinSet::new();
    let lanes: Vec<mpsc::Sender<(Delivery, ReceivedEvent)>> = (0..LANES)
        .map(|_| {
            let (lane, queue) = mpsc::channel(LANE);
            handling.spawn(handle(Arc::clone(policy), Arc::clone(samples), queue));
            lane
        })
        .collect();
    while let Some(delivery) = deliveries.next().await {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(why) => return why.to_string(),
        };
        match ReceivedEvent::parse(delivery.headers.as_ref(), delivery.payload.clone()) {
            Ok(event) => {
                let mut hasher = DefaultHasher::new();
                event.subject.hash(&mut hasher);
                let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
                if lanes[lane].send((delivery, event)).await.is_err() {
                    return "a lane ended".into();
                }
            }
            Err(why) => {
                let subject = &delivery.subject;
                tracing::error!(policy = policy.name(), %subject, %why, "not an event");
                delivery.receipt.hopeless().await;
            }
        }
    }
    "no more messages".into()
}

async fn handle(
    policy: Arc<dyn Policy>,
    samples: Arc<Samples>,
    mut queue: mpsc::Receiver<(Delivery, ReceivedEvent)>,
) {
    while let Some((delivery, event)) = queue.recv().await {
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
            react(policy.as_ref(), &samples, &*delivery.receipt, &event).await;
        }
        .instrument(span)
        .await;
    }
}

async fn react(
    policy: &dyn Policy,
    samples: &Samples,
    receipt: &dyn Receipt,
    event: &ReceivedEvent,
) {
    let mut pause = SHORTEST_PAUSE;
    let mut progress = tokio::time::interval(PROGRESS);
    progress.tick().await;
    loop {
        let reaction = {
            let mut reacting = std::pin::pin!(policy.react(event));
            loop {
                tokio::select! {
                    biased;
                    reaction = &mut reacting => break reaction,
                    _ = progress.tick() => receipt.progress().await,
                }
            }
        };
        match reaction {
            Ok(()) => break,
            Err(Reaction::Again(why)) => {
                samples.policy_failed(policy.name());
                tracing::debug!(policy = policy.name(), event = event.id, %why, "event waits");
                receipt.progress().await;
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
    receipt.done().await;
}
