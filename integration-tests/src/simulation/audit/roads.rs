//! Calendars of roads: an occupation holds its stretch of each of its roads in each direction once and in its hours, from when it
//! is granted until the road is free again, and nobody else does.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use permits::domain::hours::Hours;
use permits::domain::road_calendar::{self, RoadCalendar};
use permits::domain::road_occupation::RoadOccupation;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Roads {
    calendars: Folded<RoadCalendar>,
}

impl Roads {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.calendars.enter(stored, commit)
    }

    /// What must hold whenever one looks. `granted`: occupations that take their road, by permit.
    pub(super) fn hold(&self, granted: &[(&String, &RoadOccupation)]) -> Result<(), String> {
        let mut wanted = BTreeMap::<(String, String), Hours>::new();
        for (permit, occupation) in granted {
            let stretch = &occupation.stretch;
            for (road, direction) in road_calendar::places(&stretch.roads, &stretch.directions) {
                let place = (RoadCalendar::id(road, direction), (*permit).clone());
                wanted.insert(place, occupation.hours);
            }
        }
        let mut booked = BTreeMap::<(String, String), Hours>::new();
        for (calendar, state) in &self.calendars.0 {
            for booking in &state.bookings {
                let place = (calendar.clone(), booking.permit.to_string());
                if booked.insert(place, booking.hours).is_some() {
                    let permit = &booking.permit;
                    return Err(format!(
                        "roads are booked once: {permit} stands twice in {calendar}"
                    ));
                }
            }
        }
        if booked == wanted {
            return Ok(());
        }
        Err(format!(
            "roads are booked for whom they are granted: booked {booked:?}, granted {wanted:?}"
        ))
    }
}
