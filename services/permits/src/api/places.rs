//! Places, times, parties and loads from requests: raw fields become values of the domain, or violations.

use crate::domain::event::RunOrder;
use crate::domain::hours::{DailyHours, Hours};
use crate::domain::oversize_transport::{Dimensions, Masses};
use crate::domain::place::{Line, Point};
use crate::domain::road_calendar::RoadCalendar;
use crate::domain::road_occupation::{
    Direction, Impact, JointPlan, Lane, LaneStatus, LaneType, Side, Stretch,
};
use crate::domain::route::{Leg, RoadClass, Route};
use crate::domain::toxic_transport::Vehicle;
use chassis::domain::Invalid;
use chassis::domain::values::{CreditCode, DocumentNumber, Organisation, PlateNumber, Text};
use chassis::server::Fields;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use traffic_proto::permits::v1 as proto;

/// Days and instants lie within these years: what a permit can be about.
const FIRST_YEAR: i16 = 2000;
const LAST_YEAR: i16 = 2100;

pub(super) fn day(day: &proto::Day, fields: &mut Fields) -> Option<Date> {
    fields.required("value", &day.value, |text| {
        let shaped = text.len() == 10;
        text.parse::<Date>()
            .ok()
            .filter(|date| shaped && (FIRST_YEAR..=LAST_YEAR).contains(&date.year()))
            .ok_or_else(|| {
                Invalid::new(
                    "must be a day YYYY-MM-DD of the years 2000 to 2100",
                    "应为 YYYY-MM-DD 格式的日期，年份在 2000 至 2100 之间",
                )
            })
    })
}

/// An instant within the years that a permit can be about.
pub(super) fn instant(
    field: &str,
    time: Option<&pbjson_types::Timestamp>,
    fields: &mut Fields,
) -> Option<Timestamp> {
    let time = fields.timestamp(field, time)?;
    fields.value(field, time, |time| {
        let year = Offset::UTC.to_datetime(time).year();
        if (FIRST_YEAR..=LAST_YEAR).contains(&year) {
            Ok(time)
        } else {
            Err(Invalid::new(
                "must be a time of the years 2000 to 2100",
                "时间应在 2000 年至 2100 年之间",
            ))
        }
    })
}

pub(super) fn organisation(
    organisation: &proto::Organisation,
    fields: &mut Fields,
) -> Option<Organisation> {
    let name = fields.required("name", &organisation.name, Text::parse);
    let credit_code = fields.required("credit_code", &organisation.credit_code, CreditCode::parse);
    Some(Organisation {
        name: name?,
        credit_code: credit_code?,
    })
}

fn line(line: &proto::Line, fields: &mut Fields) -> Option<Line> {
    let points = fields.list("points", &line.points, 2..=Line::MOST_POINTS, |point| {
        Point::new(point.longitude, point.latitude)
    })?;
    fields.value("points", points, Line::new)
}

fn direction(direction: proto::TravelDirection) -> Option<Direction> {
    Some(match direction {
        proto::TravelDirection::Northbound => Direction::Northbound,
        proto::TravelDirection::Eastbound => Direction::Eastbound,
        proto::TravelDirection::Southbound => Direction::Southbound,
        proto::TravelDirection::Westbound => Direction::Westbound,
        proto::TravelDirection::InnerLoop => Direction::InnerLoop,
        proto::TravelDirection::OuterLoop => Direction::OuterLoop,
        proto::TravelDirection::Unspecified => return None,
    })
}

/// What of a stretch decides whether it meets another: roads, directions, line.
pub(super) struct Location {
    pub(super) roads: Vec<Text<100>>,
    pub(super) directions: Vec<Direction>,
    pub(super) line: Line,
}

pub(super) fn location(stretch: &proto::RoadStretch, fields: &mut Fields) -> Option<Location> {
    let roads = fields.list("roads", &stretch.roads, 1..=4, |road| Text::parse(road));
    let roads = roads.and_then(|roads| {
        fields.value("roads", roads, |roads| {
            distinct(roads, |road| RoadCalendar::normal_name(road.as_str()))
        })
    });
    let directions = fields.list("directions", &stretch.directions, 1..=2, |number| {
        proto::TravelDirection::try_from(*number)
            .ok()
            .and_then(direction)
            .ok_or_else(|| Invalid::new("must be a direction of traffic", "应为有效的行驶方向"))
    });
    let directions = directions.and_then(|directions| {
        fields.value("directions", directions, |all| distinct(all, |one| *one))
    });
    let line = fields.message("line", stretch.line.as_ref(), line);
    Some(Location {
        roads: roads?,
        directions: directions?,
        line: line?,
    })
}

