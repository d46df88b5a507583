//! What the apply thread, the readers and the supervisor share.

use super::store::Broken;
use super::table::{View, split_aggregate};
use crate::domain::{AggregateKey, Decode, Loaded};
use crate::journal::Position;
use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use parking_lot::RwLock;
use std::fmt::{self, Debug};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, watch};

/// Where a projection is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Another process has the projection's folder; this one begins when that has ended.
    Held,
    /// Waiting for the journal, or opening the store.
    Opening,
    /// Replaying up to the head that the stream had at start.
    CatchingUp { head: Position },
    /// Serving.
    Live,
    /// Stopped before a commit that this version cannot read.
    Halted(String),
}

impl Phase {
    /// What operators are told of [`Phase::Held`].
    pub(crate) const HELD: &str = "another process has the projection's folder";
}

pub(super) struct Shared {
    /// Decoded states exactly as the projection has them. Bounded by a number of states.
    cache: quick_cache::sync::Cache<AggregateKey, Loaded>,
    /// Held for reading while a reader fills the cache from the store, for writing while the apply thread refreshes
    /// it: a reader that saw an old row has then put it there before the new one overwrites it.
    filling: RwLock<()>,
    pub(super) view: ArcSwapOption<View>,
    pub(super) applied: watch::Sender<Position>,
    /// Wakes those who wait for a position, in the order in which they came; a watch wakes in any order.
    advanced: Notify,
    /// The earliest deadline added since the timers last looked; what they sleep through otherwise they need not hear.
    due_added: watch::Sender<Option<Timestamp>>,
    pub(super) phase: watch::Sender<Phase>,
    /// Wakes those who wait for a phase, in the order in which they came.
    turned: Notify,
    pub(super) broken_chains: AtomicU64,
    pub(super) rebuilds: AtomicU64,
    /// Grows with each store that readers are pointed at.
    pub(super) generation: AtomicU64,
}

impl Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("applied", &*self.applied.borrow())
            .field("phase", &*self.phase.borrow())
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn new(cached_states: usize) -> Self {
        Self {
            cache: quick_cache::sync::Cache::new(cached_states),
            filling: RwLock::new(()),
            view: ArcSwapOption::empty(),
            applied: watch::Sender::new(0),
            advanced: Notify::new(),
            due_added: watch::Sender::new(None),
            phase: watch::Sender::new(Phase::Opening),
            turned: Notify::new(),
            broken_chains: AtomicU64::new(0),
            rebuilds: AtomicU64::new(0),
            generation: AtomicU64::new(0),
        }
    }

    /// Points readers at another store.
    pub(super) fn switch_to(&self, view: Option<View>, applied: Position) {
        let _refreshing = self.filling.write();
        self.view.store(view.map(Into::into));
        self.generation.fetch_add(1, Ordering::Relaxed);
        self.cache.clear();
        self.advance_to(applied);
        // Whatever the other store holds may be due.
        self.due_added(Timestamp::MIN);
    }

    pub(super) fn advance_to(&self, applied: Position) {
        self.applied.send_replace(applied);
        self.advanced.notify_waiters();
    }

    /// Waits until everything up to `position` is visible to reads.
    pub(super) async fn reached(&self, position: Position) {
        loop {
            let advanced = self.advanced.notified();
            if *self.applied.borrow() >= position {
                return;
            }
            advanced.await;
        }
    }

    pub(super) fn turn_to(&self, phase: Phase) {
        self.phase.send_replace(phase);
        self.turned.notify_waiters();
    }

    /// Waits for a phase.
    pub(super) async fn turned(&self, is_wanted: impl Fn(&Phase) -> bool) {
        loop {
            let turned = self.turned.notified();
            if is_wanted(&self.phase.borrow()) {
                return;
            }
            turned.await;
        }
    }

    pub(super) fn due_added(&self, at: Timestamp) {
        self.due_added.send_if_modified(|earliest| {
            let earlier = earliest.is_none_or(|earliest| at < earliest);
            if earlier {
                *earliest = Some(at);
            }
            earlier
        });
    }

    pub(super) fn watch_due_added(&self) -> watch::Receiver<Option<Timestamp>> {
        self.due_added.subscribe()
    }

    /// Starts to look for the earliest deadline anew.
    pub(super) fn due_seen(&self) {
        self.due_added.send_if_modified(|earliest| {
            *earliest = None;
            false
        });
    }

    pub(super) fn cached(&self, key: &AggregateKey) -> Option<Loaded> {
        self.cache.get(key)
    }

    pub(super) fn put(&self, states: impl Iterator<Item = (AggregateKey, Loaded)>) {
        let _refreshing = self.filling.write();
        for (key, loaded) in states {
            self.cache.insert(key, loaded);
        }
    }

    /// The state of an aggregate as the projection has it: from the cache, else from the store.
    pub(super) fn load(
        &self,
        view: &View,
        key: &AggregateKey,
        decode: Decode,
    ) -> Result<Loaded, Broken> {
        if let Some(loaded) = self.cache.get(key) {
            return Ok(loaded);
        }
        let _filling = self.filling.read();
        let Some(row) = view.aggregate_row(key.kind, &key.id)? else {
            return Ok(Loaded::default());
        };
        let (revision, state) = split_aggregate(&row)?;
        let state = decode(state)
            .ok_or_else(|| Broken(format!("the state of {key:?} has another layout")))?;
        let loaded = Loaded {
            state: Some(state),
            revision,
        };
        // Not for a store that has been replaced meanwhile.
        if self
            .view
            .load()
            .as_ref()
            .is_some_and(|current| std::sync::Arc::ptr_eq(&current.store, &view.store))
        {
            self.cache.insert(key.clone(), loaded.clone());
        }
        Ok(loaded)
    }
}
