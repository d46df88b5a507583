//! What sources reported about a bay lately, and the stays that follow from it.
//!
//! Sources repeat, reorder and drop. So stays are never decided reading by reading: they are derived anew from the *set* of
//! readings of the last hours, in the order in which things were seen, whatever the order in which they came.
//!
//! ```text
//!   settled_until                                   now
//!   ├── base ──┼── readings, by time seen ──────────┤       older than the horizon: folded into `base`, no longer changed
//! ```

use crate::domain::ids::SourceId;
use crate::domain::vehicle::Vehicle;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

/// What kind of source a reading comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SourceKind {
    Sensor,
    Camera,
    /// A warden's handheld: what a person saw weighs more than what a camera read.
    Handheld,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Seen {
    /// A vehicle came, or stands there.
    Arrived { vehicle: Option<Vehicle> },
    /// The bay is empty.
    Left,
    /// A plate in the bay; by itself no arrival.
    Plate { vehicle: Vehicle },
    /// The source no longer observes the bay.
    SourceLost,
    /// The source observes the bay again.
    SourceRestored,
}

/// One message of one source about one bay. `(source, sequence)` tells it from all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reading {
    pub source: SourceId,
    pub kind: SourceKind,
    pub sequence: u64,
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub observed_at: Timestamp,
    pub seen: Seen,
}

impl Reading {
    /// The order in which things happened: by time seen, a departure before an arrival of the same instant, then by source and
    /// sequence, so that the order is total.
    fn order(&self) -> (Timestamp, u8, &SourceId, u64) {
        let rank = match self.seen {
            Seen::Left => 0,
            Seen::SourceLost => 1,
            Seen::SourceRestored => 2,
            Seen::Arrived { .. } => 3,
            Seen::Plate { .. } => 4,
        };
        (self.observed_at, rank, &self.source, self.sequence)
    }

    fn vehicle(&self) -> Option<&Vehicle> {
        match &self.seen {
            Seen::Arrived { vehicle } => vehicle.as_ref(),
            Seen::Plate { vehicle } => Some(vehicle),
            _ => None,
        }
    }
}

/// Whose stay it is, as far as it was seen: of which vehicle, by whom, and how sure that is.
///
/// A plate may be misread, and whoever is named by mistake is charged, reminded and in the end referred. So a stay is of the plate
/// for which the evidence is best, and a single reading late in the stay does not give it to another:
///
/// - what a warden entered counts before what a camera read, and the last of it, because a warden may correct it;
/// - of what cameras read, the plate that was first read *twice*: hardly ever is one misread twice;
/// - if none was read twice, the one that was read first.
///
/// An officer's correction ends all this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    pub by: SourceKind,
    /// When it was seen first.
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    pub at: Timestamp,
    pub vehicle: Vehicle,
    /// Two readings agree on the plate.
    #[serde(default)]
    pub confirmed: bool,
    /// Another plate was read in the stay too, by a source that is believed as much, and no warden has decided.
    #[serde(default)]
    pub contradicted: bool,
}

impl Sighting {
    /// What holds of a stay of which this was seen longer ago than the readings reach back, and `since` in the readings.
    pub fn and_since(self, since: Option<Self>) -> Self {
        let Some(since) = since else {
            return self;
        };
        let agrees = self.vehicle.plate == since.vehicle.plate;
        let is_contradicted =
            self.contradicted || since.contradicted || (!agrees && self.by == since.by);
        let takes_over = match since.by.cmp(&self.by) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal => {
                let corrects = since.by == SourceKind::Handheld;
                agrees || corrects || (since.confirmed && !self.confirmed)
            }
        };
        let (first, is_confirmed) = (
            self.at,
            self.confirmed || since.confirmed || self.at < since.at,
        );
        let mut kept = if takes_over { since } else { self };
        if agrees {
            kept.at = first;
            kept.confirmed = is_confirmed;
        }
        kept.contradicted = is_contradicted && kept.by != SourceKind::Handheld;
        kept
    }
}

/// What the readings of one stay say for one plate.
#[derive(Clone, Copy, Debug)]
struct Evidence<'a> {
    /// As the source that is believed most read it last.
    vehicle: &'a Vehicle,
    by: SourceKind,
    first_at: Timestamp,
    /// When a second reading said the same.
    confirmed_at: Option<Timestamp>,
    /// When a source of this kind said so last.
    last_at: Timestamp,
}

