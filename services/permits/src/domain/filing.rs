//! What the applicant does: file, correct, withdraw.

use super::application::Application;
use super::event::{Fact, Filing, PermitEvent};
use super::ground::Ground;
use super::permit::{Permit, Stage};
use super::steps::{as_applicant, check_standing, in_stage, limits, load, record};
use super::values::PermitId;
use chassis::domain::values::{Organisation, Text};
use chassis::domain::{District, Halt, Sealed, Transaction};

/// Files an application (Administrative Licence Law art. 29).
#[derive(Clone, Debug)]
pub struct Submit {
    pub district: District,
    pub applicant: Organisation,
    pub contact: Sealed,
    pub application: Application,
}

/// # Errors
/// Any ground on which the law leaves nothing to decide.
pub fn submit(tx: &mut Transaction, command: Submit) -> Result<PermitId, Halt> {
    let id = PermitId::new(tx.context.new_id("permit"));
    let Submit {
        district,
        applicant,
        contact,
        application,
    } = command;
    application.check(district, tx.now(), tx.now(), tx.context.calendar)?;
    check_standing(tx, &applicant, &application)?;
    let kind = application.kind();
    let filing = file(tx, applicant, contact, application);
    tx.record::<Permit>(
        id.as_str(),
        [PermitEvent {
            kind,
            district,
            fact: Fact::PermitSubmitted(filing),
        }],
    )?;
    Ok(id)
}

/// Files the application again, complete, as the correction notice asked (art. 32(1)(5)).
#[derive(Clone, Debug)]
pub struct Correct {
    pub applicant: Organisation,
    pub contact: Sealed,
    pub application: Application,
}

/// # Errors
/// As [`submit`]; and if no correction was asked for, or the kind would change.
pub fn correct(tx: &mut Transaction, id: &PermitId, command: Correct) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_applicant(tx, &permit)?;
    in_stage(
        &permit,
        &[Stage::CorrectionRequested],
        "correction_requested",
    )?;
    let Correct {
        applicant,
        contact,
        application,
    } = command;
    if application.kind() != permit.kind() {
        return Err(Ground::KindChanged.into());
    }
    // What was filed in time is not late because its correction was asked for.
    application.check(
        permit.district,
        permit.created,
        tx.now(),
        tx.context.calendar,
    )?;
    check_standing(tx, &applicant, &application)?;
    let filing = file(tx, applicant, contact, application);
    record(tx, id, &permit, [Fact::PermitCorrected(filing)])
}

/// Withdraws an application that is not decided yet.
///
/// # Errors
/// If it is decided, or not the applicant's own.
pub fn withdraw(
    tx: &mut Transaction,
    id: &PermitId,
    reason: Option<Text<500>>,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_applicant(tx, &permit)?;
    if !permit.stage.is_undecided() {
        return Err(Ground::WrongState {
            is: permit.stage.as_str(),
            needs: "undecided",
        }
        .into());
    }
    record(tx, id, &permit, [Fact::PermitWithdrawn { reason }])
}

fn file(
    tx: &Transaction,
    applicant: Organisation,
    contact: Sealed,
    application: Application,
) -> Filing {
    Filing {
        limits: limits(tx, &application),
        filed_by: tx.context.actor.id.clone(),
        applicant,
        contact,
        application,
    }
}
