//! The rule tables: what each instrument in `data/` says an act costs, in versions with the dates of their validity.

use super::conduct::{Act, Conduct, Measure, Road, Vehicle};
use chassis::domain::LegalBasis;
use chassis::domain::values::Fen;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// One rule of one version of an instrument: what a decision rests on, and what makes it possible to decide it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    pub basis: LegalBasis,
    /// First day on which this version is in force.
    pub effective: Date,
    /// Where what was measured fell, if the rule draws lines.
    #[serde(default)]
    pub band: Option<BandApplied>,
}

/// The band of a rule that applied, and the two figures that were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandApplied {
    pub of: Compared,
    pub lower: Option<Bound>,
    pub upper: Option<Bound>,
    /// 0 for alcohol, of which nothing is allowed.
    pub allowed: u32,
    pub measured: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// How far what was measured exceeds what is allowed, in percent of it.
    ExcessPercent,
    AlcoholMgPer100ml,
}

/// One end of a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    pub value: u32,
    /// 以上、以下: the bound itself belongs to the band.
    pub included: bool,
}

/// All instruments.
#[derive(Debug)]
pub struct Rules {
    instruments: Vec<Instrument>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instrument {
    instrument: String,
    /// A provincial instrument sets the standard within the frame of the national law (Road Traffic Safety Law art. 123).
    #[serde(default)]
    provincial: bool,
    version: Vec<Version>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    effective: Date,
    /// First day on which it is no longer in force.
    until: Option<Date>,
    #[serde(default)]
    points: Vec<PointsRule>,
    #[serde(default)]
    penalty: Vec<PenaltyRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PointsRule {
    article: String,
    /// 12, 9, 6, 3 or 1 (Order 163 art. 7).
    pub(super) points: u8,
    when: When,
}

/// What a provision provides, as it is written down. Amounts in yuan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PenaltyRule {
    article: String,
    when: When,
    /// A warning may be given instead of a fine; alone if no fine is named.
    #[serde(default)]
    pub(super) warning: bool,
    /// Least and most.
    fine: Option<(u32, u32)>,
    /// The fine is so many times what was measured in money, at most.
    fine_times: Option<u32>,
    /// At least so many times.
    fine_times_least: Option<u32>,
    /// Greatest fine under `fine_times`.
    fine_cap: Option<u32>,
    pub(super) suspension_months: Option<u8>,
    #[serde(default)]
    pub(super) revocation: Revocation,
    /// Most days of detention, which public security decides (Order 157 art. 6(3)).
    pub(super) detention_days: Option<u8>,
    /// Prosecuted as a crime.
    #[serde(default)]
    pub(super) crime: bool,
}

/// Whether the licence is revoked (吊销).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    #[default]
    None,
    May,
    Must,
}

/// When a rule applies. Absent conditions always hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct When {
    conduct: Vec<Conduct>,
    roads: Option<Vec<Road>>,
    /// Heavy vehicles in the sense of Order 163.
    heavy: Option<bool>,
    /// School buses, highway and tour coaches.
    coach: Option<bool>,
    /// Highway coaches only.
    highway_coach: Option<bool>,
    motor: Option<bool>,
    /// Drivers of motor vehicles are meant (机动车驾驶人): a vehicle known to be without motor does not meet it, an unknown one does.
    driver: bool,
    /// Coaches and dangerous goods, of which Order 163 art. 11(12) speaks.
    inspected_strictly: Option<bool>,
    truck: Option<bool>,
    passenger: Option<bool>,
    seven_seats: Option<bool>,
    for_hire: Option<bool>,
    repeated: Option<bool>,
    excess: Option<Band>,
    /// Milligrams of alcohol per 100 ml of blood: first included, last excluded.
    alcohol: Option<(u16, u16)>,
}

/// A band of excess in percent of what is allowed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Band {
    /// 以上: this or more.
    from: Option<u32>,
    /// 超过: more than this.
    above: Option<u32>,
    /// 不足、未达到: less than this.
    below: Option<u32>,
    /// 以下: this or less.
    upto: Option<u32>,
    /// Of a load: percent of the approved load, not of the greatest mass.
    of_load: bool,
}

impl Band {
    /// What is allowed, and what was measured; `None` for what is no excess.
    fn figures(&self, measure: Measure) -> Option<(u32, u32)> {
        Some(match measure {
            Measure::Speed {
                limit_kmh,
                measured_kmh,
            } => (limit_kmh.into(), measured_kmh.into()),
            Measure::Load {
                approved_load_kg,
                load_kg,
                ..
            } if self.of_load => (approved_load_kg, load_kg),
            Measure::Load {
                allowed_mass_kg,
                mass_kg,
                ..
            } => (allowed_mass_kg, mass_kg),
            Measure::Occupancy { approved, carried } => (approved.into(), carried.into()),
            Measure::Alcohol { .. } | Measure::Money { .. } => return None,
        })
    }

