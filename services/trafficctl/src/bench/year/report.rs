//! What the year came to: tables for people, one JSON value for scripts, and whether the totals are right.

use super::aftermath::{Rebuild, Replicas, Restart};
use super::drive::Part;
use super::pace::Paced;
use super::subscriber::Delay;
use super::tally::Total;
use crate::failure::Failure;
use crate::output::{self, Format};
use comfy_table::{CellAlignment, Table};
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) scale: f64,
    pub(super) seed: u64,
    pub(super) in_flight: usize,
    pub(super) cores: usize,
    /// From the first command to the answer of the last.
    pub(super) seconds: f64,
    /// From then until everything was published and every policy was done.
    pub(super) rest_seconds: f64,
    pub(super) parts: Vec<Part>,
    pub(super) events: Events,
    pub(super) processes: Vec<Usage>,
    pub(super) rebuilds: Vec<Rebuild>,
    pub(super) restarts: Vec<Restart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replicas: Option<Replicas>,
    pub(super) totals: Vec<Total>,
}

/// What was published.
#[derive(Debug, Serialize)]
pub(super) struct Events {
    pub(super) published: u64,
    /// Over the year and the rest after it.
    pub(super) per_second: f64,
    /// To a subscriber, from the decision on, while the services were flooded.
    pub(super) flooded: Delay,
    /// The same at a steady thousand a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paced: Option<Paced>,
}

/// What a process took.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Usage {
    pub(super) process: String,
    /// Resident memory at the end of the year and its highest, in bytes.
    pub(super) resident: u64,
    pub(super) peak: u64,
    /// Written to the disk, in bytes.
    pub(super) disk: u64,
}

impl Report {
    /// # Errors
    /// Totals that are not what was sent, each by its name.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let wrong: Vec<String> = self
            .totals
            .iter()
            .filter(|total| !total.is_right())
            .map(|total| format!("{}: sent {}, found {}", total.what, total.sent, total.found))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(format!(
            "totals do not match: {}",
            wrong.join("; ")
        )))
    }
}

pub(super) fn print(format: Format, report: &Report) -> Result<(), Failure> {
    format.print(report, text)
}

impl Part {
    /// How this part went, for those who wait for the others.
    pub(super) fn line(&self) -> String {
        format!(
            "{}, {}: {} commands in {:.1} s, {:.0} a second, p50 {} ms, p99 {} ms",
            self.service,
            self.what,
            HumanCount(self.commands),
            self.seconds,
            self.commands_per_second,
            millis(self.p50_us),
            millis(self.p99_us),
        )
    }
}

impl Usage {
    /// The same of a process.
    pub(super) fn line(&self) -> String {
        format!(
            "{}: {} resident, at most {}; {} on disk",
            self.process,
            HumanBytes(self.resident),
            HumanBytes(self.peak),
            HumanBytes(self.disk),
        )
    }
}

impl Rebuild {
    pub(super) fn line(&self) -> String {
        format!(
            "{}: {} commits rebuilt at {:.0} a second, {:.2} of a drain",
            self.service,
            HumanCount(self.commits),
            self.rebuilt_per_second,
            self.ratio,
        )
    }
}

fn text(report: &Report) -> String {
    let events = &report.events;
    let mut text = format!(
        "A year of the city at scale {}, seed {}, {} in flight, on {} cores: {:.1} s, and {:.1} s until all was published and every \
         policy done.\n\n{}\n\n{} events published, {:.0} a second; to a subscriber p50 {} ms, p99 {} ms while flooded",
        report.scale,
        report.seed,
        report.in_flight,
        report.cores,
        report.seconds,
        report.rest_seconds,
        parts(&report.parts),
        events.published,
        events.per_second,
        millis(events.flooded.p50_us),
        millis(events.flooded.p99_us),
    );
    if let Some(paced) = events.paced {
        text += &format!(
            "; p50 {} ms, p99 {} ms at {:.0} a second",
            millis(paced.delay.p50_us),
            millis(paced.delay.p99_us),
            paced.per_second
        );
    }
    text += &format!(
        ".\n\n{}\n\n{}",
        usages(&report.processes),
        services(&report.rebuilds, &report.restarts)
    );
    if let Some(replicas) = report.replicas {
        text += &format!(
            "\n\nReads of a permit in a second of a core: {:.0} with one replica, {:.0} with two, {:.2}x.",
            replicas.one, replicas.two, replicas.ratio
        );
    }
    text + &format!("\n\n{}", totals(&report.totals))
}

fn millis(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1000.0)
}

fn parts(parts: &[Part]) -> Table {
    let mut table = output::table([
        "service",
        "what",
        "stories",
        "commands",
        "seconds",
        "commands/s",
        "p50 ms",
        "p99 ms",
        "repeated",
        "cores: service",
        "bus",
        "clients",
        "other services",
    ]);
    for part in parts {
        table.add_row([
            part.service.to_owned(),
            part.what.to_owned(),
            part.stories.to_string(),
            part.commands.to_string(),
            format!("{:.1}", part.seconds),
            format!("{:.0}", part.commands_per_second),
            millis(part.p50_us),
            millis(part.p99_us),
            part.retried.to_string(),
            format!("{:.2}", part.cores.service),
            format!("{:.2}", part.cores.bus),
            format!("{:.2}", part.cores.client),
            format!("{:.2}", part.cores_of_others),
        ]);
    }
    right(table, 2..13)
}

