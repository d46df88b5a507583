//! Violations: reported or photographed, reviewed, objected to, decided and paid, at once, in parts or not at all; changed or
//! fallen on reconsideration, opened again, or cancelled.

use super::{EnforcementApi, Turn, User, Users, contract_time, seconds};
use crate::workloads::enforcement as requests;
use crate::workloads::registration::identity;
use rand::RngExt;
use tonic::{Response, Status};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{
    Afterwards, DecisionError, Instalment, NoPenaltyGround, Party, Remedy, RemedyOutcome, Review,
    Sanction, Violation,
};

/// Who handles and decides.
pub(super) const OFFICER: &str = "officer:one";
/// What a camera photographs, and what it costs; it brings six points besides.
const RED_LIGHT_FEN: i64 = 20_000;
const DAY: i64 = 86_400;

impl Users {
    /// Somebody reports a car, or a camera photographs it; officers take the case to its end, or find that it is none.
    pub(in crate::simulation) async fn prosecute(self, number: u64, car: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let photographed = user.random.random_bool(0.5);
        let Some(case) = user.see(number, car, photographed).await? else {
            return Ok(());
        };
        if !user.review(&case).await? {
            return Ok(());
        }
        user.think().await;
        let send = method!(EnforcementApi, send_notice);
        user.does(OFFICER, requests::notice(&case), send).await?;
        user.think().await;
        match user.random.random_range(0..20) {
            0..=3 => return user.cancel(&case).await,
            4 => user.identify_driver(&case).await?,
            5 => user.give_more_time(&case).await?,
            6 | 7 if !user.withstands_objection(&case).await? => return Ok(()),
            _ => {}
        }
        user.punish(&case, number, photographed).await
    }
}

impl User {
    /// The name of the case that is opened, if one is.
    async fn see(
        &mut self,
        number: u64,
        car: u8,
        photographed: bool,
    ) -> Result<Option<String>, String> {
        let plate = self.some_plate(car);
        let (road, at) = (format!("Road {number}"), seconds(self.now(), -1_800));
        let mut request = requests::report(&road, &plate);
        if photographed {
            request.violation = Some(requests::red_light(&road, &plate, at));
        } else if let Some(violation) = &mut request.violation {
            violation.act_time = Some(contract_time(at));
        }
        let record = method!(EnforcementApi, record_violation);
        let recorded = self.command("partner:citizens", request, record).await?;
        Ok(recorded.ok().map(|answer| answer.into_inner().name))
    }

