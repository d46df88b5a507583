//! Load on permits: road occupations filed, accepted and granted; and the requests that other tests make of it.

use super::{Contest, in_minutes, place};
use crate::load::{Desk, Role, Workload};
use crate::replica::{Client, Replica};
use crate::status;
use rand::RngExt;
use tonic::Status;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{
    AcceptPermitRequest, AcceptanceBy, ApprovePermitRequest, CreatePermitRequest, Emergency,
    FinishWorkRequest, LaneStatus, LaneType, LaneUse, Line, OccupationTime, Organisation, Permit,
    Person, Point, RecordReopeningAcceptanceRequest, RoadOccupation, RoadSide, RoadStretch, Signs,
    StartWorkRequest, TravelDirection, VehicleImpact, WithdrawPermitRequest, WorkType,
};

/// A piece of a straight road, in metres east and north of the city's centre.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub from: (f64, f64),
    pub to: (f64, f64),
    pub side: RoadSide,
    pub width_cm: u32,
}

impl Default for Stretch {
    fn default() -> Self {
        Self {
            from: (0.0, 0.0),
            to: (100.0, 0.0),
            side: RoadSide::Right,
            width_cm: 350,
        }
    }
}

/// An emergency repair on a road, under way for half an hour: what may be granted at once.
pub fn repair(road: &str, stretch: Stretch) -> Permit {
    let point = |(east, north)| {
        let (longitude, latitude) = place(east, north);
        Point {
            longitude,
            latitude,
        }
    };
    let occupation = RoadOccupation {
        stretch: Some(RoadStretch {
            roads: vec![road.to_owned()],
            directions: vec![TravelDirection::Eastbound.into()],
            line: Some(Line {
                points: vec![point(stretch.from), point(stretch.to)],
            }),
            side: stretch.side.into(),
            width_cm: stretch.width_cm,
            lanes: vec![LaneUse {
                order: 1,
                r#type: LaneType::General.into(),
                status: LaneStatus::Closed.into(),
            }],
            impact: VehicleImpact::SomeLanesClosed.into(),
        }),
        time: Some(OccupationTime {
            start_time: Some(in_minutes(-30)),
            end_time: Some(in_minutes(14 * 24 * 60)),
            daily_hours: None,
        }),
        work_type: WorkType::Utilities.into(),
        description: "burst water main".into(),
        traffic_plan: "one lane closed, flagmen at both ends".into(),
        signs: Some(Signs {
            upstream_m: 60,
            upstream_night_m: 120,
        }),
        public_notice_on: None,
        emergency: Some(Emergency {
            started_at: Some(in_minutes(-30)),
            cause: "burst water main".into(),
        }),
        road_authority_consent: "RA-1".into(),
        joint_plan: None,
    };
    Permit {
        district: "371702".into(),
        applicant: Some(Organisation {
            name: "Sample Water Works".into(),
            credit_code: "91110000600037341L".into(),
        }),
        contact: Some(Person {
            name: "Sample Contact".into(),
            identity_number: "360426199101010071".into(),
            ..Person::default()
        }),
        application: Some(Application::RoadOccupation(occupation)),
        ..Permit::default()
    }
}

/// A replica's methods for an account.
pub fn methods(replica: &Replica, account: &str) -> PermitServiceClient<Client> {
    PermitServiceClient::new(replica.client(account))
}

/// Files an application.
///
/// # Errors
/// A refusal.
pub async fn file(replica: &Replica, permit: Permit) -> Result<Permit, Status> {
    let request = CreatePermitRequest {
        permit: Some(permit),
        ..CreatePermitRequest::default()
    };
    let filed = methods(replica, "partner:works")
        .create_permit(request)
        .await?;
    Ok(filed.into_inner())
}

/// # Errors
/// A refusal.
pub async fn accept(replica: &Replica, name: &str) -> Result<Permit, Status> {
    let request = AcceptPermitRequest {
        name: name.to_owned(),
        ..AcceptPermitRequest::default()
    };
    let accepted = methods(replica, "officer:works")
        .accept_permit(request)
        .await?;
    Ok(accepted.into_inner())
}

/// # Errors
/// A refusal.
pub async fn approve(replica: &Replica, name: &str) -> Result<Permit, Status> {
    let request = ApprovePermitRequest {
        name: name.to_owned(),
        ..ApprovePermitRequest::default()
    };
    let approved = methods(replica, "officer:works")
        .approve_permit(request)
        .await?;
    Ok(approved.into_inner())
}

