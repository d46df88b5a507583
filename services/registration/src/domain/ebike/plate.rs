//! E-bike plate numbers, and the blocks in which they are drawn.
//!
//! Two e-bikes must never bear one number, and 20,000 a second must get one. A counter would be one aggregate that every
//! registration waits for; a claim for each number would be a second aggregate for each e-bike. Instead numbers come
//! as boxes of plates come to a counter: a **block** of [`BLOCK`] consecutive numbers is drawn at once, by one
//! process, for itself alone.
//!
//! - A block is an aggregate named by its number. It is drawn once: its first commit has guard 0, so of two replicas
//!   that reach for it one wins, and the other takes the next.
//! - Whoever drew it hands out each of its numbers once, from memory. A number whose e-bike surely was not registered
//!   goes back; one whose fate is unknown is never used again.
//! - A process that dies leaves the rest of its block unused for ever: gaps, at most one block of each series a start,
//!   never doubles. 23 million regular numbers allow for it.
//!
//! Consecutive numbers also keep the index by plate in order, which is what makes its rows cheap.

use super::ground::EbikeGround;
use chassis::domain::{Aggregate, Halt, Invalid, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Numbers drawn at once: a box of plates.
pub const BLOCK: u32 = 1_000;
/// Numbers of one letter.
const OF_LETTER: u32 = 1_000_000;

/// Which numbers are for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Series {
    Regular,
    /// Dated plates (临时号牌) of e-bikes that meet no standard.
    Transitional,
}

impl Series {
    pub const ALL: [Self; 2] = [Self::Regular, Self::Transitional];

    /// Letters after the city's, in the order in which they are used. No I and O, which look like 1 and 0.
    const fn letters(self) -> &'static [u8] {
        match self {
            Self::Regular => b"ABCDEFGHJKMNPQRSTUVWXYZ",
            Self::Transitional => b"L",
        }
    }

    /// How many blocks there are.
    pub fn blocks(self) -> u32 {
        u32::try_from(self.letters().len()).unwrap_or(0) * (OF_LETTER / BLOCK)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Transitional => "transitional",
        }
    }
}

/// The number on an e-bike's plate (电动自行车号牌), such as 鲁RA000001: the city's prefix, a letter, six digits.
///
/// The province sets the form (Shandong Road Traffic Measures art. 27). It has one character more than any plate of a
/// motor vehicle, so that none can be taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EbikePlate {
    letter: u8,
    number: u32,
}

impl EbikePlate {
    const CITY: &str = "鲁R";

    /// # Errors
    /// If it is none that this city gives out.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "must be an e-bike's plate number such as 鲁RA000001",
                "应为电动自行车号牌号码，如 鲁RA000001",
            )
        };
        let rest = text.strip_prefix(Self::CITY).ok_or_else(invalid)?;
        let (letter, digits) = rest.as_bytes().split_first().ok_or_else(invalid)?;
        let known = Series::ALL.iter().any(|s| s.letters().contains(letter));
        if !known || digits.len() != 6 || !digits.iter().all(u8::is_ascii_digit) {
            return Err(invalid());
        }
        let number = digits
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        Ok(Self {
            letter: *letter,
            number,
        })
    }

    pub fn series(self) -> Series {
        if Series::Transitional.letters().contains(&self.letter) {
            Series::Transitional
        } else {
            Series::Regular
        }
    }

    /// Four bytes that tell plates apart and sort as their numbers do.
    pub fn ordinal(self) -> u32 {
        u32::from(self.letter) * OF_LETTER + self.number
    }
}

impl fmt::Display for EbikePlate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = char::from(self.letter);
        write!(f, "{}{letter}{:06}", Self::CITY, self.number)
    }
}

impl TryFrom<String> for EbikePlate {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<EbikePlate> for String {
    fn from(plate: EbikePlate) -> Self {
        plate.to_string()
    }
}

/// A block of numbers, by its place in its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub series: Series,
    number: u32,
}

