//! Runs the whole suite through many seeds, and tells the shortest history of one that breaks an invariant.
//!
//! `simulate --seeds 1000`, which must also come to every event that services publish and carry out every request that changes
//! something; `--first N` starts at another seed; `--seed N` runs one alone, `--steps 3,7,12` of it only these, as a shortest
//! history is told; and `RUST_LOG` has it told what the services log.

use clap::Parser;
use integration_tests::simulation::{self, Plan, Report, Shortest, reach};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;

/// So many seeds must come to every event that is published, and carry out every request that changes something.
const ENOUGH: u64 = 1000;

/// Runs the whole suite in one process, with users and faults drawn from seeds.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many.
    #[arg(long, default_value_t = ENOUGH)]
    seeds: u64,
    /// From this one on.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// This one alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Of its steps only those with these numbers, separated by commas.
    #[arg(long, requires = "seed", value_parser = numbers)]
    steps: Option<BTreeSet<u64>>,
    /// So many in a hundred requests and answers are lost or late, and not as many as the seed draws.
    #[arg(long, requires = "seed", value_parser = clap::value_parser!(u8).range(..=100))]
    losses: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Seeds {
    first: u64,
    count: u64,
}

impl Arguments {
    fn seeds(&self) -> Seeds {
        match self.seed {
            Some(first) => Seeds { first, count: 1 },
            None => Seeds {
                first: self.first,
                count: self.seeds,
            },
        }
    }

    fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::of(seed);
        if let Some(steps) = &self.steps {
            plan = plan.only(steps);
        }
        plan.losses_percent = self.losses.unwrap_or(plan.losses_percent);
        plan
    }
}

fn numbers(text: &str) -> Result<BTreeSet<u64>, String> {
    let numbers = text.split(',').filter(|number| !number.is_empty());
    numbers
        .map(|number| {
            let parsed = number.trim().parse::<u64>();
            parsed.map_err(|_| format!("`{number}` is no number of a step"))
        })
        .collect()
}

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seeds = arguments.seeds();
    if let Some(steps) = &arguments.steps
        && arguments.plan(seeds.first).steps.len() < steps.len()
    {
        println!("seed {} has not all of the steps {steps:?}", seeds.first);
        return ExitCode::from(64);
    }
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .without_time()
        .with_writer(std::io::stderr)
        .init();
    let began = Instant::now();
    let next = AtomicU64::new(seeds.first);
    let total = Mutex::new(Report::default());
    let failed = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds.first + seeds.count {
                        return;
                    }
                    match simulation::run(&arguments.plan(seed), None) {
                        Ok(report) => add(&mut total.lock().expect("no thread panics"), &report),
                        Err(violation) => {
                            println!("seed {seed}: {violation}");
                            failed.lock().expect("no thread panics").push(seed);
                        }
                    }
                }
            });
        }
    });
    let total = total.into_inner().expect("no thread panics");
    let mut failed = failed.into_inner().expect("no thread panics");
    println!("{}", summary(seeds, &total, began.elapsed()));
    for (name, count) in &total.reached {
        println!("{count:>8} {name}");
    }
    let missed = reach::missed(&total.reached);
    for name in &missed {
        println!("   never {name}");
    }
    failed.sort_unstable();
    let Some(first) = failed.first() else {
        if seeds.count >= ENOUGH && !missed.is_empty() {
            println!(
                "no story leads to {} events or requests any more",
                missed.len()
            );
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    };
    println!("{} seeds failed: {failed:?}", failed.len());
    match simulation::shortest(&arguments.plan(*first), None) {
        Some(shortest) => println!("{}", told(*first, &shortest)),
        None => println!("seed {first} holds when it is run again: it is not the same each time"),
    }
    ExitCode::FAILURE
}

fn told(seed: u64, shortest: &Shortest) -> String {
    let Shortest {
        plan,
        violation,
        is_minimal,
    } = shortest;
    let more = if *is_minimal {
        "each step is needed"
    } else {
        "there may be a shorter one"
    };
    format!("the shortest history of seed {seed}, {more}: {violation}\n{plan}")
}

fn add(total: &mut Report, report: &Report) {
    total.simulated += report.simulated;
    total.faults += report.faults;
    total.acknowledged += report.acknowledged;
    total.refused += report.refused;
    total.commits += report.commits;
    total.published += report.published;
    for (name, count) in &report.reached {
        *total.reached.entry(name.clone()).or_default() += count;
    }
}

fn summary(seeds: Seeds, total: &Report, took: Duration) -> String {
    let took = took.as_secs_f64();
    let hours = total.simulated.as_secs_f64() / 3600.0;
    format!(
        "{} seeds in {took:.1} s: {hours:.0} simulated hours ({:.1} a second), {} faults ({:.0} a second), \
         {} commands acknowledged, {} refused, {} commits, {} events published",
        seeds.count,
        hours / took,
        total.faults,
        total.faults as f64 / took,
        total.acknowledged,
        total.refused,
        total.commits,
        total.published,
    )
}
