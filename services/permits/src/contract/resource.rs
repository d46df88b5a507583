//! The permit as the resource that callers see.

use super::common::{
    day, dimensions, kind, masses, occupation_time, organisation, oversize_class, road_stretch,
    route, run_order, vehicle, work_type,
};
use super::{name, refusal_ground, revocation_ground, suspension_cause};
use crate::domain::application::Application;
use crate::domain::oversize_transport::OversizeTransport;
use crate::domain::permit::{Permit, Stage};
use crate::domain::progress::{Progress, Run, Trip, Works};
use crate::domain::remedies::Remedies;
use crate::domain::road_occupation::RoadOccupation;
use crate::domain::toxic_transport::{PurchaseDocument, QualifiedPerson, ToxicTransport};
use crate::domain::values::PermitId;
use chassis::domain::{PersonRef, Revision};
use chassis::server::to_timestamp;
use jiff::Timestamp;
use pbjson_types::Timestamp as Time;
use traffic_proto::permits::v1 as proto;

pub fn permit(
    id: &PermitId,
    permit: &Permit,
    revision: &Revision,
    remedies: &Remedies,
) -> proto::Permit {
    let remedies_zh = || remedies.notice_zh(permit.district);
    let mut resource = proto::Permit {
        name: name(id),
        state: state(permit).into(),
        kind: kind(permit.kind()).into(),
        district: permit.district.to_string(),
        applicant: Some(organisation(&permit.applicant)),
        contact: Some(person(&permit.contact.person)),
        application: Some(application(&permit.application)),
        filed_by: permit.filed_by.clone(),
        create_time: time(permit.created),
        update_time: time(permit.updated),
        etag: revision.etag(),
        corrections: permit
            .corrections
            .iter()
            .map(|correction| proto::Correction {
                field: correction.field.to_string(),
                request: correction.request.to_string(),
            })
            .collect(),
        limits: Some(proto::DecisionLimits {
            correction_due_time: time(permit.limits.correction_due),
            statutory_due_time: time(permit.limits.statutory_due),
            promised_due_time: time(permit.limits.promised_due),
            statutory_basis: permit.limits.statutory_basis.to_string(),
            deemed_accepted: permit.deemed_accepted,
        }),
        decision: decision(permit, remedies_zh),
        suspensions: permit
            .suspensions
            .iter()
            .filter(|_| permit.is_suspended())
            .map(|suspension| proto::Suspension {
                cause: suspension_cause(&suspension.cause).into(),
                reason: suspension.reason.to_string(),
                suspend_time: time(suspension.since),
                remedies_zh: remedies_zh(),
            })
            .collect(),
        revocation: permit.revoked.as_ref().map(|revoked| proto::Revocation {
            ground: revocation_ground(revoked.ground).into(),
            reason: revoked.reason.to_string(),
            legal_basis: revoked.basis.to_string(),
            revoke_time: time(revoked.at),
            remedies_zh: remedies_zh(),
        }),
        ..proto::Permit::default()
    };
    if let Some(grant) = &permit.grant {
        resource.grant_version = grant.version;
        resource.run_order = grant.run_order.as_ref().map(run_order);
        resource.set_oversize_class(
            grant
                .oversize_class
                .map_or(proto::OversizeClass::Unspecified, oversize_class),
        );
        match &permit.progress {
            Progress::Works(works) => resource.occupation = Some(works_progress(works)),
            Progress::Trip(trip) => resource.trip = Some(trip_progress(trip)),
            Progress::Run(run) => resource.escort = escort(run),
        }
    }
    resource
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the contract's times are optional"
)]
fn time(time: Timestamp) -> Option<Time> {
    Some(to_timestamp(time))
}

fn state(permit: &Permit) -> proto::PermitState {
    match permit.stage {
        Stage::Approved | Stage::InUse if permit.is_suspended() => proto::PermitState::Suspended,
        Stage::Submitted => proto::PermitState::Submitted,
        Stage::CorrectionRequested => proto::PermitState::CorrectionRequested,
        Stage::Accepted => proto::PermitState::Accepted,
        Stage::Approved => proto::PermitState::Approved,
        Stage::InUse => proto::PermitState::InUse,
        Stage::Refused => proto::PermitState::Refused,
        Stage::Withdrawn => proto::PermitState::Withdrawn,
        Stage::Completed => proto::PermitState::Completed,
        Stage::Expired => proto::PermitState::Expired,
        Stage::Revoked => proto::PermitState::Revoked,
    }
}

fn decision(permit: &Permit, remedies_zh: impl FnOnce() -> String) -> Option<proto::Decision> {
    if let Some(grant) = &permit.grant {
        return Some(proto::Decision {
            decide_time: time(grant.decided_at),
            approved: true,
            conditions: grant.conditions.iter().map(ToString::to_string).collect(),
            valid_from: time(grant.valid_from),
            valid_until: time(grant.valid_until),
            ..proto::Decision::default()
        });
    }
    let refused = permit.refused.as_ref()?;
    Some(proto::Decision {
        decide_time: time(refused.decided_at),
        approved: false,
        ground: refusal_ground(refused.ground).into(),
        reason: refused.reason.to_string(),
        legal_basis: refused.basis.to_string(),
        remedies_zh: remedies_zh(),
        ..proto::Decision::default()
    })
}

fn person(person: &PersonRef) -> proto::Person {
    proto::Person {
        person_ref: person.to_string(),
        ..proto::Person::default()
    }
}

fn qualified(qualified: &QualifiedPerson) -> proto::QualifiedPerson {
    proto::QualifiedPerson {
        person: Some(person(qualified.person_ref())),
        qualified_until: Some(day(qualified.qualified_until)),
    }
}

