//! Whether this replica can answer, and up to which position.

use super::is_connected;
use crate::projection::{Phase, Projection};
use crate::server::{Positions, Readiness};
use async_nats::Client;
use async_trait::async_trait;

#[derive(Debug)]
pub(super) struct Projected {
    pub(super) projection: Projection,
    pub(super) client: Client,
}

#[async_trait]
impl Positions for Projected {
    fn current(&self) -> u64 {
        self.projection.applied()
    }

    async fn reached(&self, at_least: u64) {
        self.projection.reached(at_least).await;
    }
}

impl Readiness for Projected {
    fn ready(&self) -> Result<(), String> {
        match self.projection.phase() {
            Phase::Live => {}
            Phase::CatchingUp { head } => {
                return Err(format!(
                    "projection at {} of {head}",
                    self.projection.applied()
                ));
            }
            Phase::Opening => return Err("projection opening".into()),
            Phase::Halted(why) => return Err(format!("projection halted: {why}")),
        }
        if is_connected(&self.client) {
            Ok(())
        } else {
            Err("the bus is away".into())
        }
    }
}
