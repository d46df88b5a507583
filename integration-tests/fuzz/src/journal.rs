//! What comes from the bus: commits of the own journal, events of other services.

use async_nats::header::HeaderMap;
use bytes::Bytes;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::published::ReceivedEvent;
use prost::Name;
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;
use traffic_proto::{enforcement::v1 as enforcement_v1, parking::v1 as parking_v1};
use traffic_proto::{permits::v1 as permits_v1, registration::v1 as registration_v1};

/// Reads JSON as an `M`; whatever is understood is understood in the same way again.
fn understood<M: Serialize + DeserializeOwned>(json: &[u8]) -> bool {
    let Ok(message) = serde_json::from_slice::<M>(json) else {
        return false;
    };
    let written = serde_json::to_vec(&message).expect("what was read can be written");
    let again: M = serde_json::from_slice(&written).expect("what was written can be read");
    let again = serde_json::to_vec(&again).expect("what was read can be written");
    assert_eq!(again, written);
    true
}

fn event_of<A: Aggregate>(json: &[u8]) -> bool {
    understood::<A::Event>(json)
}

/// The events of all aggregates of all services.
const EVENTS: [fn(&[u8]) -> bool; 36] = [
    event_of::<enforcement::domain::arrears::Arrears>,
    event_of::<enforcement::domain::detention::Detention>,
    event_of::<enforcement::domain::docket::Docket>,
    event_of::<enforcement::domain::hazard::Hazard>,
    event_of::<enforcement::domain::licence::Licence>,
    event_of::<enforcement::domain::oversize::OversizePermit>,
    event_of::<enforcement::domain::persuasion::Company>,
    event_of::<enforcement::domain::persuasion::JunctionDay>,
    event_of::<enforcement::domain::registered::RegisteredPlate>,
    event_of::<enforcement::domain::violation::Violation>,
    event_of::<parking::domain::bay::Bay>,
    event_of::<parking::domain::session::Money>,
    event_of::<parking::domain::session::Session>,
    event_of::<parking::domain::tariff::Tariff>,
    event_of::<parking::domain::waiver::Waiver>,
    event_of::<parking::domain::works::Occupation>,
    event_of::<parking::domain::zone::Zone>,
    event_of::<permits::domain::permit::Permit>,
    event_of::<permits::domain::registers::ApplicantStanding>,
    event_of::<permits::domain::registers::DriverStanding>,
    event_of::<permits::domain::registers::VehicleRecord>,
    event_of::<permits::domain::road_calendar::RoadCalendar>,
    event_of::<registration::domain::application::Application>,
    event_of::<registration::domain::blocks::PlateRecord>,
    event_of::<registration::domain::ebike::Ebike>,
    event_of::<registration::domain::ebike::plate::PlateBlock>,
    event_of::<registration::domain::kiosk::KioskSession>,
    event_of::<registration::domain::kiosk::blank::Blank>,
    event_of::<registration::domain::order::Order>,
    event_of::<registration::domain::order::UsedReference>,
    event_of::<registration::domain::plate::PlateClaim>,
    event_of::<registration::domain::plate::offer::PlateOffer>,
    event_of::<registration::domain::standing::ApplicantStanding>,
    event_of::<registration::domain::station::Station>,
    event_of::<registration::domain::station::day::StationDay>,
    event_of::<registration::domain::vehicle::Vehicle>,
];

/// A commit of the journal (JSON). What is read stays the same when it is written and read again, and so does each of
/// its events that an aggregate knows; others are refused.
pub fn commits(bytes: &[u8]) -> bool {
    let Ok(read) = Commit::decode(bytes) else {
        return false;
    };
    let written = read.encode();
    let again = Commit::decode(&written).expect("what was written can be read");
    assert_eq!(again.encode(), written);
    let mut known = false;
    for event in &read.events {
        for event_of in EVENTS {
            known |= event_of(event.get().as_bytes());
        }
    }
    known
}

/// Headers of an event, in the order in which an input has them as lines before the data.
const HEADERS: [&str; 5] = [
    "ce-id",
    "ce-type",
    "ce-subject",
    "ce-time",
    "ce-traceparent",
];

