//! The one task that takes transactions from the queue and publishes them, singly or in batches.

use super::costs::{Costs, Way};
use super::settle::{Doubt, positions, settle};
use super::{Counters, Limits, Outcome, Pending};
use crate::domain::AggregateKey;
use crate::journal::{AppendError, Entry, Journal, Position};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// After a batch its callers come back at once with what they do next. The next batch waits for them this long at most,
/// and no longer than they keep coming.
const GATHER: Duration = Duration::from_micros(400);

pub(super) struct Worker {
    journal: Arc<dyn Journal>,
    arrivals: mpsc::UnboundedReceiver<Pending>,
    limits: Limits,
    counters: Arc<Counters>,
    waiting: VecDeque<Pending>,
    under_way: FuturesUnordered<BoxFuture<'static, Attempt>>,
    singles: usize,
    batches: usize,
    costs: Costs,
    way: Way,
    /// Singles to publish before the way is chosen anew.
    round: usize,
    settling: JoinSet<()>,
    permits: Arc<Semaphore>,
}

/// One attempt to append, ended.
struct Attempt {
    transactions: Vec<Pending>,
    result: Result<Position, AppendError>,
    took: Duration,
    /// How many singles were under way with this one; 0 for a batch.
    among: usize,
    /// Nothing else was under way that would blur the measurement.
    clean: bool,
}

