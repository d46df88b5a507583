//! Cars and trucks: filed and registered with a plate or withdrawn; sold, swapping plates, sent abroad; and what that costs.

use super::{User, Users, VehicleApi};
use crate::simulation::plan::{CARS, TRUCKS_FROM};
use crate::workloads::registration::{approval, car, owner, proof, vin};
use rand::RngExt;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;
use traffic_proto::registration::v1::{Application, Material, PlateWish, VehicleClass};

const DEALER: &str = "partner:dealer";
const OFFICER: &str = "officer:one";
/// How many own vehicles: each has several, so that some may swap plates.
const OWNERS: u8 = 2;

impl Users {
    /// A dealer files a vehicle, which another may have filed already; an officer decides, or the dealer withdraws.
    pub(in crate::simulation) async fn register(
        self,
        number: u64,
        which: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let Some(approved) = user.apply(new_vehicle(which)).await? else {
            return Ok(());
        };
        let of = which % OWNERS;
        self.city.told.lock().owners.insert(which, of);
        user.fetch_plates(&approved, number).await
    }

    /// Who owns a vehicle sells it, swaps its plate with another of the same owner, or sends it abroad.
    pub(in crate::simulation) async fn trade(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let of = self.city.told.lock().owners.get(&which).copied();
        let of = of.unwrap_or(which % OWNERS);
        let buyer = (of + 1) % OWNERS;
        let (request, applicant) = match user.random.random_range(0..5) {
            0 | 1 => (
                Request::Transfer(registration_v1::Transfer {
                    delivered_on: crate::workloads::registration::day("2026-03-01"),
                    ..Default::default()
                }),
                buyer,
            ),
            2 | 3 => (
                Request::PlateSwap(registration_v1::PlateSwap {
                    other_vehicle: vehicle(user.random.random_range(0..CARS)),
                }),
                of,
            ),
            _ => (
                Request::Cancellation(registration_v1::Cancellation {
                    cause: registration_v1::CancellationCause::Abroad.into(),
                }),
                of,
            ),
        };
        let sold = matches!(request, Request::Transfer(_));
        let application = Application {
            vehicle: vehicle(which),
            district: "371702".into(),
            applicants: vec![owner(applicant.into())],
            request: Some(request),
            plate_wish: sold.then(any_number),
            evidence: vec![proof(Material::OwnershipTransfer)],
            ..Application::default()
        };
        let Some(approved) = user.apply(application).await? else {
            return Ok(());
        };
        self.city.told.lock().owners.insert(which, applicant);
        user.fetch_plates(&approved, number).await
    }
}

impl User {
    /// Files an application and has it decided; `None` if nothing comes of it.
    async fn apply(&mut self, application: Application) -> Result<Option<Application>, String> {
        let request = registration_v1::CreateApplicationRequest {
            application: Some(application),
            ..Default::default()
        };
        let file = |api: VehicleApi, request| async move { api.create_application(request).await };
        let Ok(filed) = self.command(DEALER, request, file).await? else {
            return Ok(None);
        };
        let name = filed.into_inner().name;
        self.think().await;
        if self.random.random_bool(0.2) {
            self.withdraw(name).await?;
            return Ok(None);
        }
        let approve =
            |api: VehicleApi, request| async move { api.approve_application(request).await };
        let approved = self.command(OFFICER, approval(&name), approve).await?;
        let Ok(approved) = approved else {
            // Something has come in between, such as a violation: else it would stay open for ever.
            self.withdraw(name).await?;
            return Ok(None);
        };
        let approved = approved.into_inner();
        if !approved.plate.is_empty() {
            self.city.told.lock().plates.push(approved.plate.clone());
        }
        Ok(Some(approved))
    }

    async fn withdraw(&mut self, name: String) -> Result<(), String> {
        let request = registration_v1::WithdrawApplicationRequest {
            name,
            ..Default::default()
        };
        let withdraw =
            |api: VehicleApi, request| async move { api.withdraw_application(request).await };
        self.command(DEALER, request, withdraw).await?.ok();
        Ok(())
    }

    /// What a decision costs is paid, or not; plates are made, and handed over once they are paid.
    async fn fetch_plates(&mut self, approved: &Application, number: u64) -> Result<(), String> {
        if approved.order.is_empty() || self.random.random_bool(0.4) {
            return Ok(());
        }
        self.think().await;
        let reference = format!("v{number}");
        self.pay_order(&approved.order, &reference).await?;
        let request = registration_v1::RecordPlatesMadeRequest {
            name: approved.name.clone(),
            ..Default::default()
        };
        let made = |api: VehicleApi, request| async move { api.record_plates_made(request).await };
        self.command(OFFICER, request, made).await?.ok();
        self.think().await;
        let request = registration_v1::RecordPlatesDeliveredRequest {
            name: approved.name.clone(),
            ..Default::default()
        };
        let delivered =
            |api: VehicleApi, request| async move { api.record_plates_delivered(request).await };
        self.command(OFFICER, request, delivered).await?.ok();
        self.refund_order(&approved.order, &reference).await
    }
}

fn vehicle(which: u8) -> String {
    format!("vehicles/{}", vin("S", which.into()))
}

fn any_number() -> PlateWish {
    PlateWish {
        wish: Some(Wish::Any(true)),
    }
}

fn new_vehicle(which: u8) -> Application {
    let mut application = car(&vin("S", which.into()));
    application.applicants = vec![owner((which % OWNERS).into())];
    if which >= TRUCKS_FROM
        && let Some(Request::InitialRegistration(new)) = &mut application.request
        && let Some(particulars) = &mut new.particulars
    {
        particulars.vehicle_class = VehicleClass::LightTruck.into();
        particulars.seats = 2;
        particulars.gross_mass_kg = 4_000;
    }
    application
}
