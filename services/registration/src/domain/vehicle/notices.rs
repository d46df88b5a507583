//! What authorities order of their own: sealing and unsealing, theft and return, revocation, leaving for another office, and what
//! age does by itself.

use super::event::{CancellationCause, Hold, HoldKind, VehicleFact};
use super::scrapping::ScrappingNotice;
use super::{MOST_ENTRIES, Vehicle, VehicleStage, record};
use crate::domain::application::{self, ApplicationId, Stage, conditions, steps};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::{Party, PartyRef};
use crate::domain::plate;
use crate::domain::standing::{self, Bar};
use chassis::domain::values::{DocumentNumber, Text, Vin};
use chassis::domain::{Aggregate, Halt, LegalBasis, Transaction};
use jiff::ToSpan;
use std::sync::Arc;

/// # Errors
/// [`Ground::UnknownVehicle`].
pub fn load(tx: &mut Transaction, vin: &Vin) -> Result<Arc<Vehicle>, Halt> {
    tx.load::<Vehicle>(vin.as_str())?
        .ok_or_else(|| Ground::UnknownVehicle.into())
}

/// Records an authority's notice. The same notice again changes nothing.
///
/// # Errors
/// If the officer is of another district, or the vehicle has too many notices.
pub fn place_hold(
    tx: &mut Transaction,
    vin: &Vin,
    kind: HoldKind,
    agency: Text<100>,
    notice: DocumentNumber,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    let known = |hold: &Hold| hold.kind == kind && hold.notice == notice;
    if vehicle.holds.iter().any(known) {
        return Ok(());
    }
    if vehicle.holds.len() >= MOST_ENTRIES {
        return Err(Ground::TooManyEntries.into());
    }
    let hold = Hold {
        kind,
        agency,
        notice,
        since: tx.now(),
    };
    record(tx, vin, [VehicleFact::HoldPlaced(hold)])
}

/// Ends what a notice ordered, on the notice that says so.
///
/// # Errors
/// If no such notice stands.
pub fn lift_hold(
    tx: &mut Transaction,
    vin: &Vin,
    kind: HoldKind,
    notice: DocumentNumber,
    lifting_notice: DocumentNumber,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    let stands = |hold: &Hold| hold.kind == kind && hold.notice == notice;
    if !vehicle.holds.iter().any(stands) {
        return Err(Ground::NoSuchHold.into());
    }
    let lifted = VehicleFact::HoldLifted {
        kind,
        notice,
        lifting_notice,
    };
    record(tx, vin, [lifted])
}

/// A registration that was obtained by fraud, bribery or other such means (art. 81(1)).
#[derive(Clone, Debug)]
pub struct Fraud {
    /// By which it was obtained, whoever the vehicle belongs to since.
    pub application: ApplicationId,
    /// Those of its applicants who did it; empty: the only one.
    pub by: Vec<PartyRef>,
}

/// Cancels a registration of the office's own motion: revoked (art. 40(1)), or scrapped by force (art. 40(2)). Certificate, plates
/// and licence are void (art. 41). If it is revoked for fraud, those who did it are barred for three years (art. 81(1)).
///
/// # Errors
/// Unless it is registered, and, for fraud, by that application.
pub fn cancel_of_office(
    tx: &mut Transaction,
    vin: &Vin,
    cause: CancellationCause,
    fraud: Option<&Fraud>,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    if !matches!(
        vehicle.stage,
        VehicleStage::Registered | VehicleStage::AwaitingExport
    ) {
        return Err(Ground::WrongStage {
            is: vehicle.stage.as_str(),
            needs: "registered",
        }
        .into());
    }
    let void = match cause {
        CancellationCause::Revoked => "art. 41(2)",
        CancellationCause::ForcedScrapping => "art. 41(3)",
        _ => return Err(Ground::NeedsApplication.into()),
    };
    let barred = match (cause, fraud) {
        (_, None) => Vec::new(),
        (CancellationCause::Revoked, Some(fraud)) => obtained_by(tx, vin, fraud)?,
        _ => {
            return Err(Ground::NobodyIsBarred {
                basis: order_164("art. 81(1)"),
            }
            .into());
        }
    };
    if let Some(open) = &vehicle.open_application {
        steps::close_for_office(tx, open)?;
    }
    let previous = vehicle.number().cloned();
    plate::release_of(tx, &vehicle)?;
    record(
        tx,
        vin,
        [
            VehicleFact::VehicleCancelled {
                cause,
                basis: cause.basis(),
                previous,
            },
            VehicleFact::DocumentsVoided {
                basis: order_164(void),
            },
        ],
    )?;
    let bar = Bar {
        until: tx.context.calendar.date(tx.now()) + 3.years(),
        fraud: true,
        district: Some(vehicle.district),
    };
    for party in &barred {
        standing::bar(tx, party, bar)?;
    }
    Ok(())
}

