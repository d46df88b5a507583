//! The police escort of an oversize transport: ordered, assigned, under way, handed over, done.

use super::event::{Fact, RunOrder};
use super::ground::Ground;
use super::permit::{Permit, Stage};
use super::progress::{Escort, Progress, Run};
use super::review::{Amend, amend};
use super::steps::{in_stage, in_use, load, record, release_places, usable};
use super::values::PermitId;
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{District, Halt, Transaction};

/// District borders that one escort may cross: bounds the state.
pub const MOST_HANDOVERS: usize = 20;

/// Fixes time, route, speed and escort anew (Road Traffic Safety Law art. 48(2)): an amendment by the police themselves.
///
/// # Errors
/// As [`amend`].
pub fn set_run_order(
    tx: &mut Transaction,
    id: &PermitId,
    order: RunOrder,
    reason: Text<500>,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    run(&permit)?;
    let change = Amend {
        applicant: permit.applicant.clone(),
        application: permit.application.clone(),
        reason,
        run_order: Some(order),
    };
    amend(tx, id, change)
}

/// Names the unit that escorts. Until it starts, another may be named.
///
/// # Errors
/// If no escort is ordered, or it is under way.
pub fn assign_escort(
    tx: &mut Transaction,
    id: &PermitId,
    unit: DocumentNumber,
    vehicles: u8,
    district: District,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_escort_officer(tx, &permit, district)?;
    let run = run(&permit)?;
    in_stage(&permit, &[Stage::Approved, Stage::InUse], "approved")?;
    if run.started.is_some() {
        return Err(Ground::EscortAlreadyStarted.into());
    }
    let ordered = permit
        .grant
        .as_ref()
        .and_then(|grant| grant.run_order.as_ref())
        .is_some_and(|order| order.escort);
    if !ordered {
        return Err(Ground::NoEscortOrdered.into());
    }
    record(
        tx,
        id,
        &permit,
        [Fact::EscortAssigned {
            unit,
            vehicles,
            district,
        }],
    )
}

/// The run begins, within the ordered time.
///
/// # Errors
/// If no unit is assigned, the permit may not be used now, or the run has begun.
pub fn start_escort(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    let run = run(&permit)?;
    if run.started.is_some() {
        return Err(Ground::EscortAlreadyStarted.into());
    }
    in_stage(&permit, &[Stage::Approved], "approved")?;
    let Some(escort) = &run.escort else {
        return Err(Ground::EscortNotAssigned.into());
    };
    as_escort_officer(tx, &permit, escort.district)?;
    let now = tx.now();
    let order = usable(&permit, now)?.run_order.as_ref();
    if let Some(order) = order.filter(|order| now < order.start || order.end <= now) {
        return Err(Ground::OutsideValidity {
            from: order.start,
            until: order.end,
        }
        .into());
    }
    let Escort { unit, district, .. } = escort.clone();
    record(tx, id, &permit, [Fact::EscortStarted { unit, district }])
}

/// The escort passes to the unit of the next district, at the border.
///
/// # Errors
/// If it is not under way, or in that district already.
pub fn hand_over_escort(
    tx: &mut Transaction,
    id: &PermitId,
    unit: DocumentNumber,
    to: District,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    let escort = under_way(&permit)?;
    as_escort_officer(tx, &permit, escort.district)?;
    if escort.district == to {
        return Err(Ground::SameDistrict.into());
    }
    if escort.handed_over_to.len() >= MOST_HANDOVERS {
        return Err(Ground::TooManyHandovers.into());
    }
    record(tx, id, &permit, [Fact::EscortHandedOver { unit, to }])
}

/// The run is over. A revoked permit gives back now what it held.
///
/// # Errors
/// If it is not under way.
pub fn complete_escort(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    let escort = under_way(&permit)?;
    as_escort_officer(tx, &permit, escort.district)?;
    let Escort { unit, district, .. } = escort.clone();
    record(tx, id, &permit, [Fact::EscortCompleted { unit, district }])?;
    if permit.stage == Stage::Revoked {
        // Nobody completes it any more.
        release_places(tx, id, &permit.application)?;
    }
    Ok(())
}

/// An officer of the district through which the escort leads, or of the permit's own.
fn as_escort_officer(tx: &Transaction, permit: &Permit, district: District) -> Result<(), Ground> {
    let actor = tx.context.actor;
    if actor.decides_for(district) || actor.decides_for(permit.district) {
        Ok(())
    } else {
        Err(Ground::OutsideDistrict)
    }
}

fn run(permit: &Permit) -> Result<&Run, Ground> {
    match &permit.progress {
        Progress::Run(run) => Ok(run),
        _ => Err(Ground::WrongKind),
    }
}

fn under_way(permit: &Permit) -> Result<&Escort, Ground> {
    let run = run(permit)?;
    if run.done.is_some() {
        return Err(Ground::EscortDone);
    }
    match (&run.escort, run.started) {
        (Some(escort), Some(_)) if in_use(permit).is_ok() => Ok(escort),
        _ => Err(Ground::EscortNotStarted),
    }
}
