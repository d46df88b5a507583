//! The rate table of a tariff, and what a stay costs under it: pure arithmetic, to be checked line by line.
//!
//! A stay is cut into *runs*: stretches in which neither the period (day or night), nor the step of the table, nor the
//! 24-hour window since arrival changes. Each run is charged for its **completed** units only (Beijing parking
//! regulations art. 32(1)(3)); what is left over in a run is free.
//!
//! ```text
//!   arrival                    21:00                      07:00
//!   ├─ free ─┬─ first hour ─┬─ later ─┼──────── night ────────┼─ later ─┤
//!   0       15 min         60 min
//! ```

use super::vehicle::VehicleClass;
use chassis::domain::values::Fen;
use jiff::civil::Time;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Local time of China, in which day and night are meant.
pub(super) const LOCAL: Offset = Offset::constant(8);

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// One line of a rate table: what a unit of time costs while the stay is between `from` and `until` old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Minutes since arrival at which this step begins.
    pub from_minutes: u32,
    /// Minutes since arrival at which it ends.
    pub until_minutes: u32,
    /// Length of a charging unit, in minutes; 1 to the step's own length.
    pub unit_minutes: u32,
    /// Price of a completed unit for a small vehicle; zero for a free period.
    pub price: Fen,
}

/// Rates of one period, and when the period begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Local time at which the period begins each day; it ends where the other one begins.
    pub begins: Time,
    /// Steps from 0 to the maximum stay without gap or overlap, at most [`RateTable::MAX_STEPS`].
    pub steps: Vec<Step>,
}

/// A rate table as it may come from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateTableDraft {
    pub day: Period,
    pub night: Period,
    /// Most that any 24 hours since arrival cost a small vehicle.
    pub cap_per_24_hours: Fen,
    /// What a large vehicle pays, in hundredths of what a small one pays; 100 to 1000.
    pub large_vehicle_percent: u16,
    /// The longest stay allowed (Shandong road traffic measures art. 38: the police limit the time); 1 hour to 31 days.
    pub maximum_stay_minutes: u32,
}

/// A rate table that covers every stay from zero to its maximum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RateTableDraft", into = "RateTableDraft")]
pub struct RateTable(RateTableDraft);

/// Why a draft is no rate table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateProblem {
    #[error("{period}: there is no step")]
    NoStep { period: &'static str },
    #[error("{period}: more than {} steps", RateTable::MAX_STEPS)]
    TooManySteps { period: &'static str },
    #[error("{period}: the first step begins at minute {from}, not at 0")]
    DoesNotBeginAtZero { period: &'static str, from: u32 },
    #[error("{period}: nothing covers the minutes {from} to {until}")]
    Gap {
        period: &'static str,
        from: u32,
        until: u32,
    },
    #[error("{period}: two steps cover the minutes {from} to {until}")]
    Overlap {
        period: &'static str,
        from: u32,
        until: u32,
    },
    #[error("{period}: the last step ends at minute {until}, not at the maximum stay of {maximum}")]
    DoesNotEndAtMaximum {
        period: &'static str,
        until: u32,
        maximum: u32,
    },
    #[error(
        "{period}: the step at minute {from} ends before it begins, or its unit is not 1 to its own length"
    )]
    BadStep { period: &'static str, from: u32 },
    #[error("day and night begin at the same time")]
    NoNight,
    #[error("a large vehicle pays {0} percent, not 100 to 1000")]
    BadFactor(u16),
    #[error("the maximum stay is {0} minutes, not 60 to 44640")]
    BadMaximum(u32),
    #[error("a price is above {}", RateTable::MAX_PRICE)]
    PriceTooHigh,
}

/// Day or night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PeriodKind {
    Day,
    Night,
}

/// The charge of one run of a stay: one line of the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeLine {
    pub from: Timestamp,
    pub until: Timestamp,
    pub period: PeriodKind,
    pub unit_minutes: u32,
    /// Completed units in the run.
    pub units: u32,
    pub unit_price: Fen,
    /// `units` times `unit_price`, before cap and vehicle factor.
    pub amount: Fen,
}

/// What a stay costs, and how that comes about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub amount: Fen,
    /// The runs that cost something, in order; at most [`RateTable::MAX_LINES`].
    pub lines: Vec<ChargeLine>,
    /// By how much the caps lowered the sum of the lines.
    pub capped: Fen,
    /// Hundredths of the small vehicle's price that were charged.
    pub percent: u16,
}

impl RateTable {
    pub const MAX_STEPS: usize = 24;
    /// 10,000 yuan for one unit: bounds every product below [`Fen::MAX`].
    pub const MAX_PRICE: Fen = match Fen::new(1_000_000) {
        Some(fen) => fen,
        None => Fen::ZERO,
    };
    /// 31 days with two changes of period and one of the 24-hour window each, and the steps of both tables.
    pub const MAX_LINES: usize = 31 * 3 + 2 * Self::MAX_STEPS + 2;
    const MAX_STAY_MINUTES: u32 = 31 * 24 * 60;

    /// # Errors
    /// Every reason for which the draft does not price each stay from zero to the maximum exactly once.
    pub fn new(draft: RateTableDraft) -> Result<Self, Vec<RateProblem>> {
        let mut problems = Vec::new();
        let maximum = draft.maximum_stay_minutes;
        if !(60..=Self::MAX_STAY_MINUTES).contains(&maximum) {
            problems.push(RateProblem::BadMaximum(maximum));
        }
        if !(100..=1_000).contains(&draft.large_vehicle_percent) {
            problems.push(RateProblem::BadFactor(draft.large_vehicle_percent));
        }
        if draft.day.begins == draft.night.begins {
            problems.push(RateProblem::NoNight);
        }
        check_steps("day", &draft.day.steps, maximum, &mut problems);
        check_steps("night", &draft.night.steps, maximum, &mut problems);
        if problems.is_empty() {
            Ok(Self(draft))
        } else {
            Err(problems)
        }
    }

