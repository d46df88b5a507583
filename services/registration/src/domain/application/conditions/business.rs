//! What a business asks of the vehicle besides.

use super::super::request::{Change, NewVehicle, Request};
use super::Case;
use super::holds::{check_holds, uncleared};
use super::temporary::check_temporary;
use crate::domain::blocks;
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use crate::domain::plate;
use crate::domain::vehicle::class::{PlateCategory, UseNature};
use crate::domain::vehicle::event::CancellationCause;
use crate::domain::vehicle::school_bus::SchoolBusUse;
use crate::domain::vehicle::{MOST_ENTRIES, Vehicle, VehicleStage, inspection};
use chassis::domain::{Halt, LegalBasis, Transaction};
use jiff::ToSpan;
use jiff::civil::Date;

pub(super) fn check_business(
    tx: &mut Transaction,
    case: &Case<'_>,
    vehicle: Option<&Vehicle>,
    today: Date,
) -> Result<(), Halt> {
    match (case.request, vehicle) {
        (Request::InitialRegistration(new), _) => Ok(check_first_mark(new, today)?),
        (Request::MoveIn(arrival), _) => {
            let first = arrival.first_registered_on;
            let longest = inspection::longest_mark_of_elsewhere(&arrival.particulars, first, today);
            Ok(check_length(arrival.inspection_valid_until, longest)?)
        }
        (Request::ParticularsChange { change, .. }, Some(vehicle)) => {
            Ok(check_change(change, vehicle, today)?)
        }
        (Request::PlateSwap { other }, Some(vehicle)) => {
            let other_vehicle = tx
                .load::<Vehicle>(other.as_str())?
                .ok_or(Ground::UnknownVehicle)?;
            if other == case.vin {
                return Err(Ground::SameVehicle.into());
            }
            check_swap(tx, case, vehicle, &other_vehicle, today)
        }
        (Request::MoveOut { .. }, Some(vehicle)) => {
            if vehicle.particulars.class.moves_from_its_destination() {
                return Err(Ground::AppliesAtDestination.into());
            }
            Ok(())
        }
        (Request::Encumber { kind, holder }, Some(vehicle)) => {
            if vehicle.encumbrances.len() >= MOST_ENTRIES {
                return Err(Ground::TooManyEntries.into());
            }
            if vehicle.holders(*kind).any(|own| own.is_same(holder)) {
                return Err(Ground::AlreadyEncumbered.into());
            }
            Ok(())
        }
        (Request::Release { kind, holder, .. }, Some(vehicle)) => {
            if vehicle.holders(*kind).any(|own| own.is_same(holder)) {
                Ok(())
            } else {
                Err(Ground::NotEncumbered.into())
            }
        }
        (Request::Cancellation { cause }, Some(vehicle)) => {
            Ok(check_cancellation(*cause, vehicle)?)
        }
        (
            Request::InspectionMark {
                valid_until: Some(wanted),
            },
            Some(vehicle),
        ) => Ok(check_mark(*wanted, vehicle, today)?),
        (Request::SchoolBusSign(licensed), Some(vehicle)) => {
            Ok(check_school_bus(case, licensed, vehicle, today)?)
        }
        (Request::SchoolBusSignReissue, Some(vehicle)) if vehicle.school_bus_sign.is_none() => {
            Err(Ground::NoSchoolBusSign {
                basis: order_164("art. 66"),
            }
            .into())
        }
        (Request::TemporaryPlate(temporary), vehicle) => {
            Ok(check_temporary(tx, temporary, vehicle)?)
        }
        _ => Ok(()),
    }
}

fn check_change(change: &Change, vehicle: &Vehicle, today: Date) -> Result<(), Ground> {
    match change {
        // A school bus stays one (art. 63(2)).
        Change::Use(_) if vehicle.particulars.use_nature == UseNature::SchoolBus => {
            Err(Ground::SchoolBusStays)
        }
        Change::Use(use_nature) if *use_nature == vehicle.particulars.use_nature => {
            Err(Ground::NothingChanges)
        }
        Change::Colour(colour) if *colour == vehicle.particulars.colour => {
            Err(Ground::NothingChanges)
        }
        // It takes the number over.
        Change::WholeVehicle { vehicle: new, .. } => {
            if let Some(number) = vehicle.number() {
                plate::check_series(PlateCategory::of(&new.particulars), number)
                    .map_err(|_| Ground::ReplacedByAnotherKind)?;
            }
            check_first_mark(new, today)
        }
        _ => Ok(()),
    }
}

