//! A vehicle: what it is, whose it is, which number it carries, and what stands against a registration. Id: its VIN, so that
//! no two replicas register one vehicle twice.

pub mod class;
pub mod event;
pub mod inspection;
pub mod notices;
pub mod school_bus;
pub mod scrapping;

use super::application::ApplicationId;
use super::party::Party;
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{Aggregate, District, Halt, Transaction};
use class::{Particulars, PlateCategory, UseNature, VehicleClass};
use event::{
    CancellationCause, Encumbrance, EncumbranceKind, Hold, HoldKind, Registration, TemporaryPlate,
    VehicleEvent, VehicleFact,
};
use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use school_bus::SchoolBusSign;
use scrapping::ScrappingNotice;
use serde::{Deserialize, Serialize};

/// Mortgages, pledges, notices and temporary plates that one vehicle can have, each.
pub const MOST_ENTRIES: usize = 20;

/// China has one time zone, without daylight saving.
const CHINA: Offset = Offset::constant(8);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleStage {
    Unregistered,
    Registered,
    MovedOut,
    AwaitingExport,
    Cancelled,
}

impl VehicleStage {
    pub const ALL: [Self; 5] = [
        Self::Unregistered,
        Self::Registered,
        Self::MovedOut,
        Self::AwaitingExport,
        Self::Cancelled,
    ];

    /// In words of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unregistered => "unregistered",
            Self::Registered => "registered",
            Self::MovedOut => "moved_out",
            Self::AwaitingExport => "awaiting_export",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The number that a vehicle carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub number: PlateNumber,
    pub since: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    pub stage: VehicleStage,
    /// Of the office that keeps it.
    pub district: District,
    pub particulars: Particulars,
    pub owner: Option<Party>,
    /// Since when this owner is registered.
    pub owned_since: Option<Date>,
    pub plate: Option<Carried>,
    /// First registration, wherever it was.
    pub first_registered_on: Option<Date>,
    /// The last day of its age of mandatory scrapping; `None`: none is set.
    pub scrap_on: Option<Date>,
    pub inspection_valid_until: Option<Date>,
    pub encumbrances: Vec<Encumbrance>,
    pub holds: Vec<Hold>,
    pub temporary_plates: Vec<TemporaryPlate>,
    pub swapped_on: Option<Date>,
    pub moved_out_on: Option<Date>,
    /// Certificates and licences issued so far.
    pub certificates: u16,
    pub licences: u16,
    /// Certificate, plates and licence are void (art. 41).
    pub documents_void: bool,
    /// Why it was cancelled last; what was scrapped is not registered again.
    #[serde(default)]
    pub cancelled_for: Option<CancellationCause>,
    /// One at a time: what is decided on one changes what the next is about.
    pub open_application: Option<ApplicationId>,
    pub school_bus_sign: Option<SchoolBusSign>,
    /// What the owner was told last of the end of its age.
    pub told_of_scrapping: Option<ScrappingNotice>,
}

/// How a vehicle stands, as far as others may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub stage: VehicleStage,
    pub district: District,
    pub plate: Option<PlateNumber>,
    pub category: PlateCategory,
    pub class: VehicleClass,
    pub use_nature: UseNature,
    pub seats: u16,
    pub inspection_valid_until: Option<Date>,
}

impl Vehicle {
    fn entered(district: District, particulars: Particulars) -> Self {
        Self {
            stage: VehicleStage::Unregistered,
            district,
            particulars,
            owner: None,
            owned_since: None,
            plate: None,
            first_registered_on: None,
            scrap_on: None,
            inspection_valid_until: None,
            encumbrances: Vec::new(),
            holds: Vec::new(),
            temporary_plates: Vec::new(),
            swapped_on: None,
            moved_out_on: None,
            certificates: 0,
            licences: 0,
            documents_void: false,
            cancelled_for: None,
            open_application: None,
            school_bus_sign: None,
            told_of_scrapping: None,
        }
    }

    pub fn category(&self) -> PlateCategory {
        PlateCategory::of(&self.particulars)
    }

    pub fn standing(&self) -> Standing {
        Standing {
            stage: self.stage,
            district: self.district,
            plate: self.number().cloned(),
            category: self.category(),
            class: self.particulars.class,
            use_nature: self.particulars.use_nature,
            seats: self.particulars.seats,
            inspection_valid_until: self.inspection_valid_until,
        }
    }