impl Block {
    /// `None` beyond the end of the series.
    pub fn new(series: Series, number: u32) -> Option<Self> {
        (number < series.blocks()).then_some(Self { series, number })
    }

    pub fn number(self) -> u32 {
        self.number
    }

    /// The block as an aggregate id.
    pub fn id(self) -> String {
        format!("{}-{:05}", self.series.key(), self.number)
    }

    /// `None` unless `id` is what [`Block::id`] gives.
    pub fn of_id(id: &str) -> Option<Self> {
        let (key, number) = id.rsplit_once('-')?;
        let series = Series::ALL.into_iter().find(|series| series.key() == key)?;
        Self::new(series, number.parse().ok()?)
    }

    /// Its numbers, in order.
    pub fn plates(self) -> impl Iterator<Item = EbikePlate> {
        let of_letter = OF_LETTER / BLOCK;
        let at = usize::try_from(self.number / of_letter).unwrap_or(usize::MAX);
        let letter = self.series.letters().get(at).copied();
        let first = self.number % of_letter * BLOCK;
        letter.into_iter().flat_map(move |letter| {
            (first..first + BLOCK).map(move |number| EbikePlate { letter, number })
        })
    }
}

/// A block that somebody has drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateBlock {
    pub drawn_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlateBlockEvent {
    PlatesDrawn { first: EbikePlate, last: EbikePlate },
}

impl Aggregate for PlateBlock {
    const TYPE: &'static str = "ebike-plates";
    type Event = PlateBlockEvent;

    fn evolve(state: Option<Self>, _: &PlateBlockEvent, at: Timestamp) -> Option<Self> {
        // Drawn once, for ever.
        Some(state.unwrap_or(Self { drawn_at: at }))
    }
}

/// Takes a block for the caller alone.
///
/// # Errors
/// If somebody has it.
pub fn draw(tx: &mut Transaction, block: Block) -> Result<(), Halt> {
    let id = block.id();
    if tx.load::<PlateBlock>(&id)?.is_some() {
        return Err(EbikeGround::BlockDrawn.into());
    }
    let mut plates = block.plates();
    let first = plates.next();
    let (Some(first), Some(last)) = (first, plates.last()) else {
        return Err(EbikeGround::OutOfPlates.into());
    };
    tx.record::<PlateBlock>(&id, [PlateBlockEvent::PlatesDrawn { first, last }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_of_a_series_is_in_exactly_one_block_and_survives_its_text() {
        for series in Series::ALL {
            let mut ordinals = BTreeSet::new();
            for number in [
                0,
                1,
                999,
                1_000.min(series.blocks() - 1),
                series.blocks() - 1,
            ] {
                let block = Block::new(series, number).unwrap();
                assert_eq!(Block::of_id(&block.id()), Some(block));
                for plate in block.plates() {
                    assert_eq!(EbikePlate::parse(&plate.to_string()), Ok(plate));
                    assert_eq!(plate.series(), series);
                    ordinals.insert(plate.ordinal());
                }
            }
            let blocks = BTreeSet::from([
                0,
                1,
                999,
                1_000.min(series.blocks() - 1),
                series.blocks() - 1,
            ]);
            assert_eq!(ordinals.len(), blocks.len() * BLOCK as usize);
            assert!(Block::new(series, series.blocks()).is_none());
        }
    }

    #[test]
    fn the_first_plates_are_as_people_expect_them() {
        let first = |series| Block::new(series, 0).unwrap().plates().next().unwrap();
        assert_eq!(first(Series::Regular).to_string(), "鲁RA000000");
        assert_eq!(first(Series::Transitional).to_string(), "鲁RL000000");
        for bad in [
            "",
            "鲁R",
            "鲁RA12345",
            "鲁RI123456",
            "豫RA123456",
            "鲁RA12345六",
            "鲁RAA23456",
        ] {
            assert!(EbikePlate::parse(bad).is_err(), "{bad}");
        }
    }
}
