//! One day of one station: who comes in which slot.
//!
//! The day is the consistency boundary: two bookings of its last place meet at one guard, on whatever replica they are
//! made, and one of them is refused.

use super::ground::StationGround;
use super::hours::Slot;
use super::{Business, Station, StationId, load};
use chassis::domain::{Aggregate, Halt, Invalid, LegalCalendar, PersonRef, Transaction};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

chassis::uuid_id! {
    /// An appointment within its day.
    AppointmentId
}

/// How far ahead an appointment is made, in days.
pub const DAYS_AHEAD: i64 = 30;
/// How long before its slot somebody may arrive, and how long after its end somebody is waited for.
const EARLY: SignedDuration = SignedDuration::from_mins(30);
const GRACE: SignedDuration = SignedDuration::from_mins(15);
/// Appointments of one day, those that were cancelled included: bounds the state.
const MOST_APPOINTMENTS: usize = 5_000;

/// A day of a station, the key of [`StationDay`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayKey {
    pub station: StationId,
    pub date: Date,
}

impl DayKey {
    /// Longest id of a station that has days: what fits an aggregate id with the date.
    pub const LONGEST_STATION: usize = 50;

    /// `None` for a station with too long an id.
    pub fn new(station: StationId, date: Date) -> Option<Self> {
        (station.as_str().len() <= Self::LONGEST_STATION).then_some(Self { station, date })
    }

    /// # Errors
    /// Unless `id` is what `Display` gives.
    pub fn of_id(id: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new("is no day of a station", "不是服务站的日期");
        let (station, date) = id.rsplit_once('_').ok_or_else(invalid)?;
        let date = date.parse().map_err(|_| invalid())?;
        Self::new(StationId::parse(station)?, date).ok_or_else(invalid)
    }
}

impl fmt::Display for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.station, self.date)
    }
}

/// Where an appointment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AppointmentState {
    Booked,
    /// Came, with an appointment or without.
    Arrived,
    Cancelled,
    NoShow,
}

