//! The legal review of a decision (法制审核): which cases need one before anything is decided, and what came of it
//! (Administrative Penalty Law art. 58).

use super::super::ground::Ground;
use super::super::instruments::penalty_law;
use super::super::values::CaseId;
use super::event::{Afterwards, Fact, LegalReviewGround};
use super::steps::{actor, as_officer, in_stage, load, record};
use super::{Hearing, Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{Halt, LegalBasis, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// That a case needs a review, why, and what the reviewer has said of what is intended now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalReview {
    pub ground: LegalReviewGround,
    pub opinion: Option<LegalOpinion>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalOpinion {
    pub reviewer: Text<64>,
    pub passed: bool,
    pub opinion: Text<1000>,
    pub at: Timestamp,
}

impl LegalReviewGround {
    pub fn basis(self) -> LegalBasis {
        penalty_law(match self {
            Self::PublicInterest => "art. 58(1)(1)",
            Self::AfterHearing => "art. 58(1)(2)",
            Self::Complex => "art. 58(1)(3)",
            Self::OtherProvision => "art. 58(1)(4)",
        })
    }
}

/// What a fact does to the review of a case: what was reviewed before something new was told or heard is reviewed again.
pub(super) fn after(
    review: Option<LegalReview>,
    fact: &Fact,
    at: Timestamp,
) -> Option<LegalReview> {
    let needed = |ground| LegalReview {
        ground,
        opinion: None,
    };
    match fact {
        Fact::LegalReviewRequired { ground } => Some(needed(*ground)),
        // Who did not come has waived the hearing, and nothing went through it (art. 64(6)).
        Fact::HearingHeld {
            abandoned: false, ..
        } => Some(needed(LegalReviewGround::AfterHearing)),
        Fact::PenaltyIntended { .. } | Fact::DefenceHeard { .. } | Fact::DefaultWarned { .. } => {
            review.map(|review| needed(review.ground))
        }
        Fact::LegallyReviewed {
            reviewer,
            passed,
            opinion,
        } => review.map(|review| LegalReview {
            opinion: Some(LegalOpinion {
                reviewer: reviewer.clone(),
                passed: *passed,
                opinion: opinion.clone(),
                at,
            }),
            ..review
        }),
        Fact::DecisionRevokedForTrading { .. }
        | Fact::DecisionRevokedByPolice {
            afterwards: Afterwards::Reopened,
            ..
        } => None,
        _ => review,
    }
}

/// An officer finds that a case is of major public interest, or complex with several legal relations, or that another provision asks
/// for the review (art. 58(1)(1)(3)(4)). After a hearing (2) it is needed by itself.
///
/// # Errors
/// After the decision, or if it is needed already.
pub fn require(tx: &mut Transaction, id: &CaseId, ground: LegalReviewGround) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[
            Stage::Notified,
            Stage::Stopped,
            Stage::Handling,
            Stage::Intended,
        ],
        "notified, stopped, handling or intended",
    )?;
    if case.decision_review.is_some() {
        return Err(Ground::AlreadyDone.into());
    }
    record(tx, id, &case, [Fact::LegalReviewRequired { ground }])
}

/// The reviewer's opinion on what is intended. A review that failed may be repeated; whoever calls this is qualified, as the scope
/// of the account attests (art. 58(2)).
///
/// # Errors
/// If none is needed, nothing is intended yet, the hearing is still outstanding, it has passed already, or by who investigated.
pub fn review(
    tx: &mut Transaction,
    id: &CaseId,
    passed: bool,
    opinion: Text<1000>,
) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    let Some(review) = &case.decision_review else {
        return Err(Ground::NoLegalReviewDue.into());
    };
    in_stage(
        &case,
        &[Stage::Notified, Stage::Intended],
        "notified or intended",
    )?;
    let told = match case.stage {
        Stage::Notified => case.default.is_some(),
        _ => case.intended.is_some(),
    };
    if !told {
        return Err(Ground::NotToldAndHeard.into());
    }
    if matches!(case.hearing, Hearing::Requested | Hearing::Scheduled(_)) {
        return Err(Ground::HearingOutstanding.into());
    }
    if review.opinion.as_ref().is_some_and(|last| last.passed) {
        return Err(Ground::AlreadyDone.into());
    }
    let reviewer = actor(tx)?;
    let investigated = case.intended.as_ref().map(|told| &told.officer);
    if investigated == Some(&reviewer) {
        return Err(Ground::ReviewerInvolved.into());
    }
    record(
        tx,
        id,
        &case,
        [Fact::LegallyReviewed {
            reviewer,
            passed,
            opinion,
        }],
    )
}

/// A decision waits for the review that it needs, and the reviewer has no part in it.
///
/// # Errors
/// Without a review, after one that failed, or if the reviewer is among those who decide.
pub(super) fn check(case: &Violation, officers: &[Text<64>]) -> Result<(), Ground> {
    let Some(review) = &case.decision_review else {
        return Ok(());
    };
    let basis = review.ground.basis();
    match &review.opinion {
        None => Err(Ground::LegalReviewOutstanding { basis }),
        Some(opinion) if !opinion.passed => Err(Ground::LegalReviewFailed { basis }),
        Some(opinion) if officers.contains(&opinion.reviewer) => Err(Ground::ReviewerInvolved),
        Some(_) => Ok(()),
    }
}
