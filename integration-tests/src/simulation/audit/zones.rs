//! Zones of parking and their bays: no bay is in a zone that was given up, each zone knows how many bays stand there, and a bay
//! is closed for the occupations that touch it.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use parking::domain::bay::{Bay, ClosureSchedule};
use parking::domain::works::Occupation;
use parking::domain::zone::Zone;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Zones {
    zones: Folded<Zone>,
    bays: Folded<Bay>,
    occupations: Folded<Occupation>,
}

impl Zones {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.zones.enter(stored, commit)?;
        self.bays.enter(stored, commit)?;
        self.occupations.enter(stored, commit)
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        let mut standing = BTreeMap::<&str, u64>::new();
        for (id, bay) in self.bays.0.iter().filter(|(_, bay)| !bay.retired) {
            let zone = bay.details.zone.as_str();
            let is_open = self.zones.0.get(zone).is_some_and(|zone| !zone.retired);
            if !is_open {
                return Err(format!(
                    "bays stand in open zones: {id} is in {zone}, which is none any more"
                ));
            }
            *standing.entry(zone).or_default() += 1;
        }
        for (id, zone) in &self.zones.0 {
            let standing = standing.get(id.as_str()).copied().unwrap_or(0);
            if zone.bays != standing {
                return Err(format!(
                    "zones count their bays: {id} counts {}, and {standing} stand there",
                    zone.bays
                ));
            }
        }
        Ok(())
    }

    /// What must hold at rest: each standing bay is to be closed for the occupations in force that touch it, in their hours, and
    /// for no others. An occupation asks for it until it is suspended or the road given back, also beyond the end that was
    /// planned. One that finds a bay full of others is turned away; no run has so many.
    pub(super) fn bays_follow_occupations(&self) -> Result<(), String> {
        for (bay_id, bay) in self.bays.0.iter().filter(|(_, bay)| !bay.retired) {
            let suspensions = bay.suspensions.iter();
            let known: BTreeMap<&str, &ClosureSchedule> = suspensions
                .filter_map(|(id, suspension)| Some((id.as_str(), suspension.schedule.as_ref()?)))
                .collect();
            let occupations = self.occupations.0.iter();
            let wanted: BTreeMap<&str, &ClosureSchedule> = occupations
                .filter_map(|(id, occupation)| {
                    let works = occupation.works_in_force()?;
                    let touches = works.touches(bay.details.position);
                    touches.then_some((id.as_str(), &works.schedule))
                })
                .collect();
            if known != wanted {
                return Err(format!(
                    "bay {bay_id} is closed for {known:?}, occupied by {wanted:?}"
                ));
            }
        }
        Ok(())
    }
}
