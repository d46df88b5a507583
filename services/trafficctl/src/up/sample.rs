//! The sample city: an invented quarter with zones, bays, prices and permits, loaded once through the public contracts.
//!
//! What is loaded is kept as requests in `sample/`, times relative to the moment of the first start. That moment is
//! written down before anything is sent, and every request id follows from it: a load that broke off goes on where it was.

use super::tokens::Tokens;
use crate::connect::{Bearer, Connection, endpoint};
use crate::failure::Failure;
use crate::parking_commands::bays;
use crate::request_ids;
use crate::suite::Started;
use crate::time::now;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use parking::bays::{Columns, PositionColumns};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Request};
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::{CreateTariffRequest, CreateZoneRequest, ImportBaysRequest};
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
use traffic_proto::permits::v1::{
    AcceptPermitRequest, ApprovePermitRequest, CreatePermitRequest, Permit,
};

const TARIFFS: &str = include_str!("../../sample/tariffs.json");
const ZONES: &str = include_str!("../../sample/zones.json");
const BAYS: &str = include_str!("../../sample/bays.csv");
const PERMITS: &str = include_str!("../../sample/permits.json");

/// Where it is written down that the city is loaded.
const NOTE: &str = "sample-city.json";
/// Times in the sample are China's: UTC+8, without summer time.
const CHINA: Offset = Offset::constant(8);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Note {
    /// What times are relative to.
    base: Timestamp,
    loaded: bool,
}

/// An application, and how far it is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SamplePermit {
    name: String,
    until: Until,
    permit: Permit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Until {
    Submitted,
    Accepted,
    Approved,
}

/// Loads the city unless it was loaded before. Answers the moment that its times are relative to.
pub(super) async fn load(
    folder: &Path,
    services: &[Started],
    tokens: &Tokens,
) -> Result<Timestamp, Failure> {
    let path = folder.join(NOTE);
    let noted: Option<Note> = std::fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    // What broke off long ago would be filed too late by now: it is begun afresh.
    let fresh_enough = |note: &Note| note.loaded || now() < note.base + 12.hours();
    let mut note = noted.filter(fresh_enough).unwrap_or_else(|| Note {
        base: now().round(jiff::Unit::Second).unwrap_or_default(),
        loaded: false,
    });
    if note.loaded {
        return Ok(note.base);
    }
    std::fs::write(&path, serde_json::to_vec(&note)?)?;
    load_parking(connection(services, "parking", &tokens.operator).await?).await?;
    Box::pin(load_permits(
        connection(services, "permits", &tokens.applicant).await?,
        connection(services, "permits", &tokens.reviewer).await?,
        note.base,
    ))
    .await?;
    note.loaded = true;
    std::fs::write(&path, serde_json::to_vec(&note)?)?;
    Ok(note.base)
}

pub(super) async fn connection(
    services: &[Started],
    name: &str,
    token: &str,
) -> Result<Connection, Failure> {
    let service = services
        .iter()
        .find(|service| service.name == name)
        .ok_or_else(|| Failure::failed(format!("{name} does not run")))?;
    let channel = endpoint(&service.grpc.to_string())?
        .connect()
        .await
        .map_err(Failure::failed)?;
    Ok(InterceptedService::new(channel, Bearer::new(Some(token))?))
}

/// Publishes the sample's prices and opens its zones. Answers the name of one.
pub(crate) async fn open_zones(connection: Connection) -> Result<String, Failure> {
    let mut client = ParkingManagementServiceClient::new(connection);
    let mut zone = String::new();
    for mut request in parse::<Vec<CreateTariffRequest>>(TARIFFS)? {
        let name = format!("sample tariff {}", request.tariff_id);
        request.request_id = request_ids::derive(&["sample", &name]);
        created(&name, client.create_tariff(request).await)?;
    }
    for mut request in parse::<Vec<CreateZoneRequest>>(ZONES)? {
        let name = format!("sample zone {}", request.zone_id);
        request.request_id = request_ids::derive(&["sample", &name]);
        zone = format!("zones/{}", request.zone_id);
        created(&name, client.create_zone(request).await)?;
    }
    Ok(zone)
}

async fn load_parking(connection: Connection) -> Result<(), Failure> {
    open_zones(connection.clone()).await?;
    let summary = bays::import(connection, sample_bays()?, |_| {}).await?;
    match summary.problems.first() {
        None => Ok(()),
        Some(problem) => Err(Failure::failed(format!(
            "sample bay {}: {}",
            problem.row, problem.message
        ))),
    }
}

fn sample_bays() -> Result<Vec<ImportBaysRequest>, Failure> {
    let columns = Columns {
        bay: "bay".to_owned(),
        zone: "zone".to_owned(),
        position: PositionColumns::Two {
            latitude: "latitude".to_owned(),
            longitude: "longitude".to_owned(),
        },
        kind: Some("kind".to_owned()),
        label: Some("label".to_owned()),
    };
    let bays = parking::bays::parse(BAYS.as_bytes(), &columns, None).map_err(Failure::failed)?;
    match bays.problems.first() {
        None => Ok(bays.rows),
        Some(problem) => Err(Failure::failed(format!("sample bays: {problem}"))),
    }
}

