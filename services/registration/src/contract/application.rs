//! The application as the resource that callers see.

use super::enums::{
    application_state, cancellation_cause, document, encumbrance_kind, material, plate_step,
    refusal_ground, temporary_ground, use_nature,
};
use super::vehicle::{driver, particulars};
use super::{day, organisation, party, person, vehicle_name};
use crate::domain::application::request::{
    Change, Corrected, Destination, OwnerFiling, Request, Transfer,
};
use crate::domain::application::{Application, ApplicationId};
use crate::domain::instruments::REMEDIES_ZH;
use crate::domain::plate::PlateWish;
use chassis::domain::Revision;
use chassis::server::to_timestamp;
use traffic_proto::registration::v1 as proto;

/// `applications/{application}`.
pub fn application_name(id: &ApplicationId) -> String {
    format!("applications/{id}")
}

pub fn application(
    id: &ApplicationId,
    own: &Application,
    revision: &Revision,
) -> proto::Application {
    let decided = own
        .approval
        .as_ref()
        .map(|approval| approval.at)
        .or_else(|| own.refused.as_ref().map(|refused| refused.at));
    proto::Application {
        name: application_name(id),
        vehicle: vehicle_name(&own.vin),
        district: own.district.to_string(),
        applicants: own.applicants.iter().map(party).collect(),
        agent: own.agent.as_ref().map(party),
        request: Some(request(&own.request)),
        plate_wish: own.wish.as_ref().map(wish),
        delivery: own.delivery.as_ref().map(|delivery| proto::Delivery {
            dealer: Some(organisation(&delivery.dealer)),
            recipient: Some(person(&delivery.recipient.person)),
        }),
        evidence: own
            .evidence
            .iter()
            .map(|evidence| proto::Evidence {
                material: material(evidence.material).into(),
                number: evidence.number.to_string(),
            })
            .collect(),
        state: application_state(own.stage).into(),
        missing: own
            .missing
            .iter()
            .map(|own| material(*own).into())
            .collect(),
        file_time: Some(to_timestamp(own.filed_at)),
        update_time: Some(to_timestamp(own.updated_at)),
        due_time: own.limits.as_ref().map(|limits| to_timestamp(limits.due)),
        due_basis: own
            .limits
            .as_ref()
            .map(|limits| limits.basis.to_string())
            .unwrap_or_default(),
        late_since: own.late.as_ref().map(|late| to_timestamp(late.due)),
        late_basis: own
            .late
            .as_ref()
            .map(|late| late.basis.to_string())
            .unwrap_or_default(),
        plate: own.number().map(ToString::to_string).unwrap_or_default(),
        decide_time: decided.map(to_timestamp),
        refusal: own
            .refused
            .as_ref()
            .map(|refused| proto::RegistrationRefusal {
                ground: refusal_ground(refused.ground).into(),
                reason: refused.reason.to_string(),
                legal_basis: refused.basis.to_string(),
                remedies_zh: REMEDIES_ZH.to_owned(),
            }),
        plate_order_state: own
            .plates
            .map_or(proto::PlateOrderState::Unspecified, plate_step)
            .into(),
        filed_by: own.filed_by.clone(),
        order: own
            .approval
            .as_ref()
            .and_then(|approval| approval.order.as_ref())
            .map(|order| format!("orders/{order}"))
            .unwrap_or_default(),
        etag: revision.etag(),
    }
}

fn wish(own: &PlateWish) -> proto::PlateWish {
    use proto::plate_wish::Wish;
    proto::PlateWish {
        wish: Some(match own {
            PlateWish::Any => Wish::Any(true),
            PlateWish::Held(number) => Wish::Held(number.to_string()),
            PlateWish::Former(number) => Wish::Former(number.to_string()),
            PlateWish::Unchanged => Wish::Unchanged(true),
        }),
    }
}

