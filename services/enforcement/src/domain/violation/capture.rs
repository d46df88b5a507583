//! Records of devices, citizens and other services: recorded, reviewed twice, entered, notified (Order 157 arts. 15 to 23).

use super::super::codes::Codes;
use super::super::conduct::Conduct;
use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::limits;
use super::super::registered::{self, Registration};
use super::super::values::CaseId;
use super::event::{
    CancellationGround, Device, Fact, Filing, NoticeChannel, Party, Review, Source, ViolationEvent,
};
use super::excuse::judge_by_permits;
use super::objection::cancelled;
use super::steps::{actor, as_officer, in_stage, load, record};
use super::{Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;

/// Records an act that a device, a citizen or another service has seen.
///
/// # Errors
/// If it lies in the future or beyond the limitation, if the device may not be used as evidence, or if the measure does not fit.
pub fn record_violation(tx: &mut Transaction, mut filing: Filing) -> Result<CaseId, Halt> {
    know_vehicle(tx, &mut filing)?;
    check_filing(tx, &filing)?;
    match &filing.source {
        Source::Device(device) => check_device(tx, device, &filing)?,
        Source::OnTheSpot => return Err(Ground::NotARecord.into()),
        Source::PublicReport | Source::Referral { .. } => {}
    }
    let review = tx.context.calendar.deadline(tx.now(), limits::REVIEW.time);
    filing.due = Some(review);
    let id = file(tx, filing, Fact::ViolationRecorded)?;
    judge_by_permits(tx, &id)?;
    Ok(id)
}

/// Notes what registration has told of the plate; a record that does not describe the vehicle takes its description from there.
fn know_vehicle(tx: &mut Transaction, filing: &mut Filing) -> Result<(), Halt> {
    let Some(plate) = &filing.plate else {
        return Ok(());
    };
    filing.registration = registered::of(tx, plate)?;
    if let (None, Some(Registration::Registered(vehicle))) =
        (filing.act.vehicle, filing.registration)
    {
        filing.act.vehicle = Some(vehicle);
    }
    Ok(())
}

/// What every new case needs, however it begins.
pub(super) fn check_filing(tx: &Transaction, filing: &Filing) -> Result<(), Ground> {
    if tx.is_yet_to_come(filing.acted_at) {
        return Err(Ground::ActInTheFuture);
    }
    let calendar = tx.context.calendar;
    let (acted, found) = (calendar.date(filing.acted_at), calendar.date(tx.now()));
    if !limits::is_within_limitation(acted, found, filing.harmed_health) {
        return Err(Ground::LimitationPassed);
    }
    if let Some(code) = &filing.code {
        Codes::shipped().check(code, filing.act.conduct, acted)?;
    }
    let rules = super::super::rules::Rules::shipped();
    super::super::assessment::assess(rules, &filing.act, acted, found)?;
    Ok(())
}

/// Enters a case and its docket.
pub(super) fn file(
    tx: &mut Transaction,
    mut filing: Filing,
    fact: fn(Filing) -> Fact,
) -> Result<CaseId, Halt> {
    let id = CaseId::new(tx.context.new_id("violation"));
    filing.filed_by.clone_from(&tx.context.actor.id);
    filing.same_act_as = docket::enter(tx, &id, &filing)?;
    let event = ViolationEvent {
        district: filing.place.district,
        plate: filing.plate.clone(),
        fact: fact(filing),
    };
    tx.record::<Violation>(id.as_str(), [event])?;
    Ok(id)
}

/// Only devices that are verified, made public and announced give evidence (Order 157 arts. 15 to 17, Administrative Penalty
/// Law art. 41(1)).
fn check_device(tx: &Transaction, device: &Device, filing: &Filing) -> Result<(), Ground> {
    if device.verified_until < tx.context.calendar.date(filing.acted_at) {
        return Err(Ground::DeviceNotVerified {
            until: device.verified_until,
        });
    }
    if !device.mobile && !device.published {
        return Err(Ground::DeviceNotPublished);
    }
    if filing.act.conduct == Conduct::Speeding {
        if !device.mobile && !device.warned {
            return Err(Ground::SpeedSignMissing);
        }
        if device.mobile && device.operator.is_none() {
            return Err(Ground::MobileDeviceWithoutOfficer);
        }
    }
    Ok(())
}

/// Notes that one of the two reviews is passed; with both the record is entered. A record that does not pass is cancelled.
///
/// # Errors
/// If it waits for no review, if this one is done, or by somebody of another district.
pub fn pass_review(tx: &mut Transaction, id: &CaseId, review: Review) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Recorded], "recorded")?;
    let (done, other) = match review {
        Review::TechnicalPassed => (case.technical_review, case.legal_review),
        Review::LegalPassed => (case.legal_review, case.technical_review),
    };
    if done.is_some() {
        return Err(Ground::ReviewDone.into());
    }
    let officer = actor(tx)?;
    record(tx, id, &case, [Fact::RecordReviewed { review, officer }])?;
    if other.is_some() {
        let notice_due = tx.context.calendar.deadline(tx.now(), limits::NOTICE.time);
        let acted_at = case.filing.acted_at;
        record(
            tx,
            id,
            &case,
            [Fact::ViolationEntered {
                acted_at,
                notice_due,
            }],
        )?;
    }
    Ok(())
}

/// The record fails a review: it is not clear or not right (Order 157 arts. 18, 22(6); Administrative Penalty Law art. 41(2)).
///
/// # Errors
/// As [`pass_review`].
pub fn fail_review(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Recorded], "recorded")?;
    cancelled(tx, id, &case, CancellationGround::UnclearRecord, remarks)
}

/// Tells the owner or driver time, place and facts, and that thirty days are theirs (Order 157 art. 20(1)).
///
/// # Errors
/// If the record is not entered, or was notified.
pub fn notify(tx: &mut Transaction, id: &CaseId, through: NoticeChannel) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Entered], "entered")?;
    let handle_by = tx
        .context
        .calendar
        .deadline(tx.now(), limits::HANDLING.time);
    record(tx, id, &case, [Fact::NoticeSent { through, handle_by }])?;
    docket::move_case(tx, id, &case.filing, Standing::HandleBy(handle_by), None)
}

/// Gives the party more time, once, at most three months (Order 157 art. 53(2)).
///
/// # Errors
/// If it was extended, if the thirty days have passed, or beyond three months.
pub fn extend_handling(tx: &mut Transaction, id: &CaseId, until: Timestamp) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Notified], "notified")?;
    let Some(handle_by) = case.handle_by else {
        return Err(Ground::NotNotified.into());
    };
    if case.extended || tx.now() >= handle_by {
        return Err(Ground::ExtensionTooLate.into());
    }
    let latest = limits::latest_extension(tx.context.calendar, handle_by);
    if until <= handle_by || until > latest {
        return Err(Ground::ExtensionTooLong { latest }.into());
    }
    record(tx, id, &case, [Fact::HandlingExtended { handle_by: until }])?;
    docket::move_case(tx, id, &case.filing, Standing::HandleBy(until), None)
}

/// Notes who drove, if it can be established (Order 157 art. 21).
///
/// # Errors
/// Once the case is being handled.
pub fn identify_driver(tx: &mut Transaction, id: &CaseId, party: Party) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Recorded, Stage::Entered, Stage::Notified],
        "recorded, entered or notified",
    )?;
    record(tx, id, &case, [Fact::DriverIdentified { party }])
}
