//! Violations: reported, reviewed, decided and paid, or cancelled.

use super::{EnforcementApi, User, Users, contract_time, seconds};
use crate::workloads::enforcement as requests;
use rand::RngExt;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{Review, Violation};

impl Users {
    /// Somebody reports a car; officers take the case to its end, or find that it is none.
    pub(in crate::simulation) async fn prosecute(self, number: u64, car: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let Some(case) = user.report(number, car).await? else {
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
            user.punish(&case, number).await
        }
    }
}

impl User {
    /// The name of the case that is opened, if one is.
    async fn report(&mut self, number: u64, car: u8) -> Result<Option<String>, String> {
        let plate = self.some_plate(car);
        let mut request = requests::report(&format!("Road {number}"), &plate);
        if let Some(violation) = &mut request.violation {
            violation.act_time = Some(contract_time(seconds(self.now(), -1_800)));
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

    async fn punish(&mut self, case: &str, number: u64) -> Result<(), String> {
        let request = requests::acceptance(case);
        let accept =
            |api: EnforcementApi, request| async move { api.accept_handling(request).await };
        if self.command("officer:one", request, accept).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let request = requests::decision(case);
        let decide =
            |api: EnforcementApi, request| async move { api.decide_violation(request).await };
        if self.command("officer:one", request, decide).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let request = requests::service(case);
        let serve = |api: EnforcementApi, request| async move { api.serve_decision(request).await };
        let Ok(served) = self.command("officer:one", request, serve).await? else {
            return Ok(());
        };
        self.think().await;
        self.pay_the_fine(served.get_ref(), number).await
    }

    /// In one payment, whose advice the bank may send twice.
    async fn pay_the_fine(&mut self, served: &Violation, number: u64) -> Result<(), String> {
        let reference = format!("fine-{number}");
        let request = requests::payment(served, &reference);
        let amount = request.amount_fen;
        for _ in 0..self.random.random_range(1..3) {
            let pay =
                |api: EnforcementApi, request| async move { api.record_payment(request).await };
            let paid = self.command("partner:bank", request.clone(), pay).await?;
            if paid.is_ok() {
                let mut told = self.city.told.lock();
                let paid = (served.name.clone(), amount);
                told.fines.insert(reference.clone(), paid);
            }
        }
        Ok(())
    }
}
