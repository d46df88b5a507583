//! Invented e-bikes: any number of them, the same for the same seed, some of them wrong in a known way.
//!
//! Everything is well-formed, check digits included, and nothing exists: the identity numbers are of nobody, the phones begin
//! with 000.

use crate::invented::{DISTRICTS, Random, identity_number};
use registration::ebike_file::HEADINGS;

/// Makers whose serial numbers run beside each other.
const MAKERS: u64 = 40;

/// The values of one line, in the order of [`HEADINGS`].
pub(crate) type Values = [String; HEADINGS.len()];

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    IdentityCheck,
    NoFrameNumber,
    OriginInFuture,
    /// The e-bike of the line before, filed by somebody else.
    FrameTaken,
    NotConforming,
    UnknownOrigin,
    UnknownDistrict,
}

impl Flaw {
    const ALL: [Self; 7] = [
        Self::IdentityCheck,
        Self::NoFrameNumber,
        Self::OriginInFuture,
        Self::FrameTaken,
        Self::NotConforming,
        Self::UnknownOrigin,
        Self::UnknownDistrict,
    ];
}

/// A file of so many lines, so many of them wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Samples {
    pub(crate) rows: u64,
    /// At most half of them.
    pub(crate) bad: u64,
    pub(crate) seed: u64,
}

impl Samples {
    pub(crate) fn new(rows: u64, bad_percent: u64, seed: u64) -> Self {
        Self {
            rows,
            bad: rows * bad_percent.min(50) / 100,
            seed,
        }
    }

    /// What is wrong with a line, counted from 0: the wrong ones are spread evenly, each flaw in its turn.
    pub(crate) fn flaw(&self, row: u64) -> Option<Flaw> {
        let bad_before = row * self.bad / self.rows;
        let is_bad = (row + 1) * self.bad / self.rows > bad_before;
        let turn = usize::try_from(bad_before).unwrap_or_default() % Flaw::ALL.len();
        is_bad.then(|| Flaw::ALL[turn])
    }

    /// The values of a line, counted from 0.
    pub(crate) fn values(&self, row: u64) -> Values {
        let mut random = Random::of(self.seed, row);
        // Two of three e-bikes have an owner of their own, the others share theirs.
        let owner = random.below((self.rows * 2 / 3).max(1));
        let days = random.below(5 * 365);
        let made = jiff::civil::date(2020, 1, 1) + jiff::Span::new().days(i64_of(days));
        let bought = made + jiff::Span::new().days(i64_of(random.below(60)));
        let district = DISTRICTS[usize_of(random.below(DISTRICTS.len() as u64))];
        let mut values: Values = [
            self.frame_number(row),
            format!("样本{owner}"),
            identity_number(owner),
            String::new(),
            format!("000{:08}", owner % 100_000_000),
            "GB 17761-2018".to_owned(),
            format!("HGZ-{row:08}"),
            made.to_string(),
            "invoice".to_owned(),
            format!("FP-{row:08}"),
            bought.to_string(),
            district.to_owned(),
            String::new(),
        ];
        if let Some(flaw) = self.flaw(row) {
            self.spoil(row, flaw, &mut values);
        }
        values
    }

    fn frame_number(&self, row: u64) -> String {
        let maker = Random::new(self.seed.wrapping_add(row)).below(MAKERS);
        format!("{:04}26{row:09}", 9_000 + maker)
    }

    fn spoil(&self, row: u64, flaw: Flaw, values: &mut Values) {
        let [
            frame,
            _,
            identity,
            _,
            _,
            standard,
            certificate,
            made,
            kind,
            _,
            bought,
            district,
            _,
        ] = values;
        match flaw {
            Flaw::IdentityCheck => {
                let check = if identity.ends_with('0') { "1" } else { "0" };
                identity.replace_range(17.., check);
            }
            Flaw::NoFrameNumber => frame.clear(),
            Flaw::OriginInFuture => "2099-01-01".clone_into(bought),
            Flaw::FrameTaken => *frame = self.frame_number(row.saturating_sub(1)),
            Flaw::NotConforming => {
                standard.clear();
                certificate.clear();
                made.clear();
            }
            Flaw::UnknownOrigin => "found".clone_into(kind),
            Flaw::UnknownDistrict => "37".clone_into(district),
        }
    }
}

/// Of a number that is far below the bound.
fn i64_of(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Of a number that is far below the bound.
fn usize_of(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::values::ResidentId;
    use registration::domain::ebike::FrameNumber;
    use std::collections::BTreeSet;

    #[test]
    fn lines_are_the_same_for_a_seed_and_exactly_so_many_are_wrong() {
        let samples = Samples::new(10_000, 1, 7);
        let all: Vec<Values> = (0..10_000).map(|row| samples.values(row)).collect();
        let again = Samples::new(10_000, 1, 7);
        assert!((0..10_000).all(|row| again.values(row) == all[usize_of(row)]));
        assert_ne!(Samples::new(10_000, 1, 8).values(5), all[5]);
        let flaws = (0..10_000).filter_map(|row| samples.flaw(row)).count();
        assert_eq!(flaws, 100);
        // The line before a taken frame number is a good one.
        let taken = (0..10_000).filter(|row| samples.flaw(*row) == Some(Flaw::FrameTaken));
        assert!(
            taken
                .into_iter()
                .all(|row| row > 0 && samples.flaw(row - 1).is_none())
        );
    }

    #[test]
    fn good_lines_have_valid_numbers_and_frames_of_their_own() {
        let samples = Samples::new(5_000, 0, 7);
        let mut frames = BTreeSet::new();
        for row in 0..5_000 {
            let values = samples.values(row);
            assert!(ResidentId::parse(&values[2]).is_ok(), "{values:?}");
            assert!(FrameNumber::parse(&values[0]).is_ok(), "{values:?}");
            assert!(frames.insert(values[0].clone()), "{values:?}");
        }
    }
}
