//! Detained vehicles: handed over, approved or not, cured or proven; or nobody comes, and they are disposed of.

use super::{EnforcementApi, User, Users};
use crate::workloads::registration::identity;
use rand::RngExt;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::detention_service_server::DetentionService;
use traffic_proto::enforcement::v1::{Detention, DetentionGround, Disposal};

const OFFICER: &str = "officer:one";

impl Users {
    /// An officer detains a vehicle on the road; it is given back, or stands there.
    pub(in crate::simulation) async fn detain(self, number: u64, car: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let overloaded = user.random.random_bool(0.5);
        let ground = if overloaded {
            DetentionGround::Overloaded
        } else {
            DetentionGround::NoInsurance
        };
        let request = enforcement_v1::DetainVehicleRequest {
            detention: Some(Detention {
                certificate: format!("370000-{number}"),
                ground: ground.into(),
                place: Some(enforcement_v1::Place {
                    district: "371702".into(),
                    road: format!("Road {number}"),
                    point: None,
                }),
                plate: user.some_plate(car),
                party: Some(enforcement_v1::Party {
                    name: "Sample Driver".into(),
                    identity_number: identity(0),
                    ..Default::default()
                }),
                told_and_heard: true,
                ..Detention::default()
            }),
            ..Default::default()
        };
        let detain =
            |api: EnforcementApi, request| async move { api.detain_vehicle(request).await };
        let Ok(detained) = user.command(OFFICER, request, detain).await? else {
            return Ok(());
        };
        let name = detained.into_inner().name;
        self.city.told.lock().yard.push(name.clone());
        user.think().await;
        if user.random.random_bool(0.7) {
            let request = enforcement_v1::HandOverVehicleRequest {
                name: name.clone(),
                ..Default::default()
            };
            let hand_over =
                |api: EnforcementApi, request| async move { api.hand_over_vehicle(request).await };
            user.command(OFFICER, request, hand_over).await?.ok();
            user.think().await;
        }
        if user.random.random_bool(0.7) {
            let request = enforcement_v1::ApproveDetentionRequest {
                name: name.clone(),
                approved: user.random.random_bool(0.8),
                ..Default::default()
            };
            let approve =
                |api: EnforcementApi, request| async move { api.approve_detention(request).await };
            user.command("officer:head", request, approve).await?.ok();
            user.think().await;
        }
        match user.random.random_range(0..4) {
            0 => Ok(()),
            1 if overloaded => user.unload(name).await,
            2 => user.announce(&name).await.map(|_| ()),
            _ => user.prove(name).await,
        }
    }
}

impl Users {
    /// An officer looks after what stands in the yard: it is announced once thirty days have passed, and gone three months later.
    pub(in crate::simulation) async fn clear_yard(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        let yard = self.city.told.lock().yard.clone();
        for name in &yard {
            if !user.announce(name).await? {
                user.dispose_of(name).await?;
            }
        }
        Ok(())
    }
}

impl User {
    async fn unload(&mut self, name: String) -> Result<(), String> {
        let request = enforcement_v1::CureViolationRequest {
            name,
            remarks: "unloaded".into(),
            ..Default::default()
        };
        let cure = |api: EnforcementApi, request| async move { api.cure_violation(request).await };
        self.command(OFFICER, request, cure).await?.ok();
        Ok(())
    }

    /// Only once thirty days have passed it is not too early.
    async fn announce(&mut self, name: &str) -> Result<bool, String> {
        let request = enforcement_v1::AnnounceUnclaimedRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let announce =
            |api: EnforcementApi, request| async move { api.announce_unclaimed(request).await };
        Ok(self.command(OFFICER, request, announce).await?.is_ok())
    }

    /// Only once it was announced for three months.
    async fn dispose_of(&mut self, name: &str) -> Result<(), String> {
        let ways = [Disposal::Auctioned, Disposal::Scrapped];
        let request = enforcement_v1::DisposeVehicleRequest {
            name: name.to_owned(),
            disposal: ways[self.random.random_range(0..ways.len())].into(),
            ..Default::default()
        };
        let dispose =
            |api: EnforcementApi, request| async move { api.dispose_vehicle(request).await };
        self.command(OFFICER, request, dispose).await?.ok();
        Ok(())
    }

    /// Brings proof, which is verified now, later, or never.
    async fn prove(&mut self, name: String) -> Result<(), String> {
        let request = enforcement_v1::BringProofRequest {
            name: name.clone(),
            remarks: "a policy".into(),
            ..Default::default()
        };
        let bring = |api: EnforcementApi, request| async move { api.bring_proof(request).await };
        if self.command(OFFICER, request, bring).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        if self.random.random_bool(0.3) {
            let request = enforcement_v1::ExtendVerificationRequest {
                name: name.clone(),
                ..Default::default()
            };
            let extend = |api: EnforcementApi, request| async move {
                api.extend_verification(request).await
            };
            self.command(OFFICER, request, extend).await?.ok();
        }
        if self.random.random_bool(0.7) {
            let request = enforcement_v1::VerifyProofRequest {
                name,
                holds: self.random.random_bool(0.7),
                remarks: "looked at".into(),
                ..Default::default()
            };
            let verify =
                |api: EnforcementApi, request| async move { api.verify_proof(request).await };
            self.command(OFFICER, request, verify).await?.ok();
        }
        Ok(())
    }
}
