//! What can happen to a vehicle. Each event says enough to be published by itself.

use super::Standing;
use super::class::Particulars;
use super::school_bus::{SchoolBusSign, SignReturnCause};
use super::scrapping::ScrappingNotice;
use crate::domain::application::ApplicationId;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{District, LegalBasis};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A fact about one vehicle, and how the vehicle stands after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleEvent {
    pub after: Standing,
    pub fact: VehicleFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleFact {
    /// Heard of for the first time.
    VehicleEntered {
        district: District,
        particulars: Particulars,
    },
    ApplicationOpened {
        application: ApplicationId,
    },
    ApplicationClosed {
        application: ApplicationId,
    },
    VehicleRegistered(Box<Registration>),
    VehicleMovedIn(Box<Registration>),
    ParticularsChanged {
        particulars: Particulars,
        scrap_on: Option<Date>,
    },
    /// The owner has another name, number or address (art. 23).
    OwnerChangedParticulars {
        owner: Party,
    },
    /// `since`: when the number was given.
    PlateChanged {
        number: PlateNumber,
        since: Date,
        cause: PlateChangeCause,
        previous: Option<PlateNumber>,
    },
    /// Registered on another joint owner's name (art. 19).
    OwnerReplaced {
        owner: Party,
    },
    /// `number`: `None` if it leaves the city.
    VehicleTransferred {
        owner: Party,
        number: Option<PlateNumber>,
        since: Date,
        previous: Option<PlateNumber>,
    },
    /// `notice`: of the office that has taken it in, if it was applied to there (arts. 18(1), 27(3)).
    VehicleMovedOut {
        to: Text<100>,
        on: Date,
        previous: Option<PlateNumber>,
        #[serde(default)]
        notice: Option<DocumentNumber>,
    },
    VehicleSentForExport {
        on: Date,
        previous: Option<PlateNumber>,
    },
    VehicleCancelled {
        cause: CancellationCause,
        basis: LegalBasis,
        previous: Option<PlateNumber>,
    },
    Encumbered(Encumbrance),
    EncumbranceReleased {
        kind: EncumbranceKind,
        holder: Party,
        on: Date,
    },
    HoldPlaced(Hold),
    HoldLifted {
        kind: HoldKind,
        notice: DocumentNumber,
        lifting_notice: DocumentNumber,
    },
    TemporaryPlateIssued(TemporaryPlate),
    /// Plates have come: temporary ones are void after this day (art. 47(6)).
    TemporaryPlatesEnd {
        after: Date,
    },
    InspectionMarkIssued {
        valid_until: Date,
    },
    PlatesReissued,
    DocumentReissued {
        document: Document,
    },
    /// It comes to the last day of its age: the owner is to be told (Road Traffic Safety Regulations art. 9(1)).
    ScrappingNoticeDue(ScrappingNotice),
    DocumentsVoided {
        basis: LegalBasis,
    },
    /// For the first time, or again because something on it has changed (arts. 60, 64).
    SchoolBusSignIssued(Box<SchoolBusSign>),
    /// A lost or damaged one was made again (art. 66).
    SchoolBusSignReissued,
    /// With a new inspection mark (art. 62(3)).
    SchoolBusSignRenewed {
        valid_until: Date,
    },
    SchoolBusSignReturned {
        cause: SignReturnCause,
    },
}

impl VehicleFact {
    /// The event's name, as stored, published and shown in a history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::VehicleEntered { .. } => "vehicle_entered",
            Self::ApplicationOpened { .. } => "application_opened",
            Self::ApplicationClosed { .. } => "application_closed",
            Self::VehicleRegistered(_) => "vehicle_registered",
            Self::VehicleMovedIn(_) => "vehicle_moved_in",
            Self::ParticularsChanged { .. } => "particulars_changed",
            Self::OwnerChangedParticulars { .. } => "owner_changed_particulars",
            Self::PlateChanged { .. } => "plate_changed",
            Self::OwnerReplaced { .. } => "owner_replaced",
            Self::VehicleTransferred { .. } => "vehicle_transferred",
            Self::VehicleMovedOut { .. } => "vehicle_moved_out",
            Self::VehicleSentForExport { .. } => "vehicle_sent_for_export",
            Self::VehicleCancelled { .. } => "vehicle_cancelled",
            Self::Encumbered(_) => "encumbered",
            Self::EncumbranceReleased { .. } => "encumbrance_released",
            Self::HoldPlaced(_) => "hold_placed",
            Self::HoldLifted { .. } => "hold_lifted",
            Self::TemporaryPlateIssued(_) => "temporary_plate_issued",
            Self::TemporaryPlatesEnd { .. } => "temporary_plates_end",
            Self::InspectionMarkIssued { .. } => "inspection_mark_issued",
            Self::PlatesReissued => "plates_reissued",
            Self::DocumentReissued { .. } => "document_reissued",
            Self::ScrappingNoticeDue(_) => "scrapping_notice_due",
            Self::DocumentsVoided { .. } => "documents_voided",
            Self::SchoolBusSignIssued(_) => "school_bus_sign_issued",
            Self::SchoolBusSignReissued => "school_bus_sign_reissued",
            Self::SchoolBusSignRenewed { .. } => "school_bus_sign_renewed",
            Self::SchoolBusSignReturned { .. } => "school_bus_sign_returned",
        }
    }
}

