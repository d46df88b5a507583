//! Transport of oversize indivisible cargo (超限运输): what counts as oversize, and in which class.

use super::ground::Ground;
use super::instruments::{ClassLimits, ClassTerms, OversizeRules, Size};
use super::route::Route;
use super::toxic_transport::Vehicle;
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Invalid, LegalCalendar, Sealed};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Outer measures of vehicle and cargo together, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dimensions {
    pub height_mm: u32,
    pub width_mm: u32,
    pub length_mm: u32,
}

impl Dimensions {
    fn fit(self, height_mm: u32, width_mm: u32, length_mm: u32) -> bool {
        self.height_mm <= height_mm && self.width_mm <= width_mm && self.length_mm <= length_mm
    }
}

/// Mass of vehicle and cargo together, in kilograms, and how it rests on the axles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masses {
    total_kg: u32,
    axle_kg: Vec<u32>,
    single_drive_axle: bool,
}

impl Masses {
    /// # Errors
    /// Unless 2 to 60 axles carry 1 to 60000 kg each, and together the total.
    pub fn new(total_kg: u32, axle_kg: Vec<u32>, single_drive_axle: bool) -> Result<Self, Invalid> {
        let counted = (2..=60).contains(&axle_kg.len());
        let each = axle_kg.iter().all(|kg| (1..=60_000).contains(kg));
        if !counted
            || !each
            || axle_kg.iter().map(|kg| u64::from(*kg)).sum::<u64>() != u64::from(total_kg)
        {
            return Err(Invalid::new(
                "must be 2 to 60 axles of 1 to 60000 kg each, which together carry the total",
                "应有 2 至 60 轴，每轴 1 至 60000 千克，且各轴之和等于总质量",
            ));
        }
        Ok(Self {
            total_kg,
            axle_kg,
            single_drive_axle,
        })
    }

    pub fn total_kg(&self) -> u32 {
        self.total_kg
    }

    pub fn axle_kg(&self) -> &[u32] {
        &self.axle_kg
    }

    pub fn single_drive_axle(&self) -> bool {
        self.single_drive_axle
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OversizeClass {
    One,
    Two,
    Three,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OversizeTransport {
    pub cargo: Text<200>,
    pub divisible: bool,
    pub tractor: Vehicle,
    /// `None` for a rigid truck.
    pub trailer: Option<Vehicle>,
    pub driver: Sealed,
    pub dimensions: Dimensions,
    pub masses: Masses,
    pub route: Route,
    pub crosses_province: bool,
    /// Number of the transport authority's permit (Highway Protection Regulations art. 35).
    pub transport_permit: DocumentNumber,
    pub outline_drawing: Option<DocumentNumber>,
    pub escort_plan: Option<Text<5000>>,
    /// First and last day on which the run may take place.
    pub valid_from: Date,
    pub valid_until: Date,
}

impl OversizeTransport {
    pub fn vehicles(&self) -> impl Iterator<Item = &Vehicle> {
        std::iter::once(&self.tractor).chain(&self.trailer)
    }

    /// What it may weigh without a permit.
    pub fn free_mass_kg(&self, rules: &OversizeRules) -> u32 {
        let mass = &rules.mass;
        let combination = self.trailer.is_some();
        match (self.masses.axle_kg.len(), combination) {
            (..=2, _) => mass.axles_2_kg,
            (3, false) => mass.axles_3_rigid_kg,
            (3, true) => mass.axles_3_combination_kg,
            (4, false) => mass.axles_4_rigid_kg,
            (4, true) => mass.axles_4_combination_kg,
            (5, _) => mass.axles_5_kg,
            (_, _) if self.masses.single_drive_axle => mass.axles_6_single_drive_kg,
            (_, _) => mass.axles_6_kg,
        }
    }

    /// `None`: within all limits, no permit needed.
    pub fn class(&self, rules: &OversizeRules) -> Option<OversizeClass> {
        let Size {
            height_mm,
            width_mm,
            length_mm,
        } = rules.free;
        let free_mass = self.free_mass_kg(rules);
        let mass = self.masses.total_kg;
        if self.dimensions.fit(height_mm, width_mm, length_mm) && mass <= free_mass {
            return None;
        }
        let within = |class: &ClassLimits| {
            self.dimensions
                .fit(class.height_mm, class.width_mm, class.length_mm)
                && mass <= class.mass_kg.unwrap_or(free_mass)
        };
        Some(if within(&rules.class_one) {
            OversizeClass::One
        } else if within(&rules.class_two) {
            OversizeClass::Two
        } else {
            OversizeClass::Three
        })
    }

    /// Time limits of its class: working days for the decision, days of validity.
    pub fn terms(&self, rules: &OversizeRules) -> ClassTerms {
        match self.class(rules) {
            None | Some(OversizeClass::One) => rules.class_one.terms(),
            Some(OversizeClass::Two) => rules.class_two.terms(),
            Some(OversizeClass::Three) => rules.class_three,
        }
    }

    /// Working days in which the application is decided.
    pub fn decision_days(&self, rules: &OversizeRules) -> u16 {
        let terms = self.terms(rules);
        if self.crosses_province {
            terms.decision_days_across_provinces
        } else {
            terms.decision_days
        }
    }

    /// What the law asks of the run, at the time `now`.
    ///
    /// # Errors
    /// The first ground that stands against it.
    pub fn check(&self, now: Timestamp, calendar: &LegalCalendar) -> Result<(), Ground> {
        let today = calendar.date(now);
        let rules = OversizeRules::on(today);
        if self.divisible {
            return Err(Ground::DivisibleCargo);
        }
        let Some(class) = self.class(rules) else {
            return Err(Ground::NotOversize);
        };
        if class == OversizeClass::Three {
            if self.outline_drawing.is_none() {
                return Err(Ground::OutlineDrawingMissing {
                    basis: rules.materials_basis(),
                });
            }
            if self.escort_plan.is_none() {
                return Err(Ground::EscortPlanMissing {
                    basis: rules.materials_basis(),
                });
            }
        }
        if self.valid_until < today {
            return Err(Ground::RunInThePast);
        }
        let longest = i64::from(self.terms(rules).longest_validity_days);
        if self.valid_until < self.valid_from
            || self.valid_until >= self.valid_from + longest.days()
        {
            return Err(Ground::ValidityTooLong {
                longest,
                basis: rules.classes_basis(),
            });
        }
        for vehicle in self.vehicles() {
            if vehicle.inspection_valid_until < self.valid_until {
                return Err(Ground::InspectionExpires {
                    plate: vehicle.plate.clone(),
                    on: vehicle.inspection_valid_until,
                    basis: super::instruments::traffic_law("art. 13(1)"),
                });
            }
        }
        Ok(())
    }
}