fn distinct<T, K: PartialEq>(all: Vec<T>, key: impl Fn(&T) -> K) -> Result<Vec<T>, Invalid> {
    let repeated = all
        .iter()
        .enumerate()
        .any(|(at, one)| all[..at].iter().any(|other| key(other) == key(one)));
    if repeated {
        Err(Invalid::new("must not name the same twice", "不得重复"))
    } else {
        Ok(all)
    }
}

pub(super) fn stretch(stretch: &proto::RoadStretch, fields: &mut Fields) -> Option<Stretch> {
    let location = location(stretch, fields);
    let side = fields.choice("side", stretch.side, |side| {
        Some(match side {
            proto::RoadSide::Left => Side::Left,
            proto::RoadSide::Right => Side::Right,
            proto::RoadSide::Both => Side::Both,
            proto::RoadSide::Unspecified => return None,
        })
    });
    let width_cm = fields.number("width_cm", stretch.width_cm, 50..=10_000);
    let lanes = fields.each("lanes", &stretch.lanes, 0..=20, lane);
    let impact = fields.choice("impact", stretch.impact, impact);
    let location = location?;
    Some(Stretch {
        roads: location.roads,
        directions: location.directions,
        line: location.line,
        side: side?,
        width_cm: width_cm?,
        lanes: lanes?,
        impact: impact?,
    })
}

fn lane(lane: &proto::LaneUse, fields: &mut Fields) -> Option<Lane> {
    let order = fields.number("order", lane.order, 1..=20);
    let kind = fields.choice("type", lane.r#type, |kind| {
        Some(match kind {
            proto::LaneType::General => LaneType::General,
            proto::LaneType::Shoulder => LaneType::Shoulder,
            proto::LaneType::EntranceLane => LaneType::EntranceLane,
            proto::LaneType::ExitLane => LaneType::ExitLane,
            proto::LaneType::BikeLane => LaneType::BikeLane,
            proto::LaneType::BusLane => LaneType::BusLane,
            proto::LaneType::Sidewalk => LaneType::Sidewalk,
            proto::LaneType::Parking => LaneType::Parking,
            proto::LaneType::Unspecified => return None,
        })
    });
    let status = fields.choice("status", lane.status, |status| {
        Some(match status {
            proto::LaneStatus::Open => LaneStatus::Open,
            proto::LaneStatus::Closed => LaneStatus::Closed,
            proto::LaneStatus::ShiftLeft => LaneStatus::ShiftLeft,
            proto::LaneStatus::ShiftRight => LaneStatus::ShiftRight,
            proto::LaneStatus::AlternatingFlow => LaneStatus::AlternatingFlow,
            proto::LaneStatus::Unspecified => return None,
        })
    });
    Some(Lane {
        order: u8::try_from(order?).ok()?,
        kind: kind?,
        status: status?,
    })
}

fn impact(impact: proto::VehicleImpact) -> Option<Impact> {
    Some(match impact {
        proto::VehicleImpact::AllLanesOpen => Impact::AllLanesOpen,
        proto::VehicleImpact::AllLanesOpenShiftLeft => Impact::AllLanesOpenShiftLeft,
        proto::VehicleImpact::AllLanesOpenShiftRight => Impact::AllLanesOpenShiftRight,
        proto::VehicleImpact::SomeLanesClosed => Impact::SomeLanesClosed,
        proto::VehicleImpact::SomeLanesClosedMergeLeft => Impact::SomeLanesClosedMergeLeft,
        proto::VehicleImpact::SomeLanesClosedMergeRight => Impact::SomeLanesClosedMergeRight,
        proto::VehicleImpact::AlternatingOneWay => Impact::AlternatingOneWay,
        proto::VehicleImpact::AllLanesClosed => Impact::AllLanesClosed,
        proto::VehicleImpact::Unspecified => return None,
    })
}

