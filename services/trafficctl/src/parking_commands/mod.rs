//! `parking`: what is done to parking in bulk.

pub(crate) mod bays;
mod import;

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum ParkingCommand {
    /// Mark bays from a CSV file; sent again, it changes nothing
    ImportBays(import::ImportOptions),
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    command: ParkingCommand,
) -> Result<(), Failure> {
    match command {
        ParkingCommand::ImportBays(options) => import::run(target, format, &options).await,
    }
}
