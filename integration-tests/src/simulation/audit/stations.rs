//! Stations and who comes there: never more at a time than there are counters, and nobody twice for the same.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use registration::domain::station::Station;
use registration::domain::station::day::{AppointmentState, DayKey, StationDay};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Stations {
    stations: Folded<Station>,
    days: Folded<StationDay>,
}

impl Stations {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.stations.enter(stored, commit)?;
        self.days.enter(stored, commit)
    }

    /// What must hold whenever one looks. No station gets fewer counters.
    pub(super) fn hold(&self) -> Result<(), String> {
        for (id, day) in &self.days.0 {
            let key = DayKey::of_id(id).map_err(|why| why.to_string())?;
            let station = self.stations.0.get(key.station.as_str());
            let counters = station.map_or(0, |station| station.details.counters);
            let mut taken = BTreeMap::new();
            let mut expected = BTreeSet::new();
            for (appointment, it) in &day.appointments {
                if it.state == AppointmentState::Booked
                    && !expected.insert((it.person.as_str(), it.business))
                {
                    return Err(format!(
                        "nobody is expected twice: {appointment} is another's of {id}"
                    ));
                }
                if matches!(
                    it.state,
                    AppointmentState::Booked | AppointmentState::Arrived
                ) {
                    *taken.entry(it.slot).or_insert(0_u16) += 1;
                }
            }
            for (slot, taken) in taken {
                if taken > counters {
                    return Err(format!(
                        "counters serve one at a time: {taken} at {slot} of {id}, where {counters} are"
                    ));
                }
            }
        }
        Ok(())
    }
}