fn usages(usages: &[Usage]) -> Table {
    let mut table = output::table(["process", "resident", "peak", "on disk"]);
    for usage in usages {
        table.add_row([
            usage.process.clone(),
            HumanBytes(usage.resident).to_string(),
            HumanBytes(usage.peak).to_string(),
            HumanBytes(usage.disk).to_string(),
        ]);
    }
    right(table, 1..4)
}

fn services(rebuilds: &[Rebuild], restarts: &[Restart]) -> Table {
    let mut table = output::table([
        "service",
        "commits",
        "rebuilt/s",
        "drained/s",
        "ratio",
        "ready after ms",
    ]);
    for (rebuild, restart) in rebuilds.iter().zip(restarts) {
        table.add_row([
            rebuild.service.to_owned(),
            rebuild.commits.to_string(),
            format!("{:.0}", rebuild.rebuilt_per_second),
            format!("{:.0}", rebuild.drained_per_second),
            format!("{:.2}", rebuild.ratio),
            restart.ready_after_ms.to_string(),
        ]);
    }
    right(table, 1..6)
}

fn totals(totals: &[Total]) -> Table {
    let mut table = output::table(["what", "sent", "found", ""]);
    for total in totals {
        let verdict = if total.is_right() { "" } else { "WRONG" };
        table.add_row([
            total.what.clone(),
            total.sent.to_string(),
            total.found.to_string(),
            verdict.to_owned(),
        ]);
    }
    right(table, 1..3)
}

fn right(mut table: Table, columns: std::ops::Range<usize>) -> Table {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::processes::CpuShare;

    fn report(found: u64) -> Report {
        let delay = |p50_us| Delay {
            events: 1_000,
            p50_us,
            p99_us: p50_us * 5,
        };
        Report {
            scale: 0.01,
            seed: 1,
            in_flight: 256,
            cores: 2,
            seconds: 20.5,
            rest_seconds: 0.4,
            parts: vec![Part {
                service: "enforcement",
                what: "violations",
                stories: 16_990,
                commands: 120_000,
                reads: 0,
                retried: 3,
                seconds: 12.0,
                commands_per_second: 10_000.0,
                p50_us: 20_000,
                p99_us: 45_500,
                cores: CpuShare {
                    service: 0.9,
                    bus: 0.5,
                    client: 0.4,
                },
                cores_of_others: 0.1,
            }],
            events: Events {
                published: 40_000,
                per_second: 1_900.0,
                flooded: delay(90_000),
                paced: Some(Paced {
                    per_second: 999.0,
                    delay: delay(4_000),
                }),
            },
            processes: vec![Usage {
                process: "enforcement".into(),
                resident: 64 << 20,
                peak: 96 << 20,
                disk: 32 << 20,
            }],
            rebuilds: vec![Rebuild {
                service: "enforcement",
                commits: 130_000,
                rebuilt_per_second: 40_000.0,
                drained_per_second: 60_000.0,
                ratio: 0.667,
            }],
            restarts: vec![Restart {
                service: "enforcement",
                ready_after_ms: 300,
            }],
            replicas: Some(Replicas {
                one: 10_000.0,
                two: 9_800.0,
                ratio: 0.98,
            }),
            totals: vec![Total {
                what: "violations settled".into(),
                sent: 12_000,
                found,
            }],
        }
    }

    #[test]
    fn tables_tell_how_the_year_went() {
        insta::assert_snapshot!("tables_of_a_year", text(&report(12_000)));
    }

    #[test]
    fn who_waits_is_told_what_has_been_reached() {
        let report = report(12_000);
        insta::assert_snapshot!(report.parts[0].line(), @"enforcement, violations: 120,000 commands in 12.0 s, 10000 a second, p50 20.00 ms, p99 45.50 ms");
        insta::assert_snapshot!(report.processes[0].line(), @"enforcement: 64.00 MiB resident, at most 96.00 MiB; 32.00 MiB on disk");
        insta::assert_snapshot!(report.rebuilds[0].line(), @"enforcement: 130,000 commits rebuilt at 40000 a second, 0.67 of a drain");
    }

    #[test]
    fn a_total_that_is_not_what_was_sent_fails_the_year_and_is_named() {
        assert!(report(12_000).verdict().is_ok());
        let failure = report(11_999).verdict().unwrap_err();
        insta::assert_snapshot!(failure.to_string(), @"totals do not match: violations settled: sent 12000, found 11999");
        assert_eq!(failure.exit_code(), 1);
        assert!(text(&report(11_999)).contains("WRONG"));
    }
}
