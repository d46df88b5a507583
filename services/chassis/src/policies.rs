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
use futures::{FutureExt, StreamExt};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
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
/// Without an acknowledgement or a sign of progress for this long an event is delivered again. What a replica had in hand
/// when it was lost waits so long for the next.
const ACK_WAIT: Duration = Duration::from_secs(12);
/// Time for two signs to be lost or late.
const PROGRESS: Duration = Duration::from_secs(4);
/// When an event that was not understood is delivered again. Those that are put off count as handed out: 256 of them stop
/// the policy.
const PUT_OFF: Duration = Duration::from_secs(60);
/// How long a replica that leaves takes to finish what it is handling.
const LEAVING: Duration = Duration::from_secs(2);
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
    /// This version does not understand the event, makes a wrong command of it, or fails at it; it is handled again after a
    /// minute.
    #[error("{0}")]
    NotUnderstood(String),
}

impl From<Failure> for Reaction {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected(_) | Failure::NotFound(_) => Self::Refused(failure.to_string()),
            // Time alone does not mend these, and what is tried on and on holds up what is behind it.
            Failure::Invalid(_)
            | Failure::Malformed(_)
            | Failure::RequestIdReused
            | Failure::Internal(_) => Self::NotUnderstood(failure.to_string()),
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
    loop {
        let why = consume_while_live(&ground, &policy, &stopping).await;
        if stopping.is_cancelled() {
            return;
        }
        tracing::info!(policy = policy.name(), %why, "policy begins again");
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A replica that ends or cannot carry out commands leaves the events to another.
async fn consume_while_live(
    ground: &Ground,
    policy: &Arc<dyn Policy>,
    stopping: &CancellationToken,
) -> String {
    tokio::select! {
        biased;
        () = stopping.cancelled() => return "it ends".into(),
        () = ground.projection.ready() => {}
    }
    let lanes = Lanes::start(policy, &ground.samples);
    let why = tokio::select! {
        biased;
        () = stopping.cancelled() => "it ends".into(),
        () = ground.projection.not_ready() => "the projection is not live".into(),
        why = consume(&*ground.bus, policy, &lanes) => why,
    };
    // The subscription has ended: what is given back does not come here again.
    lanes.give_back().await;
    why
}

async fn consume(bus: &dyn Bus, policy: &Arc<dyn Policy>, lanes: &Lanes) -> String {
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
    while let Some(delivery) = deliveries.next().await {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(why) => return why.to_string(),
        };
        match ReceivedEvent::parse(delivery.headers.as_ref(), delivery.payload.clone()) {
            Ok(event) => {
                let receipt = delivery.receipt;
                if !lanes.hand(Handed { event, receipt }).await {
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

/// The lanes of one policy. Dropped, they are cut off: what they were at is handled again when it is delivered again.
struct Lanes {
    queues: Vec<mpsc::Sender<Handed>>,
    leaving: CancellationToken,
    running: JoinSet<()>,
}

impl Lanes {
    fn start(policy: &Arc<dyn Policy>, samples: &Arc<Samples>) -> Self {
        let leaving = CancellationToken::new();
        let mut running = JoinSet::new();
        let queues = (0..LANES)
            .map(|_| {
                let (to_lane, queue) = mpsc::channel(IN_FLIGHT);
                running.spawn(Lane::new(policy, samples, queue, &leaving).run());
                to_lane
            })
            .collect();
        Self {
            queues,
            leaving,
            running,
        }
    }

    /// Hands an event to the lane of what it is about; answers whether that lane still runs.
    async fn hand(&self, handed: Handed) -> bool {
        let mut hasher = DefaultHasher::new();
        handed.event.subject.hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0);
        self.queues[lane].send(handed).await.is_ok()
    }

    /// Finishes what is being handled and gives back what waits, so that nobody has to wait until it is missed.
    async fn give_back(mut self) {
        self.leaving.cancel();
        self.queues.clear();
        let ending = async { while self.running.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LEAVING, ending).await;
    }
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
    /// From now on what waits is given back.
    leaving: CancellationToken,
}

impl Lane {
    fn new(
        policy: &Arc<dyn Policy>,
        samples: &Arc<Samples>,
        queue: mpsc::Receiver<Handed>,
        leaving: &CancellationToken,
    ) -> Self {
        Self {
            policy: Arc::clone(policy),
            samples: Arc::clone(samples),
            queue,
            waiting: VecDeque::new(),
            progress: tokio::time::interval(PROGRESS),
            leaving: leaving.clone(),
        }
    }

    async fn run(mut self) {
        loop {
            let next = match self.waiting.pop_front() {
                Some(next) => Some(next),
                None => self.queue.recv().await,
            };
            let Some(Handed { event, receipt }) = next else {
                return;
            };
            if self.leaving.is_cancelled() {
                receipt.put_off(Duration::ZERO).await;
                continue;
            }
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
        // Nobody is told of the time in which there was nothing to do.
        self.progress.reset();
        loop {
            let reacting = AssertUnwindSafe(policy.react(event)).catch_unwind();
            let reacted = self.meanwhile(receipt, reacting).await;
            let panicked = || Reaction::NotUnderstood("the policy has panicked".into());
            match reacted.unwrap_or_else(|_| Err(panicked())) {
                Ok(()) => break,
                Err(Reaction::Again(why)) => {
                    self.samples.policy_failed(name);
                    tracing::debug!(policy = name, event = id, %why, "event waits");
                    let leaving = self.leaving.clone();
                    let paused = leaving.run_until_cancelled(tokio::time::sleep(pause));
                    if self.meanwhile(receipt, paused).await.is_none() {
                        return receipt.put_off(Duration::ZERO).await;
                    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    /// What a policy was told to do with an event, and what became of it, in order.
    type Told = Arc<Mutex<Vec<(String, &'static str)>>>;

    #[derive(Debug)]
    struct Slip {
        id: String,
        told: Told,
    }

    impl Slip {
        fn tell(&self, what: &'static str) {
            self.told.lock().push((self.id.clone(), what));
        }
    }

    #[async_trait]
    impl Receipt for Slip {
        async fn done(&self) {
            self.tell("done");
        }
        async fn progress(&self) {
            self.tell("progress");
        }
        async fn put_off(&self, by: Duration) {
            self.tell(if by.is_zero() {
                "given back"
            } else {
                "put off"
            });
        }
        async fn hopeless(&self) {
            self.tell("hopeless");
        }
    }

    /// Does with an event what its id says.
    struct Obedient;

    #[async_trait]
    impl Policy for Obedient {
        fn name(&self) -> &'static str {
            "test"
        }
        fn subjects(&self) -> Vec<String> {
            Vec::new()
        }
        async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
            match event.id.as_str() {
                "panics" => panic!("as it was told to"),
                "takes a second" => tokio::time::sleep(Duration::from_secs(1)).await,
                "takes ten seconds" => tokio::time::sleep(Duration::from_secs(10)).await,
                "waits" => return Err(Reaction::Again("something is away".into())),
                _ => {}
            }
            Ok(())
        }
    }

    fn handed(id: &str, told: &Told) -> Handed {
        let (id, told) = (id.to_owned(), Arc::clone(told));
        Handed {
            event: ReceivedEvent {
                id: id.clone(),
                commit_id: None,
                type_name: String::new(),
                subject: String::new(),
                time: jiff::Timestamp::UNIX_EPOCH,
                traceparent: None,
                data: bytes::Bytes::new(),
            },
            receipt: Box::new(Slip { id, told }),
        }
    }

    fn lanes() -> Lanes {
        let policy: Arc<dyn Policy> = Arc::new(Obedient);
        Lanes::start(&policy, &Arc::new(Samples::default()))
    }

    /// Waits until so much was told of these events.
    async fn until_told(told: &Told, count: usize) -> Vec<(String, &'static str)> {
        while told.lock().len() < count {
            tokio::task::yield_now().await;
        }
        told.lock().clone()
    }

    fn all(told: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        let owned = told.iter().map(|(id, what)| ((*id).to_owned(), *what));
        owned.collect()
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_hours_are_not_made_up_for_with_signs_of_progress() {
        let (lanes, told) = (lanes(), Told::default());
        assert!(lanes.hand(handed("at night", &told)).await);
        until_told(&told, 1).await;
        tokio::time::advance(Duration::from_secs(8 * 3_600)).await;
        assert!(lanes.hand(handed("takes ten seconds", &told)).await);
        tokio::time::sleep(Duration::from_secs(11)).await;
        let expected = [
            ("at night", "done"),
            ("takes ten seconds", "progress"),
            ("takes ten seconds", "progress"),
            ("takes ten seconds", "done"),
        ];
        assert_eq!(*told.lock(), all(&expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_that_leaves_finishes_what_it_is_at_and_gives_back_the_rest() {
        let (lanes, told) = (lanes(), Told::default());
        for id in ["takes a second", "behind it", "last"] {
            assert!(lanes.hand(handed(id, &told)).await);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        lanes.give_back().await;
        let expected = [
            ("takes a second", "done"),
            ("behind it", "given back"),
            ("last", "given back"),
        ];
        assert_eq!(*told.lock(), all(&expected));
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_that_leaves_does_not_wait_for_what_is_away() {
        let (lanes, told) = (lanes(), Told::default());
        assert!(lanes.hand(handed("waits", &told)).await);
        tokio::time::sleep(Duration::from_millis(1)).await;
        lanes.give_back().await;
        assert_eq!(*told.lock(), all(&[("waits", "given back")]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_at_which_a_policy_panics_is_put_off_and_holds_up_no_other() {
        let (lanes, told) = (lanes(), Told::default());
        for id in ["panics", "another"] {
            assert!(lanes.hand(handed(id, &told)).await);
        }
        let told = until_told(&told, 2).await;
        assert_eq!(told, all(&[("panics", "put off"), ("another", "done")]));
    }
}
