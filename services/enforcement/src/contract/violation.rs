//! A case as the contract shows it.

use super::day;
use super::enums;
use crate::domain::assessment::{Assessment, assess};
use crate::domain::conduct::{Act, Measure};
use crate::domain::instruments::{penalty_law, traffic_law};
use crate::domain::redress::{
    LAWSUIT_DAYS_AFTER_RECONSIDERATION, LAWSUIT_MONTHS, RECONSIDERATION_DAYS, Redress,
};
use crate::domain::registered::Registration;
use crate::domain::rules::{BandApplied, Bound, RuleRef, Rules};
use crate::domain::values::{CaseId, Place};
use crate::domain::violation::event::{Decision, Device, Filing, Party, Sanction, Source};
use crate::domain::violation::legal_review::LegalReview;
use crate::domain::violation::remedy;
use crate::domain::violation::{Closed, DefaultNotice, Referral, Violation};
use chassis::domain::{LegalCalendar, Revision};
use chassis::server::to_timestamp;
use jiff::Timestamp;
use traffic_proto::enforcement::v1 as proto;

/// `now` is what the surcharge is reckoned to.
pub fn violation(
    id: &CaseId,
    case: &Violation,
    revision: &Revision,
    calendar: &LegalCalendar,
    now: Timestamp,
) -> proto::Violation {
    let filing = &case.filing;
    let nearest = case.nearest_duty();
    proto::Violation {
        name: format!("violations/{id}"),
        state: enums::violation_state(case.stage).into(),
        source: Some(source(filing)),
        place: Some(place(&filing.place)),
        act: Some(act(&filing.act)),
        act_time: Some(to_timestamp(filing.acted_at)),
        code: filing
            .code
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        harmed_health: filing.harmed_health,
        plate: filing
            .plate
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        evidence: filing.evidence.iter().map(ToString::to_string).collect(),
        party: case.party.as_ref().map(party),
        same_act_as: filing
            .same_act_as
            .as_ref()
            .map(|other| format!("violations/{other}"))
            .unwrap_or_default(),
        create_time: Some(to_timestamp(case.filed_at)),
        update_time: Some(to_timestamp(case.updated)),
        etag: revision.etag(),
        handle_by: case.handle_by.map(to_timestamp),
        intention: case.intended.as_ref().map(|told| proto::Intention {
            sanction: Some(sanction(&told.sanction)),
            assessment: Some(assessment(&told.assessment)),
            hearing: told.hearing,
            request_by: told.request_by.map(to_timestamp),
            defence_heard: told.defence_heard,
        }),
        decision: case
            .decision
            .as_ref()
            .map(|decided| decision(decided, case, calendar)),
        reconsider_by: case.reconsider_by.map(to_timestamp),
        account: case.decision.as_ref().map(|_| account(case, calendar, now)),
        remedy: case.remedy.map_or(0, |remedy| enums::remedy(remedy).into()),
        missed: case
            .missed
            .iter()
            .map(|duty| enums::duty(*duty).into())
            .collect(),
        duty: nearest.map_or(0, |(duty, _)| enums::duty(duty).into()),
        provided: provided(case, calendar, now).as_ref().map(assessment),
        duty_due_time: nearest.map(|(_, due)| to_timestamp(due)),
        closing_basis: match &case.closed {
            Some(Closed::Cancelled(_, basis) | Closed::NotPunished(_, basis)) => basis.to_string(),
            Some(Closed::Permitted(_)) => traffic_law("art. 48(2)").to_string(),
            Some(Closed::DecisionCorrected) => penalty_law("art. 75(2)").to_string(),
            _ => String::new(),
        },
        permit: match &case.closed {
            Some(Closed::Permitted(permit)) => format!("permits/{permit}"),
            _ => String::new(),
        },
        plate_standing: plate_standing(filing.registration).into(),
        legal_review: case.decision_review.as_ref().map(legal_review),
        referral: case.referral.as_ref().map(referral),
        announcement_end_time: case.announcement_ends.map(to_timestamp),
        absence_notice: case.default.as_ref().map(absence_notice),
    }
}

fn referral(referral: &Referral) -> proto::CrimeReferral {
    proto::CrimeReferral {
        authority: referral.to.to_string(),
        refer_time: Some(to_timestamp(referral.at)),
        resting: referral.rests_at.is_some(),
    }
}

fn absence_notice(notice: &DefaultNotice) -> proto::AbsenceNotice {
    proto::AbsenceNotice {
        sanction: Some(sanction(&notice.sanction)),
        receipt: notice
            .telling
            .as_ref()
            .map(|telling| telling.receipt.to_string())
            .unwrap_or_default(),
        person_ref: notice
            .told
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        hearing: notice.hearing,
        announce_from: Some(to_timestamp(notice.announce_from)),
        announcement_end_time: notice.announcement_ends.map(to_timestamp),
        spoken_up: notice.spoken_up,
    }
}

