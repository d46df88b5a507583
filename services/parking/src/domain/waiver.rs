//! Who parks free: by the plate itself, or by a waiver registered for it.

use super::refusal::{BEIJING_PARKING, ParkingRefusal};
use chassis::domain::values::{PlateKind, PlateNumber};
use chassis::domain::{Aggregate, Halt, LegalBasis, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a vehicle parks free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FreeGround {
    Fire,
    Ambulance,
    /// Engineering rescue vehicles (工程救险车).
    Rescue,
    Military,
    Police,
    /// A disabled person's own special vehicle with the pass that the traffic police issue.
    Disabled,
}

impl FreeGround {
    /// The provision; `None` where it is the city's own pricing order that grants it.
    pub fn basis(self) -> Option<LegalBasis> {
        match self {
            Self::Military | Self::Disabled => Some(LegalBasis::new(BEIJING_PARKING, "art. 28(4)")),
            Self::Fire | Self::Ambulance | Self::Rescue | Self::Police => None,
        }
    }

    /// What the plate alone proves.
    pub fn of_plate(plate: &PlateNumber) -> Option<Self> {
        match plate.kind() {
            PlateKind::Military => Some(Self::Military),
            PlateKind::Police => Some(Self::Police),
            _ => None,
        }
    }
}

/// A registered waiver of parking charges for one plate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub plate: PlateNumber,
    pub ground: FreeGround,
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
    /// Number of the pass or of the decision; 1 to 64 characters.
    pub document: String,
    pub revoked_at: Option<Timestamp>,
    /// What the plate's earlier waivers made free, oldest first: a stay of that time may be priced again.
    pub earlier: Vec<FreePeriod>,
}

/// A time in which arrivals are free, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreePeriod {
    pub ground: FreeGround,
    pub from: Timestamp,
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaiverEvent {
    WaiverGranted {
        plate: PlateNumber,
        ground: FreeGround,
        valid_from: Timestamp,
        valid_until: Timestamp,
        document: String,
    },
    WaiverRevoked {
        effective_at: Timestamp,
    },
}

impl Waiver {
    /// Most earlier periods remembered; the oldest are forgotten first.
    pub const MAX_EARLIER: usize = 16;

    /// The ground on which an arrival at `at` is free: the first on which it was, if there are several.
    pub fn covers(&self, at: Timestamp) -> Option<FreeGround> {
        self.earlier
            .iter()
            .copied()
            .chain([self.period()])
            .find(|period| period.from <= at && at < period.until)
            .map(|period| period.ground)
    }

    /// The time for which this waiver itself holds; ends before it begins if it was revoked before.
    fn period(&self) -> FreePeriod {
        FreePeriod {
            ground: self.ground,
            from: self.valid_from,
            until: self
                .revoked_at
                .map_or(self.valid_until, |revoked| revoked.min(self.valid_until)),
        }
    }

    /// What is to be remembered of this waiver when another replaces it.
    fn into_earlier(mut self) -> Vec<FreePeriod> {
        let period = self.period();
        if period.from < period.until {
            self.earlier.push(period);
        }
        let excess = self.earlier.len().saturating_sub(Self::MAX_EARLIER);
        self.earlier.drain(..excess);
        self.earlier
    }
}

impl Aggregate for Waiver {
    const TYPE: &'static str = "waiver";
    type Event = WaiverEvent;

    fn evolve(state: Option<Self>, event: &WaiverEvent, _: Timestamp) -> Option<Self> {
        match event {
            WaiverEvent::WaiverGranted {
                plate,
                ground,
                valid_from,
                valid_until,
                document,
            } => Some(Self {
                plate: plate.clone(),
                ground: *ground,
                valid_from: *valid_from,
                valid_until: *valid_until,
                document: document.clone(),
                revoked_at: None,
                earlier: state.map_or_else(Vec::new, Self::into_earlier),
            }),
            WaiverEvent::WaiverRevoked { effective_at } => state.map(|waiver| Self {
                revoked_at: Some(*effective_at),
                ..waiver
            }),
        }
    }
}

/// Grants a waiver, or replaces one that has ended. It holds for arrivals within its time; those within the time of the
/// earlier one stay free.
///
/// # Errors
/// `NOT_AN_OFFICER`, `WAIVER_TIMES_REVERSED`, `WAIVER_EXISTS`.
pub fn grant(
    tx: &mut Transaction,
    plate: PlateNumber,
    ground: FreeGround,
    valid_from: Timestamp,
    valid_until: Timestamp,
    document: String,
) -> Result<(), Halt> {
    require_officer(tx)?;
    let now = tx.now();
    if valid_until <= valid_from || valid_until <= now {
        return Err(ParkingRefusal::WaiverTimesReversed.into());
    }
    let id = plate.token();
    if let Some(known) = tx.load::<Waiver>(&id)? {
        let in_force = known.revoked_at.is_none() && known.valid_until > now;
        if in_force {
            return Err(ParkingRefusal::WaiverExists.into());
        }
    }
    tx.record::<Waiver>(
        &id,
        [WaiverEvent::WaiverGranted {
            plate,
            ground,
            valid_from,
            valid_until,
            document,
        }],
    )
}

/// Ends a waiver now. What was free so far stays free.
///
/// # Errors
/// `NOT_AN_OFFICER`, `WAIVER_NOT_FOUND`.
pub fn revoke(tx: &mut Transaction, id: &str) -> Result<(), Halt> {
    require_officer(tx)?;
    let now = tx.now();
    match tx.load::<Waiver>(id)? {
        None => Err(ParkingRefusal::WaiverNotFound.into()),
        Some(waiver) if waiver.revoked_at.is_some() => Ok(()),
        Some(_) => tx.record::<Waiver>(id, [WaiverEvent::WaiverRevoked { effective_at: now }]),
    }
}

/// Why this plate, arriving at `at`, parks free; `None` if it pays.
///
/// # Errors
/// As [`Transaction::load`].
pub fn free_ground(
    tx: &mut Transaction,
    plate: &PlateNumber,
    at: Timestamp,
) -> Result<Option<FreeGround>, Halt> {
    if let Some(ground) = FreeGround::of_plate(plate) {
        return Ok(Some(ground));
    }
    Ok(tx
        .load::<Waiver>(&plate.token())?
        .and_then(|waiver| waiver.covers(at)))
}

fn require_officer(tx: &Transaction) -> Result<(), Halt> {
    if tx.context.actor.districts.is_empty() {
        return Err(ParkingRefusal::NotAnOfficer.into());
    }
    Ok(())
}
