//! Reaction to parking's own published events: a bay that was marked or changed meets the road occupations that its command did not
//! see.
//!
//! A command aligns the bay with the occupations that its replica knows of. One that came into force before the bay was written,
//! and was not known there, has not seen the bay, nor the bay it. So the bay's event brings them together, and does so whatever
//! becomes of the replica that wrote it: it is handled until that has succeeded.
//!
//! ```text
//!   notice written before the bay ─> is seen here, as the bay is
//!   notice written after it       ─> whoever handles the notice sees the bay
//! ```

use super::not_understood;
use crate::closures;
use crate::domain::ids::BayId;
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::server::resource_id;
use chassis::service::Core;
use traffic_proto::parking::v1 as parking;

/// Aligns each bay that was marked or changed with the road occupations that touch it and those that it carries.
#[derive(Debug)]
pub struct MarkedBays {
    core: Core,
}

impl MarkedBays {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for MarkedBays {
    fn name(&self) -> &'static str {
        "parking-marked-bays"
    }

    fn subjects(&self) -> Vec<String> {
        vec!["events.parking.bay_published.>".to_owned()]
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let marked: parking::BayPublished = event.decode()?;
        let place = marked.place.unwrap_or_default();
        let bay = resource_id(&place.bay, "bays/{bay}")
            .and_then(|id| BayId::parse(id).ok())
            .ok_or_else(|| not_understood("it names no bay"))?;
        let seen = self.core.caught_up().await;
        seen.map_err(|away| Reaction::Again(away.to_string()))?;
        let cause = Call::reaction("marked-bays", event);
        closures::align_bay(&self.core, &bay, &cause).await?;
        Ok(())
    }
}
