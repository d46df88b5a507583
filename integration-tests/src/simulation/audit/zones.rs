//! Zones of parking: no bay is in one that was given up, and each knows how many bays stand there.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use parking::domain::bay::Bay;
use parking::domain::zone::Zone;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Zones {
    zones: Folded<Zone>,
    bays: Folded<Bay>,
}

impl Zones {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.zones.enter(stored, commit)?;
        self.bays.enter(stored, commit)
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        let mut standing = BTreeMap::<&str, u64>::new();
        for (id, bay) in self.bays.0.iter().filter(|(_, bay)| !bay.retired) {
            let zone = bay.details.zone.as_str();
            let is_open = self.zones.0.get(zone).is_some_and(|zone| !zone.retired);
            if !is_open {
                return Err(format!(
                    "bay {id} is in zone {zone}, which is none any more"
                ));
            }
            *standing.entry(zone).or_default() += 1;
        }
        for (id, zone) in &self.zones.0 {
            let standing = standing.get(id.as_str()).copied().unwrap_or(0);
            if zone.bays != standing {
                return Err(format!(
                    "zone {id} counts {} bays, and {standing} stand there",
                    zone.bays
                ));
            }
        }
        Ok(())
    }
}
