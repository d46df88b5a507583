//! `parking import-bays FILE`.

use super::bays::{self, Problem, Summary};
use crate::connect::{Connection, Target};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use clap::{Args, ValueEnum};
use parking::bays::{Columns, FileProblem, PositionColumns, parse};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use tonic::Code;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::{CreateZoneRequest, Zone, ZoneGrade};
use uuid::Uuid;

/// Problems that are shown to people; scripts get all that are kept.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// CSV with a heading line; positions in WGS 84
    file: PathBuf,

    /// Zone of rows that name none
    #[arg(long, value_name = "ZONE", default_value = "unzoned")]
    default_zone: String,
    /// First open the zones that do not exist yet
    #[arg(long, requires_all = ["district", "tariff"])]
    create_zones: bool,
    /// District of new zones: six digits
    #[arg(long, value_name = "CODE")]
    district: Option<String>,
    /// Tariff of new zones, e.g. sample-outskirts
    #[arg(long, value_name = "TARIFF")]
    tariff: Option<String>,
    /// Grade of new zones
    #[arg(long, value_enum, default_value_t = Grade::Iii)]
    grade: Grade,

    #[command(flatten)]
    columns: ColumnNames,
}

/// Which column holds what. The defaults are those of Melbourne's open data.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Columns")]
struct ColumnNames {
    /// Bay code: letters, digits, '-', '_'
    #[arg(long, value_name = "NAME", default_value = "KerbsideID")]
    bay_column: String,
    /// Zone
    #[arg(long, value_name = "NAME", default_value = "Zone_Number")]
    zone_column: String,
    /// Position as "latitude, longitude"
    #[arg(long, value_name = "NAME", default_value = "Location")]
    position_column: String,
    /// Latitude, if it stands by itself
    #[arg(long, value_name = "NAME", requires = "longitude_column")]
    latitude_column: Option<String>,
    /// Longitude, if it stands by itself
    #[arg(long, value_name = "NAME", requires = "latitude_column")]
    longitude_column: Option<String>,
    /// standard, disabled, electric or large; without it all are standard
    #[arg(long, value_name = "NAME")]
    kind_column: Option<String>,
    /// What is painted on the ground
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,
}

impl ColumnNames {
    fn columns(&self) -> Columns {
        let position = match (&self.latitude_column, &self.longitude_column) {
            (Some(latitude), Some(longitude)) => PositionColumns::Two {
                latitude: latitude.clone(),
                longitude: longitude.clone(),
            },
            _ => PositionColumns::One(self.position_column.clone()),
        };
        Columns {
            bay: self.bay_column.clone(),
            zone: self.zone_column.clone(),
            position,
            kind: self.kind_column.clone(),
            label: self.label_column.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Grade {
    /// Centre
    I,
    /// Between centre and periphery
    Ii,
    /// Periphery
    Iii,
}

pub(super) async fn run(
    target: &Target,
    format: Format,
    options: &ImportOptions,
) -> Result<(), Failure> {
    let file = File::open(&options.file).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", options.file.display()))
    })?;
    let read = parse(
        file,
        &options.columns.columns(),
        Some(&options.default_zone),
    );
    let bays = read.map_err(|problem| match problem {
        FileProblem::NoColumn(_) => Failure::usage(problem),
        other => Failure::failed(other),
    })?;
    let connection = target.service("parking").await?;
    if options.create_zones {
        create_zones(connection.clone(), &bays.zones, options).await?;
    }
    let bar = progress::bar(bays.rows.len() as u64, "bays");
    let mut summary = bays::import(connection, bays.rows, |rows| bar.set_position(rows)).await?;
    bar.finish_and_clear();
    // Lines that are no bay at all were not sent.
    for problem in bays.problems {
        summary.rows += 1;
        summary.refused += 1;
        summary.problems.push(Problem {
            row: format!("line {}", problem.line),
            reason: "UNREADABLE".to_owned(),
            message: problem.what,
        });
    }
    format.print(&summary, text)?;
    if summary.refused > 0 {
        return Err(Failure::failed(format!(
            "{} rows were refused",
            summary.refused
        )));
    }
    Ok(())
}

async fn create_zones(
    connection: Connection,
    zones: &BTreeSet<String>,
    options: &ImportOptions,
) -> Result<(), Failure> {
    let (Some(district), Some(tariff)) = (&options.district, &options.tariff) else {
        return Err(Failure::usage(
            "--create-zones needs --district and --tariff",
        ));
    };
    let grade = match options.grade {
        Grade::I => ZoneGrade::I,
        Grade::Ii => ZoneGrade::Ii,
        Grade::Iii => ZoneGrade::Iii,
    };
    let mut client = ParkingManagementServiceClient::new(connection);
    let bar = progress::bar(zones.len() as u64, "zones");
    for zone in zones {
        let request = open_zone(zone, grade, district, tariff);
        match client.create_zone(request).await {
            Err(status) if status.code() != Code::AlreadyExists => {
                return Err(Failure::of(&format!("zone {zone}"), &status));
            }
            _ => bar.inc(1),
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn open_zone(zone: &str, grade: ZoneGrade, district: &str, tariff: &str) -> CreateZoneRequest {
    CreateZoneRequest {
        zone_id: zone.to_owned(),
        zone: Some(Zone {
            display_name: zone.to_owned(),
            grade: grade.into(),
            district: district.to_owned(),
            tariff: format!("tariffs/{}", tariff.trim_start_matches("tariffs/")),
            ..Zone::default()
        }),
        // A new one each time. That the zone is there already its own id tells, whatever else is asked for; and an answer of
        // before would be wrong once the zone has been given up.
        request_id: Uuid::now_v7().to_string(),
        validate_only: false,
    }
}

fn text(summary: &Summary) -> String {
    let mut text = format!(
        "{} rows: {} bays marked, {} changed, {} as they were, {} refused",
        summary.rows, summary.created, summary.updated, summary.unchanged, summary.refused
    );
    if summary.problems.is_empty() {
        return text;
    }
    let mut table = output::table(["row", "reason", ""]);
    for problem in summary.problems.iter().take(SHOWN) {
        table.add_row([&problem.row, &problem.reason, &problem.message]);
    }
    text += &format!("\n{table}");
    let more = summary.refused - i64::try_from(SHOWN).unwrap_or(i64::MAX);
    if more > 0 {
        text += &format!("\nand {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_rows_are_listed_under_the_counts() {
        let summary = Summary {
            rows: 3,
            created: 1,
            updated: 0,
            unchanged: 1,
            refused: 1,
            problems: vec![Problem {
                row: "M1".into(),
                reason: "ZONE_NOT_FOUND".into(),
                message: "there is no such zone".into(),
            }],
        };
        insta::assert_snapshot!("summary_of_an_import", text(&summary));
    }

    #[test]
    fn a_zone_is_asked_for_anew_each_time() {
        let open = |grade| open_zone("9001", grade, "371702", "tariffs/sample-outskirts");
        let (first, second) = (open(ZoneGrade::Iii), open(ZoneGrade::I));
        let zone = first.zone.unwrap();
        assert_eq!(zone.tariff, "tariffs/sample-outskirts");
        assert_ne!(first.request_id, second.request_id);
    }
}