    /// It was cancelled because it was scrapped (arts. 37(1), 40(2)).
    pub fn was_scrapped(&self) -> bool {
        matches!(
            self.cancelled_for,
            Some(
                CancellationCause::ScrapAge
                    | CancellationCause::VoluntaryScrapping
                    | CancellationCause::ForcedScrapping
            )
        )
    }

    pub fn number(&self) -> Option<&PlateNumber> {
        self.plate.as_ref().map(|plate| &plate.number)
    }

    pub fn is_held(&self, kind: HoldKind) -> bool {
        self.holds.iter().any(|hold| hold.kind == kind)
    }

    pub fn is_owned_by(&self, party: &Party) -> bool {
        self.owner
            .as_ref()
            .is_some_and(|owner| owner.is_same(party))
    }

    /// Who holds a mortgage or a pledge in it.
    pub fn holders(&self, kind: EncumbranceKind) -> impl Iterator<Item = &Party> {
        self.encumbrances
            .iter()
            .filter(move |encumbrance| encumbrance.kind == kind)
            .map(|encumbrance| &encumbrance.holder)
    }

    /// Of the age of mandatory scrapping on `day` (art. 15(7)).
    pub fn is_of_scrap_age(&self, day: Date) -> bool {
        self.scrap_on.is_some_and(|last| last < day)
    }

    /// Within a year of that age (arts. 21(2), 29(3)); a year to the day counts (art. 92(3)).
    pub fn is_near_scrap_age(&self, day: Date) -> bool {
        self.scrap_on.is_some_and(|last| last <= day + 1.year())
    }

    /// The notice of the end of its age; one of another last day says nothing of the present one.
    pub fn scrapping_notice(&self) -> Option<ScrappingNotice> {
        self.told_of_scrapping
            .filter(|notice| self.scrap_on == Some(notice.last_day))
    }

    /// Its inspection is no longer valid on `day`.
    pub fn is_inspection_over(&self, day: Date) -> bool {
        self.inspection_valid_until.is_some_and(|last| last < day)
    }

    fn enter(&mut self, entry: &Registration) {
        self.stage = VehicleStage::Registered;
        self.district = entry.district;
        self.particulars = entry.particulars.clone();
        self.owner = Some(entry.owner.clone());
        self.owned_since = Some(entry.since);
        self.first_registered_on = Some(entry.first_registered_on);
        self.scrap_on = entry.scrap_on;
        self.inspection_valid_until = Some(entry.inspection_valid_until);
        self.moved_out_on = None;
        self.told_of_scrapping = None;
        self.documents_void = false;
        self.certificates += 1;
        self.give_plate(Some(&entry.number), entry.since);
    }

    fn give_plate(&mut self, number: Option<&PlateNumber>, since: Date) {
        // A sign names the number, and with it the owner: another one is to be fetched (arts. 61(1), 64).
        self.school_bus_sign = None;
        if number.is_some() {
            self.licences += 1;
        }
        self.plate = number.map(|number| Carried {
            number: number.clone(),
            since,
        });
    }

    fn leave(&mut self, stage: VehicleStage) {
        self.stage = stage;
        self.plate = None;
        self.school_bus_sign = None;
    }

