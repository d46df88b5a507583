//! What becomes of a granted permit by order: suspended, resumed, revoked.

use super::event::{Fact, RevocationGround, SuspensionCause};
use super::ground::Ground;
use super::instruments::licence_law;
use super::permit::{Permit, Stage};
use super::review::bar;
use super::steps::{as_reviewer, in_stage, load, record, release_places};
use super::values::PermitId;
use chassis::domain::values::Text;
use chassis::domain::{Halt, LegalBasis, Transaction};

const GRANTED: [Stage; 2] = [Stage::Approved, Stage::InUse];

/// Forbids the use of a permit for the time being, on what supervision found (Administrative Licence Law art. 61(2)).
///
/// # Errors
/// If it is not granted, or suspended by order already.
pub fn suspend(tx: &mut Transaction, id: &PermitId, reason: Text<500>) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &GRANTED, "approved or in_use")?;
    if permit.is_suspended_for(&SuspensionCause::Order) {
        return Err(Ground::AlreadySuspendedByOrder.into());
    }
    record(
        tx,
        id,
        &permit,
        [Fact::PermitSuspended {
            cause: SuspensionCause::Order,
            reason,
            use_goes_on: permit.progress.is_under_way(),
        }],
    )
}

/// Lifts the order of [`suspend`]. Other causes stay until they are gone themselves.
///
/// # Errors
/// If no order suspends it.
pub fn resume(tx: &mut Transaction, id: &PermitId, reason: Text<500>) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &GRANTED, "approved or in_use")?;
    if !permit.is_suspended_for(&SuspensionCause::Order) {
        return Err(Ground::NotSuspendedByOrder.into());
    }
    let fact = lift(&permit, SuspensionCause::Order, reason);
    record(tx, id, &permit, [fact])
}

/// Takes a permit away (arts. 8, 69, 70).
#[derive(Clone, Debug)]
pub struct Revoke {
    pub ground: RevocationGround,
    pub reason: Text<500>,
}

/// Fraud bars the holder from this kind for three years (art. 79): all kinds concern public safety.
///
/// # Errors
/// If it is not granted, or by somebody who may not decide on it.
pub fn revoke(tx: &mut Transaction, id: &PermitId, command: Revoke) -> Result<(), Halt> {
    let permit = load(tx, id)?;
    as_reviewer(tx, &permit)?;
    in_stage(&permit, &GRANTED, "approved or in_use")?;
    take_away(tx, id, &permit, command.ground, command.reason)?;
    if command.ground == RevocationGround::Fraud {
        bar(tx, id, &permit, 3, true)?;
    }
    Ok(())
}

/// Revokes a granted permit and gives back what it held; if its use is under way, only when that comes to its end: the road
/// stays taken until it is reopened (Road Traffic Safety Law art. 32(2)), driver and vehicle until the load has arrived.
pub fn take_away(
    tx: &mut Transaction,
    id: &PermitId,
    permit: &Permit,
    ground: RevocationGround,
    reason: Text<500>,
) -> Result<(), Halt> {
    let basis = revocation_basis(ground);
    let use_goes_on = permit.progress.is_under_way();
    record(
        tx,
        id,
        permit,
        [Fact::PermitRevoked {
            ground,
            reason,
            basis,
            use_goes_on,
        }],
    )?;
    if use_goes_on {
        return Ok(());
    }
    release_places(tx, id, &permit.application)
}

/// The fact that one cause of suspension is gone.
pub fn lift(permit: &Permit, cause: SuspensionCause, reason: Text<500>) -> Fact {
    let usable = permit
        .suspensions
        .iter()
        .all(|suspension| suspension.cause == cause);
    Fact::SuspensionLifted {
        cause,
        reason,
        usable,
    }
}

fn revocation_basis(ground: RevocationGround) -> LegalBasis {
    licence_law(match ground {
        RevocationGround::AbuseOfDuty => "art. 69(1)(1)",
        RevocationGround::BeyondPowers => "art. 69(1)(2)",
        RevocationGround::Procedure => "art. 69(1)(3)",
        RevocationGround::NotQualified => "art. 69(1)(4)",
        RevocationGround::Fraud => "art. 69(2)",
        RevocationGround::PublicInterest => "art. 8(2)",
        RevocationGround::HolderDissolved => "art. 70(3)",
        RevocationGround::ForceMajeure => "art. 70(5)",
        RevocationGround::VehicleCancelled => "art. 70(6)",
    })
}
