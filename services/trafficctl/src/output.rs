//! Results: tables and sentences for people, JSON lines for scripts. What is said on the way goes to stderr.

use crate::failure::Failure;
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// One JSON value a line, for scripts
    Json,
}

impl Format {
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }

    /// Prints `value` as a line of JSON, or for people what `text` makes of it.
    ///
    /// # Errors
    /// Stdout cannot be written to.
    pub(crate) fn print<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Json => line(&serde_json::to_string(value)?),
            Self::Table => line(&text(value)),
        }
    }
}

/// Prints one line, at once: whoever reads a stream of them wants each as it comes.
///
/// # Errors
/// Stdout cannot be written to. A reader that has gone (`| head`) ends the program quietly.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
        other => Ok(other?),
    }
}

/// An empty table with these headings. In Markdown, so that it can be pasted into a report.
pub(crate) fn table<const N: usize>(headings: [&str; N]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(headings);
    table
}
