//! The year's permits through their whole life: works until the road is open again, toxic transports until they arrive.

use super::city::{City, shares, shuffled};
use super::desk::Desk;
use super::drive::Story;
use super::found::pages;
use super::tally::Tally;
use crate::bench::requests::permits::{filed, repair, toxic_transport};
use crate::bench::requests::request_id;
use crate::connect::Connection;
use crate::failure::Failure;
use crate::invented::DISTRICTS;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{
    AcceptPermitRequest, AcceptanceBy, ApprovePermitRequest, CompletePermitRequest,
    FinishWorkRequest, ListPermitsRequest, Permit, PermitAccepted, PermitCompleted, PermitRefused,
    PermitState, PermitSubmitted, PermitWithdrawn, RecordArrivalRequest, RecordCheckpointRequest,
    RecordDepartureRequest, RecordReopeningAcceptanceRequest, RefusalGround, RefusePermitRequest,
    RoadOccupationApproved, RoadReopened, RoadWorkStarted, StartWorkRequest,
    ToxicTransportApproved, ToxicTransportArrived, ToxicTransportDeparted, WithdrawPermitRequest,
};

const PERMITS: &str = "permits";

type Client = PermitServiceClient<Connection>;

pub(super) struct Permits {
    city: City,
    applicants: Vec<Client>,
    reviewers: Vec<Client>,
    road_authorities: Vec<Client>,
}

/// Those who deal with one permit.
struct Life<'a> {
    desk: &'a mut Desk,
    applicant: &'a Client,
    reviewer: &'a Client,
    road_authority: &'a Client,
}

impl Permits {
    pub(super) fn new(
        city: City,
        applicants: Vec<Connection>,
        reviewers: Vec<Connection>,
        road_authorities: Vec<Connection>,
    ) -> Self {
        let clients = |connections: Vec<Connection>| {
            connections
                .into_iter()
                .map(PermitServiceClient::new)
                .collect()
        };
        Self {
            city,
            applicants: clients(applicants),
            reviewers: clients(reviewers),
            road_authorities: clients(road_authorities),
        }
    }
}

impl Story for Permits {
    async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
        let one_of = |clients: &[Client]| number as usize % clients.len();
        let mut life = Life {
            desk,
            applicant: &self.applicants[one_of(&self.applicants)],
            reviewer: &self.reviewers[one_of(&self.reviewers)],
            road_authority: &self.road_authorities[one_of(&self.road_authorities)],
        };
        let firm = u32::try_from(number).unwrap_or(u32::MAX) % 10_000_000;
        // Of a thousand permits so many, and one of few.
        let place = shuffled(number, self.city.permits) * 1_000 / self.city.permits;
        if place < shares::TOXIC {
            return life.toxic_transport(toxic_transport(firm)).await;
        }
        let district = DISTRICTS[number as usize % DISTRICTS.len()];
        life.works(repair(firm, district)).await
    }
}

