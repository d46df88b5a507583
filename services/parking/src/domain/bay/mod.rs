//! A bay (泊位): where it is, what was seen in it, and which road occupations close it.

mod evolve;
mod schedule;
mod timeline;

pub use schedule::{ClosureSchedule, DailyHours, Window};
pub use timeline::{Admission, Reading, Seen, Sighting, SourceKind, Stay, Timeline};

use super::geometry::Position;
use super::ids::{BayId, OccupationId, SessionId, ZoneId};
use chassis::domain::District;
use chassis::domain::values::PlateNumber;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// For whom a bay is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BayKind {
    Standard,
    /// For disabled people (Shandong road traffic measures art. 37(4)).
    Disabled,
    /// With a charger, for electric vehicles only (Beijing parking regulations art. 26(3)).
    Electric,
    /// For large vehicles.
    Large,
}

/// What a bay is, apart from what happens in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BayDetails {
    pub zone: ZoneId,
    /// The zone's district, kept here so that every event knows it.
    pub district: District,
    /// The middle of the bay.
    pub position: Position,
    pub kind: BayKind,
    /// What is painted on the ground, or another name for people; at most 40 characters.
    pub label: String,
}

/// Where something happened: enough to publish it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    pub bay: BayId,
    pub zone: ZoneId,
    pub district: District,
}

/// Whether a driver may count on the bay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Availability {
    Free,
    Taken,
    /// Closed by a road occupation.
    Closed,
    /// A source of the bay is lost: nobody knows.
    Unknown,
}

/// What one road occupation asks of this bay. Kept after it was withdrawn, as `schedule: None`, so that an older notice that
/// comes late changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub revision: u64,
    pub schedule: Option<ClosureSchedule>,
    /// When this was last changed: tells which withdrawn ones may be forgotten.
    pub changed_at: Timestamp,
}

/// A time in which the bay was closed; nobody pays for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// A session as the bay last told it: what it can compare with what it derives now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    pub session: SessionId,
    pub arrived_at: Timestamp,
    pub left_at: Option<Timestamp>,
    pub sighting: Option<Sighting>,
}

/// Why parking in a bay was illegal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IllegalGround {
    /// The bay is closed for a road occupation.
    Closed,
    /// In a bay for disabled people without the pass.
    Disabled,
    /// In a bay for electric vehicles with another vehicle.
    Electric,
}

