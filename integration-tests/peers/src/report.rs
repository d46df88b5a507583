//! One table, with the suite's own figures beside if they were taken.

use crate::Failure;
use crate::measure::Sample;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

/// What the suite's rows are called.
const SUITE: &str = "traffic suite";

/// One measurement.
#[derive(Debug, Serialize)]
pub struct Row {
    what: String,
    in_flight: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

impl Row {
    pub fn of(what: &str, in_flight: usize, sample: &Sample) -> Self {
        let millis = |quantile| sample.latencies.value_at_quantile(quantile) as f64 / 1000.0;
        Self {
            what: what.to_owned(),
            in_flight,
            per_second: sample.commands_per_second,
            p50_ms: millis(0.5),
            p99_ms: millis(0.99),
        }
    }
}

/// The suite's rows that can be compared: commands of permits, which are filed and accepted there, too.
pub fn suite(path: &Path) -> Result<Vec<Row>, Failure> {
    let report: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let rows = report["rows"].as_array().ok_or("no report of a bench")?;
    let commands = rows.iter().filter(|row| row["load"] == "permits commands");
    let number = |row: &Value, name: &str| row[name].as_f64().ok_or("no report of a bench");
    let read = commands.map(|row| {
        Ok(Row {
            what: SUITE.to_owned(),
            in_flight: number(row, "in_flight")? as usize,
            per_second: number(row, "per_second")?,
            p50_ms: number(row, "p50_us")? / 1000.0,
            p99_ms: number(row, "p99_us")? / 1000.0,
        })
    });
    read.collect()
}

impl Row {
    /// The suite's rate against this row's.
    fn ratio(&self, rows: &[Self]) -> Option<f64> {
        let same_level = |row: &&Self| row.what == SUITE && row.in_flight == self.in_flight;
        let suite = rows.iter().find(same_level)?;
        (self.what != SUITE).then_some(suite.per_second / self.per_second)
    }
}

pub fn print(format: Format, rows: &[Row]) -> Result<(), Failure> {
    if format == Format::Json {
        println!("{}", serde_json::to_string(rows)?);
        return Ok(());
    }
    println!(
        "{:<36} {:>9} {:>12} {:>9} {:>9} {:>12}",
        "", "in flight", "commands/s", "p50 ms", "p99 ms", "suite: times"
    );
    for row in rows {
        let ratio = row.ratio(rows).map(|ratio| format!("{ratio:.1}"));
        println!(
            "{:<36} {:>9} {:>12.0} {:>9.2} {:>9.2} {:>12}",
            row.what,
            row.in_flight,
            row.per_second,
            row.p50_ms,
            row.p99_ms,
            ratio.unwrap_or_default()
        );
    }
    Ok(())
}