/// Art. 20. What stands in the way of the other vehicle does so as well.
fn check_swap(
    tx: &mut Transaction,
    case: &Case<'_>,
    vehicle: &Vehicle,
    other: &Vehicle,
    today: Date,
) -> Result<(), Halt> {
    if other.stage != VehicleStage::Registered {
        return Err(Ground::WrongStage {
            is: other.stage.as_str(),
            needs: "registered",
        }
        .into());
    }
    if let Some(owner) = &vehicle.owner
        && !other.is_owned_by(owner)
    {
        return Err(Ground::SwapOfTwoOwners.into());
    }
    if vehicle.district != other.district {
        return Err(Ground::SwapOfTwoOffices.into());
    }
    if vehicle.category() != other.category() {
        return Err(Ground::SwapOfTwoKinds.into());
    }
    for vehicle in [vehicle, other] {
        if vehicle.particulars.use_nature != UseNature::NonOperating {
            return Err(Ground::SwapOfOperatingVehicle.into());
        }
        // Once a year: again on the day a year later.
        if vehicle
            .swapped_on
            .is_some_and(|swapped| today < swapped + 1.year())
        {
            return Err(Ground::SwappedWithinAYear.into());
        }
    }
    let blocked = blocks::of_vehicle(tx, other)?;
    check_holds(case.request.business(), other, blocked)?;
    Ok(uncleared(other, blocked, order_164("art. 20(2)"))?)
}

/// Arts. 37, 42.
fn check_cancellation(cause: CancellationCause, vehicle: &Vehicle) -> Result<(), Ground> {
    if let Some(encumbrance) = vehicle.encumbrances.first() {
        return Err(Ground::StillEncumbered {
            kind: encumbrance.kind,
        });
    }
    if cause.is_of_office() {
        return Err(Ground::OfficeCancels);
    }
    Ok(())
}

/// Schools and those who run buses for them fetch signs (arts. 58, 60(1)), for vehicles that carry passengers.
fn check_school_bus(
    case: &Case<'_>,
    licensed: &SchoolBusUse,
    vehicle: &Vehicle,
    today: Date,
) -> Result<(), Ground> {
    let organised = case
        .applicants
        .iter()
        .any(|party| matches!(party, Party::Organisation(_)));
    if !organised {
        return Err(Ground::SchoolBusByOrganisation);
    }
    if !vehicle.particulars.class.carries_passengers() {
        return Err(Ground::NoSchoolBus);
    }
    licensed.valid_until(today).map(|_| ())
}

/// From three months before the inspection ends (art. 54(1)); of a bus with a sign, from one month (art. 62(2)). Not longer than until
/// the vehicle is inspected next (Road Traffic Safety Regulations art. 16).
fn check_mark(wanted: Date, vehicle: &Vehicle, today: Date) -> Result<(), Ground> {
    let (months, article) = match vehicle.school_bus_sign {
        Some(_) => (1, "art. 62(2)"),
        None => (3, "art. 54(1)"),
    };
    if let Some(last) = vehicle.inspection_valid_until
        && today + months.months() < last
    {
        return Err(Ground::MarkTooEarly {
            from: last - months.months(),
            months,
            basis: order_164(article),
        });
    }
    check_length(wanted, inspection::longest_mark(vehicle, today))
}

/// The mark with which a vehicle that was never registered begins.
fn check_first_mark(new: &NewVehicle, today: Date) -> Result<(), Ground> {
    let longest = inspection::longest_first_mark(&new.particulars, today);
    check_length(new.inspection_valid_until, longest)
}

/// No mark is valid longer than until the vehicle is to be inspected next (Road Traffic Safety Regulations art. 16, Order 164
/// art. 62(1)).
fn check_length(wanted: Date, longest: Option<(Date, LegalBasis)>) -> Result<(), Ground> {
    match longest {
        Some((longest, basis)) if longest < wanted => Err(Ground::MarkTooLong { longest, basis }),
        _ => Ok(()),
    }
}
