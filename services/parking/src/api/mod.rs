//! gRPC: from requests to commands, from states to resources.

mod availability;
mod bays;
mod convert;
mod import;
mod ingest;
mod management;
mod read;
mod sessions;
mod tariffs;
mod waivers;
mod watch;
mod zones;

pub(crate) use convert::{availability, bay_kind, grade, point};

use crate::domain::ids::OccupationId;
use crate::read_model::{self, Places};
use chassis::server::{Failure, Fields, Page};
use chassis::service::Core;
use std::time::Duration;

/// When to come back if the projection has not caught up.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The handlers of all of parking's gRPC services.
#[derive(Clone, Debug)]
pub struct Api {
    core: Core,
    places: Places,
}

impl Api {
    pub fn new(core: Core, places: Places) -> Self {
        Self { core, places }
    }

    fn page(&self, fields: &mut Fields, size: i32, token: &str, query: &[&[u8]]) -> Option<Page> {
        self.core.page_tokens.read(fields, size, token, query)
    }

    fn next_token(&self, next: Option<&[u8]>, query: &[&[u8]]) -> Result<String, Failure> {
        match next {
            Some(key) => self.core.page_tokens.token(key, query),
            None => Ok(String::new()),
        }
    }

    /// The occupations in force that touch a place.
    async fn occupations_at(
        &self,
        position: crate::domain::geometry::Position,
    ) -> Result<Vec<OccupationId>, Failure> {
        let in_force = self
            .core
            .projection
            .read(read_model::occupations_in_force)
            .await?;
        Ok(in_force
            .into_iter()
            .filter(|(_, works)| works.touches(position))
            .map(|(id, _)| id)
            .collect())
    }
}
