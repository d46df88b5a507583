//! Whether a person may drive, and what time does to it: suspensions end, cycles end, who stays away from study is barred.

use super::ledger::{current, known};
use super::{Licence, LicenceEvent, id_of};
use chassis::domain::{Halt, LegalCalendar, PersonRef, Transaction};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// From when what a decision does to the licence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// When the decision took effect: when it was served.
    pub since: Timestamp,
    /// Since when the licence had been withheld beforehand.
    pub withheld_on: Option<Date>,
}

/// The end of a suspension (Road Traffic Safety Law art. 113(1)): months from the day on which the decision took effect, less a
/// day for each on which the licence was withheld before.
pub(super) fn suspended_until(calendar: &LegalCalendar, effect: Effect, months: u8) -> Timestamp {
    let effective = calendar.date(effect.since);
    let begun = effect.withheld_on.unwrap_or(effective).min(effective);
    let withheld = effective.duration_since(begun);
    calendar.start_of(effective + i64::from(months).months() - withheld)
}

/// Says once that nothing stands in the way of driving any more.
pub(super) fn restore_if_free(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    if licence.barred && licence.may_drive() {
        tx.record::<Licence>(id_of(person), [LicenceEvent::DrivingRestored])?;
    }
    Ok(())
}

/// When time will next change this licence. A cycle whose end changes nothing is rolled when somebody looks.
pub fn next_due(licence: &Licence) -> Option<Timestamp> {
    let suspension = licence.suspensions.iter().map(|(_, until)| *until).min();
    let study = licence
        .education
        .as_ref()
        .filter(|education| education.days.is_empty() && !licence.out_of_use)
        .map(|education| education.respond_by);
    let cycle = (!licence.entries.is_empty() || licence.reduced > 0).then_some(licence.cycle_ends);
    suspension.into_iter().chain(study).chain(cycle).min()
}

/// Records what is due now.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let now = tx.now();
    let Some(licence) = current(tx, person)? else {
        return Ok(());
    };
    let ended: Vec<LicenceEvent> = licence
        .suspensions
        .iter()
        .filter(|(_, until)| *until <= now)
        .map(|(case, _)| LicenceEvent::SuspensionEnded { case: case.clone() })
        .collect();
    if !ended.is_empty() {
        tx.record::<Licence>(id_of(person), ended)?;
        restore_if_free(tx, person)?;
    }
    let stays_away = licence.education.as_ref().is_some_and(|education| {
        education.days.is_empty() && !licence.out_of_use && education.respond_by <= now
    });
    if stays_away {
        tx.record::<Licence>(id_of(person), [LicenceEvent::LicenceOutOfUse])?;
    }
    Ok(())
}
