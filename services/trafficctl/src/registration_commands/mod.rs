//! `registration`: what is done to registration in bulk.

pub(crate) mod ebikes;
mod import;
mod sample;
pub(crate) mod samples;

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrationCommand {
    /// Register e-bikes from a CSV file; sent again, or after a break, it changes nothing more
    ImportEbikes(import::ImportOptions),
    /// Print a CSV file of invented e-bikes, the same for the same seed
    SampleEbikes(sample::SampleOptions),
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    command: RegistrationCommand,
) -> Result<(), Failure> {
    match command {
        RegistrationCommand::ImportEbikes(options) => import::run(target, format, &options).await,
        RegistrationCommand::SampleEbikes(options) => sample::run(&options),
    }
}
