//! The stream of changes: every event of applications from a position on, each once, for as long as the client listens.

use super::VehicleApi;
use super::queries::application_events;
use crate::api::days;
use crate::domain::application::{Application, ApplicationId};
use chassis::domain::District;
use chassis::journal::Stored;
use chassis::server::{Failure, Fields};
use chassis::service::{Core, Watched};
use futures::stream::BoxStream;
use tonic::{Response, Status, async_trait};
use traffic_proto::registration::v1 as proto;

type Changes = BoxStream<'static, Result<proto::WatchApplicationsResponse, Status>>;

/// Which applications a client watches.
struct Watch {
    district: Option<District>,
}

impl VehicleApi {
    pub(super) fn watch(
        &self,
        request: &proto::WatchApplicationsRequest,
    ) -> Result<Response<Changes>, Status> {
        let mut fields = Fields::new();
        let district = fields.optional("district", &request.district, days::district);
        let district = fields.finish(district)?;
        let changes = self.core.watch(request.after_position, Watch { district });
        Ok(Response::new(changes))
    }
}

#[async_trait]
impl Watched for Watch {
    type Aggregate = Application;
    type Change = proto::WatchApplicationsResponse;

    async fn changes(&self, core: &Core, stored: &Stored) -> Result<Vec<Self::Change>, Failure> {
        let id = ApplicationId::parse(&stored.id).map_err(Failure::internal)?;
        if !self.wants(core, &id).await? {
            return Ok(Vec::new());
        }
        let events = application_events(&id, stored)?.into_iter();
        Ok(events
            .map(|event| proto::WatchApplicationsResponse {
                position: stored.position,
                event: Some(event),
            })
            .collect())
    }

    fn passed(&self, position: u64) -> Self::Change {
        proto::WatchApplicationsResponse {
            position,
            event: None,
        }
    }
}

impl Watch {
    /// The district of an application never changes.
    async fn wants(&self, core: &Core, id: &ApplicationId) -> Result<bool, Failure> {
        let Some(district) = self.district else {
            return Ok(true);
        };
        let found = core.projection.get::<Application>(id.as_str()).await?;
        Ok(found.is_some_and(|found| found.state.district == district))
    }
}
