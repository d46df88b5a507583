//! What the law says, by the date of the act: rule tables read from `data/`, one file a subject, one entry a version.
//!
//! Articles that no version of an instrument changes are constants here.

use super::hours::DailyHours;
use super::place::{Line, Point};
use chassis::domain::LegalBasis;
use geo::Intersects;
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;

/// Administrative Licence Law (行政许可法).
pub const fn licence_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Administrative Licence Law", article)
}

/// Road Traffic Safety Law (道路交通安全法).
pub const fn traffic_law(article: &'static str) -> LegalBasis {
    LegalBasis::new("Road Traffic Safety Law", article)
}

/// Shandong Measures for the Road Traffic Safety Law (山东省实施《道路交通安全法》办法).
pub const fn shandong_measures(article: &'static str) -> LegalBasis {
    LegalBasis::new("Shandong Road Traffic Measures", article)
}

/// Highway Protection Regulations (公路安全保护条例).
pub const fn highway_protection(article: &'static str) -> LegalBasis {
    LegalBasis::new("Highway Protection Regulations", article)
}

/// The city promises a decision within so many hours of a complete application.
pub const PROMISE_HOURS: u16 = 24;

/// Officers are warned when this share of a limit has passed, in percent.
pub const WARNINGS_PERCENT: [u8; 3] = [50, 80, 100];

/// Rules for works on roads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OccupationRules {
    effective: Date,
    /// Working days from acceptance.
    pub decision_days: u16,
    decision_instrument: String,
    decision_article: String,
    /// Calendar days between public notice and work.
    pub notice_days: i64,
    pub sign_day_m: u32,
    pub sign_night_m: u32,
    pub emergency_filing_hours: i64,
}

impl OccupationRules {
    /// The rules for an act on `day`.
    pub fn on(day: Date) -> &'static Self {
        static VERSIONS: LazyLock<Vec<OccupationRules>> =
            LazyLock::new(|| versions(include_str!("../../data/road-occupation.toml")));
        in_force(&VERSIONS, |rules| rules.effective, day)
    }

    /// The provision that sets the time limit of the decision.
    pub fn decision_basis(&self) -> LegalBasis {
        basis(&self.decision_instrument, &self.decision_article)
    }
}

/// Rules for highly toxic chemicals on roads. The instrument itself changes on 2026-05-01.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToxicRules {
    effective: Date,
    instrument: String,
    application: String,
    materials: String,
    decision: String,
    carrier: String,
    inspection: String,
    qualification: String,
    stop: String,
    zone: String,
    /// Working days from receipt of the application.
    pub decision_days: u16,
    /// Calendar days from the decision.
    pub validity_days: u16,
    pub expressway_kmh: u32,
    pub other_roads_kmh: u32,
    pub long_stop_minutes: i64,
    pub arrival_grace_minutes: i64,
}

/// What a provision on toxic transports is about; each version of the rules says where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToxicProvision {
    /// Which county is applied to.
    Application,
    /// What the application must show: chemical, route, timetable, papers.
    Materials,
    /// The time limit of the decision.
    Decision,
    /// Only a licensed carrier carries.
    Carrier,
    /// Vehicles are inspected.
    Inspection,
    /// Drivers and escorts are qualified.
    Qualification,
    /// Long stops are reported.
    Stop,
    /// Zones closed to hazardous goods.
    Zone,
}

impl ToxicRules {
    /// The rules for an act on `day`.
    pub fn on(day: Date) -> &'static Self {
        static VERSIONS: LazyLock<Vec<ToxicRules>> =
            LazyLock::new(|| versions(include_str!("../../data/toxic-transport.toml")));
        in_force(&VERSIONS, |rules| rules.effective, day)
    }

    pub fn basis(&self, provision: ToxicProvision) -> LegalBasis {
        let article = match provision {
            ToxicProvision::Application => &self.application,
            ToxicProvision::Materials => &self.materials,
            ToxicProvision::Decision => &self.decision,
            ToxicProvision::Carrier => &self.carrier,
            ToxicProvision::Inspection => &self.inspection,
            ToxicProvision::Qualification => &self.qualification,
            ToxicProvision::Stop => &self.stop,
            ToxicProvision::Zone => &self.zone,
        };
        basis(&self.instrument, article)
    }
}

/// Rules for oversize cargo.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OversizeRules {
    effective: Date,
    instrument: String,
    limits: String,
    classes: String,
    materials: String,
    pub free: Size,
    pub mass: AxleLimits,
    pub class_one: ClassLimits,
    pub class_two: ClassLimits,
    pub class_three: ClassTerms,
}

/// Outer measures of a vehicle with its cargo, in millimetres.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub height_mm: u32,
    pub width_mm: u32,
    pub length_mm: u32,
}

/// Greatest mass in kilograms by number of axles.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxleLimits {
    pub axles_2_kg: u32,
    pub axles_3_rigid_kg: u32,
    pub axles_3_combination_kg: u32,
    pub axles_4_rigid_kg: u32,
    pub axles_4_combination_kg: u32,
    pub axles_5_kg: u32,
    pub axles_6_kg: u32,
    pub axles_6_single_drive_kg: u32,
}

