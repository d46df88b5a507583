//! Places, times, parties and loads in the words of the contract.

use crate::domain::application::{Application, PermitKind};
use crate::domain::event::RunOrder;
use crate::domain::hours::Hours;
use crate::domain::oversize_transport::{Dimensions, Masses, OversizeClass};
use crate::domain::place::{Line, Point};
use crate::domain::road_occupation::{
    Direction, Impact, LaneStatus, LaneType, Side, Stretch, WorkType,
};
use crate::domain::route::{RoadClass, Route};
use crate::domain::toxic_transport::Vehicle;
use chassis::domain::values::Organisation;
use chassis::server::to_timestamp;
use jiff::civil::Date;
use traffic_proto::permits::v1 as proto;

pub fn kind(kind: PermitKind) -> proto::PermitKind {
    match kind {
        PermitKind::RoadOccupation => proto::PermitKind::RoadOccupation,
        PermitKind::ToxicTransport => proto::PermitKind::ToxicTransport,
        PermitKind::OversizeTransport => proto::PermitKind::OversizeTransport,
    }
}

pub(super) fn organisation(organisation: &Organisation) -> proto::Organisation {
    proto::Organisation {
        name: organisation.name.to_string(),
        credit_code: organisation.credit_code.to_string(),
    }
}

pub(super) fn day(day: Date) -> proto::Day {
    proto::Day {
        value: day.to_string(),
    }
}

fn point(point: Point) -> proto::Point {
    proto::Point {
        longitude: point.longitude(),
        latitude: point.latitude(),
    }
}

fn line(line: &Line) -> proto::Line {
    proto::Line {
        points: line.points().iter().copied().map(point).collect(),
    }
}

pub fn travel_direction(direction: Direction) -> proto::TravelDirection {
    match direction {
        Direction::Northbound => proto::TravelDirection::Northbound,
        Direction::Eastbound => proto::TravelDirection::Eastbound,
        Direction::Southbound => proto::TravelDirection::Southbound,
        Direction::Westbound => proto::TravelDirection::Westbound,
        Direction::InnerLoop => proto::TravelDirection::InnerLoop,
        Direction::OuterLoop => proto::TravelDirection::OuterLoop,
    }
}

pub fn work_type(work_type: WorkType) -> proto::WorkType {
    match work_type {
        WorkType::Utilities => proto::WorkType::Utilities,
        WorkType::Surface => proto::WorkType::Surface,
        WorkType::Construction => proto::WorkType::Construction,
        WorkType::Maintenance => proto::WorkType::Maintenance,
        WorkType::Roadside => proto::WorkType::Roadside,
        WorkType::Overhead => proto::WorkType::Overhead,
        WorkType::Painting => proto::WorkType::Painting,
    }
}

fn side(side: Side) -> proto::RoadSide {
    match side {
        Side::Left => proto::RoadSide::Left,
        Side::Right => proto::RoadSide::Right,
        Side::Both => proto::RoadSide::Both,
    }
}

fn lane_type(kind: LaneType) -> proto::LaneType {
    match kind {
        LaneType::General => proto::LaneType::General,
        LaneType::Shoulder => proto::LaneType::Shoulder,
        LaneType::EntranceLane => proto::LaneType::EntranceLane,
        LaneType::ExitLane => proto::LaneType::ExitLane,
        LaneType::BikeLane => proto::LaneType::BikeLane,
        LaneType::BusLane => proto::LaneType::BusLane,
        LaneType::Sidewalk => proto::LaneType::Sidewalk,
        LaneType::Parking => proto::LaneType::Parking,
    }
}

fn lane_status(status: LaneStatus) -> proto::LaneStatus {
    match status {
        LaneStatus::Open => proto::LaneStatus::Open,
        LaneStatus::Closed => proto::LaneStatus::Closed,
        LaneStatus::ShiftLeft => proto::LaneStatus::ShiftLeft,
        LaneStatus::ShiftRight => proto::LaneStatus::ShiftRight,
        LaneStatus::AlternatingFlow => proto::LaneStatus::AlternatingFlow,
    }
}

