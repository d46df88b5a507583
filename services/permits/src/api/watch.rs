//! The stream of changes: every event of permits from a position on, each once, for as long as the client listens.

use super::Api;
use super::queries::{permit_kind, read_commit};
use super::readers::Reader;
use crate::contract;
use crate::domain::permit::Permit;
use crate::domain::values::PermitId;
use chassis::domain::District;
use chassis::journal::Stored;
use chassis::server::{Failure, Fields};
use chassis::service::{Core, Watched};
use tonic::{Request, Response, Status, async_trait};
use traffic_proto::permits::v1 as proto;

/// Which permits a client watches.
struct Watch {
    reader: Reader,
    kind: Option<proto::PermitKind>,
    district: Option<District>,
}

impl Api {
    pub(super) fn watch(
        &self,
        asked: &Request<proto::WatchPermitsRequest>,
    ) -> Result<Response<<Self as super::PermitService>::WatchPermitsStream>, Status> {
        let request = asked.get_ref();
        let reader = Reader::of(asked)?;
        let mut fields = Fields::new();
        let kind = match request.kind {
            0 => Some(None),
            kind => fields
                .choice("kind", kind, permit_kind)
                .map(|kind| Some(contract::kind(kind))),
        };
        let district = fields.optional("district", &request.district, District::parse);
        let (kind, district) = fields.finish((kind, district))?;
        let watch = Watch {
            reader,
            kind,
            district,
        };
        let changes = self.core.watch(request.after_position, watch);
        Ok(Response::new(changes))
    }
}

#[async_trait]
impl Watched for Watch {
    type Aggregate = Permit;
    type Change = proto::WatchPermitsResponse;

    async fn changes(&self, core: &Core, stored: &Stored) -> Result<Vec<Self::Change>, Failure> {
        let id = PermitId::parse(&stored.id).map_err(Failure::internal)?;
        if !self.wants(core, &id).await? {
            return Ok(Vec::new());
        }
        let events = read_commit(&id, stored)?.into_iter();
        Ok(events
            .map(|event| proto::WatchPermitsResponse {
                position: stored.position,
                event: Some(event),
            })
            .collect())
    }

    fn passed(&self, position: u64) -> Self::Change {
        proto::WatchPermitsResponse {
            position,
            event: None,
        }
    }
}

impl Watch {
    /// Kind and district of a permit never change, nor who filed it.
    async fn wants(&self, core: &Core, id: &PermitId) -> Result<bool, Failure> {
        if self.reader == Reader::All && self.kind.is_none() && self.district.is_none() {
            return Ok(true);
        }
        let Some(found) = core.projection.get::<Permit>(id.as_str()).await? else {
            return Ok(false);
        };
        let kind = self
            .kind
            .is_none_or(|kind| contract::kind(found.state.kind()) == kind);
        let district = self
            .district
            .is_none_or(|district| district == found.state.district);
        Ok(kind && district && self.reader.may_read(&found.state))
    }
}
