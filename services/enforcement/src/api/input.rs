//! Reads the parts that many requests share: acts, vehicles, places, penalties, days, and the people named in them.

use crate::contract::enums;
use crate::domain::codes::ViolationCode;
use crate::domain::conduct::{Act, Measure, Vehicle};
use crate::domain::values::{CaseId, Place};
use crate::domain::violation::decision::MOST_CO_OFFICERS;
use crate::domain::violation::event::{Device, Filing, Party, Sanction, Source};
use chassis::domain::values::{DocumentNumber, Fen, PlateNumber, Text};
use chassis::domain::{District, Invalid, PersonRef};
use chassis::server::{Fields, People};
use jiff::civil::{Date, date};
use traffic_proto::enforcement::v1 as proto;

use super::people::named;

const MOST_EVIDENCE: usize = 20;

pub(super) fn case_id(
    field: &str,
    name: &str,
    pattern: &str,
    fields: &mut Fields,
) -> Option<CaseId> {
    let id = fields.resource(field, name, pattern)?;
    fields.value(field, id, |id| CaseId::parse(&id))
}

pub(super) fn person(field: &str, name: &str, fields: &mut Fields) -> Option<PersonRef> {
    let id = fields.resource(field, name, "licences/{person_ref}")?;
    fields.value(field, id, |id| parse_person(&id))
}

pub(super) fn parse_person(text: &str) -> Result<PersonRef, Invalid> {
    PersonRef::parse(text).ok_or_else(|| {
        Invalid::new(
            "must be a person reference of 26 characters",
            "应为 26 位的人员代号",
        )
    })
}

/// `None`: unspecified although required.
pub(super) fn day(field: &str, day: Option<&proto::Day>, fields: &mut Fields) -> Option<Date> {
    fields.message(field, day, |day, fields| {
        fields.required("value", &day.value, parse_day)
    })
}

pub(super) fn optional_day(
    field: &str,
    day: Option<&proto::Day>,
    fields: &mut Fields,
) -> Option<Option<Date>> {
    fields.optional_message(field, day, |day, fields| {
        fields.required("value", &day.value, parse_day)
    })
}

fn parse_day(text: &str) -> Result<Date, Invalid> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    day.filter(|day| (date(1950, 1, 1)..=date(2100, 12, 31)).contains(day))
        .ok_or_else(|| {
            Invalid::new(
                "must be a day like 2026-03-02, of the years 1950 to 2100",
                "应为 1950 年至 2100 年之间的日期，如 2026-03-02",
            )
        })
}

pub(super) fn fen(field: &str, amount: i64, fields: &mut Fields) -> Option<Fen> {
    fields.value(field, amount, |amount| {
        u64::try_from(amount)
            .ok()
            .and_then(Fen::new)
            .ok_or_else(|| {
                Invalid::new(
                    "must be an amount in fen, 0 to 10,000,000,000",
                    "应为 0 至 10,000,000,000 之间的金额，单位为分",
                )
            })
    })
}

pub(super) fn remarks<const MAX: usize>(
    field: &str,
    text: &str,
    fields: &mut Fields,
) -> Option<Text<MAX>> {
    fields.required(field, text, Text::parse)
}

pub(super) fn officers(list: &[String], fields: &mut Fields) -> Option<Vec<Text<64>>> {
    fields.list("co_officers", list, 0..=MOST_CO_OFFICERS, |one| {
        Text::parse(one)
    })
}

pub(super) fn place(place: &proto::Place, fields: &mut Fields) -> Option<Place> {
    let at = fields.required("district", &place.district, District::parse);
    let road = fields.required("road", &place.road, Text::parse);
    let point = fields.optional_message("point", place.point.as_ref(), point);
    Some(Place {
        district: at?,
        road: road?,
        point: point?,
    })
}

