//! Zones that are opened and given up again, with their bays.

use super::{ParkingApi, User, Users};
use crate::workloads::parking::{bay, zone};
use rand::RngExt;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;

const OFFICER: &str = "officer:parking";

impl Users {
    /// An officer opens a zone and marks a bay in it; both are given up in the end, bay first.
    pub(in crate::simulation) async fn rearrange(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        let name = format!("zones/z{number}");
        let create = |api: ParkingApi, request| async move {
            ParkingManagementService::create_zone(&api, request).await
        };
        if user.command(OFFICER, zone(&name), create).await?.is_err() {
            return Ok(());
        }
        user.think().await;
        if user.mark_bay(&name, number).await? {
            user.think().await;
            if user.random.random_bool(0.3) {
                // Too early: a bay is left.
                user.give_up_zone(&name).await?;
            }
            user.give_up_bay(number).await?;
        }
        user.think().await;
        user.give_up_zone(&name).await?;
        Ok(())
    }
}

impl User {
    async fn mark_bay(&mut self, zone: &str, number: u64) -> Result<bool, String> {
        let request = parking_v1::CreateBayRequest {
            bay_id: format!("z{number}"),
            bay: Some(parking_v1::Bay {
                zone: zone.to_owned(),
                // Away from all roads.
                ..bay(0.0, 20_000.0)
            }),
            ..Default::default()
        };
        let create = |api: ParkingApi, request| async move {
            ParkingManagementService::create_bay(&api, request).await
        };
        Ok(self.command(OFFICER, request, create).await?.is_ok())
    }

    async fn give_up_bay(&mut self, number: u64) -> Result<(), String> {
        let request = parking_v1::DeleteBayRequest {
            name: format!("bays/z{number}"),
            ..Default::default()
        };
        let delete = |api: ParkingApi, request| async move {
            ParkingManagementService::delete_bay(&api, request).await
        };
        self.command(OFFICER, request, delete).await?.ok();
        Ok(())
    }

    async fn give_up_zone(&mut self, name: &str) -> Result<(), String> {
        let request = parking_v1::DeleteZoneRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let delete = |api: ParkingApi, request| async move {
            ParkingManagementService::delete_zone(&api, request).await
        };
        self.command(OFFICER, request, delete).await?.ok();
        Ok(())
    }
}
