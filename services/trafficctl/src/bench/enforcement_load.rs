//! What cameras, officers and banks do: a record, its two reviews, the notice, the party that comes, the decision, its
//! service and the payment. One command a step, eight a case.

use super::measure::Worker;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use crate::time::now;
use jiff::ToSpan;
use jiff::civil::date;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::{Response, Status};
use traffic_proto::enforcement::v1::source::Kind;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::enforcement::v1::{
    AcceptHandlingRequest, Act, Conduct, Day, DecideViolationRequest, Device, LicenceFacts,
    NoticeChannel, Party, PassReviewRequest, Place, RecordPaymentRequest, RecordViolationRequest,
    Review, Road, Sanction, SendNoticeRequest, ServeDecisionRequest, Service, Source, Violation,
};
use uuid::Uuid;

/// Drivers, each with a car: many, so that few of their cases meet, and few enough to come again.
const DRIVERS: u32 = 4_096;
const FINE_FEN: i64 = 10_000;

type Client = ViolationServiceClient<Connection>;

pub(super) struct EnforcementLoad {
    cameras: Vec<Client>,
    officers: Vec<Client>,
    banks: Vec<Client>,
    /// Numbers the cases of all workers.
    cases: Arc<AtomicU32>,
}

impl EnforcementLoad {
    /// # Errors
    /// There is no connection.
    pub(super) fn prepare(
        cameras: Vec<Connection>,
        officers: Vec<Connection>,
        banks: Vec<Connection>,
    ) -> Result<Self, Failure> {
        if cameras.is_empty() || officers.is_empty() || banks.is_empty() {
            return Err(Failure::failed("no connection"));
        }
        let clients = |connections: Vec<Connection>| {
            connections
                .into_iter()
                .map(ViolationServiceClient::new)
                .collect()
        };
        Ok(Self {
            cameras: clients(cameras),
            officers: clients(officers),
            banks: clients(banks),
            cases: Arc::default(),
        })
    }

    pub(super) fn commands(&self, number: usize) -> Case {
        let one_of = |clients: &[Client]| clients[number % clients.len()].clone();
        Case {
            camera: one_of(&self.cameras),
            officer: one_of(&self.officers),
            bank: one_of(&self.banks),
            cases: Arc::clone(&self.cases),
            number: 0,
            case: Violation::default(),
            next: Next::Record,
        }
    }
}

#[derive(Clone, Copy)]
enum Next {
    Record,
    Technical,
    Legal,
    Notice,
    Accept,
    Decide,
    Serve,
    Pay,
}

/// One case after the other, each from the camera to the bank.
pub(super) struct Case {
    camera: Client,
    officer: Client,
    bank: Client,
    cases: Arc<AtomicU32>,
    number: u32,
    /// As the last answer showed it.
    case: Violation,
    next: Next,
}

impl Worker for Case {
    async fn step(&mut self) -> Result<(), String> {
        let (answer, next) = match self.next {
            Next::Record => (self.record().await, Next::Technical),
            Next::Technical => (self.review(Review::Technical).await, Next::Legal),
            Next::Legal => (self.review(Review::Legal).await, Next::Notice),
            Next::Notice => (self.notify().await, Next::Accept),
            Next::Accept => (self.accept().await, Next::Decide),
            Next::Decide => (self.decide().await, Next::Serve),
            Next::Serve => (self.serve().await, Next::Pay),
            Next::Pay => (self.pay().await, Next::Record),
        };
        match answer {
            Ok(answer) => {
                self.case = answer.into_inner();
                self.next = next;
                Ok(())
            }
            Err(status) => {
                self.next = Next::Record;
                Err(describe(&status))
            }
        }
    }
}

type Answer = Result<Response<Violation>, Status>;

impl Case {
    async fn record(&mut self) -> Answer {
        self.number = self.cases.fetch_add(1, Ordering::Relaxed);
        self.camera.record_violation(record(self.number)).await
    }

    async fn review(&mut self, review: Review) -> Answer {
        let request = PassReviewRequest {
            name: self.case.name.clone(),
            review: review.into(),
            request_id: request_id(),
            ..PassReviewRequest::default()
        };
        self.officer.pass_review(request).await
    }

