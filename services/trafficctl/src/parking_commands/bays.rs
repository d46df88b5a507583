//! Bays out of CSV, and into parking.

use crate::connect::Connection;
use crate::failure::Failure;
use clap::Args;
use serde::Serialize;
use std::io::Read;
use tonic::Request;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::{Bay, BayKind, GeoPoint, ImportBaysRequest};

/// Most rows of one file: bounds memory to about 200 MB.
const MOST_ROWS: usize = 1_000_000;
/// Rows sent in one call, after which progress is known.
const CHUNK: usize = 500;
/// Most problems that are kept; the rest is counted.
const MOST_PROBLEMS: usize = 10_000;

/// Which column holds what. The defaults are those of Melbourne's open data.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Columns")]
pub(crate) struct Columns {
    /// Bay code: letters, digits, '-', '_'
    #[arg(long, value_name = "NAME", default_value = "KerbsideID")]
    pub(crate) id_column: String,
    /// Zone
    #[arg(long, value_name = "NAME", default_value = "Zone_Number")]
    pub(crate) zone_column: String,
    /// Position as "latitude, longitude"
    #[arg(long, value_name = "NAME", default_value = "Location")]
    pub(crate) location_column: String,
    /// Latitude, if it stands by itself
    #[arg(long, value_name = "NAME", requires = "longitude_column")]
    pub(crate) latitude_column: Option<String>,
    /// Longitude, if it stands by itself
    #[arg(long, value_name = "NAME", requires = "latitude_column")]
    pub(crate) longitude_column: Option<String>,
    /// standard, disabled, electric or large; without it all are standard
    #[arg(long, value_name = "NAME")]
    pub(crate) kind_column: Option<String>,
    /// What is painted on the ground
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Put before every bay code
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) bay_prefix: String,
    /// Put before every zone
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) zone_prefix: String,
    /// Zone of rows that name none
    #[arg(long, value_name = "ZONE", default_value = "unzoned")]
    pub(crate) default_zone: String,
}

impl Columns {
    /// Those of the sample city.
    pub(crate) fn of_sample() -> Self {
        let name = |name: &str| name.to_owned();
        Self {
            id_column: name("bay"),
            zone_column: name("zone"),
            location_column: String::new(),
            latitude_column: Some(name("latitude")),
            longitude_column: Some(name("longitude")),
            kind_column: Some(name("kind")),
            label_column: Some(name("label")),
            bay_prefix: String::new(),
            zone_prefix: String::new(),
            default_zone: name("unzoned"),
        }
    }
}

/// Reads all bays of a file. Nothing is sent unless the whole file can be read.
///
/// # Errors
/// A column is missing, or a row cannot be read: named by its line.
pub(crate) fn read(input: impl Read, columns: &Columns) -> Result<Vec<ImportBaysRequest>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(input);
    let headings = reader.headers().map_err(Failure::failed)?.clone();
    let find = |name: &str| {
        headings
            .iter()
            // Some programs begin a file with a byte order mark.
            .position(|heading| heading.trim_start_matches('\u{feff}') == name)
            .ok_or_else(|| {
                let there: Vec<&str> = headings.iter().collect();
                Failure::usage(format!("no column `{name}`; there are: {}", there.join(", ")))
            })
    };
    let find_if = |name: &Option<String>| name.as_deref().map(find).transpose();
    let id = find(&columns.id_column)?;
    let zone = find(&columns.zone_column)?;
    let latitude = find_if(&columns.latitude_column)?;
    let longitude = find_if(&columns.longitude_column)?;
    let location = match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Location::Apart(latitude, longitude),
        _ => Location::Together(find(&columns.location_column)?),
    };
    let kind = find_if(&columns.kind_column)?;
    let label = find_if(&columns.label_column)?;

    let mut bays = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(Failure::failed)?;
        // The heading is line 1. A row may run over several lines, so the reader's own count is better if there is one.
        let line = record
            .position()
            .map_or(row as u64 + 2, csv::Position::line);
        let bad = |what: &str| Failure::failed(format!("line {line}: {what}"));
        if bays.len() == MOST_ROWS {
            return Err(Failure::failed(format!("more than {MOST_ROWS} rows")));
        }
        let text = |column: usize| record.get(column).unwrap_or_default();
        let zone = match text(zone) {
            "" => columns.default_zone.clone(),
            zone => format!("{}{zone}", columns.zone_prefix),
        };
        let kind = match kind.map_or("", text) {
            "" | "standard" => BayKind::Standard,
            "disabled" => BayKind::Disabled,
            "electric" => BayKind::Electric,
            "large" => BayKind::Large,
            _ => return Err(bad("kind is not standard, disabled, electric or large")),
        };
        let position = match &location {
            Location::Together(column) => text(*column).split_once(','),
            Location::Apart(latitude, longitude) => Some((text(*latitude), text(*longitude))),
        };
        let position = position
            .and_then(|(latitude, longitude)| {
                Some(GeoPoint {
                    latitude: latitude.trim().parse().ok()?,
                    longitude: longitude.trim().parse().ok()?,
                })
            })
            .ok_or_else(|| bad("no position"))?;
        bays.push(ImportBaysRequest {
            bay_id: format!("{}{}", columns.bay_prefix, text(id)),
            bay: Some(Bay {
                zone: format!("zones/{zone}"),
                position: Some(position),
                kind: kind.into(),
                label: label.map_or_else(String::new, |column| text(column).to_owned()),
                ..Bay::default()
            }),
        });
    }
    Ok(bays)
}

