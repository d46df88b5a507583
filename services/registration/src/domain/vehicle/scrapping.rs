//! The age of mandatory scrapping (强制报废), from `data/scrapping-standard.toml`.

use super::class::{Particulars, UseNature, VehicleClass};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standard {
    /// Years after the factory after which the age counts from the factory, not from the registration.
    unregistered_years: i16,
    age: Vec<Age>,
}

/// The first line that fits decides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Age {
    /// Empty: all.
    #[serde(default)]
    class: Vec<VehicleClass>,
    /// Empty: all.
    #[serde(default, rename = "use")]
    uses: Vec<UseNature>,
    /// Absent: no age is set.
    years: Option<i16>,
}

fn standard() -> &'static Standard {
    static STANDARD: LazyLock<Standard> = LazyLock::new(|| {
        toml::from_str(include_str!("../../../data/scrapping-standard.toml"))
            .expect("the shipped standard is valid: a test reads it")
    });
    &STANDARD
}

/// The last day on which a vehicle that was first registered on a day may be used; `None`: no age is set.
pub fn last_day(vehicle: &Particulars, first_registered_on: Date) -> Option<Date> {
    let standard = standard();
    let fits = |age: &&Age| {
        (age.class.is_empty() || age.class.contains(&vehicle.class))
            && (age.uses.is_empty() || age.uses.contains(&vehicle.use_nature))
    };
    let years = standard.age.iter().find(fits)?.years?;
    let from = if first_registered_on > vehicle.made_on + standard.unregistered_years.years() {
        vehicle.made_on
    } else {
        first_registered_on
    };
    Some(from + years.years())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_standard_names_every_class_and_use() {
        for class in VehicleClass::ALL {
            for use_nature in UseNature::ALL {
                let fits = |age: &Age| {
                    (age.class.is_empty() || age.class.contains(&class))
                        && (age.uses.is_empty() || age.uses.contains(&use_nature))
                };
                assert!(standard().age.iter().any(fits), "{class:?} {use_nature:?}");
            }
        }
    }
}
