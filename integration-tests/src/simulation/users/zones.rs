//! Zones that are opened and given up again, with their bays, while others bring bays there.

use super::{ParkingApi, User, Users};
use crate::workloads::parking::{ZONE, bay, zone};
use rand::RngExt;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;

const OFFICER: &str = "officer:parking";

impl Users {
    /// An officer opens a zone and marks a bay in it; both are given up in the end, bay first. While the zone is given up,
    /// another officer marks a bay there, or moves one there from the city's own zone: one of the two comes too late.
    pub(in crate::simulation) async fn rearrange(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        let name = format!("zones/z{number}");
        let (first, second) = (format!("z{number}-1"), format!("z{number}-2"));
        let create = |api: ParkingApi, request| async move {
            ParkingManagementService::create_zone(&api, request).await
        };
        if user.command(OFFICER, zone(&name), create).await?.is_err() {
            return Ok(());
        }
        user.think().await;
        if user.mark_bay(&name, &first).await? {
            user.think().await;
            if user.random.random_bool(0.3) {
                // Too early: a bay is left.
                user.give_up_zone(&name).await?;
            }
            user.give_up_bay(&first).await?;
        }
        let is_elsewhere = user.random.random_bool(0.5) && user.mark_bay(ZONE, &second).await?;
        user.think().await;
        let mut other = user.another();
        let bring = async {
            if is_elsewhere {
                other.move_bay(&name, &second).await
            } else {
                other.mark_bay(&name, &second).await
            }
        };
        tokio::try_join!(user.give_up_zone(&name), bring)?;
        user.think().await;
        user.give_up_bay(&second).await?;
        user.give_up_zone(&name).await?;
        Ok(())
    }
}

impl User {
    async fn mark_bay(&mut self, zone: &str, id: &str) -> Result<bool, String> {
        let request = parking_v1::CreateBayRequest {
            bay_id: id.to_owned(),
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

    async fn move_bay(&mut self, zone: &str, id: &str) -> Result<bool, String> {
        let request = parking_v1::UpdateBayRequest {
            bay: Some(parking_v1::Bay {
                name: format!("bays/{id}"),
                zone: zone.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let update = |api: ParkingApi, request| async move {
            ParkingManagementService::update_bay(&api, request).await
        };
        Ok(self.command(OFFICER, request, update).await?.is_ok())
    }

    async fn give_up_bay(&mut self, id: &str) -> Result<(), String> {
        let request = parking_v1::DeleteBayRequest {
            name: format!("bays/{id}"),
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
