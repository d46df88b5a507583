//! What can be asked for on the command line.

use crate::bench::BenchOptions;
use crate::bench::child::ServeOptions;
use crate::connect::Target;
use crate::events::EventsCommand;
use crate::history::HistoryOptions;
use crate::output::Format;
use crate::parking_commands::ParkingCommand;
use crate::permits_commands::PermitsCommand;
use crate::projection::ProjectionCommand;
use crate::registration_commands::RegistrationCommand;
use crate::up::UpOptions;
use clap::{Parser, Subcommand};

/// The operators' command line of the traffic suite.
///
/// Without options it talks to the suite that `trafficctl up` has started on this machine.
///
/// Exit codes: 0 done, 1 failed or what was checked is wrong, 64 wrong usage.
#[derive(Debug, Parser)]
#[command(
    name = "trafficctl",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub(crate) output: Format,

    #[command(flatten)]
    pub(crate) target: Target,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the whole suite on this machine, with a sample city
    Up(UpOptions),
    /// Read what the suite publishes to other agencies
    #[command(subcommand)]
    Events(EventsCommand),
    /// Show everything that was ever recorded about something
    History(HistoryOptions),
    /// Look after the projections of services
    #[command(subcommand)]
    Projection(ProjectionCommand),
    /// Permits: import applications, verify credentials
    #[command(subcommand)]
    Permits(PermitsCommand),
    /// Parking: import bays
    #[command(subcommand)]
    Parking(ParkingCommand),
    /// Registration: import e-bikes, or make a file of invented ones
    #[command(subcommand)]
    Registration(RegistrationCommand),
    /// Measure commands and reads against the bare bus and a bare server, or a year of the city
    Bench(BenchOptions),
    /// Run one part of a bench in this process
    #[command(hide = true)]
    Serve(ServeOptions),
}

#[cfg(test)]
mod tests;
