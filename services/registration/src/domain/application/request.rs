//! What is applied for: each business of Order 164 with what it says.

use crate::domain::party::Party;
use crate::domain::vehicle::class::{Particulars, UseNature};
use crate::domain::vehicle::event::{
    CancellationCause, Document, EncumbranceKind, TemporaryGround,
};
use crate::domain::vehicle::school_bus::SchoolBusUse;
use chassis::domain::values::{DocumentNumber, Text, Vin};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// 注册登记 (arts. 10 to 15)
    InitialRegistration(Box<NewVehicle>),
    /// 变更登记 (arts. 16(1)(1) to (5), 17, 21)
    ParticularsChange {
        change: Box<Change>,
        changed_on: Date,
    },
    /// 变更备案 (arts. 23, 24)
    OwnerFiling {
        filing: Box<OwnerFiling>,
        changed_on: Date,
    },
    /// 共同所有人变更 (arts. 19, 45)
    JointOwner {
        new_owner: Box<Party>,
        /// Since when they are married, if they are.
        married_on: Option<Date>,
    },
    /// 互换号牌号码 (art. 20)
    PlateSwap { other: Vin },
    /// 转出 (art. 18(1))
    MoveOut { to: Text<100> },
    /// 转入 (arts. 18(2), 27(2))
    MoveIn(Box<Arrival>),
    /// 转让登记 (arts. 25 to 30)
    Transfer(Box<Transfer>),
    /// 抵押登记, 质押备案 (arts. 32, 34)
    Encumber {
        kind: EncumbranceKind,
        holder: Box<Party>,
    },
    /// 解除 (arts. 33, 34)
    Release {
        kind: EncumbranceKind,
        holder: Box<Party>,
        /// A court has ruled that a mortgage ends: owner or holder apply alone (art. 33(2)).
        by_court: bool,
    },
    /// 注销登记 (arts. 37 to 39)
    Cancellation { cause: CancellationCause },
    /// 更正 (art. 53)
    Correction {
        corrected: Box<Corrected>,
        new_number: bool,
    },
    /// 补领、换领号牌 (art. 51)
    PlateReissue,
    /// 补领、换领登记证书、行驶证 (art. 52)
    DocumentReissue { document: Document },
    /// 检验合格标志 (arts. 54 to 57). `valid_until`: `None` replaces a lost mark.
    InspectionMark { valid_until: Option<Date> },
    /// 临时行驶车号牌 (arts. 46 to 48)
    TemporaryPlate(Box<TemporaryUse>),
    /// 校车标牌 (arts. 60, 64)
    SchoolBusSign(Box<SchoolBusUse>),
    /// 补领、换领校车标牌 (art. 66)
    SchoolBusSignReissue,
}

/// A vehicle that was never registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewVehicle {
    pub particulars: Particulars,
    pub owner: Party,
    /// It was in a traffic accident before (art. 11(2)(3)).
    pub accident_before: bool,
    /// The factory's examination is known electronically (art. 14(1)).
    pub factory_checked: bool,
    pub inspection_valid_until: Date,
}

impl NewVehicle {
    /// The safety inspection is needed (art. 11).
    pub fn needs_inspection(&self, today: Date) -> bool {
        let vehicle = &self.particulars;
        let exempt = vehicle.imported || vehicle.inspection_exempt;
        let old = today > vehicle.made_on + 2.years();
        !exempt || old || self.accident_before || vehicle.use_nature == UseNature::SchoolBus
    }
}

/// A vehicle whose file comes from another city.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    pub particulars: Particulars,
    pub owner: Party,
    pub from: Text<100>,
    pub first_registered_on: Date,
    pub inspection_valid_until: Date,
    /// When the other office let it go; `None`: cars and motorcycles that need not ask it first (art. 18(1)).
    pub moved_out_on: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub new_owner: Party,
    pub delivered_on: Date,
    pub destination: Destination,
    /// By a court, an arbiter or an authority, and the former owner withheld certificate, plates or licence (art. 30).
    pub papers_withheld: bool,
}

/// Where a transferred vehicle is kept from then on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    Here,
    /// Art. 27.
    OtherCity(Text<100>),
    /// Art. 28.
    Export,
}

/// Art. 16(1)(1) to (5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Colour(Text<20>),
    Engine(DocumentNumber),
    Body,
    WholeVehicle { vin: Vin, vehicle: NewVehicle },
    Use(UseNature),
}

