//! Timers: what is due because time has passed is done by a command, like everything else.
//!
//! Every replica looks at its own projection's due index and tries; the guard lets one win. There is no leader, and no
//! deadline is lost: what became due while nobody ran fires at start.

use crate::clock::Clock;
use crate::commands::{Call, Commands};
use crate::domain::{Channel, Halt, Transaction};
use crate::projection::{Due, Projection};
use crate::server::Failure;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a service does when an aggregate's time has come: decides and records, like any handler.
pub type TimerHandler = fn(&mut Transaction, &Due) -> Result<(), Halt>;

/// How many overdue aggregates are looked up in one round, and handled at once.
const ROUND: usize = 256;
const AT_ONCE: usize = 32;
/// When to try again what was refused, or did not move its own deadline.
const RETRY: SignedDuration = SignedDuration::from_secs(30);
/// Failures remembered at most; beyond it they are tried again at once.
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
    Done,
    Later,
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
        let mut failed: HashMap<Due, Timestamp> = HashMap::new();
        loop {
            let now = self.clock.now();
            failed.retain(|_, again| *again > now);
            self.projection.due_seen();
            let Ok((due, next)) = self.projection.due(now, ROUND + failed.len()).await else {
                tokio::time::sleep(NOT_READY).await;
                continue;
            };
            let fresh: Vec<Due> = due
                .into_iter()
                .filter(|due| !failed.contains_key(due))
                .collect();
            if fresh.is_empty() {
                let wake = next.into_iter().chain(failed.values().copied()).min();
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
            let mut not_ready = false;
            while let Some((due, fired)) = firing.next().await {
                match fired {
                    Fired::Done => {}
                    Fired::Later if failed.len() < REMEMBERED => {
                        failed.insert(due, now + RETRY);
                    }
                    Fired::Later => {}
                    Fired::NotReady => not_ready = true,
                }
            }
            if not_ready {
                tokio::time::sleep(NOT_READY).await;
            }
        }
    }

    async fn fire(&self, due: &Due) -> Fired {
        let cause = format!("timer:{}/{}@{}", due.kind, due.id, due.at);
        let call = Call::because("timer", Channel::Timer, &cause);
        let handler = self.handler;
        let mine = due.clone();
        match self
            .commands
            .perform(call, move |transaction| handler(transaction, &mine))
            .await
        {
            Ok(Some(position)) => {
                // Else the next round would find it due again.
                let _ = self.projection.catch_up(position).await;
                Fired::Done
            }
            // Another replica was first and this projection will see it; or the handler left the deadline as it is.
            Ok(None) => Fired::Later,
            Err(Failure::Unavailable { .. } | Failure::Aborted(_)) => Fired::NotReady,
            Err(why) => {
                tracing::warn!(kind = due.kind, id = due.id, due = %due.at, %why, "timer refused");
                Fired::Later
            }
        }
    }
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