    async fn notify(&mut self) -> Answer {
        let request = SendNoticeRequest {
            name: self.case.name.clone(),
            channel: NoticeChannel::App.into(),
            request_id: request_id(),
            ..SendNoticeRequest::default()
        };
        self.officer.send_notice(request).await
    }

    async fn accept(&mut self) -> Answer {
        let request = AcceptHandlingRequest {
            name: self.case.name.clone(),
            party: Some(driver(self.number % DRIVERS)),
            request_id: request_id(),
            ..AcceptHandlingRequest::default()
        };
        self.officer.accept_handling(request).await
    }

    async fn decide(&mut self) -> Answer {
        let request = DecideViolationRequest {
            name: self.case.name.clone(),
            sanction: Some(Sanction {
                fine_fen: FINE_FEN,
                ..Sanction::default()
            }),
            told_and_heard: true,
            request_id: request_id(),
            ..DecideViolationRequest::default()
        };
        self.officer.decide_violation(request).await
    }

    async fn serve(&mut self) -> Answer {
        let request = ServeDecisionRequest {
            name: self.case.name.clone(),
            service: Service::HandedOver.into(),
            request_id: request_id(),
            ..ServeDecisionRequest::default()
        };
        self.officer.serve_decision(request).await
    }

    async fn pay(&mut self) -> Answer {
        let request = RecordPaymentRequest {
            name: self.case.name.clone(),
            amount_fen: FINE_FEN,
            reference: format!("BENCH-{}", self.number),
            pay_time: self.case.decision.as_ref().and_then(|d| d.serve_time),
            request_id: request_id(),
            ..RecordPaymentRequest::default()
        };
        self.bank.record_payment(request).await
    }
}

fn request_id() -> String {
    Uuid::now_v7().to_string()
}

fn day(value: &str) -> Option<Day> {
    Some(Day {
        value: value.to_owned(),
    })
}

/// A car that stands where it must not, on a road of its own: each case is an act of its own.
fn record(number: u32) -> RecordViolationRequest {
    let device = Device {
        number: "SAMPLE-CAM-1".to_owned(),
        verified_until: day("2099-12-31"),
        published: true,
        ..Device::default()
    };
    let violation = Violation {
        source: Some(Source {
            kind: Some(Kind::Device(device)),
        }),
        place: Some(Place {
            district: "371702".to_owned(),
            road: format!("示例路 {number}"),
            point: None,
        }),
        act: Some(Act {
            conduct: Conduct::IllegalParking.into(),
            road: Road::Other.into(),
            ..Act::default()
        }),
        act_time: Some(chassis::operations::timestamp(now() - 1.hour())),
        plate: format!("鲁R{:05}", number % DRIVERS),
        evidence: vec![format!("{number:064x}")],
        ..Violation::default()
    };
    RecordViolationRequest {
        violation: Some(violation),
        request_id: request_id(),
        validate_only: false,
    }
}

fn driver(number: u32) -> Party {
    Party {
        name: "示例驾驶人".to_owned(),
        identity_number: resident_id(number),
        licence: Some(LicenceFacts {
            first_issued: day("2015-06-01"),
            large_vehicles: false,
        }),
        ..Party::default()
    }
}

/// The identity number of an invented person: the thousands choose the day of birth, the rest the order on it (GB 11643).
fn resident_id(number: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let born = date(1990, 1, 1) + i64::from(number / 1_000).days();
    let digits = format!("371702{}{:03}", born.strftime("%Y%m%d"), number % 1_000);
    let weighted = digits.bytes().zip(WEIGHTS);
    let sum: u32 = weighted
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = char::from(b"10X98765432"[(sum % 11) as usize]);
    format!("{digits}{check}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::values::{PlateNumber, ResidentId};

    #[test]
    fn invented_drivers_have_numbers_and_plates_that_enforcement_takes() {
        for number in [0, 1, 999, 1_000, DRIVERS - 1] {
            let id = resident_id(number);
            assert!(ResidentId::parse(&id).is_ok(), "{id}");
            let plate = record(number).violation.unwrap().plate;
            assert!(PlateNumber::parse(&plate).is_ok(), "{plate}");
        }
    }
}