    fn apply(&mut self, fact: &VehicleFact) {
        match fact {
            // Only a vehicle that is new to the register is entered.
            VehicleFact::VehicleEntered { .. } => {}
            VehicleFact::ApplicationOpened { application } => {
                self.open_application = Some(application.clone());
            }
            VehicleFact::ApplicationClosed { .. } => self.open_application = None,
            VehicleFact::VehicleRegistered(entry) | VehicleFact::VehicleMovedIn(entry) => {
                self.enter(entry);
            }
            VehicleFact::ParticularsChanged {
                particulars,
                scrap_on,
            } => {
                self.particulars = particulars.clone();
                self.scrap_on = *scrap_on;
                self.licences += 1;
            }
            VehicleFact::OwnerChangedParticulars { owner } => self.owner = Some(owner.clone()),
            VehicleFact::PlateChanged {
                number,
                since,
                cause,
                ..
            } => {
                self.give_plate(Some(number), *since);
                if *cause == event::PlateChangeCause::Swap {
                    self.swapped_on = Some(*since);
                }
            }
            VehicleFact::OwnerReplaced { owner } => {
                self.owner = Some(owner.clone());
                self.school_bus_sign = None;
            }
            VehicleFact::VehicleTransferred {
                owner,
                number,
                since,
                ..
            } => {
                self.owner = Some(owner.clone());
                self.owned_since = Some(*since);
                self.give_plate(number.as_ref(), *since);
            }
            VehicleFact::VehicleMovedOut { on, .. } => {
                self.moved_out_on = Some(*on);
                self.leave(VehicleStage::MovedOut);
            }
            VehicleFact::VehicleSentForExport { .. } => self.leave(VehicleStage::AwaitingExport),
            VehicleFact::VehicleCancelled { cause, .. } => {
                self.leave(VehicleStage::Cancelled);
                self.cancelled_for = Some(*cause);
                self.documents_void = true;
            }
            VehicleFact::Encumbered(encumbrance) => self.encumbrances.push(encumbrance.clone()),
            VehicleFact::EncumbranceReleased { kind, holder, .. } => {
                self.encumbrances
                    .retain(|own| own.kind != *kind || !own.holder.is_same(holder));
            }
            VehicleFact::HoldPlaced(hold) => self.holds.push(hold.clone()),
            VehicleFact::HoldLifted { kind, notice, .. } => {
                self.holds
                    .retain(|hold| hold.kind != *kind || hold.notice != *notice);
            }
            VehicleFact::TemporaryPlateIssued(plate) => self.temporary_plates.push(plate.clone()),
            VehicleFact::TemporaryPlatesEnd { after } => {
                for plate in &mut self.temporary_plates {
                    plate.valid_until = plate.valid_until.min(*after);
                }
            }
            VehicleFact::InspectionMarkIssued { valid_until } => {
                self.inspection_valid_until = Some(*valid_until);
            }
            VehicleFact::PlatesReissued => {}
            VehicleFact::DocumentReissued { document } => match document {
                event::Document::Certificate => self.certificates += 1,
                event::Document::Licence => self.licences += 1,
            },
            VehicleFact::ScrappingNoticeDue(notice) => self.told_of_scrapping = Some(*notice),
            VehicleFact::DocumentsVoided { .. } => self.documents_void = true,
            VehicleFact::SchoolBusSignIssued(sign) => self.school_bus_sign = Some((**sign).clone()),
            VehicleFact::SchoolBusSignReissued => {}
            VehicleFact::SchoolBusSignRenewed { valid_until } => {
                if let Some(sign) = &mut self.school_bus_sign {
                    sign.valid_until = *valid_until;
                }
            }
            VehicleFact::SchoolBusSignReturned { .. } => self.school_bus_sign = None,
        }
    }
}

impl Aggregate for Vehicle {
    const TYPE: &'static str = "vehicle";
    type Event = VehicleEvent;

    fn evolve(state: Option<Self>, event: &VehicleEvent, _: Timestamp) -> Option<Self> {
        match (state, &event.fact) {
            (
                None,
                VehicleFact::VehicleEntered {
                    district,
                    particulars,
                },
            ) => Some(Self::entered(*district, particulars.clone())),
            (None, _) => None,
            (Some(mut vehicle), fact) => {
                vehicle.apply(fact);
                Some(vehicle)
            }
        }
    }

    /// First the owner is told of the end of its age (Road Traffic Safety Regulations art. 9(1)), then its papers become void,
    /// unless it was cancelled in time (art. 41(1)).
    fn next_due(&self) -> Option<Timestamp> {
        if self.stage != VehicleStage::Registered || self.documents_void {
            return None;
        }
        let last_day = self.scrap_on?;
        let day = self
            .scrapping_notice()
            .map_or_else(|| ScrappingNotice::due_on(last_day), |told| told.void_from);
        CHINA.to_timestamp(day.at(0, 0, 0, 0)).ok()
    }
}

/// Records facts on a vehicle, each with how the vehicle stands after it.
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn record(
    tx: &mut Transaction,
    vin: &Vin,
    facts: impl IntoIterator<Item = VehicleFact>,
) -> Result<(), Halt> {
    for fact in facts {
        let after = match (tx.load::<Vehicle>(vin.as_str())?, &fact) {
            (Some(vehicle), fact) => {
                let mut vehicle = (*vehicle).clone();
                vehicle.apply(fact);
                vehicle.standing()
            }
            (
                None,
                VehicleFact::VehicleEntered {
                    district,
                    particulars,
                },
            ) => Vehicle::entered(*district, particulars.clone()).standing(),
            (None, _) => return Err(super::ground::Ground::UnknownVehicle.into()),
        };
        tx.record::<Vehicle>(vin.as_str(), [VehicleEvent { after, fact }])?;
    }
    Ok(())
}
