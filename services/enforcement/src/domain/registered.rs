//! What registration has told of a plate: the vehicle behind it, so that a camera need not know it, and whether there is one.

use super::conduct::Vehicle;
use chassis::domain::values::PlateNumber;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What stands behind a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    Registered(Vehicle),
    /// No vehicle of this city carries it any more.
    Gone,
    /// Its vehicle is registered no more.
    Cancelled,
}

/// The newest that was heard of a plate. Id: [`PlateNumber::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredPlate {
    pub registration: Registration,
    pub revision: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredPlateEvent {
    RegistrationHeard {
        registration: Registration,
        revision: u64,
    },
}

impl Aggregate for RegisteredPlate {
    const TYPE: &'static str = "registered-plate";
    type Event = RegisteredPlateEvent;

    fn evolve(_: Option<Self>, event: &RegisteredPlateEvent, _: Timestamp) -> Option<Self> {
        let RegisteredPlateEvent::RegistrationHeard {
            registration,
            revision,
        } = event;
        Some(Self {
            registration: *registration,
            revision: *revision,
        })
    }
}

/// Takes note of what registration tells, unless something newer is known.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn hear(
    tx: &mut Transaction,
    plate: &PlateNumber,
    revision: u64,
    registration: Registration,
) -> Result<(), Halt> {
    let key = plate.key();
    let known = tx.load::<RegisteredPlate>(&key)?;
    if known.is_some_and(|known| revision <= known.revision) {
        return Ok(());
    }
    let event = RegisteredPlateEvent::RegistrationHeard {
        registration,
        revision,
    };
    tx.record::<RegisteredPlate>(&key, [event])
}

/// What is known of a plate; `None`: nothing, as of vehicles of other cities.
///
/// # Errors
/// [`Halt`] if the record cannot be read.
pub fn of(tx: &mut Transaction, plate: &PlateNumber) -> Result<Option<Registration>, Halt> {
    let known = tx.load::<RegisteredPlate>(&plate.key())?;
    Ok(known.map(|known| known.registration))
}
