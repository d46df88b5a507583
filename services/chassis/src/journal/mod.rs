//! The journal: an append-only log of commits with an exact guard on each aggregate, held in a JetStream stream.
//!
//! ```text
//!   position   1    2    3    4    5    6          guard of the next commit on a: 4
//!   subject    a    b    a    a    b    c          guard of the next commit on d: 0
//!                                            └─ head
//! ```

pub mod appender;
pub mod jetstream;
#[cfg(any(test, feature = "testing"))]
pub mod model;

pub use appender::{Appender, Counts, Limits, Outcome};
pub use jetstream::{JetStreamJournal, OpenError, StreamConfig};

use crate::domain::AggregateKey;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use std::fmt::Debug;
use uuid::Uuid;

/// Sequence of a commit in its stream: the first is 1; 0 stands for "before everything".
pub type Position = u64;

/// Most entries that one append can take (the server's limit for an atomic batch).
pub const MAX_ENTRIES: usize = 1000;

/// A commit to append: what it is, and what it must directly follow.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: AggregateKey,
    /// Position of the last commit on this aggregate; 0 if there is none. Always sent, always on this exact subject.
    pub expected: Position,
    /// Tells our own earlier attempt from another's commit when an outcome is unknown.
    pub commit_id: Uuid,
    /// Commits of the same transaction that come directly after this one; 0 on its last. [`Appender::append`] counts
    /// them.
    pub following: u16,
    pub payload: Bytes,
}

/// A commit as the journal holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub position: Position,
    /// Aggregate type, the second last token of the subject. Unknown types are passed on, not dropped.
    pub kind: String,
    /// Aggregate id, the last token of the subject.
    pub id: String,
    pub commit_id: Uuid,
    /// Commits of the same transaction that come directly after this one: whoever shows what it did shows all of it.
    pub following: u16,
    /// When the journal stored it.
    pub stored_at: Timestamp,
    pub payload: Bytes,
}

/// What the stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Position of the oldest commit held; `last + 1` in an empty stream.
    pub first: Position,
    /// Position of the newest commit; 0 in a new stream.
    pub last: Position,
    /// When the stream was created: a stream made anew under the same name is another stream.
    pub created: Timestamp,
}

/// Why one attempt to append did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A guard did not hold: another commit came first, or an earlier attempt of ours had landed.
    #[error("a guard does not hold")]
    Conflict,
    /// The journal has surely not stored it and cannot just now (too many in flight, no leader, full).
    #[error("the journal does not take commits now: {0}")]
    Refused(String),
    /// It may have been stored or not.
    #[error("no answer from the journal: {0}")]
    Unknown(String),
}

/// The journal cannot be reached.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal is out of reach: {0}")]
pub struct Unavailable(pub String);

/// A log of commits. The contract that `testing::conformance` checks on every implementation:
///
/// - positions of a stream only grow, and an append that succeeds is on disk on a majority of replicas;
/// - entries appended together get consecutive positions, and are stored together or not at all;
/// - an entry is stored only if its aggregate's last commit is at `expected`;
/// - [`Journal::successor`] and [`Journal::history`] see every append that was acknowledged before they were called;
/// - [`Journal::follow`] yields every commit once and in order, whatever happens to connections and servers.
#[async_trait]
pub trait Journal: Debug + Send + Sync + 'static {
    /// Appends all `entries` or none, in one attempt, and answers the position of the last. No aggregate may appear
    /// twice, and there are at most [`MAX_ENTRIES`]. Cancelling leaves the outcome unknown.
    async fn append(&self, entries: &[Entry]) -> Result<Position, AppendError>;

    /// The first commit on this aggregate after `after`, as the stream's leader knows it.
    async fn successor(
        &self,
        key: &AggregateKey,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable>;

    /// The commits of one aggregate after `after`, oldest first, at most `limit`; if fewer, then all that the stream's leader
    /// knows.
    async fn history(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Unavailable>;

    /// What the stream holds, as the majority of its keepers knows it.
    async fn extent(&self) -> Result<Extent, Unavailable>;

    /// The id of the commit at `position`, as the stream's leader knows it: another than before means that the stream was
    /// set back and has grown again.
    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable>;

    /// All commits after `after`, in order, then the new ones as they come. Never ends; when the journal is away it
    /// waits for it. Ends with `Err` only if the stream is another than before or lacks commits that it had, also if others
    /// have taken their places.
    fn follow(&self, after: Position) -> BoxStream<'static, Result<Stored, Unavailable>>;

    /// Whether an append has a chance just now: lets a command be refused at once while the bus is away.
    fn is_connected(&self) -> bool;
}
