//! Road occupations as parking sees them: notices of the permits service, in whatever order they come, and the bays that
//! they close and free.
//!
//! A notice carries the revision of its permit. An occupation remembers the newest, and bays are aligned with it; so repeated
//! notices and late ones change nothing, and a reopening that overtakes its approval wins.
//!
//! Whatever an occupation changes on bays is recorded on it too, in the same transaction. So who aligns a bay by what was known
//! before a notice meets the notice at the occupation's guard: no bay is closed for what has ended meanwhile.
//! The price: commands that align bays with one occupation wait for each other, some 5 ms each.

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
    /// Occupies the road again or still: resumed, or suspended or revoked while the works are under way.
    Resumed,
    /// The permitted time has ended and the road is not reopened: the works are under way, and take it round the clock until it is
    /// (Road Traffic Safety Law art. 32(2)), or until more time is given.
    Overdue,
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
    /// When it was last found that the time of its works is over.
    overdue: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccupationEvent {
    OccupationNoticed {
        revision: u64,
        notice: Notice,
    },
    /// These bays were closed or freed for it; when, stands in their own histories.
    BaysAligned {
        bays: Vec<BayId>,
    },
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
            Notice::Suspended | Notice::Resumed | Notice::Overdue | Notice::Ended => None,
        };
        let standing = match notice {
            Notice::Granted(_) | Notice::Resumed | Notice::Overdue => Some(Standing::InForce),
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
        if matches!(notice, Notice::Overdue) {
            next.overdue = next.overdue.max(Some(revision));
        }
        if let Some((granted, works)) = &mut next.works {
            // An amendment gives more time: only the end that it names can be overdue.
            let is_overdue = next.overdue.is_some_and(|overdue| overdue > *granted);
            works.schedule.set_overdue(is_overdue);
        }
        next
    }
}

impl Aggregate for Occupation {
    const TYPE: &'static str = "occupation";
    type Event = OccupationEvent;

    fn evolve(state: Option<Self>, event: &OccupationEvent, _: Timestamp) -> Option<Self> {
        match event {
            OccupationEvent::OccupationNoticed { revision, notice } => {
                Some(state.unwrap_or_default().heard(*revision, notice))
            }
            OccupationEvent::BaysAligned { .. } => state,
        }
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
    let mut aligned = Vec::new();
    for bay in bays {
        if align_bay(tx, id, &occupation, bay)? {
            aligned.push(bay.clone());
        }
    }
    if aligned.is_empty() {
        return Ok(());
    }
    let bays = aligned;
    tx.record::<Occupation>(id.as_str(), [OccupationEvent::BaysAligned { bays }])
}

/// When an occupation is to close a bay; `None`: never.
fn wanted<'a>(occupation: &'a Occupation, bay: &Bay) -> Option<&'a ClosureSchedule> {
    occupation
        .works_in_force()
        .filter(|works| works.touches(bay.details.position))
        .map(|works| &works.schedule)
}

/// Whether a bay is closed for an occupation when it is to be, and at no other time.
pub fn is_aligned(bay: &Bay, id: &OccupationId, occupation: &Occupation) -> bool {
    let asked = bay
        .suspensions
        .get(id)
        .and_then(|known| known.schedule.as_ref());
    asked == wanted(occupation, bay)
}

/// Answers whether there was something to do.
fn align_bay(
    tx: &mut Transaction,
    id: &OccupationId,
    occupation: &Occupation,
    bay_id: &BayId,
) -> Result<bool, Halt> {
    let Some(bay) = tx.load::<Bay>(bay_id.as_str())?.filter(|bay| !bay.retired) else {
        return Ok(false);
    };
    if is_aligned(&bay, id, occupation) {
        return Ok(false);
    }
    let revision = occupation.revision();
    let event = match wanted(occupation, &bay).cloned() {
        Some(schedule) => {
            let is_new = !bay.suspensions.contains_key(id);
            if is_new && bay.suspensions.len() >= Bay::MAX_SUSPENSIONS {
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
        None => BayEvent::SuspensionWithdrawn {
            occupation: id.clone(),
            revision,
        },
    };
    // First what the clock did under the old schedule, then what the new one means now.
    let mut changed = watch::catch_up(tx, bay_id)?;
    tx.record::<Bay>(bay_id.as_str(), [event])?;
    changed |= watch::catch_up(tx, bay_id)?;
    if changed {
        watch::settle(tx, bay_id)?;
    }
    Ok(true)
}
