//! Words of refusals about payments and remedies.

use super::super::instruments::{order_157, reconsideration_law, traffic_law};
use super::{Ground, Wording, says};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_money_and_remedies(&self) -> Option<Wording> {
        Some(match self {
            Self::AlreadyAnnounced => says(
                "ALREADY_ANNOUNCED",
                RefusalKind::Forbidden,
                Some(order_157("art. 55")),
                "it is announced already",
                "已经公告",
            ),
            Self::AnnouncementRuns => says(
                "ANNOUNCEMENT_RUNS",
                RefusalKind::Forbidden,
                Some(order_157("arts. 54(1), 55")),
                "the announcement has not been made or has not ended",
                "公告期尚未届满",
            ),
            Self::ServeTime => says(
                "SERVE_TIME",
                RefusalKind::Field("serve_time"),
                Some(order_157("arts. 48(6), 56")),
                "a decision is delivered after it was made, not in the future, and before an announcement ends, whose end serves it",
                "送达时间应当在作出处罚决定之后、不晚于当前时间，且在公告期满之前；公告期满即为送达",
            ),
            Self::PaymentTime => says(
                "PAYMENT_TIME",
                RefusalKind::Field("pay_time"),
                None,
                "a payment is made after the decision was served, and not in the future",
                "缴款时间应当在决定书送达之后且不晚于当前时间",
            ),
            Self::PaymentAmount { owed } => says(
                "PAYMENT_AMOUNT",
                RefusalKind::Forbidden,
                Some(traffic_law("art. 108(1)")),
                format!(
                    "{owed} are owed at that time: pay more than nothing and not more than that"
                ),
                format!("应缴金额为 {owed}，缴款金额应大于零且不超过应缴金额"),
            ),
            Self::TooManyPayments => says(
                "TOO_MANY_PAYMENTS",
                RefusalKind::Forbidden,
                None,
                "the fine has taken too many payments for this",
                "缴款次数超过上限或者已有缴款记录",
            ),
            Self::NotOnTheSpotCollection => says(
                "NO_COLLECTION_ON_THE_SPOT",
                RefusalKind::Forbidden,
                Some(traffic_law("art. 108(2)")),
                "fines of drivers are paid at the bank; on the spot pay pedestrians, passengers and riders, and drivers on expressways at their own wish",
                "机动车驾驶人的罚款不得当场收缴，法律、法规另有规定的除外",
            ),
            Self::PlanInvalid => says(
                "PLAN_INVALID",
                RefusalKind::Field("instalments"),
                None,
                "at most 24 instalments, each later than the one before and in the future, that add up to the fine",
                "分期不得超过二十四期，日期依次递增，合计应等于罚款数额",
            ),
            Self::NothingToEnforce => says(
                "NOTHING_TO_ENFORCE",
                RefusalKind::Forbidden,
                Some(order_157("art. 60(2)")),
                "nothing is late, or a remedy is under way",
                "没有逾期未缴纳的罚款或者复议、诉讼尚未终结",
            ),
            Self::RemedyTime => says(
                "REMEDY_TIME",
                RefusalKind::Field("seek_time"),
                None,
                "a remedy is sought after the decision was served, and not in the future",
                "申请时间应当在决定书送达之后且不晚于当前时间",
            ),
            Self::RemedyUnderWay => says(
                "REMEDY_UNDER_WAY",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 29")),
                "another remedy is under way",
                "复议或者诉讼正在进行",
            ),
            Self::NoRemedyUnderWay => says(
                "NO_REMEDY_UNDER_WAY",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 30")),
                "no remedy is under way",
                "没有正在进行的复议或者诉讼",
            ),
            Self::AlreadyReconsidered => says(
                "ALREADY_RECONSIDERED",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 30(1)")),
                "the decision was reconsidered already",
                "该决定已经行政复议",
            ),
            Self::AlreadySued => says(
                "ALREADY_SUED",
                RefusalKind::Forbidden,
                Some(reconsideration_law("arts. 29(2), 30(1)(7)")),
                "a court took a lawsuit against the decision, which closes reconsideration",
                "人民法院已经受理行政诉讼，不得再申请行政复议",
            ),
            Self::ReconsiderationTooLate { until } => says(
                "RECONSIDERATION_TOO_LATE",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 20(1)")),
                format!(
                    "reconsideration could be asked for until {until}; what its authority has accepted nevertheless an officer notes, with `late_reason`"
                ),
                format!(
                    "行政复议申请期限已于 {until} 届满；复议机关因不可抗力或者其他正当理由受理的，由交通警察填写 late_reason 后登记"
                ),
            ),
            Self::ReconsiderationBarred { until } => says(
                "RECONSIDERATION_BARRED",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 21")),
                format!(
                    "five years after the decision, at {until}, reconsideration ended for whatever reason: correct the decision if it is wrong"
                ),
                format!(
                    "自作出决定之日起已超过五年，行政复议申请于 {until} 后不予受理；决定确有错误的，应当主动改正"
                ),
            ),
            Self::DecisionVaried => says(
                "DECISION_VARIED",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 77(1)")),
                "what stands is what reconsideration or a court has made of the decision: only they change it",
                "现行有效的是复议机关或者人民法院变更后的决定，公安机关不得自行撤销",
            ),
            _ => return None,
        })
    }
}