impl<'a> Evidence<'a> {
    fn of(reading: &Reading, vehicle: &'a Vehicle) -> Self {
        Self {
            vehicle,
            by: reading.kind,
            first_at: reading.observed_at,
            confirmed_at: None,
            last_at: reading.observed_at,
        }
    }

    /// Another reading of this plate, later than those before.
    fn add(&mut self, reading: &Reading, vehicle: &'a Vehicle) {
        self.confirmed_at.get_or_insert(reading.observed_at);
        if reading.kind >= self.by {
            self.vehicle = vehicle;
            self.by = reading.kind;
            self.last_at = reading.observed_at;
        }
    }

    /// The least is believed most; see [`Sighting`].
    fn rank(
        &self,
    ) -> (
        Reverse<SourceKind>,
        Reverse<Option<Timestamp>>,
        bool,
        Timestamp,
    ) {
        let entered_at = (self.by == SourceKind::Handheld).then_some(self.last_at);
        (
            Reverse(self.by),
            Reverse(entered_at),
            self.confirmed_at.is_none(),
            self.confirmed_at.unwrap_or(self.first_at),
        )
    }

    /// Of several plates that were read in one stay the one that is believed.
    fn weigh(plates: &[Self]) -> Option<Sighting> {
        let best = plates.iter().min_by_key(|plate| plate.rank())?;
        let equals = plates.iter().filter(|plate| plate.by == best.by);
        Some(Sighting {
            by: best.by,
            at: best.first_at,
            vehicle: best.vehicle.clone(),
            confirmed: best.confirmed_at.is_some(),
            contradicted: best.by != SourceKind::Handheld && equals.count() > 1,
        })
    }
}

/// A stretch of time in which the bay was taken; no end: still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

impl Stay {
    pub fn overlaps(&self, other: &Stay) -> bool {
        let before = |a: &Stay, b: &Stay| a.until.is_some_and(|until| until <= b.from);
        !before(self, other) && !before(other, self)
    }

    /// How far outside of this stay an instant lies; zero within.
    fn distance(&self, at: Timestamp) -> SignedDuration {
        if at < self.from {
            self.from.duration_since(at)
        } else {
            match self.until {
                Some(until) if at > until => at.duration_since(until),
                _ => SignedDuration::ZERO,
            }
        }
    }
}

/// What has been seen up to some instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Walk {
    taken_since: Option<Timestamp>,
    /// The source that stopped observing during the present stay, and when; nobody has seen the vehicle since.
    unobserved: Option<(SourceId, Timestamp)>,
    lost: BTreeSet<SourceId>,
}

impl Walk {
    /// Goes on by one reading; answers the stay that it ended.
    fn step(&mut self, reading: &Reading) -> Option<Stay> {
        if reading.seen == Seen::SourceLost {
            if self.lost.len() < Timeline::MAX_LOST_SOURCES {
                self.lost.insert(reading.source.clone());
            }
            if self.taken_since.is_some() && self.unobserved.is_none() {
                self.unobserved = Some((reading.source.clone(), reading.observed_at));
            }
            return None;
        }
        self.lost.remove(&reading.source);
        match &reading.seen {
            Seen::Arrived { .. } => {
                self.taken_since.get_or_insert(reading.observed_at);
                self.unobserved = None;
                None
            }
            Seen::Plate { .. } => {
                self.unobserved = None;
                None
            }
            Seen::Left => {
                let from = self.taken_since.take()?;
                // A source that was away cannot know when the vehicle left: nobody pays for time in which nobody saw it.
                let until = match self.unobserved.take() {
                    Some((source, since)) if source == reading.source => since,
                    _ => reading.observed_at,
                };
                Some(Stay {
                    from,
                    until: Some(until),
                })
            }
            Seen::SourceLost | Seen::SourceRestored => None,
        }
    }
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    New,
    /// The same reading came before.
    Repeated,
    /// The source used this sequence for something else before.
    SequenceReused,
    /// Older than what is still open to change.
    TooLate,
}

/// The readings of the last hours and what came before them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    base: Walk,
    #[serde(with = "jiff::fmt::serde::timestamp::microsecond::required")]
    settled_until: Timestamp,
    readings: Vec<Reading>,
}

impl Timeline {
    /// A reading may come this late: a warden's handheld that was offline for a whole shift.
    pub const HORIZON: SignedDuration = SignedDuration::from_hours(12);
    /// Most readings kept open to change; beyond, the oldest are settled early.
    pub const MAX_READINGS: usize = 128;
    /// A plate seen this shortly before an arrival or after a departure belongs to that stay.
    pub const SLACK: SignedDuration = SignedDuration::from_secs(120);
    const MAX_LOST_SOURCES: usize = 16;

