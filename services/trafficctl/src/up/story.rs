//! A story in the sample city, told once through the same calls that partners and officers make: what one service decides, the
//! others act on, and whoever is refused hears the article.
//!
//! Every request id follows from the moment of the first start, so that a story that broke off goes on where it was.

mod dealer;

use super::sample::{connection, fill, parse};
use super::tokens::Tokens;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use crate::request_ids;
use crate::suite::Started;
use jiff::Timestamp;
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Response, Status};
use traffic_proto::enforcement::v1 as enforcement;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::parking::v1 as parking;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::permits::v1 as permits;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::registration::v1::order_service_client::OrderServiceClient;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;

const STORY: &str = include_str!("../../sample/story.json");
/// Where it is written down that the story was told.
const NOTE: &str = "sample-story.txt";
/// How long another service may take to hear of something.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);
const RED_LIGHT_FEN: i64 = 20_000;

/// The requests of the story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    repair: permits::Permit,
    transport: permits::Permit,
    photographs: [enforcement::Violation; 2],
    driver: enforcement::Party,
    sale: dealer::Sale,
}

/// One thing that happened, and in which service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) service: &'static str,
    pub(super) what: String,
}

/// Tells the story unless it was told before; `base` is what its times are relative to. Answers what happened.
pub(super) async fn tell(
    folder: &Path,
    services: &[Started],
    tokens: &Tokens,
    base: Timestamp,
) -> Result<Vec<Step>, Failure> {
    let note = folder.join(NOTE);
    if note.exists() {
        return Ok(Vec::new());
    }
    let script: Script = parse(&fill(STORY, base)?)?;
    let mut story = Story::begin(services, tokens, base).await?;
    Box::pin(story.a_closed_road_frees_its_bays(script.repair)).await?;
    let photographs = script.photographs;
    Box::pin(story.a_driver_loses_the_licence(script.transport, photographs, script.driver))
        .await?;
    Box::pin(story.a_car_is_sold_once_its_fine_is_paid(script.sale)).await?;
    std::fs::write(&note, base.to_string())?;
    Ok(story.steps)
}

/// Who acts, and what has happened so far.
struct Story {
    base: Timestamp,
    applicant: PermitServiceClient<Connection>,
    reviewer: PermitServiceClient<Connection>,
    road_authority: PermitServiceClient<Connection>,
    bays: ParkingManagementServiceClient<Connection>,
    camera: ViolationServiceClient<Connection>,
    officer: ViolationServiceClient<Connection>,
    cashier: ViolationServiceClient<Connection>,
    dealer: VehicleServiceClient<Connection>,
    registrar: VehicleServiceClient<Connection>,
    plate_maker: VehicleServiceClient<Connection>,
    provider: OrderServiceClient<Connection>,
    steps: Vec<Step>,
}

impl Story {
    async fn begin(
        services: &[Started],
        tokens: &Tokens,
        base: Timestamp,
    ) -> Result<Self, Failure> {
        let permits = async |token| {
            let connection = connection(services, "permits", token).await?;
            Ok::<_, Failure>(PermitServiceClient::new(connection))
        };
        let cases = async |token| {
            let connection = connection(services, "enforcement", token).await?;
            Ok::<_, Failure>(ViolationServiceClient::new(connection))
        };
        let vehicles = async |token| {
            let connection = connection(services, "registration", token).await?;
            Ok::<_, Failure>(VehicleServiceClient::new(connection))
        };
        let fees = connection(services, "registration", &tokens.operator).await?;
        let parking = connection(services, "parking", &tokens.operator).await?;
        Ok(Self {
            base,
            applicant: permits(&tokens.applicant).await?,
            reviewer: permits(&tokens.reviewer).await?,
            road_authority: permits(&tokens.road_authority).await?,
            bays: ParkingManagementServiceClient::new(parking),
            camera: cases(&tokens.camera).await?,
            officer: cases(&tokens.officer).await?,
            cashier: cases(&tokens.operator).await?,
            dealer: vehicles(&tokens.dealer).await?,
            registrar: vehicles(&tokens.officer).await?,
            plate_maker: vehicles(&tokens.plate_maker).await?,
            provider: OrderServiceClient::new(fees),
            steps: Vec::new(),
        })
    }

    fn step(&mut self, service: &'static str, what: impl Into<String>) {
        let what = what.into();
        self.steps.push(Step { service, what });
    }

    fn request_id(&self, what: &str) -> String {
        request_ids::derive(&["story", what, &self.base.to_string()])
    }