/// Art. 23.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerFiling {
    /// (1): name, or residence within the city.
    NameOrResidence(Party),
    /// (2): name or number of the identity document.
    Identity(Party),
    /// (3)
    Contact(Party),
    /// (4)
    VinRestamped,
    /// (5)
    DisabledAid,
    /// (6)
    TailLift,
    /// (7)
    Exterior,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corrected {
    Colour(Text<20>),
    Engine(DocumentNumber),
    Model(Text<60>),
    Seats(u16),
    GrossMass(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryUse {
    pub ground: TemporaryGround,
    pub particulars: Particulars,
    /// Days asked for.
    pub days: u16,
    pub insurance_valid_until: Date,
    /// Art. 48: last day of the approval of the test.
    pub approved_until: Option<Date>,
}

/// The kinds of business that the law gives a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Business {
    InitialRegistration,
    ParticularsChange,
    OwnerFiling,
    JointOwner,
    PlateSwap,
    MoveOut,
    MoveIn,
    Transfer,
    TransferOut,
    TransferForExport,
    Mortgage,
    MortgageRelease,
    Pledge,
    PledgeRelease,
    Scrapping,
    Cancellation,
    Correction,
    PlateReissue,
    DocumentReissue,
    InspectionMark,
    TemporaryPlate,
    IntelligentTestPlate,
    SchoolBusSign,
    SchoolBusSignReissue,
}

impl Business {
    pub const ALL: [Self; 24] = [
        Self::InitialRegistration,
        Self::ParticularsChange,
        Self::OwnerFiling,
        Self::JointOwner,
        Self::PlateSwap,
        Self::MoveOut,
        Self::MoveIn,
        Self::Transfer,
        Self::TransferOut,
        Self::TransferForExport,
        Self::Mortgage,
        Self::MortgageRelease,
        Self::Pledge,
        Self::PledgeRelease,
        Self::Scrapping,
        Self::Cancellation,
        Self::Correction,
        Self::PlateReissue,
        Self::DocumentReissue,
        Self::InspectionMark,
        Self::TemporaryPlate,
        Self::IntelligentTestPlate,
        Self::SchoolBusSign,
        Self::SchoolBusSignReissue,
    ];

    /// 变更登记 (chapter 2, section 2), which art. 21 governs.
    pub fn is_change(self) -> bool {
        matches!(
            self,
            Self::ParticularsChange
                | Self::JointOwner
                | Self::PlateSwap
                | Self::MoveOut
                | Self::MoveIn
        )
    }

    /// 转让登记 (section 3), which art. 29 governs.
    pub fn is_transfer(self) -> bool {
        matches!(
            self,
            Self::Transfer | Self::TransferOut | Self::TransferForExport
        )
    }

    /// 注销登记 (section 5), which art. 42 governs.
    pub fn is_cancellation(self) -> bool {
        matches!(self, Self::Scrapping | Self::Cancellation)
    }

    /// 机动车登记 (Road Traffic Safety Regulations art. 4): what nobody applies for who is barred from it (arts. 80(1), 81(1)).
    /// Filings, pledges among them, corrections, marks, papers, temporary plates and signs are none.
    pub fn is_registration(self) -> bool {
        self.is_change()
            || self.is_transfer()
            || self.is_cancellation()
            || matches!(
                self,
                Self::InitialRegistration | Self::Mortgage | Self::MortgageRelease
            )
    }
}

impl Request {
    pub fn business(&self) -> Business {
        match self {
            Self::InitialRegistration(_) => Business::InitialRegistration,
            Self::ParticularsChange { .. } => Business::ParticularsChange,
            Self::OwnerFiling { .. } => Business::OwnerFiling,
            Self::JointOwner { .. } => Business::JointOwner,
            Self::PlateSwap { .. } => Business::PlateSwap,
            Self::MoveOut { .. } => Business::MoveOut,
            Self::MoveIn(_) => Business::MoveIn,
            Self::Transfer(transfer) => match transfer.destination {
                Destination::Here => Business::Transfer,
                Destination::OtherCity(_) => Business::TransferOut,
                Destination::Export => Business::TransferForExport,
            },
            Self::Encumber { kind, .. } => match kind {
                EncumbranceKind::Mortgage => Business::Mortgage,
                EncumbranceKind::Pledge => Business::Pledge,
            },
            Self::Release { kind, .. } => match kind {
                EncumbranceKind::Mortgage => Business::MortgageRelease,
                EncumbranceKind::Pledge => Business::PledgeRelease,
            },
            Self::Cancellation { cause } => match cause {
                CancellationCause::ScrapAge | CancellationCause::VoluntaryScrapping => {
                    Business::Scrapping
                }
                _ => Business::Cancellation,
            },
            Self::Correction { .. } => Business::Correction,
            Self::PlateReissue => Business::PlateReissue,
            Self::DocumentReissue { .. } => Business::DocumentReissue,
            Self::InspectionMark { .. } => Business::InspectionMark,
            Self::TemporaryPlate(temporary) => match temporary.ground {
                TemporaryGround::IntelligentTesting => Business::IntelligentTestPlate,
                _ => Business::TemporaryPlate,
            },
            Self::SchoolBusSign(_) => Business::SchoolBusSign,
            Self::SchoolBusSignReissue => Business::SchoolBusSignReissue,
        }
    }

    /// The vehicle as described, of a business that may be the first to tell of it.
    pub fn particulars(&self) -> Option<&Particulars> {
        match self {
            Self::InitialRegistration(new) => Some(&new.particulars),
            Self::MoveIn(arrival) => Some(&arrival.particulars),
            Self::TemporaryPlate(temporary) => Some(&temporary.particulars),
            _ => None,
        }
    }

    /// Who will own the vehicle, if the business says so.
    pub fn new_owner(&self) -> Option<&Party> {
        match self {
            Self::InitialRegistration(new) => Some(&new.owner),
            Self::MoveIn(arrival) => Some(&arrival.owner),
            Self::JointOwner { new_owner, .. } => Some(new_owner),
            Self::Transfer(transfer) => Some(&transfer.new_owner),
            _ => None,
        }
    }

    /// The vehicle that is given for a defective one (art. 16(1)(4)).
    pub fn replacement(&self) -> Option<&Vin> {
        match self {
            Self::ParticularsChange { change, .. } => match &**change {
                Change::WholeVehicle { vin, .. } => Some(vin),
                _ => None,
            },
            _ => None,
        }
    }

    /// Another vehicle that the business is about too.
    pub fn other_vehicle(&self) -> Option<&Vin> {
        match self {
            Self::PlateSwap { other } => Some(other),
            _ => None,
        }
    }
}
