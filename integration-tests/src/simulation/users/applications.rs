//! Applications for permits: filed, corrected, accepted, and granted or refused; or withdrawn, at times while an officer decides.

use super::{PermitsApi, User};
use crate::workloads::haulage::run_order;
use futures::future::join;
use rand::RngExt;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::permit_service_server::PermitService;
use traffic_proto::permits::v1::{Permit, RefusalGround};

/// Who accepts applications, and who decides on them.
const RECEPTION: &str = "officer:one";
const REVIEWER: &str = "officer:two";

impl User {
    /// The name of the application, if it can be filed.
    pub(super) async fn file_permit(
        &mut self,
        applicant: &str,
        permit: Permit,
    ) -> Result<Option<String>, String> {
        let request = permits_v1::CreatePermitRequest {
            permit: Some(permit),
            ..Default::default()
        };
        let file = |api: PermitsApi, request| async move { api.create_permit(request).await };
        let filed = self.command(applicant, request, file).await?;
        Ok(filed.ok().map(|filed| filed.into_inner().name))
    }

    /// Whether an application comes to be granted: officers may refuse it, and the applicant may have changed plans.
    pub(super) async fn comes_through(
        &mut self,
        applicant: &str,
        name: &str,
        permit: &Permit,
    ) -> Result<bool, String> {
        let is_oversize = matches!(permit.application, Some(Application::OversizeTransport(_)));
        self.think().await;
        if self.random.random_bool(0.1) && !self.correct_permit(applicant, name, permit).await? {
            return Ok(false);
        }
        let fate = self.random.random_range(0..20);
        if fate == 0 {
            self.withdraw_permit(applicant, name).await?;
            return Ok(false);
        }
        let request = permits_v1::AcceptPermitRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let accept = |api: PermitsApi, request| async move { api.accept_permit(request).await };
        if self.command(RECEPTION, request, accept).await?.is_err() {
            return Ok(false);
        }
        self.think().await;
        match fate {
            1 | 2 => {
                self.refuse_permit(name).await?;
                Ok(false)
            }
            3 | 4 => self.cross(applicant, name, is_oversize).await,
            _ => self.approve_permit(name, is_oversize).await,
        }
    }

    /// Sent back once, and mostly filed again: whether it waits to be accepted.
    async fn correct_permit(
        &mut self,
        applicant: &str,
        name: &str,
        permit: &Permit,
    ) -> Result<bool, String> {
        let request = permits_v1::RequestCorrectionRequest {
            name: name.to_owned(),
            corrections: vec![permits_v1::Correction {
                field: "contact".into(),
                request: "name who answers the telephone".into(),
            }],
            ..Default::default()
        };
        let send_back = method!(PermitsApi, request_correction);
        if !self.does(RECEPTION, request, send_back).await? {
            // Time may have accepted it.
            return Ok(true);
        }
        self.think().await;
        if self.random.random_bool(0.15) {
            // Who does not correct it is refused.
            self.refuse_permit(name).await?;
            return Ok(false);
        }
        let request = permits_v1::CorrectPermitRequest {
            name: name.to_owned(),
            permit: Some(permit.clone()),
            ..Default::default()
        };
        let correct = method!(PermitsApi, correct_permit);
        let is_corrected = self.does(applicant, request, correct).await?;
        self.think().await;
        Ok(is_corrected)
    }

    async fn approve_permit(&mut self, name: &str, is_oversize: bool) -> Result<bool, String> {
        let request = permits_v1::ApprovePermitRequest {
            name: name.to_owned(),
            run_order: is_oversize.then(|| run_order(self.now())),
            ..Default::default()
        };
        let approve = |api: PermitsApi, request| async move { api.approve_permit(request).await };
        Ok(self.command(REVIEWER, request, approve).await?.is_ok())
    }

    async fn refuse_permit(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::RefusePermitRequest {
            name: name.to_owned(),
            ground: RefusalGround::TrafficSafety.into(),
            reason: "a detour cannot be signed in time".into(),
            ..Default::default()
        };
        let refuse = |api: PermitsApi, request| async move { api.refuse_permit(request).await };
        self.command(REVIEWER, request, refuse).await?.ok();
        Ok(())
    }

    async fn withdraw_permit(&mut self, applicant: &str, name: &str) -> Result<bool, String> {
        let request = permits_v1::WithdrawPermitRequest {
            name: name.to_owned(),
            reason: "not needed any more".into(),
            ..Default::default()
        };
        let withdraw = |api: PermitsApi, request| async move { api.withdraw_permit(request).await };
        Ok(self.command(applicant, request, withdraw).await?.is_ok())
    }

    /// The applicant withdraws while an officer decides: only one of them is told that it is done.
    async fn cross(
        &mut self,
        applicant: &str,
        name: &str,
        is_oversize: bool,
    ) -> Result<bool, String> {
        let generation = self.city.generation();
        let mut other = self.another();
        let (approved, withdrawn) = join(
            self.approve_permit(name, is_oversize),
            other.withdraw_permit(applicant, name),
        )
        .await;
        let (approved, withdrawn) = (approved?, withdrawn?);
        if approved && withdrawn && self.city.generation() == generation {
            return Err(format!("granted and withdrawn: {name}"));
        }
        Ok(approved)
    }
}
