//! Timers: what is due because time has passed is done by a command, like everything else.
//!
//! Every replica looks at its own projection's due index and tries; the guard lets one win, and to the others nothing is
//! due any more once they see what it did. There is no leader, and no deadline is lost: what became due while nobody ran
//! fires at start.

use crate::clock::Clock;
use crate::commands::{Call, Commands};
use crate::domain::{Channel, Halt, Transaction};
use crate::projection::{Due, Projection};
use crate::server::Failure;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a service does when an aggregate's time has come: decides and records, like any handler. It looks whether anything
/// is due still: another replica may have been first.
pub type TimerHandler = fn(&mut Transaction, &Due) -> Result<(), Halt>;

/// How many overdue aggregates are looked up in one round, and handled at once.
const ROUND: usize = 256;
const AT_ONCE: usize = 32;
/// When to try again what is due still after it was tried: it was refused, or did not move its own deadline.
const RETRY: SignedDuration = SignedDuration::from_secs(30);
/// What was tried is remembered up to this many; beyond it, it is tried again after [`NOT_READY`].
const REMEMBERED: usize = 10_000;
/// How long to wait before asking again a projection or a journal that is not ready.
const NOT_READY: Duration = Duration::from_millis(500);

pub(crate) struct Timers {
    pub(crate) projection: Projection,
    pub(crate) commands: Commands,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) handler: TimerHandler,
}

enum Fired {
    Tried,
    NotReady,
}

impl Timers {
    /// Fires what is due until stopped.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        tokio::select! {
            biased;
            () = stopping.cancelled() => {}
            () = self.fire_for_ever() => {}
        }
    }

    async fn fire_for_ever(&self) {
        let mut added = self.projection.watch_due_added();
        let mut tried: HashMap<Due, Timestamp> = HashMap::new();
        loop {
            let now = self.clock.now();
            tried.retain(|_, again| *again > now);
            self.projection.due_seen();
            let limit = ROUND + tried.len();
            let Ok((due, next)) = self.projection.due(now, limit).await else {
                tokio::time::sleep(NOT_READY).await;
                continue;
            };
            forget_what_is_over(&mut tried, &due, limit);
            let fresh: Vec<Due> = due
                .into_iter()
                .filter(|due| !tried.contains_key(due))
                .take(ROUND)
                .collect();
            if fresh.is_empty() {
                let wake = next.into_iter().chain(tried.values().copied()).min();
                tokio::select! {
                    biased;
                    earlier = earlier_than(&mut added, wake) => if earlier.is_err() { return },
                    () = sleep_until(&*self.clock, wake) => {}
                }
                continue;
            }
            let mut firing = futures::stream::iter(fresh)
                .map(|due| async {
                    let fired = self.fire(&due).await;
                    (due, fired)
                })
                .buffer_unordered(AT_ONCE);
            let mut pause = false;
            while let Some((due, fired)) = firing.next().await {
                match fired {
                    Fired::Tried if tried.len() < REMEMBERED => {
                        tried.insert(due, now + RETRY);
                    }
                    Fired::Tried | Fired::NotReady => pause = true,
                }
            }
            if pause {
                tokio::time::sleep(NOT_READY).await;
            }
        }
    }

    async fn fire(&self, due: &Due) -> Fired {
        let cause = format!("timer:{}/{}@{}", due.kind, due.id, due.at);
        let call = Call::because("timer", Channel::Timer, &cause).while_due();
        let handler = self.handler;
        let mine = due.clone();
        match self
            .commands
            .perform(call, move |transaction| handler(transaction, &mine))
            .await
        {
            Ok(done) => {
                // Else the next round would find it due again.
                if let Some(position) = done {
                    let _ = self.projection.catch_up(position).await;
                }
                Fired::Tried
            }
            Err(Failure::Unavailable { .. } | Failure::Aborted(_)) => Fired::NotReady,
            Err(why) => {
                tracing::warn!(kind = due.kind, id = due.id, due = %due.at, %why, "timer refused");
                Fired::Tried
            }
        }
    }
}

/// What is due no more needs no pause: if it falls due at the same instant again, it is tried at once. `due` are the first
/// `limit` that are due, longest overdue first.
fn forget_what_is_over(tried: &mut HashMap<Due, Timestamp>, due: &[Due], limit: usize) {
    let still: HashSet<&Due> = due.iter().collect();
    let beyond = due.last().filter(|_| due.len() == limit);
    tried.retain(|tried, _| still.contains(tried) || beyond.is_some_and(|last| tried > last));
}

/// Waits until a deadline before `wake` has been added.
async fn earlier_than(
    added: &mut watch::Receiver<Option<Timestamp>>,
    wake: Option<Timestamp>,
) -> Result<(), watch::error::RecvError> {
    let earlier = |at: &Option<Timestamp>| at.is_some_and(|at| wake.is_none_or(|wake| at < wake));
    added.wait_for(earlier).await.map(drop)
}

async fn sleep_until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
