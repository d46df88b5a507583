//! What the reviewer does before and at the decision: ask for corrections, accept, approve, refuse, amend.

use super::application::Application;
use super::deadlines::pass_time;
use super::event::{
    Correction, Fact, Grant, RefusalGround, RefusedApplication, RunOrder, SuspensionCause,
};
use super::ground::Ground;
use super::instruments::{OversizeRules, licence_law, traffic_law};
use super::oversize_transport::{OversizeClass, OversizeTransport};
use super::permit::{Permit, Stage};
use super::registers::{ApplicantEvent, ApplicantStanding, Bar};
use super::standing::lift;
use super::steps::{
    as_reviewer, check_standing, in_stage, load, record, release_places, take_places, validity,
};
use super::values::PermitId;
use chassis::domain::values::{Organisation, Text};
use chassis::domain::{Halt, LegalBasis, Transaction};
use jiff::ToSpan;

/// Tells the applicant, once and in full, what is missing (Administrative Licence Law art. 32(1)(4)).
///
/// # Errors
/// After five working days, a second time, or by somebody who may not review it.
pub fn request_correction(
    tx: &mut Transaction,
    id: &PermitId,
    corrections: Vec<Correction>,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &[Stage::Submitted], "submitted")?;
    if !permit.corrections.is_empty() {
        return Err(Ground::CorrectionAlreadyRequested.into());
    }
    if tx.now() >= permit.limits.correction_due {
        return Err(Ground::CorrectionTooLate {
            due: permit.limits.correction_due,
        }
        .into());
    }
    record(tx, id, &permit, [Fact::CorrectionRequested { corrections }])
}

/// Accepts a complete application (art. 32(1)(5)).
///
/// # Errors
/// If it does not wait for acceptance, or by somebody who may not review it.
pub fn accept(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &[Stage::Submitted], "submitted")?;
    let limits = permit.limits.clone();
    record(
        tx,
        id,
        &permit,
        [Fact::PermitAccepted {
            deemed: false,
            limits,
        }],
    )
}

/// Grants what was applied for (art. 38(1)).
#[derive(Clone, Debug, Default)]
pub struct Approve {
    pub conditions: Vec<Text<500>>,
    /// Oversize transports: required. Others: none.
    pub run_order: Option<RunOrder>,
    /// Toxic transports: may enter zones closed to hazardous goods.
    pub allow_restricted_zones: bool,
}

/// An emergency repair whose time is over is in use from its grant on: its road is still to be reopened (Road Traffic Safety Law
/// art. 32(2)).
///
/// # Errors
/// Any ground of the law against it as of now; [`Ground::RoadTaken`] if another occupation holds the road.
pub fn approve(tx: &mut Transaction, id: &PermitId, command: Approve) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &[Stage::Accepted], "accepted")?;
    let application = permit.application.clone();
    check_at_decision(tx, &permit, &application, command.allow_restricted_zones)?;
    check_standing(tx, &permit.applicant, &application)?;
    let grant = grant(tx, 1, &application, command)?;
    take_places(tx, id, &permit.applicant, &application)?;
    let applicant = permit.applicant.clone();
    record(
        tx,
        id,
        &permit,
        [Fact::PermitApproved {
            grant,
            applicant,
            application,
        }],
    )?;
    // Who is told of the grant of what is over can report its end at once.
    pass_time(tx, id)
}

/// Refuses the application (art. 38(2)), also one that was sent back and is not corrected, or cannot be.
#[derive(Clone, Debug)]
pub struct Refuse {
    pub ground: RefusalGround,
    pub reason: Text<500>,
}

/// False statements bar the applicant from this kind for a year (art. 78): all kinds concern public safety.
///
/// # Errors
/// If it does not wait for a decision, or by somebody who may not review it.
pub fn refuse(tx: &mut Transaction, id: &PermitId, command: Refuse) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(
        &permit,
        &[
            Stage::Submitted,
            Stage::CorrectionRequested,
            Stage::Accepted,
        ],
        "submitted, correction_requested or accepted",
    )?;
    let refused = RefusedApplication {
        basis: refusal_basis(&permit, command.ground),
        ground: command.ground,
        reason: command.reason,
        decided_at: tx.now(),
    };
    record(tx, id, &permit, [Fact::PermitRefused(refused)])?;
    if command.ground == RefusalGround::FalseStatements {
        bar(tx, id, &permit, 1, false)?;
    }
    Ok(())
}

/// Bars the applicant from this kind of permit for so many years.
pub fn bar(
    tx: &mut Transaction,
    id: &PermitId,
    permit: &Permit,
    years: i16,
    fraud: bool,
) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let bar = Bar {
        kind: permit.kind(),
        until: today + years.years(),
        fraud,
    };
    tx.record::<ApplicantStanding>(
        permit.applicant.credit_code.as_str(),
        [ApplicantEvent::ApplicantBarred {
            permit: id.clone(),
            bar,
        }],
    )
}

/// Changes a granted permit at the wish of its holder (art. 49).
#[derive(Clone, Debug)]
pub struct Amend {
    pub applicant: Organisation,
    pub application: Application,
    pub reason: Text<500>,
    /// Oversize transports: the new order; `None` keeps the one that stands.
    pub run_order: Option<RunOrder>,
}