    fn applied(&self, measure: Measure) -> Option<BandApplied> {
        let (allowed, measured) = self.figures(measure)?;
        let bound = |including: Option<u32>, excluding: Option<u32>| {
            let included = including.map(|value| (value, true));
            let bound = included.or(excluding.map(|value| (value, false)));
            bound.map(|(value, included)| Bound { value, included })
        };
        Some(BandApplied {
            of: Compared::ExcessPercent,
            lower: bound(self.from, self.above),
            upper: bound(self.upto, self.below),
            allowed,
            measured,
        })
    }

    fn holds(&self, measure: Measure) -> bool {
        let Some((allowed, actual)) = self.figures(measure) else {
            return false;
        };
        // Compared in whole numbers: excess / allowed against percent / 100.
        let excess = u64::from(actual.saturating_sub(allowed)) * 100;
        let bound = |percent: u32| u64::from(percent) * u64::from(allowed);
        excess > 0
            && self.from.is_none_or(|percent| excess >= bound(percent))
            && self.above.is_none_or(|percent| excess > bound(percent))
            && self.below.is_none_or(|percent| excess < bound(percent))
            && self.upto.is_none_or(|percent| excess <= bound(percent))
    }
}

impl When {
    fn holds(&self, act: &Act) -> bool {
        self.concerns(act) && self.is_met_by(act.vehicle.as_ref())
    }

    /// What it asks of the act, whatever the vehicle.
    fn concerns(&self, act: &Act) -> bool {
        self.conduct.contains(&act.conduct)
            && self
                .roads
                .as_ref()
                .is_none_or(|roads| roads.contains(&act.road))
            && self.repeated.is_none_or(|wanted| act.repeated == wanted)
            && self
                .excess
                .as_ref()
                .is_none_or(|band| act.measure.is_some_and(|measure| band.holds(measure)))
            && self.alcohol.is_none_or(|(from, below)| {
                matches!(act.measure, Some(Measure::Alcohol { mg_per_100ml })
                    if from <= mg_per_100ml && mg_per_100ml < below)
            })
    }

    /// What it asks of the vehicle. One that is not known meets no condition, nor its opposite.
    fn is_met_by(&self, known: Option<&Vehicle>) -> bool {
        let vehicle = |wanted: Option<bool>, property: fn(&Vehicle) -> bool| {
            wanted.is_none_or(|wanted| known.map(property) == Some(wanted))
        };
        vehicle(self.heavy, Vehicle::is_heavy)
            && vehicle(self.coach, Vehicle::is_coach)
            && vehicle(self.highway_coach, |v| {
                v.used_as == super::conduct::Use::HighwayCoach
            })
            && vehicle(self.motor, Vehicle::has_motor)
            && !(self.driver && known.is_some_and(|v| !v.has_motor()))
            && vehicle(self.inspected_strictly, |v| {
                v.dangerous_goods
                    || matches!(
                        v.used_as,
                        super::conduct::Use::HighwayCoach | super::conduct::Use::TourCoach
                    )
            })
            && vehicle(self.truck, |v| v.used_as == super::conduct::Use::Truck)
            && vehicle(self.passenger, |v| {
                v.is_coach() || v.used_as == super::conduct::Use::OtherPassenger
            })
            && vehicle(self.seven_seats, |v| v.seats >= 7)
            && vehicle(self.for_hire, |v| v.for_hire)
    }
}

/// A rule that applies, and the version that it stands in.
#[derive(Debug)]
pub(super) struct Applies<'a, R> {
    pub(super) rule: &'a R,
    pub(super) provincial: bool,
    pub(super) reference: RuleRef,
}

