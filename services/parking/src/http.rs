//! Availability as public JSON, after the Curb Data Specification's spaces and zones, for map providers and displays.

use crate::domain::bay::{Availability, BayKind};
use crate::read_model::{self, BayRow, ZoneCounts};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chassis::domain::AggregateKey;
use chassis::projection::ReadError;
use chassis::service::Core;
use serde::{Deserialize, Serialize};

/// Zones in one answer, at most.
const MAX_ZONES: usize = 1_000;

/// `GET /availability`: all zones with their counts. `GET /availability?zone=ID`: one zone with each of its bays.
pub fn routes(core: Core) -> Router {
    Router::new()
        .route("/availability", get(availability))
        .with_state(core)
}

#[derive(Debug, Deserialize)]
struct Wanted {
    zone: Option<String>,
}

#[derive(Debug, Serialize)]
struct Feed {
    version: &'static str,
    time_zone: &'static str,
    /// Milliseconds since 1970.
    last_updated: i64,
    /// Seconds after which to ask again.
    ttl: u32,
    /// Journal position of this state: `WatchAvailability` goes on from here.
    position: u64,
    data: Data,
}

#[derive(Debug, Serialize)]
struct Data {
    zones: Vec<CurbZone>,
    spaces: Vec<CurbSpace>,
}

#[derive(Debug, Serialize)]
struct CurbZone {
    curb_zone_id: String,
    name: String,
    num_spaces: u64,
    available_spaces: u64,
    taken_spaces: u64,
    closed_spaces: u64,
    unknown_spaces: u64,
}

#[derive(Debug, Serialize)]
struct CurbSpace {
    curb_space_id: String,
    curb_zone_id: String,
    geometry: Point,
    /// `standard`, `disabled`, `electric` or `large`.
    kind: &'static str,
    available: bool,
    /// `free`, `taken`, `closed` or `unknown`.
    status: &'static str,
    /// Milliseconds since 1970.
    availability_time: i64,
}

#[derive(Debug, Serialize)]
struct Point {
    r#type: &'static str,
    /// Longitude, latitude; WGS 84.
    coordinates: [f64; 2],
}

async fn availability(State(core): State<Core>, Query(wanted): Query<Wanted>) -> Response {
    match feed(&core, wanted.zone).await {
        Ok(Some(feed)) => Json(feed).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no such zone\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn feed(core: &Core, zone: Option<String>) -> Result<Option<Feed>, ReadError> {
    if zone
        .as_ref()
        .is_some_and(|zone| !AggregateKey::is_valid_id(zone))
    {
        return Ok(None);
    }
    // Before the read: who watches from here on misses nothing.
    let position = core.projection.applied();
    let last_updated = core.clock.now().as_millisecond();
    let data = core
        .projection
        .read(move |view| {
            let mut zones = Vec::new();
            for (id, _, known) in read_model::list_zones(view, None, None, MAX_ZONES)?.items {
                if zone.as_ref().is_none_or(|zone| *zone == id) {
                    let counts = read_model::zone_counts(view, &id)?;
                    zones.push(curb_zone(id, known.details.display_name, counts));
                }
            }
            let spaces = match &zone {
                None => Vec::new(),
                Some(zone) => read_model::bay_rows(view, zone)?
                    .into_iter()
                    .map(curb_space)
                    .collect(),
            };
            Ok((zone.is_none() || !zones.is_empty()).then_some(Data { zones, spaces }))
        })
        .await?;
    Ok(data.map(|data| Feed {
        version: "1.0.0",
        time_zone: "Asia/Shanghai",
        last_updated,
        ttl: 5,
        position,
        data,
    }))
}

fn curb_zone(curb_zone_id: String, name: String, counts: ZoneCounts) -> CurbZone {
    CurbZone {
        curb_zone_id,
        name,
        num_spaces: counts.bays(),
        available_spaces: counts.free,
        taken_spaces: counts.taken,
        closed_spaces: counts.closed,
        unknown_spaces: counts.unknown,
    }
}

fn curb_space((curb_space_id, row): (String, BayRow)) -> CurbSpace {
    CurbSpace {
        curb_space_id,
        curb_zone_id: row.zone,
        geometry: Point {
            r#type: "Point",
            coordinates: [row.position.longitude(), row.position.latitude()],
        },
        kind: match row.kind {
            BayKind::Standard => "standard",
            BayKind::Disabled => "disabled",
            BayKind::Electric => "electric",
            BayKind::Large => "large",
        },
        available: row.availability == Availability::Free,
        status: match row.availability {
            Availability::Free => "free",
            Availability::Taken => "taken",
            Availability::Closed => "closed",
            Availability::Unknown => "unknown",
        },
        availability_time: row.since.as_millisecond(),
    }
}
