//! One command at a time on each aggregate in this process: cheaper than losing races at the journal's guards.

use crate::domain::AggregateKey;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The locks that are held or waited for; nothing is kept of others.
#[derive(Debug, Default)]
pub(super) struct Locks {
    // A std-like mutex: held for a map look-up, never across an await.
    locks: Mutex<HashMap<AggregateKey, Arc<AsyncMutex<()>>>>,
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) key: AggregateKey,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Arc<Locks>,
}

impl Locks {
    /// Takes a lock if nobody has it. Never waits, so it may be called while others are held.
    pub(super) fn try_take(self: &Arc<Self>, key: &AggregateKey) -> Option<Held> {
        let lock = self.lock_of(key);
        match lock.try_lock_owned() {
            Ok(guard) => Some(self.held(key.clone(), guard)),
            Err(_) => None,
        }
    }

    /// Waits for locks, one after the other in key order: all commands wait in the same order, so none waits for ever.
    pub(super) async fn take(self: &Arc<Self>, mut keys: Vec<AggregateKey>) -> Vec<Held> {
        keys.sort_unstable();
        keys.dedup();
        let mut all = Vec::with_capacity(keys.len());
        for key in keys {
            let guard = self.lock_of(&key).lock_owned().await;
            all.push(self.held(key, guard));
        }
        all
    }

    fn lock_of(&self, key: &AggregateKey) -> Arc<AsyncMutex<()>> {
        let mut locks = self.locks.lock();
        if let Some(lock) = locks.get(key) {
            return Arc::clone(lock);
        }
        let lock = Arc::default();
        locks.insert(key.clone(), Arc::clone(&lock));
        lock
    }

    fn held(self: &Arc<Self>, key: AggregateKey, guard: OwnedMutexGuard<()>) -> Held {
        Held {
            key,
            guard: Some(guard),
            locks: Arc::clone(self),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut locks = self.locks.locks.lock();
        self.guard = None;
        // The map's own handle is the last one: nobody holds this lock or waits for it.
        if locks
            .get(&self.key)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> AggregateKey {
        AggregateKey {
            kind: "test",
            id: id.into(),
        }
    }

    #[tokio::test]
    async fn a_lock_excludes_until_it_is_dropped_and_leaves_nothing_behind() {
        let locks = Arc::new(Locks::default());
        let held = locks.try_take(&key("a")).expect("free");
        assert!(locks.try_take(&key("a")).is_none());
        assert!(locks.try_take(&key("b")).is_some());
        let waiting = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move { locks.take(vec![key("b"), key("a"), key("a")]).await.len() }
        });
        drop(held);
        assert_eq!(waiting.await.expect("joined"), 2);
        assert!(locks.locks.lock().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let locks = Arc::new(Locks::default());
        let held = locks.try_take(&key("a")).expect("free");
        let waiting = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move { locks.take(vec![key("a")]).await }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        let _ = waiting.await;
        drop(held);
        assert!(locks.try_take(&key("a")).is_some());
        assert!(locks.locks.lock().is_empty());
    }
}
