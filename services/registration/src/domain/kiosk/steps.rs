//! The steps of a session.

use super::blank::{self, BlankNumber};
use super::ground::KioskGround;
use super::{
    IDLE, KioskBusiness, KioskEvent, KioskId, KioskSession, MOST_SPOILED, SessionId, Stage, licence,
};
use crate::domain::ebike::filing;
use crate::domain::ebike::plate::EbikePlate;
use crate::domain::order::{self, Order, OrderGround, OrderId, OrderState};
use chassis::domain::values::Text;
use chassis::domain::{District, Halt, PersonRef, Transaction};
use std::sync::Arc;

/// Somebody has put their identity document on the reader.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn open(
    tx: &mut Transaction,
    kiosk: &KioskId,
    district: District,
    person: &PersonRef,
) -> Result<SessionId, Halt> {
    let id = SessionId::new(tx.context.new_id("kiosk-session"));
    let event = KioskEvent::SessionOpened {
        kiosk: kiosk.clone(),
        district,
        person: person.clone(),
    };
    tx.record::<KioskSession>(id.as_str(), [event])?;
    Ok(id)
}

/// # Errors
/// If there is no such session.
pub fn look(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    load(tx, id).map(|_| ())
}

/// What is wanted; again, with corrections, until it is confirmed.
///
/// # Errors
/// It is for somebody else, or it has been confirmed; or a vehicle licence is not to be had.
pub fn file(tx: &mut Transaction, id: &SessionId, business: &KioskBusiness) -> Result<(), Halt> {
    let session = at(
        tx,
        id,
        &[Stage::Identified, Stage::Filed],
        "identified or filed",
    )?;
    if business.applicant().person() != Some(&session.person) {
        return Err(KioskGround::NotTheApplicant.into());
    }
    if let KioskBusiness::LicenceReissue { vin, owner } = business {
        // Told while it can still be corrected, not once it is paid.
        licence::check(tx, vin, owner)?;
    }
    let business = business.clone();
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::BusinessFiled { business }])
}

/// The applicant has read the summary: from here on it is what will be done, under `plate` if it is an e-bike's
/// registration, and what is owed for it is known.
///
/// # Errors
/// Unless something is filed and not yet confirmed.
pub fn confirm(
    tx: &mut Transaction,
    id: &SessionId,
    plate: Option<EbikePlate>,
) -> Result<(), Halt> {
    let session = at(tx, id, &[Stage::Filed], "filed")?;
    let registers = matches!(session.business, Some(KioskBusiness::EbikeRegistration(_)));
    if registers && plate.is_none() {
        return Err(KioskGround::NoPlate.into());
    }
    let fees = session.business.as_ref().map(KioskBusiness::fees);
    let order = OrderId::new(tx.context.new_id("order"));
    let subject = Text::parse(&format!("kioskSessions/{id}"))
        .map_err(|invalid| Halt::Unavailable(invalid.to_string()))?;
    order::open(
        tx,
        &order,
        subject,
        session.district,
        &fees.unwrap_or_default(),
    )?;
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::ReviewConfirmed { order, plate }])
}

/// Prints on a blank. The first time, what was filed takes effect in the same transaction.
///
/// # Errors
/// It is not paid; it is not known yet what became of another blank; what was filed is refused.
pub fn start_print(tx: &mut Transaction, id: &SessionId, number: &BlankNumber) -> Result<(), Halt> {
    let session = at(
        tx,
        id,
        &[Stage::Confirmed, Stage::Printing],
        "confirmed or printing",
    )?;
    match &session.blank {
        // Told again after a power cut: it is this blank, and still the only one.
        Some(own) if own == number => return Ok(()),
        Some(own) => return Err(KioskGround::PrintOutstanding { blank: own.clone() }.into()),
        None => {}
    }
    if session.spoiled >= MOST_SPOILED {
        return Err(KioskGround::TooManySpoiled.into());
    }
    let mut events = Vec::with_capacity(2);
    if !session.carried_out {
        let (business, order) = session
            .business
            .as_ref()
            .zip(session.order.as_ref())
            .ok_or(OrderGround::Unknown)?;
        order::mark_used(tx, order)?;
        carry_out(tx, business, session.plate)?;
        let resource = business.resource();
        events.push(KioskEvent::BusinessCarriedOut { resource });
    }
    blank::take(tx, number, id)?;
    let blank = number.clone();
    events.push(KioskEvent::PrintStarted { blank });
    tx.record::<KioskSession>(id.as_str(), events)
}

fn carry_out(
    tx: &mut Transaction,
    business: &KioskBusiness,
    plate: Option<EbikePlate>,
) -> Result<(), Halt> {
    match business {
        KioskBusiness::EbikeRegistration(application) => {
            let plate = plate.ok_or(KioskGround::NoPlate)?;
            filing::register(tx, application, plate)
        }
        KioskBusiness::EbikePlateReissue { frame, owner } => {
            // The kiosk's camera has read the frame number: the e-bike stands before it.
            filing::reissue_plate(tx, frame, owner, true)
        }
        KioskBusiness::LicenceReissue { vin, owner } => licence::reissue(tx, vin, owner),
    }
}

