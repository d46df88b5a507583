//! Money in fen: whole, never negative, bounded, with arithmetic that cannot overflow unseen.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount in fen (1/100 yuan), from 0 to [`Fen::MAX`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "u64", into = "u64")]
pub struct Fen(u64);

impl Fen {
    pub const ZERO: Self = Self(0);
    /// 100 million yuan: far above anything that a parking place can cost, far below what 64 bits hold.
    pub const MAX: Self = Self(10_000_000_000);

    /// `None` above [`Fen::MAX`].
    pub const fn new(fen: u64) -> Option<Self> {
        if fen <= Self::MAX.0 {
            Some(Self(fen))
        } else {
            None
        }
    }

    /// `None` unless 0 ..= [`Fen::MAX`]: for amounts from a contract, where they are signed.
    pub fn from_signed(fen: i64) -> Option<Self> {
        u64::try_from(fen).ok().and_then(Self::new)
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    /// The amount as contracts carry it.
    pub fn signed(self) -> i64 {
        i64::try_from(self.0).expect("the bound is far below i64::MAX")
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `None` if the sum exceeds [`Fen::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }

    /// The sum, held at [`Fen::MAX`].
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        self.checked_add(other).unwrap_or(Self::MAX)
    }

    /// What remains of `self` after `other`; zero if nothing does.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `None` if the product exceeds [`Fen::MAX`].
    pub fn checked_times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).and_then(Self::new)
    }

    /// So many hundredths of the amount, rounded down to the fen (in the payer's favour), held at [`Fen::MAX`].
    #[must_use]
    pub fn percent(self, percent: u16) -> Self {
        Self((self.0 * u64::from(percent) / 100).min(Self::MAX.0))
    }
}

impl TryFrom<u64> for Fen {
    type Error = String;
    fn try_from(fen: u64) -> Result<Self, String> {
        Self::new(fen).ok_or_else(|| format!("{fen} fen is above the bound of {}", Self::MAX.0))
    }
}

impl From<Fen> for u64 {
    fn from(fen: Fen) -> u64 {
        fen.0
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} yuan", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_never_negative_and_never_above_the_bound() {
        assert_eq!(Fen::from_signed(-1), None);
        assert_eq!(Fen::from_signed(0), Some(Fen::ZERO));
        assert_eq!(Fen::new(Fen::MAX.get()), Some(Fen::MAX));
        assert_eq!(Fen::new(Fen::MAX.get() + 1), None);
        assert!(serde_json::from_str::<Fen>("10000000001").is_err());
    }

    #[test]
    fn arithmetic_stops_at_the_bounds() {
        let one = Fen::new(1).unwrap();
        assert_eq!(Fen::MAX.checked_add(one), None);
        assert_eq!(Fen::MAX.saturating_add(one), Fen::MAX);
        assert_eq!(one.less(Fen::MAX), Fen::ZERO);
        assert_eq!(Fen::MAX.checked_times(2), None);
        assert_eq!(one.checked_times(u64::MAX), None);
        assert_eq!(Fen::MAX.percent(1_000), Fen::MAX);
    }

    #[test]
    fn a_part_of_a_fen_is_dropped() {
        assert_eq!(Fen::new(199).unwrap().percent(150), Fen::new(298).unwrap());
        assert_eq!(Fen::new(205).unwrap().to_string(), "2.05 yuan");
    }
}
