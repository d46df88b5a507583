//! Words of refusals about hazards, riders, companies and detained vehicles.

use super::super::instruments::{order_157, order_163, traffic_regulations};
use super::{Ground, Wording, says};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_the_rest(&self) -> Option<Wording> {
        Some(match self {
            Self::ReductionsUsedUp => says(
                "REDUCTIONS_USED_UP",
                RefusalKind::Forbidden,
                Some(order_163("art. 25")),
                "six points have been taken off in this cycle",
                "一个记分周期内累计最高扣减6分",
            ),
            Self::DeadlinePassed => says(
                "DEADLINE_PASSED",
                RefusalKind::Field("rectify_by"),
                None,
                "the deadline must lie in the future",
                "整改期限应当晚于当前时间",
            ),
            Self::OwnRectification => says(
                "OWN_RECTIFICATION",
                RefusalKind::NotEntitled,
                None,
                "who reports a hazard rectified does not verify it",
                "整改单位不得验收自己的整改",
            ),
            Self::HelmetNotNeeded => says(
                "HELMET_NOT_NEEDED",
                RefusalKind::Field("helmet_given"),
                None,
                "a helmet is given to who rides without one",
                "头盔只赠予未戴头盔的骑行人",
            ),
            Self::CountInvalid => says(
                "COUNT_INVALID",
                RefusalKind::Field("with_helmet"),
                None,
                "count at least one rider, and not more helmets than riders",
                "清点人数应大于零，且戴头盔人数不得超过总人数",
            ),
            Self::NotSummoned => says(
                "NOT_SUMMONED",
                RefusalKind::Forbidden,
                None,
                "the company is not summoned",
                "该企业未被约谈",
            ),
            Self::MeasureNotTold => says(
                "MEASURE_NOT_TOLD",
                RefusalKind::Forbidden,
                Some(order_157("art. 25(1)(1)")),
                "facts, kind, basis and rights are told and the party is heard before the measure",
                "采取行政强制措施前应当告知并听取当事人陈述、申辩",
            ),
            Self::NotCurable => says(
                "NOT_CURABLE",
                RefusalKind::Forbidden,
                Some(order_157("art. 29")),
                "only an overload is cured by moving people or load",
                "只有超员、超载可以通过转运、卸载消除违法状态",
            ),
            Self::NotUnclaimed => says(
                "NOT_UNCLAIMED",
                RefusalKind::Forbidden,
                Some(traffic_regulations("art. 107")),
                "thirty days, then three months of announcement must pass first",
                "未满三十日或者公告未满三个月",
            ),
            _ => return None,
        })
    }
}
