//! The bus beside the journals: the stream of published events, its subscribers, and the leases.
//!
//! Two implementations, one set of rules (`testing::bus_rules`): JetStream, and a model in memory for simulations.

pub mod jetstream;
#[cfg(any(test, feature = "testing"))]
pub mod model;

pub use jetstream::JetStreamBus;

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::fmt::Debug;
use std::time::Duration;

/// The bus did not answer, or not in the way it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus is away: {0}")]
pub struct Away(pub String);

/// A message for the stream of published events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub subject: String,
    pub headers: HeaderMap,
    pub payload: Bytes,
}

/// The newest message under a fence: where it stands in the stream, and its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    pub sequence: u64,
    pub headers: HeaderMap,
}

/// Why messages were not published, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Another has published under this fence; nothing of ours is stored.
    #[error("another has published")]
    Fenced,
    /// They may be stored or not: [`Bus::newest`] tells.
    #[error(transparent)]
    Unknown(#[from] Away),
}

/// A durable place in the stream of published events that several replicas share, one of them at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Unique in the city.
    pub name: String,
    pub subjects: Vec<String>,
    /// Without an acknowledgement or a sign of progress for this long a message is delivered again.
    pub ack_wait: Duration,
    /// Messages handed out and not acknowledged, at most.
    pub in_flight: usize,
    /// How long the replica whose turn it is may be silent before another takes over.
    pub pinned_for: Duration,
}

/// A message handed to a subscriber.
#[derive(Debug)]
pub struct Delivery {
    pub subject: String,
    pub headers: Option<HeaderMap>,
    pub payload: Bytes,
    pub receipt: Box<dyn Receipt>,
}

/// How a subscriber tells what has become of a delivery. What does not arrive is no harm: the message comes again.
#[async_trait]
pub trait Receipt: Debug + Send + Sync {
    /// It has been dealt with.
    async fn done(&self);
    /// It is still being dealt with.
    async fn progress(&self);
    /// It cannot be dealt with now: deliver it again after this time, and others meanwhile.
    async fn put_off(&self, by: Duration);
    /// It never can be dealt with: never deliver it again.
    async fn hopeless(&self);
}

/// A lease as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaseEntry {
    /// Changes with each write; 0 if nobody has ever held it.
    pub revision: u64,
    pub held: bool,
}

/// What the runtime needs of the bus.
///
/// - [`Bus::publish`] stores all messages or none, in their order, directly after each other, and only if the newest
///   message under the fence is the one named; [`Bus::newest`] sees what was acknowledged before it was called;
/// - [`Bus::subscribe`] delivers each matching message at least once, in the stream's order but for repetitions, and to
///   one subscriber of the same name at a time, but for those whose connection is late to notice;
/// - of several [`Bus::claim_lease`] on one revision exactly one succeeds.
#[async_trait]
pub trait Bus: Debug + Send + Sync + 'static {
    /// The newest message under `fence`, as the stream's leader knows it.
    async fn newest(&self, fence: &str) -> Result<Option<Newest>, Away>;

    /// Publishes all or none, if the newest message under `fence` is at sequence `after` (0: there is none). Answers
    /// the sequence of the last.
    async fn publish(
        &self,
        fence: &str,
        after: u64,
        messages: Vec<Message>,
    ) -> Result<u64, PublishError>;

    /// Takes a place among the subscribers of this name. The first ever starts at the first message.
    async fn subscribe(
        &self,
        subscription: &Subscription,
    ) -> Result<BoxStream<'static, Result<Delivery, Away>>, Away>;

    /// Messages that a subscription has not worked off.
    async fn backlog(&self, subscription: &str) -> Result<u64, Away>;

    async fn lease(&self, job: &str) -> Result<LeaseEntry, Away>;

    /// Writes the lease if it is still at revision `after`: its new revision, or `None` if it is not.
    async fn claim_lease(&self, job: &str, holder: &str, after: u64) -> Result<Option<u64>, Away>;

    /// Gives the lease back if it is still at revision `held`.
    async fn release_lease(&self, job: &str, held: u64) -> Result<(), Away>;

    fn is_connected(&self) -> bool;

    /// Waits until everything sent has left.
    async fn flush(&self);
}
