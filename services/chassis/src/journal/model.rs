//! A journal in memory that behaves as JetStream does, faults included, for tests and simulations.
//!
//! It uses no threads, no timers and no clock but the one given, and the same seed gives the same faults. A test steers it
//! by hand ([`Model::inject`], [`Model::disconnect`], [`Model::hold_delivery`]); a simulation gives probabilities ([`Faults`]).
//! The conformance suite holds it to what a real server does.

use super::{AppendError, Entry, Extent, Journal, MAX_ENTRIES, Position, Stored, Unavailable};
use crate::clock::Clock;
use crate::domain::AggregateKey;
use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// What happens to one attempt to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Lost on the way to the server: not stored, unknown to the caller.
    LoseRequest,
    /// Stored if its guards hold, but the answer is lost.
    LoseAnswer,
    /// Unknown to the caller, and comes to the server later, with [`Model::land_late`].
    Delay,
    /// Refused without being stored, as by a server without a leader.
    Refuse,
}

/// How often faults happen by themselves, each from 0 to 1 of all attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    pub seed: u64,
    pub lose_request: f64,
    pub lose_answer: f64,
    pub delay: f64,
    pub refuse: f64,
}

/// The journal. Clones are the connections of several replicas to one stream.
#[derive(Clone, Debug)]
pub struct Model {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Wakes followers, in the order in which they came.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    created: Timestamp,
    /// Position of the first commit in `log`; grows when commits are lost.
    first: Position,
    log: Vec<Stored>,
    subjects: HashMap<(String, String), BTreeMap<Position, ()>>,
    connected: bool,
    /// Followers get nothing beyond this position.
    held_at: Option<Position>,
    injected: VecDeque<Fault>,
    delayed: VecDeque<Vec<Entry>>,
    faults: Faults,
    random: SmallRng,
}

impl Model {
    /// An empty stream, connected, without faults.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_faults(clock, Faults::default())
    }

    pub fn with_faults(clock: Arc<dyn Clock>, faults: Faults) -> Self {
        let state = State {
            created: clock.now(),
            first: 1,
            log: Vec::new(),
            subjects: HashMap::new(),
            connected: true,
            held_at: None,
            injected: VecDeque::new(),
            delayed: VecDeque::new(),
            faults,
            random: SmallRng::seed_from_u64(faults.seed),
        };
        Self {
            inner: Arc::new(Inner {
                clock,
                state: Mutex::new(state),
                changed: Notify::new(),
            }),
        }
    }

    /// The next attempts meet these faults, one each, before any by chance.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner.state.lock().injected.extend(faults);
    }

    /// From now on appends and reads fail and followers get nothing, until [`Model::reconnect`].
    pub fn disconnect(&self) {
        self.change(|state| state.connected = false);
    }

    pub fn reconnect(&self) {
        self.change(|state| state.connected = true);
    }

    /// Followers get nothing new, and notice nothing, until [`Model::deliver`]; appends and reads go on.
    pub fn hold_delivery(&self) {
        self.change(|state| state.held_at = Some(state.last()));
    }

    /// As [`Model::hold_delivery`], from behind `position`, which may still be to come.
    pub fn hold_delivery_after(&self, position: Position) {
        self.change(|state| state.held_at = Some(position));
    }

    /// Followers get what is stored up to now and, if nothing is held again, what comes.
    pub fn deliver(&self) {
        self.change(|state| state.held_at = None);
    }

    /// Lets the attempts that [`Fault::Delay`] held back come to the server, oldest first. Guards decide about them.
    /// Answers how many there were.
    pub fn land_late(&self) -> usize {
        let now = self.inner.clock.now();
        self.change(|state| {
            let delayed = std::mem::take(&mut state.delayed);
            for entries in &delayed {
                // Nobody waits for the answer any more.
                let _ = state.store(entries, now);
            }
            delayed.len()
        })
    }

    /// The stream is deleted and made anew, empty.
    pub fn recreate(&self) {
        let created = self.inner.clock.now();
        self.change(|state| {
            state.created = created;
            state.first = 1;
            state.log.clear();
            state.subjects.clear();
        });
    }

    /// The stream loses its commits up to `position`, as by an operator's purge.
    pub fn lose_upto(&self, position: Position) {
        self.change(|state| {
            let position = position.min(state.last());
            let count = (position + 1).saturating_sub(state.first) as usize;
            state.log.drain(..count);
            state.first = state.first.max(position + 1);
            for positions in state.subjects.values_mut() {
                *positions = positions.split_off(&(position + 1));
            }
        });
    }

    /// The stream loses its commits after `position`, as when an older backup is restored.
    pub fn set_back(&self, position: Position) {
        self.change(|state| {
            let count = (position + 1).saturating_sub(state.first) as usize;
            state.log.truncate(count);
            for positions in state.subjects.values_mut() {
                positions.split_off(&(position + 1));
            }
        });
    }

    /// All that is stored, in order, whatever is delivered.
    pub fn commits(&self) -> Vec<Stored> {
        self.inner.state.lock().log.clone()
    }

    /// What is stored after `after`, in order, whatever is delivered.
    pub fn commits_after(&self, after: Position) -> Vec<Stored> {
        let state = self.inner.state.lock();
        let index = state.log.partition_point(|stored| stored.position <= after);
        state.log[index..].to_vec()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.inner.state.lock());
        self.inner.changed.notify_waiters();
        result
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, Unavailable> {
        let state = self.inner.state.lock();
        match state.connected {
            true => Ok(read(&state)),
            false => Err(Unavailable("not connected".into())),
        }
    }
}