    async fn a_closed_road_frees_its_bays(
        &mut self,
        repair: permits::Permit,
    ) -> Result<(), Failure> {
        let name = self.granted("repair", repair).await?;
        self.step(
            "permits",
            format!("gas leaks in 演示巷: the repair may close the kerb lane ({name})"),
        );
        let closed = self.bays_under(&name, true).await?;
        self.step(
            "parking",
            format!("the bays it touches are closed: {}", closed.join(", ")),
        );
        let start = permits::StartWorkRequest {
            name: name.clone(),
            request_id: self.request_id("start"),
            ..permits::StartWorkRequest::default()
        };
        done("start of work", self.applicant.start_work(start).await)?;
        let finish = permits::FinishWorkRequest {
            name: name.clone(),
            request_id: self.request_id("finish"),
            ..permits::FinishWorkRequest::default()
        };
        done("end of work", self.applicant.finish_work(finish).await)?;
        let accept =
            |by: permits::AcceptanceBy, request_id| permits::RecordReopeningAcceptanceRequest {
                name: name.clone(),
                by: by.into(),
                passed: true,
                request_id,
                ..permits::RecordReopeningAcceptanceRequest::default()
            };
        let request = accept(
            permits::AcceptanceBy::RoadAuthority,
            self.request_id("road"),
        );
        done(
            "acceptance",
            self.road_authority
                .record_reopening_acceptance(request)
                .await,
        )?;
        let request = accept(permits::AcceptanceBy::Police, self.request_id("police"));
        done(
            "acceptance",
            self.reviewer.record_reopening_acceptance(request).await,
        )?;
        self.step(
            "permits",
            "road authority and police accept the road: it reopens",
        );
        self.bays_under(&name, false).await?;
        self.step("parking", "its bays are free again");
        Ok(())
    }

    async fn a_driver_loses_the_licence(
        &mut self,
        transport: permits::Permit,
        photographs: [enforcement::Violation; 2],
        driver: enforcement::Party,
    ) -> Result<(), Failure> {
        let plate = photographs[0].plate.clone();
        let name = self.granted("transport", transport.clone()).await?;
        self.step(
            "permits",
            format!("a haulier may carry sodium cyanide with {plate} ({name})"),
        );
        let [first, second] = photographs;
        let case = self.fined("first", first, &driver).await?;
        self.step("enforcement", format!("a camera photographs {plate} at a red light; the driver takes 200 yuan and 6 points ({})", case.name));
        self.paid("first", &case).await?;
        self.step("enforcement", "the fine is paid; the points stay");
        self.fined("second", second, &driver).await?;
        self.step(
            "enforcement",
            "again at a red light: 12 points, the licence is detained (Order 163 art. 17)",
        );
        self.until(&name, permits::PermitState::Suspended).await?;
        self.step("permits", "the permit is suspended for the driver's sake");
        // The same again for another trip.
        let request = permits::CreatePermitRequest {
            permit: Some(transport),
            request_id: self.request_id("another trip"),
            ..permits::CreatePermitRequest::default()
        };
        match self.applicant.create_permit(request).await {
            Err(refused) if refused.code() == Code::FailedPrecondition => {
                let why = describe(&refused);
                self.step(
                    "permits",
                    format!("another trip with this driver is refused: {why}"),
                );
                Ok(())
            }
            Err(failed) => Err(Failure::of("another trip", &failed)),
            Ok(_) => Err(Failure::failed(
                "another trip with a barred driver was taken",
            )),
        }
    }

    /// Files, accepts and approves an application. Answers its name.
    async fn granted(&mut self, what: &str, permit: permits::Permit) -> Result<String, Failure> {
        let create = permits::CreatePermitRequest {
            permit: Some(permit),
            request_id: self.request_id(what),
            ..permits::CreatePermitRequest::default()
        };
        let name = done(what, self.applicant.create_permit(create).await)?.name;
        let accept = permits::AcceptPermitRequest {
            name: name.clone(),
            request_id: self.request_id(&format!("accept {what}")),
            ..permits::AcceptPermitRequest::default()
        };
        done(what, self.reviewer.accept_permit(accept).await)?;
        let approve = permits::ApprovePermitRequest {
            name: name.clone(),
            request_id: self.request_id(&format!("approve {what}")),
            ..permits::ApprovePermitRequest::default()
        };
        done(what, self.reviewer.approve_permit(approve).await)?;
        Ok(name)
    }

    /// A photograph: reviewed, told, decided and served.
    async fn fined(
        &mut self,
        what: &str,
        photograph: enforcement::Violation,
        driver: &enforcement::Party,
    ) -> Result<enforcement::Violation, Failure> {
        let record = enforcement::RecordViolationRequest {
            violation: Some(photograph),
            request_id: self.request_id(&format!("{what} photograph")),
            ..enforcement::RecordViolationRequest::default()
        };
        let name = done(what, self.camera.record_violation(record).await)?.name;
        for review in [enforcement::Review::Technical, enforcement::Review::Legal] {
            let request = enforcement::PassReviewRequest {
                name: name.clone(),
                review: review.into(),
                request_id: self.request_id(&format!("{what} {review:?}")),
                ..enforcement::PassReviewRequest::default()
            };
            done(what, self.officer.pass_review(request).await)?;
        }
        let accept = enforcement::AcceptHandlingRequest {
            name: name.clone(),
            party: Some(driver.clone()),
            request_id: self.request_id(&format!("{what} party")),
            ..enforcement::AcceptHandlingRequest::default()
        };
        done(what, self.officer.accept_handling(accept).await)?;
        let decide = enforcement::DecideViolationRequest {
            name: name.clone(),
            sanction: Some(enforcement::Sanction {
                fine_fen: RED_LIGHT_FEN,
                ..enforcement::Sanction::default()
            }),
            told_and_heard: true,
            request_id: self.request_id(&format!("{what} decision")),
            ..enforcement::DecideViolationRequest::default()
        };
        done(what, self.officer.decide_violation(decide).await)?;
        let serve = enforcement::ServeDecisionRequest {
            name,
            service: enforcement::Service::HandedOver.into(),
            request_id: self.request_id(&format!("{what} service")),
            ..enforcement::ServeDecisionRequest::default()
        };
        done(what, self.officer.serve_decision(serve).await)
    }