/// What was already reported, so that one act is reported once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub plate: PlateNumber,
    pub ground: IllegalGround,
    /// What makes two sightings the same act: the start of the closure, or of the local day.
    pub act: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bay {
    pub details: BayDetails,
    pub retired: bool,
    pub timeline: Timeline,
    pub tracked: Vec<Tracked>,
    pub suspensions: BTreeMap<OccupationId, Suspension>,
    /// The closures that still matter to open stays, by time; the last may be open.
    pub closures: Vec<Closure>,
    pub reports: Vec<Report>,
    pub availability: Availability,
    pub available_since: Timestamp,
    /// Up to when closing and reopening by the clock has been recorded.
    pub closures_as_of: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BayEvent {
    BayMarked {
        details: BayDetails,
    },
    BayChanged {
        details: BayDetails,
    },
    BayRetired {
        place: Place,
    },
    ReadingAccepted {
        reading: Reading,
    },
    /// What the readings say of a session now. Times and vehicle of the session itself are in its own history.
    SessionTracked {
        tracked: Tracked,
    },
    /// The readings no longer support this session.
    SessionDropped {
        session: SessionId,
    },
    AvailabilityChanged {
        place: Place,
        from: Availability,
        to: Availability,
        since: Timestamp,
    },
    SuspensionScheduled {
        occupation: OccupationId,
        revision: u64,
        schedule: ClosureSchedule,
    },
    SuspensionWithdrawn {
        occupation: OccupationId,
        revision: u64,
    },
    /// Closed from this instant on, for these occupations.
    BayClosed {
        place: Place,
        since: Timestamp,
        occupations: Vec<OccupationId>,
    },
    BayReopened {
        place: Place,
        since: Timestamp,
    },
    IllegalParkingSeen {
        place: Place,
        plate: PlateNumber,
        ground: IllegalGround,
        observed_at: Timestamp,
        /// The occupations that closed the bay; empty on other grounds.
        occupations: Vec<OccupationId>,
        act: Timestamp,
    },
}

impl Bay {
    /// Most occupations that may ask for one bay at a time, withdrawn ones included while they are remembered.
    pub const MAX_SUSPENSIONS: usize = 32;
    /// Withdrawn suspensions are forgotten after this time, the oldest first, and only when room is needed.
    pub const MEMORY_OF_WITHDRAWN: SignedDuration = SignedDuration::from_hours(30 * 24);
    /// Most reports remembered; the oldest are forgotten first.
    pub const MAX_REPORTS: usize = 32;

    pub fn place(&self, id: &BayId) -> Place {
        Place {
            bay: id.clone(),
            zone: self.details.zone.clone(),
            district: self.details.district,
        }
    }

    /// Whether a road occupation closes the bay, as far as recorded.
    pub fn is_closed(&self) -> bool {
        self.closures
            .last()
            .is_some_and(|closure| closure.until.is_none())
    }

    /// The occupations whose hours hold `at`.
    pub fn occupations_at(&self, at: Timestamp) -> Vec<OccupationId> {
        self.suspensions
            .iter()
            .filter(|(_, suspension)| window_at(suspension, at).is_some())
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The closure that holds `at`.
    pub fn closure_at(&self, at: Timestamp) -> Option<Closure> {
        self.closures
            .iter()
            .copied()
            .find(|closure| closure.from <= at && closure.until.is_none_or(|until| at < until))
    }

    /// The stays for which one pays: what was seen, without the times in which the bay was closed. In order.
    pub fn chargeable_stays(&self) -> Vec<Stay> {
        let mut chargeable = Vec::new();
        for stay in self.timeline.stays().0 {
            let mut from = stay.from;
            let mut open = true;
            for closure in &self.closures {
                let over_before = closure.until.is_some_and(|until| until <= from);
                let begins_after = stay.until.is_some_and(|until| closure.from >= until);
                if over_before || begins_after {
                    continue;
                }
                if closure.from > from {
                    chargeable.push(Stay {
                        from,
                        until: Some(closure.from),
                    });
                }
                match closure.until {
                    Some(until) => from = until,
                    None => open = false,
                }
            }
            if open && stay.until.is_none_or(|until| from < until) {
                chargeable.push(Stay {
                    from,
                    until: stay.until,
                });
            }
        }
        chargeable
    }

    /// What a driver should be told.
    pub fn derive_availability(&self) -> Availability {
        let (stays, lost) = self.timeline.stays();
        if self.is_closed() {
            Availability::Closed
        } else if lost {
            Availability::Unknown
        } else if stays.last().is_some_and(|stay| stay.until.is_none()) {
            Availability::Taken
        } else {
            Availability::Free
        }
    }

    /// When the clock next closes or reopens this bay; never before [`Bay::closures_as_of`]. `None` too while it is closed for works
    /// of which nobody knows the end.
    pub fn next_change(&self) -> Option<Timestamp> {
        let mut at = self.closures_as_of;
        if self.is_closed() {
            // Each turn leaves one window behind, and schedules are bounded, so this ends.
            while let Some(end) = self
                .suspensions
                .values()
                .filter_map(|s| window_at(s, at))
                .map(|w| w.until)
                .max()
            {
                if end == Timestamp::MAX {
                    return None;
                }
                at = end;
            }
            return Some(at);
        }
        self.suspensions
            .values()
            .filter_map(|suspension| {
                if window_at(suspension, at).is_some() {
                    return Some(at);
                }
                suspension.schedule.as_ref()?.next_start(at)
            })
            .min()
    }

    fn forget(&mut self, now: Timestamp) {
        let horizon = self.timeline.settled_until();
        let is_settled = |tracked: &Tracked| tracked.left_at.is_some_and(|left| left <= horizon);
        if self.tracked.iter().any(is_settled) {
            // Not all that ended before the horizon is forgotten by the timeline too: a stay that a closure cut goes on
            // after it, and a source that was lost tells the end late. Such a stay would begin another session.
            let stays = self.chargeable_stays();
            self.tracked.retain(|tracked| {
                !is_settled(tracked) || stays.iter().any(|stay| stay.from == tracked.arrived_at)
            });
        }
        let first_open = self
            .timeline
            .stays()
            .0
            .first()
            .map_or(horizon, |stay| stay.from.min(horizon));
        self.closures
            .retain(|closure| closure.until.is_none_or(|until| until > first_open));
        let excess = self.reports.len().saturating_sub(Self::MAX_REPORTS);
        self.reports.drain(..excess);
        while self.suspensions.len() > Self::MAX_SUSPENSIONS / 2 {
            let oldest = self
                .suspensions
                .iter()
                .filter(|(_, s)| {
                    s.schedule.is_none()
                        && now.duration_since(s.changed_at) > Self::MEMORY_OF_WITHDRAWN
                })
                .min_by_key(|(_, s)| s.changed_at)
                .map(|(id, _)| id.clone());
            match oldest {
                Some(id) => self.suspensions.remove(&id),
                None => break,
            };
        }
    }
}

fn window_at(suspension: &Suspension, at: Timestamp) -> Option<Window> {
    suspension.schedule.as_ref()?.window_at(at)
}
