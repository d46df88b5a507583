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
    /// 100 million yuan: far above any fee, fine or charge, far below what 64 bits hold.
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

    /// Held at [`Fen::MAX`].
    pub const fn yuan(yuan: u32) -> Self {
        let fen = yuan as u64 * 100;
        if fen <= Self::MAX.0 {
            Self(fen)
        } else {
            Self::MAX
        }
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    /// The amount as contracts carry it.
    pub const fn signed(self) -> i64 {
        // The bound is far below `i64::MAX`.
        self.0 as i64
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, held at [`Fen::MAX`].
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Self::MAX.0))
    }

    /// `None` if the sum exceeds [`Fen::MAX`].
    pub fn checked_plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }

    /// What remains of `self` after `other`; zero if nothing does.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times the amount, held at [`Fen::MAX`].
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count).min(Self::MAX.0))
    }

    /// `None` if the product exceeds [`Fen::MAX`].
    pub fn checked_times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count).and_then(Self::new)
    }

    /// So many hundredths of the amount, rounded down to the fen (in the payer's favour), held at [`Fen::MAX`].
    #[must_use]
    pub fn percent(self, percent: u32) -> Self {
        // 128 bits: the greatest amount times the greatest percentage does not fit 64.
        let part = u128::from(self.0) * u128::from(percent) / 100;
        Self(u64::try_from(part).unwrap_or(u64::MAX).min(Self::MAX.0))
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
        assert_eq!(Fen::yuan(u32::MAX), Fen::MAX);
        assert_eq!(Fen::from_signed(Fen::MAX.signed()), Some(Fen::MAX));
        assert!(Fen::try_from(Fen::MAX.get() + 1).is_err());
    }

    #[test]
    fn arithmetic_stops_at_the_bounds() {
        let one = Fen(1);
        assert_eq!(Fen::MAX.plus(one), Fen::MAX);
        assert_eq!(Fen::MAX.checked_plus(one), None);
        assert_eq!(one.less(Fen::MAX), Fen::ZERO);
        assert_eq!(Fen::MAX.times(u64::MAX), Fen::MAX);
        assert_eq!(Fen::MAX.checked_times(2), None);
        assert_eq!(one.checked_times(u64::MAX), None);
        assert_eq!(Fen::MAX.percent(u32::MAX), Fen::MAX);
    }

    #[test]
    fn a_part_of_a_fen_is_dropped() {
        assert_eq!(Fen(199).percent(3), Fen(5));
        assert_eq!(Fen(199).percent(150), Fen(298));
        assert_eq!(Fen(20_050).to_string(), "200.50 yuan");
        assert_eq!(Fen(205).to_string(), "2.05 yuan");
    }
}
