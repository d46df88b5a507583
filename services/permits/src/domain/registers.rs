//! What other services have told of drivers, vehicles and organisations, and which open permits name them.
//!
//! Each is an aggregate: an approval and the news that a driver must not drive meet at its guard, so neither is missed.

use super::application::PermitKind;
use super::values::PermitId;
use chassis::domain::values::Text;
use chassis::domain::{Aggregate, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Open permits that may name one driver or one vehicle. Bounds what one event of another service can touch.
pub const MOST_PERMITS: usize = 60;

/// News of a vehicle touches its record and, for each permit that names it, the permit, two drivers and a trailer.
const _: () = assert!(MOST_PERMITS * 4 < Transaction::MAX_AGGREGATES);

/// Whether a driver may drive, and which open permits name them. Id: the person reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverStanding {
    /// Why the driver must not drive.
    pub suspended: Option<Text<500>>,
    /// Revision of the newest news: what is older comes late.
    pub heard: u64,
    pub permits: Vec<PermitId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriverEvent {
    NamedInPermit { permit: PermitId },
    ReleasedFromPermit { permit: PermitId },
    LicenceSuspended { reason: Text<500>, revision: u64 },
    LicenceRestored { revision: u64 },
}

impl Aggregate for DriverStanding {
    const TYPE: &'static str = "driver";
    type Event = DriverEvent;

    fn evolve(state: Option<Self>, event: &DriverEvent, _: Timestamp) -> Option<Self> {
        let mut driver = state.unwrap_or_default();
        match event {
            DriverEvent::NamedInPermit { permit } => add(&mut driver.permits, permit),
            DriverEvent::ReleasedFromPermit { permit } => driver.permits.retain(|p| p != permit),
            DriverEvent::LicenceSuspended { reason, revision } => {
                driver.suspended = Some(reason.clone());
                driver.heard = *revision;
            }
            DriverEvent::LicenceRestored { revision } => {
                driver.suspended = None;
                driver.heard = *revision;
            }
        }
        Some(driver)
    }
}

/// What is known of a vehicle, and which open permits name it. Id: [`super::values::PlateNumber::key`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleRecord {
    /// `None`: never heard of, as vehicles of other cities.
    pub registration: Option<Registration>,
    /// Revision of the newest news: what is older comes late.
    pub heard: u64,
    pub permits: Vec<PermitId>,
}

/// What stands behind a plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Registration {
    /// On a vehicle of this city, of this make.
    Registered(VehicleMake),
    /// On no vehicle of this city any more: its vehicle has another number, or another city keeps it.
    Gone,
    /// Its vehicle is registered no more.
    Cancelled,
}

/// What a vehicle is made for, as far as permits ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VehicleMake {
    /// Trucks, tractors, trailers, vehicles for special work.
    Goods,
    /// Passenger vehicles and motorcycles.
    People,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleEvent {
    NamedInPermit {
        permit: PermitId,
    },
    ReleasedFromPermit {
        permit: PermitId,
    },
    RegistrationHeard {
        registration: Registration,
        revision: u64,
    },
    /// Permits that name it were suspended, because two vehicles exchanged their plates. Each is carried on, so nothing of the
    /// record changes; what counts is the commit: whoever grants a permit at that moment meets its guard.
    PlateSwapped {
        revision: u64,
    },
}

impl Aggregate for VehicleRecord {
    const TYPE: &'static str = "vehicle";
    type Event = VehicleEvent;

    fn evolve(state: Option<Self>, event: &VehicleEvent, _: Timestamp) -> Option<Self> {
        let mut vehicle = state.unwrap_or_default();
        match event {
            VehicleEvent::NamedInPermit { permit } => add(&mut vehicle.permits, permit),
            VehicleEvent::ReleasedFromPermit { permit } => vehicle.permits.retain(|p| p != permit),
            VehicleEvent::RegistrationHeard {
                registration,
                revision,
            } => {
                vehicle.registration = Some(*registration);
                vehicle.heard = *revision;
            }
            VehicleEvent::PlateSwapped { .. } => {}
        }
        Some(vehicle)
    }
}

/// Whether an organisation may apply. Id: its credit code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantStanding {
    /// At most one bar a kind.
    pub bars: Vec<Bar>,
}

/// No new application for this kind of permit before this day (Administrative Licence Law arts. 78, 79).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub kind: PermitKind,
    pub until: Date,
    /// Art. 79, a permit obtained by fraud; else art. 78, false statements in an application.
    pub fraud: bool,
}

impl ApplicantStanding {
    /// The bar that stands against an application on `day`.
    pub fn bar(&self, kind: PermitKind, day: Date) -> Option<Bar> {
        self.bars
            .iter()
            .copied()
            .find(|bar| bar.kind == kind && day < bar.until)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicantEvent {
    ApplicantBarred { permit: PermitId, bar: Bar },
}

impl Aggregate for ApplicantStanding {
    const TYPE: &'static str = "applicant";
    type Event = ApplicantEvent;

    fn evolve(state: Option<Self>, event: &ApplicantEvent, _: Timestamp) -> Option<Self> {
        let mut applicant = state.unwrap_or_default();
        let ApplicantEvent::ApplicantBarred { bar, .. } = event;
        // The longer bar stays.
        let longer = |held: &Bar| held.kind == bar.kind && held.until > bar.until;
        if !applicant.bars.iter().any(longer) {
            applicant.bars.retain(|held| held.kind != bar.kind);
            applicant.bars.push(*bar);
        }
        Some(applicant)
    }
}

fn add(permits: &mut Vec<PermitId>, permit: &PermitId) {
    if !permits.contains(permit) {
        permits.push(permit.clone());
    }
}
