//! Legal day counting: working days, calendar days and public holidays, in the local time of China.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};

/// A time limit as the law states it. Days are counted from the day after the event that starts them, and end with the
/// end of the last day (Administrative Reconsideration Law art. 88, and the common rule of the procedure laws).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum TimeLimit {
    /// Hours, running through nights and holidays.
    Hours(u16),
    /// Working days: neither weekends (unless worked in exchange) nor public holidays count.
    WorkingDays(u16),
    /// Calendar days.
    Days(u16),
    /// Calendar days; if the last is no working day, the limit ends with the next working day.
    DaysToWorkingDay(u16),
}

/// Which days are off although they are weekdays, and worked although they are weekend days.
///
/// Read from TOML, a table a year: `days_off` and `worked_weekends`, each a list of dates or of `first..last` ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HolidayTable {
    days_off: BTreeSet<Date>,
    worked_weekends: BTreeSet<Date>,
    years: BTreeSet<i16>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    days_off: Vec<String>,
    worked_weekends: Vec<String>,
}

impl HolidayTable {
    /// # Errors
    /// A sentence that says what is wrong and where.
    pub fn parse(toml: &str) -> Result<Self, String> {
        let years: BTreeMap<String, Year> = toml::from_str(toml).map_err(|e| e.to_string())?;
        let mut table = Self::default();
        for (name, year) in years {
            let number: i16 = name
                .parse()
                .map_err(|_| format!("`{name}` is not a year"))?;
            table.years.insert(number);
            for range in &year.days_off {
                table.days_off.extend(days(range, number)?);
            }
            for range in &year.worked_weekends {
                for day in days(range, number)? {
                    if !is_weekend(day) {
                        return Err(format!("worked_weekends: {day} is no weekend day"));
                    }
                    table.worked_weekends.insert(day);
                }
            }
        }
        Ok(table)
    }

    /// The table that ships with the suite.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn shipped() -> Self {
        Self::parse(include_str!("../../data/holidays.toml")).expect("the shipped table is valid")
    }

    /// Whether the holidays of `year` are known; otherwise its weekdays all count as working days.
    pub fn covers(&self, year: i16) -> bool {
        self.years.contains(&year)
    }
}

fn days(range: &str, year: i16) -> Result<Vec<Date>, String> {
    let (first, last) = range.split_once("..").unwrap_or((range, range));
    let parse = |text: &str| {
        text.parse::<Date>()
            .map_err(|_| format!("`{range}` is neither a date nor a range first..last"))
    };
    let (first, last) = (parse(first)?, parse(last)?);
    if first > last || first.year() != year || last.year() != year {
        return Err(format!("`{range}` does not run forward within {year}"));
    }
    Ok(first.series(1.day()).take_while(|d| *d <= last).collect())
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// China has one time zone, without daylight saving.
const CHINA: Offset = Offset::constant(8);

/// Counts legal time limits.
#[derive(Clone, Debug)]
pub struct LegalCalendar {
    holidays: HolidayTable,
}

impl Default for LegalCalendar {
    fn default() -> Self {
        Self::new(HolidayTable::shipped())
    }
}

impl LegalCalendar {
    pub fn new(holidays: HolidayTable) -> Self {
        Self { holidays }
    }

    /// Local date and time of an instant.
    pub fn local(&self, at: Timestamp) -> DateTime {
        CHINA.to_datetime(at)
    }

    /// The instant of a local date and time.
    ///
    /// # Panics
    /// Outside the years -9999 to 9999.
    pub fn instant(&self, local: DateTime) -> Timestamp {
        CHINA
            .to_timestamp(local)
            .expect("value types bound dates well within jiff's range")
    }

    /// Local date of an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        self.local(at).date()
    }

    /// The first instant of a local day.
    ///
    /// # Panics
    /// Outside the years -9999 to 9999.
    pub fn start_of(&self, day: Date) -> Timestamp {
        self.instant(day.at(0, 0, 0, 0))
    }

    pub fn is_working_day(&self, day: Date) -> bool {
        if is_weekend(day) {
            self.holidays.worked_weekends.contains(&day)
        } else {
            !self.holidays.days_off.contains(&day)
        }
    }

    /// The instant at which a limit that starts to run at `from` has passed: what happens before it is in time.
    pub fn deadline(&self, from: Timestamp, limit: TimeLimit) -> Timestamp {
        match limit {
            TimeLimit::Hours(hours) => from + i64::from(hours).hours(),
            TimeLimit::Days(days) => self.end_of(self.date(from) + i64::from(days).days()),
            TimeLimit::DaysToWorkingDay(days) => {
                self.end_of(self.working_day_from(self.date(from) + i64::from(days).days()))
            }
            TimeLimit::WorkingDays(days) => {
                let mut day = self.date(from);
                for _ in 0..days {
                    day = self.working_day_from(day + 1.day());
                }
                self.end_of(day)
            }
        }
    }

    /// `day` itself if it is a working day, else the next one.
    pub fn working_day_from(&self, mut day: Date) -> Date {
        while !self.is_working_day(day) {
            day += 1.day();
        }
        day
    }

    fn end_of(&self, day: Date) -> Timestamp {
        self.start_of(day + 1.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn the_shipped_table_is_valid_and_covers_this_year() {
        assert!(HolidayTable::shipped().covers(2026));
    }

    #[test]
    fn working_days_skip_weekends_holidays_and_count_worked_weekends() {
        let calendar = LegalCalendar::default();
        // Thursday 12 February 2026; Saturday the 14th is worked, 15 to 23 February is the Spring Festival.
        let from = at("2026-02-12T10:00:00+08:00");
        assert_eq!(
            calendar.deadline(from, TimeLimit::WorkingDays(3)),
            at("2026-02-25T00:00:00+08:00"),
            "Friday 13, Saturday 14 (worked), Tuesday 24"
        );
    }

    #[test]
    fn calendar_days_run_through_holidays_and_end_with_the_last_day() {
        let calendar = LegalCalendar::default();
        let from = at("2026-09-30T23:59:59+08:00");
        assert_eq!(
            calendar.deadline(from, TimeLimit::Days(5)),
            at("2026-10-06T00:00:00+08:00")
        );
        assert_eq!(
            calendar.deadline(from, TimeLimit::DaysToWorkingDay(5)),
            at("2026-10-09T00:00:00+08:00"),
            "5 October is a holiday; the 8th is the next working day"
        );
    }

    #[test]
    fn the_local_day_decides_not_the_utc_day() {
        let calendar = LegalCalendar::default();
        assert_eq!(
            calendar.date(at("2026-03-01T16:30:00Z")),
            date(2026, 3, 2),
            "half past midnight in Heze"
        );
    }

    #[test]
    fn hours_run_through_the_night() {
        let calendar = LegalCalendar::default();
        assert_eq!(
            calendar.deadline(at("2026-02-20T08:00:00+08:00"), TimeLimit::Hours(24)),
            at("2026-02-21T08:00:00+08:00")
        );
    }

    #[test]
    fn a_table_with_an_impossible_day_is_refused() {
        for bad in [
            "[2026]\ndays_off = [\"2026-02-30\"]\nworked_weekends = []",
            "[2026]\ndays_off = [\"2026-02-03..2026-02-01\"]\nworked_weekends = []",
            "[2026]\ndays_off = [\"2025-02-03\"]\nworked_weekends = []",
            "[2026]\ndays_off = []\nworked_weekends = [\"2026-11-23\"]",
            "[soon]\ndays_off = []\nworked_weekends = []",
        ] {
            assert!(HolidayTable::parse(bad).is_err(), "{bad}");
        }
    }
}
