//! Progress of long work, on stderr: bars for a person at a terminal, and of work of hours what it has reached so far.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Work of known length.
pub(crate) fn bar(length: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(length), target());
    if let Ok(style) =
        ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} ({per_sec}, {eta} left)")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.with_message(what)
}

/// Work of unknown length.
pub(crate) fn spinner(what: impl Into<std::borrow::Cow<'static, str>>) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, target());
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner.with_message(what)
}

/// What work of hours has reached so far: a line that stays, also in a log, should the work not come to its end.
pub(crate) fn reached(line: impl std::fmt::Display) {
    eprintln!("{line}");
}

fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}
