//! Policies: reactions to published events of other services, each effect once.
//!
//! A durable consumer a policy, pinned to one replica at a time while the others stand by. Events about the same
//! resource are handled in order, others beside each other. An event is acknowledged once its commands have been
//! committed; their request ids derive from the event's id, so handling it again changes nothing. One that this version
//! does not understand is put off, not dropped: another version may.

use crate::bus::{Bus, Receipt, Subscription};
use crate::projection::Projection;
use crate::published::{NotAnEvent, ReceivedEvent};
use crate::server::Failure;
use crate::service::Samples;
use crate::telemetry;
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Events handled beside each other: lanes, by the hash of what they are about. Their commands share groups, so a policy
/// that has fallen behind catches up in larger ones.
const LANES: usize = 64;
/// Unacknowledged events that the server hands out; each lane has room for all of them, so that one which waits holds up
/// none of the others.
const IN_FLIGHT: usize = 256;
/// Without an acknowledgement or a sign of progress for this long an event is delivered again.
const ACK_WAIT: Duration = Duration::from_secs(30);
const PROGRESS: Duration = Duration::from_secs(10);
/// When an event that was not understood is delivered again. Those that are put off count as handed out: 256 of them stop
/// the policy.
const PUT_OFF: Duration = Duration::from_secs(60);
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
    /// [`Reaction::Again`] if something is away; what was refused is logged and not tried again.
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
    /// This version does not understand the event, or makes a wrong command of it; it is handled again after a minute.
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

/// What a policy runs on.
pub(crate) struct Ground {
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) projection: Projection,
    pub(crate) samples: Arc<Samples>,
}

/// Runs a policy until stopped.
pub(crate) async fn run(ground: Ground, policy: Arc<dyn Policy>, stopping: CancellationToken) {
    let mut pause = SHORTEST_PAUSE;
    while !stopping.is_cancelled() {
        let why = tokio::select! {
            biased;
            why = consume_while_live(&ground, &policy) => why,
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

/// A replica that cannot carry out commands leaves the events to another.
async fn consume_while_live(ground: &Ground, policy: &Arc<dyn Policy>) -> String {
    ground.projection.ready().await;
    tokio::select! {
        biased;
        why = consume(&*ground.bus, policy, &ground.samples) => why,
        () = ground.projection.not_ready() => "the projection is not live".into(),
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
    let lanes: Vec<mpsc::Sender<Handed>> = (0..LANES)
        .map(|_| {
            let (lane, queue) = mpsc::channel(IN_FLIGHT);
            let handler = Lane {
                policy: Arc::clone(policy),
                samples: Arc::clone(samples),
                queue,
                waiting: VecDeque::new(),
                progress: tokio::time::interval(PROGRESS),
            };
            handling.spawn(handler.run());
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
                let receipt = delivery.receipt;
                if lanes[lane].send(Handed { event, receipt }).await.is_err() {
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

/// An event that waits to be handled, or is.
struct Handed {
    event: ReceivedEvent,
    receipt: Box<dyn Receipt>,
}

/// Handles events one after the other.
struct Lane {
    policy: Arc<dyn Policy>,
    samples: Arc<Samples>,
    queue: mpsc::Receiver<Handed>,
    /// Taken from the queue while another was handled.
    waiting: VecDeque<Handed>,
    progress: Interval,
}

impl Lane {
    async fn run(mut self) {
        loop {
            let next = match self.waiting.pop_front() {
                Some(next) => Some(next),
                None => self.queue.recv().await,
            };
            let Some(Handed { event, receipt }) = next else {
                return;
            };
            let span = tracing::debug_span!(
                target: telemetry::SPANS,
                "policy",
                policy = self.policy.name(),
                event = event.id,
            );
            async {
                if let Some(traceparent) = &event.traceparent {
                    telemetry::link_to(traceparent);
                }
                self.handle(&*receipt, &event).await;
            }
            .instrument(span)
            .await;
        }
    }

    async fn handle(&mut self, receipt: &dyn Receipt, event: &ReceivedEvent) {
        let policy = Arc::clone(&self.policy);
        let (name, id) = (policy.name(), &event.id);
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.meanwhile(receipt, policy.react(event)).await {
                Ok(()) => break,
                Err(Reaction::Again(why)) => {
                    self.samples.policy_failed(name);
                    tracing::debug!(policy = name, event = id, %why, "event waits");
                    self.meanwhile(receipt, tokio::time::sleep(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(Reaction::Refused(why)) => {
                    tracing::info!(policy = name, event = id, %why, "event refused");
                    break;
                }
                Err(Reaction::NotUnderstood(why)) => {
                    self.samples.policy_did_not_understand(name);
                    tracing::error!(policy = name, event = id, %why, "event not understood, put off");
                    return receipt.put_off(PUT_OFF).await;
                }
            }
        }
        // Unacknowledged, it is delivered again, and handling it again changes nothing.
        receipt.done().await;
    }

    /// Works on an event, and tells of it and of those behind it that they are not forgotten.
    async fn meanwhile<T>(&mut self, receipt: &dyn Receipt, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                Some(next) = self.queue.recv() => self.waiting.push_back(next),
                _ = self.progress.tick() => {
                    receipt.progress().await;
                    for behind in &self.waiting {
                        behind.receipt.progress().await;
                    }
                }
            }
        }
    }
}
