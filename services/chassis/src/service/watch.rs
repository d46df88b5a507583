//! Watches: the commits on the aggregates of one type, told to a client from a position on, each once, as fast as it takes
//! them.

use super::Core;
use crate::domain::Aggregate;
use crate::journal::{Position, Stored};
use crate::server::Failure;
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

/// Commits looked at in one go: what they tell is all that is ever held for a client.
const AT_ONCE: usize = 128;
/// A quiet watch shows that it lives, and how far it has come.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// Bytes of commits kept for those who watch the same.
const RECENT_BYTES: u64 = 8 << 20;
/// Of a commit, about: how many are expected to be kept.
const COMMIT_BYTES: u64 = 1 << 10;

/// Commits that somebody watched, by the projection's generation and their position: a change is read from the journal
/// once, however many watch it.
pub(super) type Recent = Cache<(u64, Position), Arc<Stored>, Bytes>;

#[derive(Clone, Debug)]
pub(super) struct Bytes;

impl Weighter<(u64, Position), Arc<Stored>> for Bytes {
    fn weight(&self, _: &(u64, Position), stored: &Arc<Stored>) -> u64 {
        // What it takes beside its payload.
        const BESIDES: u64 = 256;
        BESIDES + stored.payload.len() as u64
    }
}

pub(super) fn recent() -> Recent {
    let commits = usize::try_from(RECENT_BYTES / COMMIT_BYTES).unwrap_or(1);
    Cache::with_weighter(commits, RECENT_BYTES, Bytes)
}

/// What a service tells those who watch its aggregates of one type.
#[async_trait]
pub trait Watched: Send + Sync + 'static {
    type Aggregate: Aggregate;
    type Change: Send + 'static;

    /// What this client wants to know of a commit, in order.
    ///
    /// # Errors
    /// Whatever ends the watch; the client resumes after the last position that it was told.
    async fn changes(&self, core: &Core, stored: &Stored) -> Result<Vec<Self::Change>, Failure>;

    /// Tells a position that has been passed, and nothing else.
    fn passed(&self, position: Position) -> Self::Change;
}

impl Core {
    /// Watches from `after` on, or from now on. Says every 15 s that it lives, and where it is when 128 commits in a row
    /// were nothing to its client. Ends with the first error, and when the service stops.
    pub fn watch<W: Watched>(
        &self,
        after: Option<Position>,
        watched: W,
    ) -> BoxStream<'static, Result<W::Change, Status>> {
        let watch = Watch {
            position: after.unwrap_or_else(|| self.projection.applied()),
            core: self.clone(),
            watched,
            waiting: VecDeque::new(),
        };
        stream::try_unfold(watch, |mut watch| async move {
            let next = watch.next().await.map_err(Status::from)?;
            Ok(Some((next, watch)))
        })
        .boxed()
    }
}

/// One client's place in the stream.
struct Watch<W: Watched> {
    core: Core,
    position: Position,
    watched: W,
    waiting: VecDeque<W::Change>,
}

impl<W: Watched> Watch<W> {
    async fn next(&mut self) -> Result<W::Change, Failure> {
        let mut applied = self.core.projection.watch_applied();
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Ok(change);
            }
            applied.mark_unchanged();
            let changes = self.core.projection.changes(self.position, AT_ONCE).await?;
            if changes.is_empty() {
                let waited = tokio::time::timeout(SIGN_OF_LIFE, applied.changed()).await;
                if waited.is_err() {
                    return Ok(self.watched.passed(self.position));
                }
                continue;
            }
            for (position, kind, id) in changes {
                if kind == W::Aggregate::TYPE {
                    let stored = commit::<W::Aggregate>(&self.core, position, &id).await?;
                    let told = self.watched.changes(&self.core, &stored).await?;
                    self.waiting.extend(told);
                }
                self.position = position;
            }
            // A client that reconnects need not pass them again.
            if self.waiting.is_empty() {
                return Ok(self.watched.passed(self.position));
            }
        }
    }
}

/// The commit at a position, which is on this aggregate.
async fn commit<A: Aggregate>(
    core: &Core,
    position: Position,
    id: &str,
) -> Result<Arc<Stored>, Failure> {
    let key = (core.projection.generation(), position);
    let reading = read::<A>(core, position, id);
    core.recent.get_or_insert_async(&key, reading).await
}

async fn read<A: Aggregate>(
    core: &Core,
    position: Position,
    id: &str,
) -> Result<Arc<Stored>, Failure> {
    let away = || Failure::unavailable("the journal is away", Duration::from_secs(1));
    let found = core.history::<A>(id, position - 1, 1).await;
    // The projection has seen it: who answers nothing was cut off, or the stream was set back.
    let stored = found.map_err(|_| away())?.pop().ok_or_else(away)?;
    Ok(Arc::new(stored))
}
