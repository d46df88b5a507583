//! An application (业务申请): what is applied for, its proofs, its time limit, the decision, and the plates that follow from it.
//!
//! ```text
//!   filed ──something is missing──> incomplete ──supplied──> accepted ──approved──> approved: plates made; once paid, shipped, delivered
//!     └──nothing is missing─────────────────────────────────────^ │  └──refused
//!                         (withdrawn, as long as it is undecided)─┘
//! ```

pub mod charges;
pub mod conditions;
pub mod deadlines;
pub mod delivery;
pub mod effects;
pub mod event;
pub mod filing;
pub mod materials;
pub mod request;
pub mod review;
pub mod rules;
pub mod steps;

use super::ground::Ground;
use super::party::Party;
use super::plate::{Former, PlateWish};
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{Aggregate, District, Transaction};
use event::{
    ApplicationEvent, ApplicationFact, Approval, Delivery, Filing, Late, Limits, PlateStep,
    RefusedApplication,
};
use jiff::Timestamp;
use materials::{Evidence, Material};
use request::{Business, Request};
use serde::{Deserialize, Serialize};

chassis::uuid_id! {
    /// An application.
    ApplicationId
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The applicant has been told, once, everything that is missing (art. 3(2)).
    Incomplete,
    Accepted,
    Approved,
    Refused,
    Withdrawn,
}

impl Stage {
    pub const ALL: [Self; 5] = [
        Self::Incomplete,
        Self::Accepted,
        Self::Approved,
        Self::Refused,
        Self::Withdrawn,
    ];

    /// In words of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Accepted => "accepted",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Incomplete | Self::Accepted)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub vin: Vin,
    pub district: District,
    pub request: Request,
    /// Everyone who applies, each identified; the first one is answered.
    pub applicants: Vec<Party>,
    pub agent: Option<Party>,
    /// The account that filed it.
    pub filed_by: String,
    pub wish: Option<PlateWish>,
    /// Who had the number that is wished for.
    pub former: Option<Former>,
    /// Turnkey: the plates are brought.
    pub delivery: Option<Delivery>,
    pub evidence: Vec<Evidence>,
    pub missing: Vec<Material>,
    /// An officer has asked for materials, which may be done once (art. 3(2)).
    pub requested: bool,
    pub filed_at: Timestamp,
    pub updated_at: Timestamp,
    pub late: Option<Late>,
    pub stage: Stage,
    /// Since it is complete.
    pub limits: Option<Limits>,
    /// Shares of the limit that were warned about, in percent.
    pub warned: Vec<u8>,
    pub approval: Option<Approval>,
    pub refused: Option<RefusedApplication>,
    /// Where the plates are that follow from it.
    pub plates: Option<PlateStep>,
}

impl Application {
    pub fn business(&self) -> Business {
        self.request.business()
    }

    /// The number that was given.
    pub fn number(&self) -> Option<&PlateNumber> {
        self.approval
            .as_ref()
            .and_then(|approval| approval.number.as_ref())
    }

    fn filed(event: &ApplicationEvent, filing: &Filing, at: Timestamp) -> Self {
        Self {
            vin: event.vin.clone(),
            district: event.district,
            request: filing.request.clone(),
            applicants: filing.applicants.clone(),
            agent: filing.agent.clone(),
            filed_by: filing.filed_by.clone(),
            wish: filing.wish.clone(),
            former: filing.former.clone(),
            delivery: filing.delivery.clone(),
            evidence: filing.evidence.clone(),
            missing: filing.missing.clone(),
            requested: false,
            filed_at: at,
            updated_at: at,
            late: filing.late.clone(),
            stage: if filing.limits.is_some() {
                Stage::Accepted
            } else {
                Stage::Incomplete
            },
            limits: filing.limits.clone(),
            warned: Vec::new(),
            approval: None,
            refused: None,
            plates: None,
        }
    }

    fn apply(&mut self, fact: &ApplicationFact, at: Timestamp) {
        match fact {
            // The first event of every application; it makes the state and never comes again.
            ApplicationFact::ApplicationFiled(_) => {}
            ApplicationFact::MaterialsRequested { missing } => {
                self.stage = Stage::Incomplete;
                self.requested = true;
                self.missing.clone_from(missing);
                self.limits = None;
                self.warned.clear();
            }
            ApplicationFact::MaterialsSupplied {
                evidence,
                missing,
                limits,
            } => {
                self.evidence.extend(evidence.iter().cloned());
                self.missing.clone_from(missing);
                self.limits.clone_from(limits);
                if limits.is_some() {
                    self.stage = Stage::Accepted;
                }
            }
            ApplicationFact::DecisionDeadlineWarned { percent, .. } => self.warned.push(*percent),
            ApplicationFact::ApplicationApproved(approval) => {
                self.stage = Stage::Approved;
                self.plates = approval.plates_to_make.then_some(PlateStep::Ordered);
                self.approval = Some((**approval).clone());
            }
            ApplicationFact::ApplicationRefused(refused) => {
                self.stage = Stage::Refused;
                self.refused = Some(refused.clone());
            }
            ApplicationFact::ApplicationWithdrawn => self.stage = Stage::Withdrawn,
            ApplicationFact::PlatesMade => self.plates = Some(PlateStep::Made),
            ApplicationFact::PlatesShipped { .. } => self.plates = Some(PlateStep::Shipped),
            ApplicationFact::PlatesDelivered => self.plates = Some(PlateStep::Delivered),
        }
        self.updated_at = at;
    }
}

impl Aggregate for Application {
    const TYPE: &'static str = "application";
    type Event = ApplicationEvent;

    fn evolve(state: Option<Self>, event: &ApplicationEvent, at: Timestamp) -> Option<Self> {
        match (state, &event.fact) {
            (None, ApplicationFact::ApplicationFiled(filing)) => {
                Some(Self::filed(event, filing, at))
            }
            (None, _) => None,
            (Some(mut application), fact) => {
                application.apply(fact, at);
                Some(application)
            }
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        deadlines::next_due(self)
    }
}

/// An officer of this district or of the city.
///
/// # Errors
/// [`Ground::OutsideDistrict`].
pub fn as_officer_of(tx: &Transaction, district: District) -> Result<(), Ground> {
    if tx.context.actor.decides_for(district) {
        Ok(())
    } else {
        Err(Ground::OutsideDistrict)
    }
}
