//! Load on registration: cars filed by a dealer, and registered or withdrawn; and the requests that other tests make of it.

use crate::load::{Desk, Role, Workload};
use crate::replica::{Client, Replica};
use chassis::domain::values::{ResidentId, Vin};
use rand::RngExt;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::party::Kind;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_client::VehicleServiceClient;
use traffic_proto::registration::v1::{
    Application, ApproveApplicationRequest, CreateApplicationRequest, Day, Ebike, EbikeCertificate,
    EbikeOrigin, EbikeOriginKind, ElectronicCheck, Evidence, Examination, InitialRegistration,
    Material, Particulars, Party, Person, PlateWish, UseNature, VehicleClass,
    WithdrawApplicationRequest,
};

/// A replica's methods for an account.
pub fn methods(replica: &Replica, account: &str) -> VehicleServiceClient<Client> {
    VehicleServiceClient::new(replica.client(account))
}

/// An invented VIN, with its check character. `series`: a letter of VINs.
pub fn vin(series: &str, number: u64) -> String {
    "0123456789X"
        .chars()
        .map(|check| {
            let series = series.to_uppercase();
            format!("LTEST00{series:.1}{check}R{number:07}")
        })
        .find(|vin| Vin::parse(vin).is_ok())
        .expect("one of eleven check characters is right")
}

/// The identity number of the person of this number, with its check character. Nobody has it: its district does not exist.
///
/// # Panics
/// From number 1000 on.
pub fn identity(number: u32) -> String {
    assert!(number < 1_000, "no person has the number {number}");
    let digits = format!("37999919500101{number:03}");
    let check = ResidentId::check_character(digits.as_bytes()).expect("17 digits");
    format!("{digits}{check}")
}

/// The person of this number as an owner.
pub fn owner(number: u32) -> Party {
    let person = Person {
        name: format!("Sample Owner {number}"),
        identity_number: identity(number),
        ..Person::default()
    };
    Party {
        kind: Some(Kind::Person(person)),
    }
}

/// A conforming e-bike of this frame, which this person has bought.
pub fn ebike(frame: u32, of: u32) -> Ebike {
    Ebike {
        frame_number: format!("1199018{frame:08}"),
        owner: Some(owner(of)),
        certificate: Some(EbikeCertificate {
            standard: "GB 17761-2024".into(),
            number: format!("HGZ-{frame}"),
            make_day: day("2026-01-10"),
        }),
        origin: Some(EbikeOrigin {
            kind: EbikeOriginKind::Invoice.into(),
            number: format!("FP-{frame}"),
            day: day("2026-02-20"),
        }),
        district: "371702".into(),
        ..Ebike::default()
    }
}

/// A proof that is handed in.
pub fn proof(material: Material) -> Evidence {
    Evidence {
        material: material.into(),
        number: "P-1".into(),
    }
}

pub fn day(value: &str) -> Option<Day> {
    Some(Day {
        value: value.to_owned(),
    })
}

/// A complete application for a new car.
pub fn car(vin: &str) -> Application {
    let particulars = Particulars {
        vehicle_class: VehicleClass::SmallPassenger.into(),
        use_nature: UseNature::NonOperating.into(),
        brand: "Sample".into(),
        model: "S1".into(),
        colour: "white".into(),
        seats: 5,
        gross_mass_kg: 1_800,
        made_on: day("2026-01-15"),
        imported: true,
        ..Particulars::default()
    };
    let owner = Person {
        name: "Sample Owner".into(),
        identity_number: "360426199101010071".into(),
        ..Person::default()
    };
    Application {
        vehicle: format!("vehicles/{vin}"),
        district: "371702".into(),
        applicants: vec![Party {
            kind: Some(Kind::Person(owner)),
        }],
        request: Some(Request::InitialRegistration(InitialRegistration {
            particulars: Some(particulars),
            factory_checked: true,
            inspection_valid_until: day("2028-03-02"),
            ..InitialRegistration::default()
        })),
        plate_wish: Some(PlateWish {
            wish: Some(Wish::Any(true)),
        }),
        evidence: vec![proof(Material::Origin), proof(Material::FactoryCertificate)],
        ..Application::default()
    }
}

/// The decision with everything that an officer can state.
pub fn approval(name: &str) -> ApproveApplicationRequest {
    let confirmed = [
        Material::CompulsoryInsurance,
        Material::PurchaseTax,
        Material::VehicleTax,
        Material::SafetyInspection,
    ];
    ApproveApplicationRequest {
        name: name.to_owned(),
        checks: confirmed
            .into_iter()
            .map(|material| ElectronicCheck {
                material: material.into(),
                reference: "R-1".into(),
            })
            .collect(),
        examination: Some(Examination {
            examiner: "X1".into(),
            recording: "V1".into(),
        }),
        ..ApproveApplicationRequest::default()
    }
}

/// Files a car of its own; most are registered, some withdrawn.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// Tells the vehicles of several loads on one suite apart: a letter of VINs.
    pub series: &'static str,
}

fn about(application: &Application) -> Vec<String> {
    vec![
        application
            .name
            .replacen("applications/", "application/", 1),
    ]
}

impl Workload for Registration {
    async fn story(&self, desk: &mut Desk, number: u64) {
        let application = car(&vin(self.series, number));
        let filed = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = CreateApplicationRequest {
                        application: Some(application.clone()),
                        request_id,
                        validate_only: false,
                    };
                    VehicleServiceClient::new(client)
                        .create_application(request)
                        .await
                },
                about,
            )
            .await
            .expect("a new car can be filed");
        let name = filed.name;
        if desk.rng.random_bool(0.2) {
            let withdrawn = desk
                .command(
                    Role::Partner,
                    async |client, request_id| {
                        let request = WithdrawApplicationRequest {
                            name: name.clone(),
                            request_id,
                            ..WithdrawApplicationRequest::default()
                        };
                        VehicleServiceClient::new(client)
                            .withdraw_application(request)
                            .await
                    },
                    about,
                )
                .await;
            withdrawn.expect("an undecided application can be withdrawn");
            return;
        }
        let approved = desk
            .command(
                Role::Officer,
                async |client, request_id| {
                    let request = ApproveApplicationRequest {
                        request_id,
                        ..approval(&name)
                    };
                    VehicleServiceClient::new(client)
                        .approve_application(request)
                        .await
                },
                about,
            )
            .await;
        approved.expect("a complete application can be approved");
    }
}
