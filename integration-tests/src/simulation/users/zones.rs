//! Zones that are opened and given up again, with their bays, while others bring bays there; and zones that stay, whose bays come
//! in lists, under prices that change.

use super::{ParkingApi, User, Users, by};
use crate::simulation::stream;
use crate::workloads::haulage;
use crate::workloads::parking::{ZONE, bay, tariff, zone};
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

    /// Prices are to change; a zone is opened, and its first bays are marked together. Then a list is sent that corrects them and
    /// marks more.
    pub(in crate::simulation) async fn enlarge(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        user.change_prices(number).await?;
        let name = format!("zones/q{number}");
        let create = method!(ParkingApi, ParkingManagementService::create_zone);
        if !user.does(OFFICER, zone(&name), create).await? {
            return Ok(());
        }
        user.think().await;
        user.rename_zone(&name, number).await?;
        if user.random.random_bool(0.3) {
            // Another may have given it that name.
            user.rename_zone(ZONE, number).await?;
        }
        let marked = user.random.random_range(1..4);
        let bays = (0..marked).map(|which| in_list(&name, number, which));
        let request = parking_v1::BatchCreateBaysRequest {
            requests: bays.collect(),
            ..Default::default()
        };
        let create = method!(ParkingApi, ParkingManagementService::batch_create_bays);
        user.does(OFFICER, request, create).await?;
        user.think().await;
        user.import_bays(&name, number).await
    }
}

impl User {
    async fn change_prices(&mut self, number: u64) -> Result<(), String> {
        let raise = self.random.random_range(1..6);
        let versions = tariff().tariff.map(|tariff| tariff.versions);
        let (Some(mut version), Some(day)) = (
            versions.and_then(|mut versions| versions.pop()),
            haulage::day(self.now(), raise),
        ) else {
            return Err("there is a tariff, and a day to come".into());
        };
        version.effective_from = day.value;
        version.source = format!("sample order {number}");
        version.cap_per_24_hours_fen += 100 * raise;
        let request = parking_v1::PublishTariffVersionRequest {
            name: "tariffs/suite".into(),
            version: Some(version),
            ..Default::default()
        };
        let publish = method!(ParkingApi, ParkingManagementService::publish_tariff_version);
        self.does(OFFICER, request, publish).await?;
        Ok(())
    }

    async fn rename_zone(&mut self, name: &str, number: u64) -> Result<(), String> {
        let request = parking_v1::UpdateZoneRequest {
            zone: Some(parking_v1::Zone {
                name: name.to_owned(),
                display_name: format!("Sample zone {}", number % 3),
                ..Default::default()
            }),
            ..Default::default()
        };
        let update = method!(ParkingApi, ParkingManagementService::update_zone);
        self.ensure(OFFICER, request, update).await?.ok();
        Ok(())
    }

    /// A list, whose rows come to the same however often it is sent.
    async fn import_bays(&mut self, zone: &str, number: u64) -> Result<(), String> {
        let rows: Vec<_> = (0..5)
            .map(|which| {
                let row = in_list(zone, number, which);
                let label = format!("label {which}");
                parking_v1::ImportBaysRequest {
                    bay_id: row.bay_id,
                    bay: row.bay.map(|bay| parking_v1::Bay { label, ..bay }),
                }
            })
            .collect();
        for _ in 0..2 {
            let sent = rows.clone();
            let import = move |api: ParkingApi| {
                let request = by(OFFICER, stream::of(&sent));
                async move { ParkingManagementService::import_bays(&api, request).await }
            };
            let taken = self.until_told(import).await?;
            let taken = taken.map_err(|status| format!("bays are not imported: {status}"))?;
            let answer = taken.into_inner();
            let done = answer.created_count + answer.updated_count + answer.unchanged_count;
            let told_of = done + answer.problem_count;
            // The zone is there, unless it is lost.
            let is_odd = answer.problem_count > 0 && self.city.generation() == 0;
            if is_odd || told_of != answer.row_count || usize::try_from(told_of) != Ok(rows.len()) {
                return Err(format!("every row is taken: {answer:?}"));
            }
            let mut told = self.city.told.lock();
            told.carried_out::<parking_v1::ImportBaysRequest>();
        }
        Ok(())
    }

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

/// A bay of a zone's list, away from all roads.
fn in_list(zone: &str, number: u64, which: u8) -> parking_v1::CreateBayRequest {
    parking_v1::CreateBayRequest {
        bay_id: format!("q{number}-{which}"),
        bay: Some(parking_v1::Bay {
            zone: zone.to_owned(),
            ..bay(f64::from(which) * 10.0, 20_000.0)
        }),
        ..Default::default()
    }
}
