//! The permit aggregate: its state, and how each event changes it.

use super::application::{Application, PermitKind};
use super::event::{
    Correction, DecisionClock, DecisionLimits, Fact, Filing, Grant, PermitEvent,
    RefusedApplication, RevocationGround, SuspensionCause,
};
use super::progress::Progress;
use chassis::domain::values::{Organisation, Text};
use chassis::domain::{Aggregate, District, LegalBasis, Sealed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    pub district: District,
    pub applicant: Organisation,
    pub contact: Sealed,
    pub application: Application,
    /// The account that filed it.
    pub filed_by: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub stage: Stage,
    pub limits: DecisionLimits,
    pub deemed_accepted: bool,
    /// The one correction notice; empty: none was given.
    pub corrections: Vec<Correction>,
    /// Warnings given for the running limits.
    pub warnings: Vec<(DecisionClock, u8)>,
    pub refused: Option<RefusedApplication>,
    pub grant: Option<Grant>,
    pub suspensions: Vec<Suspension>,
    pub revoked: Option<Revocation>,
    pub progress: Progress,
}

/// Where a permit stands. Suspension is no stage of its own: what is resumed goes on where it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Submitted,
    CorrectionRequested,
    Accepted,
    Approved,
    InUse,
    Refused,
    Withdrawn,
    Completed,
    Expired,
    Revoked,
}

impl Stage {
    /// In words of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::CorrectionRequested => "correction_requested",
            Self::Accepted => "accepted",
            Self::Approved => "approved",
            Self::InUse => "in_use",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Granted and not over: may be used, and holds its place in calendars and registers. What was revoked while its use
    /// was under way holds its place too, until that comes to its end.
    pub fn is_granted(self) -> bool {
        matches!(self, Self::Approved | Self::InUse)
    }

    pub fn is_undecided(self) -> bool {
        matches!(
            self,
            Self::Submitted | Self::CorrectionRequested | Self::Accepted
        )
    }
}

/// Why a permit may not be used for the time being.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub cause: SuspensionCause,
    pub reason: Text<500>,
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub ground: RevocationGround,
    pub reason: Text<500>,
    pub basis: LegalBasis,
    pub at: Timestamp,
}

impl Permit {
    pub fn kind(&self) -> PermitKind {
        self.application.kind()
    }

    pub fn is_suspended(&self) -> bool {
        self.stage.is_granted() && !self.suspensions.is_empty()
    }

    pub fn is_suspended_for(&self, cause: &SuspensionCause) -> bool {
        self.suspensions
            .iter()
            .any(|suspension| suspension.cause == *cause)
    }

    /// The stage in words, or `suspended`.
    pub fn state_name(&self) -> &'static str {
        if self.is_suspended() {
            "suspended"
        } else {
            self.stage.as_str()
        }
    }

    fn filed(district: District, filing: &Filing, at: Timestamp) -> Self {
        Self {
            district,
            applicant: filing.applicant.clone(),
            contact: filing.contact.clone(),
            application: filing.application.clone(),
            filed_by: filing.filed_by.clone(),
            created: at,
            updated: at,
            stage: Stage::Submitted,
            limits: filing.limits.clone(),
            deemed_accepted: false,
            corrections: Vec::new(),
            warnings: Vec::new(),
            refused: None,
            grant: None,
            suspensions: Vec::new(),
            revoked: None,
            progress: Progress::of(filing.application.kind()),
        }
    }

    fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            // The first event of every permit; it makes the state and never comes again.
            Fact::PermitSubmitted(_) => {}
            Fact::CorrectionRequested { corrections } => {
                self.stage = Stage::CorrectionRequested;
                self.corrections.clone_from(corrections);
            }
            Fact::PermitCorrected(filing) => {
                self.stage = Stage::Submitted;
                self.applicant = filing.applicant.clone();
                self.contact = filing.contact.clone();
                self.application = filing.application.clone();
                self.limits = filing.limits.clone();
                self.warnings.clear();
            }
            Fact::PermitAccepted { deemed, limits } => {
                self.stage = Stage::Accepted;
                self.deemed_accepted = *deemed;
                self.limits = limits.clone();
            }
            Fact::DecisionDeadlineWarned { clock, percent, .. } => {
                self.warnings.push((*clock, *percent));
            }
            Fact::PermitApproved {
                grant, application, ..
            } => {
                self.stage = Stage::Approved;
                self.grant = Some(grant.clone());
                self.application = application.clone();
            }
            Fact::PermitAmended {
                grant, application, ..
            } => {
                self.grant = Some(grant.clone());
                self.application = application.clone();
                // More time has been given: only the new end can be overdue.
                if let Progress::Works(works) = &mut self.progress {
                    works.overdue = false;
                }
            }
            Fact::PermitRefused(refused) => {
                self.stage = Stage::Refused;
                self.refused = Some(refused.clone());
            }
            Fact::PermitWithdrawn { .. } => self.stage = Stage::Withdrawn,
            Fact::PermitSuspended { cause, reason, .. } => self.suspensions.push(Suspension {
                cause: cause.clone(),
                reason: reason.clone(),
                since: at,
            }),
            Fact::SuspensionLifted { cause, .. } => {
                self.suspensions
                    .retain(|suspension| suspension.cause != *cause);
            }
            Fact::PermitRevoked {
                ground,
                reason,
                basis,
                ..
            } => {
                self.stage = Stage::Revoked;
                self.revoked = Some(Revocation {
                    ground: *ground,
                    reason: reason.clone(),
                    basis: basis.clone(),
                    at,
                });
            }
            Fact::PermitExpired => self.stage = Stage::Expired,
            Fact::PermitCompleted => self.stage = Stage::Completed,
            fact => self.progress_with(fact, at),
        }
        self.updated = at;
    }

    fn progress_with(&mut self, fact: &Fact, at: Timestamp) {
        if starts_use(fact) {
            self.stage = Stage::InUse;
        }
        match &mut self.progress {
            Progress::Works(works) => works.apply(fact, at),
            Progress::Trip(trip) => trip.apply(fact),
            Progress::Run(run) => run.apply(fact, at),
        }
    }
}

fn starts_use(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::RoadWorkStarted
            | Fact::RoadWorkUnderWay { .. }
            | Fact::ToxicTransportDeparted { .. }
            | Fact::EscortStarted { .. }
    )
}

impl Aggregate for Permit {
    const TYPE: &'static str = "permit";
    type Event = PermitEvent;

    fn evolve(state: Option<Self>, event: &PermitEvent, at: Timestamp) -> Option<Self> {
        match (state, &event.fact) {
            (None, Fact::PermitSubmitted(filing)) => Some(Self::filed(event.district, filing, at)),
            (None, _) => None,
            (Some(mut permit), fact) => {
                permit.apply(fact, at);
                Some(permit)
            }
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        super::deadlines::next_due(self)
    }
}
