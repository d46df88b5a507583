//! What firms and reviewers do: file an application, accept it, and look at it.

use super::measure::Worker;
use super::requests::permits::{filed, planned_works};
use super::requests::request_id;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use prost::Message;
use std::sync::Arc;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{AcceptPermitRequest, GetPermitRequest, Permit};

/// Permits that are read: few enough to stay hot.
const HOT: usize = 64;

pub(super) struct PermitsLoad {
    applicants: Vec<PermitServiceClient<Connection>>,
    reviewers: Vec<PermitServiceClient<Connection>>,
    hot: Arc<[String]>,
    answer: Permit,
}

impl PermitsLoad {
    /// Files the permits that will be read.
    pub(super) async fn prepare(
        applicants: Vec<Connection>,
        reviewers: Vec<Connection>,
    ) -> Result<Self, Failure> {
        let applicants = clients(applicants);
        let mut client = applicants
            .first()
            .cloned()
            .ok_or_else(|| Failure::failed("no connection"))?;
        let mut hot = Vec::with_capacity(HOT);
        let mut answer = Permit::default();
        for _ in 0..HOT {
            answer = client
                .create_permit(filed(planned_works(), request_id()))
                .await
                .map_err(|status| Failure::of("permits", &status))?
                .into_inner();
            hot.push(answer.name.clone());
        }
        Ok(Self {
            applicants,
            reviewers: clients(reviewers),
            hot: hot.into(),
            answer,
        })
    }

    /// What a read answers.
    pub(super) fn answer(&self) -> &Permit {
        &self.answer
    }

    pub(super) fn answer_bytes(&self) -> usize {
        self.answer.encoded_len()
    }

    pub(super) fn commands(&self, number: usize) -> Commands {
        let at = number % self.applicants.len();
        Commands {
            applicant: self.applicants[at].clone(),
            reviewer: self.reviewers[at].clone(),
            filed: None,
        }
    }

    pub(super) fn own_reads(&self, number: usize) -> Reads {
        self.reader(
            self.applicants[number % self.applicants.len()].clone(),
            number,
        )
    }

    /// The same reads from another server.
    pub(super) fn reads(&self, connections: &[Connection], number: usize) -> Reads {
        let connection = connections[number % connections.len()].clone();
        self.reader(PermitServiceClient::new(connection), number)
    }

    fn reader(&self, client: PermitServiceClient<Connection>, number: usize) -> Reads {
        Reads::new(client, Arc::clone(&self.hot), number)
    }
}

fn clients(connections: Vec<Connection>) -> Vec<PermitServiceClient<Connection>> {
    connections
        .into_iter()
        .map(PermitServiceClient::new)
        .collect()
}

/// In turn an application and its acceptance.
pub(super) struct Commands {
    applicant: PermitServiceClient<Connection>,
    reviewer: PermitServiceClient<Connection>,
    filed: Option<String>,
}

impl Worker for Commands {
    async fn step(&mut self) -> Result<(), String> {
        match self.filed.take() {
            None => {
                let permit = self
                    .applicant
                    .create_permit(filed(planned_works(), request_id()))
                    .await
                    .map_err(|status| describe(&status))?;
                self.filed = Some(permit.into_inner().name);
            }
            Some(name) => {
                let accept = AcceptPermitRequest {
                    name,
                    request_id: request_id(),
                    ..AcceptPermitRequest::default()
                };
                self.reviewer
                    .accept_permit(accept)
                    .await
                    .map_err(|status| describe(&status))?;
            }
        }
        Ok(())
    }
}

pub(super) struct Reads {
    client: PermitServiceClient<Connection>,
    hot: Arc<[String]>,
    next: usize,
}

impl Reads {
    /// Reads of these permits in turn, from the one of this number on.
    pub(super) fn new(
        client: PermitServiceClient<Connection>,
        hot: Arc<[String]>,
        number: usize,
    ) -> Self {
        Self {
            client,
            hot,
            next: number,
        }
    }
}

impl Worker for Reads {
    async fn step(&mut self) -> Result<(), String> {
        self.next = self.next.wrapping_add(1);
        let request = GetPermitRequest {
            name: self.hot[self.next % self.hot.len()].clone(),
        };
        self.client
            .get_permit(request)
            .await
            .map_err(|status| describe(&status))?;
        Ok(())
    }
}
