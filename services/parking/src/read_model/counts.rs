//! Numbers by zone and by hour.

use crate::domain::bay::Availability;
use crate::domain::session::Session;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Bays of a zone by availability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneCounts {
    pub free: u64,
    pub taken: u64,
    pub closed: u64,
    pub unknown: u64,
}

impl ZoneCounts {
    pub fn bays(&self) -> u64 {
        self.free + self.taken + self.closed + self.unknown
    }

    pub(super) fn of(&mut self, availability: Availability) -> &mut u64 {
        match availability {
            Availability::Free => &mut self.free,
            Availability::Taken => &mut self.taken,
            Availability::Closed => &mut self.closed,
            Availability::Unknown => &mut self.unknown,
        }
    }
}

/// What happened in a zone in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    pub arrivals: u64,
    pub departures: u64,
    /// Of stays that have ended, in this hour.
    pub taken_seconds: u64,
}

impl Hour {
    pub(super) fn add(&mut self, other: Hour) {
        self.arrivals += other.arrivals;
        self.departures += other.departures;
        self.taken_seconds += other.taken_seconds;
    }

    /// Takes back what was added before.
    pub(super) fn take(&mut self, other: Hour) {
        self.arrivals = self.arrivals.saturating_sub(other.arrivals);
        self.departures = self.departures.saturating_sub(other.departures);
        self.taken_seconds = self.taken_seconds.saturating_sub(other.taken_seconds);
    }
}

/// Most hours to which one stay contributes: 31 days. A longer stay counts for its first 31.
const MAX_HOURS: usize = 31 * 24 + 1;

const HOUR_SECONDS: i64 = 3_600;

pub(super) fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(HOUR_SECONDS) * HOUR_SECONDS).unwrap_or(at)
}

/// What a session contributes to which hours; nothing if it is void.
pub(super) fn contributions(session: &Session) -> Vec<(Timestamp, Hour)> {
    if session.void {
        return Vec::new();
    }
    let mut hours = vec![(
        hour_of(session.arrived_at),
        Hour {
            arrivals: 1,
            ..Hour::default()
        },
    )];
    let Some(left_at) = session.left_at else {
        return hours;
    };
    hours.push((
        hour_of(left_at),
        Hour {
            departures: 1,
            ..Hour::default()
        },
    ));
    let mut from = session.arrived_at;
    while from < left_at && hours.len() < MAX_HOURS {
        let hour = hour_of(from);
        let until = left_at.min(hour + SignedDuration::from_secs(HOUR_SECONDS));
        let taken_seconds = u64::try_from(until.duration_since(from).as_secs()).unwrap_or(0);
        hours.push((
            hour,
            Hour {
                taken_seconds,
                ..Hour::default()
            },
        ));
        from = until;
    }
    hours
}
