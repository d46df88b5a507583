//! Whether this replica can answer, and up to which position.

use crate::journal::Appender;
use crate::projection::{Phase, Projection};
use crate::server::{Positions, Readiness};
use async_trait::async_trait;
use parking_lot::Mutex;
use std::sync::Arc;

/// The part of the service that has panicked, if one has.
#[derive(Clone, Debug, Default)]
pub(super) struct Broken(Arc<Mutex<Option<&'static str>>>);

impl Broken {
    pub(super) fn note(&self, part: &'static str) {
        self.0.lock().get_or_insert(part);
    }
}

#[derive(Debug)]
pub(super) struct Projected {
    pub(super) projection: Projection,
    pub(super) appender: Appender,
    pub(super) broken: Broken,
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

/// The bus is not among the reasons: without it every replica of every service would leave its endpoints at once, and
/// clients would meet refused connections where reads are answered and commands are told to come again.
impl Readiness for Projected {
    fn ready(&self) -> Result<(), String> {
        if let Some(part) = *self.broken.0.lock() {
            return Err(format!("the {part} has panicked"));
        }
        if self.appender.has_ended() {
            return Err("the appender has panicked".into());
        }
        match self.projection.phase() {
            Phase::Live => Ok(()),
            Phase::CatchingUp { head } => Err(format!(
                "projection at {} of {head}",
                self.projection.applied()
            )),
            Phase::Held => Err(Phase::HELD.into()),
            Phase::Opening => Err("projection opening".into()),
            Phase::Halted(why) => Err(format!("projection halted: {why}")),
        }
    }
}