/// What is there already was loaded before.
fn created<T>(
    what: &str,
    answer: Result<tonic::Response<T>, tonic::Status>,
) -> Result<(), Failure> {
    match answer {
        Err(status) if status.code() != Code::AlreadyExists => Err(Failure::of(what, &status)),
        _ => Ok(()),
    }
}

async fn load_permits(
    applicant: Connection,
    reviewer: Connection,
    base: Timestamp,
) -> Result<(), Failure> {
    let mut applicant = PermitServiceClient::new(applicant);
    let mut reviewer = PermitServiceClient::new(reviewer);
    for sample in parse::<Vec<SamplePermit>>(&fill(PERMITS, base)?)? {
        let what = format!("sample permit {}", sample.name);
        let failed = |status| Failure::of(&what, &status);
        let id = |step| request_ids::derive(&["sample", &sample.name, step, &base.to_string()]);
        let create = CreatePermitRequest {
            permit: Some(sample.permit.clone()),
            request_id: id("create"),
            ..CreatePermitRequest::default()
        };
        let name = applicant
            .create_permit(Request::new(create))
            .await
            .map_err(failed)?
            .into_inner()
            .name;
        if sample.until == Until::Submitted {
            continue;
        }
        let accept = AcceptPermitRequest {
            name: name.clone(),
            request_id: id("accept"),
            ..AcceptPermitRequest::default()
        };
        reviewer.accept_permit(accept).await.map_err(failed)?;
        if sample.until == Until::Accepted {
            continue;
        }
        let approve = ApprovePermitRequest {
            name,
            request_id: id("approve"),
            ..ApprovePermitRequest::default()
        };
        reviewer.approve_permit(approve).await.map_err(failed)?;
    }
    Ok(())
}

pub(super) fn parse<T: DeserializeOwned>(json: &str) -> Result<T, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::failed(format!("sample data: {error}")))
}

/// Puts times in the place of `@{-60m}` (minutes from `base`), `@{+10d 20:00}` (a time of a later day) and `@{+3d}` (a day).
pub(super) fn fill(text: &str, base: Timestamp) -> Result<String, Failure> {
    let mut filled = String::with_capacity(text.len());
    let mut parts = text.split("@{");
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let filling = part
            .split_once('}')
            .and_then(|(what, rest)| Some((when(what, base)?, rest)));
        let Some((time, rest)) = filling else {
            return Err(Failure::failed(format!("sample data: no time: @{{{part}")));
        };
        filled.push_str(&time);
        filled.push_str(rest);
    }
    Ok(filled)
}

fn when(what: &str, base: Timestamp) -> Option<String> {
    if let Some(minutes) = what.strip_suffix('m') {
        let minutes: i64 = minutes.parse().ok()?;
        return Some((base + minutes.minutes()).to_string());
    }
    let today = CHINA.to_datetime(base).date();
    let (days, time) = match what.split_once(' ') {
        Some((days, time)) => (days, Some(time)),
        None => (what, None),
    };
    let day = today
        .checked_add(days.strip_suffix('d')?.parse::<i32>().ok()?.days())
        .ok()?;
    let Some(time) = time else {
        return Some(day.to_string());
    };
    let (hour, minute) = time.split_once(':')?;
    let at = day.at(hour.parse().ok()?, minute.parse().ok()?, 0, 0);
    Some(CHINA.to_timestamp(at).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Timestamp {
        "2026-03-02T17:30:00Z".parse().unwrap()
    }

    #[test]
    fn times_are_relative_to_the_first_start_in_chinas_time() {
        // In China it is already the third.
        assert_eq!(
            fill("a @{+1d} b @{+1d 20:00} c @{-60m} d", base()).unwrap(),
            "a 2026-03-04 b 2026-03-04T12:00:00Z c 2026-03-02T16:30:00Z d"
        );
        assert!(fill("@{soon}", base()).is_err());
        assert!(fill("@{+1d", base()).is_err());
    }

    #[test]
    fn the_sample_is_what_the_contracts_take() {
        let permits: Vec<SamplePermit> = parse(&fill(PERMITS, base()).unwrap()).unwrap();
        assert!(permits.iter().any(|permit| permit.until == Until::Approved));
        let zones: Vec<CreateZoneRequest> = parse(ZONES).unwrap();
        let tariffs: Vec<CreateTariffRequest> = parse(TARIFFS).unwrap();
        assert_eq!((zones.len(), tariffs.len()), (3, 2));
        let bays = sample_bays().unwrap();
        assert_eq!(bays.len(), 60);
        for row in bays {
            let zone = row.bay.unwrap().zone;
            let known = |request: &CreateZoneRequest| format!("zones/{}", request.zone_id) == zone;
            assert!(zones.iter().any(known), "{zone}");
        }
    }
}
