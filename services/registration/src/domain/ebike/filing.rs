//! What is filed about an e-bike: registration, change, transfer, plate, cancellation. Each is decided on the spot
//! (Shandong Road Traffic Measures art. 27(1)).

use super::ground::EbikeGround;
use super::plate::{EbikePlate, Series};
use super::standards::{Conformity, EbikeRules};
use super::{Application, CancelReason, Ebike, EbikeEvent, FrameNumber, Origin, Stage};
use crate::domain::party::Party;
use chassis::domain::{Aggregate, Halt, LegalCalendar, Transaction};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::sync::Arc;

/// Which series the plate of an application comes from, as it would be decided today.
///
/// # Errors
/// If it gets none.
pub fn series(application: &Application, today: Date) -> Result<Series, EbikeGround> {
    let conformity = conformity(application, today)?;
    Ok(match conformity {
        Conformity::Conforming => Series::Regular,
        Conformity::Transitional { .. } => Series::Transitional,
    })
}

fn conformity(application: &Application, today: Date) -> Result<Conformity, EbikeGround> {
    if application.origin.on > today {
        return Err(EbikeGround::OriginInFuture);
    }
    let certificate = application.certificate.as_ref();
    if certificate.is_some_and(|certificate| certificate.made_on > application.origin.on) {
        return Err(EbikeGround::CertificateAfterOrigin);
    }
    EbikeRules::shipped().assess(certificate, &application.origin, today)
}

/// Whether the e-bike stands registered just as it is applied for, so that applying again asks for nothing.
///
/// # Errors
/// It stands registered to another owner or on other documents, or was scrapped.
pub fn stands(tx: &mut Transaction, application: &Application) -> Result<bool, Halt> {
    let Some(ebike) = tx.load::<Ebike>(application.frame.as_str())? else {
        return Ok(false);
    };
    match ebike.stage {
        Stage::Cancelled(CancelReason::Scrapped) => Err(EbikeGround::Scrapped.into()),
        Stage::Cancelled(_) => Ok(false),
        _ if is_as_applied_for(&ebike, application) => Ok(true),
        _ => Err(EbikeGround::FrameTaken.into()),
    }
}

/// Registers an e-bike under `plate`, which is the caller's alone. One that [`stands`] stays as it is, under the plate that
/// it has.
///
/// # Errors
/// It does not conform, or its frame is another's.
pub fn register(
    tx: &mut Transaction,
    application: &Application,
    plate: EbikePlate,
) -> Result<(), Halt> {
    if stands(tx, application)? {
        return Ok(());
    }
    let today = tx.context.calendar.date(tx.now());
    let conformity = conformity(application, today)?;
    let ends_at = match conformity {
        Conformity::Conforming => None,
        Conformity::Transitional { valid_until } => Some(end_of(tx.context.calendar, valid_until)),
    };
    let event = EbikeEvent::EbikeRegistered {
        owner: application.owner.clone(),
        plate,
        conformity,
        ends_at,
        certificate: application.certificate.clone(),
        origin: application.origin.clone(),
        district: application.district,
        station: application.station.clone(),
    };
    tx.record::<Ebike>(application.frame.as_str(), [event])
}

fn is_as_applied_for(ebike: &Ebike, application: &Application) -> bool {
    ebike.owner.is_same(&application.owner)
        && ebike.certificate == application.certificate
        && ebike.origin == application.origin
        && ebike.district == application.district
}

/// Name or phone of the owner.
///
/// # Errors
/// Another person's.
pub fn change_particulars(
    tx: &mut Transaction,
    frame: &FrameNumber,
    owner: &Party,
) -> Result<(), Halt> {
    let ebike = registered(tx, frame)?;
    if !ebike.owner.is_same(owner) {
        return Err(EbikeGround::AnotherPerson.into());
    }
    let owner = owner.clone();
    tx.record::<Ebike>(
        frame.as_str(),
        [EbikeEvent::OwnerParticularsChanged { owner }],
    )
}

