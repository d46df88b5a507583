//! Repairs of roads: filed, accepted, granted, and what becomes of them.

use super::{PermitsApi, User, Users, contract_time, seconds};
use crate::workloads::permits::{Stretch, repair};
use jiff::Timestamp;
use rand::RngExt;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::permit_service_server::PermitService;

const APPLICANT: &str = "partner:works";

impl Users {
    /// Someone files for a repair; officers accept and decide; the road is worked on and reopened, or not.
    pub(in crate::simulation) async fn occupy(self, number: u64, road: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let now = user.now();
        let (starts, ends) = (
            seconds(now, -1_800),
            seconds(now, user.random.random_range(3_600..1_000_000)),
        );
        let permit = application(road, starts, ends);
        let Some(name) = user.file_permit(APPLICANT, permit).await? else {
            return Ok(());
        };
        let id = name.replacen("permits/", "", 1);
        self.city
            .told
            .lock()
            .occupations
            .insert(id, (road, starts, ends));
        if !user.comes_through(APPLICANT, &name, false).await? {
            return Ok(());
        }
        user.think().await;
        user.live_with(&name).await
    }
}

impl User {
    async fn live_with(&mut self, name: &str) -> Result<(), String> {
        let reason = || "as the simulation has it".to_owned();
        match self.random.random_range(0..4) {
            0 => Ok(()),
            1 => {
                let request = permits_v1::RevokePermitRequest {
                    name: name.to_owned(),
                    ground: permits_v1::RevocationGround::PublicInterest.into(),
                    reason: reason(),
                    ..Default::default()
                };
                let revoke =
                    |api: PermitsApi, request| async move { api.revoke_permit(request).await };
                self.command("officer:two", request, revoke).await?.ok();
                Ok(())
            }
            2 => {
                let request = permits_v1::SuspendPermitRequest {
                    name: name.to_owned(),
                    reason: reason(),
                    ..Default::default()
                };
                let suspend =
                    |api: PermitsApi, request| async move { api.suspend_permit(request).await };
                self.command("officer:two", request, suspend).await?.ok();
                self.think().await;
                let request = permits_v1::ResumePermitRequest {
                    name: name.to_owned(),
                    reason: reason(),
                    ..Default::default()
                };
                let resume =
                    |api: PermitsApi, request| async move { api.resume_permit(request).await };
                self.command("officer:two", request, resume).await?.ok();
                Ok(())
            }
            _ => self.work(name).await,
        }
    }

    async fn work(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::StartWorkRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let start = |api: PermitsApi, request| async move { api.start_work(request).await };
        if self.command(APPLICANT, request, start).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        let request = permits_v1::FinishWorkRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let finish = |api: PermitsApi, request| async move { api.finish_work(request).await };
        self.command(APPLICANT, request, finish).await?.ok();
        for by in [
            permits_v1::AcceptanceBy::RoadAuthority,
            permits_v1::AcceptanceBy::Police,
        ] {
            let request = permits_v1::RecordReopeningAcceptanceRequest {
                name: name.to_owned(),
                by: by.into(),
                passed: true,
                ..Default::default()
            };
            let accept = |api: PermitsApi, request| async move {
                api.record_reopening_acceptance(request).await
            };
            let account = format!("officer:{}", by as i32);
            self.command(&account, request, accept).await?.ok();
        }
        Ok(())
    }
}

fn application(road: u8, starts: Timestamp, ends: Timestamp) -> permits_v1::Permit {
    let mut permit = repair(&format!("Road {road}"), Stretch::default());
    if let Some(Application::RoadOccupation(occupation)) = &mut permit.application {
        occupation.time = Some(permits_v1::OccupationTime {
            start_time: Some(contract_time(starts)),
            end_time: Some(contract_time(ends)),
            daily_hours: None,
        });
        if let Some(emergency) = &mut occupation.emergency {
            emergency.started_at = Some(contract_time(starts));
        }
    }
    permit
}