    /// Whether both reviews are passed.
    async fn review(&mut self, case: &str) -> Result<bool, String> {
        for review in [Review::Technical, Review::Legal] {
            self.think().await;
            if self.random.random_bool(0.04) {
                let request = enforcement_v1::FailReviewRequest {
                    name: case.to_owned(),
                    remarks: "nothing can be made out".into(),
                    ..Default::default()
                };
                let fail = method!(EnforcementApi, fail_review);
                self.does(OFFICER, request, fail).await?;
                return Ok(false);
            }
            let pass = method!(EnforcementApi, pass_review);
            let request = requests::review(case, review);
            if !self.does(OFFICER, request, pass).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn cancel(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::CancelViolationRequest {
            name: case.to_owned(),
            ground: enforcement_v1::CancellationGround::PlateMisread.into(),
            remarks: "another letter".into(),
            ..Default::default()
        };
        let cancel = method!(EnforcementApi, cancel_violation);
        self.does(OFFICER, request, cancel).await?;
        Ok(())
    }

    pub(super) async fn identify_driver(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::IdentifyDriverRequest {
            name: case.to_owned(),
            party: self.some_driver(),
            ..Default::default()
        };
        let identify = method!(EnforcementApi, identify_driver);
        self.does(OFFICER, request, identify).await?;
        Ok(())
    }

    /// One of those who haul chemicals.
    fn some_driver(&mut self) -> Option<Party> {
        let person = self.random.random_range(0..2);
        driver(person)
    }

    async fn give_more_time(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::ExtendHandlingRequest {
            name: case.to_owned(),
            handle_by: Some(contract_time(seconds(self.now(), 50 * DAY))),
            ..Default::default()
        };
        let extend = method!(EnforcementApi, extend_handling);
        self.does(OFFICER, request, extend).await?;
        self.think().await;
        Ok(())
    }

    /// Whether a record still stands once its owner has objected to it.
    async fn withstands_objection(&mut self, case: &str) -> Result<bool, String> {
        let request = enforcement_v1::RaiseObjectionRequest {
            name: case.to_owned(),
            reason: "I was elsewhere".into(),
            ..Default::default()
        };
        let object = method!(EnforcementApi, raise_objection);
        self.does(OFFICER, request, object).await?;
        self.think().await;
        if self.random.random_bool(0.4) {
            self.cancel(case).await?;
            return Ok(false);
        }
        let request = enforcement_v1::RejectObjectionRequest {
            name: case.to_owned(),
            reason: "the picture shows the plate".into(),
            ..Default::default()
        };
        let reject = method!(EnforcementApi, reject_objection);
        self.does(OFFICER, request, reject).await?;
        self.think().await;
        Ok(true)
    }

    async fn punish(&mut self, case: &str, number: u64, photographed: bool) -> Result<(), String> {
        let mut request = requests::acceptance(case);
        request.party = self.some_driver();
        let accept = method!(EnforcementApi, accept_handling);
        let Ok(accepted) = self.command(OFFICER, request, accept).await? else {
            return Ok(());
        };
        self.city
            .told
            .lock()
            .came(accepted.get_ref().party.as_ref());
        self.think().await;
        if self.random.random_bool(0.08) {
            let ground = NoPenaltyGround::FirstAndCorrected;
            return self.let_go(case, ground).await;
        }
        let fine_fen = if photographed {
            RED_LIGHT_FEN
        } else {
            requests::FINE_FEN
        };
        let mut request = requests::decision(case);
        request.sanction = Some(fine(fine_fen));
        let decide = method!(EnforcementApi, decide_violation);
        if !self.does(OFFICER, request, decide).await? {
            return Ok(());
        }
        self.think().await;
        if self.random.random_bool(0.06) {
            return self.announce_decision(case, fine_fen).await;
        }
        let Some(served) = self
            .serve(case, enforcement_v1::Service::HandedOver)
            .await?
        else {
            return Ok(());
        };
        self.think().await;
        let reference = format!("fine-{number}");
        match self.random.random_range(0..10) {
            0 | 1 => self.reconsider(&served, &reference, fine_fen).await,
            2 => {
                let mut told = self.city.told.lock();
                told.wait(case, fine_fen, Turn::SeekEnforcement);
                Ok(())
            }
            3 => self.pay_in_parts(&served, &reference, fine_fen).await,
            _ => {
                self.pay_the_fine(&served, &reference, fine_fen).await?;
                if self.random.random_bool(0.2) {
                    self.think().await;
                    self.reopen(case).await?;
                }
                Ok(())
            }
        }
    }

    pub(super) async fn let_go(
        &mut self,
        case: &str,
        ground: NoPenaltyGround,
    ) -> Result<(), String> {
        let request = enforcement_v1::DecideNoPenaltyRequest {
            name: case.to_owned(),
            ground: ground.into(),
            remarks: "taught, and let go".into(),
            ..Default::default()
        };
        let decide = method!(EnforcementApi, decide_no_penalty);
        self.does(OFFICER, request, decide).await?;
        Ok(())
    }

    /// Nobody is found whom the decision could be handed to: in sixty days it counts as served, and is hardly paid then.
    async fn announce_decision(&mut self, case: &str, fine_fen: i64) -> Result<(), String> {
        let request = enforcement_v1::AnnounceDecisionRequest {
            name: case.to_owned(),
            ..Default::default()
        };
        let announce = method!(EnforcementApi, announce_decision);
        if self.does(OFFICER, request, announce).await? {
            let mut told = self.city.told.lock();
            told.wait(case, fine_fen, Turn::SeekEnforcement);
        }
        Ok(())
    }

    /// The case as it stands once its decision is served.
    pub(super) async fn serve(
        &mut self,
        case: &str,
        how: enforcement_v1::Service,
    ) -> Result<Option<Violation>, String> {
        let mut request = requests::service(case);
        request.service = how.into();
        let serve = |api: EnforcementApi, request| async move {
            timeless(api.serve_decision(request).await)
        };
        let served = self.command(OFFICER, request, serve).await?;
        Ok(served.ok().map(Response::into_inner))
    }

    /// The party has taken the points for somebody else: the record is open again for who drove. Or the police have erred.
    async fn reopen(&mut self, case: &str) -> Result<(), String> {
        if self.random.random_bool(0.5) {
            let request = enforcement_v1::RevokeForTradingRequest {
                name: case.to_owned(),
                ..Default::default()
            };
            let revoke = method!(EnforcementApi, revoke_for_trading);
            self.does(OFFICER, request, revoke).await?;
            return Ok(());
        }
        let afterwards = if self.random.random_bool(0.5) {
            Afterwards::Reopened
        } else {
            Afterwards::Closed
        };
        let request = enforcement_v1::RevokeDecisionRequest {
            name: case.to_owned(),
            error: DecisionError::Facts.into(),
            reason: "the lamp was out of order".into(),
            afterwards: afterwards.into(),
            ..Default::default()
        };
        let revoke = |api: EnforcementApi, request| async move {
            timeless(api.revoke_decision(request).await)
        };
        self.does(OFFICER, request, revoke).await?;
        Ok(())
    }

    /// The decision falls, is changed or upheld; some have paid already, and get back what they paid too much.
    async fn reconsider(
        &mut self,
        served: &Violation,
        reference: &str,
        fine_fen: i64,
    ) -> Result<(), String> {
        let has_paid = self.random.random_bool(0.4);
        if has_paid {
            self.pay_the_fine(served, reference, fine_fen).await?;
            self.think().await;
        }
        let request = enforcement_v1::SeekRemedyRequest {
            name: served.name.clone(),
            remedy: Remedy::Reconsideration.into(),
            seek_time: served.decision.as_ref().and_then(|it| it.serve_time),
            ..Default::default()
        };
        let seek =
            |api: EnforcementApi, request| async move { timeless(api.seek_remedy(request).await) };
        if !self.does(OFFICER, request, seek).await? {
            return Ok(());
        }
        self.think().await;
        let (outcome, left_fen) = match self.random.random_range(0..5) {
            0 | 1 => (RemedyOutcome::Revoked, 0),
            2 | 3 => (RemedyOutcome::Varied, fine_fen / 2),
            _ => (RemedyOutcome::Upheld, fine_fen),
        };
        let is_varied = outcome == RemedyOutcome::Varied;
        let points = served.decision.as_ref().map_or(0, |it| it.points);
        let request = enforcement_v1::EndRemedyRequest {
            name: served.name.clone(),
            outcome: outcome.into(),
            sanction: is_varied.then(|| fine(left_fen)),
            points: if is_varied { points / 2 } else { 0 },
            ..Default::default()
        };
        let end =
            |api: EnforcementApi, request| async move { timeless(api.end_remedy(request).await) };
        if !self.does(OFFICER, request, end).await? || has_paid || left_fen == 0 {
            return Ok(());
        }
        self.think().await;
        self.pay_the_fine(served, reference, left_fen).await
    }

    /// A party in need pays month by month, or soon stops.
    async fn pay_in_parts(
        &mut self,
        served: &Violation,
        reference: &str,
        fine_fen: i64,
    ) -> Result<(), String> {
        let parts = [fine_fen / 2, fine_fen / 4, fine_fen / 4];
        let now = self.now();
        let instalments = (1_i64..).zip(parts).map(|(month, amount_fen)| Instalment {
            amount_fen,
            due_time: Some(contract_time(seconds(now, 30 * DAY * month))),
        });
        let request = enforcement_v1::GrantInstalmentsRequest {
            name: served.name.clone(),
            instalments: instalments.collect(),
            ..Default::default()
        };
        let grant = |api: EnforcementApi, request| async move {
            timeless(api.grant_instalments(request).await)
        };
        self.does(OFFICER, request, grant).await?;
        let paid = self.random.random_range(1..=parts.len());
        for (part, amount_fen) in parts.into_iter().enumerate().take(paid) {
            self.think().await;
            let reference = format!("{reference}-{part}");
            self.pay_the_fine(served, &reference, amount_fen).await?;
        }
        Ok(())
    }

    /// In one payment, whose advice the bank may send twice.
    pub(super) async fn pay_the_fine(
        &mut self,
        served: &Violation,
        reference: &str,
        amount: i64,
    ) -> Result<(), String> {
        let mut request = requests::payment(served, reference);
        request.amount_fen = amount;
        for _ in 0..self.random.random_range(1..3) {
            let pay = |api: EnforcementApi, request| async move {
                timeless(api.record_payment(request).await)
            };
            // The second advice of one payment finds it booked.
            let paid = self.ensure("partner:bank", request.clone(), pay).await?;
            if let Ok(paid) = paid {
                let booked = Self::booked(&served.name, amount, &paid);
                let mut told = self.city.told.lock();
                told.fines.entry(reference.to_owned()).or_insert(booked);
            }
        }
        Ok(())
    }
}

/// The driver of this number, with a licence.
pub(super) fn driver(person: u32) -> Option<Party> {
    requests::acceptance("").party.map(|party| Party {
        identity_number: identity(person),
        ..party
    })
}

pub(super) fn fine(fine_fen: i64) -> Sanction {
    Sanction {
        fine_fen,
        ..Sanction::default()
    }
}

/// A case answers as its step left it, but tells what is owed as of the answer: that may differ between two answers to one
/// request.
pub(super) fn timeless(
    answer: Result<Response<Violation>, Status>,
) -> Result<Response<Violation>, Status> {
    answer.map(|mut case| {
        if let Some(account) = &mut case.get_mut().account {
            (account.surcharge_fen, account.owed_fen, account.overdue) = (0, 0, false);
        }
        case
    })
}
