//! Every ground on which a command is refused: its name, its provision, and its words in English and Chinese.

use super::instruments::{
    order_157, order_163, penalty_law, reconsideration_law, traffic_law, traffic_regulations,
};
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
    WrongState {
        is: &'static str,
        needs: &'static str,
    },
    AlreadyDone,
    ActInTheFuture,
    LimitationPassed,
    NoRuleInForce,
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
    NotSlight,
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
    HandlingTimeRuns,
    TooFewUnhandled {
        unhandled: usize,
    },
    NotInAbsence,
    NotWarnedOfDefault,
    AlreadyAnnounced,
    AnnouncementRuns,
    PaymentTime,
    PaymentAmount {
        owed: Fen,
    },
    TooManyPayments,
    NotOnTheSpotCollection,
    InstalmentsTooLate,
    PlanInvalid,
    NothingToEnforce,
    RemedyTime,
    RemedyUnderWay,
    NoRemedyUnderWay,
    AlreadyReconsidered,
    ReconsiderationTooLate {
        until: Timestamp,
    },
    ReconsiderationFirst,
    WorseOff,
    PointsFull {
        points: u32,
    },
    LicenceInTheFuture,
    LedgerFull,
    NothingSuspected,
    NotCalledToStudy,
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
    fn wording(&self) -> Wording {
        self.about_cases()
            .or_else(|| self.about_decisions())
            .or_else(|| self.about_money_and_remedies())
            .or_else(|| self.about_licences())
            .or_else(|| self.about_the_rest())
            .expect("every ground has its words: a test says them all")
    }

    fn about_cases(&self) -> Option<Wording> {
        Some(match self {
            Self::UnknownViolation => says(
                "VIOLATION_NOT_FOUND",
                RefusalKind::Unknown,
                None,
                "there is no such case",
                "该违法行为记录不存在",
            ),
            Self::UnknownLicence => says(
                "LICENCE_NOT_FOUND",
                RefusalKind::Unknown,
                None,
                "no licence of this person is known to enforcement",
                "没有该驾驶人的记分档案",
            ),
            Self::UnknownHazard => says(
                "HAZARD_NOT_FOUND",
                RefusalKind::Unknown,
                None,
                "there is no such hazard",
                "该隐患不存在",
            ),
            Self::UnknownCompany => says(
                "COMPANY_NOT_FOUND",
                RefusalKind::Unknown,
                None,
                "no rider of this company has been recorded",
                "没有该企业的骑手劝导记录",
            ),
            Self::UnknownDetention => says(
                "DETENTION_NOT_FOUND",
                RefusalKind::Unknown,
                None,
                "there is no such detention",
                "该扣留记录不存在",
            ),
            Self::OutsideDistrict => says(
                "OUTSIDE_DISTRICT",
                RefusalKind::NotEntitled,
                Some(order_157("art. 4(1)")),
                "only an officer of the district in which it happened or of the city may do this",
                "由违法行为发生地的公安机关交通管理部门管辖",
            ),
            Self::RevocationByCity => says(
                "REVOCATION_BY_CITY",
                RefusalKind::NotEntitled,
                Some(order_157("art. 6(2)")),
                "only the traffic police of the prefecture revoke a licence",
                "吊销机动车驾驶证由设区的市公安机关交通管理部门决定",
            ),
            Self::WrongState { is, needs } => says(
                "WRONG_STATE",
                RefusalKind::Forbidden,
                Some(order_157("art. 2")),
                format!("it is {is}; this needs it to be {needs}"),
                format!("当前状态为 {is}，办理本事项须为 {needs}"),
            ),
            Self::AlreadyDone => says(
                "ALREADY_DONE",
                RefusalKind::Forbidden,
                Some(order_157("art. 2")),
                "this was done already",
                "该事项已办理，不得重复办理",
            ),
            Self::ActInTheFuture => says(
                "ACT_IN_THE_FUTURE",
                RefusalKind::Field("act_time"),
                None,
                "the act lies in the future",
                "违法时间不得晚于当前时间",
            ),
            Self::LimitationPassed => says(
                "LIMITATION_PASSED",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 36(1)")),
                "the act was not found within two years, or five if it harmed life or health",
                "违法行为在法定期限内未被发现，不再给予行政处罚",
            ),
            Self::NoRuleInForce => says(
                "NO_RULE_IN_FORCE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 38(1)")),
                "no rule in force on the day of the act and of the decision provides a penalty for it",
                "行为发生时或者作出决定时没有处罚依据",
            ),
            Self::MeasureMissing => says(
                "MEASURE_MISSING",
                RefusalKind::Field("measure"),
                None,
                "this conduct needs its own kind of measurement, and no other",
                "该违法行为需要提供对应的测量数据",
            ),
            Self::MeasureNoExcess => says(
                "MEASURE_NO_EXCESS",
                RefusalKind::Field("measure"),
                None,
                "what was measured does not exceed what is allowed",
                "测量数据未超过规定限值",
            ),
            Self::DeviceNotVerified { until } => says(
                "DEVICE_NOT_VERIFIED",
                RefusalKind::Forbidden,
                Some(order_157("art. 15(2)")),
                format!("the verification of the device ended on {until}"),
                format!("交通技术监控设备检定有效期至 {until}，不得用于收集证据"),
            ),
            Self::DeviceNotPublished => says(
                "DEVICE_NOT_PUBLISHED",
                RefusalKind::Forbidden,
                Some(order_157("art. 16(2)")),
                "the place of a fixed device must have been made public",
                "固定式交通技术监控设备设置地点应当向社会公布",
            ),
            Self::SpeedSignMissing => says(
                "SPEED_SIGN_MISSING",
                RefusalKind::Forbidden,
                Some(order_157("art. 17(1)")),
                "signs must warn of a fixed device that measures speed",
                "使用固定式设备测速的路段应当设置测速警告标志",
            ),
            Self::MobileDeviceWithoutOfficer => says(
                "MOBILE_DEVICE_WITHOUT_OFFICER",
                RefusalKind::Forbidden,
                Some(order_157("art. 17(2)")),
                "a mobile device that measures speed is operated by an officer",
                "移动测速设备应当由交通警察操作",
            ),
            Self::NotARecord => says(
                "NOT_A_RECORD",
                RefusalKind::Forbidden,
                Some(order_157("art. 22")),
                "this applies to records of devices and citizens only, while no remedy is under way",
                "该事项只适用于交通技术监控设备等记录的违法行为",
            ),
            Self::NotOnTheSpot => says(
                "NOT_ON_THE_SPOT",
                RefusalKind::Forbidden,
                Some(order_157("art. 42(1)")),
                "this applies to acts that an officer finds on the spot",
                "该事项只适用于现场发现的违法行为",
            ),
            Self::PartyUnknown => says(
                "PARTY_UNKNOWN",
                RefusalKind::Field("party"),
                None,
                "who was stopped must be named",
                "应当提供当事人信息",
            ),
            Self::AnotherPerson => says(
                "ANOTHER_PERSON",
                RefusalKind::Forbidden,
                Some(order_157("art. 46(1)(3)")),
                "another person was stopped",
                "当事人与现场查获人员不一致",
            ),
            Self::ReviewDone => says(
                "REVIEW_DONE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 41(2)")),
                "this review is passed already",
                "该项审核已通过",
            ),
            Self::NotNotified => says(
                "NOT_NOTIFIED",
                RefusalKind::Forbidden,
                Some(order_157("art. 20(1)")),
                "the notice has not been sent",
                "尚未通知当事人",
            ),
            Self::ExtensionTooLate => says(
                "EXTENSION_TOO_LATE",
                RefusalKind::Forbidden,
                Some(order_157("art. 53(2)")),
                "more time is given once, before the thirty days have passed",
                "延期处理应当在三十日内申请，且只能延期一次",
            ),
            Self::ExtensionTooLong { latest } => says(
                "EXTENSION_TOO_LONG",
                RefusalKind::Forbidden,
                Some(order_157("art. 53(2)")),
                format!("more time can be given until {latest}, three months"),
                format!("延长的期限最长不得超过三个月，即不晚于 {latest}"),
            ),
            Self::ObjectionWaits => says(
                "OBJECTION_WAITS",
                RefusalKind::Forbidden,
                Some(order_157("art. 5(3)")),
                "an objection waits for its answer",
                "异议尚在审查",
            ),
            Self::NoObjection => says(
                "NO_OBJECTION",
                RefusalKind::Forbidden,
                Some(order_157("art. 5(3)")),
                "no objection waits for an answer",
                "没有待审查的异议",
            ),
            _ => return None,
        })
    }

    fn about_decisions(&self) -> Option<Wording> {
        Some(match self {
            Self::NotSlight => says(
                "NOT_SLIGHT",
                RefusalKind::Forbidden,
                Some(order_157("art. 42(1)")),
                "the law knows no warning for this act",
                "该违法行为不适用口头警告",
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
                Some(order_157("art. 54(1)")),
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
                "听证程序结束前或者听证申请期限内不得作出决定",
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
            Self::NotWarnedOfDefault => says(
                "NOT_WARNED_OF_DEFAULT",
                RefusalKind::Forbidden,
                Some(order_157("art. 54(1)")),
                "the intention has not been told",
                "尚未告知拟作出的处罚决定",
            ),
            _ => return None,
        })
    }

    fn about_money_and_remedies(&self) -> Option<Wording> {
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
                Some(traffic_law("art. 108")),
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
            Self::InstalmentsTooLate => says(
                "INSTALMENTS_TOO_LATE",
                RefusalKind::Forbidden,
                Some(penalty_law("art. 66(2)")),
                "instalments are granted before the fine is late",
                "分期缴纳应当在缴款期限届满前申请",
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
            Self::ReconsiderationTooLate { until } => says(
                "RECONSIDERATION_TOO_LATE",
                RefusalKind::Forbidden,
                Some(reconsideration_law("art. 20(1)")),
                format!("reconsideration could be asked for until {until}"),
                format!("行政复议申请期限已于 {until} 届满"),
            ),
            _ => return None,
        })
    }

    fn about_licences(&self) -> Option<Wording> {
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
                Some(order_163("art. 14")),
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

    fn about_the_rest(&self) -> Option<Wording> {
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
mod tests {
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
            Ground::WrongState {
                is: "served",
                needs: "decided",
            },
            Ground::AlreadyDone,
            Ground::ActInTheFuture,
            Ground::LimitationPassed,
            Ground::NoRuleInForce,
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
            Ground::NotSlight,
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
            Ground::HandlingTimeRuns,
            Ground::TooFewUnhandled { unhandled: 4 },
            Ground::NotInAbsence,
            Ground::NotWarnedOfDefault,
            Ground::AlreadyAnnounced,
            Ground::AnnouncementRuns,
            Ground::PaymentTime,
            Ground::PaymentAmount {
                owed: Fen::yuan(200),
            },
            Ground::TooManyPayments,
            Ground::NotOnTheSpotCollection,
            Ground::InstalmentsTooLate,
            Ground::PlanInvalid,
            Ground::NothingToEnforce,
            Ground::RemedyTime,
            Ground::RemedyUnderWay,
            Ground::NoRemedyUnderWay,
            Ground::AlreadyReconsidered,
            Ground::ReconsiderationTooLate { until: AT },
            Ground::ReconsiderationFirst,
            Ground::WorseOff,
            Ground::PointsFull { points: 12 },
            Ground::LicenceInTheFuture,
            Ground::LedgerFull,
            Ground::NothingSuspected,
            Ground::NotCalledToStudy,
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
            let of_law = ground.kind() == RefusalKind::Forbidden && ground != Ground::NotSummoned;
            assert!(
                ground.basis().is_some() || !of_law,
                "{ground:?} names no law"
            );
        }
    }
}
