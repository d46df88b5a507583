//! Numbered blanks: the sheets and stickers that a kiosk prints on, each once.

use super::SessionId;
use super::ground::KioskGround;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

chassis::named_id! {
    /// The serial number of a blank, as it is printed on it.
    BlankNumber
}

/// A blank that has been in a printer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blank {
    pub session: SessionId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlankEvent {
    BlankTaken { session: SessionId },
}

impl Aggregate for Blank {
    const TYPE: &'static str = "blank";
    type Event = BlankEvent;

    fn evolve(state: Option<Self>, event: &BlankEvent, _: Timestamp) -> Option<Self> {
        let BlankEvent::BlankTaken { session } = event;
        // Taken once, for ever.
        Some(state.unwrap_or_else(|| Self {
            session: session.clone(),
        }))
    }
}

/// # Errors
/// If it was in a printer before, for this session or another.
pub(super) fn take(
    tx: &mut Transaction,
    number: &BlankNumber,
    session: &SessionId,
) -> Result<(), Halt> {
    if tx.load::<Blank>(number.as_str())?.is_some() {
        return Err(KioskGround::BlankUsed.into());
    }
    let session = session.clone();
    tx.record::<Blank>(number.as_str(), [BlankEvent::BlankTaken { session }])
}
