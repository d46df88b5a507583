//! Money of a session: payments, refunds, and charges waived by an officer.

use super::stay::{require, require_officer_of};
use super::{Session, SessionEvent, Transfer, WaiveGround, arrears, key};
use crate::domain::ids::SessionId;
use crate::domain::refusal::ParkingRefusal;
use chassis::domain::values::{Fen, digest_id};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A provider's reference, taken by one transfer of one session: what makes a payment count once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub session: SessionId,
    pub amount: Fen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyEvent {
    ReferenceTaken { session: SessionId, amount: Fen },
}

impl Aggregate for Money {
    const TYPE: &'static str = "money";
    type Event = MoneyEvent;

    fn evolve(_: Option<Self>, event: &MoneyEvent, _: Timestamp) -> Option<Self> {
        let MoneyEvent::ReferenceTaken { session, amount } = event;
        Some(Self {
            session: session.clone(),
            amount: *amount,
        })
    }
}

/// Books a payment that a provider made. The money has been taken already, so a payment in part, ahead, too high, or for a
/// session that turned void is booked too; what is too much is owed back. The same reference again changes nothing.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `PAYMENT_REFERENCE_TAKEN` (for another session or amount), `TOO_MANY_PAYMENTS`, `AMOUNT_TOO_LARGE`.
pub fn pay(tx: &mut Transaction, id: &SessionId, payment: Transfer) -> Result<(), Halt> {
    let session = require(tx, id)?;
    if !take_reference(tx, "payment", id, &payment)? {
        return Ok(());
    }
    require_room(&session)?;
    if session.paid().checked_plus(payment.amount).is_none() {
        return Err(ParkingRefusal::AmountTooLarge.into());
    }
    let outstanding = session.outstanding().less(payment.amount);
    let received = SessionEvent::PaymentReceived {
        place: session.place.clone(),
        payment,
        outstanding,
    };
    tx.record::<Session>(key(id), [received])?;
    arrears::settle_referral(tx, id)
}

/// Books a refund that a provider made of what was paid too much. The same reference again changes nothing.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `REFUND_EXCEEDS_OVERPAYMENT`, `PAYMENT_REFERENCE_TAKEN`, `TOO_MANY_PAYMENTS`.
pub fn refund(tx: &mut Transaction, id: &SessionId, refund: Transfer) -> Result<(), Halt> {
    let session = require(tx, id)?;
    if !take_reference(tx, "refund", id, &refund)? {
        return Ok(());
    }
    require_room(&session)?;
    let overpaid = session.overpaid();
    if refund.amount > overpaid {
        return Err(ParkingRefusal::RefundExceedsOverpayment { overpaid }.into());
    }
    let refunded = SessionEvent::PaymentRefunded {
        place: session.place.clone(),
        refund,
    };
    tx.record::<Session>(key(id), [refunded])
}

/// An officer waives what is charged; what was paid for it is owed back.
///
/// # Errors
/// `SESSION_NOT_FOUND`, `NOT_OF_THIS_DISTRICT`, `SESSION_OPEN`, `SESSION_VOID`, `NOTHING_TO_WAIVE`.
pub fn waive(tx: &mut Transaction, id: &SessionId, ground: WaiveGround) -> Result<(), Halt> {
    let session = require(tx, id)?;
    require_officer_of(tx, &session)?;
    if session.void {
        return Err(ParkingRefusal::SessionVoid.into());
    }
    if session.left_at.is_none() {
        return Err(ParkingRefusal::SessionOpen.into());
    }
    if session.due_amount().is_zero() {
        return Err(ParkingRefusal::NothingToWaive.into());
    }
    let officer = tx.context.actor.id.clone();
    tx.record::<Session>(key(id), [SessionEvent::ChargeWaived { ground, officer }])?;
    arrears::settle_referral(tx, id)
}

/// Whether the reference is new; `false` if this very transfer was booked before.
fn take_reference(
    tx: &mut Transaction,
    role: &str,
    id: &SessionId,
    transfer: &Transfer,
) -> Result<bool, Halt> {
    let claim = digest_id(role, &[transfer.provider.as_str(), &transfer.reference]);
    if let Some(known) = tx.load::<Money>(&claim)? {
        if known.session == *id && known.amount == transfer.amount {
            return Ok(false);
        }
        return Err(ParkingRefusal::PaymentReferenceTaken.into());
    }
    let taken = MoneyEvent::ReferenceTaken {
        session: id.clone(),
        amount: transfer.amount,
    };
    tx.record::<Money>(&claim, [taken])?;
    Ok(true)
}

fn require_room(session: &Session) -> Result<(), Halt> {
    if session.payments.len() + session.refunds.len() >= Session::MAX_TRANSFERS {
        return Err(ParkingRefusal::TooManyPayments.into());
    }
    Ok(())
}
