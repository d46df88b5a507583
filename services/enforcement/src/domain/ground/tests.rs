//! Every ground has its words.

use super::super::instruments::order_157;
use super::*;
use std::collections::BTreeSet;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const DAY: Date = jiff::civil::date(2026, 3, 2);

#[test]
fn every_ground_has_a_name_of_its_own_and_words_in_both_languages() {
    let all = [
        Ground::UnknownViolation,
        Ground::UnknownLicence,
        Ground::UnknownHazard,
        Ground::UnknownDetention,
        Ground::UnknownCompany,
        Ground::OutsideDistrict,
        Ground::RevocationByCity,
        Ground::NotTheParty,
        Ground::WrongState {
            is: "served",
            needs: "decided",
        },
        Ground::AlreadyDone,
        Ground::ActInTheFuture,
        Ground::CodeNotInUse { day: DAY },
        Ground::CodeMeansAnother,
        Ground::LimitationPassed,
        Ground::NoRuleInForce,
        Ground::VehicleUnknown,
        Ground::MeasureMissing,
        Ground::MeasureNoExcess,
        Ground::DeviceNotVerified { until: DAY },
        Ground::DeviceNotPublished,
        Ground::SpeedSignMissing,
        Ground::MobileDeviceWithoutOfficer,
        Ground::NotARecord,
        Ground::NotOnTheSpot,
        Ground::PartyUnknown,
        Ground::AnotherPerson,
        Ground::ReviewDone,
        Ground::NotNotified,
        Ground::ExtensionTooLate,
        Ground::ExtensionTooLong { latest: AT },
        Ground::ObjectionWaits,
        Ground::NoObjection,
        Ground::ObjectionsAnswered,
        Ground::WithheldTime,
        Ground::NotSlight,
        Ground::ReferredAsCrime,
        Ground::NotReferred,
        Ground::NoPapersDue,
        Ground::DocketFull,
        Ground::AlreadyFined {
            case: CaseId::new(uuid::Uuid::nil()),
        },
        Ground::SanctionNotProvided {
            basis: order_157("art. 2"),
        },
        Ground::GeneralProcedureNeeded,
        Ground::NotToldAndHeard,
        Ground::TwoOfficersNeeded,
        Ground::HeavierAfterDefence,
        Ground::NoHearingDue,
        Ground::HearingTooLate { by: AT },
        Ground::NoHearingRequested,
        Ground::HearingNoticeTooShort { earliest: AT },
        Ground::ChairInvestigated,
        Ground::HearingNotYet { at: AT },
        Ground::HearingOutstanding,
        Ground::NoLegalReviewDue,
        Ground::LegalReviewOutstanding {
            basis: order_157("art. 2"),
        },
        Ground::LegalReviewFailed {
            basis: order_157("art. 2"),
        },
        Ground::ReviewerInvolved,
        Ground::HandlingTimeRuns,
        Ground::TooFewUnhandled { unhandled: 4 },
        Ground::NotInAbsence,
        Ground::PartyNotIdentified,
        Ground::NotWarnedOfDefault,
        Ground::SpokenUp,
        Ground::AlreadyAnnounced,
        Ground::AnnouncementRuns,
        Ground::ServeTime,
        Ground::PaymentTime,
        Ground::PaymentAmount {
            owed: Fen::yuan(200),
        },
        Ground::TooManyPayments,
        Ground::NotOnTheSpotCollection,
        Ground::PlanInvalid,
        Ground::NothingToEnforce,
        Ground::RemedyTime,
        Ground::RemedyUnderWay,
        Ground::NoRemedyUnderWay,
        Ground::AlreadyReconsidered,
        Ground::AlreadySued,
        Ground::ReconsiderationTooLate { until: AT },
        Ground::ReconsiderationBarred { until: AT },
        Ground::ReconsiderationFirst,
        Ground::WorseOff,
        Ground::DecisionVaried,
        Ground::PointsFull { points: 12 },
        Ground::LicenceInTheFuture,
        Ground::LedgerFull,
        Ground::NothingSuspected,
        Ground::NotCalledToStudy,
        Ground::StudyBeforeCall { called_on: DAY },
        Ground::StudyInTheFuture,
        Ground::StudyTooShort { minutes: 180 },
        Ground::StudyIncomplete { days: 7 },
        Ground::RetestTooEarly { from: AT },
        Ground::TestNotAsked,
        Ground::TheoryFirst,
        Ground::ReductionRefused { item: 1 },
        Ground::LearningIncomplete {
            method: Method::Online,
        },
        Ground::NothingToReduce,
        Ground::ReductionsUsedUp,
        Ground::DeadlinePassed,
        Ground::OwnRectification,
        Ground::HelmetNotNeeded,
        Ground::CountInvalid,
        Ground::NotSummoned,
        Ground::MeasureNotTold,
        Ground::NotCurable,
        Ground::NotUnclaimed,
    ];
    let names: BTreeSet<&str> = all.iter().map(Refusal::reason).collect();
    assert_eq!(names.len(), all.len());
    for ground in all {
        assert!(
            !ground.to_string().is_empty() && !ground.zh().is_ascii(),
            "{ground:?}"
        );
        if ground.is_of_the_system() {
            assert_eq!(ground.basis(), None, "{ground:?} is not of any law");
        } else {
            assert!(
                ground.basis().is_some() || ground.kind() != RefusalKind::Forbidden,
                "{ground:?} names no law"
            );
        }
    }
}
