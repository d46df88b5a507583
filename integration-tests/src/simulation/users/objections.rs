//! What officers of parking decide about single vehicles and stays: who parks free, what is waived, what machines got wrong.

use super::{ParkingApi, User, contract_time, seconds};
use rand::RngExt;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;
use traffic_proto::parking::v1::parking_session_service_server::ParkingSessionService;
use traffic_proto::parking::v1::{FreeGround, Session, WaiveGround, Waiver};

const OFFICER: &str = "officer:parking";

impl User {
    /// A vehicle parks free for some weeks, or until somebody thinks better of it; another may have said so already.
    pub(super) async fn exempt(&mut self, number: u64, other: u8) -> Result<(), String> {
        let plate = self.some_plate(other);
        let days = self.random.random_range(1..40);
        let now = self.now();
        let request = parking_v1::GrantWaiverRequest {
            waiver: Some(Waiver {
                plate,
                ground: FreeGround::Disabled.into(),
                valid_from: Some(contract_time(seconds(now, -7_200))),
                valid_until: Some(contract_time(seconds(now, days * 86_400))),
                document: format!("W-{number}"),
                ..Waiver::default()
            }),
            ..Default::default()
        };
        let grant = method!(ParkingApi, ParkingManagementService::grant_waiver);
        let Ok(granted) = self.command(OFFICER, request, grant).await? else {
            return Ok(());
        };
        self.think().await;
        if self.random.random_bool(0.4) {
            let request = parking_v1::RevokeWaiverRequest {
                name: granted.into_inner().name,
                ..Default::default()
            };
            let revoke = method!(ParkingApi, ParkingManagementService::revoke_waiver);
            // It may have been revoked, and granted anew, by others.
            self.ensure(OFFICER, request, revoke).await?.ok();
        }
        Ok(())
    }

    /// Somebody finds a charge wrong: it is waived, or when and whose the stay was is corrected.
    pub(super) async fn object_to_charge(&mut self, session: &Session) -> Result<(), String> {
        if self.random.random_bool(0.4) {
            let request = parking_v1::WaiveChargeRequest {
                session: session.name.clone(),
                ground: WaiveGround::Mistake.into(),
                ..Default::default()
            };
            let waive = method!(ParkingApi, ParkingSessionService::waive_charge);
            self.does(OFFICER, request, waive).await?;
            return Ok(());
        }
        self.correct_session(session).await
    }

    /// When and whose a stay was is entered by hand; it is ended, if it goes on.
    pub(super) async fn correct_session(&mut self, session: &Session) -> Result<(), String> {
        // Not so short ago that it would lie ahead of a clock that is behind.
        let ago = self.random.random_range(150..3_000);
        let length = self.random.random_range(600..20_000);
        let leaves = seconds(self.now(), -ago);
        let plate = if self.random.random_bool(0.7) {
            self.some_plate(3)
        } else {
            String::new()
        };
        let request = parking_v1::CorrectSessionRequest {
            session: session.name.clone(),
            arrive_time: Some(contract_time(seconds(leaves, -length))),
            leave_time: Some(contract_time(leaves)),
            plate,
            note: "photographs show it".into(),
            ..Default::default()
        };
        let correct = method!(ParkingApi, ParkingSessionService::correct_session);
        self.does(OFFICER, request, correct).await?;
        Ok(())
    }
}