fn point(point: &proto::Point, fields: &mut Fields) -> Option<(i32, i32)> {
    let longitude = fields.number("longitude", point.longitude, -180.0..=180.0);
    let latitude = fields.number("latitude", point.latitude, -90.0..=90.0);
    // Bounded by the ranges above: 1.8e9 fits.
    #[expect(clippy::cast_possible_truncation, reason = "the ranges bound it")]
    let units = |degrees: f64| (degrees * 1e7).round() as i32;
    Some((units(longitude?), units(latitude?)))
}

pub(super) fn act(act: &proto::Act, fields: &mut Fields) -> Option<Act> {
    let conduct = fields.choice("conduct", act.conduct, enums::read_conduct);
    let road = fields.choice("road", act.road, enums::read_road);
    let vehicle = fields.optional_message("vehicle", act.vehicle.as_ref(), vehicle);
    let measure = match &act.measure {
        None => Some(None),
        Some(given) => measure(given, fields).map(Some),
    };
    Some(Act {
        conduct: conduct?,
        road: road?,
        vehicle: vehicle?,
        measure: measure?,
        repeated: act.repeated,
    })
}

fn vehicle(vehicle: &proto::Vehicle, fields: &mut Fields) -> Option<Vehicle> {
    let used_as = fields.choice("vehicle_use", vehicle.vehicle_use, enums::read_vehicle_use);
    let seats = small("seats", vehicle.seats, 0..=300, fields);
    Some(Vehicle {
        used_as: used_as?,
        medium_or_larger: vehicle.medium_or_larger,
        dangerous_goods: vehicle.dangerous_goods,
        for_hire: vehicle.for_hire,
        seats: seats?,
    })
}

/// A number that the domain keeps in 16 bits.
fn small(
    field: &str,
    number: u32,
    range: std::ops::RangeInclusive<u16>,
    fields: &mut Fields,
) -> Option<u16> {
    let wide = u32::from(*range.start())..=u32::from(*range.end());
    fields
        .number(field, number, wide)
        .and_then(|number| u16::try_from(number).ok())
}

fn measure(measure: &proto::act::Measure, fields: &mut Fields) -> Option<Measure> {
    use proto::act::Measure as Given;
    match measure {
        Given::Speed(speed) => fields.within("speed", |fields| {
            let limit = small("limit_kmh", speed.limit_kmh, 1..=400, fields);
            let measured = small("measured_kmh", speed.measured_kmh, 1..=400, fields);
            Some(Measure::Speed {
                limit_kmh: limit?,
                measured_kmh: measured?,
            })
        }),
        Given::Load(load) => fields.within("load", |fields| {
            let mut mass = |field: &str, kg: u32| fields.number(field, kg, 1..=1_000_000);
            let allowed = mass("allowed_mass_kg", load.allowed_mass_kg);
            let whole = mass("mass_kg", load.mass_kg);
            let approved = mass("approved_load_kg", load.approved_load_kg);
            let loaded = mass("load_kg", load.load_kg);
            Some(Measure::Load {
                allowed_mass_kg: allowed?,
                mass_kg: whole?,
                approved_load_kg: approved?,
                load_kg: loaded?,
            })
        }),
        Given::Occupancy(people) => fields.within("occupancy", |fields| {
            let approved = small("approved", people.approved, 1..=1_000, fields);
            let carried = small("carried", people.carried, 1..=1_000, fields);
            Some(Measure::Occupancy {
                approved: approved?,
                carried: carried?,
            })
        }),
        Given::AlcoholMgPer100ml(mg) => {
            let mg_per_100ml = small("alcohol_mg_per_100ml", *mg, 1..=1_000, fields)?;
            Some(Measure::Alcohol { mg_per_100ml })
        }
        Given::AmountFen(amount) => {
            let amount = fen("amount_fen", *amount, fields)?;
            Some(Measure::Money { amount })
        }
    }
}

