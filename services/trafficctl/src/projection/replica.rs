//! One replica of a service, as its operators' methods show it.

use super::Which;
use crate::connect::{Connection, Target};
use crate::failure::Failure;
use crate::suite::{self, Listed, SERVICES};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use traffic_proto::operations::v1::operations_service_client::OperationsServiceClient;
use traffic_proto::operations::v1::{
    Digest, DigestProjectionRequest, GetProjectionRequest, Projection, RebuildProjectionRequest,
};

pub(super) struct Replica {
    pub(super) service: &'static Listed,
    pub(super) address: String,
    client: OperationsServiceClient<Connection>,
}

/// How a digest at a position was answered.
pub(super) enum Answer {
    At(Digest),
    /// The replica is already at this position.
    Passed(u64),
    /// It did not come to the position in time.
    NotReached,
}

impl Replica {
    /// All that `which` names: the given replicas, else the configured address of each service.
    pub(super) async fn all(target: &Target, which: &Which) -> Result<Vec<Self>, Failure> {
        let services: Vec<&'static Listed> = match &which.service {
            Some(name) => vec![suite::named(name)?],
            None => SERVICES.iter().collect(),
        };
        let mut replicas = Vec::new();
        for service in services {
            let configured = [target.address(service).to_owned()];
            let addresses = if which.replica.is_empty() {
                &configured[..]
            } else {
                &which.replica
            };
            for address in addresses {
                replicas.push(Self {
                    service,
                    address: address.clone(),
                    client: OperationsServiceClient::new(target.at(address).await?),
                });
            }
        }
        Ok(replicas)
    }

    pub(super) fn label(&self) -> String {
        format!("{} at {}", self.service.name, self.address)
    }

    pub(super) async fn state(&self) -> Result<Projection, Failure> {
        let answer = self
            .client
            .clone()
            .get_projection(GetProjectionRequest {})
            .await;
        self.answered(answer)
    }

    pub(super) async fn rebuild(&self) -> Result<Projection, Failure> {
        let answer = self
            .client
            .clone()
            .rebuild_projection(RebuildProjectionRequest {})
            .await;
        self.answered(answer)
    }

    pub(super) async fn digest(&self, position: u64) -> Result<Answer, Failure> {
        let request = DigestProjectionRequest { position };
        let status = match self.client.clone().digest_projection(request).await {
            Ok(digest) => return Ok(Answer::At(digest.into_inner())),
            Err(status) => status,
        };
        match status.code() {
            Code::FailedPrecondition => match passed(&status) {
                Some(position) => Ok(Answer::Passed(position)),
                None => Err(Failure::of(&self.label(), &status)),
            },
            Code::Unavailable | Code::DeadlineExceeded => Ok(Answer::NotReached),
            _ => Err(Failure::of(&self.label(), &status)),
        }
    }

    fn answered<T>(&self, answer: Result<tonic::Response<T>, Status>) -> Result<T, Failure> {
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| Failure::of(&self.label(), &status))
    }
}

/// Where a replica is that has passed the position asked for.
fn passed(status: &Status) -> Option<u64> {
    let details = status.get_error_details();
    let info = details.error_info()?;
    if info.reason != "POSITION_PASSED" {
        return None;
    }
    info.metadata.get("applied_position")?.parse().ok()
}
