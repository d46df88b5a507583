//! From the domain to the contract: resources, published messages, history. Nothing personal passes but references.

mod common;
mod history;
mod resource;

pub use common::{
    dimensions, kind, masses, occupation_time, oversize_class, plates, road_stretch, route,
    run_order, travel_direction, work_type,
};
pub use history::history_event;
pub use resource::permit;

use crate::domain::event::{RefusalGround, RevocationGround, SuspensionCause};
use crate::domain::values::PermitId;
use traffic_proto::permits::v1 as proto;

/// `permits/{permit}`.
pub fn name(id: &PermitId) -> String {
    format!("permits/{id}")
}

pub fn refusal_ground(ground: RefusalGround) -> proto::RefusalGround {
    match ground {
        RefusalGround::NotRequired => proto::RefusalGround::NotRequired,
        RefusalGround::NotCompetent => proto::RefusalGround::NotCompetent,
        RefusalGround::ConditionsNotMet => proto::RefusalGround::ConditionsNotMet,
        RefusalGround::FalseStatements => proto::RefusalGround::FalseStatements,
        RefusalGround::TrafficSafety => proto::RefusalGround::TrafficSafety,
    }
}

pub fn revocation_ground(ground: RevocationGround) -> proto::RevocationGround {
    match ground {
        RevocationGround::AbuseOfDuty => proto::RevocationGround::AbuseOfDuty,
        RevocationGround::BeyondPowers => proto::RevocationGround::BeyondPowers,
        RevocationGround::Procedure => proto::RevocationGround::Procedure,
        RevocationGround::NotQualified => proto::RevocationGround::NotQualified,
        RevocationGround::Fraud => proto::RevocationGround::Fraud,
        RevocationGround::PublicInterest => proto::RevocationGround::PublicInterest,
        RevocationGround::ForceMajeure => proto::RevocationGround::ForceMajeure,
        RevocationGround::VehicleCancelled => proto::RevocationGround::VehicleCancelled,
        RevocationGround::HolderDissolved => proto::RevocationGround::HolderDissolved,
    }
}

pub fn suspension_cause(cause: &SuspensionCause) -> proto::SuspensionCause {
    match cause {
        SuspensionCause::Order => proto::SuspensionCause::Order,
        SuspensionCause::Driver(_) => proto::SuspensionCause::Driver,
        SuspensionCause::Vehicle(_) => proto::SuspensionCause::Vehicle,
    }
}
