//! The plates that follow from a decision: made, shipped if they are brought, delivered (arts. 47(6), 50, 71). They leave the office
//! once they are paid for.

use super::charges;
use super::event::{ApplicationFact, PlateStep};
use super::steps::{load, record};
use super::{Application, ApplicationId, as_officer_of};
use crate::domain::ground::Ground;
use crate::domain::vehicle::event::VehicleFact;
use crate::domain::vehicle::{self, Vehicle};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Halt, TimeLimit, Transaction};
use jiff::ToSpan;

/// # Errors
/// Unless they are ordered.
pub fn plates_made(tx: &mut Transaction, id: &ApplicationId) -> Result<(), Halt> {
    step(tx, id, |_| PlateStep::Ordered, ApplicationFact::PlatesMade)
}

/// # Errors
/// Unless they are made and paid for, and are to be brought.
pub fn plates_shipped(
    tx: &mut Transaction,
    id: &ApplicationId,
    carrier: Text<60>,
    tracking_number: DocumentNumber,
) -> Result<(), Halt> {
    if load(tx, id)?.delivery.is_none() {
        return Err(Ground::NoDelivery.into());
    }
    let shipped = ApplicationFact::PlatesShipped {
        carrier,
        tracking_number,
    };
    step(tx, id, |_| PlateStep::Made, shipped)
}

/// The owner has them: three working days later temporary plates are void (art. 47(6)).
///
/// # Errors
/// Unless they are shipped, or made, paid for and fetched.
pub fn plates_delivered(tx: &mut Transaction, id: &ApplicationId) -> Result<(), Halt> {
    let before = |application: &Application| match application.delivery {
        Some(_) => PlateStep::Shipped,
        None => PlateStep::Made,
    };
    step(tx, id, before, ApplicationFact::PlatesDelivered)?;
    let vin = load(tx, id)?.vin.clone();
    let (now, calendar) = (tx.now(), tx.context.calendar);
    let end = calendar.deadline(now, TimeLimit::WorkingDays(3));
    let after = calendar.date(end - 1.second());
    let vehicle = tx.load::<Vehicle>(vin.as_str())?;
    let runs_longer = vehicle.is_some_and(|vehicle| {
        vehicle
            .temporary_plates
            .iter()
            .any(|plate| plate.valid_until > after)
    });
    if runs_longer {
        vehicle::record(tx, &vin, [VehicleFact::TemporaryPlatesEnd { after }])?;
    }
    Ok(())
}

fn step(
    tx: &mut Transaction,
    id: &ApplicationId,
    before: fn(&Application) -> PlateStep,
    fact: ApplicationFact,
) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_officer_of(tx, application.district)?;
    let needs = before(&application);
    if application.plates != Some(needs) {
        return Err(Ground::WrongStage {
            is: application.plates.map_or("no plates", PlateStep::as_str),
            needs: needs.as_str(),
        }
        .into());
    }
    if fact != ApplicationFact::PlatesMade {
        charges::hand_over(tx, &application)?;
    }
    let number = application.number().cloned();
    record(tx, id, &application, number.as_ref(), fact)
}
