//! Permits of transports and the plates that they name: what was granted to a vehicle ends when the vehicle loses its plate.

use super::book::Expected;
use super::facts::{Folded, key, read};
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::domain::values::PlateNumber;
use chassis::journal::Stored;
use jiff::Timestamp;
use permits::domain::event::{Fact, PermitEvent, SuspensionCause};
use permits::domain::permit::Permit;
use std::collections::BTreeMap;
use traffic_proto::plates::{PlateNews, plate_news};

/// By the permit, the glance that saw it granted or amended last: clocks differ, but what an earlier glance saw was there before.
#[derive(Debug, Default)]
pub(super) struct Grants(BTreeMap<String, u64>);

/// What registration has told of a plate.
#[derive(Debug)]
struct Told {
    news: PlateNews,
    decided_at: Timestamp,
    glance: u64,
}

impl Grants {
    pub(super) fn enter(
        &mut self,
        stored: &Stored,
        commit: &Commit,
        glance: u64,
    ) -> Result<(), String> {
        if stored.kind != Permit::TYPE {
            return Ok(());
        }
        for event in &commit.events {
            let event: PermitEvent = read(event)?;
            let grants = matches!(
                event.fact,
                Fact::PermitApproved { .. } | Fact::PermitAmended { .. }
            );
            if grants {
                self.0.insert(stored.id.clone(), glance);
            }
        }
        Ok(())
    }

    /// A permit that names a plate is suspended for it once its vehicle has given it up or swapped it, and revoked once its
    /// vehicle is cancelled.
    ///
    /// That much is sure of the newest news: whoever would grant a permit later is refused. What a newer owner of the plate has
    /// made old, and a swap, which does not leave the plate without a vehicle, concern only what was granted before: in truth,
    /// and by the clocks of those who decided, which is how permits tells.
    pub(super) fn end_with_their_plates(
        &self,
        permits: &Folded<Permit>,
        published: &[Expected],
    ) -> Result<(), String> {
        let told = told(published)?;
        let permits = permits.0.iter();
        for (id, permit) in permits.filter(|(_, permit)| permit.stage.is_granted()) {
            for plate in permit.application.plates() {
                if let Some(told) = told.get(&plate.key()) {
                    self.ends(id, permit, plate, told)?;
                }
            }
        }
        Ok(())
    }

    fn ends(
        &self,
        id: &str,
        permit: &Permit,
        plate: &PlateNumber,
        told: &[Told],
    ) -> Result<(), String> {
        let (Some(grant), Some(glance)) = (&permit.grant, self.0.get(id)) else {
            return Err(format!("{id} is granted, and nobody has granted it"));
        };
        let cause = SuspensionCause::Vehicle(plate.clone());
        let is_suspended = permit.is_suspended_for(&cause);
        let is_swap = |told: &Told| matches!(told.news, PlateNews::Swapped { .. });
        let newest = told.iter().rposition(|told| !is_swap(told));
        for (number, told) in told.iter().enumerate() {
            let was_there = *glance < told.glance && grant.decided_at < told.decided_at;
            if !was_there && newest != Some(number) {
                continue;
            }
            let may_stand = match &told.news {
                PlateNews::Taken { .. } => true,
                PlateNews::GivenUp { .. } | PlateNews::Swapped { .. } => is_suspended,
                PlateNews::Cancelled { .. } => false,
            };
            if !may_stand {
                return Err(format!(
                    "{id} names {plate}, suspended for it: {is_suspended}, and of that {told:?}"
                ));
            }
        }
        Ok(())
    }
}

/// What was told of each plate, in order.
fn told(published: &[Expected]) -> Result<BTreeMap<String, Vec<Told>>, String> {
    let mut told = BTreeMap::<String, Vec<Told>>::new();
    for event in published {
        let news = plate_news(&event.type_name, &event.data).map_err(|why| why.to_string())?;
        for news in news {
            let (PlateNews::Taken { plate, .. }
            | PlateNews::GivenUp { plate }
            | PlateNews::Swapped { plate }
            | PlateNews::Cancelled { plate }) = &news;
            told.entry(key(plate)?).or_default().push(Told {
                decided_at: event.decided_at,
                glance: event.glance,
                news,
            });
        }
    }
    Ok(told)
}