    pub fn draft(&self) -> &RateTableDraft {
        &self.0
    }

    pub fn maximum_stay(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.0.maximum_stay_minutes))
    }

    /// What a stay costs. A stay beyond the maximum costs as much as the maximum: staying on is a matter for the police,
    /// not for the tariff. An end before the arrival costs nothing.
    pub fn charge(&self, arrived: Timestamp, left: Timestamp, class: VehicleClass) -> Charge {
        let end = left.min(
            arrived
                .checked_add(self.maximum_stay())
                .unwrap_or(Timestamp::MAX),
        );
        let percent = match class {
            VehicleClass::Small => 100,
            VehicleClass::Large => self.0.large_vehicle_percent,
        };
        let mut lines = Vec::new();
        let mut total = Fen::ZERO;
        let mut capped = Fen::ZERO;

        let mut window_start = arrived;
        while window_start < end {
            let window_end = end.min(window_start + DAY);
            let mut in_window = Fen::ZERO;
            let mut from = window_start;
            while from < window_end {
                let (period, step, until) = self.run(arrived, from, window_end);
                let minutes =
                    u32::try_from(until.duration_since(from).as_mins()).unwrap_or(u32::MAX);
                let units = minutes / step.unit_minutes;
                let amount = step
                    .price
                    .checked_times(u64::from(units))
                    .unwrap_or(Fen::MAX);
                if !amount.is_zero() {
                    in_window = in_window.plus(amount);
                    lines.push(ChargeLine {
                        from,
                        until,
                        period,
                        unit_minutes: step.unit_minutes,
                        units,
                        unit_price: step.price,
                        amount,
                    });
                }
                from = until;
            }
            let due = in_window.min(self.0.cap_per_24_hours);
            capped = capped.plus(in_window.less(due));
            total = total.plus(due);
            window_start = window_end;
        }
        Charge {
            amount: total.percent(u32::from(percent)),
            lines,
            capped,
            percent,
        }
    }

    /// The run that begins at `from`: its period, its step, and where it ends (after `from`, at `limit` at the latest).
    fn run(
        &self,
        arrived: Timestamp,
        from: Timestamp,
        limit: Timestamp,
    ) -> (PeriodKind, Step, Timestamp) {
        let (kind, change) = self.period_at(from);
        let steps = match kind {
            PeriodKind::Day => &self.0.day.steps,
            PeriodKind::Night => &self.0.night.steps,
        };
        let age_minutes = from.duration_since(arrived).as_mins();
        let step = *steps
            .iter()
            .find(|step| age_minutes < i64::from(step.until_minutes))
            .unwrap_or_else(|| steps.last().expect("a table has steps"));
        let step_end = arrived + SignedDuration::from_mins(i64::from(step.until_minutes));
        (kind, step, change.min(step_end).min(limit))
    }

    /// Day or night at `at`, and when that changes next.
    fn period_at(&self, at: Timestamp) -> (PeriodKind, Timestamp) {
        let local = LOCAL.to_datetime(at);
        let next = |begins: Time| {
            let today = local.date().to_datetime(begins);
            let next = if today > local {
                today
            } else {
                today + 1.day()
            };
            LOCAL
                .to_timestamp(next)
                .expect("stays lie within the years that a timestamp can hold")
        };
        let (day, night) = (next(self.0.day.begins), next(self.0.night.begins));
        if night < day {
            (PeriodKind::Day, night)
        } else {
            (PeriodKind::Night, day)
        }
    }
}

fn check_steps(
    period: &'static str,
    steps: &[Step],
    maximum: u32,
    problems: &mut Vec<RateProblem>,
) {
    let Some(first) = steps.first() else {
        problems.push(RateProblem::NoStep { period });
        return;
    };
    if steps.len() > RateTable::MAX_STEPS {
        problems.push(RateProblem::TooManySteps { period });
        return;
    }
    if first.from_minutes != 0 {
        problems.push(RateProblem::DoesNotBeginAtZero {
            period,
            from: first.from_minutes,
        });
    }
    for step in steps {
        let length = step.until_minutes.saturating_sub(step.from_minutes);
        if length == 0 || step.unit_minutes == 0 || step.unit_minutes > length {
            problems.push(RateProblem::BadStep {
                period,
                from: step.from_minutes,
            });
        }
        if step.price > RateTable::MAX_PRICE {
            problems.push(RateProblem::PriceTooHigh);
        }
    }
    for pair in steps.windows(2) {
        let (ended, begins) = (pair[0].until_minutes, pair[1].from_minutes);
        if ended < begins {
            problems.push(RateProblem::Gap {
                period,
                from: ended,
                until: begins,
            });
        }
        if ended > begins {
            problems.push(RateProblem::Overlap {
                period,
                from: begins,
                until: ended,
            });
        }
    }
    let until = steps.last().map_or(0, |step| step.until_minutes);
    if until != maximum {
        problems.push(RateProblem::DoesNotEndAtMaximum {
            period,
            until,
            maximum,
        });
    }
}

impl TryFrom<RateTableDraft> for RateTable {
    type Error = String;
    fn try_from(draft: RateTableDraft) -> Result<Self, String> {
        Self::new(draft).map_err(|problems| {
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")
        })
    }
}

impl From<RateTable> for RateTableDraft {
    fn from(table: RateTable) -> Self {
        table.0
    }
}
