//! A plate number as a claim: whoever's command first meets its guard has it, on whatever replica.
//!
//! ```text
//!   free ──chosen──> held for an account ──filed──> reserved for an application ──approved──> on a vehicle
//!    ^                  │ 30 minutes pass              │ withdrawn, refused                    │ transferred, moved, cancelled
//!    └──────────────────┴──────────────────────────────┴──────── two years pass ── kept for the former owner
//! ```
//!
//! A number is on one vehicle of whatever kind: cameras and other services know a vehicle by its number alone.

pub mod offer;
pub mod series;

use super::application::ApplicationId;
use super::ground::Ground;
use super::party::Party;
use super::vehicle::Vehicle;
use super::vehicle::class::PlateCategory;
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use series::Pools;

/// Numbers that a lot draws before it says that the series is exhausted.
const MOST_DRAWN: u32 = 64;

/// Who has a number. Id: [`PlateNumber::key`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlateClaim {
    Free,
    Held { account: String, until: Timestamp },
    Reserved { application: ApplicationId },
    Assigned { vin: Vin },
    Released(Former),
}

/// Who had a number last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    pub owner: Party,
    /// From when until when the owner had it.
    pub from: Date,
    pub until: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateEvent {
    NumberHeld {
        account: String,
        until: Timestamp,
    },
    HoldExpired,
    NumberReserved {
        application: ApplicationId,
    },
    /// Back to what it was before: free, or kept for its former owner.
    ReservationEnded {
        former: Option<Former>,
    },
    NumberAssigned {
        vin: Vin,
    },
    NumberReleased(Former),
}

impl Aggregate for PlateClaim {
    const TYPE: &'static str = "plate";
    type Event = PlateEvent;

    fn evolve(_: Option<Self>, event: &PlateEvent, _: Timestamp) -> Option<Self> {
        Some(match event {
            PlateEvent::NumberHeld { account, until } => Self::Held {
                account: account.clone(),
                until: *until,
            },
            PlateEvent::HoldExpired => Self::Free,
            PlateEvent::NumberReserved { application } => Self::Reserved {
                application: application.clone(),
            },
            PlateEvent::ReservationEnded { former: None } => Self::Free,
            PlateEvent::ReservationEnded {
                former: Some(former),
            }
            | PlateEvent::NumberReleased(former) => Self::Released(former.clone()),
            PlateEvent::NumberAssigned { vin } => Self::Assigned { vin: vin.clone() },
        })
    }

    fn next_due(&self) -> Option<Timestamp> {
        match self {
            Self::Held { until, .. } => Some(*until),
            _ => None,
        }
    }
}

impl PlateClaim {
    /// Nobody has it, and nobody has a right to it on `day` (art. 44(2)(1)).
    pub fn is_free(&self, day: Date) -> bool {
        match self {
            Self::Free => true,
            Self::Released(former) => !former.is_kept(day),
            _ => false,
        }
    }
}

impl Former {
    /// Within two years; to the day counts (arts. 44(2)(1), 92(3)).
    pub fn is_kept(&self, day: Date) -> bool {
        day <= self.until + 2.years()
    }

    /// The owner had it a year or longer (art. 44(2)(2)).
    pub fn had_it_a_year(&self) -> bool {
        self.from + 1.year() <= self.until
    }
}

/// The number that the one who applies wishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateWish {
    /// Whatever the lot draws at the decision.
    Any,
    /// Chosen from an offer or composed, and held (art. 43(1)).
    Held(PlateNumber),
    /// The number of a vehicle that the owner had (art. 44).
    Former(PlateNumber),
    /// The number that the vehicle carries, between spouses (art. 45).
    Unchanged,
}

fn load(tx: &mut Transaction, number: &PlateNumber) -> Result<PlateClaim, Halt> {
    Ok(tx
        .load::<PlateClaim>(&number.key())?
        .map_or(PlateClaim::Free, |claim| (*claim).clone()))
}

fn record(tx: &mut Transaction, number: &PlateNumber, event: PlateEvent) -> Result<(), Halt> {
    tx.record::<PlateClaim>(&number.key(), [event])
}

/// # Errors
/// [`Ground::NotOfTheSeries`] unless vehicles with this kind of plates get this number (art. 43(1)).
pub fn check_series(category: PlateCategory, number: &PlateNumber) -> Result<(), Ground> {
    if Pools::shipped().series(category).has(number) {
        Ok(())
    } else {
        Err(Ground::NotOfTheSeries)
    }
}

