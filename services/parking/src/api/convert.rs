//! From states to resources.

use crate::domain::bay::{Availability, Bay, BayKind};
use crate::domain::geometry::Position;
use crate::domain::rates::{Charge, Period, PeriodKind};
use crate::domain::session::{Collection, Exemption, Session, SessionState, Transfer, WaiveGround};
use crate::domain::tariff::{Tariff, TariffVersion};
use crate::domain::vehicle::VehicleClass;
use crate::domain::waiver::{FreeGround, Waiver};
use crate::domain::watch::closing_occupations;
use crate::domain::zone::{Zone, ZoneGrade};
use chassis::domain::{Aggregate, Revision};
use chassis::server::to_timestamp;
use jiff::Timestamp;
use traffic_proto::parking::v1 as proto;

pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn zone(id: &str, zone: &Zone, revision: Revision) -> proto::Zone {
    proto::Zone {
        name: format!("zones/{id}"),
        display_name: zone.details.display_name.clone(),
        grade: grade(zone.details.grade).into(),
        district: zone.details.district.to_string(),
        tariff: format!("tariffs/{}", zone.details.tariff),
        etag: revision.etag(),
        bay_count: count(zone.bays),
    }
}

pub(crate) fn grade(grade: ZoneGrade) -> proto::ZoneGrade {
    match grade {
        ZoneGrade::I => proto::ZoneGrade::I,
        ZoneGrade::II => proto::ZoneGrade::Ii,
        ZoneGrade::III => proto::ZoneGrade::Iii,
    }
}

pub(super) fn tariff(id: &str, tariff: &Tariff, revision: Revision) -> proto::Tariff {
    proto::Tariff {
        name: format!("tariffs/{id}"),
        display_name: tariff.display_name.clone(),
        versions: tariff.versions.iter().map(tariff_version).collect(),
        etag: revision.etag(),
    }
}

fn tariff_version(version: &TariffVersion) -> proto::TariffVersion {
    let rates = version.rates.draft();
    proto::TariffVersion {
        effective_from: version.effective_from.to_string(),
        source: version.source.clone(),
        day: Some(period(&rates.day)),
        night: Some(period(&rates.night)),
        cap_per_24_hours_fen: rates.cap_per_24_hours.signed(),
        large_vehicle_percent: u32::from(rates.large_vehicle_percent),
        maximum_stay_minutes: rates.maximum_stay_minutes,
    }
}

fn period(period: &Period) -> proto::RatePeriod {
    let minute = i32::from(period.begins.hour()) * 60 + i32::from(period.begins.minute());
    proto::RatePeriod {
        begins_minute: minute.unsigned_abs(),
        steps: period
            .steps
            .iter()
            .map(|step| proto::RateStep {
                from_minutes: step.from_minutes,
                until_minutes: step.until_minutes,
                unit_minutes: step.unit_minutes,
                price_fen: step.price.signed(),
            })
            .collect(),
    }
}

pub(super) fn bay(id: &str, bay: &Bay, revision: Revision, now: Timestamp) -> proto::Bay {
    proto::Bay {
        name: format!("bays/{id}"),
        zone: format!("zones/{}", bay.details.zone),
        position: Some(point(bay.details.position)),
        kind: bay_kind(bay.details.kind).into(),
        label: bay.details.label.clone(),
        district: bay.details.district.to_string(),
        availability: availability(bay.availability).into(),
        availability_time: Some(to_timestamp(bay.available_since)),
        closed_by: closing_occupations(bay, now)
            .iter()
            .map(|id| format!("permits/{id}"))
            .collect(),
        next_closure_change_time: bay.next_due().map(to_timestamp),
        etag: revision.etag(),
    }
}

pub(crate) fn point(position: Position) -> proto::GeoPoint {
    proto::GeoPoint {
        latitude: position.latitude(),
        longitude: position.longitude(),
    }
}

pub(crate) fn bay_kind(kind: BayKind) -> proto::BayKind {
    match kind {
        BayKind::Standard => proto::BayKind::Standard,
        BayKind::Disabled => proto::BayKind::Disabled,
        BayKind::Electric => proto::BayKind::Electric,
        BayKind::Large => proto::BayKind::Large,
    }
}

pub(crate) fn availability(availability: Availability) -> proto::Availability {
    match availability {
        Availability::Free => proto::Availability::Free,
        Availability::Taken => proto::Availability::Taken,
        Availability::Closed => proto::Availability::Closed,
        Availability::Unknown => proto::Availability::Unknown,
    }
}

pub(super) fn waiver(id: &str, waiver: &Waiver) -> proto::Waiver {
    proto::Waiver {
        name: format!("waivers/{id}"),
        plate: waiver.plate.as_str().to_owned(),
        ground: free_ground(waiver.ground).into(),
        valid_from: Some(to_timestamp(waiver.valid_from)),
        valid_until: Some(to_timestamp(waiver.valid_until)),
        document: waiver.document.clone(),
        revoke_time: waiver.revoked_at.map(to_timestamp),
    }
}

