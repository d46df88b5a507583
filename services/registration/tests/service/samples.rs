//! Synthetic cars, people and applications as clients send them.

use std::sync::atomic::{AtomicU32, Ordering};
use traffic_proto::registration::v1 as proto;
use uuid::Uuid;

pub(crate) const NAME: &str = "示例甲";
pub(crate) const PHONE: &str = "13800000000";
pub(crate) const ADDRESS: &str = "示例路 1 号";
pub(crate) const IDENTITY: &str = "360426199101010071";
pub(crate) const OTHER_IDENTITY: &str = "44011320141005001X";

/// A VIN of this test's own, with its check character.
pub(crate) fn vin() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let serial = NEXT.fetch_add(1, Ordering::Relaxed);
    "0123456789X"
        .chars()
        .map(|check| format!("LTEST000{check}R{serial:07}"))
        .find(|vin| chassis::domain::values::Vin::parse(vin).is_ok())
        .expect("one of eleven check characters is right")
}

pub(crate) fn day(day: &str) -> Option<proto::Day> {
    Some(proto::Day { value: day.into() })
}

pub(crate) fn person(identity: &str) -> proto::Person {
    proto::Person {
        name: NAME.into(),
        identity_number: identity.into(),
        phone: PHONE.into(),
        address: ADDRESS.into(),
        ..Default::default()
    }
}

pub(crate) fn owner(identity: &str) -> proto::Party {
    proto::Party {
        kind: Some(proto::party::Kind::Person(person(identity))),
    }
}

pub(crate) fn organisation() -> proto::Organisation {
    proto::Organisation {
        name: "Sample Cars Ltd".into(),
        credit_code: "91110000600037341L".into(),
    }
}

pub(crate) fn car() -> proto::Particulars {
    proto::Particulars {
        vehicle_class: proto::VehicleClass::SmallPassenger.into(),
        use_nature: proto::UseNature::NonOperating.into(),
        brand: "Sample".into(),
        model: "S1".into(),
        colour: "white".into(),
        engine_number: "E1".into(),
        seats: 5,
        gross_mass_kg: 1_800,
        made_on: day("2026-01-15"),
        inspection_exempt: true,
        ..Default::default()
    }
}

pub(crate) fn evidence(materials: &[proto::Material]) -> Vec<proto::Evidence> {
    materials
        .iter()
        .map(|material| proto::Evidence {
            material: (*material).into(),
            number: "P-1".into(),
        })
        .collect()
}

fn any_number() -> Option<proto::PlateWish> {
    Some(proto::PlateWish {
        wish: Some(proto::plate_wish::Wish::Any(true)),
    })
}

/// A complete application for a new car.
pub(crate) fn initial(vin: &str, identity: &str) -> proto::Application {
    proto::Application {
        vehicle: format!("vehicles/{vin}"),
        district: "371702".into(),
        applicants: vec![owner(identity)],
        request: Some(proto::application::Request::InitialRegistration(
            proto::InitialRegistration {
                particulars: Some(car()),
                factory_checked: true,
                inspection_valid_until: day("2028-03-02"),
                ..Default::default()
            },
        )),
        plate_wish: any_number(),
        evidence: evidence(&[proto::Material::Origin, proto::Material::FactoryCertificate]),
        ..Default::default()
    }
}

pub(crate) fn transfer(vin: &str, identity: &str) -> proto::Application {
    proto::Application {
        vehicle: format!("vehicles/{vin}"),
        district: "371702".into(),
        applicants: vec![owner(identity)],
        request: Some(proto::application::Request::Transfer(proto::Transfer {
            delivered_on: day("2026-03-01"),
            ..Default::default()
        })),
        plate_wish: any_number(),
        evidence: evidence(&[proto::Material::OwnershipTransfer]),
        ..Default::default()
    }
}

pub(crate) fn create(application: proto::Application) -> proto::CreateApplicationRequest {
    proto::CreateApplicationRequest {
        application: Some(application),
        request_id: Uuid::now_v7().to_string(),
        validate_only: false,
    }
}

/// With everything that an officer can state.
pub(crate) fn approve(name: &str) -> proto::ApproveApplicationRequest {
    let checks = [
        proto::Material::CompulsoryInsurance,
        proto::Material::PurchaseTax,
        proto::Material::VehicleTax,
        proto::Material::SafetyInspection,
    ];
    proto::ApproveApplicationRequest {
        name: name.into(),
        checks: checks
            .into_iter()
            .map(|material| proto::ElectronicCheck {
                material: material.into(),
                reference: "R-1".into(),
            })
            .collect(),
        examination: Some(proto::Examination {
            examiner: "X1".into(),
            recording: "V1".into(),
        }),
        request_id: Uuid::now_v7().to_string(),
        ..Default::default()
    }
}
