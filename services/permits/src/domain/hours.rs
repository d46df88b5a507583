//! When a road is occupied: a span of days, and the hours of each day.

use chassis::domain::{Invalid, LegalCalendar};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Hours of each day in local time, as minutes of the day; through midnight if `until` comes before `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyHours {
    from: u16,
    until: u16,
}

const DAY: i64 = 24 * 60 * 60;

impl DailyHours {
    /// # Errors
    /// Unless `from` is 0 to 1439, `until` 1 to 1440, and they differ.
    pub fn new(from: u32, until: u32) -> Result<Self, Invalid> {
        match (u16::try_from(from), u16::try_from(until)) {
            (Ok(from), Ok(until))
                if from < 1440 && (1..=1440).contains(&until) && from != until =>
            {
                Ok(Self { from, until })
            }
            _ => Err(Invalid::new(
                "must begin at minute 0 to 1439 and end at another minute, 1 to 1440",
                "起始分钟应为 0 至 1439，结束分钟应为 1 至 1440，且两者不得相同",
            )),
        }
    }

    pub fn start_minute(self) -> u16 {
        self.from
    }

    pub fn end_minute(self) -> u16 {
        self.until
    }

    /// As one or two ranges of seconds of a day, `[from, until)`.
    fn ranges(self) -> Vec<(i64, i64)> {
        let (from, until) = (i64::from(self.from) * 60, i64::from(self.until) * 60);
        if from < until {
            vec![(from, until)]
        } else {
            vec![(from, DAY), (0, until)]
        }
    }
}

/// From when to when, and at which hours of each day; round the clock if none are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    from: Timestamp,
    until: Timestamp,
    daily: Option<DailyHours>,
}

impl Hours {
    /// No permit for road works runs longer.
    pub const LONGEST_DAYS: i64 = 366;

    /// # Errors
    /// If it ends before it begins, lasts longer than [`Hours::LONGEST_DAYS`], or never comes to its daily hours.
    pub fn new(
        from: Timestamp,
        until: Timestamp,
        daily: Option<DailyHours>,
    ) -> Result<Self, Invalid> {
        let seconds = until.as_second() - from.as_second();
        if seconds <= 0 || seconds > Self::LONGEST_DAYS * DAY {
            return Err(Invalid::new(
                "must end after it begins and last at most 366 days",
                "结束时间应晚于开始时间，且不得超过 366 天",
            ));
        }
        let hours = Self { from, until, daily };
        if !hours.overlaps(&Self {
            daily: None,
            ..hours
        }) {
            return Err(Invalid::new(
                "the daily hours never come between start and end",
                "起止时间内不含每日占用时段",
            ));
        }
        Ok(hours)
    }

    pub fn start(&self) -> Timestamp {
        self.from
    }

    pub fn end(&self) -> Timestamp {
        self.until
    }

    pub fn daily(&self) -> Option<DailyHours> {
        self.daily
    }

    /// The same hours until the end of time: a road that was not reopened when its time was over.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        self.until = Timestamp::MAX;
        self.daily = None;
        self
    }

    /// Whether there is an instant at which both occupy the road.
    pub fn overlaps(&self, other: &Self) -> bool {
        let from = self.from.max(other.from).as_second();
        let until = self.until.min(other.until).as_second();
        if from >= until {
            return false;
        }
        let daily = common(self.daily, other.daily);
        if until - from >= DAY {
            return !daily.is_empty();
        }
        // Less than a day is common: see which seconds of the (local) day it covers.
        let start = local_second(from);
        let end = start + (until - from);
        daily.iter().any(|&(a, b)| {
            [0, DAY]
                .iter()
                .any(|shift| start < b + shift && a + shift < end)
        })
    }

    /// Whether it comes to hours of darkness, 18:00 to 06:00: those at which Shandong Measures art. 44(3) asks for
    /// reflective signs.
    pub fn includes_night(&self) -> bool {
        self.overlaps(&Self {
            daily: Some(DailyHours {
                from: 18 * 60,
                until: 6 * 60,
            }),
            ..*self
        })
    }

    /// Local day on which it begins.
    pub fn first_day(&self, calendar: &LegalCalendar) -> jiff::civil::Date {
        calendar.date(self.from)
    }
}

fn local_second(second: i64) -> i64 {
    (second + 8 * 3600).rem_euclid(DAY)
}

/// The hours that two daily patterns have in common.
fn common(a: Option<DailyHours>, b: Option<DailyHours>) -> Vec<(i64, i64)> {
    let ranges =
        |daily: Option<DailyHours>| daily.map_or_else(|| vec![(0, DAY)], DailyHours::ranges);
    let mut common = Vec::new();
    for (a_from, a_until) in ranges(a) {
        for (b_from, b_until) in ranges(b) {
            let (from, until) = (a_from.max(b_from), a_until.min(b_until));
            if from < until {
                common.push((from, until));
            }
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, until: &str, daily: Option<(u32, u32)>) -> Hours {
        let at = |text: &str| format!("{text}+08:00").parse().unwrap();
        let daily = daily.map(|(from, until)| DailyHours::new(from * 60, until * 60).unwrap());
        Hours::new(at(from), at(until), daily).unwrap()
    }

    #[track_caller]
    fn meet(a: Hours, b: Hours, expected: bool) {
        assert_eq!(a.overlaps(&b), expected);
        assert_eq!(b.overlaps(&a), expected);
    }

    #[test]
    fn one_that_begins_when_the_other_ends_does_not_meet_it() {
        let a = hours("2026-03-01T00:00:00", "2026-03-03T00:00:00", None);
        meet(
            a,
            hours("2026-03-03T00:00:00", "2026-03-04T00:00:00", None),
            false,
        );
        meet(
            a,
            hours("2026-03-02T23:59:59", "2026-03-04T00:00:00", None),
            true,
        );
    }

    #[test]
    fn day_work_and_night_work_on_the_same_days_do_not_meet() {
        let day = hours("2026-03-01T00:00:00", "2026-03-10T00:00:00", Some((7, 19)));
        let night = hours("2026-03-01T00:00:00", "2026-03-10T00:00:00", Some((22, 5)));
        meet(day, night, false);
        let late = hours("2026-03-01T00:00:00", "2026-03-10T00:00:00", Some((18, 23)));
        meet(day, late, true);
        meet(night, late, true);
        meet(
            day,
            hours("2026-03-01T00:00:00", "2026-03-10T00:00:00", Some((19, 22))),
            false,
        );
    }

    #[test]
    fn daily_hours_count_only_where_the_spans_meet() {
        // Common to both: 1 March 12:00 to 20:00 only.
        let nights = hours("2026-02-20T00:00:00", "2026-03-01T20:00:00", Some((22, 5)));
        meet(
            nights,
            hours("2026-03-01T12:00:00", "2026-03-09T00:00:00", None),
            false,
        );
        // From 23:00 to 01:00 they meet, past midnight.
        let long = hours("2026-03-01T23:00:00", "2026-03-02T01:00:00", None);
        meet(
            long,
            hours("2026-03-01T00:00:00", "2026-03-09T00:00:00", Some((0, 2))),
            true,
        );
        meet(
            long,
            hours("2026-03-01T00:00:00", "2026-03-09T00:00:00", Some((2, 22))),
            false,
        );
    }

    #[test]
    fn night_is_from_six_to_six() {
        assert!(!hours("2026-03-01T06:00:00", "2026-03-01T18:00:00", None).includes_night());
        assert!(hours("2026-03-01T06:00:00", "2026-03-01T18:00:01", None).includes_night());
        assert!(hours("2026-03-01T05:59:59", "2026-03-01T18:00:00", None).includes_night());
        assert!(
            !hours("2026-03-01T00:00:00", "2026-03-05T00:00:00", Some((8, 17))).includes_night()
        );
    }

    #[test]
    fn impossible_hours_do_not_exist() {
        for (from, until) in [(0, 0), (1440, 10), (5, 1441), (600, 600), (u32::MAX, 5)] {
            assert!(DailyHours::new(from, until).is_err(), "{from}..{until}");
        }
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let from = at("2026-03-01T08:00:00+08:00");
        assert!(Hours::new(from, from, None).is_err());
        assert!(Hours::new(from, at("2027-03-02T08:00:00+08:00"), None).is_ok());
        assert!(Hours::new(from, at("2027-03-02T08:00:01+08:00"), None).is_err());
        let night = DailyHours::new(22 * 60, 5 * 60).unwrap();
        assert!(
            Hours::new(from, at("2026-03-01T20:00:00+08:00"), Some(night)).is_err(),
            "never comes to its daily hours"
        );
    }
}
