//! From a request's raw fields to value types.

use crate::domain::bay::{Availability, BayKind};
use crate::domain::geometry::Position;
use crate::domain::ids::{ProviderId, TariffId, ZoneId};
use crate::domain::marking::Marking;
use crate::domain::rates::{Period, RateProblem, RateTable, RateTableDraft, Step};
use crate::domain::session::{SessionState, Transfer, WaiveGround};
use crate::domain::tariff::TariffVersion;
use crate::domain::vehicle::VehicleClass;
use crate::domain::waiver::FreeGround;
use crate::domain::zone::{ZoneDetails, ZoneGrade};
use chassis::domain::values::Fen;
use chassis::domain::{District, Invalid};
use chassis::server::Fields;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use traffic_proto::parking::v1 as proto;

fn fen(amount: i64) -> Result<Fen, Invalid> {
    Fen::from_signed(amount)
        .ok_or_else(|| Invalid::new("must be 0 to 10000000000 fen", "应为 0 至 10000000000 分"))
}

pub(super) fn zone(zone: &proto::Zone, fields: &mut Fields) -> Option<ZoneDetails> {
    let display_name = fields.text("display_name", &zone.display_name, 1..=100);
    let grade = fields.choice("grade", zone.grade, grade);
    let district = fields.required("district", &zone.district, District::parse);
    let tariff = fields.resource("tariff", &zone.tariff, "tariffs/{tariff}");
    Some(ZoneDetails {
        display_name: display_name?,
        grade: grade?,
        district: district?,
        tariff: TariffId::parse(&tariff?).ok()?,
    })
}

pub(super) fn grade(grade: proto::ZoneGrade) -> Option<ZoneGrade> {
    match grade {
        proto::ZoneGrade::Unspecified => None,
        proto::ZoneGrade::I => Some(ZoneGrade::I),
        proto::ZoneGrade::Ii => Some(ZoneGrade::II),
        proto::ZoneGrade::Iii => Some(ZoneGrade::III),
    }
}

pub(super) fn marking(bay: &proto::Bay, fields: &mut Fields) -> Option<Marking> {
    let zone = fields.resource("zone", &bay.zone, "zones/{zone}");
    let position = fields.message("position", bay.position.as_ref(), point);
    let kind = fields.choice("kind", bay.kind, bay_kind);
    let label = fields.text("label", &bay.label, 0..=40);
    Some(Marking {
        zone: ZoneId::parse(&zone?).ok()?,
        position: position?,
        kind: kind?,
        label: label?,
    })
}

pub(super) fn point(point: &proto::GeoPoint, fields: &mut Fields) -> Option<Position> {
    let latitude = fields.number("latitude", point.latitude, -90.0..=90.0);
    let longitude = fields.number("longitude", point.longitude, -180.0..=180.0);
    Position::new(latitude?, longitude?)
}

pub(super) fn bay_kind(kind: proto::BayKind) -> Option<BayKind> {
    match kind {
        proto::BayKind::Unspecified => None,
        proto::BayKind::Standard => Some(BayKind::Standard),
        proto::BayKind::Disabled => Some(BayKind::Disabled),
        proto::BayKind::Electric => Some(BayKind::Electric),
        proto::BayKind::Large => Some(BayKind::Large),
    }
}

/// A filter: unspecified means all.
pub(super) fn availability(
    fields: &mut Fields,
    field: &str,
    number: i32,
) -> Option<Option<Availability>> {
    if number == 0 {
        return Some(None);
    }
    fields
        .choice(field, number, |value: proto::Availability| match value {
            proto::Availability::Unspecified => None,
            proto::Availability::Free => Some(Availability::Free),
            proto::Availability::Taken => Some(Availability::Taken),
            proto::Availability::Closed => Some(Availability::Closed),
            proto::Availability::Unknown => Some(Availability::Unknown),
        })
        .map(Some)
}