    async fn paid(&mut self, what: &str, case: &enforcement::Violation) -> Result<(), Failure> {
        let pay = enforcement::RecordPaymentRequest {
            name: case.name.clone(),
            amount_fen: RED_LIGHT_FEN,
            reference: format!("SAMPLE-BANK-{what}"),
            pay_time: case.decision.as_ref().and_then(|it| it.serve_time),
            request_id: self.request_id(&format!("{what} payment")),
            ..enforcement::RecordPaymentRequest::default()
        };
        done(what, self.cashier.record_payment(pay).await)?;
        Ok(())
    }

    /// Waits until parking shows bays closed by a permit, or none any more. Answers their names; none if the permit has ended
    /// already, as when the story broke off before.
    async fn bays_under(&mut self, permit: &str, closed: bool) -> Result<Vec<String>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = parking::ListBaysRequest {
                page_size: 1_000,
                ..parking::ListBaysRequest::default()
            };
            let listed = done("bays", self.bays.list_bays(request).await)?.bays;
            let under: Vec<String> = listed
                .into_iter()
                .filter(|bay| bay.closed_by.iter().any(|by| by == permit))
                .map(|bay| bay.name)
                .collect();
            let ended = self.state(permit).await? == Some(permits::PermitState::Completed);
            if under.is_empty() != closed || closed && ended {
                return Ok(under);
            }
            wait("parking", deadline).await?;
        }
    }

    async fn until(&mut self, permit: &str, state: permits::PermitState) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while self.state(permit).await? != Some(state) {
            wait("permits", deadline).await?;
        }
        Ok(())
    }

    /// Where a permit stands; `None` if it cannot be read yet.
    async fn state(&mut self, permit: &str) -> Result<Option<permits::PermitState>, Failure> {
        let request = permits::GetPermitRequest {
            name: permit.to_owned(),
        };
        match self.applicant.get_permit(request).await {
            Err(status) if status.code() == Code::NotFound => Ok(None),
            answer => Ok(Some(done("permit", answer)?.state())),
        }
    }
}

async fn wait(service: &str, deadline: Instant) -> Result<(), Failure> {
    if Instant::now() > deadline {
        return Err(Failure::failed(format!("{service} does not hear of it")));
    }
    tokio::time::sleep(GLANCE).await;
    Ok(())
}

fn done<T>(what: &str, answer: Result<Response<T>, Status>) -> Result<T, Failure> {
    match answer {
        Ok(answer) => Ok(answer.into_inner()),
        Err(status) => Err(Failure::of(&format!("sample story, {what}"), &status)),
    }
}

/// The story for people: a line a step.
pub(super) fn text(steps: &[Step]) -> String {
    let mut text =
        String::from("What has just happened, by the same calls that partners make:\n\n");
    for (number, step) in steps.iter().enumerate() {
        text += &format!("{:>3}. {:<12} {}\n", number + 1, step.service, step.what);
    }
    text + "\nEach step is in the record: `trafficctl history NAME`; what the services told each other: `trafficctl events tail --from-start`.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_what_the_contracts_take() {
        let base = "2026-03-02T17:30:00Z".parse().unwrap();
        let script: Script = parse(&fill(STORY, base).unwrap()).unwrap();
        let [first, second] = &script.photographs;
        assert_eq!(first.plate, second.plate);
        assert!(script.repair.application.is_some() && script.transport.application.is_some());
        let sale = &script.sale;
        assert!(sale.car.request.is_some() && sale.transfer.request.is_some());
        assert_eq!(sale.car.vehicle, sale.transfer.vehicle);
    }

    #[test]
    fn people_read_numbered_steps() {
        let steps = [
            Step {
                service: "permits",
                what: "the road reopens".into(),
            },
            Step {
                service: "parking",
                what: "its bays are free again".into(),
            },
        ];
        let text = text(&steps);
        assert!(
            text.contains("  1. permits      the road reopens\n"),
            "{text}"
        );
        assert!(
            text.contains("  2. parking      its bays are free again\n"),
            "{text}"
        );
    }
}