/// What the rules provide until it is decided; `None`: it is, or they provide nothing any more.
fn provided(case: &Violation, calendar: &LegalCalendar, now: Timestamp) -> Option<Assessment> {
    if case.decision.is_some() || case.closed.is_some() {
        return None;
    }
    let acted = calendar.date(case.filing.acted_at);
    assess(
        Rules::shipped(),
        &case.filing.act,
        acted,
        calendar.date(now),
    )
    .ok()
}

fn legal_review(review: &LegalReview) -> proto::LegalReview {
    let shown = proto::LegalReview {
        ground: enums::legal_review_ground(review.ground).into(),
        legal_basis: review.ground.basis().to_string(),
        ..proto::LegalReview::default()
    };
    match &review.opinion {
        None => shown,
        Some(opinion) => proto::LegalReview {
            reviewer: opinion.reviewer.to_string(),
            passed: opinion.passed,
            opinion: opinion.opinion.to_string(),
            review_time: Some(to_timestamp(opinion.at)),
            ..shown
        },
    }
}

fn plate_standing(known: Option<Registration>) -> proto::PlateStanding {
    match known {
        None => proto::PlateStanding::Unspecified,
        Some(Registration::Registered(_)) => proto::PlateStanding::Registered,
        Some(Registration::Gone) => proto::PlateStanding::Gone,
        Some(Registration::Cancelled) => proto::PlateStanding::Cancelled,
    }
}

fn source(filing: &Filing) -> proto::Source {
    use proto::source::Kind;
    let kind = match &filing.source {
        Source::Device(found) => Kind::Device(device(found)),
        Source::PublicReport => Kind::PublicReport(proto::PublicReport {}),
        Source::Referral { from, reference } => Kind::Referral(proto::Referral {
            from: from.to_string(),
            reference: reference.to_string(),
        }),
        Source::OnTheSpot => Kind::OnTheSpot(proto::OnTheSpot {}),
    };
    proto::Source { kind: Some(kind) }
}

fn device(device: &Device) -> proto::Device {
    proto::Device {
        number: device.number.to_string(),
        verified_until: day(device.verified_until),
        mobile: device.mobile,
        published: device.published,
        warned: device.warned,
        operator: device
            .operator
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    }
}

pub fn place(place: &Place) -> proto::Place {
    proto::Place {
        district: place.district.to_string(),
        road: place.road.to_string(),
        point: place.point.map(|(longitude, latitude)| proto::Point {
            longitude: f64::from(longitude) / 1e7,
            latitude: f64::from(latitude) / 1e7,
        }),
    }
}

pub fn act(act: &Act) -> proto::Act {
    proto::Act {
        conduct: enums::conduct(act.conduct).into(),
        road: enums::road(act.road).into(),
        vehicle: act.vehicle.map(|vehicle| proto::Vehicle {
            vehicle_use: enums::vehicle_use(vehicle.used_as).into(),
            medium_or_larger: vehicle.medium_or_larger,
            dangerous_goods: vehicle.dangerous_goods,
            for_hire: vehicle.for_hire,
            seats: vehicle.seats.into(),
        }),
        repeated: act.repeated,
        measure: act.measure.map(measure),
    }
}

fn measure(measure: Measure) -> proto::act::Measure {
    use proto::act::Measure as Shown;
    match measure {
        Measure::Speed {
            limit_kmh,
            measured_kmh,
        } => Shown::Speed(proto::Speed {
            limit_kmh: limit_kmh.into(),
            measured_kmh: measured_kmh.into(),
        }),
        Measure::Load {
            allowed_mass_kg,
            mass_kg,
            approved_load_kg,
            load_kg,
        } => Shown::Load(proto::Load {
            allowed_mass_kg,
            mass_kg,
            approved_load_kg,
            load_kg,
        }),
        Measure::Occupancy { approved, carried } => Shown::Occupancy(proto::Occupancy {
            approved: approved.into(),
            carried: carried.into(),
        }),
        Measure::Alcohol { mg_per_100ml } => Shown::AlcoholMgPer100ml(mg_per_100ml.into()),
        Measure::Money { amount } => Shown::AmountFen(amount.signed()),
    }
}

fn party(party: &Party) -> proto::Party {
    proto::Party {
        person_ref: party.person.person.to_string(),
        licence: party.licence.map(|facts| proto::LicenceFacts {
            first_issued: day(facts.first_issued),
            large_vehicles: facts.large_vehicles,
        }),
        ..proto::Party::default()
    }
}