enum Location {
    Together(usize),
    Apart(usize, usize),
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) rows: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) unchanged: i64,
    pub(crate) refused: i64,
    pub(crate) problems: Vec<Problem>,
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Row of the file, the first after the heading being 2.
    pub(crate) line: i64,
    pub(crate) bay: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

/// Sends all bays, piece by piece, and tells after each piece how many rows have been looked at.
///
/// # Errors
/// Parking did not answer. What was sent is marked; sending all again changes nothing more.
pub(crate) async fn import(
    connection: Connection,
    bays: Vec<ImportBaysRequest>,
    progress: impl Fn(u64),
) -> Result<Summary, Failure> {
    let mut client = ParkingManagementServiceClient::new(connection);
    let mut summary = Summary::default();
    for chunk in bays.chunks(CHUNK) {
        let first = summary.rows;
        let rows = tokio_stream::iter(chunk.to_vec());
        let answer = client
            .import_bays(Request::new(rows))
            .await
            .map_err(|status| {
                let before = format!("after {first} rows (send the file again to go on)");
                Failure::of(&before, &status)
            })?
            .into_inner();
        summary.rows += answer.row_count;
        summary.created += answer.created_count;
        summary.updated += answer.updated_count;
        summary.unchanged += answer.unchanged_count;
        summary.refused += answer.problem_count;
        for problem in answer.problems {
            if summary.problems.len() == MOST_PROBLEMS {
                break;
            }
            let row = usize::try_from(problem.row).unwrap_or(usize::MAX);
            summary.problems.push(Problem {
                line: first + problem.row + 2,
                bay: chunk.get(row).map_or_else(String::new, |row| row.bay_id.clone()),
                reason: problem.reason,
                message: match problem.field.as_str() {
                    "" => problem.message,
                    field => format!("{field}: {}", problem.message),
                },
            });
        }
        progress(summary.rows.unsigned_abs());
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn melbourne() -> Columns {
        Columns {
            id_column: "KerbsideID".into(),
            zone_column: "Zone_Number".into(),
            location_column: "Location".into(),
            latitude_column: None,
            longitude_column: None,
            kind_column: None,
            label_column: None,
            bay_prefix: "M".into(),
            zone_prefix: "Z".into(),
            default_zone: "none".into(),
        }
    }

    #[test]
    fn melbournes_shape_is_read_with_its_byte_order_mark_and_rows_without_zone() {
        let text = "\u{feff}Lastupdated,Zone_Number,KerbsideID,Location\n\
                    x,7084,8729,\"-37.8, 144.9\"\nx,,8730,\"-37.9, 144.8\"\n";
        let bays = read(text.as_bytes(), &melbourne()).unwrap();
        let first = bays[0].bay.as_ref().unwrap();
        assert_eq!(bays[0].bay_id, "M8729");
        assert_eq!(first.zone, "zones/Z7084");
        assert_eq!(first.position.as_ref().unwrap().latitude, -37.8);
        assert_eq!(bays[1].bay.as_ref().unwrap().zone, "zones/none");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named_by_its_line() {
        let text = "Zone_Number,KerbsideID,Location\n1,2,\"-37.8, 144.9\"\n1,3,nowhere\n";
        let failure = read(text.as_bytes(), &melbourne()).unwrap_err();
        assert_eq!(failure.to_string(), "line 3: no position");
    }

    #[test]
    fn a_missing_column_is_usage_and_the_present_ones_are_named() {
        let failure = read("a,b\n".as_bytes(), &melbourne()).unwrap_err();
        assert_eq!(failure.exit_code(), 64);
        assert_eq!(failure.to_string(), "no column `KerbsideID`; there are: a, b");
    }
}
