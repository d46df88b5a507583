//! What a run has done and found, for people and for programs.

use super::{Fault, Plan};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// What a city has seen.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Totals {
    /// Commands carried out and known to be.
    pub acknowledged: u64,
    pub refused: u64,
    /// Answers that told to retry.
    pub unavailable: u64,
    /// Calls whose connection broke.
    pub broken: u64,
    /// Commits in all journals.
    pub commits: u64,
    /// Published events.
    pub events: u64,
    /// Values that several claimed.
    pub contested: u64,
}

/// Something that did not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub round: usize,
    pub after: &'static str,
    pub what: String,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub topology: &'static str,
    pub seed: u64,
    pub services: Vec<&'static str>,
    pub rounds: usize,
    pub seconds: f64,
    /// How often each fault was done.
    pub faults: BTreeMap<&'static str, usize>,
    /// Faults that this machine cannot do, and why.
    pub skipped: BTreeMap<&'static str, &'static str>,
    #[serde(flatten)]
    pub totals: Totals,
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn new(plan: &Plan) -> Self {
        let skipped = Fault::skipped(plan.topology).into_iter();
        Self {
            topology: plan.topology.name(),
            seed: plan.seed,
            services: plan.services.iter().map(|service| service.name()).collect(),
            rounds: 0,
            seconds: 0.0,
            faults: BTreeMap::new(),
            skipped: skipped.map(|(fault, why)| (fault.name(), why)).collect(),
            totals: Totals::default(),
            findings: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, fault: Fault) {
        self.rounds += 1;
        *self.faults.entry(fault.name()).or_default() += 1;
    }

    pub(super) fn found(&mut self, round: usize, after: &'static str, what: String) {
        self.findings.push(Finding { round, after, what });
    }

    pub(super) fn add(&mut self, more: &Totals) {
        let totals = &mut self.totals;
        totals.acknowledged += more.acknowledged;
        totals.refused += more.refused;
        totals.unavailable += more.unavailable;
        totals.broken += more.broken;
        totals.commits += more.commits;
        totals.events += more.events;
        totals.contested += more.contested;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: usize = self.faults.values().sum();
        writeln!(
            f,
            "bus {}, seed {}, services {}: {} rounds, {faults} faults, {} findings in {:.0} s",
            self.topology,
            self.seed,
            self.services.join(" "),
            self.rounds,
            self.findings.len(),
            self.seconds
        )?;
        let totals = &self.totals;
        writeln!(
            f,
            "  {} commands acknowledged, {} refused, {} told to retry, {} connections broken; {} commits, {} events, {} contested values",
            totals.acknowledged,
            totals.refused,
            totals.unavailable,
            totals.broken,
            totals.commits,
            totals.events,
            totals.contested
        )?;
        for (fault, times) in &self.faults {
            writeln!(f, "  {times:>4} x {fault}")?;
        }
        for (fault, why) in &self.skipped {
            writeln!(f, "  skipped {fault}: {why}")?;
        }
        for finding in &self.findings {
            writeln!(
                f,
                "  FOUND in round {} after {}: {}",
                finding.round, finding.after, finding.what
            )?;
        }
        Ok(())
    }
}
