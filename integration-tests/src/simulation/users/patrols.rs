//! Patrols: hazards on roads found, assigned, rectified and verified; riders counted and persuaded, and their companies summoned.

use super::{EnforcementApi, User, Users, contract_time, position_of, seconds};
use rand::RngExt;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::hazard_service_server::HazardService;
use traffic_proto::enforcement::v1::persuasion_service_server::PersuasionService;
use traffic_proto::enforcement::v1::{Behaviour, Hazard, HazardKind};

const OFFICER: &str = "officer:one";
/// Who reports hazards rectified.
const ROADMENDER: &str = "officer:roads";
const DISTRICT: &str = "371702";
/// The delivery company of all riders.
const COMPANY: &str = "91110000600037341L";

impl Users {
    /// An officer on patrol finds a hazard, sees it done away with, and counts and persuades riders at a junction.
    pub(in crate::simulation) async fn patrol(self, number: u64, road: u8) -> Result<(), String> {
        let mut user = self.user(number);
        if let Some(hazard) = user.find_hazard(road).await? {
            user.rectify(&hazard).await?;
        }
        user.count(road).await?;
        user.persuade(road).await
    }
}

impl User {
    /// The name of a hazard that is assigned.
    async fn find_hazard(&mut self, road: u8) -> Result<Option<String>, String> {
        let request = enforcement_v1::FindHazardRequest {
            hazard: Some(Hazard {
                place: Some(enforcement_v1::Place {
                    district: DISTRICT.into(),
                    road: format!("Road {road}"),
                    point: None,
                }),
                kind: HazardKind::Surface.into(),
                description: "a pothole".into(),
                ..Hazard::default()
            }),
            ..Default::default()
        };
        let find = |api: EnforcementApi, request| async move { api.find_hazard(request).await };
        let Ok(found) = self.command(OFFICER, request, find).await? else {
            return Ok(None);
        };
        let name = found.into_inner().name;
        self.think().await;
        let request = enforcement_v1::AssignHazardRequest {
            name: name.clone(),
            assignee: "Sample Road Authority".into(),
            rectify_by: Some(self.deadline()),
            ..Default::default()
        };
        let assign = |api: EnforcementApi, request| async move { api.assign_hazard(request).await };
        let assigned = self.command(OFFICER, request, assign).await?;
        Ok(assigned.is_ok().then_some(name))
    }

    /// Reported rectified until somebody else finds that it is; now and then its reporter would verify it.
    async fn rectify(&mut self, name: &str) -> Result<(), String> {
        for _ in 0..3 {
            self.think().await;
            let request = enforcement_v1::RectifyHazardRequest {
                name: name.to_owned(),
                remarks: "filled".into(),
                ..Default::default()
            };
            let rectify =
                |api: EnforcementApi, request| async move { api.rectify_hazard(request).await };
            if self.command(ROADMENDER, request, rectify).await?.is_err() {
                return Ok(());
            }
            self.think().await;
            if self.random.random_bool(0.3) {
                self.reject(name).await?;
                continue;
            }
            let account = if self.random.random_bool(0.2) {
                ROADMENDER
            } else {
                OFFICER
            };
            let request = enforcement_v1::VerifyHazardRequest {
                name: name.to_owned(),
                ..Default::default()
            };
            let verify =
                |api: EnforcementApi, request| async move { api.verify_hazard(request).await };
            self.command(account, request, verify).await?.ok();
            return Ok(());
        }
        Ok(())
    }

    async fn reject(&mut self, name: &str) -> Result<(), String> {
        let request = enforcement_v1::RejectRectificationRequest {
            name: name.to_owned(),
            defects: "it has sunk again".into(),
            rectify_by: Some(self.deadline()),
            ..Default::default()
        };
        let reject =
            |api: EnforcementApi, request| async move { api.reject_rectification(request).await };
        self.command(OFFICER, request, reject).await?.ok();
        Ok(())
    }

    fn deadline(&mut self) -> pbjson_types::Timestamp {
        let ahead = self.random.random_range(3_600..1_000_000);
        contract_time(seconds(self.now(), ahead))
    }

    /// Others count at the same junction: all counts of a day add up.
    async fn count(&mut self, junction: u8) -> Result<(), String> {
        for _ in 0..self.random.random_range(1..4) {
            let seen = self.random.random_range(1..100);
            let request = enforcement_v1::CountRidersRequest {
                junction: format!("J-{junction}"),
                district: DISTRICT.into(),
                seen,
                with_helmet: self.random.random_range(0..=seen),
                ..Default::default()
            };
            let count = method!(EnforcementApi, count_riders);
            let Ok(counted) = self.command(OFFICER, request, count).await? else {
                continue;
            };
            let position = position_of(&counted);
            let counts = counted.into_inner();
            let day = counts.day.map(|day| day.value).unwrap_or_default();
            let at = format!("{}_{day}", counts.junction);
            let mut told = self.city.told.lock();
            told.counted.entry(at).or_default().push((seen, position));
        }
        Ok(())
    }

    /// A company whose riders are too many in a month is summoned, and comes.
    async fn persuade(&mut self, junction: u8) -> Result<(), String> {
        for _ in 0..self.random.random_range(1..25) {
            let request = enforcement_v1::PersuadeRiderRequest {
                junction: format!("J-{junction}"),
                district: DISTRICT.into(),
                behaviour: Behaviour::RedLight.into(),
                company: COMPANY.into(),
                ..Default::default()
            };
            let persuade =
                |api: EnforcementApi, request| async move { api.persuade_rider(request).await };
            self.command(OFFICER, request, persuade).await?.ok();
        }
        self.think().await;
        let request = enforcement_v1::HoldTalkRequest {
            name: format!("companies/{COMPANY}"),
            ..Default::default()
        };
        let talk = |api: EnforcementApi, request| async move { api.hold_talk(request).await };
        self.command(OFFICER, request, talk).await?.ok();
        Ok(())
    }
}