impl AppointmentState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    pub person: PersonRef,
    pub business: Business,
    pub slot: Slot,
    pub state: AppointmentState,
    /// Came without one.
    pub walk_in: bool,
    /// After this, who has not come is a no-show.
    pub waits_until: Timestamp,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationDay {
    pub appointments: BTreeMap<AppointmentId, Appointment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StationDayEvent {
    AppointmentBooked {
        id: AppointmentId,
        person: PersonRef,
        business: Business,
        slot: Slot,
        waits_until: Timestamp,
    },
    AppointmentCancelled {
        id: AppointmentId,
    },
    PersonArrived {
        id: AppointmentId,
    },
    /// Somebody came without an appointment, and a counter was free.
    WalkInTaken {
        id: AppointmentId,
        person: PersonRef,
        business: Business,
        slot: Slot,
        waits_until: Timestamp,
    },
    PersonDidNotCome {
        id: AppointmentId,
    },
}

impl StationDay {
    /// Places of a slot that are taken: by who is expected, and by who came. Who did not come frees the counter.
    pub fn taken(&self, slot: Slot) -> usize {
        self.appointments
            .values()
            .filter(|appointment| {
                appointment.slot == slot
                    && matches!(
                        appointment.state,
                        AppointmentState::Booked | AppointmentState::Arrived
                    )
            })
            .count()
    }

    fn set(&mut self, id: &AppointmentId, state: AppointmentState) {
        if let Some(appointment) = self.appointments.get_mut(id) {
            appointment.state = state;
        }
    }
}

impl Aggregate for StationDay {
    const TYPE: &'static str = "station-day";
    type Event = StationDayEvent;

    fn evolve(state: Option<Self>, event: &StationDayEvent, _: Timestamp) -> Option<Self> {
        let mut day = state.unwrap_or_default();
        match event {
            StationDayEvent::AppointmentBooked {
                id,
                person,
                business,
                slot,
                waits_until,
            }
            | StationDayEvent::WalkInTaken {
                id,
                person,
                business,
                slot,
                waits_until,
            } => {
                let walk_in = matches!(event, StationDayEvent::WalkInTaken { .. });
                let appointment = Appointment {
                    person: person.clone(),
                    business: *business,
                    slot: *slot,
                    state: if walk_in {
                        AppointmentState::Arrived
                    } else {
                        AppointmentState::Booked
                    },
                    walk_in,
                    waits_until: *waits_until,
                };
                day.appointments.insert(id.clone(), appointment);
            }
            StationDayEvent::AppointmentCancelled { id } => {
                day.set(id, AppointmentState::Cancelled);
            }
            StationDayEvent::PersonArrived { id } => day.set(id, AppointmentState::Arrived),
            StationDayEvent::PersonDidNotCome { id } => day.set(id, AppointmentState::NoShow),
        }
        Some(day)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.appointments
            .values()
            .filter(|appointment| appointment.state == AppointmentState::Booked)
            .map(|appointment| appointment.waits_until)
            .min()
    }
}

/// The instant at which a slot begins.
fn begins(calendar: &LegalCalendar, date: Date, slot: Slot) -> Timestamp {
    calendar.start_of(date) + i64::from(slot.begins_minute()).minutes()
}

fn waits_until(calendar: &LegalCalendar, date: Date, slot: Slot, station: &Station) -> Timestamp {
    let length = i64::from(station.details.hours.slot_minutes());
    begins(calendar, date, slot) + length.minutes() + GRACE
}

/// The appointment that a command makes: one a command, so a repetition of it names the same.
pub fn appointment_of(command_id: uuid::Uuid) -> AppointmentId {
    AppointmentId::new(command_id)
}

/// Makes an appointment for the slot that begins at `minute` of the day.
///
/// # Errors
/// The station does not serve this then, or has no place left.
pub fn book(
    tx: &mut Transaction,
    key: &DayKey,
    minute: u16,
    person: &PersonRef,
    business: Business,
) -> Result<AppointmentId, Halt> {
    let station = open_station(tx, key, business)?;
    let calendar = tx.context.calendar;
    let slot = station
        .details
        .hours
        .slot_at(calendar.is_working_day(key.date), minute)
        .ok_or(StationGround::OutsideHours)?;
    if begins(calendar, key.date, slot) <= tx.now() {
        return Err(StationGround::Past.into());
    }
    let last = calendar.date(tx.now()) + DAYS_AHEAD.days();
    if key.date > last {
        return Err(StationGround::TooFarAhead { last }.into());
    }
    let waits_until = waits_until(calendar, key.date, slot, &station);
    let day = room(tx, key)?;
    if let Some((id, _)) = day.appointments.iter().find(|(_, other)| {
        other.person == *person
            && other.business == business
            && other.state == AppointmentState::Booked
    }) {
        let appointment = id.to_string();
        return Err(StationGround::BookedAlready { appointment }.into());
    }
    if day.taken(slot) >= usize::from(station.details.counters) {
        return Err(StationGround::Full { slot }.into());
    }
    let id = appointment_of(tx.context.command_id);
    let event = StationDayEvent::AppointmentBooked {
        id: id.clone(),
        person: person.clone(),
        business,
        slot,
        waits_until,
    };
    tx.record::<StationDay>(&key.to_string(), [event])?;
    Ok(id)
}

/// Takes somebody who comes without an appointment, now.
///
/// # Errors
/// The station is not open, or all counters are taken.
pub fn walk_in(
    tx: &mut Transaction,
    station: &StationId,
    person: &PersonRef,
    business: Business,
) -> Result<(DayKey, AppointmentId), Halt> {
    let calendar = tx.context.calendar;
    let local = calendar.local(tx.now());
    let date = local.date();
    let key = DayKey::new(station.clone(), date).ok_or(StationGround::Unknown)?;
    let station = open_station(tx, &key, business)?;
    let minute =
        u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
    let slot = station
        .details
        .hours
        .slot_around(calendar.is_working_day(date), minute)
        .ok_or(StationGround::OutsideHours)?;
    let waits_until = waits_until(calendar, date, slot, &station);
    let day = room(tx, &key)?;
    if day.taken(slot) >= usize::from(station.details.counters) {
        return Err(StationGround::NoFreeCounter.into());
    }
    let id = appointment_of(tx.context.command_id);
    let event = StationDayEvent::WalkInTaken {
        id: id.clone(),
        person: person.clone(),
        business,
        slot,
        waits_until,
    };
    tx.record::<StationDay>(&key.to_string(), [event])?;
    Ok((key, id))
}

/// Whoever made it takes it back, until its slot is over.
///
/// # Errors
/// It is another's, or does not wait any more.
pub fn cancel(
    tx: &mut Transaction,
    key: &DayKey,
    id: &AppointmentId,
    person: &PersonRef,
) -> Result<(), Halt> {
    let appointment = booked(tx, key, id)?;
    if appointment.person != *person {
        return Err(StationGround::AnotherPerson.into());
    }
    let id = id.clone();
    tx.record::<StationDay>(
        &key.to_string(),
        [StationDayEvent::AppointmentCancelled { id }],
    )
}

/// Whoever has an appointment is there.
///
/// # Errors
/// Too early; or it does not wait any more.
pub fn arrive(tx: &mut Transaction, key: &DayKey, id: &AppointmentId) -> Result<(), Halt> {
    let appointment = booked(tx, key, id)?;
    let opens = begins(tx.context.calendar, key.date, appointment.slot) - EARLY;
    if tx.now() < opens {
        return Err(StationGround::TooEarly { opens }.into());
    }
    let id = id.clone();
    tx.record::<StationDay>(&key.to_string(), [StationDayEvent::PersonArrived { id }])
}

/// Whoever has not come by now is a no-show.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, key: &DayKey) -> Result<(), Halt> {
    let id = key.to_string();
    let Some(day) = tx.load::<StationDay>(&id)? else {
        return Ok(());
    };
    let now = tx.now();
    let missed: Vec<StationDayEvent> = day
        .appointments
        .iter()
        .filter(|(_, appointment)| {
            appointment.state == AppointmentState::Booked && appointment.waits_until <= now
        })
        .map(|(id, _)| StationDayEvent::PersonDidNotCome { id: id.clone() })
        .collect();
    tx.record::<StationDay>(&id, missed)
}

