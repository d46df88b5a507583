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

/// Most bays aligned in one command; a larger closure takes several. Each may bring a session for every change by the clock
/// that it has to catch up with, and a transaction touches 256 aggregates at most.
pub const MAX_BAYS: usize = 12;

/// What an occupation closes, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Works {
    /// At most [`Works::MAX_SEGMENTS`]; none if the occupation leaves all bays alone.
    pub segments: Vec<ClosedSegment>,
    pub schedule: ClosureSchedule,
}

impl Works {
    pub const MAX_SEGMENTS: usize = 16;

    pub fn touches(&self, bay: super::geometry::Position) -> bool {
        self.segments.iter().any(|segment| segment.touches(bay))
    }
}

/// What a permit says, and at which revision it says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Notice {
    /// Granted: may close the road from now on.
    Granted(Works),
    /// Amended: other places or times; whether it may be used stays as it was.
    Amended(Works),
    /// May not be used for the time being.
    Suspended,
    /// Occupies the road again: resumed, or revoked while the works are under way.
    Resumed,
    /// Reopened, revoked before use, expired or completed: the road is given back.
    Ended,
}

/// Whether an occupation may close anything now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    InForce,
    Suspended,
    Ended,
}

/// A road occupation. Works and standing each come from the newest notice that speaks of them, because notices may come in
/// any order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Occupation {
    works: Option<(u64, Works)>,
    standing: Option<(u64, Standing)>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccupationEvent {
    OccupationNoticed { revision: u64, notice: Notice },
}

impl Occupation {
    /// What it closes now; `None` if nothing.
    pub fn works_in_force(&self) -> Option<&Works> {
        let in_force = matches!(self.standing, Some((_, Standing::InForce)));
        self.works
            .as_ref()
            .filter(|_| in_force)
            .map(|(_, works)| works)
    }

    /// The newest revision heard of.
    pub fn revision(&self) -> u64 {
        let works = self.works.as_ref().map_or(0, |(revision, _)| *revision);
        let standing = self.standing.map_or(0, |(revision, _)| revision);
        works.max(standing)
    }

    fn heard(&self, revision: u64, notice: &Notice) -> Self {
        let works = match notice {
            Notice::Granted(works) | Notice::Amended(works) => Some(works),
            Notice::Suspended | Notice::Resumed | Notice::Ended => None,
        };
        let standing = match notice {
            Notice::Granted(_) | Notice::Resumed => Some(Standing::InForce),
            Notice::Suspended => Some(Standing::Suspended),
            Notice::Ended => Some(Standing::Ended),
            Notice::Amended(_) => None,
        };
        let mut next = self.clone();
        if let Some(works) = works
            && next
                .works
                .as_ref()
                .is_none_or(|(known, _)| *known < revision)
        {
            next.works = Some((revision, works.clone()));
        }
        if let Some(standing) = standing
            && next.standing.is_none_or(|(known, _)| known < revision)
        {
            next.standing = Some((revision, standing));
        }
        next
    }
}

impl Aggregate for Occupation {
    const TYPE: &'static str = "occupation";
    type Event = OccupationEvent;

    fn evolve(state: Option<Self>, event: &OccupationEvent, _: Timestamp) -> Option<Self> {
        let OccupationEvent::OccupationNoticed { revision, notice } = event;
        Some(state.unwrap_or_default().heard(*revision, notice))
    }
}

/// Takes note of what a permit says at `revision`, which grows with every event of the permit. Nothing happens if
/// something newer is known.
///
/// # Errors
/// As [`Transaction::load`].
pub fn take_note(
    tx: &mut Transaction,
    id: &OccupationId,
    revision: u64,
    notice: Notice,
) -> Result<(), Halt> {
    let known = tx.load::<Occupation>(id.as_str())?;
    let known = known.as_deref().cloned().unwrap_or_default();
    if known.heard(revision, &notice) == known {
        return Ok(());
    }
    tx.record::<Occupation>(
        id.as_str(),
        [OccupationEvent::OccupationNoticed { revision, notice }],
    )
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
    let revision = occupation.revision();
    let wanted = occupation
        .works_in_force()
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