fn request(own: &Request) -> proto::application::Request {
    use proto::application::Request as R;
    match own {
        Request::InitialRegistration(new) => R::InitialRegistration(proto::InitialRegistration {
            particulars: Some(particulars(&new.particulars)),
            accident_before: new.accident_before,
            factory_checked: new.factory_checked,
            inspection_valid_until: day(new.inspection_valid_until),
        }),
        Request::ParticularsChange { change, changed_on } => {
            R::ParticularsChange(proto::ParticularsChange {
                change: Some(change_of(change)),
                changed_on: day(*changed_on),
            })
        }
        Request::OwnerFiling { filing, changed_on } => R::OwnerFiling(proto::OwnerFiling {
            item: filing_item(filing).into(),
            changed_on: day(*changed_on),
        }),
        Request::JointOwner {
            new_owner,
            married_on,
        } => R::JointOwnerChange(proto::JointOwnerChange {
            new_owner: Some(party(new_owner)),
            married_on: married_on.and_then(day),
        }),
        Request::PlateSwap { other } => R::PlateSwap(proto::PlateSwap {
            other_vehicle: vehicle_name(other),
        }),
        Request::MoveOut { to } => R::MoveOut(proto::MoveOut { to: to.to_string() }),
        Request::MoveIn(arrival) => R::MoveIn(proto::MoveIn {
            particulars: Some(particulars(&arrival.particulars)),
            from: arrival.from.to_string(),
            first_registered_on: day(arrival.first_registered_on),
            inspection_valid_until: day(arrival.inspection_valid_until),
            moved_out_on: arrival.moved_out_on.and_then(day),
        }),
        Request::Transfer(transfer) => R::Transfer(transfer_of(transfer)),
        Request::Encumber { kind, holder } => R::Encumber(proto::Encumber {
            kind: encumbrance_kind(*kind).into(),
            holder: Some(party(holder)),
        }),
        Request::Release {
            kind,
            holder,
            by_court,
        } => R::ReleaseEncumbrance(proto::ReleaseEncumbrance {
            kind: encumbrance_kind(*kind).into(),
            holder: Some(party(holder)),
            by_court: *by_court,
        }),
        Request::Cancellation { cause } => R::Cancellation(proto::Cancellation {
            cause: cancellation_cause(*cause).into(),
        }),
        Request::Correction {
            corrected,
            new_number,
        } => R::RecordCorrection(proto::RecordCorrection {
            corrected: Some(corrected_of(corrected)),
            new_number: *new_number,
        }),
        Request::PlateReissue => R::PlateReissue(proto::PlateReissue {}),
        Request::DocumentReissue { document: own } => R::DocumentReissue(proto::DocumentReissue {
            document: document(*own).into(),
        }),
        Request::InspectionMark { valid_until } => R::InspectionMark(proto::InspectionMark {
            valid_until: valid_until.and_then(day),
        }),
        Request::TemporaryPlate(temporary) => R::TemporaryUse(proto::TemporaryUse {
            ground: temporary_ground(temporary.ground).into(),
            particulars: Some(particulars(&temporary.particulars)),
            days: temporary.days.into(),
            insurance_valid_until: day(temporary.insurance_valid_until),
            approved_until: temporary.approved_until.and_then(day),
        }),
        Request::SchoolBusSign(licensed) => R::SchoolBusSign(proto::SchoolBusUse {
            driver: driver(&licensed.driver),
            route: licensed.route.to_string(),
            hours: licensed.hours.to_string(),
            stops: licensed.stops.to_string(),
            licensed_until: day(licensed.licensed_until),
            inspected_until: day(licensed.inspected_until),
        }),
        Request::SchoolBusSignReissue => R::SchoolBusSignReissue(proto::SchoolBusSignReissue {}),
    }
}

fn change_of(change: &Change) -> proto::particulars_change::Change {
    use proto::particulars_change::Change as C;
    match change {
        Change::Colour(colour) => C::Colour(colour.to_string()),
        Change::Engine(number) => C::EngineNumber(number.to_string()),
        Change::Body => C::Body(true),
        Change::WholeVehicle { vin, vehicle } => C::WholeVehicle(proto::ReplacementVehicle {
            vin: vin.to_string(),
            particulars: Some(particulars(&vehicle.particulars)),
            inspection_valid_until: day(vehicle.inspection_valid_until),
        }),
        Change::Use(own) => C::UseNature(use_nature(*own).into()),
    }
}

fn filing_item(filing: &OwnerFiling) -> proto::OwnerFilingItem {
    use proto::OwnerFilingItem as Item;
    match filing {
        OwnerFiling::NameOrResidence(_) => Item::NameOrResidence,
        OwnerFiling::Identity(_) => Item::Identity,
        OwnerFiling::Contact(_) => Item::Contact,
        OwnerFiling::VinRestamped => Item::VinRestamped,
        OwnerFiling::DisabledAid => Item::DisabledAid,
        OwnerFiling::TailLift => Item::TailLift,
        OwnerFiling::Exterior => Item::Exterior,
    }
}

fn transfer_of(transfer: &Transfer) -> proto::Transfer {
    let (to, for_export) = match &transfer.destination {
        Destination::Here => (String::new(), false),
        Destination::OtherCity(to) => (to.to_string(), false),
        Destination::Export => (String::new(), true),
    };
    proto::Transfer {
        delivered_on: day(transfer.delivered_on),
        to,
        for_export,
        papers_withheld: transfer.papers_withheld,
    }
}

fn corrected_of(corrected: &Corrected) -> proto::record_correction::Corrected {
    use proto::record_correction::Corrected as C;
    match corrected {
        Corrected::Colour(colour) => C::Colour(colour.to_string()),
        Corrected::Engine(number) => C::EngineNumber(number.to_string()),
        Corrected::Model(model) => C::Model(model.to_string()),
        Corrected::Seats(seats) => C::Seats((*seats).into()),
        Corrected::GrossMass(mass) => C::GrossMassKg(*mass),
    }
}
