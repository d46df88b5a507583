//! Paying: at the bank within fifteen days, in parts if granted, with the surcharge if late, on the spot only where the law
//! allows it.

use super::super::conduct::Road;
use super::super::ground::Ground;
use super::super::licence;
use super::super::values::CaseId;
use super::account::{Account, Instalment};
use super::event::{CollectionGround, Fact};
use super::steps::{as_officer, in_stage, load, record};
use super::{Stage, Violation};
use chassis::domain::values::{DocumentNumber, Fen, Text};
use chassis::domain::{Halt, Transaction};
use jiff::Timestamp;

/// A payment that the bank or the payment provider reports. The same reference again changes nothing.
///
/// # Errors
/// If nothing is owed, or more is paid than is owed.
pub fn pay(
    tx: &mut Transaction,
    id: &CaseId,
    amount: Fen,
    reference: DocumentNumber,
    paid_at: Timestamp,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    if case
        .account
        .payments
        .iter()
        .any(|payment| payment.reference == reference)
    {
        return Ok(());
    }
    in_stage(&case, &[Stage::Served], "served")?;
    let served = case.served_at.unwrap_or(tx.now());
    if tx.is_yet_to_come(paid_at) || paid_at < served {
        return Err(Ground::PaymentTime.into());
    }
    if case.account.payments.len() >= Account::MOST_PAYMENTS {
        return Err(Ground::TooManyPayments.into());
    }
    let calendar = tx.context.calendar;
    let owed = case.account.owed(calendar, paid_at);
    if amount.is_zero() || amount > owed {
        return Err(Ground::PaymentAmount { owed }.into());
    }
    record(
        tx,
        id,
        &case,
        [Fact::PaymentReceived {
            amount,
            reference,
            paid_at,
        }],
    )?;
    settle(tx, id, paid_at)
}

/// Settles the case once nothing is owed any more.
pub(super) fn settle(tx: &mut Transaction, id: &CaseId, at: Timestamp) -> Result<(), Halt> {
    let case = load(tx, id)?;
    let calendar = tx.context.calendar;
    if case.stage != Stage::Served || !case.account.owed(calendar, at).is_zero() {
        return Ok(());
    }
    let surcharge = case.account.surcharge(calendar, at);
    record(tx, id, &case, [Fact::ViolationSettled { surcharge }])?;
    fine_paid(tx, id, &case)
}

fn fine_paid(tx: &mut Transaction, id: &CaseId, case: &Violation) -> Result<(), Halt> {
    match &case.party {
        Some(party) if party.licence.is_some() => licence::fine_paid(tx, id, &party.person.person),
        _ => Ok(()),
    }
}

/// An officer collects the fine on the spot, against the province's receipt (Order 157 art. 59).
///
/// # Errors
/// From drivers of motor vehicles, but on expressways at their own wish; after payments.
pub fn collect_on_the_spot(
    tx: &mut Transaction,
    id: &CaseId,
    receipt: DocumentNumber,
    ground: CollectionGround,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Served], "served")?;
    let allowed = match ground {
        CollectionGround::WithoutMotor => case.filing.act.is_without_motor(),
        CollectionGround::ExpresswayHardship => {
            case.filing.act.road == Road::Expressway && case.account.fine <= Fen::yuan(200)
        }
    };
    if !allowed {
        return Err(Ground::NotOnTheSpotCollection.into());
    }
    if !case.account.payments.is_empty() {
        return Err(Ground::TooManyPayments.into());
    }
    record(
        tx,
        id,
        &case,
        [Fact::FineCollectedOnTheSpot { receipt, ground }],
    )?;
    let now = tx.now();
    settle(tx, id, now)
}

/// Grants instalments to a party in real need (Administrative Penalty Law art. 66(2)), also when the fine is late: the law
/// sets no time for asking. What was paid counts, and so does the surcharge of the days until now.
///
/// # Errors
/// If the parts do not add up to the fine, are not in order, or are too many.
pub fn grant_instalments(
    tx: &mut Transaction,
    id: &CaseId,
    plan: Vec<Instalment>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Served], "served")?;
    let whole = plan
        .iter()
        .fold(Fen::ZERO, |sum, part| sum.plus(part.amount));
    let in_order = plan.is_sorted_by(|a, b| a.due < b.due)
        && plan.first().is_some_and(|first| first.due > tx.now());
    let parts_valid = plan.iter().all(|part| !part.amount.is_zero());
    if plan.len() > Account::MOST_INSTALMENTS
        || whole != case.account.fine
        || !in_order
        || !parts_valid
    {
        return Err(Ground::PlanInvalid.into());
    }
    let accrued = case.account.surcharge(tx.context.calendar, tx.now());
    record(tx, id, &case, [Fact::InstalmentsGranted { plan, accrued }])
}

/// Asks the court to enforce a fine that is not paid (Order 157 art. 60(2)).
///
/// # Errors
/// If nothing is late, or while a remedy is under way.
pub fn seek_enforcement(tx: &mut Transaction, id: &CaseId, court: Text<100>) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(&case, &[Stage::Served], "served")?;
    if !case.payment_overdue || case.remedy.is_some() {
        return Err(Ground::NothingToEnforce.into());
    }
    record(tx, id, &case, [Fact::EnforcementSought { court }])
}