/// The station, if it serves `business` on that day.
fn open_station(
    tx: &mut Transaction,
    key: &DayKey,
    business: Business,
) -> Result<std::sync::Arc<Station>, Halt> {
    let station = load(tx, &key.station)?;
    station.may_act()?;
    if !station.details.businesses.contains(&business) {
        return Err(StationGround::NotServed.into());
    }
    if !station.is_open_on(key.date, tx.context.calendar) {
        return Err(StationGround::Closed { on: key.date }.into());
    }
    Ok(station)
}

fn room(tx: &mut Transaction, key: &DayKey) -> Result<StationDay, Halt> {
    let day = tx.load::<StationDay>(&key.to_string())?;
    let day = day.map_or_else(StationDay::default, std::sync::Arc::unwrap_or_clone);
    if day.appointments.len() >= MOST_APPOINTMENTS {
        return Err(StationGround::DayFull.into());
    }
    Ok(day)
}

fn booked(tx: &mut Transaction, key: &DayKey, id: &AppointmentId) -> Result<Appointment, Halt> {
    let day = tx.load::<StationDay>(&key.to_string())?;
    let appointment = day
        .as_ref()
        .and_then(|day| day.appointments.get(id))
        .ok_or(StationGround::UnknownAppointment)?;
    if appointment.state != AppointmentState::Booked {
        let is = appointment.state.as_str();
        return Err(StationGround::NotBooked { is }.into());
    }
    Ok(appointment.clone())
}
