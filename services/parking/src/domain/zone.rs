//! A parking zone: where one tariff holds, who answers for it, and how many bays stand there.
//!
//! Whoever marks a bay, moves it or retires it records that on the zone too, in the same transaction. So a zone knows its bays
//! exactly, and who gives it up meets at its guard whoever brings a bay there at the same time: one of them comes too late.
//! The price: commands that bring bays to one zone wait for each other, some 5 ms each. Many bays had better come in one
//! transaction, which records on the zone once.

use super::bay::Timeline;
use super::ids::{BayId, TariffId, ZoneId};
use super::refusal::ParkingRefusal;
use super::tariff::Tariff;
use chassis::domain::{Aggregate, District, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How central a zone is: prices fall from I to III (Beijing parking regulations art. 28: centre above periphery).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ZoneGrade {
    I,
    II,
    III,
}

/// A parking zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub details: ZoneDetails,
    pub retired: bool,
    /// How many bays stand in it.
    pub bays: u64,
    /// The tariffs before the present one, oldest first, as far as a reading may still tell of an arrival under them.
    pub earlier: Vec<EarlierTariff>,
}

/// A tariff that held in a zone until it got another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierTariff {
    pub tariff: TariffId,
    pub until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneDetails {
    /// 1 to 100 characters.
    pub display_name: String,
    pub grade: ZoneGrade,
    /// Never changes while the zone exists: money and cases of it belong to this district.
    pub district: District,
    pub tariff: TariffId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneEvent {
    ZoneOpened { details: ZoneDetails },
    ZoneChanged { details: ZoneDetails },
    ZoneRetired { district: District },
    BayAdded { bay: BayId },
    BayRemoved { bay: BayId },
}

impl Zone {
    /// Most earlier tariffs remembered; the oldest are forgotten first.
    pub const MAX_EARLIER: usize = 16;

    /// The tariff under which a vehicle that arrived at `at` stands here.
    pub fn tariff_at(&self, at: Timestamp) -> &TariffId {
        self.earlier
            .iter()
            .find(|earlier| at < earlier.until)
            .map_or(&self.details.tariff, |earlier| &earlier.tariff)
    }

    fn changed(mut self, details: &ZoneDetails, at: Timestamp) -> Self {
        if self.details.tariff != details.tariff {
            self.earlier.push(EarlierTariff {
                tariff: self.details.tariff.clone(),
                until: at,
            });
            self.earlier
                .retain(|earlier| at.duration_since(earlier.until) < Timeline::HORIZON);
            let excess = self.earlier.len().saturating_sub(Self::MAX_EARLIER);
            self.earlier.drain(..excess);
        }
        self.details = details.clone();
        self
    }
}

impl Aggregate for Zone {
    const TYPE: &'static str = "zone";
    type Event = ZoneEvent;

    fn evolve(state: Option<Self>, event: &ZoneEvent, at: Timestamp) -> Option<Self> {
        match (state, event) {
            (_, ZoneEvent::ZoneOpened { details }) => Some(Self {
                details: details.clone(),
                retired: false,
                bays: 0,
                earlier: Vec::new(),
            }),
            (Some(zone), ZoneEvent::ZoneChanged { details }) => Some(zone.changed(details, at)),
            (Some(zone), ZoneEvent::ZoneRetired { .. }) => Some(Self {
                retired: true,
                ..zone
            }),
            (Some(zone), ZoneEvent::BayAdded { .. }) => Some(Self {
                bays: zone.bays.saturating_add(1),
                ..zone
            }),
            (Some(zone), ZoneEvent::BayRemoved { .. }) => Some(Self {
                bays: zone.bays.saturating_sub(1),
                ..zone
            }),
            (None, _) => None,
        }
    }
}

/// Opens a zone; one that was retired may be opened again, in another district too: nothing stands there.
///
/// # Errors
/// `ZONE_EXISTS`; `TARIFF_NOT_FOUND`, `TARIFF_NOT_IN_FORCE`: a zone without prices cannot be marked as the law demands
/// (Beijing parking regulations art. 32(1)(1)).
pub fn open(tx: &mut Transaction, id: &ZoneId, details: ZoneDetails) -> Result<(), Halt> {
    if tx
        .load::<Zone>(id.as_str())?
        .is_some_and(|zone| !zone.retired)
    {
        return Err(ParkingRefusal::ZoneExists { zone: id.clone() }.into());
    }
    require_tariff_in_force(tx, &details.tariff)?;
    tx.record::<Zone>(id.as_str(), [ZoneEvent::ZoneOpened { details }])
}

/// Changes a zone's name, grade or tariff; its district stays. Vehicles that stand there already are charged by the
/// tariff that held when they arrived.
///
/// # Errors
/// `ZONE_NOT_FOUND`, `ZONE_DISTRICT_FIXED`, `TARIFF_NOT_FOUND`, `TARIFF_NOT_IN_FORCE`.
pub fn change(tx: &mut Transaction, id: &ZoneId, details: ZoneDetails) -> Result<(), Halt> {
    let zone = require(tx, id)?;
    if zone.details.district != details.district {
        return Err(ParkingRefusal::ZoneDistrictFixed.into());
    }
    if zone.details == details {
        return Ok(());
    }
    require_tariff_in_force(tx, &details.tariff)?;
    tx.record::<Zone>(id.as_str(), [ZoneEvent::ZoneChanged { details }])
}

/// Retires a zone in which no bay is left.
///
/// # Errors
/// `ZONE_NOT_FOUND`, `ZONE_HAS_BAYS`.
pub fn retire(tx: &mut Transaction, id: &ZoneId) -> Result<(), Halt> {
    let zone = require(tx, id)?;
    if zone.bays > 0 {
        return Err(ParkingRefusal::ZoneHasBays {
            zone: id.clone(),
            bays: zone.bays,
        }
        .into());
    }
    let district = zone.details.district;
    tx.record::<Zone>(id.as_str(), [ZoneEvent::ZoneRetired { district }])
}

/// Notes that a bay stands in the zone from now on.
///
/// # Errors
/// `ZONE_NOT_FOUND`.
pub(super) fn add_bay(tx: &mut Transaction, id: &ZoneId, bay: &BayId) -> Result<(), Halt> {
    require(tx, id)?;
    let bay = bay.clone();
    tx.record::<Zone>(id.as_str(), [ZoneEvent::BayAdded { bay }])
}

/// Notes that a bay has gone from the zone in which it stood.
///
/// # Errors
/// As [`Transaction::load`].
pub(super) fn remove_bay(tx: &mut Transaction, id: &ZoneId, bay: &BayId) -> Result<(), Halt> {
    let bay = bay.clone();
    tx.record::<Zone>(id.as_str(), [ZoneEvent::BayRemoved { bay }])
}

/// The zone, if it exists and is not retired.
///
/// # Errors
/// `ZONE_NOT_FOUND`.
pub fn require(tx: &mut Transaction, id: &ZoneId) -> Result<std::sync::Arc<Zone>, Halt> {
    match tx.load::<Zone>(id.as_str())? {
        Some(zone) if !zone.retired => Ok(zone),
        _ => Err(ParkingRefusal::ZoneNotFound { zone: id.clone() }.into()),
    }
}

fn require_tariff_in_force(tx: &mut Transaction, id: &TariffId) -> Result<(), Halt> {
    let now = tx.now();
    let Some(tariff) = tx.load::<Tariff>(id.as_str())? else {
        return Err(ParkingRefusal::TariffNotFound { tariff: id.clone() }.into());
    };
    if tariff.version_at(now).is_none() {
        return Err(ParkingRefusal::TariffNotInForce { tariff: id.clone() }.into());
    }
    Ok(())
}
