//! `registration import-ebikes FILE`.

use super::ebikes::{self, Problem, Summary};
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use clap::Args;
use registration::ebike_file::{FileProblem, Lines};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Problems that are shown to people; scripts get all that are kept.
const SHOWN: usize = 50;

#[derive(Debug, Args)]
pub(crate) struct ImportOptions {
    /// CSV with a heading line, or a pipe such as /dev/stdin; `sample-ebikes` prints one
    file: PathBuf,
}

pub(super) async fn run(
    target: &Target,
    format: Format,
    options: &ImportOptions,
) -> Result<(), Failure> {
    let open = || {
        File::open(&options.file).map_err(|error| {
            Failure::usage(format!("cannot read {}: {error}", options.file.display()))
        })
    };
    let file = open()?;
    let bar = if file.metadata()?.is_file() {
        progress::bar(count_lines(open()?)?.saturating_sub(1), "e-bikes")
    } else {
        // A pipe: read once, of unknown length.
        progress::spinner("e-bikes")
    };
    let lines = Lines::read(BufReader::new(file)).map_err(|problem| match problem {
        FileProblem::NoColumn(_) => Failure::usage(problem),
        other @ FileProblem::Unreadable(_) => Failure::failed(other),
    })?;
    let connection = target.service("registration").await?;
    let summary = ebikes::import(connection, lines, |rows, _| bar.set_position(rows)).await;
    bar.finish_and_clear();
    let summary = summary?;
    format.print(&summary, text)?;
    if summary.refused > 0 {
        return Err(Failure::failed(format!(
            "{} rows were refused",
            summary.refused
        )));
    }
    Ok(())
}

/// For the bar alone: a value with a line break in it makes it a little long.
fn count_lines(file: File) -> Result<u64, Failure> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut lines = 0;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(lines);
        }
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = bytes.len();
        reader.consume(length);
    }
}

fn text(summary: &Summary) -> String {
    let mut text = format!(
        "{} rows: {} registered, {} stood so, {} refused",
        summary.rows, summary.registered, summary.unchanged, summary.refused
    );
    if summary.problems.is_empty() {
        return text;
    }
    let mut table = output::table(["line", "frame number", "reason", ""]);
    for problem in summary.problems.iter().take(SHOWN) {
        let Problem {
            line,
            frame_number,
            reason,
            ..
        } = problem;
        table.add_row([&line.to_string(), frame_number, reason, &problem.sentence()]);
    }
    text += &format!("\n\n{table}");
    if summary.problems.len() > SHOWN {
        text += &format!(
            "\n\nand {} more; `--output json` names all",
            summary.problems.len() - SHOWN
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_how_many_and_which_not_and_why() {
        let summary = Summary {
            rows: 3,
            registered: 1,
            unchanged: 1,
            refused: 1,
            problems: vec![Problem {
                line: 4,
                frame_number: "119901800000001".into(),
                field: "ebike.origin.day".into(),
                reason: "ORIGIN_IN_FUTURE".into(),
                message: "the proof of origin is dated in the future".into(),
                legal_basis: "Shandong Road Traffic Measures art. 26(2)".into(),
            }],
        };
        insta::assert_snapshot!(text(&summary), @r"
        3 rows: 1 registered, 1 stood so, 1 refused

        | line | frame number    | reason           |                                                                                                          |
        |------|-----------------|------------------|----------------------------------------------------------------------------------------------------------|
        | 4    | 119901800000001 | ORIGIN_IN_FUTURE | ebike.origin.day: the proof of origin is dated in the future (Shandong Road Traffic Measures art. 26(2)) |
        ");
    }
}
