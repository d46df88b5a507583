//! The calendar of one road in one direction: which granted occupations hold which stretch at which time.
//!
//! It is an aggregate of its own so that two approvals at the same moment, on whatever replicas, meet at its guard and
//! one of them wins.

use super::ground::Ground;
use super::hours::Hours;
use super::place::Line;
use super::road_occupation::{Direction, JointPlan, RoadOccupation};
use super::values::PermitId;
use chassis::domain::values::{CreditCode, Organisation, Text};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::Deref;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadCalendar {
    /// At most [`RoadCalendar::MOST_BOOKINGS`].
    pub bookings: Vec<Booking>,
}

/// One granted occupation's hold on the road.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub permit: PermitId,
    pub hours: Hours,
    pub line: Line,
    /// `None`: somebody who only asks.
    pub applicant: Option<CreditCode>,
    pub joint_plan: Option<JointPlan>,
}

impl Booking {
    /// Whether both may share the road under one plan: both must carry its number and name each other.
    fn shares_a_plan_with(&self, other: &Self) -> bool {
        let (Some(own_plan), Some(other_plan)) = (&self.joint_plan, &other.joint_plan) else {
            return false;
        };
        let (Some(own), Some(other)) = (&self.applicant, &other.applicant) else {
            return false;
        };
        let named = own == other || own_plan.with.contains(other) && other_plan.with.contains(own);
        own_plan.number == other_plan.number && named
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoadCalendarEvent {
    /// Takes the stretch; takes the place of what the same permit held before. `road` is the name that gave the id.
    RoadBooked {
        road: String,
        direction: Direction,
        booking: Booking,
    },
    RoadReleased {
        permit: PermitId,
    },
}

/// A granted occupation in the way of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub permit: PermitId,
    pub hours: Hours,
    pub road: String,
    pub direction: Direction,
    pub shared_m: u32,
}

impl RoadCalendar {
    /// Granted and unfinished occupations of one road in one direction.
    pub const MOST_BOOKINGS: usize = 200;

    /// The id of the calendar of a road in a direction. Names differ in spelling only by blanks and case count as one.
    pub fn id(road: &str, direction: Direction) -> String {
        let hash = Sha256::digest(Self::normal_name(road).as_bytes());
        format!("{}-{}", hex::encode(&hash[..12]), direction.as_str())
    }

    /// What all spellings of a road's name have in common.
    pub fn normal_name(road: &str) -> String {
        road.chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect()
    }

    /// The bookings that a new one would meet at the time `now`. A booking whose time is over but whose road is not
    /// released still holds it: the road has not reopened.
    pub fn conflicts<'a>(
        &'a self,
        wanted: &'a Booking,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Booking, f64)> {
        self.bookings.iter().filter_map(move |held| {
            let hours = if held.hours.end() <= now {
                held.hours.without_end()
            } else {
                held.hours
            };
            let together = held.shares_a_plan_with(wanted);
            if held.permit == wanted.permit || together || !hours.overlaps(&wanted.hours) {
                return None;
            }
            let shared = held.line.shared_m(&wanted.line);
            (shared >= Line::SHORTEST_SHARED_M.min(wanted.line.length_m() / 2.0))
                .then_some((held, shared))
        })
    }
}

impl Aggregate for RoadCalendar {
    const TYPE: &'static str = "road-calendar";
    type Event = RoadCalendarEvent;

    fn evolve(state: Option<Self>, event: &RoadCalendarEvent, at: Timestamp) -> Option<Self> {
        let mut calendar = state.unwrap_or(Self {
            bookings: Vec::new(),
        });
        match event {
            RoadCalendarEvent::RoadBooked { booking, .. } => {
                debug_assert!(
                    calendar.conflicts(booking, at).next().is_none(),
                    "two granted occupations on one stretch at one time"
                );
                calendar
                    .bookings
                    .retain(|held| held.permit != booking.permit);
                calendar.bookings.push(booking.clone());
            }
            RoadCalendarEvent::RoadReleased { permit } => {
                calendar.bookings.retain(|held| held.permit != *permit);
            }
        }
        Some(calendar)
    }
}

