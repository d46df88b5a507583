//! Violations: reported or photographed, reviewed, decided and paid; fallen on reconsideration, opened again, or cancelled.

use super::{EnforcementApi, User, Users, contract_time, seconds};
use crate::workloads::enforcement as requests;
use crate::workloads::registration::identity;
use rand::RngExt;
use tonic::{Response, Status};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{Review, Violation};

/// What a camera photographs, and what it costs; it brings six points besides.
const RED_LIGHT_FEN: i64 = 20_000;

impl Users {
    /// Somebody reports a car, or a camera photographs it; officers take the case to its end, or find that it is none.
    pub(in crate::simulation) async fn prosecute(self, number: u64, car: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let photographed = user.random.random_bool(0.5);
        let Some(case) = user.see(number, car, photographed).await? else {
            return Ok(());
        };
        for review in [Review::Technical, Review::Legal] {
            user.think().await;
            let request = requests::review(&case, review);
            let pass = |api: EnforcementApi, request| async move { api.pass_review(request).await };
            if user.command("officer:one", request, pass).await?.is_err() {
                return Ok(());
            }
        }
        user.think().await;
        let request = requests::notice(&case);
        let send = |api: EnforcementApi, request| async move { api.send_notice(request).await };
        user.command("officer:one", request, send).await?.ok();
        user.think().await;
        if user.random.random_bool(0.25) {
            user.cancel(&case).await
        } else {
            user.punish(&case, number, photographed).await
        }
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
        let record =
            |api: EnforcementApi, request| async move { api.record_violation(request).await };
        let recorded = self.command("partner:citizens", request, record).await?;
        Ok(recorded.ok().map(|answer| answer.into_inner().name))
    }

    async fn cancel(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::CancelViolationRequest {
            name: case.to_owned(),
            ground: enforcement_v1::CancellationGround::PlateMisread.into(),
            remarks: "another letter".into(),
            ..Default::default()
        };
        let cancel =
            |api: EnforcementApi, request| async move { api.cancel_violation(request).await };
        self.command("officer:one", request, cancel).await?.ok();
        Ok(())
    }

    async fn punish(&mut self, case: &str, number: u64, photographed: bool) -> Result<(), String> {
        let mut request = requests::acceptance(case);
        if let Some(party) = &mut request.party {
            // One of those who haul chemicals.
            party.identity_number = identity(self.random.random_range(0..2));
        }
        let accept =
            |api: EnforcementApi, request| async move { api.accept_handling(request).await };
        if self.command("officer:one", request, accept).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let mut request = requests::decision(case);
        if let Some(sanction) = request.sanction.as_mut().filter(|_| photographed) {
            sanction.fine_fen = RED_LIGHT_FEN;
        }
        let decide =
            |api: EnforcementApi, request| async move { api.decide_violation(request).await };
        if self.command("officer:one", request, decide).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let request = requests::service(case);
        let serve = |api: EnforcementApi, request| async move {
            timeless(api.serve_decision(request).await)
        };
        let Ok(served) = self.command("officer:one", request, serve).await? else {
            return Ok(());
        };
        self.think().await;
        if self.random.random_bool(0.2) {
            return self.reconsider(served.get_ref()).await;
        }
        let fine_fen = if photographed {
            RED_LIGHT_FEN
        } else {
            requests::FINE_FEN
        };
        self.pay_the_fine(served.get_ref(), number, fine_fen)
            .await?;
        if self.random.random_bool(0.15) {
            self.think().await;
            self.reopen(case).await?;
        }
        Ok(())
    }

    /// The party has taken the points for somebody else: the record is open again for who drove.
    async fn reopen(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::RevokeForTradingRequest {
            name: case.to_owned(),
            ..Default::default()
        };
        let revoke =
            |api: EnforcementApi, request| async move { api.revoke_for_trading(request).await };
        self.command("officer:one", request, revoke).await?.ok();
        Ok(())
    }

    /// The decision falls: its points are gone.
    async fn reconsider(&mut self, served: &Violation) -> Result<(), String> {
        let request = enforcement_v1::SeekRemedyRequest {
            name: served.name.clone(),
            remedy: enforcement_v1::Remedy::Reconsideration.into(),
            seek_time: served.decision.as_ref().and_then(|it| it.serve_time),
            ..Default::default()
        };
        let seek =
            |api: EnforcementApi, request| async move { timeless(api.seek_remedy(request).await) };
        if self.command("officer:one", request, seek).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let request = enforcement_v1::EndRemedyRequest {
            name: served.name.clone(),
            outcome: enforcement_v1::RemedyOutcome::Revoked.into(),
            ..Default::default()
        };
        let end =
            |api: EnforcementApi, request| async move { timeless(api.end_remedy(request).await) };
        self.command("officer:one", request, end).await?.ok();
        Ok(())
    }

    /// In one payment, whose advice the bank may send twice.
    async fn pay_the_fine(
        &mut self,
        served: &Violation,
        number: u64,
        amount: i64,
    ) -> Result<(), String> {
        let reference = format!("fine-{number}");
        let mut request = requests::payment(served, &reference);
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
                told.fines.entry(reference.clone()).or_insert(booked);
            }
        }
        Ok(())
    }
}

/// A case answers as its step left it, but tells what is owed as of the answer: that may differ between two answers to one
/// request.
fn timeless(answer: Result<Response<Violation>, Status>) -> Result<Response<Violation>, Status> {
    answer.map(|mut case| {
        if let Some(account) = &mut case.get_mut().account {
            (account.surcharge_fen, account.owed_fen, account.overdue) = (0, 0, false);
        }
        case
    })
}
