//! Works on a road from their beginning to the reopening, which road authority and police accept jointly.

use super::event::{Acceptor, Fact};
use super::ground::Ground;
use super::permit::{Permit, Stage};
use super::progress::{Progress, Works};
use super::steps::{as_user, in_stage, in_use, load, record, release_places, usable};
use super::values::PermitId;
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// The work begins: on the permitted stretch and in the permitted time (Road Traffic Safety Law art. 32(2)). An emergency repair
/// of which nobody tells it counts as begun when its time is over.
///
/// # Errors
/// If it is suspended, not valid now, or under way.
pub fn start_work(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    works(&permit)?;
    in_stage(&permit, &[Stage::Approved], "approved")?;
    usable(&permit, tx.now())?;
    record(tx, id, &permit, [Fact::RoadWorkStarted])
}

/// The work is done and the road is cleared. Allowed after the permitted time and after a revocation too: the road is still
/// to be reopened.
///
/// # Errors
/// If it is not under way, or reported as finished.
pub fn finish_work(tx: &mut Transaction, id: &PermitId) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_user(tx, &permit)?;
    let works = works(&permit)?;
    in_use(&permit)?;
    if works.finished.is_some() {
        return Err(Ground::WorkAlreadyFinished.into());
    }
    record(tx, id, &permit, [Fact::RoadWorkFinished])
}

/// What one of the two finds at the acceptance.
#[derive(Clone, Debug)]
pub enum Finding {
    Passed,
    /// The defects that keep the road closed.
    Defects(Text<1000>),
}

/// One of the two that accept a road looks at it. With the second acceptance the road reopens and is free for others.
///
/// # Errors
/// Before the work is finished, twice by the same side, by the holder, or by one account for both sides.
pub fn record_acceptance(
    tx: &mut Transaction,
    id: &PermitId,
    by: Acceptor,
    finding: Finding,
) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    let works = works(&permit)?;
    let account = tx.context.actor.id.clone();
    if account == permit.filed_by {
        return Err(Ground::HolderAccepts.into());
    }
    if !tx.context.actor.decides_for(permit.district) {
        return Err(Ground::OutsideDistrict.into());
    }
    in_use(&permit)?;
    if works.finished.is_none() {
        return Err(Ground::WorkNotFinished.into());
    }
    if works.acceptance(by).is_some() {
        return Err(Ground::AlreadyAccepted.into());
    }
    let other = works.acceptance(match by {
        Acceptor::RoadAuthority => Acceptor::Police,
        Acceptor::Police => Acceptor::RoadAuthority,
    });
    if other.is_some_and(|other| other.account == account) {
        return Err(Ground::OneAccountForBoth.into());
    }
    match finding {
        Finding::Defects(defects) => {
            record(tx, id, &permit, [Fact::RoadNotAccepted { by, defects }])
        }
        Finding::Passed if other.is_some() => {
            record(
                tx,
                id,
                &permit,
                [Fact::RoadAccepted { by, account }, Fact::RoadReopened],
            )?;
            release_places(tx, id, &permit.application)
        }
        Finding::Passed => record(tx, id, &permit, [Fact::RoadAccepted { by, account }]),
    }
}

fn works(permit: &Permit) -> Result<&Works, Ground> {
    match &permit.progress {
        Progress::Works(works) => Ok(works),
        _ => Err(Ground::WrongKind),
    }
}