impl State {
    fn last(&self) -> Position {
        self.first + self.log.len() as Position - 1
    }

    fn at(&self, position: Position) -> Option<&Stored> {
        let index = position.checked_sub(self.first)?;
        self.log.get(index as usize)
    }

    fn of(&self, key: &AggregateKey) -> Option<&BTreeMap<Position, ()>> {
        self.subjects
            .get(&(key.kind.to_owned(), key.id.to_string()))
    }

    fn after(&self, key: &AggregateKey, after: Position) -> impl Iterator<Item = &Stored> {
        let positions = self.of(key).into_iter();
        positions
            .flat_map(move |positions| positions.range(after + 1..))
            .filter_map(|(position, ())| self.at(*position))
    }

    /// All or none, as the server does it under its lock.
    fn store(&mut self, entries: &[Entry], now: Timestamp) -> Result<Position, AppendError> {
        let holds = |entry: &Entry| {
            let last = self.of(&entry.key).and_then(|all| all.keys().next_back());
            last.copied().unwrap_or(0) == entry.expected
        };
        if !entries.iter().all(holds) {
            return Err(AppendError::Conflict);
        }
        for entry in entries {
            let position = self.last() + 1;
            let (kind, id) = (entry.key.kind.to_owned(), entry.key.id.to_string());
            let positions = self.subjects.entry((kind.clone(), id.clone())).or_default();
            positions.insert(position, ());
            self.log.push(Stored {
                position,
                kind,
                id,
                commit_id: entry.commit_id,
                following: entry.following,
                stored_at: now,
                payload: entry.payload.clone(),
            });
        }
        Ok(self.last())
    }

    fn next_fault(&mut self) -> Option<Fault> {
        if let Some(fault) = self.injected.pop_front() {
            return Some(fault);
        }
        let faults = self.faults;
        let mut dice: f64 = self.random.random();
        for (share, fault) in [
            (faults.lose_request, Fault::LoseRequest),
            (faults.lose_answer, Fault::LoseAnswer),
            (faults.delay, Fault::Delay),
            (faults.refuse, Fault::Refuse),
        ] {
            if dice < share {
                return Some(fault);
            }
            dice -= share;
        }
        None
    }
}

#[async_trait]
impl Journal for Model {
    async fn append(&self, entries: &[Entry]) -> Result<Position, AppendError> {
        if entries.is_empty() || entries.len() > MAX_ENTRIES {
            return Err(AppendError::Refused(format!("{} entries", entries.len())));
        }
        // A real append lets other work run while it is on its way.
        tokio::task::yield_now().await;
        let now = self.inner.clock.now();
        let unknown = || AppendError::Unknown("connection lost".into());
        let result = self.change(|state| {
            if !state.connected {
                return Err(AppendError::Refused("not connected".into()));
            }
            match state.next_fault() {
                None => state.store(entries, now),
                Some(Fault::LoseRequest) => Err(unknown()),
                Some(Fault::LoseAnswer) => {
                    let _ = state.store(entries, now);
                    Err(unknown())
                }
                Some(Fault::Delay) => {
                    state.delayed.push_back(entries.to_vec());
                    Err(unknown())
                }
                Some(Fault::Refuse) => Err(AppendError::Refused("no leader".into())),
            }
        });
        tokio::task::yield_now().await;
        result
    }

    async fn successor(
        &self,
        key: &AggregateKey,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        self.read(|state| state.after(key, after).next().cloned())
    }

    async fn history(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Unavailable> {
        self.read(|state| state.after(key, after).take(limit).cloned().collect())
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        self.read(|state| Extent {
            first: state.first,
            last: state.last(),
            created: state.created,
        })
    }

    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable> {
        self.read(|state| state.at(position).map(|commit| commit.commit_id))
    }

    fn follow(&self, after: Position) -> BoxStream<'static, Result<Stored, Unavailable>> {
        let follower = Follower {
            model: self.clone(),
            created: self.inner.state.lock().created,
            last: after,
            last_id: None,
            ended: false,
        };
        let commits = stream::unfold(follower, |mut follower| async move {
            if follower.ended {
                return None;
            }
            let next = follower.next().await;
            follower.ended = next.is_err();
            Some((next, follower))
        });
        Box::pin(commits)
    }

    fn is_connected(&self) -> bool {
        self.inner.state.lock().connected
    }
}

struct Follower {
    model: Model,
    created: Timestamp,
    last: Position,
    /// Its id; unknown before the first.
    last_id: Option<Uuid>,
    ended: bool,
}

impl Follower {
    async fn next(&mut self) -> Result<Stored, Unavailable> {
        let inner = Arc::clone(&self.model.inner);
        loop {
            let changed = inner.changed.notified();
            if let Some(next) = self.look() {
                return next;
            }
            changed.await;
        }
    }

    fn look(&mut self) -> Option<Result<Stored, Unavailable>> {
        let state = self.model.inner.state.lock();
        let next = self.last + 1;
        if !state.connected || state.held_at.is_some_and(|held_at| next > held_at) {
            return None;
        }
        if state.created != self.created {
            return Some(Err(Unavailable("the stream was made anew".into())));
        }
        if self.last > state.last() || self.last + 1 < state.first {
            return Some(Err(Unavailable("the stream lacks commits".into())));
        }
        let held = state.at(self.last).map(|commit| commit.commit_id);
        if self.last_id.is_some() && held.is_some() && held != self.last_id {
            return Some(Err(Unavailable("the stream was set back".into())));
        }
        let commit = state.at(next)?.clone();
        self.last = commit.position;
        self.last_id = Some(commit.commit_id);
        Some(Ok(commit))
    }
}
