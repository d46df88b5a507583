//! Own events as the rest of the world sees them: messages of `published.proto`, made of the event alone.

mod ebikes;

pub use ebikes::ebike;

use crate::contract::enums::{
    cancellation_cause, encumbrance_kind, hold_kind, plate_change_cause, plate_kind, use_nature,
    vehicle_class, vehicle_state,
};
use crate::contract::{application_name, day, vehicle_name};
use crate::domain::application::ApplicationId;
use crate::domain::application::event::{ApplicationEvent, ApplicationFact, Late};
use crate::domain::instruments::traffic_regulations;
use crate::domain::vehicle::event::{VehicleEvent, VehicleFact};
use chassis::domain::values::{PlateNumber, Vin};
use chassis::published::{Origin, PublishedEvent};
use chassis::server::to_timestamp;
use prost::Name;
use serde::Serialize;
use traffic_proto::registration::v1 as proto;

/// What of a vehicle is published: that it is registered, changed, gone; never whose it is.
pub fn vehicle(event: &VehicleEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    match Vin::parse(origin.id) {
        Ok(vin) => Standing { vin, event }.publish().into_iter().collect(),
        // All ids of vehicles are made of VINs.
        Err(_) => Vec::new(),
    }
}

/// A vehicle's event and the vehicle it is about.
struct Standing<'a> {
    vin: Vin,
    event: &'a VehicleEvent,
}

fn number(number: Option<&PlateNumber>) -> String {
    number.map(ToString::to_string).unwrap_or_default()
}

