//! What the server asks of the service's projection: how far it has come, and whether the service can answer.

use async_trait::async_trait;
use std::fmt::Debug;

/// How far the projection has come. Positions are stream sequences and only grow.
#[async_trait]
pub trait Positions: Debug + Send + Sync + 'static {
    /// The position whose effects a read that starts now surely sees.
    fn current(&self) -> u64;

    /// Returns once [`Positions::current`] is at least `at_least`. The server bounds the wait and drops the future;
    /// that must leave nothing behind.
    async fn reached(&self, at_least: u64);
}

/// Whether this replica may be sent requests.
pub trait Readiness: Debug + Send + Sync + 'static {
    /// `Err` says in a few words what it is waiting for, e.g. `projection at 120 of 9000`.
    fn ready(&self) -> Result<(), String>;
}

/// For servers without a projection, such as a gateway: always ready, always at position 0.
impl Readiness for () {
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }
}

#[async_trait]
impl Positions for () {
    fn current(&self) -> u64 {
        0
    }

    async fn reached(&self, at_least: u64) {
        if at_least > 0 {
            std::future::pending().await
        }
    }
}
