//! What dealers and officers do: a car is filed, and registered under a number that the lot draws. Two commands a car.

use super::measure::Worker;
use super::requests::in_days;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use crate::invented::vin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::{Response, Status};
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::party::Kind;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;
use traffic_proto::registration::v1::{
    Application, ApproveApplicationRequest, CreateApplicationRequest, Day, ElectronicCheck,
    Evidence, InitialRegistration, Material, Organisation, Particulars, Party, PlateWish,
    UseNature, VehicleClass,
};
use uuid::Uuid;

type Client = VehicleServiceClient<Connection>;

pub(super) struct RegistrationLoad {
    dealers: Vec<Client>,
    officers: Vec<Client>,
    /// Numbers the cars of all workers.
    cars: Arc<AtomicU32>,
}

impl RegistrationLoad {
    /// # Errors
    /// There is no connection.
    pub(super) fn prepare(
        dealers: Vec<Connection>,
        officers: Vec<Connection>,
    ) -> Result<Self, Failure> {
        if dealers.is_empty() || officers.is_empty() {
            return Err(Failure::failed("no connection"));
        }
        let clients = |connections: Vec<Connection>| {
            connections
                .into_iter()
                .map(VehicleServiceClient::new)
                .collect()
        };
        Ok(Self {
            dealers: clients(dealers),
            officers: clients(officers),
            cars: Arc::default(),
        })
    }

    pub(super) fn commands(&self, number: usize) -> Car {
        let one_of = |clients: &[Client]| clients[number % clients.len()].clone();
        Car {
            dealer: one_of(&self.dealers),
            officer: one_of(&self.officers),
            cars: Arc::clone(&self.cars),
            filed: None,
        }
    }
}

/// One car after the other, filed and then registered.
pub(super) struct Car {
    dealer: Client,
    officer: Client,
    cars: Arc<AtomicU32>,
    /// The application to be decided next.
    filed: Option<String>,
}

impl Worker for Car {
    async fn step(&mut self) -> Result<(), String> {
        let answer = match self.filed.take() {
            None => self.file().await,
            Some(name) => self.decide(name).await.map(|_| None),
        };
        self.filed = answer.map_err(|status| describe(&status))?;
        Ok(())
    }
}

impl Car {
    async fn file(&mut self) -> Result<Option<String>, Status> {
        let number = self.cars.fetch_add(1, Ordering::Relaxed);
        let request = CreateApplicationRequest {
            application: Some(application(number)),
            request_id: Uuid::now_v7().to_string(),
            validate_only: false,
        };
        let filed = self.dealer.create_application(request).await?;
        Ok(Some(filed.into_inner().name))
    }

    async fn decide(&mut self, name: String) -> Result<Response<Application>, Status> {
        let confirmed = [
            Material::CompulsoryInsurance,
            Material::PurchaseTax,
            Material::VehicleTax,
        ];
        let request = ApproveApplicationRequest {
            name,
            checks: confirmed
                .into_iter()
                .map(|material| ElectronicCheck {
                    material: material.into(),
                    reference: "SAMPLE-1".to_owned(),
                })
                .collect(),
            request_id: Uuid::now_v7().to_string(),
            ..ApproveApplicationRequest::default()
        };
        self.officer.approve_application(request).await
    }
}

fn day(value: &str) -> Option<Day> {
    Some(Day {
        value: value.to_owned(),
    })
}

/// A new private car of a firm, whose factory is connected: nothing is left to hand in but two papers.
fn application(number: u32) -> Application {
    let proof = |material: Material| Evidence {
        material: material.into(),
        number: "SAMPLE-1".to_owned(),
    };
    let owner = Organisation {
        name: "示例公司".to_owned(),
        credit_code: "91110000600037341L".to_owned(),
    };
    let particulars = Particulars {
        vehicle_class: VehicleClass::SmallPassenger.into(),
        use_nature: UseNature::NonOperating.into(),
        brand: "示例".to_owned(),
        model: "S1".to_owned(),
        colour: "白".to_owned(),
        seats: 5,
        gross_mass_kg: 1_800,
        made_on: day(&crate::time::now().strftime("%Y-%m-%d").to_string()),
        inspection_exempt: true,
        ..Particulars::default()
    };
    Application {
        vehicle: format!("vehicles/{}", vin(number)),
        district: "371702".to_owned(),
        applicants: vec![Party {
            kind: Some(Kind::Organisation(owner)),
        }],
        request: Some(Request::InitialRegistration(InitialRegistration {
            particulars: Some(particulars),
            factory_checked: true,
            // New private cars are first inspected after two years.
            inspection_valid_until: day(&in_days(700)),
            ..InitialRegistration::default()
        })),
        plate_wish: Some(PlateWish {
            wish: Some(Wish::Any(true)),
        }),
        evidence: vec![proof(Material::Origin), proof(Material::FactoryCertificate)],
        ..Application::default()
    }
}
