//! What time alone does, by the type of what is due.

use super::detention::{self, Detention};
use super::hazard::{self, Hazard};
use super::licence::{Licence, standing};
use super::values::CaseId;
use super::violation::{Violation, deadlines};
use chassis::domain::{Aggregate, Halt, PersonRef, Transaction};

/// Lets time pass on one aggregate. Nothing happens if nothing is due any more.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, kind: &str, id: &str) -> Result<(), Halt> {
    if kind == Licence::TYPE {
        return PersonRef::parse(id).map_or(Ok(()), |person| standing::pass_time(tx, &person));
    }
    // Ids of these come from events, which were checked when they were recorded.
    let Ok(id) = CaseId::parse(id) else {
        return Ok(());
    };
    if kind == Violation::TYPE {
        deadlines::pass_time(tx, &id)
    } else if kind == Detention::TYPE {
        detention::pass_time(tx, &id)
    } else if kind == Hazard::TYPE {
        hazard::pass_time(tx, &id)
    } else {
        Ok(())
    }
}
