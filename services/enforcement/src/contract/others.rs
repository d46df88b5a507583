//! Licences, detained vehicles, hazards, persuasion, as the contract shows them.

use super::enums;
use super::{day, place, redress};
use crate::domain::codes::CodeMeaning;
use crate::domain::detention::Detention;
use crate::domain::docket::{Docket, of_vehicle};
use crate::domain::hazard::Hazard;
use crate::domain::licence::education::Test;
use crate::domain::licence::{Fine, Licence};
use crate::domain::persuasion::{Company, JunctionDay};
use crate::domain::redress::Redress;
use crate::domain::values::{CaseId, city};
use chassis::domain::values::PlateNumber;
use chassis::domain::{LegalCalendar, Revision};
use chassis::server::to_timestamp;
use jiff::Timestamp;
use jiff::civil::Date;
use traffic_proto::enforcement::v1 as proto;

pub fn licence(
    person: &str,
    licence: &Licence,
    revision: &Revision,
    calendar: &LegalCalendar,
) -> proto::Licence {
    proto::Licence {
        name: format!("licences/{person}"),
        points: licence.points(),
        cycle_start: day(Licence::cycle_start(&licence.facts, licence.cycle)),
        cycle_end: day(licence.cycle_end()),
        entries: licence
            .entries
            .iter()
            .map(|entry| proto::PointsEntry {
                violation: format!("violations/{}", entry.case),
                points: entry.points.into(),
                fine_settled: entry.fine == Fine::Settled,
                fine_due_time: match entry.fine {
                    Fine::Due(due) => Some(to_timestamp(due)),
                    Fine::Unserved | Fine::Settled => None,
                },
            })
            .collect(),
        reduced: licence.reduced,
        education: education(licence, calendar),
        may_drive: licence.may_drive(),
        suspended_until: licence
            .suspensions
            .iter()
            .map(|(_, until)| *until)
            .max()
            .map(to_timestamp),
        revoked: !licence.revocations.is_empty(),
        out_of_use: licence.out_of_use,
        trading_suspected: licence.trading_suspected,
        etag: revision.etag(),
    }
}

fn education(licence: &Licence, calendar: &LegalCalendar) -> Option<proto::Education> {
    let (education, required) = (licence.education.as_ref()?, licence.required()?);
    let passed = [
        (Test::Theory, education.theory),
        (Test::Yard, education.yard),
        (Test::Road, education.road),
    ];
    // Licences are the city's own matter.
    let told = Redress::of_measure(city(), calendar, education.called_at);
    Some(proto::Education {
        respond_by: Some(to_timestamp(education.respond_by)),
        days: required.days,
        taught_days: required.taught_days,
        classroom_days: required.classroom_days,
        days_done: u32::try_from(education.days.len()).unwrap_or(u32::MAX),
        road_test: required.road,
        yard_test: required.yard,
        passed: passed
            .into_iter()
            .filter(|(_, passed)| *passed)
            .map(|(test, _)| enums::test(test).into())
            .collect(),
        retest_from: education.retest_from.map(to_timestamp),
        redress: Some(redress(&told)),
    })
}

pub fn detention(
    id: &CaseId,
    detention: &Detention,
    revision: &Revision,
    calendar: &LegalCalendar,
) -> proto::Detention {
    let order = &detention.order;
    let told = Redress::of_measure(order.place.district, calendar, detention.detained_at);
    proto::Detention {
        name: format!("detentions/{id}"),
        state: enums::detention_state(detention.stage).into(),
        certificate: order.certificate.to_string(),
        ground: enums::detention_ground(order.ground).into(),
        place: Some(place(&order.place)),
        plate: order
            .plate
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        party: Some(proto::Party {
            person_ref: order.party.person.to_string(),
            ..proto::Party::default()
        }),
        violation: order
            .violation
            .as_ref()
            .map(|case| format!("violations/{case}"))
            .unwrap_or_default(),
        told_and_heard: order.told_and_heard,
        create_time: Some(to_timestamp(detention.detained_at)),
        verify_by: detention.verify_by.map(to_timestamp),
        announcement_end_time: detention.announcement_ends.map(to_timestamp),
        legal_basis: order.ground.basis().to_string(),
        etag: revision.etag(),
        redress: Some(redress(&told)),
    }
}

pub fn hazard(id: &str, hazard: &Hazard, revision: &Revision) -> proto::Hazard {
    proto::Hazard {
        name: format!("hazards/{id}"),
        state: enums::hazard_state(hazard.stage).into(),
        place: Some(place(&hazard.place)),
        kind: enums::hazard_kind(hazard.kind).into(),
        description: hazard.description.to_string(),
        create_time: Some(to_timestamp(hazard.found_at)),
        assignee: hazard
            .assigned_to
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        rectify_by: hazard.rectify_by.map(to_timestamp),
        overdue: hazard.overdue,
        etag: revision.etag(),
    }
}

/// `now` decides which records wait too long.
pub fn docket(plate: &PlateNumber, docket: &Docket, now: Timestamp) -> proto::Docket {
    let open = docket.entries.iter().filter(|entry| entry.is_open());
    proto::Docket {
        name: format!("dockets/{}", of_vehicle(plate)),
        plate: plate.to_string(),
        open_violations: open
            .map(|entry| format!("violations/{}", entry.case))
            .collect(),
        unhandled: u32::try_from(docket.overdue(now)).unwrap_or(u32::MAX),
        trading_suspected: docket.trading_suspected,
    }
}

pub fn violation_code(known: &CodeMeaning) -> proto::ViolationCode {
    proto::ViolationCode {
        code: known.code.to_string(),
        meaning: known.meaning.clone(),
        conduct: enums::conduct(known.conduct).into(),
        valid_from: day(known.from),
        valid_until: known.until.and_then(day),
    }
}

pub fn junction_day(junction: &str, on: Date, counts: &JunctionDay) -> proto::JunctionDay {
    proto::JunctionDay {
        junction: junction.to_owned(),
        day: day(on),
        riders_seen: counts.riders_seen,
        riders_with_helmet: counts.riders_with_helmet,
        persuaded: counts
            .persuaded
            .iter()
            .map(|(behaviour, count)| proto::BehaviourCount {
                behaviour: enums::behaviour(*behaviour).into(),
                count: *count,
            })
            .collect(),
        helmets_given: counts.helmets_given,
        district: counts
            .district
            .map(|district| district.to_string())
            .unwrap_or_default(),
        helmet_rate: counts.helmet_rate(),
    }
}

pub fn company(code: &str, company: &Company) -> proto::Company {
    proto::Company {
        name: format!("companies/{code}"),
        month: day(company.month),
        riders: company.riders,
        summoned: company.summoned,
        talk_due: company.talk_due,
    }
}