impl Worker {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        arrivals: mpsc::UnboundedReceiver<Pending>,
        limits: Limits,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            journal,
            arrivals,
            limits,
            counters,
            waiting: VecDeque::new(),
            under_way: FuturesUnordered::new(),
            singles: 0,
            batches: 0,
            costs: Costs::new(),
            way: Way::Singles,
            round: 0,
            settling: JoinSet::new(),
            permits: Arc::new(Semaphore::new(limits.settling)),
        }
    }

    pub(super) async fn run(mut self) {
        let mut open = true;
        while open || !self.waiting.is_empty() || !self.under_way.is_empty() {
            tokio::select! {
                biased;
                Some(attempt) = self.under_way.next() => {
                    self.ended(attempt);
                    self.take_ended().await;
                }
                arrived = self.arrivals.recv(), if open => match arrived {
                    Some(pending) => self.waiting.push_back(pending),
                    None => open = false,
                },
            }
            self.take_arrivals();
            self.publish();
            while self.settling.try_join_next().is_some() {}
        }
        while self.settling.join_next().await.is_some() {}
    }

    fn take_arrivals(&mut self) {
        while let Ok(pending) = self.arrivals.try_recv() {
            self.waiting.push_back(pending);
        }
    }

    /// After a batch has ended: takes what else has ended, and gathers its callers' next transactions.
    async fn take_ended(&mut self) {
        if self.way == Way::Singles || self.batches > 0 {
            return;
        }
        let began = Instant::now();
        let mut quiet = 0;
        while quiet < 3 && began.elapsed() < GATHER {
            let before = self.waiting.len();
            tokio::task::yield_now().await;
            self.take_arrivals();
            quiet = if self.waiting.len() > before {
                0
            } else {
                quiet + 1
            };
        }
    }

    fn publish(&mut self) {
        self.give_up_overdue();
        while !self.waiting.is_empty() {
            if self.round == 0 && self.batches == 0 {
                let load = self.waiting.len() + self.singles;
                self.way = self.costs.choose(load);
                self.round = load;
            }
            let published = match self.way {
                Way::Singles => self.publish_one(),
                Way::Batch => self.publish_batch(),
            };
            if !published {
                return;
            }
        }
    }

    /// Answers those that have waited beyond their deadline: whoever gave them up must not see them stored later.
    fn give_up_overdue(&mut self) {
        let now = Instant::now();
        let is_overdue = |pending: &Pending| now >= pending.since + self.limits.deadline;
        // They came in this order.
        while self.waiting.front().is_some_and(is_overdue) {
            if let Some(pending) = self.waiting.pop_front() {
                let why = "the journal has not come to it in time";
                pending.answer(Outcome::Unavailable(why.into()));
            }
        }
    }

    fn publish_one(&mut self) -> bool {
        if self.singles >= self.limits.singles || self.batches > 0 {
            return false;
        }
        let Some(pending) = self.waiting.pop_front() else {
            return false;
        };
        self.round = self.round.saturating_sub(1);
        self.send_alone(pending);
        true
    }

    fn send_alone(&mut self, pending: Pending) {
        self.singles += 1;
        self.counters.singles.fetch_add(1, Relaxed);
        self.send(vec![pending], self.singles);
    }

    fn publish_batch(&mut self) -> bool {
        // A batch of a few while many singles are still under way would only lengthen the way for their callers.
        if self.batches > 0 || self.singles > self.waiting.len() / 4 {
            return false;
        }
        let mut taken = self.take_batch();
        self.round = 0;
        match taken.len() {
            0 => false,
            1 => {
                if let Some(pending) = taken.pop() {
                    self.send_alone(pending);
                }
                true
            }
            _ => {
                self.batches += 1;
                let entries: usize = taken.iter().map(|pending| pending.entries.len()).sum();
                self.counters.batches.fetch_add(1, Relaxed);
                self.counters
                    .batched_entries
                    .fetch_add(entries as u64, Relaxed);
                self.send(taken, 0);
                true
            }
        }
    }

    /// Takes as many transactions as go into one batch, none on an aggregate that another of them is on.
    fn take_batch(&mut self) -> Vec<Pending> {
        let mut taken: Vec<Pending> = Vec::with_capacity(self.waiting.len());
        let mut keys: HashSet<AggregateKey> = HashSet::with_capacity(self.waiting.len());
        let mut room = self.limits.batch_entries;
        let mut left = VecDeque::new();
        while let Some(pending) = self.waiting.pop_front() {
            let fits = pending.entries.len() <= room;
            let free = fits
                && pending
                    .entries
                    .iter()
                    .all(|entry| !keys.contains(&entry.key));
            if !free {
                left.push_back(pending);
                if !fits {
                    break;
                }
                continue;
            }
            room -= pending.entries.len();
            keys.extend(pending.entries.iter().map(|entry| entry.key.clone()));
            taken.push(pending);
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        taken
    }

    fn send(&mut self, transactions: Vec<Pending>, among: usize) {
        let journal = self.journal.clone();
        let clean = if among > 0 {
            self.batches == 0 && transactions.iter().all(|one| one.entries.len() == 1)
        } else {
            self.singles == 0
        };
        self.under_way.push(Box::pin(async move {
            let began = Instant::now();
            let result = match transactions.as_slice() {
                [only] => journal.append(&only.entries).await,
                many => {
                    let entries: Vec<Entry> = many
                        .iter()
                        .flat_map(|pending| pending.entries.iter().cloned())
                        .collect();
                    journal.append(&entries).await
                }
            };
            Attempt {
                transactions,
                result,
                took: began.elapsed(),
                among,
                clean,
            }
        }));
    }

    fn ended(&mut self, attempt: Attempt) {
        let Attempt {
            transactions,
            result,
            took,
            among,
            clean,
        } = attempt;
        let alone = among > 0;
        let micros = took.as_secs_f64() * 1e6;
        if alone {
            self.singles -= 1;
        } else {
            self.batches -= 1;
        }
        match result {
            Ok(last) => {
                if clean && alone {
                    self.costs.single(among, micros);
                } else if clean {
                    self.costs.batch(transactions.len(), micros);
                }
                committed(transactions, last);
            }
            Err(error) => {
                for pending in transactions {
                    let doubt = if alone {
                        Doubt::of(&error)
                    } else {
                        Doubt::of_batch(&error)
                    };
                    self.settle(pending, doubt);
                }
            }
        }
    }

    fn settle(&mut self, pending: Pending, doubt: Doubt) {
        self.counters.settled.fetch_add(1, Relaxed);
        let journal = self.journal.clone();
        let permits = self.permits.clone();
        let deadline = self.limits.deadline;
        self.settling.spawn(async move {
            // Never closed. Those that wait longer than the deadline are answered as soon as they get here.
            let _permit = permits.acquire_owned().await;
            settle(journal, pending, doubt, deadline).await;
        });
    }
}

fn committed(transactions: Vec<Pending>, last: Position) {
    let entries: usize = transactions
        .iter()
        .map(|pending| pending.entries.len())
        .sum();
    let mut before = last - entries as Position;
    for pending in transactions {
        let count = pending.entries.len();
        before += count as Position;
        pending.answer(Outcome::Committed(positions(before, count)));
    }
}