/// # Errors
/// As [`approve`]; and if the kind or the holder would change (art. 9), or, once in use, more than the end of works.
pub fn amend(tx: &mut Transaction, id: &PermitId, command: Amend) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(
        &permit,
        &[Stage::Approved, Stage::InUse],
        "approved or in_use",
    )?;
    let Amend {
        applicant,
        application,
        reason,
        run_order,
    } = command;
    if application.kind() != permit.kind() {
        return Err(Ground::KindChanged.into());
    }
    if applicant.credit_code != permit.applicant.credit_code {
        return Err(Ground::HolderChanged.into());
    }
    if permit.stage == Stage::InUse {
        only_the_end_moves(&permit.application, &application)?;
    }
    let Some(granted) = permit.grant.clone() else {
        return Err(Ground::WrongState {
            is: permit.stage.as_str(),
            needs: "approved",
        }
        .into());
    };
    check_at_decision(tx, &permit, &application, granted.restricted_zones_allowed)?;
    check_standing(tx, &applicant, &application)?;
    let terms = Approve {
        conditions: granted.conditions,
        run_order: run_order.or(granted.run_order),
        allow_restricted_zones: granted.restricted_zones_allowed,
    };
    let grant = grant(tx, granted.version + 1, &application, terms)?;
    release_places(tx, id, &permit.application)?;
    take_places(tx, id, &applicant, &application)?;
    record(
        tx,
        id,
        &permit,
        [Fact::PermitAmended {
            grant,
            applicant,
            application,
            reason: reason.clone(),
        }],
    )?;
    resume_as_amended(tx, id, reason)
}

/// Every driver and vehicle that is named now may go: suspensions for the sake of those named before end.
fn resume_as_amended(tx: &mut Transaction, id: &PermitId, reason: Text<500>) -> Result<(), Halt> {
    let suspensions = load(tx, id)?.suspensions.clone();
    for suspension in suspensions {
        if suspension.cause != SuspensionCause::Order {
            let permit = load(tx, id)?;
            let lifted = lift(&permit, suspension.cause, reason.clone());
            record(tx, id, &permit, [lifted])?;
        }
    }
    Ok(())
}

/// Once in use, works may be given more or less time and other terms, but stay where they are (Road Traffic Safety Law
/// art. 32(2)); trips and runs stay as ordered.
fn only_the_end_moves(granted: &Application, wanted: &Application) -> Result<(), Ground> {
    match (granted, wanted) {
        (Application::RoadOccupation(granted), Application::RoadOccupation(wanted))
            if granted.stretch.roads == wanted.stretch.roads
                && granted.stretch.directions == wanted.stretch.directions
                && granted.stretch.line == wanted.stretch.line
                && granted.hours.start() == wanted.hours.start() =>
        {
            Ok(())
        }
        _ => Err(Ground::AlreadyInUse),
    }
}

/// What must hold when the decision is made, beyond what filing already asked.
fn check_at_decision(
    tx: &Transaction,
    permit: &Permit,
    application: &Application,
    zones_allowed: bool,
) -> Result<(), Ground> {
    let (now, calendar) = (tx.now(), tx.context.calendar);
    match application {
        Application::RoadOccupation(occupation) => {
            // An emergency repair may be over when it is granted, but more time for it lies ahead.
            let is_amended = permit.grant.is_some();
            if is_amended && occupation.hours.end() <= now {
                return Err(Ground::OccupationOver);
            }
            // Filed in time or not at all: the hours since do not count against it.
            occupation.check(permit.created, now, calendar)?;
            if occupation.road_authority_consent.is_none() {
                return Err(Ground::ConsentMissing);
            }
            Ok(())
        }
        Application::ToxicTransport(transport) => {
            transport.check(permit.district, now, calendar)?;
            if zones_allowed {
                return Ok(());
            }
            transport.check_zones(now, calendar)
        }
        Application::OversizeTransport(transport) => transport.check(now, calendar),
    }
}

fn grant(
    tx: &Transaction,
    version: u32,
    application: &Application,
    terms: Approve,
) -> Result<Grant, Ground> {
    let (valid_from, valid_until) = validity(tx, application)?;
    let oversize_class = match application {
        Application::OversizeTransport(transport) => {
            let Some(order) = &terms.run_order else {
                return Err(Ground::RunOrderMissing);
            };
            if order.start < valid_from || order.end > valid_until || order.end <= tx.now() {
                return Err(Ground::RunOrderOutsideValidity);
            }
            escorted_class(tx, transport, order)?
        }
        _ if terms.run_order.is_some() => return Err(Ground::RunOrderNotOversize),
        _ => None,
    };
    Ok(Grant {
        version,
        decided_at: tx.now(),
        valid_from,
        valid_until,
        conditions: terms.conditions,
        run_order: terms.run_order,
        oversize_class,
        restricted_zones_allowed: terms.allow_restricted_zones,
    })
}

/// The class of the transport; class III goes with an escort.
fn escorted_class(
    tx: &Transaction,
    transport: &OversizeTransport,
    order: &RunOrder,
) -> Result<Option<OversizeClass>, Ground> {
    let rules = OversizeRules::on(tx.context.calendar.date(tx.now()));
    let class = transport.class(rules);
    if class == Some(OversizeClass::Three) && !order.escort {
        return Err(Ground::EscortRequired);
    }
    Ok(class)
}

fn refusal_basis(permit: &Permit, ground: RefusalGround) -> LegalBasis {
    match ground {
        RefusalGround::NotRequired => licence_law("art. 32(1)(1)"),
        RefusalGround::NotCompetent => licence_law("art. 32(1)(2)"),
        RefusalGround::FalseStatements => licence_law("art. 78"),
        // Only what is corrected in full has to be accepted.
        RefusalGround::ConditionsNotMet if permit.stage == Stage::CorrectionRequested => {
            licence_law("arts. 32(1)(5), 38(2)")
        }
        RefusalGround::ConditionsNotMet => licence_law("art. 38(2)"),
        RefusalGround::TrafficSafety => match permit.application {
            Application::RoadOccupation(_) => traffic_law("art. 32(1)"),
            Application::ToxicTransport(_) => traffic_law("art. 48(3)"),
            Application::OversizeTransport(_) => traffic_law("art. 48(2)"),
        },
    }
}
