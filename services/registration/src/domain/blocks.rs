//! What enforcement has told of a plate number: violations that nobody has handled, and vehicles that are detained.
//!
//! Kept by number, because a camera knows no more, and because news may come before the vehicle is registered here. An act
//! from before the number was given to the vehicle is another's.

use super::vehicle::Vehicle;
use chassis::domain::values::{DocumentNumber, PlateNumber};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Open cases kept for one number. Further ones change nothing: one is enough to refuse.
pub const MOST_BLOCKS: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A violation that is not settled.
    Violation,
    /// The vehicle is detained (扣留).
    Detention,
}

/// One case that is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub kind: BlockKind,
    /// The case's id in enforcement.
    pub case: DocumentNumber,
    pub acted_at: Timestamp,
}

/// The open cases of a number. Id: [`PlateNumber::key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateRecord {
    pub blocks: Vec<Block>,
    /// Cases beyond [`MOST_BLOCKS`]: counted, so that the last one settled is known to be the last.
    pub further: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockEvent {
    CaseOpened(Block),
    CaseClosed {
        kind: BlockKind,
        case: DocumentNumber,
    },
}

impl Aggregate for PlateRecord {
    const TYPE: &'static str = "plate-record";
    type Event = BlockEvent;

    fn evolve(state: Option<Self>, event: &BlockEvent, _: Timestamp) -> Option<Self> {
        let mut record = state.unwrap_or_default();
        match event {
            BlockEvent::CaseOpened(block) if record.blocks.len() < MOST_BLOCKS => {
                record.blocks.push(block.clone());
            }
            BlockEvent::CaseOpened(_) => record.further += 1,
            BlockEvent::CaseClosed { kind, case } => {
                let before = record.blocks.len();
                record
                    .blocks
                    .retain(|block| block.kind != *kind || block.case != *case);
                if record.blocks.len() == before {
                    record.further = record.further.saturating_sub(1);
                }
            }
        }
        Some(record)
    }
}

impl PlateRecord {
    fn has(&self, kind: BlockKind, case: &DocumentNumber) -> bool {
        self.blocks
            .iter()
            .any(|block| block.kind == kind && block.case == *case)
    }
}

/// A case was opened, or opened again. The same news again changes nothing.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn open_case(tx: &mut Transaction, number: &PlateNumber, block: Block) -> Result<(), Halt> {
    let id = number.key();
    let record = tx.load::<PlateRecord>(&id)?;
    if record.is_some_and(|record| record.has(block.kind, &block.case)) {
        return Ok(());
    }
    tx.record::<PlateRecord>(&id, [BlockEvent::CaseOpened(block)])
}

/// A case was settled, cancelled or closed, or the vehicle released. News of a case that is not open changes nothing.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn close_case(
    tx: &mut Transaction,
    number: &PlateNumber,
    kind: BlockKind,
    case: DocumentNumber,
) -> Result<(), Halt> {
    let id = number.key();
    let Some(record) = tx.load::<PlateRecord>(&id)? else {
        return Ok(());
    };
    if !record.has(kind, &case) && record.further == 0 {
        return Ok(());
    }
    tx.record::<PlateRecord>(&id, [BlockEvent::CaseClosed { kind, case }])
}

/// What stands against a number, as far as it is this vehicle's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    pub violations: u32,
    pub detained: bool,
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
    let own = record.blocks.iter().filter(|block| block.acted_at >= from);
    let (mut violations, mut detained) = (record.further, false);
    for block in own {
        match block.kind {
            BlockKind::Violation => violations += 1,
            BlockKind::Detention => detained = true,
        }
    }
    Blocked {
        violations,
        detained,
    }
}
