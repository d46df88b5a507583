//! An offer of numbers (选号): what the lot drew for somebody, to choose one of, for half an hour.

use super::hold;
use super::series::Pools;
use crate::domain::ground::Ground;
use crate::domain::vehicle::class::PlateCategory;
use chassis::domain::values::PlateNumber;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

chassis::uuid_id! {
    /// An offer.
    OfferId
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlateOffer {
    pub account: String,
    pub category: PlateCategory,
    pub numbers: Vec<PlateNumber>,
    pub until: Timestamp,
    /// The number that was chosen, and until when it is held.
    pub chosen: Option<(PlateNumber, Timestamp)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEvent {
    NumbersOffered {
        account: String,
        category: PlateCategory,
        numbers: Vec<PlateNumber>,
        until: Timestamp,
    },
    NumberChosen {
        number: PlateNumber,
        held_until: Timestamp,
    },
}

impl Aggregate for PlateOffer {
    const TYPE: &'static str = "plate-offer";
    type Event = OfferEvent;

    fn evolve(state: Option<Self>, event: &OfferEvent, _: Timestamp) -> Option<Self> {
        match event {
            OfferEvent::NumbersOffered {
                account,
                category,
                numbers,
                until,
            } => Some(Self {
                account: account.clone(),
                category: *category,
                numbers: numbers.clone(),
                until: *until,
                chosen: None,
            }),
            OfferEvent::NumberChosen { number, held_until } => {
                let mut offer = state?;
                offer.chosen = Some((number.clone(), *held_until));
                Some(offer)
            }
        }
    }
}

/// Offers numbers that were free when they were looked at; who chooses one first has it.
///
/// # Errors
/// [`Ground::SeriesExhausted`] if there are none.
pub fn offer(
    tx: &mut Transaction,
    category: PlateCategory,
    numbers: Vec<PlateNumber>,
) -> Result<OfferId, Halt> {
    if numbers.is_empty() {
        return Err(Ground::SeriesExhausted.into());
    }
    let id = OfferId::new(tx.context.new_id("plate-offer"));
    let offered = OfferEvent::NumbersOffered {
        account: tx.context.actor.id.clone(),
        category,
        numbers,
        until: tx.now() + Pools::shipped().offer_minutes.minutes(),
    };
    tx.record::<PlateOffer>(id.as_str(), [offered])?;
    Ok(id)
}

/// Chooses one of the numbers offered, or one composed by oneself (art. 43(1)). It is held until the application is filed.
///
/// # Errors
/// The offer is another's, over or used, or somebody has the number.
pub fn choose(tx: &mut Transaction, id: &OfferId, number: &PlateNumber) -> Result<(), Halt> {
    let Some(offer) = tx.load::<PlateOffer>(id.as_str())? else {
        return Err(Ground::UnknownOffer.into());
    };
    if offer.account != tx.context.actor.id {
        return Err(Ground::NotYourOffer.into());
    }
    if offer.chosen.is_some() {
        return Err(Ground::OfferUsed.into());
    }
    if offer.until <= tx.now() {
        return Err(Ground::OfferOver.into());
    }
    let held_until = hold(tx, offer.category, number)?;
    let chosen = OfferEvent::NumberChosen {
        number: number.clone(),
        held_until,
    };
    tx.record::<PlateOffer>(id.as_str(), [chosen])
}
