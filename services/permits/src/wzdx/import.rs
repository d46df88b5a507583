//! A feed as applications for road occupations: one a work-zone feature.
//!
//! A feed says where and when; what the law asks beyond it (consent, notice, signs) the importer states once for all.

use super::MOST_FEATURES;
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use pbjson_types::Timestamp as Time;
use prost::Message;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use traffic_proto::permits::v1 as proto;

/// What a feed does not say.
#[derive(Clone, Debug)]
pub struct Import {
    /// Six digits.
    pub district: String,
    pub applicant: proto::Organisation,
    pub contact: proto::Person,
    /// Consent of the road authority to all works of the feed.
    pub road_authority_consent: String,
    /// When the public was told; without it, the day on which each feature says it was created.
    pub public_notice_on: Option<Date>,
    /// Moves the whole feed in time so that its earliest work begins on this day: for feeds of the past.
    pub starting_on: Option<Date>,
}

/// One feature and what became of it.
#[derive(Clone, Debug)]
pub struct Imported {
    pub feature_id: String,
    /// The application, and a request id that is the same whenever the same feature is imported in the same way; or why
    /// there is none.
    pub outcome: Result<(Box<proto::Permit>, uuid::Uuid), String>,
}

/// The text is no feed.
#[derive(Debug, thiserror::Error)]
pub enum NotAFeed {
    #[error("not a WZDx feed: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("{0} features; at most {MOST_FEATURES} are read")]
    TooLarge(usize),
}

