//! `registration sample-ebikes`.

use super::samples::Samples;
use crate::failure::Failure;
use clap::Args;
use registration::ebike_file::HEADINGS;
use std::io::{self, BufWriter, ErrorKind, Write};

#[derive(Debug, Args)]
pub(crate) struct SampleOptions {
    /// How many e-bikes
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    rows: u64,

    /// How many of a hundred are wrong
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=50))]
    bad_percent: u64,

    /// Another seed, other e-bikes
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn run(options: &SampleOptions) -> Result<(), Failure> {
    let samples = Samples::new(options.rows, options.bad_percent, options.seed);
    match write(&samples, BufWriter::new(io::stdout().lock())) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
        other => Ok(other?),
    }
}

/// No value needs quotes.
fn write(samples: &Samples, mut to: impl Write) -> io::Result<()> {
    writeln!(to, "{}", HEADINGS.join(","))?;
    for row in 0..samples.rows {
        writeln!(to, "{}", samples.values(row).join(","))?;
    }
    to.flush()
}
