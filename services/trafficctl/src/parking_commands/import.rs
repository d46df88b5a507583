//! `parking import-bays FILE`.

use super::bays::{self, Columns, Summary};
use crate::connect::{Connection, Target};
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use crate::request_ids;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use tonic::Code;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::{CreateZoneRequest, ImportBaysRequest, Zone, ZoneGrade};

/// Problems that are shown to people; scripts get all that are kept.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// CSV with a heading line; positions in WGS 84
    file: PathBuf,

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
    columns: Columns,
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
    let bays = bays::read(file, &options.columns)?;
    let connection = target.service("parking").await?;
    if options.create_zones {
        create_zones(connection.clone(), &bays, options).await?;
    }
    let bar = progress::bar(bays.len() as u64, "bays");
    let summary = bays::import(connection, bays, |rows| bar.set_position(rows)).await?;
    bar.finish_and_clear();
    format.print(&summary, text)?;
    if summary.refused > 0 {
        return Err(Failure::failed(format!("{} rows were refused", summary.refused)));
    }
    Ok(())
}

async fn create_zones(
    connection: Connection,
    bays: &[ImportBaysRequest],
    options: &ImportOptions,
) -> Result<(), Failure> {
    let (Some(district), Some(tariff)) = (&options.district, &options.tariff) else {
        return Err(Failure::usage("--create-zones needs --district and --tariff"));
    };
    let grade = match options.grade {
        Grade::I => ZoneGrade::I,
        Grade::Ii => ZoneGrade::Ii,
        Grade::Iii => ZoneGrade::Iii,
    };
    let zones: BTreeSet<&str> = bays
        .iter()
        .filter_map(|row| row.bay.as_ref()?.zone.strip_prefix("zones/"))
        .collect();
    let mut client = ParkingManagementServiceClient::new(connection);
    let bar = progress::bar(zones.len() as u64, "zones");
    for zone in zones {
        let request = CreateZoneRequest {
            zone_id: zone.to_owned(),
            zone: Some(Zone {
                display_name: zone.to_owned(),
                grade: grade.into(),
                district: district.clone(),
                tariff: format!("tariffs/{}", tariff.trim_start_matches("tariffs/")),
                ..Zone::default()
            }),
            request_id: request_ids::derive(&["import zone", zone, district, tariff]),
            validate_only: false,
        };
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

fn text(summary: &Summary) -> String {
    let mut text = format!(
        "{} rows: {} bays marked, {} changed, {} as they were, {} refused",
        summary.rows, summary.created, summary.updated, summary.unchanged, summary.refused
    );
    if summary.problems.is_empty() {
        return text;
    }
    let mut table = output::table(["line", "bay", "reason", ""]);
    for problem in summary.problems.iter().take(SHOWN) {
        table.add_row([
            problem.line.to_string(),
            problem.bay.clone(),
            problem.reason.clone(),
            problem.message.clone(),
        ]);
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
    use super::super::bays::Problem;
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
                line: 4,
                bay: "M1".into(),
                reason: "ZONE_NOT_FOUND".into(),
                message: "there is no such zone".into(),
            }],
        };
        insta::assert_snapshot!("summary_of_an_import", text(&summary));
    }
}