impl Standing<'_> {
    fn publish(&self) -> Option<PublishedEvent> {
        let r#ref = Some(self.reference());
        Some(match &self.event.fact {
            VehicleFact::VehicleRegistered(_) => self.event(&proto::VehicleRegistered { r#ref }),
            VehicleFact::VehicleMovedIn(_) => self.event(&proto::VehicleMovedIn { r#ref }),
            VehicleFact::ParticularsChanged { .. } => self.event(&proto::VehicleChanged { r#ref }),
            VehicleFact::PlateChanged {
                cause, previous, ..
            } => self.event(&proto::PlateChanged {
                r#ref,
                previous_plate: number(previous.as_ref()),
                cause: plate_change_cause(*cause).into(),
            }),
            VehicleFact::VehicleTransferred { previous, .. } => {
                self.event(&proto::VehicleTransferred {
                    r#ref,
                    previous_plate: number(previous.as_ref()),
                })
            }
            VehicleFact::VehicleMovedOut { previous, .. }
            | VehicleFact::VehicleSentForExport { previous, .. } => {
                self.event(&proto::VehicleMovedOut {
                    r#ref,
                    previous_plate: number(previous.as_ref()),
                })
            }
            VehicleFact::VehicleCancelled {
                cause,
                basis,
                previous,
            } => self.event(&proto::VehicleCancelled {
                r#ref,
                previous_plate: number(previous.as_ref()),
                cause: cancellation_cause(*cause).into(),
                legal_basis: basis.to_string(),
            }),
            VehicleFact::Encumbered(encumbrance) => self.event(&proto::EncumbranceRegistered {
                r#ref,
                kind: encumbrance_kind(encumbrance.kind).into(),
                registered_on: day(encumbrance.since),
            }),
            VehicleFact::EncumbranceReleased { kind, on, .. } => {
                self.event(&proto::EncumbranceReleased {
                    r#ref,
                    kind: encumbrance_kind(*kind).into(),
                    released_on: day(*on),
                })
            }
            VehicleFact::HoldPlaced(hold) => self.event(&proto::VehicleHeld {
                r#ref,
                kind: hold_kind(hold.kind).into(),
            }),
            VehicleFact::HoldLifted { kind, .. } => self.event(&proto::VehicleHoldLifted {
                r#ref,
                kind: hold_kind(*kind).into(),
            }),
            VehicleFact::TemporaryPlateIssued(plate) => self.event(&proto::TemporaryPlateIssued {
                r#ref,
                number: plate.number.to_string(),
                valid_until: day(plate.valid_until),
            }),
            VehicleFact::InspectionMarkIssued { .. } => {
                self.event(&proto::InspectionMarkIssued { r#ref })
            }
            VehicleFact::ScrappingNoticeDue(notice) => self.event(&proto::ScrappingNoticeDue {
                r#ref,
                last_day: day(notice.last_day),
                void_from: day(notice.void_from),
                legal_basis: traffic_regulations("art. 9(1)").to_string(),
            }),
            VehicleFact::DocumentsVoided { basis } => self.event(&proto::DocumentsVoided {
                r#ref,
                legal_basis: basis.to_string(),
            }),
            VehicleFact::SchoolBusSignIssued(sign) => self.event(&proto::SchoolBusSignIssued {
                r#ref,
                valid_until: day(sign.valid_until),
            }),
            VehicleFact::SchoolBusSignRenewed { valid_until } => {
                self.event(&proto::SchoolBusSignIssued {
                    r#ref,
                    valid_until: day(*valid_until),
                })
            }
            VehicleFact::SchoolBusSignReturned { cause } => {
                self.event(&proto::SchoolBusSignReturned {
                    r#ref,
                    legal_basis: cause.basis().to_string(),
                })
            }
            VehicleFact::VehicleEntered { .. }
            | VehicleFact::ApplicationOpened { .. }
            | VehicleFact::ApplicationClosed { .. }
            | VehicleFact::OwnerChangedParticulars { .. }
            | VehicleFact::OwnerReplaced { .. }
            | VehicleFact::TemporaryPlatesEnd { .. }
            | VehicleFact::PlatesReissued
            | VehicleFact::DocumentReissued { .. }
            | VehicleFact::SchoolBusSignReissued => return None,
        })
    }

    fn reference(&self) -> proto::VehicleRef {
        let after = &self.event.after;
        proto::VehicleRef {
            vehicle: vehicle_name(&self.vin),
            plate: number(after.plate.as_ref()),
            plate_kind: plate_kind(after.category).into(),
            vehicle_class: vehicle_class(after.class).into(),
            use_nature: use_nature(after.use_nature).into(),
            state: vehicle_state(after.stage).into(),
            district: after.district.to_string(),
            seats: after.seats.into(),
            inspection_valid_until: after.inspection_valid_until.and_then(day),
        }
    }

    fn event<M: Name + Serialize>(&self, message: &M) -> PublishedEvent {
        PublishedEvent::of(vehicle_name(&self.vin), self.event.after.district, message)
    }
}

/// What of an application is published: late filings, deadlines, and where the plates are.
pub fn application(event: &ApplicationEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let Ok(id) = ApplicationId::parse(origin.id) else {
        return Vec::new();
    };
    let about = Filed {
        name: application_name(&id),
        event,
    };
    about.publish().into_iter().collect()
}

/// An application's event and its name.
struct Filed<'a> {
    name: String,
    event: &'a ApplicationEvent,
}

impl Filed<'_> {
    fn publish(&self) -> Option<PublishedEvent> {
        let r#ref = Some(self.order());
        Some(match &self.event.fact {
            ApplicationFact::ApplicationFiled(filing) => self.late(filing.late.as_ref()?),
            ApplicationFact::DecisionDeadlineWarned { percent, due } => {
                self.event(&proto::DecisionDeadlineWarned {
                    application: self.name.clone(),
                    district: self.event.district.to_string(),
                    percent: (*percent).into(),
                    due_time: Some(to_timestamp(*due)),
                })
            }
            ApplicationFact::ApplicationApproved(approval) if approval.plates_to_make => {
                self.event(&proto::PlatesOrdered { r#ref })
            }
            ApplicationFact::PlatesMade => self.event(&proto::PlatesMade { r#ref }),
            ApplicationFact::PlatesShipped { .. } => self.event(&proto::PlatesShipped { r#ref }),
            ApplicationFact::PlatesDelivered => self.event(&proto::PlatesDelivered { r#ref }),
            ApplicationFact::ApplicationApproved(_)
            | ApplicationFact::MaterialsRequested { .. }
            | ApplicationFact::MaterialsSupplied { .. }
            | ApplicationFact::ApplicationRefused(_)
            | ApplicationFact::ApplicationWithdrawn => return None,
        })
    }

    fn late(&self, late: &Late) -> PublishedEvent {
        let r#ref = Some(proto::VehicleRef {
            vehicle: vehicle_name(&self.event.vin),
            plate: number(self.event.number.as_ref()),
            plate_kind: plate_kind(self.event.category).into(),
            district: self.event.district.to_string(),
            ..proto::VehicleRef::default()
        });
        self.event(&proto::FilingLate {
            application: self.name.clone(),
            r#ref,
            due_time: Some(to_timestamp(late.due)),
            legal_basis: late.basis.to_string(),
        })
    }

    fn order(&self) -> proto::PlateOrderRef {
        proto::PlateOrderRef {
            application: self.name.clone(),
            vehicle: vehicle_name(&self.event.vin),
            plate: number(self.event.number.as_ref()),
            plate_kind: plate_kind(self.event.category).into(),
            district: self.event.district.to_string(),
        }
    }

    fn event<M: Name + Serialize>(&self, message: &M) -> PublishedEvent {
        PublishedEvent::of(self.name.clone(), self.event.district, message)
    }
}
