//! The rules of a journal, one suite for every implementation: what the model does is what the server does.
//!
//! Each rule is a function that takes a [`Harness`] and panics where the rule is broken. Rules use aggregates of their own,
//! so that any number of them can run on one stream.

#![expect(
    clippy::unwrap_used,
    reason = "a rule is a test: it panics where it is broken"
)]

mod appending;
mod reading;
mod writing;

pub use appending::*;
pub use reading::*;
pub use writing::*;

use crate::domain::AggregateKey;
use crate::journal::{Appender, Entry, Journal, Limits, Outcome, Position, Stored};
use async_trait::async_trait;
use futures::StreamExt;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What a rule that waits for something gives up after.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Takes the journal away and brings it back, as a stopped server or a lost connection does.
#[async_trait]
pub trait Outage: Debug + Send + Sync {
    async fn begin(&self);
    /// Returns once the journal is on its way back; it may need a moment to serve again.
    async fn end(&self);
}

/// A journal under test.
#[derive(Clone, Debug)]
pub struct Harness {
    pub journal: Arc<dyn Journal>,
    pub outage: Arc<dyn Outage>,
}

impl Harness {
    fn appender(&self) -> (Appender, JoinHandle<()>) {
        Appender::start(self.journal.clone(), Limits::default())
    }

    /// Position of the newest commit, as soon as the journal can be asked.
    async fn last(&self) -> Position {
        patiently(async {
            loop {
                if let Ok(extent) = self.journal.extent().await {
                    break extent.last;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// Every commit after `after`, up to the newest; checks that positions have no gap and no repeat.
    async fn log_after(&self, after: Position) -> Vec<Stored> {
        let count = self.last().await - after;
        let commits = self.journal.follow(after).take(count as usize);
        let commits: Vec<_> = patiently(commits.collect::<Vec<_>>()).await;
        let commits: Vec<Stored> = commits.into_iter().map(Result::unwrap).collect();
        let positions: Vec<_> = commits.iter().map(|commit| commit.position).collect();
        let expected: Vec<_> = (after + 1..=after + count).collect();
        assert_eq!(positions, expected, "a follower's positions");
        commits
    }
}

/// An aggregate that no other rule uses.
pub fn new_key() -> AggregateKey {
    AggregateKey {
        kind: "sample",
        id: Uuid::new_v4().simple().to_string().into(),
    }
}

pub fn entry(key: &AggregateKey, expected: Position) -> Entry {
    let commit_id = Uuid::new_v4();
    Entry {
        key: key.clone(),
        expected,
        commit_id,
        following: 0,
        payload: format!("payload of {commit_id}").into(),
    }
}

/// # Panics
/// If it takes longer than [`PATIENCE`].
pub async fn patiently<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.expect("what a rule waits for happens")
}

/// What callers were told, to be compared with what the journal holds.
#[derive(Debug, Default)]
pub struct Ledger {
    told: HashMap<Uuid, Outcome>,
}

impl Ledger {
    pub fn note(&mut self, entry: &Entry, outcome: Outcome) {
        self.told.insert(entry.commit_id, outcome);
    }

    pub fn committed(&self) -> usize {
        let committed = |outcome: &&Outcome| matches!(outcome, Outcome::Committed(_));
        self.told.values().filter(committed).count()
    }

    pub fn extend(&mut self, other: Ledger) {
        self.told.extend(other.told);
    }

    /// Nothing lost, nothing twice, nothing stored that its caller was told is not, every chain of guards whole.
    ///
    /// # Panics
    /// If not.
    pub fn check(&self, log: &[Stored]) {
        let mut stored: HashMap<Uuid, Position> = HashMap::new();
        for commit in log {
            let before = stored.insert(commit.commit_id, commit.position);
            assert_eq!(before, None, "stored twice: {}", commit.commit_id);
        }
        for (id, outcome) in &self.told {
            let position = stored.get(id).copied();
            match outcome {
                Outcome::Committed(positions) => {
                    assert_eq!(position, positions.first().copied(), "acknowledged: {id}");
                }
                Outcome::Conflict { commit_id, .. } => {
                    assert_eq!(position, None, "stored despite {outcome:?}");
                    assert!(
                        stored.contains_key(commit_id),
                        "no such winner: {outcome:?}"
                    );
                }
                Outcome::Unavailable(_) => assert_eq!(position, None, "stored despite {outcome:?}"),
                Outcome::Unknown(_) => {}
            }
        }
    }
}

/// Appends `count` commits to one aggregate, one after the other, each on top of what the last outcome tells. An unknown
/// outcome is repeated as its caller would: the same commit with the same guard.
pub async fn write_chain(appender: Appender, count: usize) -> Ledger {
    let key = new_key();
    let mut ledger = Ledger::default();
    let mut last = 0;
    for _ in 0..count {
        let next = entry(&key, last);
        loop {
            let outcome = appender.append(vec![next.clone()]).await;
            ledger.note(&next, outcome.clone());
            match outcome {
                Outcome::Committed(positions) => {
                    last = positions[0];
                    break;
                }
                // An earlier attempt of ours landed after we were told that it was unknown.
                Outcome::Conflict { at, commit_id, .. } => {
                    assert_eq!(commit_id, next.commit_id, "nobody else writes here");
                    last = at;
                    break;
                }
                Outcome::Unavailable(_) | Outcome::Unknown(_) => tokio::task::yield_now().await,
            }
        }
    }
    ledger
}
