//! Road occupations as parking sees them: notices of the permits service, in whatever order they come, and the bays that
//! they close and free.
//!
//! A notice carries the revision of its permit. An occupation remembers the newest, and bays are aligned with it; so repeated
//! notices and late ones change nothing, and a reopening that overtakes its approval wins.

use super::bay::{Bay, BayEvent, ClosureSchedule};
use super::geometry::ClosedSegment;
use super::ids::{BayId, OccupationId};
use super::refusal::ParkingRefusal;
use super::watch;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most bays aligned in one command; a larger closure takes several. Leaves room for their sessions.
pub const MAX_BAYS: usize = 48;

/// What an occupation closes, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Works {
    /// 1 to [`Works::MAX_SEGMENTS`].
    pub segments: Vec<ClosedSegment>,
    pub schedule: ClosureSchedule,
}

impl Works {
    pub const MAX_SEGMENTS: usize = 16;

    pub fn touches(&self, bay: super::geometry::Position) -> bool {
        self.segments.iter().any(|segment| segment.touches(bay))
    }
}

/// A road occupation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Occupation {
    pub revision: u64,
    /// `None`: not in force (suspended, reopened, revoked, expired).
    pub works: Option<Works>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum OccupationEvent {
    OccupationPutInForce { revision: u64, works: Works },
    OccupationLifted { revision: u64 },
}

impl Aggregate for Occupation {
    const TYPE: &'static str = "occupation";
    type Event = OccupationEvent;

    fn evolve(_: Option<Self>, event: &OccupationEvent, _: Timestamp) -> Option<Self> {
        Some(match event {
            OccupationEvent::OccupationPutInForce { revision, works } => Self {
                revision: *revision,
                works: Some(works.clone()),
            },
            OccupationEvent::OccupationLifted { revision } => Self {
                revision: *revision,
                works: None,
            },
        })
    }
}

/// Takes note of what a permit says at `revision`. Answers whether that was news.
///
/// # Errors
/// As [`Transaction::load`].
pub fn notice(
    tx: &mut Transaction,
    id: &OccupationId,
    revision: u64,
    works: Option<Works>,
) -> Result<bool, Halt> {
    let known = tx.load::<Occupation>(id.as_str())?;
    if known.is_some_and(|known| known.revision >= revision) {
        return Ok(false);
    }
    let event = match works {
        Some(works) => OccupationEvent::OccupationPutInForce { revision, works },
        None => OccupationEvent::OccupationLifted { revision },
    };
    tx.record::<Occupation>(id.as_str(), [event])?;
    Ok(true)
}

/// Aligns bays with what is known of an occupation: closes those that it touches for its hours, frees the others. Bays
/// that do not exist or are retired are passed over.
///
/// # Errors
/// `TOO_MANY_SUSPENSIONS`.
///
/// # Panics
/// With more than [`MAX_BAYS`] bays.
pub fn align(tx: &mut Transaction, id: &OccupationId, bays: &[BayId]) -> Result<(), Halt> {
    assert!(
        bays.len() <= MAX_BAYS,
        "more than {MAX_BAYS} bays in one command"
    );
    let Some(occupation) = tx.load::<Occupation>(id.as_str())? else {
        return Ok(());
    };
    for bay in bays {
        align_bay(tx, id, &occupation, bay)?;
    }
    Ok(())
}

fn align_bay(
    tx: &mut Transaction,
    id: &OccupationId,
    occupation: &Occupation,
    bay_id: &BayId,
) -> Result<(), Halt> {
    let Some(bay) = tx.load::<Bay>(bay_id.as_str())?.filter(|bay| !bay.retired) else {
        return Ok(());
    };
    let revision = occupation.revision;
    let wanted = occupation
        .works
        .as_ref()
        .filter(|works| works.touches(bay.details.position))
        .map(|works| works.schedule.clone());
    let known = bay.suspensions.get(id);
    let is_asked_for = known.is_some_and(|known| known.schedule.is_some());
    let event = match wanted {
        Some(schedule) => {
            let is_known = known.is_some_and(|known| known.schedule.as_ref() == Some(&schedule));
            if is_known {
                return Ok(());
            }
            if known.is_none() && bay.suspensions.len() >= Bay::MAX_SUSPENSIONS {
                return Err(ParkingRefusal::TooManySuspensions {
                    bay: bay_id.clone(),
                }
                .into());
            }
            BayEvent::SuspensionScheduled {
                occupation: id.clone(),
                revision,
                schedule,
            }
        }
        None if is_asked_for => BayEvent::SuspensionWithdrawn {
            occupation: id.clone(),
            revision,
        },
        None => return Ok(()),
    };
    // First what the clock did under the old schedule, then what the new one means now.
    let mut changed = watch::catch_up(tx, bay_id)?;
    tx.record::<Bay>(bay_id.as_str(), [event])?;
    changed |= watch::catch_up(tx, bay_id)?;
    if changed {
        watch::settle(tx, bay_id)?;
    }
    Ok(())
}