/// Every road and direction that a stretch affects.
pub fn places<'a>(
    roads: &'a [Text<100>],
    directions: &'a [Direction],
) -> impl Iterator<Item = (&'a str, Direction)> {
    roads.iter().flat_map(|road| {
        directions
            .iter()
            .map(move |direction| (road.as_str(), *direction))
    })
}

fn places_of(occupation: &RoadOccupation) -> impl Iterator<Item = (&str, Direction)> {
    places(&occupation.stretch.roads, &occupation.stretch.directions)
}

/// What an occupation wants to hold.
pub fn wanted(permit: &PermitId, applicant: &Organisation, occupation: &RoadOccupation) -> Booking {
    Booking {
        permit: permit.clone(),
        hours: occupation.hours,
        line: occupation.stretch.line.clone(),
        applicant: Some(applicant.credit_code.clone()),
        joint_plan: occupation.joint_plan.clone(),
    }
}

/// All that is in the way of a booking at these places, at most `limit`. `load` finds a calendar by its id.
///
/// # Errors
/// Whatever `load` answers.
pub fn conflicts<'a, C: Deref<Target = RoadCalendar>, E>(
    places: impl Iterator<Item = (&'a str, Direction)>,
    wanted: &Booking,
    now: Timestamp,
    limit: usize,
    mut load: impl FnMut(&str) -> Result<Option<C>, E>,
) -> Result<Vec<Conflict>, E> {
    let mut found = Vec::new();
    for (road, direction) in places {
        let Some(calendar) = load(&RoadCalendar::id(road, direction))? else {
            continue;
        };
        for (held, shared) in calendar.conflicts(wanted, now) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "at most 100 km"
            )]
            found.push(Conflict {
                permit: held.permit.clone(),
                hours: held.hours,
                road: road.to_owned(),
                direction,
                shared_m: shared.round() as u32,
            });
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Takes the stretch in every calendar, or refuses if any is taken.
///
/// # Errors
/// [`Ground::RoadTaken`], [`Ground::RoadTooBusy`].
pub fn book(
    tx: &mut Transaction,
    occupation: &RoadOccupation,
    booking: &Booking,
) -> Result<(), Halt> {
    let now = tx.now();
    let in_the_way = conflicts(places_of(occupation), booking, now, 1, |id| {
        tx.load::<RoadCalendar>(id)
    })?;
    if let Some(first) = in_the_way.into_iter().next() {
        return Err(Ground::RoadTaken {
            permit: first.permit.to_string(),
            road: first.road,
            direction: first.direction,
            shared_m: first.shared_m,
        }
        .into());
    }
    for (road, direction) in places_of(occupation) {
        let id = RoadCalendar::id(road, direction);
        let held = tx
            .load::<RoadCalendar>(&id)?
            .map_or(0, |calendar| calendar.bookings.len());
        if held >= RoadCalendar::MOST_BOOKINGS {
            return Err(Ground::RoadTooBusy {
                road: road.to_owned(),
            }
            .into());
        }
        tx.record::<RoadCalendar>(
            &id,
            [RoadCalendarEvent::RoadBooked {
                road: road.to_owned(),
                direction,
                booking: booking.clone(),
            }],
        )?;
    }
    Ok(())
}

/// Gives the stretch back in every calendar that still holds it.
///
/// # Errors
/// [`Halt`] if a calendar cannot be read.
pub fn release(
    tx: &mut Transaction,
    permit: &PermitId,
    occupation: &RoadOccupation,
) -> Result<(), Halt> {
    for (road, direction) in places_of(occupation) {
        let id = RoadCalendar::id(road, direction);
        let holds = tx
            .load::<RoadCalendar>(&id)?
            .is_some_and(|calendar| calendar.bookings.iter().any(|held| held.permit == *permit));
        if holds {
            tx.record::<RoadCalendar>(
                &id,
                [RoadCalendarEvent::RoadReleased {
                    permit: permit.clone(),
                }],
            )?;
        }
    }
    Ok(())
}
