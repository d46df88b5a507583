//! Does faults to the suite for as many rounds as wanted, and reports what it found.
//!
//! ```text
//! cargo run --release -p integration-tests --bin faults -- --rounds 50 --seed 7
//! ```
//!
//! Exits with 1 if anything did not hold.

#![allow(clippy::print_stdout, reason = "a program that reports")]

use clap::{Parser, ValueEnum};
use integration_tests::faults::{self, Fault, Plan};
use integration_tests::{Service, Topology, process};
use std::process::ExitCode;

/// Kills, freezes, parts and deceives the services and their bus, and checks after each round that nothing
/// acknowledged is missing, nothing happened twice, and everything goes on.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds on each bus, one fault each.
    #[arg(long, default_value_t = 18)]
    rounds: usize,
    /// Which faults, in which order, to whom. A run is the same as another of this seed up to the timing of processes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Bus::Both)]
    bus: Bus,
    /// Only this fault; may be repeated. `--help-faults` lists them.
    #[arg(long, value_parser = fault)]
    fault: Vec<Fault>,
    /// Only this service; may be repeated.
    #[arg(long, value_parser = service)]
    service: Vec<Service>,
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Lists the faults.
    #[arg(long)]
    help_faults: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bus {
    /// One nats-server.
    Alone,
    /// Three, with a copy of each stream on each.
    Cluster,
    Both,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    /// One line for each bus.
    Json,
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| "no such fault; see --help-faults".to_owned())
}

fn service(name: &str) -> Result<Service, String> {
    let mut all = Service::ALL.into_iter();
    all.find(|service| service.name() == name)
        .ok_or_else(|| "no such service".to_owned())
}

fn main() -> ExitCode {
    // Replicas are this program, too.
    if process::is_replica() {
        return process::run();
    }
    let arguments = Arguments::parse();
    if arguments.help_faults {
        for fault in Fault::possible(Topology::Cluster) {
            println!("{fault}");
        }
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => {
            eprintln!("no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> ExitCode {
    let topologies: &[Topology] = match arguments.bus {
        Bus::Alone => &[Topology::Alone],
        Bus::Cluster => &[Topology::Cluster],
        Bus::Both => &[Topology::Alone, Topology::Cluster],
    };
    let mut sound = true;
    for &topology in topologies {
        let mut plan = Plan::new(topology, arguments.rounds, arguments.seed);
        if !arguments.fault.is_empty() {
            plan.faults.retain(|fault| arguments.fault.contains(fault));
        }
        if !arguments.service.is_empty() {
            plan.services.clone_from(&arguments.service);
        }
        let report = faults::run(&plan, |line| eprintln!("{}: {line}", topology.name())).await;
        sound &= report.findings.is_empty();
        match arguments.output {
            Output::Text => print!("{report}"),
            Output::Json => match serde_json::to_string(&report) {
                Ok(line) => println!("{line}"),
                Err(error) => eprintln!("no report: {error}"),
            },
        }
    }
    if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
