//! What firms and reviewers do: file an application, accept it, and look at it.

use super::measure::Worker;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use crate::time::now;
use jiff::ToSpan;
use prost::Message;
use std::sync::Arc;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{
    AcceptPermitRequest, CreatePermitRequest, Day, GetPermitRequest, LaneStatus, LaneType, LaneUse,
    Line, OccupationTime, Organisation, Permit, Person, Point, RoadOccupation, RoadSide,
    RoadStretch, Signs, TravelDirection, VehicleImpact, WorkType,
};
use uuid::Uuid;

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
                .create_permit(application())
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
        Reads {
            client,
            hot: Arc::clone(&self.hot),
            next: number,
        }
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
                    .create_permit(application())
                    .await
                    .map_err(|status| describe(&status))?;
                self.filed = Some(permit.into_inner().name);
            }
            Some(name) => {
                let accept = AcceptPermitRequest {
                    name,
                    request_id: Uuid::now_v7().to_string(),
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

/// The credit code of an invented firm: the number under a fixed beginning, and the check character (GB 32100).
fn credit_code(number: u32) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut code = format!("91371700MA{number:07}");
    let mut weight = 1;
    let mut sum = 0;
    for letter in code.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter);
        sum += value.unwrap_or_default() * weight;
        weight = weight * 3 % 31;
    }
    code.push(char::from(ALPHABET[(31 - sum % 31) % 31]));
    code
}

/// An application for works of three days in a month, invented.
fn application() -> CreatePermitRequest {
    let start = now() + (30 * 24).hours();
    let point = |longitude| Point {
        longitude,
        latitude: 35.25,
    };
    let stretch = RoadStretch {
        roads: vec!["示例路".to_owned()],
        directions: vec![TravelDirection::Eastbound.into()],
        line: Some(Line {
            points: vec![point(115.48), point(115.481)],
        }),
        side: RoadSide::Right.into(),
        width_cm: 350,
        lanes: vec![LaneUse {
            order: 1,
            r#type: LaneType::General.into(),
            status: LaneStatus::Closed.into(),
        }],
        impact: VehicleImpact::SomeLanesClosed.into(),
    };
    let occupation = RoadOccupation {
        stretch: Some(stretch),
        time: Some(OccupationTime {
            start_time: Some(chassis::operations::timestamp(start)),
            end_time: Some(chassis::operations::timestamp(start + 72.hours())),
            daily_hours: None,
        }),
        work_type: WorkType::Utilities.into(),
        description: "样本：敷设电缆".to_owned(),
        traffic_plan: "样本：保留一条车道".to_owned(),
        signs: Some(Signs {
            upstream_m: 80,
            upstream_night_m: 150,
        }),
        public_notice_on: Some(Day {
            value: (start - (10 * 24).hours()).strftime("%Y-%m-%d").to_string(),
        }),
        emergency: None,
        road_authority_consent: "样本-1".to_owned(),
        joint_plan: None,
    };
    CreatePermitRequest {
        permit: Some(Permit {
            district: "371702".to_owned(),
            applicant: Some(Organisation {
                name: "示例施工单位（样本数据）".to_owned(),
                // Many firms file at the same moment, hardly ever one of them twice.
                credit_code: credit_code(rand::random::<u32>() % 10_000_000),
            }),
            // One person for all: a firm files under the same contact again and again.
            contact: Some(Person {
                name: "示例联系人".to_owned(),
                identity_number: "371702199001010013".to_owned(),
                ..Person::default()
            }),
            application: Some(Application::RoadOccupation(occupation)),
            ..Permit::default()
        }),
        request_id: Uuid::now_v7().to_string(),
        validate_only: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::values::CreditCode;

    #[test]
    fn invented_firms_have_credit_codes_that_permits_takes() {
        for number in [0, 1, 31, 4_711, 9_999_999] {
            let code = credit_code(number);
            assert!(CreditCode::parse(&code).is_ok(), "{code}");
        }
    }
}
