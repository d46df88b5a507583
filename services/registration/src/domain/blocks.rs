//! What enforcement has told of a plate number: violations that nobody has handled, and vehicles that are detained.
//!
//! Kept by number, because a camera knows no more, and because news may come before the vehicle is registered here. An act
//! from before the number was given to the vehicle is another's.

use super::vehicle::Vehicle;
use chassis::domain::values::{DocumentNumber, PlateNumber};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Cases kept for one number: more than enforcement lets be open. Beyond it the oldest closed ones are forgotten.
pub const MOST_CASES: usize = 1_200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A violation that is not settled.
    Violation,
    /// The vehicle is detained (扣留).
    Detention,
    /// The vehicle was scrapped or dismantled after its detention: the office cancels it (Order 164 art. 40(2)).
    Destroyed,
}

/// One case that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// The case's id in enforcement.
    pub case: DocumentNumber,
    pub acted_at: Timestamp,
}

/// What was heard last of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub block: Block,
    pub open: bool,
    /// Of the newest news: what is older comes late.
    pub revision: u64,
}

/// The cases of a number, open and closed. Id: [`PlateNumber::key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateRecord {
    pub cases: Vec<Heard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockEvent {
    CaseOpened { block: Block, revision: u64 },
    CaseClosed { block: Block, revision: u64 },
}

impl Aggregate for PlateRecord {
    const TYPE: &'static str = "plate-record";
    type Event = BlockEvent;

    fn evolve(state: Option<Self>, event: &BlockEvent, _: Timestamp) -> Option<Self> {
        let mut record = state.unwrap_or_default();
        let (block, revision, open) = match event {
            BlockEvent::CaseOpened { block, revision } => (block, revision, true),
            BlockEvent::CaseClosed { block, revision } => (block, revision, false),
        };
        record
            .cases
            .retain(|heard| !heard.is_of(block.kind, &block.case));
        record.cases.push(Heard {
            block: block.clone(),
            open,
            revision: *revision,
        });
        if record.cases.len() > MOST_CASES {
            let oldest = record.cases.iter().position(|heard| !heard.open);
            record.cases.remove(oldest.unwrap_or(0));
        }
        Some(record)
    }
}

impl Heard {
    fn is_of(&self, kind: BlockKind, case: &DocumentNumber) -> bool {
        self.block.kind == kind && self.block.case == *case
    }
}

impl PlateRecord {
    fn of(&self, kind: BlockKind, case: &DocumentNumber) -> Option<&Heard> {
        self.cases.iter().find(|heard| heard.is_of(kind, case))
    }

    fn open(&self) -> impl Iterator<Item = &Block> {
        let open = self.cases.iter().filter(|heard| heard.open);
        open.map(|heard| &heard.block)
    }
}

/// A detained vehicle was disposed of (Regulations art. 107): its detention is over. What was scrapped or dismantled waits for the office to
/// cancel it, and nothing else is registered for it.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn dispose(
    tx: &mut Transaction,
    number: &PlateNumber,
    block: Block,
    destroyed: bool,
    revision: u64,
) -> Result<(), Halt> {
    if destroyed {
        let block = Block {
            kind: BlockKind::Destroyed,
            ..block.clone()
        };
        open_case(tx, number, block, revision)?;
    }
    close_case(tx, number, block, revision)
}

/// A case was opened, or opened again: of one that is known the act keeps its time. Older news than was heard changes nothing.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn open_case(
    tx: &mut Transaction,
    number: &PlateNumber,
    mut block: Block,
    revision: u64,
) -> Result<(), Halt> {
    let id = number.key();
    let record = tx.load::<PlateRecord>(&id)?;
    if let Some(heard) = record
        .as_ref()
        .and_then(|it| it.of(block.kind, &block.case))
    {
        if revision <= heard.revision {
            return Ok(());
        }
        block.acted_at = block.acted_at.min(heard.block.acted_at);
    }
    tx.record::<PlateRecord>(&id, [BlockEvent::CaseOpened { block, revision }])
}

/// A case was settled, cancelled or closed, or the vehicle released, at the latest when the block says. It is remembered even if it was never open, so that the
/// news that opened it may come late.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn close_case(
    tx: &mut Transaction,
    number: &PlateNumber,
    mut block: Block,
    revision: u64,
) -> Result<(), Halt> {
    let id = number.key();
    let record = tx.load::<PlateRecord>(&id)?;
    if let Some(heard) = record
        .as_ref()
        .and_then(|it| it.of(block.kind, &block.case))
    {
        if revision <= heard.revision {
            return Ok(());
        }
        block.acted_at = block.acted_at.min(heard.block.acted_at);
    }
    tx.record::<PlateRecord>(&id, [BlockEvent::CaseClosed { block, revision }])
}

/// What stands against a number, as far as it is this vehicle's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    pub violations: u32,
    pub detained: bool,
    /// Scrapped or dismantled, and not yet cancelled.
    pub destroyed: bool,
}

/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn of_vehicle(tx: &mut Transaction, vehicle: &Vehicle) -> Result<Blocked, Halt> {
    let Some(plate) = &vehicle.plate else {
        return Ok(Blocked::default());
    };
    let since = tx.context.calendar.start_of(plate.since);
    let record = tx.load::<PlateRecord>(&plate.number.key())?;
    Ok(record.map_or_else(Blocked::default, |record| self::since(&record, since)))
}

/// What stands against a number, whichever vehicle carried it.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn of_number(tx: &mut Transaction, number: &PlateNumber) -> Result<Blocked, Halt> {
    let record = tx.load::<PlateRecord>(&number.key())?;
    Ok(record.map_or_else(Blocked::default, |record| since(&record, Timestamp::MIN)))
}

/// What stands against a number from acts at or after `from`.
pub fn since(record: &PlateRecord, from: Timestamp) -> Blocked {
    let own = record.open().filter(|block| block.acted_at >= from);
    let (mut violations, mut detained, mut destroyed) = (0, false, false);
    for block in own {
        match block.kind {
            BlockKind::Violation => violations += 1,
            BlockKind::Detention => detained = true,
            BlockKind::Destroyed => destroyed = true,
        }
    }
    Blocked {
        violations,
        detained,
        destroyed,
    }
}
