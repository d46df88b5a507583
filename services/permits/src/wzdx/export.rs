//! The feed: one feature a permit and direction.

use crate::domain::application::Application;
use crate::domain::event::Grant;
use crate::domain::permit::Permit;
use crate::domain::road_occupation::{
    Direction, Impact, LaneStatus, LaneType, RoadOccupation, WorkType,
};
use chassis::projection::Found;
use jiff::Timestamp;
use serde::Serialize;

/// Who publishes the feed.
#[derive(Clone, Debug)]
pub struct FeedInfo {
    /// Name of the publishing authority.
    pub publisher: String,
}

const LICENSE: &str = "https://creativecommons.org/publicdomain/zero/1.0/";
/// The one source of the feed: this service.
const SOURCE: &str = "traffic-permits";

#[derive(Serialize)]
struct Feed<'a> {
    feed_info: Info<'a>,
    r#type: &'static str,
    features: Vec<Feature>,
}

#[derive(Serialize)]
struct Info<'a> {
    update_date: String,
    publisher: &'a str,
    version: &'static str,
    license: &'static str,
    data_sources: [Source<'a>; 1],
}

#[derive(Serialize)]
struct Source<'a> {
    data_source_id: &'static str,
    organization_name: &'a str,
    update_date: String,
}

#[derive(Serialize)]
struct Feature {
    id: String,
    r#type: &'static str,
    properties: Properties,
    geometry: Geometry,
}

#[derive(Serialize)]
struct Geometry {
    r#type: &'static str,
    coordinates: Vec<[f64; 2]>,
}

#[derive(Serialize)]
struct Properties {
    core_details: Core,
    start_date: String,
    end_date: String,
    is_start_date_verified: bool,
    is_end_date_verified: bool,
    is_start_position_verified: bool,
    is_end_position_verified: bool,
    location_method: &'static str,
    work_zone_type: &'static str,
    vehicle_impact: &'static str,
    event_status: &'static str,
    types_of_work: Vec<TypeOfWork>,
    lanes: Vec<Lane>,
}

#[derive(Serialize)]
struct Core {
    data_source_id: &'static str,
    event_type: &'static str,
    road_names: Vec<String>,
    direction: &'static str,
    name: String,
    description: String,
    creation_date: String,
    update_date: String,
}

#[derive(Serialize)]
struct TypeOfWork {
    type_name: &'static str,
}

#[derive(Serialize)]
struct Lane {
    order: u8,
    status: &'static str,
    r#type: &'static str,
}

/// The feed of these occupations as of `now`, as JSON. A suspended permit is left out if its works have not begun. If they
/// have, the road is closed until it is reopened (Road Traffic Safety Law art. 32(2)), whatever has become of the permit.
///
/// # Panics
/// Never: the feed is plain data.
pub fn feed(occupations: &[Found<Permit>], info: &FeedInfo, now: Timestamp) -> String {
    let newest = occupations
        .iter()
        .map(|found| found.state.updated)
        .max()
        .unwrap_or(now);
    let feed = Feed {
        feed_info: Info {
            update_date: now.to_string(),
            publisher: &info.publisher,
            version: "4.2",
            license: LICENSE,
            data_sources: [Source {
                data_source_id: SOURCE,
                organization_name: &info.publisher,
                update_date: newest.to_string(),
            }],
        },
        r#type: "FeatureCollection",
        features: occupations.iter().flat_map(features).collect(),
    };
    serde_json::to_string(&feed).expect("plain data is always JSON")
}

fn features(found: &Found<Permit>) -> Vec<Feature> {
    let permit = &found.state;
    let (Application::RoadOccupation(occupation), Some(grant)) =
        (&permit.application, &permit.grant)
    else {
        return Vec::new();
    };
    if permit.is_suspended() && !permit.progress.is_under_way() {
        return Vec::new();
    }
    occupation
        .stretch
        .directions
        .iter()
        .map(|direction| feature(&found.id, permit, occupation, grant, *direction))
        .collect()
}

fn feature(
    id: &str,
    permit: &Permit,
    occupation: &RoadOccupation,
    grant: &Grant,
    direction: Direction,
) -> Feature {
    let started = permit.progress.is_under_way();
    Feature {
        id: format!("{id}-{}", direction.as_str()),
        r#type: "Feature",
        geometry: Geometry {
            r#type: "LineString",
            coordinates: occupation
                .stretch
                .line
                .points()
                .iter()
                .map(|point| [point.longitude(), point.latitude()])
                .collect(),
        },
        properties: Properties {
            core_details: Core {
                data_source_id: SOURCE,
                event_type: "work-zone",
                road_names: occupation
                    .stretch
                    .roads
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                direction: direction.as_str(),
                name: format!("permits/{id}"),
                description: occupation.description.to_string(),
                creation_date: permit.created.to_string(),
                update_date: permit.updated.to_string(),
            },
            start_date: grant.valid_from.to_string(),
            end_date: grant.valid_until.to_string(),
            is_start_date_verified: started,
            is_end_date_verified: false,
            is_start_position_verified: false,
            is_end_position_verified: false,
            location_method: "other",
            work_zone_type: "static",
            vehicle_impact: impact(occupation.stretch.impact),
            event_status: if started { "active" } else { "planned" },
            types_of_work: vec![TypeOfWork {
                type_name: work_type(occupation.work_type),
            }],
            lanes: occupation
                .stretch
                .lanes
                .iter()
                .map(|lane| Lane {
                    order: lane.order,
                    status: lane_status(lane.status),
                    r#type: lane_type(lane.kind),
                })
                .collect(),
        },
    }
}

fn impact(impact: Impact) -> &'static str {
    match impact {
        Impact::AllLanesOpen => "all-lanes-open",
        Impact::AllLanesOpenShiftLeft => "all-lanes-open-shift-left",
        Impact::AllLanesOpenShiftRight => "all-lanes-open-shift-right",
        Impact::SomeLanesClosed => "some-lanes-closed",
        Impact::SomeLanesClosedMergeLeft => "some-lanes-closed-merge-left",
        Impact::SomeLanesClosedMergeRight => "some-lanes-closed-merge-right",
        Impact::AlternatingOneWay => "alternating-one-way",
        Impact::AllLanesClosed => "all-lanes-closed",
    }
}

fn work_type(work_type: WorkType) -> &'static str {
    match work_type {
        WorkType::Utilities => "below-road-work",
        WorkType::Surface => "surface-work",
        WorkType::Construction => "roadway-creation",
        WorkType::Maintenance => "maintenance",
        WorkType::Roadside => "roadside-work",
        WorkType::Overhead => "overhead-work",
        WorkType::Painting => "painting",
    }
}

/// WZDx knows no bus lanes: they are general ones.
fn lane_type(kind: LaneType) -> &'static str {
    match kind {
        LaneType::General | LaneType::BusLane => "general",
        LaneType::Shoulder => "shoulder",
        LaneType::EntranceLane => "entrance-lane",
        LaneType::ExitLane => "exit-lane",
        LaneType::BikeLane => "bike-lane",
        LaneType::Sidewalk => "sidewalk",
        LaneType::Parking => "parking",
    }
}

fn lane_status(status: LaneStatus) -> &'static str {
    match status {
        LaneStatus::Open => "open",
        LaneStatus::Closed => "closed",
        LaneStatus::ShiftLeft => "shift-left",
        LaneStatus::ShiftRight => "shift-right",
        LaneStatus::AlternatingFlow => "alternating-flow",
    }
}
