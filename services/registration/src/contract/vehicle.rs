//! Vehicles, numbers and offers as the resources that callers see.

use super::enums::{
    cancellation_cause, encumbrance_kind, hold_kind, plate_kind, temporary_ground, use_nature,
    vehicle_class, vehicle_state,
};
use super::{application_name, day, party, person};
use crate::domain::blocks::Blocked;
use crate::domain::instruments::REMEDIES_ZH;
use crate::domain::party::Party;
use crate::domain::plate::PlateClaim;
use crate::domain::plate::offer::{OfferId, PlateOffer};
use crate::domain::vehicle::Vehicle;
use crate::domain::vehicle::class::Particulars;
use crate::domain::vehicle::notices::taken_away;
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{LegalCalendar, Revision};
use chassis::server::to_timestamp;
use jiff::ToSpan;
use traffic_proto::registration::v1 as proto;

/// `vehicles/{vin}`.
pub fn vehicle_name(vin: &Vin) -> String {
    format!("vehicles/{vin}")
}

/// `plateOffers/{plate_offer}`.
pub fn offer_name(id: &OfferId) -> String {
    format!("plateOffers/{id}")
}

pub(super) fn particulars(own: &Particulars) -> proto::Particulars {
    proto::Particulars {
        vehicle_class: vehicle_class(own.class).into(),
        use_nature: use_nature(own.use_nature).into(),
        brand: own.brand.to_string(),
        model: own.model.to_string(),
        colour: own.colour.to_string(),
        engine_number: own
            .engine_number
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        new_energy: own.new_energy,
        seats: own.seats.into(),
        gross_mass_kg: own.gross_mass_kg,
        made_on: day(own.made_on),
        imported: own.imported,
        customs_supervised: own.customs_supervised,
        inspection_exempt: own.inspection_exempt,
    }
}

pub fn vehicle(vin: &Vin, own: &Vehicle, revision: &Revision, blocked: Blocked) -> proto::Vehicle {
    proto::Vehicle {
        name: vehicle_name(vin),
        state: vehicle_state(own.stage).into(),
        district: own.district.to_string(),
        particulars: Some(particulars(&own.particulars)),
        owner: own.owner.as_ref().map(party),
        plate: own.number().map(ToString::to_string).unwrap_or_default(),
        plate_kind: plate_kind(own.category()).into(),
        plate_since: own.plate.as_ref().and_then(|plate| day(plate.since)),
        first_registered_on: own.first_registered_on.and_then(day),
        scrap_on: own.scrap_on.and_then(day),
        inspection_valid_until: own.inspection_valid_until.and_then(day),
        encumbrances: own
            .encumbrances
            .iter()
            .map(|encumbrance| proto::Encumbrance {
                kind: encumbrance_kind(encumbrance.kind).into(),
                holder: Some(party(&encumbrance.holder)),
                since: day(encumbrance.since),
            })
            .collect(),
        holds: own
            .holds
            .iter()
            .map(|hold| proto::Hold {
                kind: hold_kind(hold.kind).into(),
                agency: hold.agency.to_string(),
                notice: hold.notice.to_string(),
                place_time: Some(to_timestamp(hold.since)),
            })
            .collect(),
        open_violations: blocked.violations,
        detained: blocked.detained,
        temporary_plates: own
            .temporary_plates
            .iter()
            .map(|plate| proto::TemporaryPlate {
                ground: temporary_ground(plate.ground).into(),
                number: plate.number.to_string(),
                valid_until: day(plate.valid_until),
            })
            .collect(),
        swapped_on: own.swapped_on.and_then(day),
        certificates: own.certificates.into(),
        licences: own.licences.into(),
        documents_void: own.documents_void,
        open_application: own
            .open_application
            .as_ref()
            .map(application_name)
            .unwrap_or_default(),
        etag: revision.etag(),
        school_bus_sign: own
            .school_bus_sign
            .as_ref()
            .map(|sign| proto::SchoolBusSign {
                driver: driver(&sign.licensed.driver),
                route: sign.licensed.route.to_string(),
                hours: sign.licensed.hours.to_string(),
                stops: sign.licensed.stops.to_string(),
                issued_on: day(sign.issued_on),
                valid_until: day(sign.valid_until),
            }),
        taken_away: taken_away(own).map(|(cause, basis)| proto::TakenAway {
            cause: cause
                .map_or(proto::CancellationCause::Unspecified, cancellation_cause)
                .into(),
            legal_basis: basis.to_string(),
            remedies_zh: REMEDIES_ZH.to_owned(),
        }),
    }
}

/// Who drives a school bus: the reference only.
pub(super) fn driver(own: &Party) -> Option<proto::Person> {
    own.person().map(person)
}

pub fn plate(number: &PlateNumber, claim: &PlateClaim, calendar: &LegalCalendar) -> proto::Plate {
    use proto::PlateClaimState as State;
    let (state, vehicle, until) = match claim {
        PlateClaim::Free => (State::Free, None, None),
        PlateClaim::Held { until, .. } => (State::Held, None, Some(*until)),
        PlateClaim::Reserved { .. } => (State::Reserved, None, None),
        PlateClaim::Assigned { vin } => (State::Assigned, Some(vin), None),
        PlateClaim::Released(former) => {
            let end = calendar.start_of(former.until + 2.years() + 1.day());
            (State::Kept, None, Some(end))
        }
    };
    proto::Plate {
        name: format!("plates/{}", number.key()),
        number: number.to_string(),
        state: state.into(),
        vehicle: vehicle.map(vehicle_name).unwrap_or_default(),
        until: until.map(to_timestamp),
    }
}

pub fn offer(id: &OfferId, own: &PlateOffer) -> proto::PlateOffer {
    let (chosen, held_until) = match &own.chosen {
        Some((number, until)) => (number.to_string(), Some(to_timestamp(*until))),
        None => (String::new(), None),
    };
    proto::PlateOffer {
        name: offer_name(id),
        plate_kind: plate_kind(own.category).into(),
        numbers: own.numbers.iter().map(ToString::to_string).collect(),
        expire_time: Some(to_timestamp(own.until)),
        chosen,
        held_until,
    }
}
