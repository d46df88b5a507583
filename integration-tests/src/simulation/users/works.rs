//! Works on roads: repairs that are filed while they are under way, and works that are announced; granted, amended, and what
//! becomes of them.

use super::{PermitsApi, User, Users, contract_time, seconds};
use crate::workloads::haulage;
use crate::workloads::permits::{Stretch, repair};
use jiff::Timestamp;
use rand::RngExt;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::permit_service_server::PermitService;

const APPLICANT: &str = "partner:works";
const OFFICER: &str = "officer:two";
/// After this the public has been told of works long enough, with a day to spare.
const NOTICE: i64 = 6 * 86_400;

impl Users {
    /// Someone files for works; officers accept and decide; the road is worked on and reopened, or not.
    pub(in crate::simulation) async fn occupy(self, number: u64, road: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let permit = user.works_on(road);
        let Some(name) = user.file_permit(APPLICANT, permit.clone()).await? else {
            return Ok(());
        };
        if !user.comes_through(APPLICANT, &name, &permit).await? {
            return Ok(());
        }
        user.think().await;
        user.live_with(&name, permit).await
    }
}

impl User {
    /// A repair that has begun, or works that are announced ahead.
    fn works_on(&mut self, road: u8) -> permits_v1::Permit {
        let now = self.now();
        let length = self.random.random_range(3_600..1_000_000);
        if self.random.random_bool(0.25) {
            let starts = seconds(now, NOTICE);
            announced(road, now, starts, seconds(starts, length))
        } else {
            application(road, seconds(now, -1_800), seconds(now, length))
        }
    }

    async fn live_with(&mut self, name: &str, permit: permits_v1::Permit) -> Result<(), String> {
        match self.random.random_range(0..6) {
            0 => Ok(()),
            1 => self.take_away(name).await,
            2 => {
                let request = permits_v1::SuspendPermitRequest {
                    name: name.to_owned(),
                    reason: reason(),
                    ..Default::default()
                };
                let suspend = method!(PermitsApi, suspend_permit);
                self.does(OFFICER, request, suspend).await?;
                self.think().await;
                let request = permits_v1::ResumePermitRequest {
                    name: name.to_owned(),
                    reason: reason(),
                    ..Default::default()
                };
                let resume = method!(PermitsApi, resume_permit);
                self.does(OFFICER, request, resume).await?;
                Ok(())
            }
            3 => {
                self.give_another_end(name, &permit).await?;
                self.think().await;
                self.work(name, &permit).await
            }
            _ => self.work(name, &permit).await,
        }
    }

    async fn take_away(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::RevokePermitRequest {
            name: name.to_owned(),
            ground: permits_v1::RevocationGround::PublicInterest.into(),
            reason: reason(),
            ..Default::default()
        };
        let revoke = method!(PermitsApi, revoke_permit);
        self.does(OFFICER, request, revoke).await?;
        Ok(())
    }

    /// More time, or less: refused if others have the road then.
    async fn give_another_end(
        &mut self,
        name: &str,
        permit: &permits_v1::Permit,
    ) -> Result<(), String> {
        let ends = seconds(self.now(), self.random.random_range(7_200..1_500_000));
        let request = permits_v1::AmendPermitRequest {
            name: name.to_owned(),
            permit: Some(until(permit.clone(), ends)),
            reason: reason(),
            ..Default::default()
        };
        let amend = method!(PermitsApi, amend_permit);
        self.does(OFFICER, request, amend).await?;
        Ok(())
    }

    async fn work(&mut self, name: &str, permit: &permits_v1::Permit) -> Result<(), String> {
        let request = permits_v1::StartWorkRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let start = method!(PermitsApi, start_work);
        // A repair counts as begun once its time is over, whoever tells of it then.
        self.does(APPLICANT, request, start).await?;
        self.think().await;
        match self.random.random_range(0..8) {
            0 => self.give_another_end(name, permit).await?,
            // The right is gone; the road is to be reopened all the same.
            1 => self.take_away(name).await?,
            _ => {}
        }
        let request = permits_v1::FinishWorkRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let finish = method!(PermitsApi, finish_work);
        self.does(APPLICANT, request, finish).await?;
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
            let accept = method!(PermitsApi, record_reopening_acceptance);
            let account = format!("officer:{}", by as i32);
            self.does(&account, request, accept).await?;
        }
        Ok(())
    }
}

fn reason() -> String {
    "as the simulation has it".into()
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

/// Of which the public is told today.
fn announced(road: u8, today: Timestamp, starts: Timestamp, ends: Timestamp) -> permits_v1::Permit {
    let mut permit = application(road, starts, ends);
    if let Some(Application::RoadOccupation(occupation)) = &mut permit.application {
        occupation.emergency = None;
        occupation.public_notice_on = haulage::day(today, 0);
    }
    permit
}

fn until(mut permit: permits_v1::Permit, ends: Timestamp) -> permits_v1::Permit {
    if let Some(Application::RoadOccupation(occupation)) = &mut permit.application
        && let Some(time) = &mut occupation.time
    {
        time.end_time = Some(contract_time(ends));
    }
    permit
}
