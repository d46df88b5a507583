//! The operators' command line of the traffic suite, and `up`: the whole suite on one machine.
//!
//! ```text
//!   cli        what can be asked for              up       services, bus, keys and sample city in one process
//!   connect    how services are reached           events   what the suite publishes
//!   output     tables for people, JSON for scripts
//!   suite      the list of services               history, projection, permits, parking, registration, bench
//!   invented   people, firms and vehicles who do not exist
//! ```

mod bench;
mod cli;
mod connect;
mod events;
mod failure;
mod history;
mod invented;
mod output;
mod parking_commands;
mod permits_commands;
mod progress;
mod projection;
mod registration_commands;
mod request_ids;
mod suite;
mod time;
mod up;

use clap::Parser;
use cli::{Cli, Command};
use failure::Failure;
use std::process::ExitCode;

/// Reads the command line and does what it says. Exits with 0, 1 (it failed, or what was checked is wrong) or 64 (usage).
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // To stdout when help was asked for; a closed pipe is the reader's wish.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(failure::EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(cli) {
        Ok(()) | Err(Failure::ReaderGone) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("trafficctl: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let Cli {
        target,
        output,
        command,
    } = cli;
    match command {
        // These start services, whose telemetry must be set up before there is a runtime.
        Command::Up(options) => return up::run(&options, output),
        Command::Serve(options) => return bench::child::run(&options, &target.nats),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match command {
            Command::Up(_) | Command::Serve(_) => Ok(()),
            Command::Events(command) => events::run(&target, output, &command).await,
            Command::History(options) => history::run(&target, output, &options).await,
            Command::Projection(command) => projection::run(&target, output, command).await,
            Command::Permits(command) => permits_commands::run(&target, output, command).await,
            Command::Parking(command) => parking_commands::run(&target, output, command).await,
            Command::Registration(command) => {
                registration_commands::run(&target, output, command).await
            }
            Command::Bench(options) => Box::pin(bench::run(output, &options)).await,
        }
    })
}