/// Holds a free number of the series for the account that asks.
///
/// # Errors
/// It is of no such series, or somebody has it.
pub fn hold(
    tx: &mut Transaction,
    category: PlateCategory,
    number: &PlateNumber,
) -> Result<Timestamp, Halt> {
    check_series(category, number)?;
    let today = tx.context.calendar.date(tx.now());
    if !load(tx, number)?.is_free(today) {
        return Err(Ground::NumberTaken.into());
    }
    let until = tx.now() + Pools::shipped().hold_minutes.minutes();
    let account = tx.context.actor.id.clone();
    record(tx, number, PlateEvent::NumberHeld { account, until })?;
    Ok(until)
}

/// Keeps the number that was wished for an application.
///
/// # Errors
/// It is not held by the account, or is no former number of the owner, long enough ago and long enough had.
pub fn reserve(
    tx: &mut Transaction,
    application: &ApplicationId,
    wish: &PlateWish,
    owner: &Party,
) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let number = match wish {
        PlateWish::Any | PlateWish::Unchanged => return Ok(()),
        PlateWish::Held(number) => match load(tx, number)? {
            PlateClaim::Held { account, until }
                if account == tx.context.actor.id && tx.now() < until =>
            {
                number
            }
            _ => return Err(Ground::NumberNotHeld.into()),
        },
        PlateWish::Former(number) => match load(tx, number)? {
            PlateClaim::Released(former) if former.owner.is_same(owner) => {
                if !former.is_kept(today) {
                    return Err(Ground::FormerNumberTooOld.into());
                }
                if !former.had_it_a_year() {
                    return Err(Ground::FormerNumberTooShort.into());
                }
                number
            }
            _ => return Err(Ground::NoFormerNumber.into()),
        },
    };
    let application = application.clone();
    record(tx, number, PlateEvent::NumberReserved { application })
}

/// Gives back what an application reserved: a former number stays its former owner's.
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn give_back(
    tx: &mut Transaction,
    wish: &PlateWish,
    former: Option<&Former>,
) -> Result<(), Halt> {
    match wish {
        PlateWish::Held(number) | PlateWish::Former(number) => {
            let former = former.cloned();
            record(tx, number, PlateEvent::ReservationEnded { former })
        }
        PlateWish::Any | PlateWish::Unchanged => Ok(()),
    }
}

/// Who had the number that is wished, for [`give_back`].
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn former_of(tx: &mut Transaction, wish: &PlateWish) -> Result<Option<Former>, Halt> {
    match wish {
        PlateWish::Former(number) => match load(tx, number)? {
            PlateClaim::Released(former) => Ok(Some(former)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Puts a number on a vehicle: the reserved one, or one that the lot draws.
///
/// # Errors
/// [`Ground::SeriesExhausted`] if the lot finds no free number.
pub fn assign(
    tx: &mut Transaction,
    category: PlateCategory,
    wish: &PlateWish,
    vehicle: (&Vin, Option<&PlateNumber>),
) -> Result<PlateNumber, Halt> {
    let (vin, carried) = vehicle;
    let number = match wish {
        PlateWish::Held(number) | PlateWish::Former(number) => number.clone(),
        PlateWish::Unchanged => match carried {
            Some(number) => return Ok(number.clone()),
            None => draw(tx, category)?,
        },
        PlateWish::Any => draw(tx, category)?,
    };
    put_on(tx, &number, vin)?;
    Ok(number)
}

/// # Errors
/// [`Halt`] if it cannot be read.
pub fn put_on(tx: &mut Transaction, number: &PlateNumber, vin: &Vin) -> Result<(), Halt> {
    record(tx, number, PlateEvent::NumberAssigned { vin: vin.clone() })
}

fn draw(tx: &mut Transaction, category: PlateCategory) -> Result<PlateNumber, Halt> {
    let today = tx.context.calendar.date(tx.now());
    let series = Pools::shipped().series(category);
    let seed = tx.context.command_id;
    for turn in 0..MOST_DRAWN {
        let Some(number) = series.drawn(seed, turn) else {
            break;
        };
        if load(tx, &number)?.is_free(today) {
            return Ok(number);
        }
    }
    Err(Ground::SeriesExhausted.into())
}

/// Takes the number off a vehicle and keeps it for its owner for two years (art. 44).
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn release_of(tx: &mut Transaction, vehicle: &Vehicle) -> Result<(), Halt> {
    let (Some(plate), Some(owner)) = (&vehicle.plate, &vehicle.owner) else {
        return Ok(());
    };
    let former = Former {
        owner: owner.clone(),
        from: plate.since,
        until: tx.context.calendar.date(tx.now()),
    };
    record(tx, &plate.number, PlateEvent::NumberReleased(former))
}

/// A hold that nobody used ends.
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &str) -> Result<(), Halt> {
    let claim = tx.load::<PlateClaim>(id)?;
    match claim.as_deref() {
        Some(PlateClaim::Held { until, .. }) if *until <= tx.now() => {
            tx.record::<PlateClaim>(id, [PlateEvent::HoldExpired])
        }
        _ => Ok(()),
    }
}
