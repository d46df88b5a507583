//! The year's violations: each from the camera or the roadside as far as it comes, most of them to the payment.

use super::city::{City, KINDS, Kind, Way, shares};
use super::desk::Desk;
use super::drive::Story;
use super::found::pages;
use super::rows::RowStream;
use super::tally::Tally;
use crate::bench::requests::enforcement::{
    Incident, acceptance, day, decision, driver, notice, payment, review, service,
};
use crate::bench::requests::{in_days, in_minutes, request_id};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::invented::DISTRICTS;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::enforcement::v1::{
    AcceptHandlingRequest, AssessActRequest, Assessment, CancelViolationRequest,
    CancellationGround, DecideViolationRequest, FailReviewRequest, FilePapersRequest,
    HearDefenceRequest, ListViolationsRequest, PassReviewRequest, RecordPaymentRequest,
    RecordViolationRequest, ReferAsCrimeRequest, Review, Sanction, SendNoticeRequest,
    ServeDecisionRequest, TellIntentionRequest, Violation, ViolationClosed, ViolationDecided,
    ViolationEntered, ViolationSettled, ViolationState, WarnOrallyRequest,
};

const VIOLATIONS: &str = "violations";
/// What was paid, in fen.
const PAID: &str = "violations: fen paid";

type Client = ViolationServiceClient<Connection>;

pub(super) struct Cases {
    city: City,
    senders: Vec<Senders>,
    /// The least that the law provides for each of [`KINDS`], as a portal for handling asks once a day.
    provided: Vec<Sanction>,
}

/// Those who work side by side on one share of the cases.
struct Senders {
    /// At the roadside and at their desks: a call for each thing they do.
    officer: Client,
    cameras: RowStream<RecordViolationRequest>,
    reviews: RowStream<PassReviewRequest>,
    notices: RowStream<SendNoticeRequest>,
    portal: Portal,
    bank: RowStream<RecordPaymentRequest>,
}

/// Where drivers have what a camera recorded handled.
struct Portal {
    accept: RowStream<AcceptHandlingRequest>,
    decide: RowStream<DecideViolationRequest>,
    serve: RowStream<ServeDecisionRequest>,
}

/// Those who deal with one case.
struct Case<'a> {
    desk: &'a mut Desk,
    senders: &'a Senders,
    /// The least that the law provides.
    provided: Sanction,
    incident: Incident,
}

impl Cases {
    /// # Errors
    /// Enforcement does not tell what the law provides.
    pub(super) async fn begin(
        city: City,
        cameras: Vec<Connection>,
        officers: Vec<Connection>,
        banks: Vec<Connection>,
    ) -> Result<Self, Failure> {
        let lines = cameras.into_iter().zip(officers).zip(banks);
        let senders: Vec<Senders> = lines
            .map(|((camera, officer), bank)| {
                let officer = ViolationServiceClient::new(officer);
                Senders {
                    cameras: RowStream::begin(ViolationServiceClient::new(camera)),
                    reviews: RowStream::begin(officer.clone()),
                    notices: RowStream::begin(officer.clone()),
                    portal: Portal {
                        accept: RowStream::begin(officer.clone()),
                        decide: RowStream::begin(officer.clone()),
                        serve: RowStream::begin(officer.clone()),
                    },
                    bank: RowStream::begin(ViolationServiceClient::new(bank)),
                    officer,
                }
            })
            .collect();
        let mut asking = senders[0].officer.clone();
        let mut provided = Vec::with_capacity(KINDS.len());
        for kind in &KINDS {
            let question = AssessActRequest {
                act: Some((kind.act)()),
                acted_on: day(&in_days(0)),
                decided_on: day(&in_days(0)),
            };
            let answer = asking.assess_act(question).await;
            let answer = answer.map_err(|status| Failure::of("assess", &status))?;
            provided.push(least(Some(answer.get_ref())));
        }
        Ok(Self {
            city,
            senders,
            provided,
        })
    }
}

impl Story for Cases {
    async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
        let one_of = |number: u64, count: usize| number as usize % count;
        let kind = self.city.kind(number);
        // Two cases a driver and car in a year, far apart: nobody comes to a third with twelve points.
        let drivers = self.city.violations().div_ceil(2);
        let case = Case {
            desk,
            senders: &self.senders[one_of(number, self.senders.len())],
            provided: self.provided[kind],
            incident: Incident {
                number,
                act: (KINDS[kind].act)(),
                vehicle: number % drivers,
                district: DISTRICTS[one_of(number, DISTRICTS.len())],
            },
        };
        case.tell(&KINDS[kind]).await
    }
}