pub fn sanction(sanction: &Sanction) -> proto::Sanction {
    proto::Sanction {
        warning: sanction.warning,
        fine_fen: sanction.fine.signed(),
        suspension_months: sanction.suspension_months.unwrap_or(0).into(),
        revocation: sanction.revocation,
        mitigation: sanction
            .mitigation
            .map_or(0, |mitigation| enums::mitigation(mitigation).into()),
    }
}

pub fn assessment(assessed: &Assessment) -> proto::Assessment {
    let penalty = &assessed.penalty;
    proto::Assessment {
        warning: penalty.warning,
        least_fine_fen: penalty.fine.map_or(0, |range| range.least.signed()),
        most_fine_fen: penalty.fine.map_or(0, |range| range.most.signed()),
        suspension_months: penalty.suspension_months.unwrap_or(0).into(),
        revocation: enums::revocation(penalty.revocation).into(),
        detention_days: penalty.detention_days.unwrap_or(0).into(),
        crime: penalty.crime,
        points: assessed.points.into(),
        penalty_rules: penalty.rules.iter().map(rule).collect(),
        points_rule: assessed.points_rule.as_ref().map(rule),
    }
}

fn rule(rule: &RuleRef) -> proto::RuleRef {
    proto::RuleRef {
        legal_basis: rule.basis.to_string(),
        effective: day(rule.effective),
        band: rule.band.map(band),
    }
}

fn band(band: BandApplied) -> proto::Band {
    let bound = |bound: Bound| proto::Bound {
        value: bound.value,
        included: bound.included,
    };
    proto::Band {
        compared: enums::compared(band.of).into(),
        lower: band.lower.map(bound),
        upper: band.upper.map(bound),
        allowed: band.allowed,
        measured: band.measured,
    }
}

/// The decision of this case.
pub fn decision(decided: &Decision, case: &Violation, calendar: &LegalCalendar) -> proto::Decision {
    proto::Decision {
        procedure: enums::procedure(decided.procedure).into(),
        sanction: Some(sanction(&decided.sanction)),
        points: decided.points.into(),
        assessment: Some(assessment(&decided.assessment)),
        acted_on: day(decided.acted_on),
        decided_on: day(decided.decided_on),
        decide_time: Some(to_timestamp(decided.decided_at)),
        officers: decided.officers.iter().map(ToString::to_string).collect(),
        serve_time: case.served_at.map(to_timestamp),
        act: Some(act(&decided.act)),
        withheld_on: decided.withheld_on.and_then(day),
        varied: case.varied.map(|varied| proto::Variation {
            remedy: enums::remedy(varied.remedy).into(),
            sanction: Some(sanction(&varied.sanction)),
            points: varied.points.into(),
            vary_time: Some(to_timestamp(varied.at)),
        }),
        redress: remedy::redress(case, calendar).as_ref().map(redress),
    }
}

pub fn redress(told: &Redress) -> proto::Redress {
    let directly = !told.reconsideration_first;
    proto::Redress {
        authority_district: told.authority.to_string(),
        reconsideration_days: RECONSIDERATION_DAYS.into(),
        reconsider_by: told.reconsider_by.map(to_timestamp),
        reconsideration_first: told.reconsideration_first,
        lawsuit_months: if directly { LAWSUIT_MONTHS.into() } else { 0 },
        sue_by: told.sue_by.map(to_timestamp),
        lawsuit_days_after_reconsideration: LAWSUIT_DAYS_AFTER_RECONSIDERATION.into(),
        legal_bases: told.bases().iter().map(ToString::to_string).collect(),
        remedies_zh: told.notice_zh(),
    }
}

fn account(case: &Violation, calendar: &LegalCalendar, now: Timestamp) -> proto::Account {
    let account = &case.account;
    // A settled case owes nothing, whatever day it is.
    let settled = case.stage == crate::domain::violation::Stage::Settled;
    let (surcharge, owed) = if settled {
        (case.surcharge_paid, chassis::domain::values::Fen::ZERO)
    } else {
        (
            account.surcharge(calendar, now),
            account.owed(calendar, now),
        )
    };
    proto::Account {
        fine_fen: account.fine.signed(),
        surcharge_fen: surcharge.signed(),
        paid_fen: account.paid().signed(),
        owed_fen: owed.signed(),
        instalments: account
            .instalments
            .iter()
            .map(|part| proto::Instalment {
                amount_fen: part.amount.signed(),
                due_time: Some(to_timestamp(part.due)),
            })
            .collect(),
        overdue: case.payment_overdue,
        refunded_fen: account.refunded.signed(),
    }
}
