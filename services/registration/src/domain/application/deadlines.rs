//! What time does to an undecided application: the officers are warned at half, four fifths and the end of the limit.

use super::event::ApplicationFact;
use super::steps::{load, record};
use super::{Application, ApplicationId, Stage};
use chassis::domain::{Halt, Transaction};
use jiff::{Timestamp, ToSpan};

/// Shares of a limit at which officers are warned, in percent.
pub const WARNINGS_PERCENT: [u8; 3] = [50, 80, 100];

/// The next warning, if one is to come.
fn next(application: &Application) -> Option<(Timestamp, u8, Timestamp)> {
    if application.stage != Stage::Accepted {
        return None;
    }
    let limits = application.limits.as_ref()?;
    let percent = WARNINGS_PERCENT
        .into_iter()
        .find(|percent| !application.warned.contains(percent))?;
    let whole = limits.due.as_second() - limits.accepted.as_second();
    let at = limits.accepted + (whole * i64::from(percent) / 100).seconds();
    Some((at, percent, limits.due))
}

pub fn next_due(application: &Application) -> Option<Timestamp> {
    next(application).map(|(at, _, _)| at)
}

/// Gives every warning that is due now.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &ApplicationId) -> Result<(), Halt> {
    for _ in WARNINGS_PERCENT {
        let application = load(tx, id)?;
        let Some((at, percent, due)) = next(&application) else {
            return Ok(());
        };
        if at > tx.now() {
            return Ok(());
        }
        let warned = ApplicationFact::DecisionDeadlineWarned { percent, due };
        record(tx, id, &application, None, warned)?;
    }
    Ok(())
}
