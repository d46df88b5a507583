//! Road occupation (占道施工): what is applied for, and what the law asks of it.

use super::ground::Ground;
use super::hours::Hours;
use super::instruments::OccupationRules;
use super::place::Line;
use chassis::domain::LegalCalendar;
use chassis::domain::values::{CreditCode, DocumentNumber, Text};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Direction of traffic, as in WZDx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Northbound,
    Eastbound,
    Southbound,
    Westbound,
    InnerLoop,
    OuterLoop,
}

impl Direction {
    /// As in WZDx, and in the ids of road calendars.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Northbound => "northbound",
            Self::Eastbound => "eastbound",
            Self::Southbound => "southbound",
            Self::Westbound => "westbound",
            Self::InnerLoop => "inner-loop",
            Self::OuterLoop => "outer-loop",
        }
    }
}

/// On which side of its line, seen along it, a work area lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneType {
    General,
    Shoulder,
    EntranceLane,
    ExitLane,
    BikeLane,
    BusLane,
    Sidewalk,
    Parking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneStatus {
    Open,
    Closed,
    ShiftLeft,
    ShiftRight,
    AlternatingFlow,
}

/// What becomes of one lane. `order` counts from 1 at the median, up to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    pub order: u8,
    pub kind: LaneType,
    pub status: LaneStatus,
}

/// What is left for traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    AllLanesOpen,
    AllLanesOpenShiftLeft,
    AllLanesOpenShiftRight,
    SomeLanesClosed,
    SomeLanesClosedMergeLeft,
    SomeLanesClosedMergeRight,
    AlternatingOneWay,
    AllLanesClosed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkType {
    Utilities,
    Surface,
    Construction,
    Maintenance,
    Roadside,
    Overhead,
    Painting,
}

/// Which part of which road.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Names of the one road, most used first; 1 to 4.
    pub roads: Vec<Text<100>>,
    /// 1 or 2.
    pub directions: Vec<Direction>,
    pub line: Line,
    pub side: Side,
    /// 50 to 10000.
    pub width_cm: u32,
    /// At most 20.
    pub lanes: Vec<Lane>,
    pub impact: Impact,
}

/// Warning signs, in metres from the work toward oncoming traffic; at night 0 if there is no work at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signs {
    pub upstream_m: u32,
    pub upstream_night_m: u32,
}

/// An emergency repair that has begun before it was applied for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    pub started_at: Timestamp,
    pub cause: Text<500>,
}

/// A plan under which several works share a road: each names the same plan and the other organisations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JointPlan {
    pub number: DocumentNumber,
    /// 1 to 20.
    pub with: Vec<CreditCode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoadOccupation {
    pub stretch: Stretch,
    pub hours: Hours,
    pub work_type: WorkType,
    pub description: Text<500>,
    /// Traffic organisation plan (交通组织方案).
    pub traffic_plan: Text<5000>,
    pub signs: Signs,
    /// When the public is told of it; `None` only in an emergency.
    pub public_notice_on: Option<Date>,
    pub emergency: Option<Emergency>,
    /// Number of the road authority's consent; required before the decision.
    pub road_authority_consent: Option<DocumentNumber>,
    pub joint_plan: Option<JointPlan>,
}

impl RoadOccupation {
    /// What the law asks of works on roads, at the time `now`; of an emergency, that it was `filed` first within the hours
    /// after its beginning. Those who decide or send it back later cannot make it late, and a correction cannot move its
    /// beginning out of those hours.
    ///
    /// # Errors
    /// The first ground that stands against it.
    pub fn check(
        &self,
        filed: Timestamp,
        now: Timestamp,
        calendar: &LegalCalendar,
    ) -> Result<(), Ground> {
        let rules = OccupationRules::on(calendar.date(now));
        // An emergency repair is filed afterwards: it may be over by now, but not before it began.
        let must_end_after = match &self.emergency {
            Some(emergency) => emergency.started_at.min(now),
            None => now,
        };
        if self.hours.end() <= must_end_after {
            return Err(Ground::OccupationOver);
        }
        if self.signs.upstream_m < rules.sign_day_m {
            return Err(Ground::SignTooClose {
                given: self.signs.upstream_m,
                least: rules.sign_day_m,
            });
        }
        if self.hours.includes_night() && self.signs.upstream_night_m < rules.sign_night_m {
            return Err(Ground::NightSignTooClose {
                given: self.signs.upstream_night_m,
                least: rules.sign_night_m,
            });
        }
        match &self.emergency {
            Some(emergency) => check_emergency(emergency, filed, calendar),
            None => self.check_notice(rules, calendar),
        }
    }

    fn check_notice(
        &self,
        rules: &OccupationRules,
        calendar: &LegalCalendar,
    ) -> Result<(), Ground> {
        let latest = self.hours.first_day(calendar) - rules.notice_days.days();
        match self.public_notice_on {
            Some(day) if day <= latest => Ok(()),
            given => Err(Ground::NoticeTooLate { given, latest }),
        }
    }
}

fn check_emergency(
    emergency: &Emergency,
    filed: Timestamp,
    calendar: &LegalCalendar,
) -> Result<(), Ground> {
    let rules = OccupationRules::on(calendar.date(filed));
    if emergency.started_at > filed {
        return Err(Ground::EmergencyNotBegun);
    }
    if filed > emergency.started_at + rules.emergency_filing_hours.hours() {
        return Err(Ground::EmergencyFiledLate {
            hours: rules.emergency_filing_hours,
        });
    }
    Ok(())
}
