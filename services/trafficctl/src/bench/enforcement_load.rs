//! What cameras, officers and banks do: a record, its two reviews, the notice, the party that comes, the decision, its
//! service and the payment. One command a step, eight a case.

use super::measure::Worker;
use super::requests::enforcement::{
    Incident, acceptance, decision, driver, illegal_parking, notice, payment, review, service,
};
use super::requests::request_id;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tonic::{Response, Status};
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::enforcement::v1::{Review, Sanction, Violation};

/// Drivers, each with a car: many, so that few of their cases meet, and few enough to come again.
const DRIVERS: u64 = 4_096;
const FINE_FEN: i64 = 10_000;

type Client = ViolationServiceClient<Connection>;

pub(super) struct EnforcementLoad {
    cameras: Vec<Client>,
    officers: Vec<Client>,
    banks: Vec<Client>,
    /// Numbers the cases of all workers.
    cases: Arc<AtomicU64>,
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
    cases: Arc<AtomicU64>,
    number: u64,
    /// As the last answer showed it.
    case: Violation,
    next: Next,
}

impl Worker for Case {
    async fn step(&mut self) -> Result<(), String> {
        match self.answer().await {
            Ok(answer) => {
                self.case = answer.into_inner();
                self.next = match self.next {
                    Next::Record => Next::Technical,
                    Next::Technical => Next::Legal,
                    Next::Legal => Next::Notice,
                    Next::Notice => Next::Accept,
                    Next::Accept => Next::Decide,
                    Next::Decide => Next::Serve,
                    Next::Serve => Next::Pay,
                    Next::Pay => Next::Record,
                };
                Ok(())
            }
            Err(status) => {
                self.next = Next::Record;
                Err(describe(&status))
            }
        }
    }
}

impl Case {
    async fn answer(&mut self) -> Result<Response<Violation>, Status> {
        let name = &self.case.name;
        match self.next {
            Next::Record => {
                self.number = self.cases.fetch_add(1, Ordering::Relaxed);
                let incident = Incident {
                    number: self.number,
                    act: illegal_parking(),
                    vehicle: self.number % DRIVERS,
                    district: "371702",
                };
                let record = incident.captured(request_id());
                self.camera.record_violation(record).await
            }
            Next::Technical => {
                self.officer
                    .pass_review(review(name, Review::Technical))
                    .await
            }
            Next::Legal => self.officer.pass_review(review(name, Review::Legal)).await,
            Next::Notice => self.officer.send_notice(notice(name)).await,
            Next::Accept => {
                let party = driver(self.number % DRIVERS);
                self.officer.accept_handling(acceptance(name, party)).await
            }
            Next::Decide => {
                let sanction = Sanction {
                    fine_fen: FINE_FEN,
                    ..Sanction::default()
                };
                self.officer
                    .decide_violation(decision(name, sanction))
                    .await
            }
            Next::Serve => self.officer.serve_decision(service(name)).await,
            Next::Pay => {
                let served = self.case.decision.as_ref();
                let served_at = served.and_then(|decision| decision.serve_time);
                let payment = payment(&self.case.name, FINE_FEN, served_at);
                self.bank.record_payment(payment).await
            }
        }
    }
}