pub(super) fn hours(time: &proto::OccupationTime, fields: &mut Fields) -> Option<Hours> {
    let start = instant("start_time", time.start_time.as_ref(), fields);
    let end = instant("end_time", time.end_time.as_ref(), fields);
    let daily = match &time.daily_hours {
        None => Some(None),
        Some(daily) => fields
            .value("daily_hours", daily, |daily| {
                DailyHours::new(daily.from_minute, daily.until_minute)
            })
            .map(Some),
    };
    let (start, end, daily) = (start?, end?, daily?);
    fields.value("end_time", (), |()| Hours::new(start, end, daily))
}

pub(super) fn joint_plan(plan: &proto::JointPlan, fields: &mut Fields) -> Option<JointPlan> {
    let number = fields.required("number", &plan.number, DocumentNumber::parse);
    let with = fields.list("with", &plan.with, 1..=20, |code| CreditCode::parse(code));
    Some(JointPlan {
        number: number?,
        with: with?,
    })
}

pub(super) fn vehicle(vehicle: &proto::Vehicle, fields: &mut Fields) -> Option<Vehicle> {
    let plate = fields.required("plate", &vehicle.plate, PlateNumber::parse);
    let inspection = fields.message(
        "inspection_valid_until",
        vehicle.inspection_valid_until.as_ref(),
        day,
    );
    let certificate = fields.required(
        "operation_certificate",
        &vehicle.operation_certificate,
        DocumentNumber::parse,
    );
    Some(Vehicle {
        plate: plate?,
        inspection_valid_until: inspection?,
        operation_certificate: certificate?,
    })
}

pub(super) fn route(field: &str, legs: &[proto::RouteLeg], fields: &mut Fields) -> Option<Route> {
    let legs = fields.each(field, legs, 1..=Route::MOST_LEGS, leg)?;
    fields.value(field, legs, Route::new)
}

fn leg(leg: &proto::RouteLeg, fields: &mut Fields) -> Option<Leg> {
    let road = fields.required("road", &leg.road, Text::parse);
    let class = fields.choice("road_class", leg.road_class, |class| {
        Some(match class {
            proto::RoadClass::Expressway => RoadClass::Expressway,
            proto::RoadClass::Highway => RoadClass::Highway,
            proto::RoadClass::CityRoad => RoadClass::CityRoad,
            proto::RoadClass::Unspecified => return None,
        })
    });
    let line = fields.message("line", leg.line.as_ref(), line);
    let enter = instant("enter_time", leg.enter_time.as_ref(), fields);
    let leave = instant("leave_time", leg.leave_time.as_ref(), fields);
    Some(Leg {
        road: road?,
        class: class?,
        line: line?,
        enter: enter?,
        leave: leave?,
    })
}

pub(super) fn dimensions(
    dimensions: &proto::Dimensions,
    fields: &mut Fields,
) -> Option<Dimensions> {
    let height_mm = fields.number("height_mm", dimensions.height_mm, 100..=200_000);
    let width_mm = fields.number("width_mm", dimensions.width_mm, 100..=200_000);
    let length_mm = fields.number("length_mm", dimensions.length_mm, 100..=200_000);
    Some(Dimensions {
        height_mm: height_mm?,
        width_mm: width_mm?,
        length_mm: length_mm?,
    })
}

pub(super) fn masses(masses: &proto::Masses, fields: &mut Fields) -> Option<Masses> {
    fields.value("axle_kg", masses, |masses| {
        Masses::new(
            masses.total_kg,
            masses.axle_kg.clone(),
            masses.single_drive_axle,
        )
    })
}

pub(super) fn run_order(order: &proto::RunOrder, fields: &mut Fields) -> Option<RunOrder> {
    let start = instant("start_time", order.start_time.as_ref(), fields);
    let end = instant("end_time", order.end_time.as_ref(), fields);
    let max_speed_kmh = fields.number("max_speed_kmh", order.max_speed_kmh, 5..=80);
    let route = fields.required("route", &order.route, Text::parse);
    let (start, end) = (start?, end?);
    let end = fields.value("end_time", end, |end| {
        if end > start {
            Ok(end)
        } else {
            Err(Invalid::new(
                "must come after the start",
                "结束时间应晚于开始时间",
            ))
        }
    });
    Some(RunOrder {
        start,
        end: end?,
        max_speed_kmh: u8::try_from(max_speed_kmh?).ok()?,
        route: route?,
        escort: order.escort,
    })
}