fn application(application: &Application) -> proto::permit::Application {
    match application {
        Application::RoadOccupation(occupation) => {
            proto::permit::Application::RoadOccupation(road_occupation(occupation))
        }
        Application::ToxicTransport(transport) => {
            proto::permit::Application::ToxicTransport(toxic_transport(transport))
        }
        Application::OversizeTransport(transport) => {
            proto::permit::Application::OversizeTransport(oversize_transport(transport))
        }
    }
}

fn road_occupation(occupation: &RoadOccupation) -> proto::RoadOccupation {
    proto::RoadOccupation {
        stretch: Some(road_stretch(&occupation.stretch)),
        time: Some(occupation_time(&occupation.hours)),
        work_type: work_type(occupation.work_type).into(),
        description: occupation.description.to_string(),
        traffic_plan: occupation.traffic_plan.to_string(),
        signs: Some(proto::Signs {
            upstream_m: occupation.signs.upstream_m,
            upstream_night_m: occupation.signs.upstream_night_m,
        }),
        public_notice_on: occupation.public_notice_on.map(day),
        emergency: occupation
            .emergency
            .as_ref()
            .map(|emergency| proto::Emergency {
                started_at: time(emergency.started_at),
                cause: emergency.cause.to_string(),
            }),
        road_authority_consent: occupation
            .road_authority_consent
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        joint_plan: occupation.joint_plan.as_ref().map(|plan| proto::JointPlan {
            number: plan.number.to_string(),
            with: plan.with.iter().map(ToString::to_string).collect(),
        }),
    }
}

fn toxic_transport(transport: &ToxicTransport) -> proto::ToxicTransport {
    let (kind, number) = match &transport.purchase_document {
        PurchaseDocument::BusinessLicence(number) => {
            (proto::PurchaseDocumentKind::BusinessLicence, number)
        }
        PurchaseDocument::PurchasePermit(number) => {
            (proto::PurchaseDocumentKind::PurchasePermit, number)
        }
        PurchaseDocument::Customs(number) => (proto::PurchaseDocumentKind::Customs, number),
    };
    proto::ToxicTransport {
        carrier: Some(proto::Carrier {
            organisation: Some(organisation(&transport.carrier.organisation)),
            licence_number: transport.carrier.licence_number.to_string(),
            licence_valid_until: Some(day(transport.carrier.licence_valid_until)),
        }),
        chemical: Some(proto::Chemical {
            name: transport.chemical.name.to_string(),
            un_number: transport.chemical.un_number.to_string(),
            cas_number: transport.chemical.cas_number.to_string(),
            quantity_kg: transport.chemical.quantity_kg,
        }),
        purchase_document: Some(proto::PurchaseDocument {
            kind: kind.into(),
            number: number.to_string(),
        }),
        tractor: Some(vehicle(&transport.tractor)),
        trailer: transport.trailer.as_ref().map(vehicle),
        main_driver: Some(qualified(&transport.main_driver)),
        second_driver: Some(qualified(&transport.second_driver)),
        main_escort: Some(qualified(&transport.main_escort)),
        second_escort: transport.second_escort.as_ref().map(qualified),
        origin_district: transport.origin.to_string(),
        destination_district: transport.destination.to_string(),
        route: route(&transport.route),
    }
}

fn oversize_transport(transport: &OversizeTransport) -> proto::OversizeTransport {
    proto::OversizeTransport {
        cargo: transport.cargo.to_string(),
        divisible: transport.divisible,
        tractor: Some(vehicle(&transport.tractor)),
        trailer: transport.trailer.as_ref().map(vehicle),
        driver: Some(person(&transport.driver.person)),
        dimensions: Some(dimensions(transport.dimensions)),
        masses: Some(masses(&transport.masses)),
        route: route(&transport.route),
        crosses_province: transport.crosses_province,
        transport_permit: transport.transport_permit.to_string(),
        outline_drawing: transport
            .outline_drawing
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        escort_plan: transport
            .escort_plan
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        valid_from: Some(day(transport.valid_from)),
        valid_until: Some(day(transport.valid_until)),
    }
}

fn works_progress(works: &Works) -> proto::OccupationProgress {
    proto::OccupationProgress {
        started_at: works.started.map(to_timestamp),
        finished_at: works.finished.map(to_timestamp),
        accepted_by_road_authority_at: works.road_authority.as_ref().map(|a| to_timestamp(a.at)),
        accepted_by_police_at: works.police.as_ref().map(|a| to_timestamp(a.at)),
        reopened_at: works.reopened.map(to_timestamp),
        reopening_overdue: works.overdue,
    }
}

fn trip_progress(trip: &Trip) -> proto::TripProgress {
    proto::TripProgress {
        departed_at: trip.departed.map(to_timestamp),
        arrival_due_at: trip.arrival.map(|arrival| to_timestamp(arrival.due)),
        arrived_at: trip.arrived.map(to_timestamp),
        stopped_since: trip.stopped.as_ref().map(|stop| to_timestamp(stop.since)),
        checkpoints_passed: trip.legs_passed.into(),
        arrival_overdue: trip.arrival_overdue,
    }
}

fn escort(run: &Run) -> Option<proto::Escort> {
    let escort = run.escort.as_ref()?;
    let state = match (run.started, run.done) {
        (_, Some(_)) => proto::EscortState::Done,
        (Some(_), None) => proto::EscortState::UnderWay,
        (None, None) => proto::EscortState::Assigned,
    };
    Some(proto::Escort {
        state: state.into(),
        unit: escort.unit.to_string(),
        district: escort.district.to_string(),
        vehicles: escort.vehicles.into(),
        handed_over_to: escort
            .handed_over_to
            .iter()
            .map(ToString::to_string)
            .collect(),
    })
}