/// The event that an input describes, if the protocol can carry it and it is an event at all.
fn received(bytes: &[u8]) -> Option<ReceivedEvent> {
    let mut lines = bytes.splitn(HEADERS.len() + 1, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in HEADERS {
        let value = String::from_utf8_lossy(lines.next()?);
        if !value.is_empty() {
            headers.insert(name, async_nats::HeaderValue::from_str(&value).ok()?);
        }
    }
    let data = Bytes::copy_from_slice(lines.next()?);
    ReceivedEvent::parse(Some(&headers), data).ok()
}

/// Whether it is an `M` by name, and by its data.
fn message_of<M: Name + Serialize + DeserializeOwned>(event: &ReceivedEvent) -> bool {
    event.is::<M>() && understood::<M>(&event.data)
}

/// What the contracts publish.
const MESSAGES: [fn(&ReceivedEvent) -> bool; 80] = [
    message_of::<enforcement_v1::ViolationEntered>,
    message_of::<enforcement_v1::ViolationDecided>,
    message_of::<enforcement_v1::ViolationSettled>,
    message_of::<enforcement_v1::ViolationClosed>,
    message_of::<enforcement_v1::ViolationReopened>,
    message_of::<enforcement_v1::FineOverdue>,
    message_of::<enforcement_v1::DriverBarred>,
    message_of::<enforcement_v1::DriverRestored>,
    message_of::<enforcement_v1::PointsTradingSuspected>,
    message_of::<enforcement_v1::HazardFound>,
    message_of::<enforcement_v1::HazardRectified>,
    message_of::<enforcement_v1::CompanySummoned>,
    message_of::<enforcement_v1::VehicleDetained>,
    message_of::<enforcement_v1::VehicleReleased>,
    message_of::<enforcement_v1::VehicleDisposed>,
    message_of::<parking_v1::ZonePublished>,
    message_of::<parking_v1::ZoneRetired>,
    message_of::<parking_v1::BayPublished>,
    message_of::<parking_v1::BayRetired>,
    message_of::<parking_v1::AvailabilityChanged>,
    message_of::<parking_v1::BayClosed>,
    message_of::<parking_v1::BayReopened>,
    message_of::<parking_v1::SessionCharged>,
    message_of::<parking_v1::SessionVoided>,
    message_of::<parking_v1::PaymentReceived>,
    message_of::<parking_v1::PaymentRefunded>,
    message_of::<parking_v1::ArrearsReferred>,
    message_of::<parking_v1::ArrearsSettled>,
    message_of::<parking_v1::IllegalParkingSeen>,
    message_of::<parking_v1::OverstayNoted>,
    message_of::<permits_v1::PermitSubmitted>,
    message_of::<permits_v1::PermitAccepted>,
    message_of::<permits_v1::PermitRefused>,
    message_of::<permits_v1::PermitWithdrawn>,
    message_of::<permits_v1::RoadOccupationApproved>,
    message_of::<permits_v1::RoadWorkStarted>,
    message_of::<permits_v1::RoadReopened>,
    message_of::<permits_v1::ReopeningOverdue>,
    message_of::<permits_v1::ToxicTransportApproved>,
    message_of::<permits_v1::ToxicTransportDeparted>,
    message_of::<permits_v1::ToxicTransportArrived>,
    message_of::<permits_v1::LongStopAlarmed>,
    message_of::<permits_v1::ArrivalOverdueAlarmed>,
    message_of::<permits_v1::OversizeTransportApproved>,
    message_of::<permits_v1::EscortChanged>,
    message_of::<permits_v1::PermitSuspended>,
    message_of::<permits_v1::PermitResumed>,
    message_of::<permits_v1::PermitRevoked>,
    message_of::<permits_v1::PermitExpired>,
    message_of::<permits_v1::PermitCompleted>,
    message_of::<permits_v1::DecisionDeadlineWarned>,
    message_of::<registration_v1::VehicleRegistered>,
    message_of::<registration_v1::VehicleChanged>,
    message_of::<registration_v1::PlateChanged>,
    message_of::<registration_v1::VehicleTransferred>,
    message_of::<registration_v1::VehicleMovedOut>,
    message_of::<registration_v1::VehicleMovedIn>,
    message_of::<registration_v1::VehicleCancelled>,
    message_of::<registration_v1::VehicleHeld>,
    message_of::<registration_v1::VehicleHoldLifted>,
    message_of::<registration_v1::EncumbranceRegistered>,
    message_of::<registration_v1::EncumbranceReleased>,
    message_of::<registration_v1::TemporaryPlateIssued>,
    message_of::<registration_v1::InspectionMarkIssued>,
    message_of::<registration_v1::DocumentsVoided>,
    message_of::<registration_v1::ScrappingNoticeDue>,
    message_of::<registration_v1::FilingLate>,
    message_of::<registration_v1::DecisionDeadlineWarned>,
    message_of::<registration_v1::PlatesOrdered>,
    message_of::<registration_v1::PlatesMade>,
    message_of::<registration_v1::PlatesShipped>,
    message_of::<registration_v1::PlatesDelivered>,
    message_of::<registration_v1::EbikeRegistered>,
    message_of::<registration_v1::EbikeTransferred>,
    message_of::<registration_v1::EbikeCancelled>,
    message_of::<registration_v1::EbikePlateExpired>,
    message_of::<registration_v1::EbikePlateReissued>,
    message_of::<registration_v1::EbikePlateRenewed>,
    message_of::<registration_v1::SchoolBusSignIssued>,
    message_of::<registration_v1::SchoolBusSignReturned>,
];

/// An event of another service: five lines of headers, then the data (JSON). It is understood as what it says it is, or
/// refused; what is understood is understood in the same way again.
pub fn published_events(bytes: &[u8]) -> bool {
    let Some(event) = received(bytes) else {
        return false;
    };
    // Of no use where it tells no place, but never a panic.
    let _ = event.revision();
    MESSAGES.into_iter().any(|message_of| message_of(&event))
}
