//! Service stations (机动车登记服务站, Order 164 arts. 4(3), 69, 70), and the appointments that people make with them.
//!
//! ```text
//!   hours   when a station is open        day      one day's slots: booking, arrival, no-show, walk-in
//!   ground  why not
//! ```

pub mod day;
pub mod ground;
pub mod hours;

use chassis::domain::values::Text;
use chassis::domain::{Aggregate, District, Halt, LegalCalendar, Transaction};
use ground::StationGround;
use hours::OpeningHours;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

chassis::named_id! {
    /// A service station, e.g. `mudan-01`.
    StationId
}

/// Days on which a station is closed beside its ordinary ones, at most.
pub const MOST_CLOSED_DAYS: usize = 100;
/// Counters that serve at the same time, at most.
pub const MOST_COUNTERS: u16 = 50;

/// Who runs it (art. 69(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StationKind {
    /// The police's own vehicle office (车辆管理所).
    VehicleOffice,
    Dealer,
    UsedVehicleMarket,
    InspectionBody,
    Recycler,
    PostOffice,
    FinancialInstitution,
    Insurer,
    /// Unmanned, round the clock.
    KioskHall,
}

/// What people come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Business {
    FirstRegistration,
    Change,
    Transfer,
    Mortgage,
    Cancellation,
    PlatesAndDocuments,
    TemporaryPlate,
    InspectionMark,
    Ebike,
}

/// What the public is told about a station (art. 4(3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub name: Text<100>,
    pub kind: StationKind,
    pub district: District,
    pub address: Text<200>,
    /// Of the office.
    pub phone: Text<20>,
    pub businesses: BTreeSet<Business>,
    pub hours: OpeningHours,
    pub closed_days: BTreeSet<Date>,
    /// How many are served at the same time, 1 to [`MOST_COUNTERS`].
    pub counters: u16,
}

/// Whether it may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Standing {
    Commissioned,
    /// Until it has put right what was wrong (art. 70(2)).
    Suspended,
    /// For good.
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    pub details: Details,
    pub standing: Standing,
    pub opened_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StationEvent {
    StationCommissioned { details: Details },
    StationDetailsChanged { details: Details },
    StationSuspended { reason: Text<500> },
    StationResumed,
    StationEnded { reason: Text<500> },
}

impl Station {
    /// Whether it is open on `day` at all.
    pub fn is_open_on(&self, day: Date, calendar: &LegalCalendar) -> bool {
        !self.details.closed_days.contains(&day)
            && !self
                .details
                .hours
                .of_day(calendar.is_working_day(day))
                .is_empty()
    }

    /// # Errors
    /// Unless it is commissioned.
    pub fn may_act(&self) -> Result<(), StationGround> {
        match self.standing {
            Standing::Commissioned => Ok(()),
            Standing::Suspended => Err(StationGround::Suspended),
            Standing::Ended => Err(StationGround::Ended),
        }
    }
}

impl Aggregate for Station {
    const TYPE: &'static str = "station";
    type Event = StationEvent;

    fn evolve(state: Option<Self>, event: &StationEvent, at: Timestamp) -> Option<Self> {
        if let StationEvent::StationCommissioned { details } = event {
            return Some(Self {
                details: details.clone(),
                standing: Standing::Commissioned,
                opened_at: at,
            });
        }
        let mut station = state?;
        match event {
            // Handled above.
            StationEvent::StationCommissioned { .. } => {}
            StationEvent::StationDetailsChanged { details } => station.details = details.clone(),
            StationEvent::StationSuspended { .. } => station.standing = Standing::Suspended,
            StationEvent::StationResumed => station.standing = Standing::Commissioned,
            StationEvent::StationEnded { .. } => station.standing = Standing::Ended,
        }
        Some(station)
    }
}

/// # Errors
/// If there is one of this id.
pub fn commission(tx: &mut Transaction, id: &StationId, details: Details) -> Result<(), Halt> {
    if tx.load::<Station>(id.as_str())?.is_some() {
        return Err(StationGround::Exists.into());
    }
    for_district(tx, details.district)?;
    tx.record::<Station>(id.as_str(), [StationEvent::StationCommissioned { details }])
}

/// Hours, counters and the like. What people have booked stands, whatever changes.
///
/// # Errors
/// It has ended, or would move to another district.
pub fn change(tx: &mut Transaction, id: &StationId, details: Details) -> Result<(), Halt> {
    let station = load(tx, id)?;
    for_district(tx, station.details.district)?;
    if station.standing == Standing::Ended {
        return Err(StationGround::Ended.into());
    }
    if station.details.district != details.district {
        return Err(StationGround::DistrictFixed.into());
    }
    if station.details == details {
        return Ok(());
    }
    tx.record::<Station>(
        id.as_str(),
        [StationEvent::StationDetailsChanged { details }],
    )
}

/// # Errors
/// Unless it is commissioned.
pub fn suspend(tx: &mut Transaction, id: &StationId, reason: Text<500>) -> Result<(), Halt> {
    let station = load(tx, id)?;
    for_district(tx, station.details.district)?;
    station.may_act()?;
    tx.record::<Station>(id.as_str(), [StationEvent::StationSuspended { reason }])
}

/// # Errors
/// Unless it is suspended.
pub fn resume(tx: &mut Transaction, id: &StationId) -> Result<(), Halt> {
    let station = load(tx, id)?;
    for_district(tx, station.details.district)?;
    match station.standing {
        Standing::Suspended => tx.record::<Station>(id.as_str(), [StationEvent::StationResumed]),
        Standing::Commissioned => Err(StationGround::NotSuspended.into()),
        Standing::Ended => Err(StationGround::Ended.into()),
    }
}

/// # Errors
/// If it has ended.
pub fn end(tx: &mut Transaction, id: &StationId, reason: Text<500>) -> Result<(), Halt> {
    let station = load(tx, id)?;
    for_district(tx, station.details.district)?;
    if station.standing == Standing::Ended {
        return Err(StationGround::Ended.into());
    }
    tx.record::<Station>(id.as_str(), [StationEvent::StationEnded { reason }])
}

pub(super) fn load(tx: &mut Transaction, id: &StationId) -> Result<Arc<Station>, Halt> {
    tx.load::<Station>(id.as_str())?
        .ok_or_else(|| StationGround::Unknown.into())
}

fn for_district(tx: &Transaction, district: District) -> Result<(), StationGround> {
    if tx.context.actor.decides_for(district) {
        Ok(())
    } else {
        Err(StationGround::OutsideDistrict)
    }
}