/// To a new owner (转移登记), who keeps the plate.
///
/// # Errors
/// It is not `from`'s to give, or is the new owner's already.
pub fn transfer(
    tx: &mut Transaction,
    frame: &FrameNumber,
    from: &Party,
    to: &Party,
    origin: &Origin,
) -> Result<(), Halt> {
    let ebike = registered(tx, frame)?;
    if !ebike.owner.is_same(from) {
        return Err(EbikeGround::NotTheOwner.into());
    }
    if ebike.owner.is_same(to) {
        return Err(EbikeGround::SameOwner.into());
    }
    if origin.on > tx.context.calendar.date(tx.now()) {
        return Err(EbikeGround::OriginInFuture.into());
    }
    let event = EbikeEvent::EbikeTransferred {
        owner: to.clone(),
        origin: origin.clone(),
        of: Some(ebike.marked()),
    };
    tx.record::<Ebike>(frame.as_str(), [event])
}

/// A lost or damaged plate is made again, with the same number.
///
/// # Errors
/// To anyone but the owner, or without the e-bike (art. 29(2)).
pub fn reissue_plate(
    tx: &mut Transaction,
    frame: &FrameNumber,
    owner: &Party,
    presented: bool,
) -> Result<(), Halt> {
    let ebike = registered(tx, frame)?;
    if !ebike.owner.is_same(owner) {
        return Err(EbikeGround::NotTheOwner.into());
    }
    if !presented {
        return Err(EbikeGround::NotPresented.into());
    }
    let event = EbikeEvent::PlateReissued { of: ebike.marked() };
    tx.record::<Ebike>(frame.as_str(), [event])
}

/// # Errors
/// Its plate is not dated, was renewed before, or the time for renewals is over.
pub fn renew_transitional(tx: &mut Transaction, frame: &FrameNumber) -> Result<(), Halt> {
    let ebike = load(tx, frame)?;
    if matches!(ebike.stage, Stage::Cancelled(_)) {
        return Err(not_registered(&ebike).into());
    }
    let Conformity::Transitional { valid_until } = ebike.conformity else {
        return Err(EbikeGround::NotTransitional.into());
    };
    let today = tx.context.calendar.date(tx.now());
    let valid_until = EbikeRules::shipped().renewal(valid_until, today)?;
    let event = EbikeEvent::TransitionalPlateRenewed {
        valid_until,
        ends_at: end_of(tx.context.calendar, valid_until),
        of: Some(ebike.marked()),
    };
    tx.record::<Ebike>(frame.as_str(), [event])
}

/// # Errors
/// It is not the owner's, or was cancelled before.
pub fn cancel(
    tx: &mut Transaction,
    frame: &FrameNumber,
    owner: &Party,
    reason: CancelReason,
) -> Result<(), Halt> {
    let ebike = load(tx, frame)?;
    if matches!(ebike.stage, Stage::Cancelled(_)) {
        return Err(not_registered(&ebike).into());
    }
    if !ebike.owner.is_same(owner) {
        return Err(EbikeGround::NotTheOwner.into());
    }
    let event = EbikeEvent::EbikeCancelled {
        reason,
        of: Some(ebike.marked()),
    };
    tx.record::<Ebike>(frame.as_str(), [event])
}

/// A dated plate runs out.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, frame: &FrameNumber) -> Result<(), Halt> {
    let ebike = load(tx, frame)?;
    if ebike.next_due().is_some_and(|due| due <= tx.now()) {
        let event = EbikeEvent::PlateExpired { of: ebike.marked() };
        tx.record::<Ebike>(frame.as_str(), [event])?;
    }
    Ok(())
}

fn end_of(calendar: &LegalCalendar, day: Date) -> Timestamp {
    calendar.start_of(day + 1.day())
}

fn load(tx: &mut Transaction, frame: &FrameNumber) -> Result<Arc<Ebike>, Halt> {
    tx.load::<Ebike>(frame.as_str())?
        .ok_or_else(|| EbikeGround::UnknownEbike.into())
}

fn registered(tx: &mut Transaction, frame: &FrameNumber) -> Result<Arc<Ebike>, Halt> {
    let ebike = load(tx, frame)?;
    if ebike.stage == Stage::Registered {
        Ok(ebike)
    } else {
        Err(not_registered(&ebike).into())
    }
}

fn not_registered(ebike: &Ebike) -> EbikeGround {
    EbikeGround::NotRegistered {
        is: ebike.stage.as_str(),
    }
}
