//! Until when an inspection mark may be valid, from `data/inspection-intervals.toml`.

use super::Vehicle;
use super::class::{UseNature, VehicleClass};
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

impl Interval {
    /// `begins`: the first day for which the mark is needed, of a vehicle that was registered on `registered`.
    fn fits(&self, vehicle: &Vehicle, registered: Date, begins: Date) -> bool {
        let own = &vehicle.particulars;
        let carries_pupils =
            own.use_nature == UseNature::SchoolBus || vehicle.school_bus_sign.is_some();
        let operates = own.use_nature.is_operating();
        (self.class.is_empty() || self.class.contains(&own.class))
            && self.operating.is_none_or(|operating| operating == operates)
            && (carries_pupils || !self.school_bus)
            && self
                .years
                .is_none_or(|years| begins < registered + years.years())
    }
}

/// The last day until which a mark that is applied for on `today` may be valid, and the provision that says so; `None`: the vehicle was
/// not registered.
pub fn longest_mark(vehicle: &Vehicle, today: Date) -> Option<(Date, LegalBasis)> {
    let registered = vehicle.first_registered_on?;
    // It follows on the one before, unless that is over.
    let begins = vehicle
        .inspection_valid_until
        .map_or(today, |last| last.max(today));
    let interval = intervals()
        .iter()
        .find(|interval| interval.from <= today && interval.fits(vehicle, registered, begins))?;
    let basis = LegalBasis {
        instrument: Cow::Borrowed(&interval.instrument),
        article: Cow::Borrowed(&interval.article),
    };
    let last = (begins + interval.months.months()).last_of_month();
    Some((last, basis))
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
