//! Closing a permit whose use has come to its end.

use super::event::Fact;
use super::ground::Ground;
use super::permit::{Permit, Stage};
use super::progress::Progress;
use super::steps::{in_stage, load, record, release_places};
use super::values::PermitId;
use chassis::domain::{Halt, Transaction};

/// Closes a permit that has been used: road reopened, load arrived, escort done. A run without an escort leaves no trace
/// of its own, so the officer's word closes it.
///
/// # Errors
/// If its use has not begun or not come to its end.
pub fn complete(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    if !tx.context.actor.decides_for(permit.district) {
        return Err(Ground::OutsideDistrict.into());
    }
    in_stage(
        &permit,
        &[Stage::Approved, Stage::InUse],
        "approved or in_use",
    )?;
    came_to_its_end(&permit)?;
    record(tx, id, &permit, [Fact::PermitCompleted])?;
    release_places(tx, id, &permit.application)
}

fn came_to_its_end(permit: &Permit) -> Result<(), Ground> {
    match &permit.progress {
        Progress::Works(works) if works.started.is_none() => Err(Ground::NothingUsed),
        Progress::Works(works) if works.reopened.is_none() => Err(Ground::NotReopened),
        Progress::Trip(trip) if trip.departed.is_none() => Err(Ground::NothingUsed),
        Progress::Trip(trip) if trip.arrived.is_none() => Err(Ground::NotArrived),
        Progress::Run(run) if run.started.is_some() && run.done.is_none() => {
            Err(Ground::EscortNotDone)
        }
        Progress::Run(run) if run.started.is_none() && has_escort(permit) => {
            Err(Ground::NothingUsed)
        }
        Progress::Works(_) | Progress::Trip(_) | Progress::Run(_) => Ok(()),
    }
}

fn has_escort(permit: &Permit) -> bool {
    permit
        .grant
        .as_ref()
        .and_then(|grant| grant.run_order.as_ref())
        .is_some_and(|order| order.escort)
}