#[derive(Deserialize)]
struct Feed {
    features: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Geometry {
    coordinates: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Properties {
    core_details: Core,
    start_date: Timestamp,
    end_date: Timestamp,
    vehicle_impact: String,
    #[serde(default)]
    types_of_work: Vec<TypeOfWork>,
    #[serde(default)]
    lanes: Vec<Lane>,
}

#[derive(Deserialize)]
struct Core {
    event_type: String,
    road_names: Vec<String>,
    direction: String,
    name: Option<String>,
    description: Option<String>,
    creation_date: Option<Timestamp>,
}

#[derive(Deserialize)]
struct TypeOfWork {
    type_name: String,
}

#[derive(Deserialize)]
struct Lane {
    order: u32,
    status: String,
    r#type: String,
}

/// Reads a feed.
///
/// # Errors
/// [`NotAFeed`] if it is none; what is wrong with one feature stands with that feature.
pub fn parse(feed: &str, import: &Import) -> Result<Vec<Imported>, NotAFeed> {
    let feed: Feed = serde_json::from_str(feed)?;
    if feed.features.len() > MOST_FEATURES {
        return Err(NotAFeed::TooLarge(feed.features.len()));
    }
    let features: Vec<(String, Result<Feature, String>)> =
        feed.features.into_iter().enumerate().map(read).collect();
    let earliest = features
        .iter()
        .filter_map(|(_, feature)| feature.as_ref().ok())
        .map(|feature| feature.properties.start_date)
        .min();
    let shift = match (import.starting_on, earliest) {
        (Some(day), Some(earliest)) => whole_days(earliest, day),
        _ => SignedDuration::ZERO,
    };
    Ok(features
        .into_iter()
        .map(|(feature_id, feature)| Imported {
            outcome: feature
                .and_then(|feature| application(&feature, import, shift))
                .map(|permit| {
                    let id = request_id(&feature_id, &permit);
                    (Box::new(permit), id)
                }),
            feature_id,
        })
        .collect())
}

fn read((at, value): (usize, serde_json::Value)) -> (String, Result<Feature, String>) {
    let id = value
        .get("id")
        .and_then(serde_json::Value::as_str)
        .map_or_else(|| format!("features[{at}]"), str::to_owned);
    let core = &value["properties"]["core_details"];
    let feature = match core["event_type"].as_str() {
        // A detour has no work zone of its own, and not all of its fields.
        Some("detour") => Err("a detour, which occupies no road".to_owned()),
        _ => serde_json::from_value(value).map_err(|error| error.to_string()),
    };
    (id, feature)
}

/// From the local day of `earliest` to `day`: hours of the day stay as they are.
fn whole_days(earliest: Timestamp, day: Date) -> SignedDuration {
    day.duration_since(local_day(earliest))
}

fn request_id(feature_id: &str, permit: &proto::Permit) -> uuid::Uuid {
    let mut hash = Sha256::new();
    hash.update(feature_id.as_bytes());
    hash.update(permit.encode_to_vec());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn application(
    feature: &Feature,
    import: &Import,
    shift: SignedDuration,
) -> Result<proto::Permit, String> {
    let properties = &feature.properties;
    let core = &properties.core_details;
    if core.event_type != "work-zone" {
        return Err(format!(
            "an event of type `{}`, not a work zone",
            core.event_type
        ));
    }
    let moved = |time: Timestamp| {
        time.checked_add(shift)
            .map(|time| Time {
                seconds: time.as_second(),
                nanos: 0,
            })
            .map_err(|error| error.to_string())
    };
    let notice = import
        .public_notice_on
        .or_else(|| core.creation_date.map(local_day));
    let text = core.description.clone().or_else(|| core.name.clone());
    let description = text.unwrap_or_else(|| "road work".to_owned());
    let lanes: Result<Vec<_>, String> = properties.lanes.iter().map(lane).collect();
    let occupation = proto::RoadOccupation {
        stretch: Some(proto::RoadStretch {
            roads: core.road_names.clone(),
            directions: vec![direction(&core.direction)?.into()],
            line: Some(proto::Line {
                points: feature
                    .geometry
                    .coordinates
                    .iter()
                    .map(|coordinates| point(coordinates))
                    .collect::<Result<_, _>>()?,
            }),
            side: proto::RoadSide::Both.into(),
            width_cm: 350,
            lanes: lanes?,
            impact: impact(&properties.vehicle_impact)?.into(),
        }),
        time: Some(proto::OccupationTime {
            start_time: Some(moved(properties.start_date)?),
            end_time: Some(moved(properties.end_date)?),
            daily_hours: None,
        }),
        work_type: properties
            .types_of_work
            .first()
            .map_or(proto::WorkType::Maintenance, |work| {
                work_type(&work.type_name)
            })
            .into(),
        traffic_plan: format!("as described in the feed: {description}")
            .chars()
            .take(5000)
            .collect(),
        description: description.chars().take(500).collect(),
        signs: Some(proto::Signs {
            upstream_m: 50,
            upstream_night_m: 100,
        }),
        public_notice_on: notice.map(|day| proto::Day {
            value: day.to_string(),
        }),
        emergency: None,
        road_authority_consent: import.road_authority_consent.clone(),
        joint_plan: None,
    };
    Ok(proto::Permit {
        district: import.district.clone(),
        applicant: Some(import.applicant.clone()),
        contact: Some(import.contact.clone()),
        application: Some(proto::permit::Application::RoadOccupation(occupation)),
        ..proto::Permit::default()
    })
}

fn local_day(time: Timestamp) -> Date {
    Offset::constant(8).to_datetime(time).date()
}

fn point(coordinates: &[f64]) -> Result<proto::Point, String> {
    match *coordinates {
        [longitude, latitude] | [longitude, latitude, _] => Ok(proto::Point {
            longitude,
            latitude,
        }),
        _ => Err("a position has two or three coordinates".to_owned()),
    }
}

fn direction(direction: &str) -> Result<proto::TravelDirection, String> {
    Ok(match direction {
        "northbound" => proto::TravelDirection::Northbound,
        "eastbound" => proto::TravelDirection::Eastbound,
        "southbound" => proto::TravelDirection::Southbound,
        "westbound" => proto::TravelDirection::Westbound,
        "inner-loop" => proto::TravelDirection::InnerLoop,
        "outer-loop" => proto::TravelDirection::OuterLoop,
        other => {
            return Err(format!(
                "direction `{other}`: a permit names the direction of traffic"
            ));
        }
    })
}

fn impact(impact: &str) -> Result<proto::VehicleImpact, String> {
    Ok(match impact {
        "all-lanes-open" => proto::VehicleImpact::AllLanesOpen,
        "all-lanes-open-shift-left" => proto::VehicleImpact::AllLanesOpenShiftLeft,
        "all-lanes-open-shift-right" => proto::VehicleImpact::AllLanesOpenShiftRight,
        // What is unknown is taken for the more cautious.
        "some-lanes-closed" | "some-lanes-closed-split" | "unknown" => {
            proto::VehicleImpact::SomeLanesClosed
        }
        "some-lanes-closed-merge-left" => proto::VehicleImpact::SomeLanesClosedMergeLeft,
        "some-lanes-closed-merge-right" => proto::VehicleImpact::SomeLanesClosedMergeRight,
        "alternating-one-way" | "flagging" | "temporary-traffic-signal" => {
            proto::VehicleImpact::AlternatingOneWay
        }
        "all-lanes-closed" => proto::VehicleImpact::AllLanesClosed,
        other => return Err(format!("vehicle impact `{other}` is unknown")),
    })
}

fn work_type(name: &str) -> proto::WorkType {
    match name {
        "below-road-work" => proto::WorkType::Utilities,
        "surface-work" | "minor-road-defect-repair" => proto::WorkType::Surface,
        "roadway-creation" | "roadway-relocation" | "barrier-work" => proto::WorkType::Construction,
        "roadside-work" => proto::WorkType::Roadside,
        "overhead-work" => proto::WorkType::Overhead,
        "painting" => proto::WorkType::Painting,
        _ => proto::WorkType::Maintenance,
    }
}

fn lane(lane: &Lane) -> Result<proto::LaneUse, String> {
    let kind = match lane.r#type.as_str() {
        "shoulder" | "median" => proto::LaneType::Shoulder,
        "entrance-lane" | "entrance-ramp" => proto::LaneType::EntranceLane,
        "exit-lane" | "exit-ramp" => proto::LaneType::ExitLane,
        "bike-lane" => proto::LaneType::BikeLane,
        "sidewalk" => proto::LaneType::Sidewalk,
        "parking" => proto::LaneType::Parking,
        "general" | "two-way-center-turn-lane" | "center-left-turn-lane" => {
            proto::LaneType::General
        }
        other => return Err(format!("lane type `{other}` is unknown")),
    };
    let status = match lane.status.as_str() {
        "open" => proto::LaneStatus::Open,
        "closed" => proto::LaneStatus::Closed,
        "shift-left" | "merge-left" => proto::LaneStatus::ShiftLeft,
        "shift-right" | "merge-right" => proto::LaneStatus::ShiftRight,
        "alternating-flow" => proto::LaneStatus::AlternatingFlow,
        other => return Err(format!("lane status `{other}` is unknown")),
    };
    Ok(proto::LaneUse {
        order: lane.order,
        r#type: kind.into(),
        status: status.into(),
    })
}
