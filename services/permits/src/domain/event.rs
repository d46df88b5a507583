//! What can happen to a permit. Each event says enough to be published by itself.

use super::application::{Application, PermitKind};
use super::oversize_transport::OversizeClass;
use chassis::domain::values::{DocumentNumber, Organisation, PlateNumber, Text};
use chassis::domain::{District, LegalBasis, PersonRef, Sealed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A fact about one permit. Kind and district stand beside it, so that an event can be routed and published alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitEvent {
    pub kind: PermitKind,
    pub district: District,
    pub fact: Fact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    PermitSubmitted(Filing),
    CorrectionRequested {
        corrections: Vec<Correction>,
    },
    PermitCorrected(Filing),
    /// `deemed`: the authority kept silent until the correction notice was due.
    PermitAccepted {
        deemed: bool,
        limits: DecisionLimits,
    },
    /// A share of a time limit has passed without a decision.
    DecisionDeadlineWarned {
        clock: DecisionClock,
        percent: u8,
        due: Timestamp,
    },
    PermitApproved {
        grant: Grant,
        applicant: Organisation,
        application: Application,
    },
    PermitRefused(RefusedApplication),
    PermitWithdrawn {
        reason: Option<Text<500>>,
    },
    PermitAmended {
        grant: Grant,
        applicant: Organisation,
        application: Application,
        reason: Text<500>,
    },
    /// `use_goes_on`: the use has begun and is not at its end, as [`super::progress::Progress::is_under_way`] says.
    PermitSuspended {
        cause: SuspensionCause,
        reason: Text<500>,
        /// Older journals do not say.
        #[serde(default)]
        use_goes_on: bool,
    },
    /// One cause of suspension is gone; `usable`: it was the last.
    SuspensionLifted {
        cause: SuspensionCause,
        reason: Text<500>,
        usable: bool,
    },
    /// `use_goes_on`: the use has begun and is not at its end, as [`super::progress::Progress::is_under_way`] says.
    PermitRevoked {
        ground: RevocationGround,
        reason: Text<500>,
        basis: LegalBasis,
        /// Older journals do not say; they gave back at once what the permit held.
        #[serde(default)]
        use_goes_on: bool,
    },
    PermitExpired,
    PermitCompleted,

    RoadWorkStarted,
    /// Nobody has told of the beginning of an emergency repair in its time: it had begun at `since`, before it was filed.
    RoadWorkUnderWay {
        since: Timestamp,
    },
    RoadWorkFinished,
    RoadAccepted {
        by: Acceptor,
        account: String,
    },
    RoadNotAccepted {
        by: Acceptor,
        defects: Text<1000>,
    },
    RoadReopened,
    ReopeningOverdue {
        due: Timestamp,
    },

    ToxicTransportDeparted {
        at: Timestamp,
        arrival: ExpectedArrival,
    },
    CheckpointPassed {
        leg: u8,
        at: Timestamp,
    },
    /// `alarm_at`: when it becomes a long stop; `None` if the local police have been told of it.
    VehicleStopped {
        at: Timestamp,
        reason: Text<500>,
        alarm_at: Option<Timestamp>,
    },
    LongStopAlarmed {
        since: Timestamp,
    },
    VehicleMovedOn {
        at: Timestamp,
    },
    ToxicTransportArrived {
        at: Timestamp,
    },
    ArrivalOverdueAlarmed {
        due: Timestamp,
    },

    EscortAssigned {
        unit: DocumentNumber,
        vehicles: u8,
        district: District,
    },
    EscortStarted {
        unit: DocumentNumber,
        district: District,
    },
    EscortHandedOver {
        unit: DocumentNumber,
        to: District,
    },
    EscortCompleted {
        unit: DocumentNumber,
        district: District,
    },
}

impl Fact {
    /// The event's name, as stored, published and shown in a history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::PermitSubmitted(_) => "permit_submitted",
            Self::CorrectionRequested { .. } => "correction_requested",
            Self::PermitCorrected(_) => "permit_corrected",
            Self::PermitAccepted { .. } => "permit_accepted",
            Self::DecisionDeadlineWarned { .. } => "decision_deadline_warned",
            Self::PermitApproved { .. } => "permit_approved",
            Self::PermitRefused(_) => "permit_refused",
            Self::PermitWithdrawn { .. } => "permit_withdrawn",
            Self::PermitAmended { .. } => "permit_amended",
            Self::PermitSuspended { .. } => "permit_suspended",
            Self::SuspensionLifted { .. } => "suspension_lifted",
            Self::PermitRevoked { .. } => "permit_revoked",
            Self::PermitExpired => "permit_expired",
            Self::PermitCompleted => "permit_completed",
            Self::RoadWorkStarted => "road_work_started",
            Self::RoadWorkUnderWay { .. } => "road_work_under_way",
            Self::RoadWorkFinished => "road_work_finished",
            Self::RoadAccepted { .. } => "road_accepted",
            Self::RoadNotAccepted { .. } => "road_not_accepted",
            Self::RoadReopened => "road_reopened",
            Self::ReopeningOverdue { .. } => "reopening_overdue",
            Self::ToxicTransportDeparted { .. } => "toxic_transport_departed",
            Self::CheckpointPassed { .. } => "checkpoint_passed",
            Self::VehicleStopped { .. } => "vehicle_stopped",
            Self::LongStopAlarmed { .. } => "long_stop_alarmed",
            Self::VehicleMovedOn { .. } => "vehicle_moved_on",
            Self::ToxicTransportArrived { .. } => "toxic_transport_arrived",
            Self::ArrivalOverdueAlarmed { .. } => "arrival_overdue_alarmed",
            Self::EscortAssigned { .. } => "escort_assigned",
            Self::EscortStarted { .. } => "escort_started",
            Self::EscortHandedOver { .. } => "escort_handed_over",
            Self::EscortCompleted { .. } => "escort_completed",
        }
    }

    /// Why it happened, where somebody gave a reason.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::PermitWithdrawn { reason } => reason.as_ref().map(Text::as_str),
            Self::PermitAmended { reason, .. }
            | Self::PermitSuspended { reason, .. }
            | Self::SuspensionLifted { reason, .. }
            | Self::PermitRevoked { reason, .. }
            | Self::VehicleStopped { reason, .. } => Some(reason.as_str()),
            Self::PermitRefused(refused) => Some(refused.reason.as_str()),
            Self::RoadNotAccepted { defects, .. } => Some(defects.as_str()),
            _ => None,
        }
    }
}