/// Who obtained the vehicle's registration by fraud.
fn obtained_by(tx: &mut Transaction, vin: &Vin, fraud: &Fraud) -> Result<Vec<Party>, Halt> {
    let application = steps::load(tx, &fraud.application)?;
    let mut vehicles = steps::vehicles(&application).chain(application.request.replacement());
    let obtained = application.stage == Stage::Approved
        && application.business().is_registration()
        && vehicles.any(|own| own == vin);
    if !obtained {
        return Err(Ground::NotObtainedByApplication.into());
    }
    let basis = order_164("art. 81(1)");
    let parties = standing::named(&application.applicants, &fraud.by, &basis)?;
    Ok(parties.into_iter().cloned().collect())
}

/// Another office has taken a small car or a motorcycle in, on an application to it (arts. 18(1), 27(3)). Nobody applies here, so
/// that what stands against its leaving is asked now, and what is open here has lost its object. Whoever is registered as its owner
/// here keeps the right to the number (art. 44).
///
/// # Errors
/// Unless it is registered, of these kinds, and free to leave.
pub fn record_moved_away(
    tx: &mut Transaction,
    vin: &Vin,
    to: Text<100>,
    notice: DocumentNumber,
) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    as_officer(tx, &vehicle)?;
    if vehicle.stage != VehicleStage::Registered {
        return Err(Ground::WrongStage {
            is: vehicle.stage.as_str(),
            needs: "registered",
        }
        .into());
    }
    if !vehicle.particulars.class.moves_from_its_destination() {
        return Err(Ground::AppliesHere.into());
    }
    conditions::check_leaving(tx, &vehicle)?;
    if let Some(open) = &vehicle.open_application {
        steps::close_for_office(tx, open)?;
    }
    plate::release_of(tx, &vehicle)?;
    let left = VehicleFact::VehicleMovedOut {
        to,
        on: tx.context.calendar.date(tx.now()),
        previous: vehicle.number().cloned(),
        notice: Some(notice),
    };
    record(tx, vin, [left])
}

/// The owner of a vehicle that comes to the end of its age is told two months before (Road Traffic Safety Regulations art. 9(1)); the
/// papers of one that nobody has cancelled then are void (Order 164 art. 41(1)).
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn pass_time(tx: &mut Transaction, vin: &Vin) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    if vehicle.next_due().is_none_or(|due| tx.now() < due) {
        return Ok(());
    }
    let Some(last_day) = vehicle.scrap_on else {
        return Ok(());
    };
    let fact = match vehicle.scrapping_notice() {
        None => {
            let today = tx.context.calendar.date(tx.now());
            VehicleFact::ScrappingNoticeDue(ScrappingNotice::given(last_day, today))
        }
        Some(_) => VehicleFact::DocumentsVoided {
            basis: void_by_age(),
        },
    };
    record(tx, vin, [fact])
}

/// By which the papers of a vehicle are void that was not cancelled in time.
fn void_by_age() -> LegalBasis {
    order_164("art. 41(1)")
}

/// What the office has taken away without an application, on which provision: the registration, or, without a cause, the papers of
/// a vehicle that has come to the end of its age.
pub fn taken_away(vehicle: &Vehicle) -> Option<(Option<CancellationCause>, LegalBasis)> {
    match (vehicle.stage, vehicle.cancelled_for) {
        (VehicleStage::Cancelled, Some(cause)) if cause.is_of_office() => {
            Some((Some(cause), cause.basis()))
        }
        (VehicleStage::Registered, _) if vehicle.documents_void => Some((None, void_by_age())),
        _ => None,
    }
}

fn as_officer(tx: &Transaction, vehicle: &Vehicle) -> Result<(), Ground> {
    application::as_officer_of(tx, vehicle.district)
}