/// A filter: unspecified means all.
pub(super) fn session_state(fields: &mut Fields, number: i32) -> Option<Option<SessionState>> {
    if number == 0 {
        return Some(None);
    }
    fields
        .choice("state", number, |value: proto::SessionState| match value {
            proto::SessionState::Unspecified => None,
            proto::SessionState::Open => Some(SessionState::Open),
            proto::SessionState::Settled => Some(SessionState::Settled),
            proto::SessionState::Payable => Some(SessionState::Payable),
            proto::SessionState::InArrears => Some(SessionState::InArrears),
            proto::SessionState::Referred => Some(SessionState::Referred),
            proto::SessionState::RefundDue => Some(SessionState::RefundDue),
            proto::SessionState::Uncollectable => Some(SessionState::Uncollectable),
            proto::SessionState::Void => Some(SessionState::Void),
        })
        .map(Some)
}

/// Unspecified: not known.
pub(super) fn vehicle_class(fields: &mut Fields, number: i32) -> Option<Option<VehicleClass>> {
    if number == 0 {
        return Some(None);
    }
    fields
        .choice(
            "vehicle_class",
            number,
            |value: proto::VehicleClass| match value {
                proto::VehicleClass::Unspecified => None,
                proto::VehicleClass::Small => Some(VehicleClass::Small),
                proto::VehicleClass::Large => Some(VehicleClass::Large),
            },
        )
        .map(Some)
}

pub(super) fn free_ground(ground: proto::FreeGround) -> Option<FreeGround> {
    match ground {
        proto::FreeGround::Unspecified => None,
        proto::FreeGround::Fire => Some(FreeGround::Fire),
        proto::FreeGround::Ambulance => Some(FreeGround::Ambulance),
        proto::FreeGround::Rescue => Some(FreeGround::Rescue),
        proto::FreeGround::Military => Some(FreeGround::Military),
        proto::FreeGround::Police => Some(FreeGround::Police),
        proto::FreeGround::Disabled => Some(FreeGround::Disabled),
    }
}

pub(super) fn waive_ground(ground: proto::WaiveGround) -> Option<WaiveGround> {
    match ground {
        proto::WaiveGround::Unspecified => None,
        proto::WaiveGround::Mistake => Some(WaiveGround::Mistake),
        proto::WaiveGround::Unusable => Some(WaiveGround::Unusable),
        proto::WaiveGround::Goodwill => Some(WaiveGround::Goodwill),
    }
}

/// A transfer that a provider made not after `now`.
pub(super) fn transfer(
    transfer: &proto::Transfer,
    now: Timestamp,
    fields: &mut Fields,
) -> Option<Transfer> {
    let provider = fields.required("provider", &transfer.provider, |text| {
        ProviderId::parse(text)
    });
    let reference = fields.required("reference", &transfer.reference, |text| {
        let printable = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
        printable.then(|| text.to_owned()).ok_or_else(|| {
            Invalid::new(
                "must be 1 to 64 printable ASCII characters without blanks",
                "应为 1 至 64 个可见 ASCII 字符",
            )
        })
    });
    let amount = fields.value("amount_fen", transfer.amount_fen, |amount| {
        fen(amount).and_then(|amount| {
            if amount.is_zero() {
                return Err(Invalid::new(
                    "must be 1 to 10000000000 fen",
                    "应为 1 至 10000000000 分",
                ));
            }
            Ok(amount)
        })
    });
    let made_at = fields.timestamp("transfer_time", transfer.transfer_time.as_ref());
    let made_at = made_at.and_then(|made_at| {
        fields.value("transfer_time", made_at, |made_at| {
            if made_at > now + chassis::domain::CLOCK_SKEW {
                return Err(Invalid::new(
                    "must not lie in the future",
                    "不得晚于当前时间",
                ));
            }
            Ok(made_at)
        })
    });
    Some(Transfer {
        provider: provider?,
        reference: reference?,
        amount: amount?,
        made_at: made_at?,
    })
}

