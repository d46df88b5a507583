//! Runs the whole suite through many seeds, and tells the shortest history of one that breaks an invariant.
//!
//! `simulate --seeds 1000`, which must also come to every event that services publish; `--first N` starts at another seed;
//! `--seed N` runs one alone, and `RUST_LOG` has it told what the services log.

use integration_tests::simulation::{self, Plan, Report, reach};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tracing_subscriber::EnvFilter;

/// So many seeds must come to every event that is published.
const ENOUGH: u64 = 1000;

#[derive(Clone, Copy, Debug)]
struct Seeds {
    first: u64,
    count: u64,
}

#[expect(clippy::print_stdout, reason = "it is what the program is for")]
fn main() -> ExitCode {
    let seeds = match seeds(std::env::args().skip(1)) {
        Ok(seeds) => seeds,
        Err(why) => {
            println!("{why}\nusage: simulate [--seeds COUNT] [--first SEED] | --seed SEED");
            return ExitCode::from(64);
        }
    };
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
                    match simulation::run(&Plan::of(seed), None) {
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
    for (event, count) in &total.reached {
        println!("{count:>8} {event}");
    }
    let missed = reach::missed(&total.reached);
    for event in &missed {
        println!("   never {event}");
    }
    failed.sort_unstable();
    let Some(first) = failed.first() else {
        if seeds.count >= ENOUGH && !missed.is_empty() {
            println!("no story leads to {} events any more", missed.len());
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    };
    println!("{} seeds failed: {failed:?}", failed.len());
    let (plan, violation) = simulation::shortest(&Plan::of(*first), None);
    println!("the shortest history of seed {first}: {violation}\n{plan}");
    ExitCode::FAILURE
}

fn seeds(arguments: impl Iterator<Item = String>) -> Result<Seeds, String> {
    let mut seeds = Seeds {
        first: 0,
        count: 1000,
    };
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|text| text.parse().ok());
        let value = value.ok_or_else(|| format!("`{name}` wants a number"))?;
        match name.as_str() {
            "--seeds" => seeds.count = value,
            "--first" => seeds.first = value,
            "--seed" => {
                seeds = Seeds {
                    first: value,
                    count: 1,
                }
            }
            _ => return Err(format!("`{name}` is unknown")),
        }
    }
    Ok(seeds)
}

fn add(total: &mut Report, report: &Report) {
    total.simulated += report.simulated;
    total.faults += report.faults;
    total.acknowledged += report.acknowledged;
    total.refused += report.refused;
    total.commits += report.commits;
    total.published += report.published;
    for (event, count) in &report.reached {
        *total.reached.entry(event.clone()).or_default() += count;
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
