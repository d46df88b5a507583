//! Load on enforcement: acts recorded, reviewed, notified, handled, decided, served and paid, some cancelled; and the
//! requests that other tests make of it.

use super::in_minutes;
use crate::load::{Desk, Role, Workload};
use crate::replica::{Client, Replica};
use ::enforcement::domain::docket;
use chassis::domain::values::PlateNumber;
use jiff::Timestamp;
use rand::RngExt;
use tonic::Status;
use traffic_proto::enforcement::v1::source::Kind;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::enforcement::v1::{
    AcceptHandlingRequest, Act, CancelViolationRequest, CancellationGround, Conduct, Day,
    DecideViolationRequest, Device, LicenceFacts, Load, NoticeChannel, Party, PassReviewRequest,
    Place, PublicReport, RecordPaymentRequest, RecordViolationRequest, Review, Road, Sanction,
    SendNoticeRequest, ServeDecisionRequest, Service, Source, Vehicle, VehicleUse, Violation, act,
};

/// What [`decision`] imposes.
pub const FINE_FEN: i64 = 10_000;

/// A replica's methods for an account.
pub fn cases(replica: &Replica, account: &str) -> ViolationServiceClient<Client> {
    ViolationServiceClient::new(replica.client(account))
}

/// A car that stood where it must not, as somebody reports it. One road is one act.
pub fn report(road: &str, plate: &str) -> RecordViolationRequest {
    let violation = Violation {
        source: Some(Source {
            kind: Some(Kind::PublicReport(PublicReport {})),
        }),
        place: Some(Place {
            district: "371702".into(),
            road: road.to_owned(),
            point: None,
        }),
        act: Some(Act {
            conduct: Conduct::IllegalParking.into(),
            road: Road::Other.into(),
            ..Act::default()
        }),
        act_time: Some(in_minutes(-30)),
        plate: plate.to_owned(),
        evidence: vec!["a".repeat(64)],
        ..Violation::default()
    };
    RecordViolationRequest {
        violation: Some(violation),
        ..RecordViolationRequest::default()
    }
}

/// A red light that somebody ran at this moment, as a camera photographed it.
pub fn red_light(road: &str, plate: &str, at: Timestamp) -> Violation {
    let camera = Device {
        number: "CAM-0001".into(),
        verified_until: Some(Day {
            value: "2099-12-31".into(),
        }),
        published: true,
        ..Device::default()
    };
    Violation {
        source: Some(Source {
            kind: Some(Kind::Device(camera)),
        }),
        place: Some(Place {
            district: "371702".into(),
            road: road.to_owned(),
            point: None,
        }),
        act: Some(Act {
            conduct: Conduct::RedLight.into(),
            road: Road::Other.into(),
            ..Act::default()
        }),
        act_time: Some(chassis::server::to_timestamp(at)),
        plate: plate.to_owned(),
        evidence: vec!["a".repeat(64)],
        ..Violation::default()
    }
}

/// A truck of so many kilograms on a weigh station, where 49 tons are allowed.
pub fn weighed(plate: &str, mass_kg: u32, at: Timestamp) -> Violation {
    let load = Load {
        allowed_mass_kg: 49_000,
        mass_kg,
        approved_load_kg: 32_000,
        load_kg: mass_kg - 17_000,
    };
    Violation {
        act: Some(Act {
            conduct: Conduct::Overloading.into(),
            road: Road::Other.into(),
            vehicle: Some(Vehicle {
                vehicle_use: VehicleUse::Truck.into(),
                medium_or_larger: true,
                for_hire: true,
                seats: 3,
                ..Vehicle::default()
            }),
            measure: Some(act::Measure::Load(load)),
            repeated: false,
        }),
        ..red_light("Weigh station 1", plate, at)
    }
}

pub fn review(name: &str, review: Review) -> PassReviewRequest {
    PassReviewRequest {
        name: name.to_owned(),
        review: review.into(),
        ..PassReviewRequest::default()
    }
}

pub fn notice(name: &str) -> SendNoticeRequest {
    SendNoticeRequest {
        name: name.to_owned(),
        channel: NoticeChannel::App.into(),
        ..SendNoticeRequest::default()
    }
}

/// A driver who does not exist comes.
pub fn acceptance(name: &str) -> AcceptHandlingRequest {
    AcceptHandlingRequest {
        name: name.to_owned(),
        party: Some(Party {
            name: "Sample Driver".into(),
            identity_number: "360426199101010071".into(),
            licence: Some(LicenceFacts {
                first_issued: Some(Day {
                    value: "2015-06-01".into(),
                }),
                large_vehicles: false,
            }),
            ..Party::default()
        }),
        ..AcceptHandlingRequest::default()
    }
}

pub fn decision(name: &str) -> DecideViolationRequest {
    DecideViolationRequest {
        name: name.to_owned(),
        sanction: Some(Sanction {
            fine_fen: FINE_FEN,
            ..Sanction::default()
        }),
        told_and_heard: true,
        ..DecideViolationRequest::default()
    }
}

pub fn service(name: &str) -> ServeDecisionRequest {
    ServeDecisionRequest {
        name: name.to_owned(),
        service: Service::HandedOver.into(),
        ..ServeDecisionRequest::default()
    }
}

