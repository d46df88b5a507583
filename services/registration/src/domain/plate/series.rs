//! The numbers that the city gives out, from `data/plate-series.toml`: which there are, and a lot drawn among them.

use crate::domain::vehicle::class::PlateCategory;
use chassis::domain::values::PlateNumber;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use uuid::Uuid;

const DIGITS: &str = "0123456789";
const LETTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const EITHER: &str = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const NEW_ENERGY: &str = "ABCDEFGHJK";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pools {
    pub offer_size: usize,
    pub offer_minutes: i64,
    pub hold_minutes: i64,
    series: Vec<Series>,
}

/// All numbers of one kind of plate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    category: PlateCategory,
    masks: Vec<Mask>,
}

/// One shape of numbers.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Mask(Vec<Place>);

#[derive(Debug)]
enum Place {
    Fixed(char),
    OneOf(&'static str),
}

impl TryFrom<String> for Mask {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut characters = text.chars();
        // Province and issuing letter stand for themselves, whatever letter it is.
        let head = characters.by_ref().take(2).map(Place::Fixed);
        let mut places: Vec<Place> = head.collect();
        places.extend(characters.map(|character| match character {
            '9' => Place::OneOf(DIGITS),
            'A' => Place::OneOf(LETTERS),
            'N' => Place::OneOf(EITHER),
            'E' => Place::OneOf(NEW_ENERGY),
            other => Place::Fixed(other),
        }));
        let mask = Self(places);
        PlateNumber::parse(&mask.number(0))
            .map_err(|invalid| format!("mask `{text}`: {invalid}"))?;
        Ok(mask)
    }
}

impl Mask {
    fn size(&self) -> u64 {
        self.0
            .iter()
            .map(|place| match place {
                Place::Fixed(_) => 1,
                Place::OneOf(set) => set.len() as u64,
            })
            .product()
    }

    /// The number at `index`, below the size.
    fn number(&self, mut index: u64) -> String {
        let mut reversed: Vec<char> = Vec::with_capacity(self.0.len());
        for place in self.0.iter().rev() {
            reversed.push(match place {
                Place::Fixed(character) => *character,
                Place::OneOf(set) => {
                    let length = set.len() as u64;
                    let at = usize::try_from(index % length).unwrap_or(0);
                    index /= length;
                    char::from(set.as_bytes()[at])
                }
            });
        }
        reversed.iter().rev().collect()
    }

    fn fits(&self, number: &str) -> bool {
        let characters: Vec<char> = number.chars().collect();
        characters.len() == self.0.len()
            && characters
                .iter()
                .zip(&self.0)
                .all(|(character, place)| match place {
                    Place::Fixed(fixed) => fixed == character,
                    Place::OneOf(set) => set.contains(*character),
                })
    }
}

impl Pools {
    /// The pools that ship with the service.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn shipped() -> &'static Self {
        static POOLS: LazyLock<Pools> = LazyLock::new(|| {
            toml::from_str(include_str!("../../../data/plate-series.toml"))
                .expect("the shipped pools are valid: a test reads them")
        });
        &POOLS
    }

    /// # Panics
    /// Never: a test finds every kind in the shipped pools.
    pub fn series(&self, category: PlateCategory) -> &Series {
        self.series
            .iter()
            .find(|series| series.category == category)
            .expect("every kind of plate has a series")
    }
}

impl Series {
    /// How many numbers there are.
    pub fn size(&self) -> u64 {
        self.masks.iter().map(Mask::size).sum()
    }

    /// Whether the number is of this series: may be composed by the one who chooses it (art. 43(1)).
    pub fn has(&self, number: &PlateNumber) -> bool {
        self.masks.iter().any(|mask| mask.fits(number.as_str()))
    }

    fn at(&self, mut index: u64) -> Option<PlateNumber> {
        for mask in &self.masks {
            let size = mask.size();
            if index < size {
                return PlateNumber::parse(&mask.number(index)).ok();
            }
            index -= size;
        }
        None
    }

    /// The `turn`th number of the lot that `seed` draws: the same for every repetition of a request (art. 43(1)).
    pub fn drawn(&self, seed: Uuid, turn: u32) -> Option<PlateNumber> {
        let mut hash = Sha256::new();
        hash.update(b"plate lot");
        hash.update(seed.as_bytes());
        hash.update(turn.to_be_bytes());
        let hash = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        self.at(u64::from_be_bytes(first) % self.size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_kind_of_plate_has_numbers_that_are_its_own() {
        let pools = Pools::shipped();
        let mut seen = HashSet::new();
        for category in PlateCategory::ALL {
            let series = pools.series(category);
            for turn in 0..200 {
                let number = series.drawn(Uuid::nil(), turn).unwrap();
                assert!(series.has(&number), "{number}");
                let elsewhere = PlateCategory::ALL
                    .into_iter()
                    .filter(|other| *other != category)
                    .any(|other| pools.series(other).has(&number));
                assert!(!elsewhere, "{number} is of two kinds");
                seen.insert(number);
            }
        }
        assert!(seen.len() > 1_300, "a lot hardly ever draws a number twice");
    }

    #[test]
    fn each_index_is_one_number() {
        for category in PlateCategory::ALL {
            let series = Pools::shipped().series(category);
            assert!(series.at(0).is_some() && series.at(series.size() - 1).is_some());
            assert_eq!(series.at(series.size()), None);
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_no_letters_of_plates() {
        for set in [LETTERS, EITHER, NEW_ENERGY] {
            assert!(!set.contains('I') && !set.contains('O'), "{set}");
        }
    }
}