/// The sheet came out well.
///
/// # Errors
/// The session does not print on this blank.
pub fn report_printed(
    tx: &mut Transaction,
    id: &SessionId,
    number: &BlankNumber,
) -> Result<(), Halt> {
    let session = load(tx, id)?;
    if session.printed.as_ref() == Some(number) {
        return Ok(());
    }
    in_printer(&session, number)?;
    let blank = number.clone();
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::SheetPrinted { blank }])
}

/// The blank is spoiled and was kept in; another may be printed on.
///
/// # Errors
/// As [`report_printed`].
pub fn report_spoiled(
    tx: &mut Transaction,
    id: &SessionId,
    number: &BlankNumber,
) -> Result<(), Halt> {
    let session = load(tx, id)?;
    in_printer(&session, number)?;
    let blank = number.clone();
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::BlankSpoiled { blank }])
}

/// Goes on where it broke off, at this kiosk or another.
///
/// # Errors
/// With another identity document, or once it is over.
pub fn resume(
    tx: &mut Transaction,
    id: &SessionId,
    kiosk: &KioskId,
    person: &PersonRef,
) -> Result<(), Halt> {
    let session = going_on(tx, id)?;
    if session.person != *person {
        return Err(KioskGround::AnotherPerson.into());
    }
    let kiosk = kiosk.clone();
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::SessionResumed { kiosk }])
}

/// The applicant leaves before anything has taken effect: what was paid goes back.
///
/// # Errors
/// What was filed has taken effect.
pub fn abandon(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    let session = going_on(tx, id)?;
    if session.carried_out {
        return Err(KioskGround::CarriedOut.into());
    }
    cancel_order(tx, &session, "the applicant left")?;
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::SessionAbandoned])
}

/// Nothing has happened for too long: what was paid for nothing goes back. What has taken effect stays. A session whose fee has
/// just come in waits as long again: whoever pays in the last minute shall have time to print.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &SessionId) -> Result<(), Halt> {
    let session = load(tx, id)?;
    if session.stage.is_over() || session.waits_until > tx.now() {
        return Ok(());
    }
    if !session.carried_out {
        if was_just_paid(tx, &session)? {
            return tx.record::<KioskSession>(id.as_str(), [KioskEvent::PaymentNoticed]);
        }
        cancel_order(tx, &session, "the session expired")?;
    }
    tx.record::<KioskSession>(id.as_str(), [KioskEvent::SessionExpired])
}

/// All of it is paid, and the last of it came while the session waited.
fn was_just_paid(tx: &mut Transaction, session: &KioskSession) -> Result<bool, Halt> {
    let Some(id) = &session.order else {
        return Ok(false);
    };
    let now = tx.now();
    let order = tx.load::<Order>(id.as_str())?;
    Ok(order.is_some_and(|order| {
        let last = order.payments.last().map(|payment| payment.at);
        order.state() == OrderState::Paid
            // Providers' clocks differ from ours a little, in both directions.
            && last.is_some_and(|at| at - IDLE < now && now < at + IDLE)
    }))
}

fn cancel_order(tx: &mut Transaction, session: &KioskSession, why: &str) -> Result<(), Halt> {
    let Some(id) = &session.order else {
        return Ok(());
    };
    // A clerk may have cancelled it already.
    let ended = tx
        .load::<Order>(id.as_str())?
        .is_none_or(|order| order.ending.is_some());
    if ended {
        return Ok(());
    }
    let reason = Text::parse(why).map_err(|invalid| Halt::Unavailable(invalid.to_string()))?;
    order::cancel(tx, id, reason)
}

fn load(tx: &mut Transaction, id: &SessionId) -> Result<Arc<KioskSession>, Halt> {
    tx.load::<KioskSession>(id.as_str())?
        .ok_or_else(|| KioskGround::Unknown.into())
}

fn going_on(tx: &mut Transaction, id: &SessionId) -> Result<Arc<KioskSession>, Halt> {
    let session = load(tx, id)?;
    if session.stage.is_over() {
        let is = session.stage.as_str();
        return Err(KioskGround::Over { is }.into());
    }
    Ok(session)
}

fn at(
    tx: &mut Transaction,
    id: &SessionId,
    stages: &[Stage],
    needs: &'static str,
) -> Result<Arc<KioskSession>, Halt> {
    let session = going_on(tx, id)?;
    if !stages.contains(&session.stage) {
        let is = session.stage.as_str();
        return Err(KioskGround::WrongStep { is, needs }.into());
    }
    Ok(session)
}

fn in_printer(session: &KioskSession, number: &BlankNumber) -> Result<(), KioskGround> {
    if session.blank.as_ref() == Some(number) {
        Ok(())
    } else {
        Err(KioskGround::NotInPrinter)
    }
}