/// A vehicle as it enters the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    pub district: District,
    pub particulars: Particulars,
    pub owner: Party,
    pub number: PlateNumber,
    /// When this number was given.
    pub since: Date,
    /// First registration, wherever it was.
    pub first_registered_on: Date,
    pub scrap_on: Option<Date>,
    pub inspection_valid_until: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateChangeCause {
    Swap,
    Change,
    JointOwner,
    Correction,
}

/// Arts. 37(1), 40.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationCause {
    ScrapAge,
    VoluntaryScrapping,
    Destroyed,
    Abroad,
    Returned,
    Revoked,
    ForcedScrapping,
}

impl CancellationCause {
    pub fn basis(self) -> LegalBasis {
        order_164(match self {
            Self::ScrapAge => "art. 37(1)(1)",
            Self::VoluntaryScrapping => "art. 37(1)(2)",
            Self::Destroyed => "art. 37(1)(3)",
            Self::Abroad => "art. 37(1)(4)",
            Self::Returned => "art. 37(1)(5)",
            Self::Revoked => "art. 40(1)",
            Self::ForcedScrapping => "art. 40(2)",
        })
    }

    /// The office cancels of its own motion (art. 40), not because the owner applies.
    pub fn is_of_office(self) -> bool {
        matches!(self, Self::Revoked | Self::ForcedScrapping)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncumbranceKind {
    Mortgage,
    Pledge,
}

/// A right of another in the vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encumbrance {
    pub kind: EncumbranceKind,
    pub holder: Party,
    pub since: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Art. 15(8).
    Seizure,
    /// Arts. 15(9), 76.
    Theft,
    /// A road accident that is not settled (arts. 18(3), 25(2), 54(2)).
    Accident,
    /// Art. 74.
    Inquiry,
}

/// An authority's notice that stops what is registered for the vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub kind: HoldKind,
    pub agency: Text<100>,
    pub notice: DocumentNumber,
    pub since: Timestamp,
}

/// Why a vehicle drives under a temporary plate (arts. 46 to 48).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemporaryGround {
    /// Art. 46(1).
    Unsold,
    /// Art. 46(2).
    AwaitingRegistration,
    /// Art. 46(3).
    NewForExport,
    /// Art. 46(4).
    Testing,
    /// Art. 46(5).
    OversizeSpecial,
    /// Art. 48.
    IntelligentTesting,
    /// Arts. 47(3), 51(3).
    PlatesInMaking,
    /// Arts. 27(1), 28: issued with the decision on the transfer.
    Leaving,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryPlate {
    pub ground: TemporaryGround,
    pub number: DocumentNumber,
    pub valid_until: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    /// 机动车登记证书
    Certificate,
    /// 行驶证
    Licence,
}
