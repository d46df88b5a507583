//! What a bench found, as one table.

use super::measure::Sample;
use super::processes::CpuShare;
use crate::failure::Failure;
use crate::output::{self, Format};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Mean size of a commit, and so of a raw publish.
    pub(super) payload_bytes: usize,
    /// Size of what echo and get answer.
    pub(super) answer_bytes: usize,
    pub(super) connections: usize,
    pub(super) cores: usize,
    /// Resident memory at the end, by process. Bytes.
    pub(super) memory: Vec<(String, u64)>,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    load: &'static str,
    in_flight: usize,
    per_second: f64,
    p50_us: u64,
    p99_us: u64,
    /// Rate and median against the bare thing at the same level.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ratio: Option<f64>,
    requests: u64,
    failed: u64,
    cores: CpuShare,
}

impl Row {
    pub(super) fn baseline(load: &'static str, in_flight: usize, sample: &Sample) -> Self {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self {
            load,
            in_flight,
            per_second: sample.per_second,
            p50_us: micros(sample.p50),
            p99_us: micros(sample.p99),
            rate_ratio: None,
            p50_ratio: None,
            requests: sample.requests,
            failed: sample.failed,
            cores: sample.cpu,
        }
    }

    pub(super) fn against(
        load: &'static str,
        in_flight: usize,
        sample: &Sample,
        bare: &Sample,
    ) -> Self {
        Self {
            rate_ratio: Some(sample.per_second / bare.per_second),
            p50_ratio: Some(sample.p50.as_secs_f64() / bare.p50.as_secs_f64()),
            ..Self::baseline(load, in_flight, sample)
        }
    }
}

pub(super) fn print(format: Format, report: &Report) -> Result<(), Failure> {
    format.print(report, text)
}

fn text(report: &Report) -> String {
    let mut table = output::table([
        "in flight",
        "load",
        "per second",
        "p50 ms",
        "p99 ms",
        "rate vs bare",
        "p50 vs bare",
        "failed",
        "cores: service",
        "bus",
        "client",
    ]);
    let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |r| format!("{r:.2}x"));
    let millis = |micros: u64| format!("{:.2}", micros as f64 / 1000.0);
    for row in &report.rows {
        table.add_row([
            row.in_flight.to_string(),
            row.load.to_owned(),
            format!("{:.0}", row.per_second),
            millis(row.p50_us),
            millis(row.p99_us),
            ratio(row.rate_ratio),
            ratio(row.p50_ratio),
            row.failed.to_string(),
            format!("{:.2}", row.cores.service),
            format!("{:.2}", row.cores.bus),
            format!("{:.2}", row.cores.client),
        ]);
    }
    for column in [0, 2, 3, 4, 5, 6, 7, 8, 9, 10] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    let memory: Vec<String> = report
        .memory
        .iter()
        .map(|(name, bytes)| format!("{name} {}", indicatif::HumanBytes(*bytes)))
        .collect();
    format!(
        "{table}\nBare: for commands and readings one guarded publish of {} bytes, synced to disk; for get a tonic echo of {} bytes.\n\
         {} connections, {} cores shared by all processes. Resident memory at the end: {}.",
        report.payload_bytes,
        report.answer_bytes,
        report.connections,
        report.cores,
        memory.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(per_second: f64, p50: u64) -> Sample {
        Sample {
            per_second,
            p50: Duration::from_micros(p50),
            p99: Duration::from_micros(p50 * 3),
            requests: 1000,
            failed: 0,
            cpu: CpuShare {
                service: 0.5,
                bus: 0.25,
                client: 0.125,
            },
        }
    }

    #[test]
    fn one_table_holds_rates_latencies_and_ratios() {
        let bare = sample(4800.0, 400);
        let report = Report {
            payload_bytes: 700,
            answer_bytes: 900,
            connections: 4,
            cores: 2,
            memory: vec![("permits".into(), 64 << 20)],
            rows: vec![
                Row::baseline("raw publish", 256, &bare),
                Row::against("permits commands", 256, &sample(19_200.0, 600), &bare),
            ],
        };
        insta::assert_snapshot!("table_of_a_bench", text(&report));
    }
}