impl Case<'_> {
    async fn tell(mut self, kind: &Kind) -> Result<(), Failure> {
        match kind.way {
            Way::Camera => self.captured().await,
            Way::Simple => {
                let case = self.stopped().await?;
                let sanction = least(case.provided.as_ref());
                self.decide(&case.name, sanction, &[]).await?;
                let papers = FilePapersRequest {
                    name: case.name.clone(),
                    request_id: request_id(),
                    ..FilePapersRequest::default()
                };
                let officer = &self.senders.officer;
                self.desk
                    .command(papers, async |r| officer.clone().file_papers(r).await)
                    .await?;
                self.serve(&case.name, sanction).await
            }
            Way::General => {
                let stopped = self.stopped().await?;
                let case = self.accept(&stopped.name).await?;
                let sanction = least(case.provided.as_ref());
                self.hear(&case.name, sanction).await?;
                self.decide(&case.name, sanction, &["sample-officer"])
                    .await?;
                self.serve(&case.name, sanction).await
            }
            Way::Warned => {
                let case = self.stopped().await?;
                let warning = WarnOrallyRequest {
                    name: case.name,
                    remarks: "样本：口头警告".to_owned(),
                    request_id: request_id(),
                    ..WarnOrallyRequest::default()
                };
                let officer = &self.senders.officer;
                self.desk
                    .command(warning, async |r| officer.clone().warn_orally(r).await)
                    .await?;
                self.closed(ViolationState::OrallyWarned);
                Ok(())
            }
            Way::Crime => {
                let case = self.stopped().await?;
                let referral = ReferAsCrimeRequest {
                    name: case.name,
                    authority: "示例刑侦部门".to_owned(),
                    request_id: request_id(),
                    ..ReferAsCrimeRequest::default()
                };
                let officer = &self.senders.officer;
                self.desk
                    .command(referral, async |r| officer.clone().refer_as_crime(r).await)
                    .await?;
                self.closed(ViolationState::Referred);
                Ok(())
            }
        }
    }

    async fn captured(&mut self) -> Result<(), Failure> {
        let Senders {
            officer,
            cameras,
            reviews,
            notices,
            ..
        } = self.senders;
        let record = self.incident.captured(request_id());
        let recorded = self.desk.command(record, |row| cameras.send(row)).await?;
        let name = recorded.violation;
        if self.desk.random.in_a_thousand(shares::UNCLEAR) {
            let failed = FailReviewRequest {
                name,
                remarks: "样本：图像不清".to_owned(),
                request_id: request_id(),
                ..FailReviewRequest::default()
            };
            self.desk
                .command(failed, async |r| officer.clone().fail_review(r).await)
                .await?;
            self.closed(ViolationState::Cancelled);
            return Ok(());
        }
        for one in [Review::Technical, Review::Legal] {
            self.desk
                .command(review(&name, one), |row| reviews.send(row))
                .await?;
        }
        self.desk.sent.event::<ViolationEntered>();
        self.desk
            .command(notice(&name), |row| notices.send(row))
            .await?;
        if self.desk.random.in_a_thousand(shares::MISREAD) {
            let cancelled = CancelViolationRequest {
                name,
                ground: CancellationGround::PlateMisread.into(),
                remarks: "样本：号牌识别错误".to_owned(),
                request_id: request_id(),
                ..CancelViolationRequest::default()
            };
            self.desk
                .command(cancelled, async |r| {
                    officer.clone().cancel_violation(r).await
                })
                .await?;
            self.closed(ViolationState::Cancelled);
            return Ok(());
        }
        if self.desk.random.in_a_thousand(shares::UNHANDLED) {
            self.ends(ViolationState::Notified);
            return Ok(());
        }
        self.handled_by_portal(&name).await
    }

    /// The driver takes the case at the portal.
    async fn handled_by_portal(&mut self, name: &str) -> Result<(), Failure> {
        let Portal {
            accept,
            decide,
            serve,
        } = &self.senders.portal;
        let accepted = acceptance(name, driver(self.incident.vehicle));
        self.desk.command(accepted, |row| accept.send(row)).await?;
        let sanction = self.provided;
        self.desk
            .command(decision(name, sanction), |row| decide.send(row))
            .await?;
        self.desk.sent.event::<ViolationDecided>();
        self.desk
            .command(service(name), |row| serve.send(row))
            .await?;
        self.collect(name, sanction).await
    }

    async fn stopped(&mut self) -> Result<Violation, Failure> {
        let officer = &self.senders.officer;
        let party = driver(self.incident.vehicle);
        let stop = self.incident.stopped(party, request_id());
        self.desk
            .command(stop, async |r| officer.clone().stop_on_the_spot(r).await)
            .await
    }

    /// The driver comes.
    async fn accept(&mut self, name: &str) -> Result<Violation, Failure> {
        let officer = &self.senders.officer;
        let accepted = acceptance(name, driver(self.incident.vehicle));
        self.desk
            .command(accepted, async |r| officer.clone().accept_handling(r).await)
            .await
    }

    /// What the general procedure asks for before the decision.
    async fn hear(&mut self, name: &str, sanction: Sanction) -> Result<(), Failure> {
        let officer = &self.senders.officer;
        let told = TellIntentionRequest {
            name: name.to_owned(),
            sanction: Some(sanction),
            request_id: request_id(),
            ..TellIntentionRequest::default()
        };
        self.desk
            .command(told, async |r| officer.clone().tell_intention(r).await)
            .await?;
        let heard = HearDefenceRequest {
            name: name.to_owned(),
            statement: "样本：无异议".to_owned(),
            request_id: request_id(),
            ..HearDefenceRequest::default()
        };
        self.desk
            .command(heard, async |r| officer.clone().hear_defence(r).await)
            .await?;
        Ok(())
    }

    async fn decide(
        &mut self,
        name: &str,
        sanction: Sanction,
        co_officers: &[&str],
    ) -> Result<(), Failure> {
        let officer = &self.senders.officer;
        let mut decided = decision(name, sanction);
        decided.co_officers = co_officers
            .iter()
            .map(|&officer| officer.to_owned())
            .collect();
        self.desk
            .command(decided, async |r| officer.clone().decide_violation(r).await)
            .await?;
        self.desk.sent.event::<ViolationDecided>();
        Ok(())
    }

    /// An officer hands the decision over.
    async fn serve(&mut self, name: &str, sanction: Sanction) -> Result<(), Failure> {
        let officer = &self.senders.officer;
        self.desk
            .command(service(name), async |r| {
                officer.clone().serve_decision(r).await
            })
            .await?;
        self.collect(name, sanction).await
    }

    /// Most fines are paid once the decision is served.
    async fn collect(&mut self, name: &str, sanction: Sanction) -> Result<(), Failure> {
        let bank = &self.senders.bank;
        let fine_fen = sanction.fine_fen;
        if fine_fen > 0 && self.desk.random.in_a_thousand(shares::UNPAID) {
            self.ends(ViolationState::Served);
            return Ok(());
        }
        // A warning is settled with its service.
        if fine_fen > 0 {
            let paid = payment(name, fine_fen, Some(in_minutes(0)));
            self.desk.command(paid, |row| bank.send(row)).await?;
            self.desk.sent.add(PAID, fine_fen.unsigned_abs());
        }
        self.desk.sent.event::<ViolationSettled>();
        self.ends(ViolationState::Settled);
        Ok(())
    }

    fn closed(&mut self, state: ViolationState) {
        self.desk.sent.event::<ViolationClosed>();
        self.ends(state);
    }

    fn ends(&mut self, state: ViolationState) {
        self.desk.sent.in_state(VIOLATIONS, state.as_str_name());
    }
}

/// The least that the law provides: a fine if there is one, else a warning.
fn least(provided: Option<&Assessment>) -> Sanction {
    let Some(provided) = provided else {
        return Sanction::default();
    };
    Sanction {
        warning: provided.least_fine_fen == 0,
        fine_fen: provided.least_fine_fen,
        suspension_months: provided.suspension_months,
        ..Sanction::default()
    }
}

/// Counts all cases by their states, and what was paid.
pub(super) async fn find(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let client = &ViolationServiceClient::new(connection);
    pages(
        async |page_token| {
            let request = ListViolationsRequest {
                page_size: 1_000,
                page_token,
                ..ListViolationsRequest::default()
            };
            let page = client.clone().list_violations(request).await?.into_inner();
            Ok((page.violations, page.next_page_token))
        },
        |violation| {
            found.in_state(VIOLATIONS, violation.state().as_str_name());
            let paid = violation.account.map_or(0, |account| account.paid_fen);
            if paid > 0 {
                found.add(PAID, paid.unsigned_abs());
            }
        },
    )
    .await
}