fn impact(impact: Impact) -> proto::VehicleImpact {
    match impact {
        Impact::AllLanesOpen => proto::VehicleImpact::AllLanesOpen,
        Impact::AllLanesOpenShiftLeft => proto::VehicleImpact::AllLanesOpenShiftLeft,
        Impact::AllLanesOpenShiftRight => proto::VehicleImpact::AllLanesOpenShiftRight,
        Impact::SomeLanesClosed => proto::VehicleImpact::SomeLanesClosed,
        Impact::SomeLanesClosedMergeLeft => proto::VehicleImpact::SomeLanesClosedMergeLeft,
        Impact::SomeLanesClosedMergeRight => proto::VehicleImpact::SomeLanesClosedMergeRight,
        Impact::AlternatingOneWay => proto::VehicleImpact::AlternatingOneWay,
        Impact::AllLanesClosed => proto::VehicleImpact::AllLanesClosed,
    }
}

pub fn road_stretch(stretch: &Stretch) -> proto::RoadStretch {
    proto::RoadStretch {
        roads: stretch.roads.iter().map(ToString::to_string).collect(),
        directions: stretch
            .directions
            .iter()
            .map(|direction| travel_direction(*direction).into())
            .collect(),
        line: Some(line(&stretch.line)),
        side: side(stretch.side).into(),
        width_cm: stretch.width_cm,
        lanes: stretch
            .lanes
            .iter()
            .map(|lane| proto::LaneUse {
                order: lane.order.into(),
                r#type: lane_type(lane.kind).into(),
                status: lane_status(lane.status).into(),
            })
            .collect(),
        impact: impact(stretch.impact).into(),
    }
}

pub fn occupation_time(hours: &Hours) -> proto::OccupationTime {
    proto::OccupationTime {
        start_time: Some(to_timestamp(hours.start())),
        end_time: Some(to_timestamp(hours.end())),
        daily_hours: hours.daily().map(|daily| proto::DailyHours {
            from_minute: daily.start_minute().into(),
            until_minute: daily.end_minute().into(),
        }),
    }
}

pub fn route(route: &Route) -> Vec<proto::RouteLeg> {
    route
        .legs()
        .iter()
        .map(|leg| proto::RouteLeg {
            road: leg.road.to_string(),
            road_class: match leg.class {
                RoadClass::Expressway => proto::RoadClass::Expressway,
                RoadClass::Highway => proto::RoadClass::Highway,
                RoadClass::CityRoad => proto::RoadClass::CityRoad,
            }
            .into(),
            line: Some(line(&leg.line)),
            enter_time: Some(to_timestamp(leg.enter)),
            leave_time: Some(to_timestamp(leg.leave)),
        })
        .collect()
}

pub(super) fn vehicle(vehicle: &Vehicle) -> proto::Vehicle {
    proto::Vehicle {
        plate: vehicle.plate.to_string(),
        inspection_valid_until: Some(day(vehicle.inspection_valid_until)),
        operation_certificate: vehicle.operation_certificate.to_string(),
    }
}

pub fn plates(application: &Application) -> Vec<String> {
    application
        .plates()
        .iter()
        .map(ToString::to_string)
        .collect()
}

pub fn dimensions(dimensions: Dimensions) -> proto::Dimensions {
    proto::Dimensions {
        height_mm: dimensions.height_mm,
        width_mm: dimensions.width_mm,
        length_mm: dimensions.length_mm,
    }
}

pub fn masses(masses: &Masses) -> proto::Masses {
    proto::Masses {
        total_kg: masses.total_kg(),
        axle_kg: masses.axle_kg().to_vec(),
        single_drive_axle: masses.single_drive_axle(),
    }
}

pub fn oversize_class(class: OversizeClass) -> proto::OversizeClass {
    match class {
        OversizeClass::One => proto::OversizeClass::One,
        OversizeClass::Two => proto::OversizeClass::Two,
        OversizeClass::Three => proto::OversizeClass::Three,
    }
}

pub fn run_order(order: &RunOrder) -> proto::RunOrder {
    proto::RunOrder {
        start_time: Some(to_timestamp(order.start)),
        end_time: Some(to_timestamp(order.end)),
        max_speed_kmh: order.max_speed_kmh.into(),
        route: order.route.to_string(),
        escort: order.escort,
    }
}
