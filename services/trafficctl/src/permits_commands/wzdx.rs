//! stub
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::Format;
#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions { file: std::path::PathBuf }
pub(super) async fn run(_: &Target, _: Format, o: &ImportOptions) -> Result<(), Failure> { Err(Failure::usage(o.file.display())) }
