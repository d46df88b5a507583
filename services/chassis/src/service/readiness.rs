//! Whether this replica can answer, and up to which position.

use crate::bus::Bus;
use crate::projection::{Phase, Projection};
use crate::server::{Positions, Readiness};
use async_trait::async_trait;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Projected {
    pub(super) projection: Projection,
    pub(super) bus: Arc<dyn Bus>,
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
        if self.bus.is_connected() {
            Ok(())
        } else {
            Err("the bus is away".into())
        }
    }
}