/// How far a class reaches, and its terms.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassLimits {
    pub height_mm: u32,
    pub width_mm: u32,
    pub length_mm: u32,
    /// Absent: the masses of [`AxleLimits`].
    pub mass_kg: Option<u32>,
    decision_days: u16,
    decision_days_across_provinces: u16,
    longest_validity_days: u16,
}

/// Time limits of a class: working days for the decision, calendar days of validity.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassTerms {
    pub decision_days: u16,
    pub decision_days_across_provinces: u16,
    pub longest_validity_days: u16,
}

impl ClassLimits {
    pub fn terms(&self) -> ClassTerms {
        ClassTerms {
            decision_days: self.decision_days,
            decision_days_across_provinces: self.decision_days_across_provinces,
            longest_validity_days: self.longest_validity_days,
        }
    }
}

impl OversizeRules {
    /// The rules for an act on `day`.
    pub fn on(day: Date) -> &'static Self {
        static VERSIONS: LazyLock<Vec<OversizeRules>> =
            LazyLock::new(|| versions(include_str!("../../data/oversize-transport.toml")));
        in_force(&VERSIONS, |rules| rules.effective, day)
    }

    pub fn limits_basis(&self) -> LegalBasis {
        basis(&self.instrument, &self.limits)
    }

    pub fn classes_basis(&self) -> LegalBasis {
        basis(&self.instrument, &self.classes)
    }

    pub fn materials_basis(&self) -> LegalBasis {
        basis(&self.instrument, &self.materials)
    }
}

/// A zone closed to hazardous goods at certain hours of each day.
#[derive(Clone, Debug)]
pub struct RestrictedZone {
    pub name: String,
    pub hours: DailyHours,
    outline: geo::Polygon,
}

impl RestrictedZone {
    pub fn all() -> &'static [Self] {
        static ZONES: LazyLock<Vec<RestrictedZone>> =
            LazyLock::new(|| zones(include_str!("../../data/restricted-zones.toml")));
        &ZONES
    }

    /// Whether the line enters or touches the zone.
    pub fn is_entered_by(&self, line: &Line) -> bool {
        let line: geo::LineString = line
            .points()
            .iter()
            .map(|point: &Point| (point.longitude(), point.latitude()))
            .collect();
        self.outline.intersects(&line)
    }
}

fn basis(instrument: &str, article: &str) -> LegalBasis {
    LegalBasis {
        instrument: instrument.to_owned().into(),
        article: article.to_owned().into(),
    }
}

/// The version in force on `day`; before the first one, the first.
fn in_force<T>(versions: &'static [T], effective: impl Fn(&T) -> Date, day: Date) -> &'static T {
    versions
        .iter()
        .rev()
        .find(|version| effective(version) <= day)
        .unwrap_or(&versions[0])
}

fn versions<T: DeserializeOwned>(toml: &str) -> Vec<T> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File<T> {
        version: Vec<T>,
    }
    let file: File<T> =
        toml::from_str(toml).expect("the shipped rules are valid: a test reads them");
    file.version
}

fn zones(toml: &str) -> Vec<RestrictedZone> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        zone: Vec<Zone>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Zone {
        name: String,
        from_minute: u32,
        until_minute: u32,
        outline: Vec<(f64, f64)>,
    }
    let file: File = toml::from_str(toml).expect("the shipped zones are valid: a test reads them");
    file.zone
        .into_iter()
        .map(|zone| RestrictedZone {
            hours: DailyHours::new(zone.from_minute, zone.until_minute)
                .expect("the shipped hours are valid: a test reads them"),
            outline: geo::Polygon::new(zone.outline.into(), Vec::new()),
            name: zone.name,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_shipped_table_is_valid_and_in_the_order_of_its_dates() {
        let toxic: Vec<ToxicRules> = versions(include_str!("../../data/toxic-transport.toml"));
        assert!(toxic.is_sorted_by_key(|rules| rules.effective) && toxic.len() == 2);
        let occupation: Vec<OccupationRules> =
            versions(include_str!("../../data/road-occupation.toml"));
        assert!(occupation.is_sorted_by_key(|rules| rules.effective) && !occupation.is_empty());
        let oversize: Vec<OversizeRules> =
            versions(include_str!("../../data/oversize-transport.toml"));
        assert!(oversize.is_sorted_by_key(|rules| rules.effective) && !oversize.is_empty());
        assert!(!RestrictedZone::all().is_empty());
    }

    #[test]
    fn the_decree_gives_way_to_the_law_on_the_first_of_may_2026() {
        let cites = |day| {
            ToxicRules::on(day)
                .basis(ToxicProvision::Decision)
                .to_string()
        };
        assert_eq!(cites(date(2026, 4, 30)), "Decree 591 art. 50(3)");
        assert!(cites(date(2026, 5, 1)).starts_with("Hazardous Chemicals Safety Law"));
        assert_eq!(
            cites(date(1999, 1, 1)),
            "Decree 591 art. 50(3)",
            "before the first version, the first"
        );
    }
}
