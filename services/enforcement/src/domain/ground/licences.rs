//! Words of refusals about points, study, tests and reductions.

use super::super::instruments::{order_163, reconsideration_law};
use super::super::licence::reductions::Method;
use super::{Ground, Wording, says};
use chassis::domain::{LegalBasis, RefusalKind};

impl Ground {
    pub(super) fn about_licences(&self) -> Option<Wording> {
        Some(match self {
            Self::ReconsiderationFirst => says(
                "RECONSIDERATION_FIRST",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 23(1)(1)")),
                "a decision on the spot is reconsidered before a court hears it",
                "对当场作出的行政处罚决定不服的，应当先申请行政复议",
            ),
            Self::WorseOff => says(
                "WORSE_OFF",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 63(2)")),
                "reconsideration does not leave the party worse off",
                "不得作出对申请人更为不利的变更决定",
            ),
            Self::PointsFull { points } => says(
                "POINTS_FULL",
                RefusalKind::Forbidden,
                Some(order_163("art. 14(2)")),
                format!("with {points} points this driver takes no records of another vehicle"),
                format!("累积记分已满 {points} 分，不得再处理其他机动车的交通违法行为记录"),
            ),
            Self::LicenceInTheFuture => says(
                "LICENCE_IN_THE_FUTURE",
                RefusalKind::Field("licence.first_issued"),
                None,
                "the licence was issued in the future",
                "初次领证日期不得晚于当前日期",
            ),
            Self::LedgerFull => says(
                "LEDGER_FULL",
                RefusalKind::Forbidden,
                None,
                "this licence holds too many entries",
                "该驾驶人的记分记录过多",
            ),
            Self::NothingSuspected => says(
                "NOTHING_SUSPECTED",
                RefusalKind::Forbidden,
                Some(order_163("art. 30")),
                "no trade in points is suspected",
                "没有买分卖分嫌疑记录",
            ),
            Self::NotCalledToStudy => says(
                "NOT_CALLED_TO_STUDY",
                RefusalKind::Forbidden,
                Some(order_163("art. 18(1)")),
                "the driver is not called to study: there are not twelve points",
                "累积记分未满12分，无需参加满分学习",
            ),
            Self::StudyBeforeCall { called_on } => says(
                "STUDY_BEFORE_CALL",
                RefusalKind::Forbidden,
                Some(order_163("art. 17(1)")),
                format!(
                    "the driver was called on {called_on}; what was studied before does not count"
                ),
                format!("驾驶人于 {called_on} 收到满分教育通知，此前的学习不予计算"),
            ),
            Self::StudyInTheFuture => says(
                "STUDY_IN_THE_FUTURE",
                RefusalKind::Field("day"),
                None,
                "the day of study lies in the future",
                "学习日期不得晚于当前日期",
            ),
            Self::StudyTooShort { minutes } => says(
                "STUDY_TOO_SHORT",
                RefusalKind::Forbidden,
                Some(order_163("art. 19(3)")),
                format!("{minutes} minutes are no day of study: more than three hours are"),
                format!("学习 {minutes} 分钟，超过三小时方按一天计入"),
            ),
            Self::StudyIncomplete { days } => says(
                "STUDY_INCOMPLETE",
                RefusalKind::Forbidden,
                Some(order_163("art. 21")),
                format!(
                    "the {days} days of study, with those taught and in a classroom, come before the tests"
                ),
                format!("应当完成 {days} 天学习（含规定的现场、网络学习天数）后方可预约考试"),
            ),
            Self::RetestTooEarly { from } => says(
                "RETEST_TOO_EARLY",
                RefusalKind::Forbidden,
                Some(order_163("arts. 21, 22")),
                format!("the test can be taken again from {from}"),
                format!("考试不合格的，十日后即 {from} 起方可重新考试"),
            ),
            Self::TestNotAsked => says(
                "TEST_NOT_ASKED",
                RefusalKind::Forbidden,
                Some(order_163("art. 22")),
                "this test is not asked of the driver",
                "该驾驶人无需参加该项考试",
            ),
            Self::TheoryFirst => says(
                "THEORY_FIRST",
                RefusalKind::Forbidden,
                Some(order_163("art. 22")),
                "the test of the laws comes first",
                "应当先通过道路交通安全法律、法规和相关知识考试",
            ),
            Self::ReductionRefused { item } => says(
                "REDUCTION_REFUSED",
                RefusalKind::Forbidden,
                Some(reduction_basis(*item)),
                "the law excludes this driver from reductions for now",
                "存在不予受理减免记分的情形",
            ),
            Self::LearningIncomplete { method } => says(
                "LEARNING_INCOMPLETE",
                RefusalKind::Forbidden,
                Some(learning_basis(*method)),
                "too short, spread too far, or without a passed test",
                "学习时长、期间或者考试不符合规定",
            ),
            Self::NothingToReduce => says(
                "NOTHING_TO_REDUCE",
                RefusalKind::Forbidden,
                Some(order_163("art. 25")),
                "points are taken off between 1 and 11, when all records are handled",
                "处理完交通违法行为记录后累积记分未满12分方可申请扣减",
            ),
            _ => return None,
        })
    }
}

fn reduction_basis(item: u8) -> LegalBasis {
    order_163(match item {
        1 => "art. 26(1)",
        2 => "art. 26(2)",
        3 => "art. 26(3)",
        4 => "art. 26(4)",
        _ => "art. 26(5)",
    })
}

fn learning_basis(method: Method) -> LegalBasis {
    order_163(match method {
        Method::Online => "art. 27(1)",
        Method::Classroom => "art. 27(2)",
        Method::Volunteering => "art. 27(3)",
    })
}
