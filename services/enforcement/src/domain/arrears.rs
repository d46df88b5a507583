//! Parking fees that were not paid after two reminders, as parking refers them (Beijing Parking Regulations art. 41): each becomes a
//! case, which ends without a penalty if the debt is paid before anybody has come.

use super::values::CaseId;
use super::violation::capture::record_violation;
use super::violation::event::Filing;
use super::violation::excuse::put_right;
use chassis::domain::values::Text;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What parking has told of the debt for one stay. Id: the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrears {
    /// Revision of the newest news: what is older comes late.
    pub heard: u64,
    /// The case that the last referral opened.
    pub case: Option<CaseId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrearsEvent {
    DebtReferred { revision: u64, case: CaseId },
    DebtSettled { revision: u64 },
}

impl Aggregate for Arrears {
    const TYPE: &'static str = "arrears";
    type Event = ArrearsEvent;

    fn evolve(state: Option<Self>, event: &ArrearsEvent, _: Timestamp) -> Option<Self> {
        let mut arrears = state.unwrap_or_default();
        match event {
            ArrearsEvent::DebtReferred { revision, case } => {
                arrears.heard = *revision;
                arrears.case = Some(case.clone());
            }
            ArrearsEvent::DebtSettled { revision } => {
                arrears.heard = *revision;
                arrears.case = None;
            }
        }
        Some(arrears)
    }
}

/// Opens a case for a debt. Nothing happens if newer news of it is known.
///
/// # Errors
/// As [`record_violation`].
pub fn refer(
    tx: &mut Transaction,
    session: &str,
    revision: u64,
    filing: Filing,
) -> Result<(), Halt> {
    let known = tx.load::<Arrears>(session)?;
    if known.is_some_and(|known| revision <= known.heard) {
        return Ok(());
    }
    let case = record_violation(tx, filing)?;
    tx.record::<Arrears>(session, [ArrearsEvent::DebtReferred { revision, case }])
}

/// The debt is paid: its case ends if nobody has come for it yet.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn settle(
    tx: &mut Transaction,
    session: &str,
    revision: u64,
    remarks: Text<500>,
) -> Result<(), Halt> {
    let known = tx.load::<Arrears>(session)?;
    let known = known.as_deref().cloned().unwrap_or_default();
    if revision <= known.heard {
        return Ok(());
    }
    tx.record::<Arrears>(session, [ArrearsEvent::DebtSettled { revision }])?;
    match known.case {
        Some(case) => put_right(tx, &case, remarks),
        None => Ok(()),
    }
}