impl Life<'_> {
    async fn works(&mut self, permit: Permit) -> Result<(), Failure> {
        let name = self.accepted(permit).await?;
        if self.desk.random.in_a_thousand(shares::WITHDRAWN) {
            return self.withdraw(name).await;
        }
        if self.desk.random.in_a_thousand(shares::REFUSED) {
            return self.refuse(name).await;
        }
        self.approve(&name).await?;
        self.desk.sent.event::<RoadOccupationApproved>();
        let applicant = self.applicant;
        let started = StartWorkRequest {
            name: name.clone(),
            request_id: request_id(),
            ..StartWorkRequest::default()
        };
        self.desk
            .command(started, async |r| applicant.clone().start_work(r).await)
            .await?;
        self.desk.sent.event::<RoadWorkStarted>();
        let finished = FinishWorkRequest {
            name: name.clone(),
            request_id: request_id(),
            ..FinishWorkRequest::default()
        };
        self.desk
            .command(finished, async |r| applicant.clone().finish_work(r).await)
            .await?;
        for (by, client) in [
            (AcceptanceBy::RoadAuthority, self.road_authority),
            (AcceptanceBy::Police, self.reviewer),
        ] {
            let accepted = RecordReopeningAcceptanceRequest {
                name: name.clone(),
                by: by.into(),
                passed: true,
                request_id: request_id(),
                ..RecordReopeningAcceptanceRequest::default()
            };
            self.desk
                .command(accepted, async |r| {
                    client.clone().record_reopening_acceptance(r).await
                })
                .await?;
        }
        self.desk.sent.event::<RoadReopened>();
        self.complete(name).await
    }

    async fn toxic_transport(&mut self, permit: Permit) -> Result<(), Failure> {
        let name = self.accepted(permit).await?;
        let approved = self.approve(&name).await?;
        self.desk.sent.event::<ToxicTransportApproved>();
        // It leaves and arrives the moment it may: the clock is the machine's.
        let at = approved.decision.and_then(|decision| decision.valid_from);
        let applicant = self.applicant;
        let departed = RecordDepartureRequest {
            name: name.clone(),
            depart_time: at,
            request_id: request_id(),
            ..RecordDepartureRequest::default()
        };
        self.desk
            .command(departed, async |r| {
                applicant.clone().record_departure(r).await
            })
            .await?;
        self.desk.sent.event::<ToxicTransportDeparted>();
        let passed = RecordCheckpointRequest {
            name: name.clone(),
            leg: 1,
            pass_time: at,
            request_id: request_id(),
            ..RecordCheckpointRequest::default()
        };
        self.desk
            .command(passed, async |r| {
                applicant.clone().record_checkpoint(r).await
            })
            .await?;
        let arrived = RecordArrivalRequest {
            name: name.clone(),
            arrive_time: at,
            request_id: request_id(),
            ..RecordArrivalRequest::default()
        };
        self.desk
            .command(arrived, async |r| applicant.clone().record_arrival(r).await)
            .await?;
        self.desk.sent.event::<ToxicTransportArrived>();
        self.complete(name).await
    }

    /// Files an application, which is accepted; its name.
    async fn accepted(&mut self, permit: Permit) -> Result<String, Failure> {
        let (applicant, reviewer) = (self.applicant, self.reviewer);
        let submitted = self
            .desk
            .command(filed(permit, request_id()), async |r| {
                applicant.clone().create_permit(r).await
            })
            .await?;
        self.desk.sent.event::<PermitSubmitted>();
        let accepted = AcceptPermitRequest {
            name: submitted.name.clone(),
            request_id: request_id(),
            ..AcceptPermitRequest::default()
        };
        self.desk
            .command(accepted, async |r| reviewer.clone().accept_permit(r).await)
            .await?;
        self.desk.sent.event::<PermitAccepted>();
        Ok(submitted.name)
    }

    async fn approve(&mut self, name: &str) -> Result<Permit, Failure> {
        let reviewer = self.reviewer;
        let approved = ApprovePermitRequest {
            name: name.to_owned(),
            request_id: request_id(),
            ..ApprovePermitRequest::default()
        };
        self.desk
            .command(approved, async |r| reviewer.clone().approve_permit(r).await)
            .await
    }

    async fn withdraw(&mut self, name: String) -> Result<(), Failure> {
        let applicant = self.applicant;
        let withdrawn = WithdrawPermitRequest {
            name,
            request_id: request_id(),
            ..WithdrawPermitRequest::default()
        };
        self.desk
            .command(withdrawn, async |r| {
                applicant.clone().withdraw_permit(r).await
            })
            .await?;
        self.desk.sent.event::<PermitWithdrawn>();
        self.ends(PermitState::Withdrawn);
        Ok(())
    }

    async fn refuse(&mut self, name: String) -> Result<(), Failure> {
        let reviewer = self.reviewer;
        let refused = RefusePermitRequest {
            name,
            ground: RefusalGround::TrafficSafety.into(),
            reason: "样本：影响交通安全".to_owned(),
            request_id: request_id(),
            ..RefusePermitRequest::default()
        };
        self.desk
            .command(refused, async |r| reviewer.clone().refuse_permit(r).await)
            .await?;
        self.desk.sent.event::<PermitRefused>();
        self.ends(PermitState::Refused);
        Ok(())
    }

    async fn complete(&mut self, name: String) -> Result<(), Failure> {
        let reviewer = self.reviewer;
        let completed = CompletePermitRequest {
            name,
            request_id: request_id(),
            ..CompletePermitRequest::default()
        };
        self.desk
            .command(completed, async |r| {
                reviewer.clone().complete_permit(r).await
            })
            .await?;
        self.desk.sent.event::<PermitCompleted>();
        self.ends(PermitState::Completed);
        Ok(())
    }

    fn ends(&mut self, state: PermitState) {
        self.desk.sent.in_state(PERMITS, state.as_str_name());
    }
}

/// Counts all permits by their states.
pub(super) async fn find(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let client = &PermitServiceClient::new(connection);
    pages(
        async |page_token| {
            let request = ListPermitsRequest {
                page_size: 1_000,
                page_token,
                ..ListPermitsRequest::default()
            };
            let page = client.clone().list_permits(request).await?.into_inner();
            Ok((page.permits, page.next_page_token))
        },
        |permit| found.in_state(PERMITS, permit.state().as_str_name()),
    )
    .await
}