/// Files, accepts and approves.
///
/// # Errors
/// A refusal.
pub async fn grant(replica: &Replica, permit: Permit) -> Result<Permit, Status> {
    let filed = file(replica, permit).await?;
    accept(replica, &filed.name).await?;
    approve(replica, &filed.name).await
}

/// Works, ends the work, and has both authorities accept the road.
///
/// # Errors
/// A refusal.
pub async fn reopen(replica: &Replica, name: &str) -> Result<Permit, Status> {
    let start = StartWorkRequest {
        name: name.to_owned(),
        ..StartWorkRequest::default()
    };
    methods(replica, "partner:works").start_work(start).await?;
    let finish = FinishWorkRequest {
        name: name.to_owned(),
        ..FinishWorkRequest::default()
    };
    let mut permit = methods(replica, "partner:works")
        .finish_work(finish)
        .await?;
    for by in [AcceptanceBy::RoadAuthority, AcceptanceBy::Police] {
        let request = RecordReopeningAcceptanceRequest {
            name: name.to_owned(),
            by: by.into(),
            passed: true,
            ..RecordReopeningAcceptanceRequest::default()
        };
        let account = format!("officer:{}", by as i32);
        permit = methods(replica, &account)
            .record_reopening_acceptance(request)
            .await?;
    }
    Ok(permit.into_inner())
}

/// Files an occupation of a road of its own; an officer accepts it; most are granted, some withdrawn.
#[derive(Clone, Copy, Debug)]
pub struct Permits {
    /// Tells the roads of several loads on one suite apart.
    pub series: &'static str,
}

/// Where the load's roads are: away from all bays.
const OUTSIDE: Stretch = Stretch {
    from: (0.0, 20_000.0),
    to: (100.0, 20_000.0),
    side: RoadSide::Right,
    width_cm: 350,
};

fn about(permit: &Permit) -> Vec<String> {
    vec![permit.name.replacen("permits/", "permit/", 1)]
}

/// Files an application for this road, which is accepted; its name.
async fn accepted(desk: &mut Desk, road: &str) -> String {
    let permit = repair(road, OUTSIDE);
    let filed = desk
        .command(
            Role::Partner,
            async |client, request_id| {
                let request = CreatePermitRequest {
                    permit: Some(permit.clone()),
                    request_id,
                    validate_only: false,
                };
                PermitServiceClient::new(client)
                    .create_permit(request)
                    .await
            },
            about,
        )
        .await
        .expect("an emergency repair can be filed");
    let name = filed.name;
    let accepted = desk
        .command(
            Role::Officer,
            async |client, request_id| {
                let request = AcceptPermitRequest {
                    name: name.clone(),
                    request_id,
                    ..AcceptPermitRequest::default()
                };
                PermitServiceClient::new(client)
                    .accept_permit(request)
                    .await
            },
            about,
        )
        .await;
    accepted.expect("a complete application can be accepted");
    name
}

async fn approved(desk: &mut Desk, name: &str) -> Result<Permit, Status> {
    desk.command(
        Role::Officer,
        async |client, request_id| {
            let request = ApprovePermitRequest {
                name: name.to_owned(),
                request_id,
                ..ApprovePermitRequest::default()
            };
            PermitServiceClient::new(client)
                .approve_permit(request)
                .await
        },
        about,
    )
    .await
}

impl Workload for Permits {
    async fn story(&self, desk: &mut Desk, number: u64) {
        let name = accepted(desk, &format!("Load Road {}-{number}", self.series)).await;
        if desk.rng.random_bool(0.2) {
            let withdrawn = desk
                .command(
                    Role::Partner,
                    async |client, request_id| {
                        let request = WithdrawPermitRequest {
                            name: name.clone(),
                            request_id,
                            ..WithdrawPermitRequest::default()
                        };
                        PermitServiceClient::new(client)
                            .withdraw_permit(request)
                            .await
                    },
                    about,
                )
                .await;
            withdrawn.expect("an undecided application can be withdrawn");
            return;
        }
        let approved = approved(desk, &name).await;
        approved.expect("nobody else is on this road");
    }
}

/// A stretch of a road.
impl Contest for Permits {
    async fn claim(&self, desk: &mut Desk, value: u64) -> bool {
        let name = accepted(desk, &format!("Contested Road {}-{value}", self.series)).await;
        match approved(desk, &name).await {
            Ok(_) => true,
            Err(refused) if status::reason(&refused).as_deref() == Some("ROAD_TAKEN") => false,
            Err(refused) => panic!("{}", status::describe(&refused)),
        }
    }
}
