//! Registration of cars: for the first time, and to another owner.

use crate::cases::DRIVER;
use integration_tests::Replica;
use integration_tests::replica::Client;
use tonic::Status;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::party::Kind;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;
use traffic_proto::registration::v1::{
    Application, ApproveApplicationRequest, CreateApplicationRequest, Day, ElectronicCheck,
    Evidence, Examination, GetVehicleRequest, InitialRegistration, ListMaterialsRequest,
    Particulars, Party, Person, PlateWish, Transfer, UseNature, Vehicle, VehicleClass,
};

/// A buyer who does not exist.
const BUYER: &str = "371702199001010021";

fn methods(replica: &Replica, account: &str) -> VehicleServiceClient<Client> {
    VehicleServiceClient::new(replica.client(account))
}

fn day(days: i64) -> Option<Day> {
    let value = crate::haulage::day(days)?.value;
    Some(Day { value })
}

fn person(identity_number: &str) -> Party {
    Party {
        kind: Some(Kind::Person(Person {
            name: "Sample Owner".into(),
            identity_number: identity_number.into(),
            ..Person::default()
        })),
    }
}

/// Files an application with every proof that it needs, and approves it.
async fn apply(replica: &Replica, mut application: Application) -> Result<Application, Status> {
    let needed = ListMaterialsRequest {
        application: Some(application.clone()),
    };
    let mut dealer = methods(replica, "partner:dealer");
    let needed = dealer.list_materials(needed).await?.into_inner();
    application.evidence = needed
        .submitted
        .iter()
        .map(|needed| Evidence {
            material: needed.material,
            number: "DOC-1".into(),
        })
        .collect();
    let file = CreateApplicationRequest {
        application: Some(application),
        ..CreateApplicationRequest::default()
    };
    let filed = dealer.create_application(file).await?.into_inner();
    let approve = ApproveApplicationRequest {
        name: filed.name,
        checks: needed
            .electronic
            .iter()
            .map(|needed| ElectronicCheck {
                material: needed.material,
                reference: "REF-1".into(),
            })
            .collect(),
        examination: Some(Examination {
            examiner: "EX-1".into(),
            recording: "REC-1".into(),
        }),
        ..ApproveApplicationRequest::default()
    };
    let approved = methods(replica, "officer:vehicles")
        .approve_application(approve)
        .await;
    Ok(approved?.into_inner())
}

fn application(vin: &str, applicants: Vec<Party>, request: Request) -> Application {
    Application {
        vehicle: vin.into(),
        district: "371702".into(),
        applicants,
        request: Some(request),
        plate_wish: Some(PlateWish {
            wish: Some(Wish::Any(true)),
        }),
        ..Application::default()
    }
}

/// Registers a vehicle of [`DRIVER`]. Answers its plate.
pub(crate) async fn register(replica: &Replica, vin: &str, class: VehicleClass) -> String {
    let request = InitialRegistration {
        particulars: Some(Particulars {
            vehicle_class: class.into(),
            use_nature: UseNature::NonOperating.into(),
            brand: "Sample".into(),
            model: "S1".into(),
            colour: "white".into(),
            engine_number: "E1".into(),
            seats: 5,
            gross_mass_kg: 1_800,
            made_on: day(-30),
            ..Particulars::default()
        }),
        factory_checked: true,
        inspection_valid_until: day(700),
        ..InitialRegistration::default()
    };
    let request = Request::InitialRegistration(request);
    let registered = apply(replica, application(vin, vec![person(DRIVER)], request)).await;
    registered.unwrap().plate
}

/// The owner sells the vehicle.
pub(crate) async fn transfer(replica: &Replica, vin: &str) -> Result<Application, Status> {
    let request = Request::Transfer(Transfer {
        delivered_on: day(0),
        ..Transfer::default()
    });
    let applicants = vec![person(BUYER), person(DRIVER)];
    apply(replica, application(vin, applicants, request)).await
}

pub(crate) async fn get(replica: &Replica, vin: &str) -> Vehicle {
    let request = GetVehicleRequest { name: vin.into() };
    let found = methods(replica, "officer:vehicles")
        .get_vehicle(request)
        .await;
    found.unwrap().into_inner()
}