fn free_ground(ground: FreeGround) -> proto::FreeGround {
    match ground {
        FreeGround::Fire => proto::FreeGround::Fire,
        FreeGround::Ambulance => proto::FreeGround::Ambulance,
        FreeGround::Rescue => proto::FreeGround::Rescue,
        FreeGround::Military => proto::FreeGround::Military,
        FreeGround::Police => proto::FreeGround::Police,
        FreeGround::Disabled => proto::FreeGround::Disabled,
    }
}

pub(super) fn session(id: &str, session: &Session, revision: Revision) -> proto::Session {
    let bill = session.bill.as_ref().filter(|_| session.left_at.is_some());
    proto::Session {
        name: format!("sessions/{id}"),
        bay: format!("bays/{}", session.place.bay),
        zone: format!("zones/{}", session.place.zone),
        tariff: format!("tariffs/{}", session.tariff),
        district: session.place.district.to_string(),
        arrive_time: Some(to_timestamp(session.arrived_at)),
        leave_time: session.left_at.map(to_timestamp),
        plate: session
            .vehicle()
            .map(|vehicle| vehicle.plate.as_str().to_owned())
            .unwrap_or_default(),
        vehicle_class: session
            .vehicle()
            .map_or(proto::VehicleClass::Unspecified, |vehicle| {
                vehicle_class(vehicle.class)
            })
            .into(),
        state: session_state(session.state()).into(),
        charge: bill.map(|bill| charge(&bill.charge, bill.exemption)),
        waive_ground: session
            .waived
            .map_or(proto::WaiveGround::Unspecified, waive_ground)
            .into(),
        payments: session.payments.iter().map(transfer).collect(),
        refunds: session.refunds.iter().map(transfer).collect(),
        outstanding_fen: session.outstanding().signed(),
        overpaid_fen: session.overpaid().signed(),
        pay_by_time: bill.map(|bill| to_timestamp(bill.pay_by)),
        collection: collection(session.collection).into(),
        next_step_time: session.next_due().map(to_timestamp),
        overstayed: session.overstayed,
        etag: revision.etag(),
        other_plate_seen: session
            .sighting
            .as_ref()
            .is_some_and(|sighting| sighting.contradicted),
    }
}

pub(super) fn charge(charge: &Charge, exemption: Option<Exemption>) -> proto::Charge {
    let free = match exemption {
        Some(Exemption::Free(ground)) => free_ground(ground),
        Some(Exemption::NoTariff) | None => proto::FreeGround::Unspecified,
    };
    proto::Charge {
        amount_fen: charge.amount.signed(),
        lines: charge
            .lines
            .iter()
            .map(|line| proto::ChargeLine {
                start_time: Some(to_timestamp(line.from)),
                end_time: Some(to_timestamp(line.until)),
                night: line.period == PeriodKind::Night,
                unit_minutes: line.unit_minutes,
                units: line.units,
                unit_price_fen: line.unit_price.signed(),
                amount_fen: line.amount.signed(),
            })
            .collect(),
        capped_fen: charge.capped.signed(),
        percent: u32::from(charge.percent),
        free_ground: free.into(),
        no_tariff: exemption == Some(Exemption::NoTariff),
    }
}

fn vehicle_class(class: VehicleClass) -> proto::VehicleClass {
    match class {
        VehicleClass::Small => proto::VehicleClass::Small,
        VehicleClass::Large => proto::VehicleClass::Large,
    }
}

fn session_state(state: SessionState) -> proto::SessionState {
    match state {
        SessionState::Open => proto::SessionState::Open,
        SessionState::Settled => proto::SessionState::Settled,
        SessionState::Payable => proto::SessionState::Payable,
        SessionState::InArrears => proto::SessionState::InArrears,
        SessionState::Referred => proto::SessionState::Referred,
        SessionState::RefundDue => proto::SessionState::RefundDue,
        SessionState::Uncollectable => proto::SessionState::Uncollectable,
        SessionState::Void => proto::SessionState::Void,
    }
}

fn collection(collection: Collection) -> proto::CollectionState {
    match collection {
        Collection::Due => proto::CollectionState::Due,
        Collection::Noticed => proto::CollectionState::Noticed,
        Collection::Reminded(1) => proto::CollectionState::RemindedOnce,
        Collection::Reminded(_) => proto::CollectionState::RemindedTwice,
        Collection::Referred => proto::CollectionState::Referred,
        Collection::ReferralSettled => proto::CollectionState::ReferralSettled,
        Collection::Uncollectable => proto::CollectionState::Uncollectable,
    }
}

fn waive_ground(ground: WaiveGround) -> proto::WaiveGround {
    match ground {
        WaiveGround::Mistake => proto::WaiveGround::Mistake,
        WaiveGround::Unusable => proto::WaiveGround::Unusable,
        WaiveGround::Goodwill => proto::WaiveGround::Goodwill,
    }
}

fn transfer(transfer: &Transfer) -> proto::Transfer {
    proto::Transfer {
        provider: transfer.provider.as_str().to_owned(),
        reference: transfer.reference.clone(),
        amount_fen: transfer.amount.signed(),
        transfer_time: Some(to_timestamp(transfer.made_at)),
    }
}
