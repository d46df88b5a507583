//! How a bay changes with each of its events.

use super::{Availability, Bay, BayEvent, Closure, Report, Suspension, Timeline};
use chassis::domain::Aggregate;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Aggregate for Bay {
    const TYPE: &'static str = "bay";
    type Event = BayEvent;

    fn evolve(state: Option<Self>, event: &BayEvent, at: Timestamp) -> Option<Self> {
        let Some(mut bay) = state else {
            let BayEvent::BayMarked { details } = event else {
                return None;
            };
            return Some(Self {
                details: details.clone(),
                retired: false,
                timeline: Timeline::starting_at(at),
                tracked: Vec::new(),
                suspensions: BTreeMap::new(),
                closures: Vec::new(),
                reports: Vec::new(),
                availability: Availability::Free,
                available_since: at,
                closures_as_of: at,
            });
        };
        match event {
            BayEvent::BayMarked { details } => {
                bay.details = details.clone();
                bay.retired = false;
            }
            BayEvent::BayChanged { details } => bay.details = details.clone(),
            BayEvent::BayRetired { .. } => bay.retired = true,
            BayEvent::ReadingAccepted { reading } => bay.timeline.insert(reading.clone(), at),
            BayEvent::SessionTracked { tracked } => {
                match bay
                    .tracked
                    .iter_mut()
                    .find(|known| known.session == tracked.session)
                {
                    Some(known) => *known = tracked.clone(),
                    None => bay.tracked.push(tracked.clone()),
                }
                bay.tracked.sort_by_key(|tracked| tracked.arrived_at);
            }
            BayEvent::SessionDropped { session } => {
                bay.tracked.retain(|tracked| tracked.session != *session)
            }
            BayEvent::AvailabilityChanged { to, since, .. } => {
                bay.availability = *to;
                bay.available_since = *since;
            }
            BayEvent::SuspensionScheduled {
                occupation,
                revision,
                schedule,
            } => {
                let schedule = Some(schedule.clone());
                bay.suspensions.insert(
                    occupation.clone(),
                    Suspension {
                        revision: *revision,
                        schedule,
                        changed_at: at,
                    },
                );
                bay.closures_as_of = at;
            }
            BayEvent::SuspensionWithdrawn {
                occupation,
                revision,
            } => {
                bay.suspensions.insert(
                    occupation.clone(),
                    Suspension {
                        revision: *revision,
                        schedule: None,
                        changed_at: at,
                    },
                );
                bay.closures_as_of = at;
            }
            BayEvent::BayClosed { since, .. } => {
                bay.closures.push(Closure {
                    from: *since,
                    until: None,
                });
                bay.closures_as_of = *since;
            }
            BayEvent::BayReopened { since, .. } => {
                if let Some(closure) = bay.closures.last_mut() {
                    closure.until = Some(*since);
                }
                bay.closures_as_of = *since;
            }
            BayEvent::IllegalParkingSeen {
                plate, ground, act, ..
            } => {
                bay.reports.push(Report {
                    plate: plate.clone(),
                    ground: *ground,
                    act: *act,
                });
            }
        }
        bay.forget(at);
        Some(bay)
    }

    fn next_due(&self) -> Option<Timestamp> {
        if self.retired {
            None
        } else {
            self.next_change()
        }
    }
}
