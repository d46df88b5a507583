//! What can happen to an application. Each event says enough to be published by itself.

use super::materials::{Evidence, Material};
use super::request::Request;
use crate::domain::order::OrderId;
use crate::domain::party::Party;
use crate::domain::plate::{Former, PlateWish};
use crate::domain::vehicle::class::PlateCategory;
use chassis::domain::values::{DocumentNumber, Organisation, PlateNumber, Text, Vin};
use chassis::domain::{District, LegalBasis, Sealed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A fact about one application. Vehicle, district and number stand beside it, so that it can be published alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationEvent {
    pub vin: Vin,
    pub district: District,
    /// The number that the vehicle carries, or gets.
    pub number: Option<PlateNumber>,
    pub category: PlateCategory,
    pub fact: ApplicationFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationFact {
    ApplicationFiled(Box<Filing>),
    /// What is missing, once and in full (art. 3(2)).
    MaterialsRequested {
        missing: Vec<Material>,
    },
    /// `limits`: the application is complete, and the time limit runs.
    MaterialsSupplied {
        evidence: Vec<Evidence>,
        missing: Vec<Material>,
        limits: Option<Limits>,
    },
    /// A share of the time limit has passed without a decision.
    DecisionDeadlineWarned {
        percent: u8,
        due: Timestamp,
    },
    ApplicationApproved(Box<Approval>),
    ApplicationRefused(RefusedApplication),
    ApplicationWithdrawn,
    PlatesMade,
    PlatesShipped {
        carrier: Text<60>,
        tracking_number: DocumentNumber,
    },
    PlatesDelivered,
}

impl ApplicationFact {
    /// The event's name, as stored, published and shown in a history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ApplicationFiled(_) => "application_filed",
            Self::MaterialsRequested { .. } => "materials_requested",
            Self::MaterialsSupplied { .. } => "materials_supplied",
            Self::DecisionDeadlineWarned { .. } => "decision_deadline_warned",
            Self::ApplicationApproved(_) => "application_approved",
            Self::ApplicationRefused(_) => "application_refused",
            Self::ApplicationWithdrawn => "application_withdrawn",
            Self::PlatesMade => "plates_made",
            Self::PlatesShipped { .. } => "plates_shipped",
            Self::PlatesDelivered => "plates_delivered",
        }
    }
}

/// An application as it was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    pub request: Request,
    pub applicants: Vec<Party>,
    pub agent: Option<Party>,
    pub filed_by: String,
    pub wish: Option<PlateWish>,
    pub former: Option<Former>,
    pub delivery: Option<Delivery>,
    pub evidence: Vec<Evidence>,
    pub missing: Vec<Material>,
    pub late: Option<Late>,
    /// Set if nothing is missing.
    pub limits: Option<Limits>,
}

/// A dealer has the plates brought to the buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    pub dealer: Organisation,
    /// To whom; the address is sealed with the person.
    pub recipient: Sealed,
}

/// It came after the days that the law gives for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    pub due: Timestamp,
    /// The provision that sets a fine.
    pub basis: LegalBasis,
}

/// Until when the office must decide. Fixed when it starts to run: a later change of rules does not move it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub accepted: Timestamp,
    pub due: Timestamp,
    pub basis: LegalBasis,
}

/// An authority's electronic confirmation, as the officer found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElectronicCheck {
    pub material: Material,
    /// The other authority's number of the record.
    pub reference: DocumentNumber,
}

/// The vehicle was examined (查验), and it was filmed (art. 73).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Examination {
    pub examiner: DocumentNumber,
    pub recording: DocumentNumber,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub at: Timestamp,
    pub checks: Vec<ElectronicCheck>,
    pub examination: Option<Examination>,
    pub number: Option<PlateNumber>,
    /// Plates with this number are to be made.
    pub plates_to_make: bool,
    /// What is charged for plates and documents; `None`: nothing.
    #[serde(default)]
    pub order: Option<OrderId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedApplication {
    pub ground: RefusalGround,
    pub reason: Text<500>,
    pub basis: LegalBasis,
    pub at: Timestamp,
}

/// On what an officer refuses an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalGround {
    /// Art. 15(1).
    InvalidProof,
    /// Art. 15(2).
    AlteredOrigin,
    /// Art. 15(3).
    ProofMismatch,
    /// Art. 15(4).
    UnlicensedModel,
    /// Art. 15(5).
    ModelMismatch,
    /// Art. 15(6).
    VinBelowStandard,
    /// Art. 15(7).
    ScrapAge,
    /// Art. 15(8).
    Seized,
    /// Art. 15(9).
    Stolen,
    /// Art. 15(10).
    OtherProvision,
    /// Art. 21(1)(1).
    ModelChanged,
    /// Art. 21(1)(2).
    ShapeChanged,
    /// Art. 29(1).
    RecordMismatch,
    /// Art. 29(2).
    CustomsNotReleased,
    /// Art. 80(1): no new application for a year.
    FalsePapers,
    /// Art. 3(2).
    RequirementsNotMet,
}

/// Where plates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlateStep {
    Ordered,
    Made,
    Shipped,
    Delivered,
}

impl PlateStep {
    /// In words of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Made => "made",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
        }
    }
}
