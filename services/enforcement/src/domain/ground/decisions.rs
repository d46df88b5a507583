//! Words of refusals about intentions, hearings, decisions, and what is decided in absence.

use super::super::instruments::{order_157, penalty_law};
use super::{Ground, Wording, says};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_decisions(&self) -> Option<Wording> {
        Some(match self {
            Self::NotSlight => says(
                "NOT_SLIGHT",
                RefusalKind::Forbidden,
                Some(order_157("art. 42(1)")),
                "the law knows no warning for this act",
                "该违法行为不适用口头警告",
            ),
            Self::ReferredAsCrime => says(
                "REFERRED_AS_CRIME",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 8(2)")),
                "the case is referred as a crime, whose punishment no penalty replaces: beside it only a licence is revoked that the law revokes with the crime; if it has come back, take the referral back first",
                "案件已作为涉嫌犯罪移送，不得以行政处罚代替刑事处罚；除法律规定并处吊销机动车驾驶证的外，案件退回后应当先登记收回移送",
            ),
            Self::NotReferred => says(
                "NOT_REFERRED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 27(1)")),
                "the case is not referred as a crime: there is nothing to take back",
                "案件未作为涉嫌犯罪移送，无需收回移送",
            ),
            Self::NoPapersDue => says(
                "NO_PAPERS_DUE",
                RefusalKind::Forbidden,
                Some(order_157("art. 44(2)")),
                "no papers of the roadside are due",
                "没有待备案的文书",
            ),
            Self::DocketFull => says(
                "DOCKET_FULL",
                RefusalKind::Forbidden,
                None,
                "too many open records of this vehicle or person: it must be stopped",
                "未处理的违法行为记录过多，应当现场查处",
            ),
            Self::AlreadyFined { case } => says(
                "ALREADY_FINED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 29")),
                format!("this act is fined already in case {case}"),
                format!("该违法行为已在案件 {case} 中处以罚款，不得再次罚款"),
            ),
            Self::SanctionNotProvided { basis } => says(
                "SANCTION_NOT_PROVIDED",
                RefusalKind::Forbidden,
                Some(basis.clone()),
                "the rules do not provide this penalty for the act",
                "拟作出的处罚不符合法定种类或者幅度",
            ),
            Self::GeneralProcedureNeeded => says(
                "GENERAL_PROCEDURE_NEEDED",
                RefusalKind::Forbidden,
                Some(order_157("art. 43(2)")),
                "above 200 yuan, and for the licence, the intention is told first and two officers decide",
                "二百元以上罚款、暂扣或者吊销机动车驾驶证的，应当适用一般程序",
            ),
            Self::NotToldAndHeard => says(
                "NOT_TOLD_AND_HEARD",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 62")),
                "the party was not told and heard, or did not waive it",
                "未告知或者未听取当事人陈述、申辩，不得作出处罚决定",
            ),
            Self::TwoOfficersNeeded => says(
                "TWO_OFFICERS_NEEDED",
                RefusalKind::Forbidden,
                Some(order_157("art. 48")),
                "the general procedure needs two officers",
                "适用一般程序应当由两名以上交通警察作出",
            ),
            Self::HeavierAfterDefence => says(
                "HEAVIER_AFTER_DEFENCE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 45(2)")),
                "nothing heavier than what was told may follow",
                "不得因当事人陈述、申辩而给予更重的处罚",
            ),
            Self::NoHearingDue => says(
                "NO_HEARING_DUE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 63(1)")),
                "the law provides no hearing for this penalty",
                "该处罚不属于应当告知听证的情形",
            ),
            Self::HearingTooLate { by } => says(
                "HEARING_TOO_LATE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 64(1)")),
                format!("a hearing could be asked for, once, until {by}"),
                format!("听证应当在 {by} 前提出，且只能提出一次"),
            ),
            Self::NoHearingRequested => says(
                "NO_HEARING_REQUESTED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 64")),
                "no hearing was asked for or set",
                "没有听证申请或者听证安排",
            ),
            Self::HearingNoticeTooShort { earliest } => says(
                "HEARING_NOTICE_TOO_SHORT",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 64(2)")),
                format!("a hearing is told seven working days ahead: {earliest} at the earliest"),
                format!("应当在举行听证的七日前通知，最早为 {earliest}"),
            ),
            Self::ChairInvestigated => says(
                "CHAIR_INVESTIGATED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 64(4)")),
                "who investigated does not chair the hearing",
                "听证由非本案调查人员主持",
            ),
            Self::HearingNotYet { at } => says(
                "HEARING_NOT_YET",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 64(2)")),
                format!("the hearing is set for {at}"),
                format!("听证时间为 {at}"),
            ),
            Self::HearingOutstanding => says(
                "HEARING_OUTSTANDING",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 65")),
                "the hearing, or the five days to ask for it, must pass first",
                "听证程序结束或者听证申请期限届满后，方可办理",
            ),
            Self::NoLegalReviewDue => says(
                "NO_LEGAL_REVIEW_DUE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 58(1)")),
                "this case needs no legal review: there was no hearing, and no officer has found it of public interest or complex",
                "本案不属于应当进行法制审核的情形",
            ),
            Self::LegalReviewOutstanding { basis } => says(
                "LEGAL_REVIEW_OUTSTANDING",
                RefusalKind::Forbidden,
                Some(basis.clone()),
                "without a legal review of what is intended nothing is decided",
                "未经法制审核，不得作出行政处罚决定",
            ),
            Self::LegalReviewFailed { basis } => says(
                "LEGAL_REVIEW_FAILED",
                RefusalKind::Forbidden,
                Some(basis.clone()),
                "the legal review did not pass what is intended: tell another intention, or have it reviewed again",
                "法制审核未通过，不得作出行政处罚决定",
            ),
            Self::ReviewerInvolved => says(
                "REVIEWER_INVOLVED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 58(1)")),
                "a reviewer precedes those who decide: who investigated or decides does not review",
                "法制审核人员不得为本案调查人员或者决定人员",
            ),
            Self::HandlingTimeRuns => says(
                "HANDLING_TIME_RUNS",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(1)")),
                "the thirty days for handling have not passed, or an objection waits",
                "三十日处理期限尚未届满或者异议尚在审查",
            ),
            Self::TooFewUnhandled { unhandled } => says(
                "TOO_FEW_UNHANDLED",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(1)")),
                format!(
                    "{unhandled} records are unhandled past their time; a decision in absence needs five"
                ),
                format!("逾期未处理的记录为 {unhandled} 起，不足五起"),
            ),
            Self::NotInAbsence => says(
                "NOT_IN_ABSENCE",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(2)")),
                "measures on a licence need the driver",
                "涉及机动车驾驶证的处罚应当由驾驶人接受处理",
            ),
            Self::PartyNotIdentified => says(
                "PARTY_NOT_IDENTIFIED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 59(1)(1)")),
                "a decision names whom it is about, and nobody is known: name the driver, owner or manager who is told in `party`",
                "处罚决定应当载明当事人，本案当事人尚不明确，请在 party 中填写被告知的驾驶人、所有人或者管理人",
            ),
            Self::NotWarnedOfDefault => says(
                "NOT_WARNED_OF_DEFAULT",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(1)")),
                "there is no proof that the intention was told to who answers for the act now: tell it to them first",
                "没有已向现当事人告知拟作出的处罚决定的凭证，应当先行告知",
            ),
            Self::SpokenUp => says(
                "SPOKEN_UP",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(2)")),
                "who was told has spoken up since, and is not decided against in absence: accept handling, tell and hear, then decide",
                "当事人已提出申辩、异议或者听证要求，不得缺席处罚，应当按照简易程序或者一般程序办理",
            ),
            _ => return None,
        })
    }
}
