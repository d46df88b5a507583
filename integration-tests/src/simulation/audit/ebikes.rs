//! E-bikes and their plates: each number is drawn once, and goes to one e-bike for ever.

use super::facts::{Folded, read};
use crate::simulation::users::Notes;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::journal::{Position, Stored};
use registration::domain::ebike::plate::{Block, EbikePlate, PlateBlock};
use registration::domain::ebike::{Ebike, EbikeEvent};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Ebikes {
    ebikes: Folded<Ebike>,
    drawn: BTreeSet<EbikePlate>,
    /// Which e-bike a number was given to.
    given: BTreeMap<EbikePlate, (String, Position)>,
}

impl Ebikes {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.ebikes.enter(stored, commit)?;
        if stored.kind == PlateBlock::TYPE {
            let block = Block::of_id(&stored.id).ok_or("a block of no series")?;
            self.drawn.extend(block.plates());
        }
        if stored.kind != Ebike::TYPE {
            return Ok(());
        }
        for event in &commit.events {
            if let EbikeEvent::EbikeRegistered { plate, .. } = read(event)? {
                self.give(plate, stored)?;
            }
        }
        Ok(())
    }

    fn give(&mut self, plate: EbikePlate, stored: &Stored) -> Result<(), String> {
        if !self.drawn.contains(&plate) {
            return Err(format!(
                "numbers are drawn before they are given: nobody has drawn {plate}"
            ));
        }
        let given = (stored.id.clone(), stored.position);
        match self.given.insert(plate, given) {
            None => Ok(()),
            Some((other, _)) => Err(format!(
                "each number is given once: {plate} to {other} and to {}",
                stored.id
            )),
        }
    }

    /// What users were told that an e-bike bears was given to it.
    pub(super) fn are_as_told(&self, told: &Notes) -> Result<(), String> {
        for (plate, ebike) in &told.ebikes {
            let number = EbikePlate::parse(plate).map_err(|why| why.to_string())?;
            let given = self.given.get(&number);
            let given = given.map(|(frame, _)| format!("ebikes/{frame}"));
            if given.as_ref() != Some(ebike) {
                return Err(format!(
                    "{plate} was told to be on {ebike}, it is on {given:?}"
                ));
            }
        }
        Ok(())
    }

    /// Which e-bike a number was given to.
    pub(super) fn bearing(&self, plate: EbikePlate) -> Option<&String> {
        self.given.get(&plate).map(|(ebike, _)| ebike)
    }

    /// Whether this number was given out after a position.
    pub(super) fn is_given_after(&self, plate: &str, position: Position) -> bool {
        let given = EbikePlate::parse(plate)
            .ok()
            .and_then(|it| self.given.get(&it));
        given.is_some_and(|(_, at)| *at > position)
    }
}