/// The whole fine of a served case, the moment it was served.
pub fn payment(served: &Violation, reference: &str) -> RecordPaymentRequest {
    RecordPaymentRequest {
        name: served.name.clone(),
        amount_fen: FINE_FEN,
        reference: reference.to_owned(),
        pay_time: served.decision.as_ref().and_then(|d| d.serve_time),
        ..RecordPaymentRequest::default()
    }
}

/// Records an act and takes the case until its fine is due.
///
/// # Errors
/// A refusal.
pub async fn served(replica: &Replica, road: &str, plate: &str) -> Result<Violation, Status> {
    let mut officer = cases(replica, "officer:cases");
    let recorded = officer.record_violation(report(road, plate)).await?;
    let name = recorded.into_inner().name;
    for one in [Review::Technical, Review::Legal] {
        officer.pass_review(review(&name, one)).await?;
    }
    officer.accept_handling(acceptance(&name)).await?;
    officer.decide_violation(decision(&name)).await?;
    Ok(officer.serve_decision(service(&name)).await?.into_inner())
}

/// Takes acts of a few cars from the report to the payment; one in five turns out to be none.
#[derive(Clone, Copy, Debug)]
pub struct Enforcement {
    /// Tells the roads of several loads on one suite apart.
    pub series: &'static str,
}

/// Cars of all stories: few, so that cases meet on one docket, and so do all on the one driver's licence.
const CARS: u64 = 8;

fn case(violation: &Violation) -> String {
    violation.name.replacen("violations/", "violation/", 1)
}

fn docket(violation: &Violation) -> String {
    let plate = PlateNumber::parse(&violation.plate).expect("the plate that was recorded");
    format!("docket/{}", docket::of_vehicle(&plate))
}

fn licence(violation: &Violation) -> String {
    let party = violation.party.as_ref().expect("the party has come");
    format!("licence/{}", party.person_ref)
}

impl Workload for Enforcement {
    async fn story(&self, desk: &mut Desk, number: u64) {
        let road = format!("Load Road {}-{number}", self.series);
        let report = report(&road, &format!("鲁R{:05}", number % CARS));
        let name = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = RecordViolationRequest {
                        request_id,
                        ..report.clone()
                    };
                    ViolationServiceClient::new(client)
                        .record_violation(request)
                        .await
                },
                |answer: &Violation| vec![case(answer), docket(answer)],
            )
            .await
            .expect("an act can be recorded")
            .name;
        for one in [Review::Technical, Review::Legal] {
            desk.command(
                Role::Officer,
                async |client, request_id| {
                    let request = PassReviewRequest {
                        request_id,
                        ..review(&name, one)
                    };
                    ViolationServiceClient::new(client)
                        .pass_review(request)
                        .await
                },
                |answer: &Violation| vec![case(answer)],
            )
            .await
            .expect("each review is passed once");
        }
        desk.command(
            Role::Officer,
            async |client, request_id| {
                let request = SendNoticeRequest {
                    request_id,
                    ..notice(&name)
                };
                ViolationServiceClient::new(client)
                    .send_notice(request)
                    .await
            },
            |answer: &Violation| vec![case(answer), docket(answer)],
        )
        .await
        .expect("what is entered is notified");
        if desk.rng.random_bool(0.2) {
            self.cancel(desk, &name).await;
        } else {
            self.punish(desk, &name).await;
        }
    }
}

impl Enforcement {
    async fn cancel(&self, desk: &mut Desk, name: &str) {
        desk.command(
            Role::Officer,
            async |client, request_id| {
                let request = CancelViolationRequest {
                    name: name.to_owned(),
                    ground: CancellationGround::PlateMisread.into(),
                    remarks: "another letter".into(),
                    request_id,
                    ..CancelViolationRequest::default()
                };
                ViolationServiceClient::new(client)
                    .cancel_violation(request)
                    .await
            },
            |answer: &Violation| vec![case(answer), docket(answer)],
        )
        .await
        .expect("a record that is wrong is cancelled");
    }

    async fn punish(&self, desk: &mut Desk, name: &str) {
        desk.command(
            Role::Officer,
            async |client, request_id| {
                let request = AcceptHandlingRequest {
                    request_id,
                    ..acceptance(name)
                };
                ViolationServiceClient::new(client)
                    .accept_handling(request)
                    .await
            },
            |answer: &Violation| vec![case(answer)],
        )
        .await
        .expect("the driver can come");
        desk.command(
            Role::Officer,
            async |client, request_id| {
                let request = DecideViolationRequest {
                    request_id,
                    ..decision(name)
                };
                ViolationServiceClient::new(client)
                    .decide_violation(request)
                    .await
            },
            |answer: &Violation| vec![case(answer), docket(answer), licence(answer)],
        )
        .await
        .expect("the law provides this fine");
        let served = desk
            .command(
                Role::Officer,
                async |client, request_id| {
                    let request = ServeDecisionRequest {
                        request_id,
                        ..service(name)
                    };
                    ViolationServiceClient::new(client)
                        .serve_decision(request)
                        .await
                },
                |answer: &Violation| vec![case(answer), licence(answer)],
            )
            .await
            .expect("a decision is served");
        let payment = payment(&served, &name.replacen("violations/", "B-", 1));
        desk.command(
            Role::Partner,
            async |client, request_id| {
                let request = RecordPaymentRequest {
                    request_id,
                    ..payment.clone()
                };
                ViolationServiceClient::new(client)
                    .record_payment(request)
                    .await
            },
            |answer: &Violation| vec![case(answer), licence(answer)],
        )
        .await
        .expect("what is owed can be paid");
    }
}