/// Years 2000 to 2100: what lies beyond is a mistake, and sums of times stay within what a timestamp can hold.
pub(super) fn sane_time(at: Timestamp) -> Result<Timestamp, Invalid> {
    const FIRST: i64 = 946_684_800;
    const LAST: i64 = 4_133_980_800;
    if (FIRST..LAST).contains(&at.as_second()) {
        return Ok(at);
    }
    Err(Invalid::new(
        "must be within the years 2000 to 2100",
        "应在 2000 年至 2100 年之间",
    ))
}

pub(super) fn tariff_version(
    version: &proto::TariffVersion,
    fields: &mut Fields,
) -> Option<TariffVersion> {
    let effective_from = fields.required("effective_from", &version.effective_from, |text| {
        text.parse::<Date>()
            .ok()
            .filter(|day| text.len() == 10 && (2000..=2100).contains(&day.year()))
            .ok_or_else(|| {
                Invalid::new(
                    "must be a day like 2026-03-01, years 2000 to 2100",
                    "应为 2000 至 2100 年间的日期，如 2026-03-01",
                )
            })
    });
    let source = fields.text("source", &version.source, 1..=200);
    let day = fields.message("day", version.day.as_ref(), period);
    let night = fields.message("night", version.night.as_ref(), period);
    let cap = fields.value("cap_per_24_hours_fen", version.cap_per_24_hours_fen, fen);
    let percent = fields.number(
        "large_vehicle_percent",
        version.large_vehicle_percent,
        100..=1000,
    );
    let draft = RateTableDraft {
        day: day?,
        night: night?,
        cap_per_24_hours: cap?,
        large_vehicle_percent: u16::try_from(percent?).ok()?,
        maximum_stay_minutes: version.maximum_stay_minutes,
    };
    let rates = match RateTable::new(draft) {
        Ok(rates) => Some(rates),
        Err(problems) => {
            for problem in problems {
                let (field, invalid) = rate_problem(&problem);
                fields.refuse(&field, invalid);
            }
            None
        }
    };
    Some(TariffVersion {
        effective_from: effective_from?,
        rates: rates?,
        source: source?,
    })
}

fn rate_problem(problem: &RateProblem) -> (String, Invalid) {
    let field = match problem {
        RateProblem::NoStep { period }
        | RateProblem::TooManySteps { period }
        | RateProblem::DoesNotBeginAtZero { period, .. }
        | RateProblem::Gap { period, .. }
        | RateProblem::Overlap { period, .. }
        | RateProblem::DoesNotEndAtMaximum { period, .. }
        | RateProblem::BadStep { period, .. } => format!("{period}.steps"),
        RateProblem::NoNight => "night.begins_minute".into(),
        RateProblem::BadFactor(_) => "large_vehicle_percent".into(),
        RateProblem::BadMaximum(_) => "maximum_stay_minutes".into(),
        RateProblem::PriceTooHigh => "day.steps".into(),
    };
    (
        field,
        Invalid::new(
            problem.to_string(),
            "费率须自零分钟起连续覆盖至最长停放时间，不得有空档或者重叠",
        ),
    )
}

fn period(period: &proto::RatePeriod, fields: &mut Fields) -> Option<Period> {
    let begins = fields.number("begins_minute", period.begins_minute, 0..=1439);
    let steps = fields.each(
        "steps",
        &period.steps,
        1..=RateTable::MAX_STEPS,
        |step, fields| {
            let price = fields.value("price_fen", step.price_fen, fen);
            Some(Step {
                from_minutes: step.from_minutes,
                until_minutes: step.until_minutes,
                unit_minutes: step.unit_minutes,
                price: price?,
            })
        },
    );
    let minute = begins?;
    let begins = Time::new(
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
        0,
        0,
    )
    .ok()?;
    Some(Period {
        begins,
        steps: steps?,
    })
}
