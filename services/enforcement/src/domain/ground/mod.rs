//! Every ground on which a command is refused: its name, its provision, and its words in English and Chinese.

mod cases;
mod decisions;
mod licences;
mod money;
mod rest;

use super::licence::reductions::Method;
use super::values::CaseId;
use chassis::domain::values::Fen;
use chassis::domain::{LegalBasis, Refusal, RefusalKind};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    UnknownViolation,
    UnknownLicence,
    UnknownHazard,
    UnknownDetention,
    UnknownCompany,
    OutsideDistrict,
    RevocationByCity,
    NotTheParty,
    WrongState {
        is: &'static str,
        needs: &'static str,
    },
    AlreadyDone,
    ActInTheFuture,
    CodeNotInUse {
        day: Date,
    },
    CodeMeansAnother,
    LimitationPassed,
    NoRuleInForce,
    VehicleUnknown,
    MeasureMissing,
    MeasureNoExcess,
    DeviceNotVerified {
        until: Date,
    },
    DeviceNotPublished,
    SpeedSignMissing,
    MobileDeviceWithoutOfficer,
    NotARecord,
    NotOnTheSpot,
    PartyUnknown,
    AnotherPerson,
    ReviewDone,
    NotNotified,
    ExtensionTooLate,
    ExtensionTooLong {
        latest: Timestamp,
    },
    ObjectionWaits,
    NoObjection,
    ObjectionsAnswered,
    WithheldTime,
    NotSlight,
    ReferredAsCrime,
    NotReferred,
    NoPapersDue,
    DocketFull,
    AlreadyFined {
        case: CaseId,
    },
    SanctionNotProvided {
        basis: LegalBasis,
    },
    GeneralProcedureNeeded,
    NotToldAndHeard,
    TwoOfficersNeeded,
    HeavierAfterDefence,
    NoHearingDue,
    HearingTooLate {
        by: Timestamp,
    },
    NoHearingRequested,
    HearingNoticeTooShort {
        earliest: Timestamp,
    },
    ChairInvestigated,
    HearingNotYet {
        at: Timestamp,
    },
    HearingOutstanding,
    NoLegalReviewDue,
    LegalReviewOutstanding {
        basis: LegalBasis,
    },
    LegalReviewFailed {
        basis: LegalBasis,
    },
    ReviewerInvolved,
    HandlingTimeRuns,
    TooFewUnhandled {
        unhandled: usize,
    },
    NotInAbsence,
    PartyNotIdentified,
    NotWarnedOfDefault,
    SpokenUp,
    AlreadyAnnounced,
    AnnouncementRuns,
    ServeTime,
    PaymentTime,
    PaymentAmount {
        owed: Fen,
    },
    TooManyPayments,
    NotOnTheSpotCollection,
    PlanInvalid,
    NothingToEnforce,
    RemedyTime,
    RemedyUnderWay,
    NoRemedyUnderWay,
    AlreadyReconsidered,
    AlreadySued,
    ReconsiderationTooLate {
        until: Timestamp,
    },
    ReconsiderationBarred {
        until: Timestamp,
    },
    ReconsiderationFirst,
    WorseOff,
    DecisionVaried,
    PointsFull {
        points: u32,
    },
    LicenceInTheFuture,
    LedgerFull,
    NothingSuspected,
    NotCalledToStudy,
    StudyBeforeCall {
        called_on: Date,
    },
    StudyInTheFuture,
    StudyTooShort {
        minutes: u32,
    },
    StudyIncomplete {
        days: u32,
    },
    RetestTooEarly {
        from: Timestamp,
    },
    TestNotAsked,
    TheoryFirst,
    ReductionRefused {
        item: u8,
    },
    LearningIncomplete {
        method: Method,
    },
    NothingToReduce,
    ReductionsUsedUp,
    DeadlinePassed,
    OwnRectification,
    HelmetNotNeeded,
    CountInvalid,
    NotSummoned,
    MeasureNotTold,
    NotCurable,
    NotUnclaimed,
}

/// What there is to say about one ground.
struct Wording {
    reason: &'static str,
    kind: RefusalKind,
    basis: Option<LegalBasis>,
    en: String,
    zh: String,
}

impl Ground {
    /// Limits of the system and states of a case: forbidden, but by no article of a law.
    #[cfg(test)]
    fn is_of_the_system(&self) -> bool {
        matches!(
            self,
            Self::WrongState { .. }
                | Self::AlreadyDone
                | Self::ObjectionsAnswered
                | Self::DocketFull
                | Self::TooManyPayments
                | Self::LedgerFull
                | Self::NotSummoned
        )
    }

    fn wording(&self) -> Wording {
        self.about_cases()
            .or_else(|| self.about_decisions())
            .or_else(|| self.about_money_and_remedies())
            .or_else(|| self.about_licences())
            .or_else(|| self.about_the_rest())
            .expect("every ground has its words: a test says them all")
    }
}

fn says(
    reason: &'static str,
    kind: RefusalKind,
    basis: Option<LegalBasis>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Wording {
    Wording {
        reason,
        kind,
        basis,
        en: en.into(),
        zh: zh.into(),
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wording().en)
    }
}

impl Refusal for Ground {
    fn reason(&self) -> &'static str {
        self.wording().reason
    }

    fn kind(&self) -> RefusalKind {
        self.wording().kind
    }

    fn basis(&self) -> Option<LegalBasis> {
        self.wording().basis
    }

    fn zh(&self) -> String {
        self.wording().zh
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::AlreadyFined { case } => vec![("violation", format!("violations/{case}"))],
            Self::PaymentAmount { owed } => vec![("owed_fen", owed.get().to_string())],
            Self::PointsFull { points } => vec![("points", points.to_string())],
            Self::TooFewUnhandled { unhandled } => vec![("unhandled", unhandled.to_string())],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
