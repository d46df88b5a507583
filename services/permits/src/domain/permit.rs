//! The permit aggregate: its state, and how each event changes it.

use super::application::{Application, PermitKind};
use super::event::{
    Acceptor, Correction, DecisionClock, DecisionLimits, ExpectedArrival, Fact, Filing, Grant,
    PermitEvent, RefusedApplication, RevocationGround, SuspensionCause,
};
use super::values::{DocumentNumber, Organisation, Text};
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

    /// Granted and not over: holds its place in calendars and registers.
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

/// How far the use of the permit has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    Works(Works),
    Trip(Trip),
    Run(Run),
}

impl Progress {
    fn of(kind: PermitKind) -> Self {
        match kind {
            PermitKind::RoadOccupation => Self::Works(Works::default()),
            PermitKind::ToxicTransport => Self::Trip(Trip::default()),
            PermitKind::OversizeTransport => Self::Run(Run::default()),
        }
    }
}

/// Works on a road, up to its reopening.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub road_authority: Option<Acceptance>,
    pub police: Option<Acceptance>,
    pub reopened: Option<Timestamp>,
    pub overdue: bool,
}

impl Works {
    pub fn acceptance(&self, by: Acceptor) -> Option<&Acceptance> {
        match by {
            Acceptor::RoadAuthority => self.road_authority.as_ref(),
            Acceptor::Police => self.police.as_ref(),
        }
    }
}

/// One of the two acceptances that a reopening needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    pub account: String,
    pub at: Timestamp,
}

/// The one trip of a toxic transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub departed: Option<Timestamp>,
    pub arrival: Option<ExpectedArrival>,
    pub legs_passed: u8,
    /// The time of the newest report: reports come in the order of their times.
    pub last_report: Option<Timestamp>,
    pub stopped: Option<Stop>,
    pub arrived: Option<Timestamp>,
    pub arrival_overdue: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub since: Timestamp,
    /// `None`: the local police know of it.
    pub alarm_at: Option<Timestamp>,
    pub alarmed: bool,
}

/// The escorted run of an oversize transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub escort: Option<Escort>,
    pub started: Option<Timestamp>,
    pub done: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escort {
    pub unit: DocumentNumber,
    pub vehicles: u8,
    pub district: District,
    pub handed_over_to: Vec<District>,
}

impl Permit {
    pub fn kind(&self) -> PermitKind {
        self.application.kind()
    }

    pub fn is_suspended(&self) -> bool {
        self.stage.is_granted() && !self.suspensions.is_empty()
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
            Fact::PermitSuspended { cause, reason } => self.suspensions.push(Suspension {
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
        Fact::RoadWorkStarted | Fact::ToxicTransportDeparted { .. } | Fact::EscortStarted { .. }
    )
}

impl Works {
    fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::RoadWorkStarted => self.started = Some(at),
            Fact::RoadWorkFinished => self.finished = Some(at),
            Fact::RoadAccepted { by, account } => {
                let acceptance = Some(Acceptance {
                    account: account.clone(),
                    at,
                });
                match by {
                    Acceptor::RoadAuthority => self.road_authority = acceptance,
                    Acceptor::Police => self.police = acceptance,
                }
            }
            // The work goes on: both look again when it is finished anew.
            Fact::RoadNotAccepted { .. } => {
                self.finished = None;
                self.road_authority = None;
                self.police = None;
            }
            Fact::RoadReopened => self.reopened = Some(at),
            Fact::ReopeningOverdue { .. } => self.overdue = true,
            _ => {}
        }
    }
}

impl Trip {
    fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::ToxicTransportDeparted { at, arrival } => {
                self.departed = Some(*at);
                self.arrival = Some(*arrival);
                self.last_report = Some(*at);
            }
            Fact::CheckpointPassed { leg, at } => {
                self.legs_passed = *leg;
                self.last_report = Some(*at);
            }
            Fact::VehicleStopped { at, alarm_at, .. } => {
                self.stopped = Some(Stop {
                    since: *at,
                    alarm_at: *alarm_at,
                    alarmed: false,
                });
                self.last_report = Some(*at);
            }
            Fact::LongStopAlarmed { .. } => {
                if let Some(stop) = &mut self.stopped {
                    stop.alarmed = true;
                }
            }
            Fact::VehicleMovedOn { at } => {
                self.stopped = None;
                self.last_report = Some(*at);
            }
            Fact::ToxicTransportArrived { at } => {
                self.stopped = None;
                self.arrived = Some(*at);
                self.last_report = Some(*at);
            }
            Fact::ArrivalOverdueAlarmed { .. } => self.arrival_overdue = true,
            _ => {}
        }
    }
}

impl Run {
    fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::EscortAssigned {
                unit,
                vehicles,
                district,
            } => {
                self.escort = Some(Escort {
                    unit: unit.clone(),
                    vehicles: *vehicles,
                    district: *district,
                    handed_over_to: Vec::new(),
                });
            }
            Fact::EscortStarted { .. } => self.started = Some(at),
            Fact::EscortHandedOver { unit, to } => {
                if let Some(escort) = &mut self.escort {
                    escort.unit = unit.clone();
                    escort.district = *to;
                    escort.handed_over_to.push(*to);
                }
            }
            Fact::EscortCompleted { .. } => self.done = Some(at),
            _ => {}
        }
    }
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
