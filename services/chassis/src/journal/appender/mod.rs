//! Group commit: many commands' commits share one acknowledged write, and every append ends in exactly one outcome.
//!
//! ```text
//!   append ──> queue ──> worker ──> few wait: each published by itself, at once
//!                          │        many wait: one atomic batch
//!                          └──> refused, unknown: settled one transaction at a time through the aggregate's successor
//! ```

mod costs;
mod settle;
mod worker;

use super::{Entry, Journal, MAX_ENTRIES, Position};
use crate::domain::AggregateKey;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use uuid::Uuid;

/// How an append ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// On disk, on a majority of replicas. One position for each entry, in their order.
    Committed(Vec<Position>),
    /// Nothing is stored: another commit stands where this one would have to.
    Conflict {
        key: AggregateKey,
        at: Position,
        commit_id: Uuid,
    },
    /// Nothing is stored and nothing will be: the journal is away, full or slow, or too many appends wait.
    Unavailable(String),
    /// It may be stored or not, or be stored later. A repeat with the same guards is safe.
    Unknown(String),
}

/// The bounds of an appender.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Transactions that wait or are under way; more are refused at once.
    pub transactions: usize,
    /// Entries in a batch; the server takes at most [`MAX_ENTRIES`].
    pub batch_entries: usize,
    /// Transactions published by themselves that are under way at once.
    pub singles: usize,
    /// From the call of `append` to its outcome, give or take one acknowledgement. Then the outcome is what is known: what
    /// was never sent is given up. Twice as long as an acknowledgement may take, or an overdue one is never settled.
    pub deadline: Duration,
    /// Transactions whose outcome is looked up or that are tried again at once.
    pub settling: usize,
}

impl Limits {
    /// For a journal whose acknowledgements take this long at most.
    pub fn for_acknowledgements_within(ack_timeout: Duration) -> Self {
        Self {
            deadline: 2 * ack_timeout + Duration::from_secs(1),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 4096,
            batch_entries: MAX_ENTRIES,
            singles: 256,
            deadline: Duration::from_secs(5),
            settling: 64,
        }
    }
}

/// What an appender has done since it was started, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions published by themselves, and batches of several; each includes those that failed.
    pub singles: u64,
    pub batches: u64,
    /// Entries in those batches.
    pub batched_entries: u64,
    pub committed: u64,
    pub conflicts: u64,
    pub unavailable: u64,
    pub unknown: u64,
    /// Transactions that were not plainly acknowledged and had to be settled.
    pub settled: u64,
    /// Transactions that wait or are under way now.
    pub outstanding: usize,
}

#[derive(Debug, Default)]
struct Counters {
    singles: AtomicU64,
    batches: AtomicU64,
    batched_entries: AtomicU64,
    committed: AtomicU64,
    conflicts: AtomicU64,
    unavailable: AtomicU64,
    unknown: AtomicU64,
    settled: AtomicU64,
    outstanding: AtomicUsize,
}

/// Appends transactions to a journal. Clones share one queue. When all are dropped the worker finishes what it has
/// and ends.
#[derive(Clone, Debug)]
pub struct Appender {
    journal: Arc<dyn Journal>,
    queue: mpsc::UnboundedSender<Pending>,
    counters: Arc<Counters>,
    limits: Limits,
}

/// A transaction on its way. Dropping it unanswered, as when the runtime ends, leaves its outcome unknown.
#[derive(Debug)]
struct Pending {
    entries: Vec<Entry>,
    since: Instant,
    answer: oneshot::Sender<Outcome>,
    counters: Arc<Counters>,
}

impl Pending {
    fn answer(self, outcome: Outcome) {
        let counter = match &outcome {
            Outcome::Committed(_) => &self.counters.committed,
            Outcome::Conflict { .. } => &self.counters.conflicts,
            Outcome::Unavailable(_) => &self.counters.unavailable,
            Outcome::Unknown(_) => &self.counters.unknown,
        };
        counter.fetch_add(1, Relaxed);
        self.counters.outstanding.fetch_sub(1, Relaxed);
        // The caller may have gone; what was stored stays stored.
        let _ = self.answer.send(outcome);
    }
}

impl Appender {
    /// Starts the worker. The handle ends when every clone of the appender is dropped and all it took is settled.
    pub fn start(journal: Arc<dyn Journal>, limits: Limits) -> (Self, JoinHandle<()>) {
        let (queue, arrivals) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let worker = worker::Worker::new(journal.clone(), arrivals, limits, counters.clone());
        let handle = tokio::spawn(worker.run());
        let appender = Self {
            journal,
            queue,
            counters,
            limits,
        };
        (appender, handle)
    }

    /// Appends all entries of a transaction or none. Once polled, the append runs to its end even if the caller goes.
    ///
    /// # Panics
    /// If there are no entries, more than a batch takes, or two on one aggregate: such a transaction can never be
    /// stored, and whoever builds it is wrong.
    pub async fn append(&self, mut entries: Vec<Entry>) -> Outcome {
        assert!(
            (1..=self.limits.batch_entries.min(MAX_ENTRIES)).contains(&entries.len()),
            "a transaction of {} entries",
            entries.len()
        );
        let mut keys = HashSet::new();
        let distinct = entries.len() == 1 || entries.iter().all(|entry| keys.insert(&entry.key));
        assert!(distinct, "two entries on one aggregate");
        for (following, entry) in (0..).zip(entries.iter_mut().rev()) {
            entry.following = following;
        }

        if !self.journal.is_connected() {
            self.counters.unavailable.fetch_add(1, Relaxed);
            return Outcome::Unavailable("the journal is not connected".into());
        }
        // The queue has no bound of its own: this count bounds all that waits or is under way.
        let before = self.counters.outstanding.fetch_add(1, Relaxed);
        if before >= self.limits.transactions {
            self.counters.outstanding.fetch_sub(1, Relaxed);
            self.counters.unavailable.fetch_add(1, Relaxed);
            return Outcome::Unavailable("too many appends wait".into());
        }
        let (answer, outcome) = oneshot::channel();
        let pending = Pending {
            entries,
            since: Instant::now(),
            answer,
            counters: self.counters.clone(),
        };
        if self.queue.send(pending).is_err() {
            self.counters.outstanding.fetch_sub(1, Relaxed);
            return Outcome::Unavailable("the appender has ended".into());
        }
        outcome
            .await
            .unwrap_or_else(|_| Outcome::Unknown("the appender has ended".into()))
    }

    /// Whether the worker is gone: with a clone left, only a panic ends it, and nothing is appended any more.
    pub fn has_ended(&self) -> bool {
        self.queue.is_closed()
    }

    pub fn counts(&self) -> Counts {
        let counters = &self.counters;
        Counts {
            singles: counters.singles.load(Relaxed),
            batches: counters.batches.load(Relaxed),
            batched_entries: counters.batched_entries.load(Relaxed),
            committed: counters.committed.load(Relaxed),
            conflicts: counters.conflicts.load(Relaxed),
            unavailable: counters.unavailable.load(Relaxed),
            unknown: counters.unknown.load(Relaxed),
            settled: counters.settled.load(Relaxed),
            outstanding: counters.outstanding.load(Relaxed),
        }
    }
}
