//! The stream of changes: every event of permits from a position on, each once, for as long as the client listens.

use super::Api;
use super::queries::{permit_kind, read_commit};
use crate::contract;
use crate::domain::permit::Permit;
use crate::domain::values::PermitId;
use chassis::domain::{Aggregate, District};
use chassis::server::{Failure, Fields};
use chassis::service::Core;
use futures::stream;
use std::collections::VecDeque;
use std::time::Duration;
use tonic::{Response, Status};
use traffic_proto::permits::v1 as proto;

/// Changes looked at in one go: all that is ever held for a client.
const AT_ONCE: usize = 128;
/// A quiet stream shows that it lives, and how far it has come.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The journal may lag behind the projection for a moment when it is read through another of its replicas.
const LAG: Duration = Duration::from_millis(50);
const LAG_ROUNDS: usize = 100;

/// One client's place in the stream.
struct Watch {
    core: Core,
    position: u64,
    kind: Option<proto::PermitKind>,
    district: Option<String>,
    waiting: VecDeque<proto::WatchPermitsResponse>,
}

impl Api {
    pub(super) fn watch(
        &self,
        request: &proto::WatchPermitsRequest,
    ) -> Result<Response<<Self as super::PermitService>::WatchPermitsStream>, Status> {
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
            position: request
                .after_position
                .unwrap_or_else(|| self.core.projection.applied()),
            core: self.core.clone(),
            kind,
            district: district.map(|district| district.to_string()),
            waiting: VecDeque::new(),
        };
        let changes = stream::try_unfold(watch, |mut watch| async move {
            let next = watch.next().await.map_err(Status::from)?;
            Ok(Some((next, watch)))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

impl Watch {
    async fn next(&mut self) -> Result<proto::WatchPermitsResponse, Failure> {
        let mut applied = self.core.projection.watch_applied();
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Ok(change);
            }
            applied.mark_unchanged();
            let changes = self.core.projection.changes(self.position, AT_ONCE).await?;
            if changes.is_empty() {
                let waited = tokio::time::timeout(SIGN_OF_LIFE, applied.changed()).await;
                if waited.is_err() {
                    return Ok(self.sign_of_life());
                }
                continue;
            }
            for (position, kind, id) in changes {
                if kind == Permit::TYPE {
                    self.read(position, &id).await?;
                }
                self.position = position;
            }
            // Many changes of others: tell how far it is, so that a client that reconnects need not pass them again.
            if self.waiting.is_empty() {
                return Ok(self.sign_of_life());
            }
        }
    }

    fn sign_of_life(&self) -> proto::WatchPermitsResponse {
        proto::WatchPermitsResponse {
            position: self.position,
            event: None,
        }
    }

    /// Reads the commit at a position and keeps what the client wants of it.
    async fn read(&mut self, position: u64, id: &str) -> Result<(), Failure> {
        let away = || Failure::unavailable("the journal is away", Duration::from_secs(1));
        let id = PermitId::parse(id).map_err(Failure::internal)?;
        for _ in 0..LAG_ROUNDS {
            let commits = self
                .core
                .history::<Permit>(id.as_str(), position - 1, 1)
                .await
                .map_err(|_| away())?;
            let Some(stored) = commits.first() else {
                tokio::time::sleep(LAG).await;
                continue;
            };
            let events = read_commit(&id, stored)?;
            if self.wants(&id).await? {
                self.waiting
                    .extend(events.into_iter().map(|event| proto::WatchPermitsResponse {
                        position,
                        event: Some(event),
                    }));
            }
            return Ok(());
        }
        Err(away())
    }

    /// Kind and district of a permit never change.
    async fn wants(&self, id: &PermitId) -> Result<bool, Failure> {
        if self.kind.is_none() && self.district.is_none() {
            return Ok(true);
        }
        let Some(found) = self.core.projection.get::<Permit>(id.as_str()).await? else {
            return Ok(false);
        };
        let kind = self
            .kind
            .is_none_or(|kind| contract::kind(found.state.kind()) == kind);
        let district = self
            .district
            .as_ref()
            .is_none_or(|district| *district == found.state.district.to_string());
        Ok(kind && district)
    }
}