/// An application as it was filed or filed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    pub applicant: Organisation,
    /// Whom to ask.
    pub contact: Sealed,
    pub application: Application,
    /// The account that files, which can never decide on it.
    pub filed_by: String,
    pub limits: DecisionLimits,
}

/// Until when the authority must act. Fixed when they start to run: a later change of rules does not move them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionLimits {
    /// When the complete application came in.
    pub received: Timestamp,
    /// Until then it may be sent back for correction; afterwards it counts as accepted.
    pub correction_due: Timestamp,
    pub statutory_due: Timestamp,
    pub statutory_basis: LegalBasis,
    /// The city's own promise.
    pub promised_due: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionClock {
    Statutory,
    Promise,
}

impl DecisionClock {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statutory => "statutory",
            Self::Promise => "promise",
        }
    }
}

/// One thing that an application lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub field: Text<100>,
    pub request: Text<500>,
}

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// 1, and one more with each amendment.
    pub version: u32,
    pub decided_at: Timestamp,
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
    /// At most 20.
    pub conditions: Vec<Text<500>>,
    /// Oversize transports only.
    pub run_order: Option<RunOrder>,
    pub oversize_class: Option<OversizeClass>,
    /// Toxic transports: the police let it enter closed zones (Decree 591 art. 49).
    pub restricted_zones_allowed: bool,
}

/// Time, route, speed and escort as the police order them (Road Traffic Safety Law art. 48(2)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrder {
    pub start: Timestamp,
    pub end: Timestamp,
    /// 5 to 80.
    pub max_speed_kmh: u8,
    pub route: Text<1000>,
    pub escort: bool,
}

/// When a load is to arrive, and when its absence alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedArrival {
    pub due: Timestamp,
    pub alarm_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedApplication {
    pub ground: RefusalGround,
    pub reason: Text<500>,
    pub basis: LegalBasis,
    pub decided_at: Timestamp,
}

/// On what an officer refuses an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalGround {
    NotRequired,
    NotCompetent,
    ConditionsNotMet,
    FalseStatements,
    TrafficSafety,
}

/// On what an officer takes a permit away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationGround {
    AbuseOfDuty,
    BeyondPowers,
    Procedure,
    NotQualified,
    Fraud,
    PublicInterest,
    ForceMajeure,
    VehicleCancelled,
    HolderDissolved,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionCause {
    /// An officer's order.
    Order,
    /// A driver named in the permit must not drive.
    Driver(PersonRef),
    /// A vehicle named in the permit does not carry this plate any more.
    Vehicle(PlateNumber),
}

/// Who accepts a road before it reopens (Road Traffic Safety Law art. 32(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptor {
    RoadAuthority,
    Police,
}