impl Rules {
    /// The tables that ship with the service.
    ///
    /// # Panics
    /// Never: a test reads the files.
    pub fn shipped() -> &'static Self {
        static RULES: LazyLock<Rules> = LazyLock::new(|| {
            Rules::parse(&[
                include_str!("../../data/order-163.toml"),
                include_str!("../../data/order-139.toml"),
                include_str!("../../data/road-traffic-safety-law.toml"),
                include_str!("../../data/school-bus-regulations.toml"),
                include_str!("../../data/shandong-measures.toml"),
                include_str!("../../data/shandong-expressway-regulations.toml"),
                include_str!("../../data/beijing-parking-regulations.toml"),
            ])
            .expect("the shipped tables are valid: a test reads them")
        });
        &RULES
    }

    /// # Errors
    /// A sentence that says which table is wrong, and where.
    pub fn parse(tables: &[&str]) -> Result<Self, String> {
        let mut instruments = Vec::with_capacity(tables.len());
        for table in tables {
            let instrument: Instrument = toml::from_str(table).map_err(|e| e.to_string())?;
            let title = &instrument.instrument;
            if !instrument
                .version
                .is_sorted_by(|a, b| a.effective < b.effective)
            {
                return Err(format!(
                    "{title}: versions are not in the order of their dates"
                ));
            }
            for version in &instrument.version {
                version.check().map_err(|why| format!("{title}: {why}"))?;
            }
            instruments.push(instrument);
        }
        Ok(Self { instruments })
    }

    /// The points rules that applied on `day`: none to who drives a vehicle without motor (Order 163 arts. 2, 8 to 12).
    pub(super) fn points(&self, act: &Act, day: Date) -> Vec<Applies<'_, PointsRule>> {
        if act.is_without_motor() {
            return Vec::new();
        }
        self.applying(
            day,
            |version| &version.points,
            |rule| (&rule.article, &rule.when),
            act,
        )
    }

    /// The penalties provided on `day`.
    pub(super) fn penalties(&self, act: &Act, day: Date) -> Vec<Applies<'_, PenaltyRule>> {
        self.applying(
            day,
            |version| &version.penalty,
            |rule| (&rule.article, &rule.when),
            act,
        )
    }

    /// Whether there is a penalty, on `day`, that only the unknown vehicle keeps from applying.
    pub(super) fn depend_on_the_vehicle(&self, act: &Act, day: Date) -> bool {
        act.vehicle.is_none()
            && self
                .in_force(day)
                .flat_map(|(_, version)| &version.penalty)
                .any(|rule| rule.when.concerns(act))
    }

    /// Whether the same versions were in force on both days.
    pub(super) fn are_the_same_on(&self, one: Date, other: Date) -> bool {
        let versions = |day| {
            let in_force = self.in_force(day);
            in_force.map(|(_, version)| std::ptr::from_ref(version))
        };
        one == other || versions(one).eq(versions(other))
    }

    fn in_force(&self, day: Date) -> impl Iterator<Item = (&Instrument, &Version)> {
        self.instruments.iter().filter_map(move |instrument| {
            let newest = instrument
                .version
                .iter()
                .rfind(|version| version.effective <= day)?;
            let lasts = newest.until.is_none_or(|until| day < until);
            lasts.then_some((instrument, newest))
        })
    }

    fn applying<'a, R>(
        &'a self,
        day: Date,
        rules: fn(&'a Version) -> &'a Vec<R>,
        of: fn(&'a R) -> (&'a String, &'a When),
        act: &Act,
    ) -> Vec<Applies<'a, R>> {
        let mut found = Vec::new();
        for (instrument, version) in self.in_force(day) {
            for rule in rules(version) {
                let (article, when) = of(rule);
                if when.holds(act) {
                    found.push(Applies {
                        rule,
                        provincial: instrument.provincial,
                        reference: RuleRef {
                            basis: LegalBasis {
                                instrument: instrument.instrument.clone().into(),
                                article: article.clone().into(),
                            },
                            effective: version.effective,
                            band: when.band(act),
                        },
                    });
                }
            }
        }
        found
    }
}

impl Version {
    fn check(&self) -> Result<(), String> {
        for rule in &self.points {
            if !matches!(rule.points, 1 | 2 | 3 | 6 | 9 | 12) {
                return Err(format!(
                    "{}: {} points are never given",
                    rule.article, rule.points
                ));
            }
            rule.when.check(&rule.article)?;
        }
        for rule in &self.penalty {
            rule.when.check(&rule.article)?;
            if let Some((least, most)) = rule.fine
                && least > most
            {
                return Err(format!(
                    "{}: the least fine is above the most",
                    rule.article
                ));
            }
        }
        Ok(())
    }
}

impl When {
    /// The band that what was measured fell into, given that the rule applies.
    fn band(&self, act: &Act) -> Option<BandApplied> {
        match (act.measure?, &self.excess, self.alcohol) {
            (Measure::Alcohol { mg_per_100ml }, _, Some((from, below))) => Some(BandApplied {
                of: Compared::AlcoholMgPer100ml,
                lower: Some(Bound {
                    value: from.into(),
                    included: true,
                }),
                upper: (below < u16::MAX).then_some(Bound {
                    value: below.into(),
                    included: false,
                }),
                allowed: 0,
                measured: mg_per_100ml.into(),
            }),
            (measure, Some(band), _) => band.applied(measure),
            _ => None,
        }
    }

    fn check(&self, article: &str) -> Result<(), String> {
        if self.conduct.is_empty() {
            return Err(format!("{article}: names no conduct"));
        }
        if let Some(band) = &self.excess
            && (band.from.is_some() && band.above.is_some()
                || band.upto.is_some() && band.below.is_some())
        {
            return Err(format!("{article}: a band has two bounds at one end"));
        }
        Ok(())
    }
}

impl PenaltyRule {
    /// Least and most of the fine for this act; `None` if no fine is provided.
    pub(super) fn fine_for(&self, act: &Act) -> Option<(Fen, Fen)> {
        if let Some((least, most)) = self.fine {
            return Some((Fen::yuan(least), Fen::yuan(most)));
        }
        let times = self.fine_times?;
        let Some(Measure::Money { amount }) = act.measure else {
            return None;
        };
        let cap = self.fine_cap.map_or(Fen::MAX, Fen::yuan);
        let times_of_it = |times: u32| amount.times(u64::from(times)).min(cap);
        let least = self.fine_times_least.unwrap_or_default();
        Some((times_of_it(least), times_of_it(times)))
    }
}
