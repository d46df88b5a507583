//! `projection`: where the projections of services stand, rebuilding them, and whether replicas agree.

mod fresh;
mod replica;
mod status;
mod verify;

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use clap::{Args, Subcommand};
pub(crate) use fresh::{Fresh, journal};

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectionCommand {
    /// Show phase, position and lag
    Status(Which),
    /// Drop a projection and replay the journal; the replica serves nothing until it has caught up
    Rebuild {
        /// permits, parking, ...
        service: String,
        /// gRPC address of a replica of that service; repeat it for several
        #[arg(long, value_name = "ADDR")]
        replica: Vec<String>,
        /// Do not wait until it serves again
        #[arg(long)]
        no_wait: bool,
    },
    /// Compare replicas with each other, or one replica with a fresh rebuild; exits with 1 if they differ
    Verify(Which),
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// permits, parking, ... [default: all]
    service: Option<String>,

    /// gRPC address of a replica of that service; repeat it for several
    #[arg(long, value_name = "ADDR", requires = "service")]
    replica: Vec<String>,
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    command: ProjectionCommand,
) -> Result<(), Failure> {
    match command {
        ProjectionCommand::Status(which) => status::show(target, format, &which).await,
        ProjectionCommand::Rebuild {
            service,
            replica,
            no_wait,
        } => {
            let which = Which {
                service: Some(service),
                replica,
            };
            status::rebuild(target, format, &which, !no_wait).await
        }
        ProjectionCommand::Verify(which) => verify::run(target, format, &which).await,
    }
}
