//! The stream of changes: every event of applications from a position on, each once, for as long as the client listens.

use super::VehicleApi;
use super::queries::application_events;
use crate::api::days;
use crate::domain::application::{Application, ApplicationId};
use chassis::domain::{Aggregate, District};
use chassis::server::{Failure, Fields};
use chassis::service::Core;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use std::collections::VecDeque;
use std::time::Duration;
use tonic::{Response, Status};
use traffic_proto::registration::v1 as proto;

/// Changes looked at in one go: all that is ever held for a client.
const AT_ONCE: usize = 128;
/// A quiet stream shows that it lives, and how far it has come.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The journal may lag behind the projection for a moment when it is read through another of its replicas.
const LAG: Duration = Duration::from_millis(50);
const LAG_ROUNDS: usize = 100;

type Changes = BoxStream<'static, Result<proto::WatchApplicationsResponse, Status>>;

/// One client's place in the stream.
struct Watch {
    core: Core,
    position: u64,
    district: Option<District>,
    waiting: VecDeque<proto::WatchApplicationsResponse>,
}

impl VehicleApi {
    pub(super) fn watch(
        &self,
        request: &proto::WatchApplicationsRequest,
    ) -> Result<Response<Changes>, Status> {
        let mut fields = Fields::new();
        let district = fields.optional("district", &request.district, days::district);
        let district = fields.finish(district)?;
        let watch = Watch {
            position: request
                .after_position
                .unwrap_or_else(|| self.core.projection.applied()),
            core: self.core.clone(),
            district,
            waiting: VecDeque::new(),
        };
        let changes = stream::try_unfold(watch, |mut watch| async move {
            let next = watch.next().await.map_err(Status::from)?;
            Ok(Some((next, watch)))
        });
        Ok(Response::new(changes.boxed()))
    }
}

impl Watch {
    async fn next(&mut self) -> Result<proto::WatchApplicationsResponse, Failure> {
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
                if kind == Application::TYPE {
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

    fn sign_of_life(&self) -> proto::WatchApplicationsResponse {
        proto::WatchApplicationsResponse {
            position: self.position,
            event: None,
        }
    }

    /// Reads the commit at a position and keeps what the client wants of it.
    async fn read(&mut self, position: u64, id: &str) -> Result<(), Failure> {
        let away = || Failure::unavailable("the journal is away", Duration::from_secs(1));
        let id = ApplicationId::parse(id).map_err(Failure::internal)?;
        for _ in 0..LAG_ROUNDS {
            let commits = self
                .core
                .history::<Application>(id.as_str(), position - 1, 1)
                .await
                .map_err(|_| away())?;
            let Some(stored) = commits.first() else {
                tokio::time::sleep(LAG).await;
                continue;
            };
            let events = application_events(&id, stored)?;
            if self.wants(&id).await? {
                let told = |event| proto::WatchApplicationsResponse {
                    position,
                    event: Some(event),
                };
                self.waiting.extend(events.into_iter().map(told));
            }
            return Ok(());
        }
        Err(away())
    }

    /// The district of an application never changes.
    async fn wants(&self, id: &ApplicationId) -> Result<bool, Failure> {
        let Some(district) = self.district else {
            return Ok(true);
        };
        let found = self.core.projection.get::<Application>(id.as_str()).await?;
        Ok(found.is_some_and(|found| found.state.district == district))
    }
}