    pub(super) fn starting_at(at: Timestamp) -> Self {
        Self {
            base: Walk::default(),
            settled_until: horizon(at),
            readings: Vec::new(),
        }
    }

    pub fn settled_until(&self) -> Timestamp {
        self.settled_until
    }

    /// What becomes of a reading that comes at `now`.
    pub fn admit(&self, reading: &Reading, now: Timestamp) -> Admission {
        let known = self
            .readings
            .iter()
            .find(|known| known.source == reading.source && known.sequence == reading.sequence);
        match known {
            Some(known) if known == reading => Admission::Repeated,
            Some(_) => Admission::SequenceReused,
            None if self.is_too_late(reading, now) => Admission::TooLate,
            None => Admission::New,
        }
    }

    fn is_too_late(&self, reading: &Reading, now: Timestamp) -> bool {
        // Settling waits for the next reading; in a quiet bay the horizon has moved on without it.
        let settled_by_now = self.settled_until.max(horizon(now));
        let would_be_settled_itself = self
            .first_to_settle()
            .is_some_and(|first| reading.order() < first.order());
        reading.observed_at <= settled_by_now || would_be_settled_itself
    }

    /// The reading that the next one settles early, because there is no room for both.
    pub fn first_to_settle(&self) -> Option<&Reading> {
        let is_full = self.readings.len() >= Self::MAX_READINGS;
        self.readings.first().filter(|_| is_full)
    }

    /// Adds a reading that was admitted at `now`, and settles what is older than the horizon.
    pub(super) fn insert(&mut self, reading: Reading, now: Timestamp) {
        let at = self
            .readings
            .partition_point(|known| known.order() <= reading.order());
        self.readings.insert(at, reading);
        let horizon = horizon(now);
        let old = self
            .readings
            .partition_point(|known| known.observed_at <= horizon);
        let too_many = self.readings.len().saturating_sub(Self::MAX_READINGS);
        for settled in self.readings.drain(..old.max(too_many)) {
            self.base.step(&settled);
            self.settled_until = self.settled_until.max(settled.observed_at);
        }
        self.settled_until = self.settled_until.max(horizon);
    }

    /// The stays that ended after the last settlement or go on, in order; and whether a source is lost now.
    pub fn stays(&self) -> (Vec<Stay>, bool) {
        let mut walk = self.base.clone();
        let mut stays: Vec<Stay> = self
            .readings
            .iter()
            .filter_map(|reading| walk.step(reading))
            .filter(|stay| stay.until.is_none_or(|until| until > stay.from))
            .collect();
        if let Some(from) = walk.taken_since {
            stays.push(Stay { from, until: None });
        }
        (stays, !walk.lost.is_empty())
    }

    /// For each stay whose it is by the readings.
    ///
    /// A sighting within a stay belongs to it; one between stays to the nearest within [`Self::SLACK`], the earlier if equally near.
    pub fn sightings(&self, stays: &[Stay]) -> Vec<Option<Sighting>> {
        let mut plates: Vec<Vec<Evidence>> = vec![Vec::new(); stays.len()];
        for reading in &self.readings {
            let Some(vehicle) = reading.vehicle() else {
                continue;
            };
            let nearest = stays
                .iter()
                .enumerate()
                .map(|(index, stay)| (stay.distance(reading.observed_at), index))
                .filter(|(distance, _)| *distance <= Self::SLACK)
                .min();
            if let Some((_, index)) = nearest {
                let read = plates[index]
                    .iter_mut()
                    .find(|read| read.vehicle.plate == vehicle.plate);
                match read {
                    Some(read) => read.add(reading, vehicle),
                    None => plates[index].push(Evidence::of(reading, vehicle)),
                }
            }
        }
        plates
            .iter()
            .map(|plates| Evidence::weigh(plates))
            .collect()
    }

    /// Whether a sighting made within `stay` is older than what this timeline still holds.
    pub fn has_settled(&self, sighting: &Sighting) -> bool {
        sighting.at <= self.settled_until
    }
}

/// What was seen up to here is no longer open to change at `now`.
fn horizon(now: Timestamp) -> Timestamp {
    now.checked_sub(Timeline::HORIZON).unwrap_or(Timestamp::MIN)
}
