//! Own events as the rest of the world sees them: messages of `published.proto`, made of the event alone.

use crate::contract::{
    dimensions, kind, masses, name, occupation_time, oversize_class, plates, refusal_ground,
    revocation_ground, road_stretch, route, run_order, suspension_cause,
};
use crate::domain::application::Application;
use crate::domain::event::{Fact, Grant, PermitEvent};
use crate::domain::oversize_transport::OversizeTransport;
use crate::domain::road_occupation::RoadOccupation;
use crate::domain::toxic_transport::ToxicTransport;
use crate::domain::values::PermitId;
use chassis::domain::District;
use chassis::domain::values::DocumentNumber;
use chassis::published::{Origin, PublishedEvent};
use chassis::server::to_timestamp;
use prost::Name;
use serde::Serialize;
use traffic_proto::permits::v1 as proto;

/// What of a permit's event is published; steps that concern only applicant and authority are not.
pub fn publish(event: &PermitEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let Ok(id) = PermitId::parse(origin.id) else {
        return Vec::new();
    };
    let about = About { id: &id, event };
    about.publish().into_iter().collect()
}

/// An event and the permit it is about.
struct About<'a> {
    id: &'a PermitId,
    event: &'a PermitEvent,
}

impl About<'_> {
    fn publish(&self) -> Option<PublishedEvent> {
        let r#ref = Some(self.reference());
        Some(match &self.event.fact {
            Fact::PermitSubmitted(_) => self.event(&proto::PermitSubmitted { r#ref }),
            Fact::PermitAccepted { deemed, limits } => self.event(&proto::PermitAccepted {
                r#ref,
                statutory_due_time: Some(to_timestamp(limits.statutory_due)),
                deemed: *deemed,
            }),
            Fact::PermitRefused(refused) => self.event(&proto::PermitRefused {
                r#ref,
                ground: refusal_ground(refused.ground).into(),
                legal_basis: refused.basis.to_string(),
            }),
            Fact::PermitWithdrawn { .. } => self.event(&proto::PermitWithdrawn { r#ref }),
            Fact::PermitApproved {
                grant, application, ..
            }
            | Fact::PermitAmended {
                grant, application, ..
            } => self.granted(grant, application),
            Fact::PermitSuspended {
                cause, use_goes_on, ..
            } => self.event(&proto::PermitSuspended {
                r#ref,
                cause: suspension_cause(cause).into(),
                use_goes_on: *use_goes_on,
            }),
            Fact::SuspensionLifted { usable: true, .. } => {
                self.event(&proto::PermitResumed { r#ref })
            }
            Fact::PermitRevoked {
                ground,
                basis,
                use_goes_on,
                ..
            } => self.event(&proto::PermitRevoked {
                r#ref,
                ground: revocation_ground(*ground).into(),
                legal_basis: basis.to_string(),
                use_goes_on: *use_goes_on,
            }),
            Fact::PermitExpired => self.event(&proto::PermitExpired { r#ref }),
            Fact::PermitCompleted => self.event(&proto::PermitCompleted { r#ref }),
            Fact::DecisionDeadlineWarned {
                clock,
                percent,
                due,
            } => self.event(&proto::DecisionDeadlineWarned {
                r#ref,
                clock: clock.as_str().to_owned(),
                percent: (*percent).into(),
                due_time: Some(to_timestamp(*due)),
            }),
            Fact::RoadWorkStarted | Fact::RoadWorkUnderWay { .. } => {
                self.event(&proto::RoadWorkStarted { r#ref })
            }
            Fact::RoadReopened => self.event(&proto::RoadReopened { r#ref }),
            Fact::ReopeningOverdue { due } => self.event(&proto::ReopeningOverdue {
                r#ref,
                due_time: Some(to_timestamp(*due)),
            }),
            Fact::ToxicTransportDeparted { at, arrival } => {
                self.event(&proto::ToxicTransportDeparted {
                    r#ref,
                    depart_time: Some(to_timestamp(*at)),
                    arrival_due_time: Some(to_timestamp(arrival.due)),
                })
            }
            Fact::ToxicTransportArrived { at } => self.event(&proto::ToxicTransportArrived {
                r#ref,
                arrive_time: Some(to_timestamp(*at)),
            }),
            Fact::LongStopAlarmed { since } => self.event(&proto::LongStopAlarmed {
                r#ref,
                stopped_since: Some(to_timestamp(*since)),
            }),
            Fact::ArrivalOverdueAlarmed { due } => self.event(&proto::ArrivalOverdueAlarmed {
                r#ref,
                arrival_due_time: Some(to_timestamp(*due)),
            }),
            Fact::EscortAssigned { unit, district, .. } => {
                self.escort(proto::EscortState::Assigned, unit, *district)
            }
            Fact::EscortStarted { unit, district }
            | Fact::EscortHandedOver { unit, to: district } => {
                self.escort(proto::EscortState::UnderWay, unit, *district)
            }
            Fact::EscortCompleted { unit, district } => {
                self.escort(proto::EscortState::Done, unit, *district)
            }
            Fact::CorrectionRequested { .. }
            | Fact::PermitCorrected(_)
            | Fact::SuspensionLifted { usable: false, .. }
            | Fact::RoadWorkFinished
            | Fact::RoadAccepted { .. }
            | Fact::RoadNotAccepted { .. }
            | Fact::CheckpointPassed { .. }
            | Fact::VehicleStopped { .. }
            | Fact::VehicleMovedOn { .. } => return None,
        })
    }

    fn reference(&self) -> proto::PermitRef {
        proto::PermitRef {
            permit: name(self.id),
            kind: kind(self.event.kind).into(),
            district: self.event.district.to_string(),
        }
    }

    fn event<M: Name + Serialize>(&self, message: &M) -> PublishedEvent {
        PublishedEvent::of(name(self.id), self.event.district, message)
    }

    fn granted(&self, grant: &Grant, application: &Application) -> PublishedEvent {
        match application {
            Application::RoadOccupation(occupation) => {
                self.event(&self.occupation(grant, occupation))
            }
            Application::ToxicTransport(transport) => {
                self.event(&self.toxic_transport(grant, application, transport))
            }
            Application::OversizeTransport(transport) => {
                self.event(&self.oversize_transport(grant, application, transport))
            }
        }
    }

    fn occupation(
        &self,
        grant: &Grant,
        occupation: &RoadOccupation,
    ) -> proto::RoadOccupationApproved {
        proto::RoadOccupationApproved {
            r#ref: Some(self.reference()),
            stretch: Some(road_stretch(&occupation.stretch)),
            time: Some(occupation_time(&occupation.hours)),
            work_type: crate::contract::work_type(occupation.work_type).into(),
            emergency: occupation.emergency.is_some(),
            grant_version: grant.version,
        }
    }

    fn toxic_transport(
        &self,
        grant: &Grant,
        application: &Application,
        transport: &ToxicTransport,
    ) -> proto::ToxicTransportApproved {
        proto::ToxicTransportApproved {
            r#ref: Some(self.reference()),
            plates: plates(application),
            drivers: transport
                .drivers()
                .iter()
                .map(|driver| driver.person_ref().to_string())
                .collect(),
            un_number: transport.chemical.un_number.to_string(),
            quantity_kg: transport.chemical.quantity_kg,
            origin_district: transport.origin.to_string(),
            destination_district: transport.destination.to_string(),
            route: route(&transport.route),
            valid_from: Some(to_timestamp(grant.valid_from)),
            valid_until: Some(to_timestamp(grant.valid_until)),
            grant_version: grant.version,
        }
    }

    fn oversize_transport(
        &self,
        grant: &Grant,
        application: &Application,
        transport: &OversizeTransport,
    ) -> proto::OversizeTransportApproved {
        let class = grant
            .oversize_class
            .map_or(proto::OversizeClass::Unspecified, oversize_class);
        proto::OversizeTransportApproved {
            r#ref: Some(self.reference()),
            plates: plates(application),
            dimensions: Some(dimensions(transport.dimensions)),
            masses: Some(masses(&transport.masses)),
            oversize_class: class.into(),
            route: route(&transport.route),
            valid_from: Some(to_timestamp(grant.valid_from)),
            valid_until: Some(to_timestamp(grant.valid_until)),
            run_order: grant.run_order.as_ref().map(run_order),
            grant_version: grant.version,
        }
    }

    fn escort(
        &self,
        state: proto::EscortState,
        unit: &DocumentNumber,
        district: District,
    ) -> PublishedEvent {
        self.event(&proto::EscortChanged {
            r#ref: Some(self.reference()),
            state: state.into(),
            unit: unit.to_string(),
            escort_district: district.to_string(),
        })
    }
}
