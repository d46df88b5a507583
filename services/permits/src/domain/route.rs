//! A route with its timetable: legs that follow each other in place and time.

use super::place::{Line, distance_m};
use chassis::domain::Invalid;
use chassis::domain::values::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoadClass {
    Expressway,
    Highway,
    CityRoad,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub road: Text<100>,
    pub class: RoadClass,
    pub line: Line,
    pub enter: Timestamp,
    pub leave: Timestamp,
}

impl Leg {
    /// The average speed that its timetable needs, in km/h, rounded up.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "legs are short: bounded by Line and Route"
    )]
    pub fn needed_kmh(&self) -> u32 {
        let hours = (self.leave.as_second() - self.enter.as_second()) as f64 / 3600.0;
        (self.line.length_m() / 1000.0 / hours).ceil() as u32
    }
}

/// 1 to [`Route::MOST_LEGS`] legs, each beginning where and when the one before ends or later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route(Vec<Leg>);

impl Route {
    pub const MOST_LEGS: usize = 50;
    /// Points of all legs together: bounds the size of the events that carry the route.
    pub const MOST_POINTS: usize = 5000;
    /// Legs may be drawn with a gap of a junction's size.
    const LARGEST_GAP_M: f64 = 500.0;

    /// # Errors
    /// If there are too few or too many legs, or one does not follow the one before.
    pub fn new(legs: Vec<Leg>) -> Result<Self, Invalid> {
        if !(1..=Self::MOST_LEGS).contains(&legs.len()) {
            return Err(Invalid::new(
                "must have 1 to 50 legs",
                "应有 1 至 50 个路段",
            ));
        }
        if legs
            .iter()
            .any(|leg| leg.leave.as_second() <= leg.enter.as_second())
        {
            return Err(Invalid::new(
                "every leg must be left after it is entered",
                "每个路段的驶离时间应晚于驶入时间",
            ));
        }
        let points: usize = legs.iter().map(|leg| leg.line.points().len()).sum();
        if points > Self::MOST_POINTS {
            return Err(Invalid::new(
                "must have at most 5000 points altogether",
                "各路段的点数合计不得超过 5000 个",
            ));
        }
        let follows = |pair: &[Leg]| {
            pair[1].enter >= pair[0].leave
                && distance_m(pair[0].line.last(), pair[1].line.first()) <= Self::LARGEST_GAP_M
        };
        if !legs.windows(2).all(follows) {
            return Err(Invalid::new(
                "every leg must begin where and when the one before ends, at most 500 m away",
                "各路段应首尾相接（间距不超过 500 米），时间先后相继",
            ));
        }
        Ok(Self(legs))
    }

    pub fn legs(&self) -> &[Leg] {
        &self.0
    }

    /// When the vehicle is to depart.
    pub fn departure(&self) -> Timestamp {
        self.0[0].enter
    }

    /// When the vehicle is to arrive.
    pub fn arrival(&self) -> Timestamp {
        self.0[self.0.len() - 1].leave
    }
}
