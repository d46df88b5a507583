//! The provision on which each step of a case rests: what the whole record names beside who, when and why.

use super::super::instruments::{
    order_157, order_163, penalty_law, reconsideration_law, shandong_expressways, traffic_law,
};
use super::super::limits;
use super::event::{CollectionGround, Duty, Fact, Remedy, Service, Source};
use chassis::domain::LegalBasis;

impl Fact {
    pub fn basis(&self) -> LegalBasis {
        match self {
            Self::ViolationRecorded(filing) | Self::StoppedOnTheSpot(filing) => {
                filing.source.basis()
            }
            Self::RecordReviewed { .. } | Self::ViolationEntered { .. } => order_157("art. 19"),
            Self::NoticeSent { .. } => order_157("art. 20(1)"),
            Self::HandlingExtended { .. } => order_157("art. 53(2)"),
            Self::DriverIdentified { .. } => order_157("art. 21"),
            Self::ObjectionRaised { .. } | Self::ObjectionRejected { .. } => order_157("art. 5(3)"),
            Self::ViolationCancelled { basis, .. } | Self::NotPunished { basis, .. } => {
                basis.clone()
            }
            Self::TransportPermitted { .. } | Self::TransportNotPermitted { .. } => {
                traffic_law("art. 48(2)")
            }
            Self::OrallyWarned { .. } => order_157("art. 42(1)"),
            Self::Summoned { .. } => order_157("art. 46(1)(3)"),
            Self::SummonsFiled => order_157("art. 46(2)"),
            Self::HandlingAccepted { .. } => order_157("art. 51"),
            Self::DefaultWarned { .. } | Self::DefaultAnnounced { .. } => order_157("art. 54(1)"),
            Self::DutyMissed { duty, .. } => duty.basis(),
            Self::PenaltyIntended { .. } => penalty_law("art. 44"),
            Self::DefenceHeard { .. } => penalty_law("art. 45(1)"),
            Self::HearingRequested | Self::HearingWaived => penalty_law("art. 64(1)"),
            Self::HearingScheduled { .. } => penalty_law("art. 64(2)"),
            Self::HearingHeld { .. } => penalty_law("art. 64"),
            Self::LegalReviewRequired { ground } => ground.basis(),
            Self::LegallyReviewed { .. } => penalty_law("art. 58(1)"),
            // Of a penalty the rule that sets the fine stands first.
            Self::PenaltyDecided(decision) => decision.assessment.penalty.leading().basis.clone(),
            _ => self.basis_after_decision(),
        }
    }

    fn basis_after_decision(&self) -> LegalBasis {
        match self {
            Self::ReferredAsCrime { .. } => order_157("art. 13"),
            Self::ReferralTakenBack { .. } => penalty_law("art. 27(1)"),
            Self::DecisionRevokedByPolice { .. } => penalty_law("art. 75(2)"),
            Self::PapersFiled => order_157("art. 44(2)"),
            Self::DecisionServed { how, .. } => how.basis(),
            Self::DecisionAnnounced { .. } => order_157("art. 55"),
            Self::InstalmentsGranted { .. } => penalty_law("art. 66(2)"),
            Self::FineCollectedOnTheSpot { ground, .. } => ground.basis(),
            Self::EnforcementSought { .. } => order_157("art. 60(2)"),
            Self::PaymentOverdue => order_157("art. 60(1)"),
            Self::RemedySought { late: Some(_), .. } => reconsideration_law("art. 20(2)"),
            Self::RemedySought { remedy, .. } => remedy.basis(),
            Self::RemedyEnded { .. } => order_157("art. 67"),
            Self::DecisionRevokedForTrading { .. } => order_163("art. 30(2)"),
            // Payment and settlement; everything else stands above.
            _ => traffic_law("art. 108(1)"),
        }
    }
}

impl Source {
    fn basis(&self) -> LegalBasis {
        order_157(match self {
            Self::Device(_) => "art. 15(1)",
            Self::PublicReport => "art. 23(1)",
            Self::Referral { .. } => "art. 14",
            Self::OnTheSpot => "art. 4(1)",
        })
    }
}

impl Duty {
    fn basis(self) -> LegalBasis {
        match self {
            Self::Review => limits::REVIEW.basis,
            Self::Notice => limits::NOTICE.basis,
            Self::Objection => limits::OBJECTION.basis,
            Self::FilePapers => limits::SIMPLE_FILING.basis,
            Self::Decide => limits::FINE_DECISION.basis,
            Self::Serve => limits::SERVICE.basis,
            Self::FileSummons => limits::SUMMONS_FILING.basis,
        }
    }
}

impl Service {
    fn basis(self) -> LegalBasis {
        order_157(match self {
            Self::HandedOver | Self::Refused => "art. 48(6)",
            Self::Post | Self::Electronic => "art. 55",
            Self::Announced => "arts. 55, 56(2)",
        })
    }
}

impl CollectionGround {
    fn basis(self) -> LegalBasis {
        match self {
            Self::WithoutMotor => traffic_law("art. 108(2)"),
            Self::ExpresswayHardship => shandong_expressways("art. 60"),
        }
    }
}

impl Remedy {
    fn basis(self) -> LegalBasis {
        match self {
            Self::Reconsideration => reconsideration_law("art. 20(1)"),
            Self::Lawsuit => penalty_law("art. 7(1)"),
        }
    }
}
