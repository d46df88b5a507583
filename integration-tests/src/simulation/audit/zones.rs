//! Zones of parking: no bay is in one that was given up.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use parking::domain::bay::Bay;
use parking::domain::zone::Zone;

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
        for (id, bay) in &self.bays.0 {
            let zone = bay.details.zone.as_str();
            let is_open = self.zones.0.get(zone).is_some_and(|zone| !zone.retired);
            if !bay.retired && !is_open {
                return Err(format!(
                    "bay {id} is in zone {zone}, which is none any more"
                ));
            }
        }
        Ok(())
    }
}
