//! Until when an inspection mark may be valid, from `data/inspection-intervals.toml`.

use super::Vehicle;
use super::class::{Particulars, UseNature, VehicleClass};
use chassis::domain::LegalBasis;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::LazyLock;

/// The first line that fits decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Interval {
    /// First day on which it is in force.
    from: Date,
    /// Empty: all.
    #[serde(default)]
    class: Vec<VehicleClass>,
    /// Absent: whether it carries for hire or not.
    operating: Option<bool>,
    /// Only what is a school bus, or carries the sign of one.
    #[serde(default)]
    school_bus: bool,
    /// As long as it has not been registered for so many years; absent: however long.
    years: Option<i16>,
    months: i64,
    instrument: String,
    article: String,
}

fn intervals() -> &'static [Interval] {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        interval: Vec<Interval>,
    }
    static INTERVALS: LazyLock<Vec<Interval>> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("../../../data/inspection-intervals.toml"))
            .expect("the shipped intervals are valid: a test reads them");
        file.interval
    });
    &INTERVALS
}

/// The vehicle that is inspected.
#[derive(Clone, Copy, Debug)]
struct Inspected<'a> {
    particulars: &'a Particulars,
    /// It carries the sign of a school bus.
    has_sign: bool,
    /// First registration, wherever it was.
    registered: Date,
}

impl Interval {
    /// `begins`: the first day for which the mark is needed.
    fn fits(&self, vehicle: Inspected<'_>, begins: Date) -> bool {
        let own = vehicle.particulars;
        let carries_pupils = own.use_nature == UseNature::SchoolBus || vehicle.has_sign;
        let operates = own.use_nature.is_operating();
        (self.class.is_empty() || self.class.contains(&own.class))
            && self.operating.is_none_or(|operating| operating == operates)
            && (carries_pupils || !self.school_bus)
            && self
                .years
                .is_none_or(|years| begins < vehicle.registered + years.years())
    }

    /// The last day of a mark that begins on a day, and the provision that says so.
    fn mark_from(&'static self, begins: Date) -> (Date, LegalBasis) {
        let basis = LegalBasis {
            instrument: Cow::Borrowed(&self.instrument),
            article: Cow::Borrowed(&self.article),
        };
        ((begins + self.months.months()).last_of_month(), basis)
    }
}

impl Inspected<'_> {
    /// The line that is in force on `today` for a mark that begins on a day.
    fn interval(self, begins: Date, today: Date) -> Option<&'static Interval> {
        let mut in_force = intervals().iter().filter(|interval| interval.from <= today);
        in_force.find(|interval| interval.fits(self, begins))
    }
}

/// The last day until which a mark that is applied for on `today` may be valid, and the provision that says so; `None`: the vehicle was
/// not registered.
pub fn longest_mark(vehicle: &Vehicle, today: Date) -> Option<(Date, LegalBasis)> {
    let inspected = Inspected {
        particulars: &vehicle.particulars,
        has_sign: vehicle.school_bus_sign.is_some(),
        registered: vehicle.first_registered_on?,
    };
    // It follows on the one before, unless that is over.
    let begins = vehicle
        .inspection_valid_until
        .map_or(today, |last| last.max(today));
    let interval = inspected.interval(begins, today)?;
    Some(interval.mark_from(begins))
}

/// The last day until which the mark may be valid with which a vehicle is registered for the first time on `today`: it was inspected
/// then at the latest. With the provision that says so; `None`: from before there was any.
pub fn longest_first_mark(particulars: &Particulars, today: Date) -> Option<(Date, LegalBasis)> {
    let inspected = Inspected {
        particulars,
        has_sign: false,
        registered: today,
    };
    let interval = inspected.interval(today, today)?;
    Some(interval.mark_from(today))
}

/// As [`longest_first_mark`], of a vehicle that arrives on `today` with a mark of another office and was first registered on
/// `registered`. That office may have issued it three months before the one before ended, on which it follows (Order 164 art.
/// 54(1)).
pub fn longest_mark_of_elsewhere(
    particulars: &Particulars,
    registered: Date,
    today: Date,
) -> Option<(Date, LegalBasis)> {
    let inspected = Inspected {
        particulars,
        has_sign: false,
        registered,
    };
    let interval = inspected.interval(today, today)?;
    Some(interval.mark_from(today + 3.months()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_for_every_vehicle_that_no_other_names() {
        let last = intervals().last().expect("there are lines");
        let for_all = last.class.is_empty()
            && last.operating.is_none()
            && !last.school_bus
            && last.years.is_none();
        assert!(for_all, "{last:?}");
        assert!(intervals().iter().all(|interval| interval.months > 0));
    }
}
