//! New cars: filed, and registered with a plate or withdrawn.

use super::{Users, VehicleApi};
use crate::workloads::registration::{approval, car, vin};
use rand::RngExt;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;

impl Users {
    /// A dealer files a car, which another may have filed already; an officer decides, or the dealer withdraws.
    pub(in crate::simulation) async fn register(
        self,
        number: u64,
        which: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let request = registration_v1::CreateApplicationRequest {
            application: Some(car(&vin("S", u64::from(which)))),
            ..Default::default()
        };
        let file = |api: VehicleApi, request| async move { api.create_application(request).await };
        let Ok(filed) = user.command("partner:dealer", request, file).await? else {
            return Ok(());
        };
        let name = filed.into_inner().name;
        user.think().await;
        if user.random.random_bool(0.2) {
            let request = registration_v1::WithdrawApplicationRequest {
                name,
                ..Default::default()
            };
            let withdraw =
                |api: VehicleApi, request| async move { api.withdraw_application(request).await };
            user.command("partner:dealer", request, withdraw)
                .await?
                .ok();
            return Ok(());
        }
        let approve =
            |api: VehicleApi, request| async move { api.approve_application(request).await };
        let approved = user
            .command("officer:one", approval(&name), approve)
            .await?;
        if let Ok(approved) = approved {
            let plate = approved.into_inner().plate;
            self.city.told.lock().plates.push(plate);
        }
        Ok(())
    }
}