pub(super) fn sanction(sanction: &proto::Sanction, fields: &mut Fields) -> Option<Sanction> {
    let fine = fen("fine_fen", sanction.fine_fen, fields);
    let months = small(
        "suspension_months",
        sanction.suspension_months,
        0..=60,
        fields,
    );
    let mitigation = match sanction.mitigation {
        0 => Some(None),
        given => fields
            .choice("mitigation", given, enums::read_mitigation)
            .map(Some),
    };
    let months = months.and_then(|months| u8::try_from(months).ok());
    Some(Sanction {
        warning: sanction.warning,
        fine: fine?,
        suspension_months: Some(months?).filter(|months| *months > 0),
        revocation: sanction.revocation,
        mitigation: mitigation?,
    })
}

/// A new case; its party is sealed later.
pub(super) fn filing(
    violation: &proto::Violation,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<Filing> {
    let source = fields.message("source", violation.source.as_ref(), source);
    let place = fields.message("place", violation.place.as_ref(), place);
    let act = fields.message("act", violation.act.as_ref(), act);
    let code = fields.optional("code", &violation.code, ViolationCode::parse);
    let acted_at = fields.timestamp("act_time", violation.act_time.as_ref());
    let plate = fields.optional("plate", &violation.plate, PlateNumber::parse);
    let evidence = fields.list("evidence", &violation.evidence, 0..=MOST_EVIDENCE, |hash| {
        sha256(hash)
    });
    let party = fields.optional_message("party", violation.party.as_ref(), |party, fields| {
        self::party(party, people, fields)
    });
    Some(Filing {
        source: source?,
        place: place?,
        act: act?,
        code: code?,
        acted_at: acted_at?,
        harmed_health: violation.harmed_health,
        plate: plate?,
        registration: None,
        evidence: evidence?,
        party: party?,
        filed_by: String::new(),
        same_act_as: None,
        due: None,
    })
}

fn sha256(text: &str) -> Result<Text<64>, Invalid> {
    let hexadecimal = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 64 && text.bytes().all(hexadecimal) {
        return Text::parse(text);
    }
    Err(Invalid::new(
        "must be a SHA-256 of 64 hexadecimal digits in lower case",
        "应为 64 位小写十六进制 SHA-256 值",
    ))
}

fn source(source: &proto::Source, fields: &mut Fields) -> Option<Source> {
    use proto::source::Kind;
    match &source.kind {
        Some(Kind::Device(given)) => {
            fields.within("device", |fields| device(given, fields).map(Source::Device))
        }
        Some(Kind::PublicReport(_)) => Some(Source::PublicReport),
        Some(Kind::OnTheSpot(_)) => Some(Source::OnTheSpot),
        Some(Kind::Referral(given)) => fields.within("referral", |fields| {
            let from = fields.required("from", &given.from, Text::parse);
            let reference = fields.required("reference", &given.reference, DocumentNumber::parse);
            Some(Source::Referral {
                from: from?,
                reference: reference?,
            })
        }),
        None => {
            fields.refuse("kind", Invalid::new("is required", "必填"));
            None
        }
    }
}

fn device(device: &proto::Device, fields: &mut Fields) -> Option<Device> {
    let number = fields.required("number", &device.number, DocumentNumber::parse);
    let verified_until = day("verified_until", device.verified_until.as_ref(), fields);
    let operator = fields.optional("operator", &device.operator, Text::parse);
    Some(Device {
        number: number?,
        verified_until: verified_until?,
        mobile: device.mobile,
        published: device.published,
        warned: device.warned,
        operator: operator?,
    })
}

/// A person and, if one drove, the licence; sealed later.
pub(super) fn party(
    party: &proto::Party,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<Party> {
    let person = people.read(named(party), fields);
    let licence = fields.optional_message("licence", party.licence.as_ref(), |licence, fields| {
        let first_issued = day("first_issued", licence.first_issued.as_ref(), fields)?;
        Some(crate::domain::violation::event::LicenceFacts {
            first_issued,
            large_vehicles: licence.large_vehicles,
        })
    });
    Some(Party {
        person: person?,
        licence: licence?,
    })
}
