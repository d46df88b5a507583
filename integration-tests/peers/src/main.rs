//! The commands of `trafficctl bench` (an application is filed, then accepted) on what a Rust team would use instead:
//! cqrs-es with postgres-es on PostgreSQL, and UmaDB. Every acknowledged command is on the disk.
//!
//! ```text
//!   this process      clients in a closed loop
//!   child processes   postgres with synchronous_commit, a UmaDB server
//! ```
//!
//! `README.md` says how to run it beside the suite's own figures.

mod measure;
mod permits;
mod postgres;
mod report;
mod umadb;

use clap::{Parser, Subcommand};
use report::{Format, Row};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

pub type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(about = "Measures the suite's peers on the suite's commands")]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
    /// Commands in flight, each level measured by itself.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 256])]
    in_flight: Vec<usize>,
    /// How long each measurement takes, after a second to warm up.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections to PostgreSQL: more than a few for each processor made it slower here.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
    /// A report of `trafficctl --output json bench`, to compare with.
    #[arg(long)]
    suite: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Serves UmaDB until stdin ends; run by the measurement itself.
    #[command(hide = true)]
    UmadbServer { folder: PathBuf, address: String },
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    if let Some(Part::UmadbServer { folder, address }) = arguments.part {
        return umadb::serve(&folder, &address).await;
    }
    let mut rows = tokio::select! {
        // What was started ends with what is dropped here.
        measured = measure_all(&arguments) => measured?,
        () = told_to_end() => return Err("told to end before all was measured".into()),
    };
    if let Some(suite) = &arguments.suite {
        rows.extend(report::suite(suite)?);
    }
    report::print(arguments.output, &rows)
}

/// Both peers, one after the other, so that neither has the other beside it.
async fn measure_all(arguments: &Arguments) -> Result<Vec<Row>, Failure> {
    let lasting = Duration::from_secs(arguments.seconds);
    let mut rows = Vec::new();

    let server = postgres::Server::start().await?;
    for (what, with_view) in [
        ("cqrs-es on PostgreSQL", false),
        ("cqrs-es on PostgreSQL, with a view", true),
    ] {
        let office = server.office(with_view, arguments.connections).await?;
        for &in_flight in &arguments.in_flight {
            eprintln!("{what}, {in_flight} in flight");
            let sample = measure::measure(in_flight, lasting, || office.clerk()).await?;
            rows.push(Row::of(what, in_flight, &sample));
        }
    }
    drop(server);

    let server = umadb::Server::start()?;
    let what = "UmaDB, append only";
    for &in_flight in &arguments.in_flight {
        eprintln!("{what}, {in_flight} in flight");
        let clerks = server.clerks().await?;
        let sample = measure::measure(in_flight, lasting, || clerks.clerk()).await?;
        rows.push(Row::of(what, in_flight, &sample));
    }
    Ok(rows)
}

/// Until somebody interrupts or ends this process.
async fn told_to_end() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => drop(terminated.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
