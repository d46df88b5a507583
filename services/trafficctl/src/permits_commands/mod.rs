//! `permits`: applications out of feeds, and credentials checked as an officer at the roadside does.

mod credential;
mod wzdx;

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum PermitsCommand {
    /// File the work zones of a WZDx feed as applications for road occupations; sent again, it changes nothing
    ImportWzdx(wzdx::ImportOptions),
    /// Verify a permit's credential; with --key-set no network is needed
    Verify(credential::VerifyOptions),
    /// Print the published key set, for officers to take along
    KeySet,
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    command: PermitsCommand,
) -> Result<(), Failure> {
    match command {
        PermitsCommand::ImportWzdx(options) => wzdx::run(target, format, &options).await,
        PermitsCommand::Verify(options) => credential::run(target, format, &options).await,
        PermitsCommand::KeySet => crate::output::line(&credential::key_set(target).await?),
    }
}
