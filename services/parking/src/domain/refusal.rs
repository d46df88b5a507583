//! Every ground on which parking says no: what was wrong, what to do, and the article that says so.

use super::ids::{BayId, SessionId, TariffId, ZoneId};
use chassis::domain::values::Fen;
use chassis::domain::{LegalBasis, Refusal, RefusalKind};
use jiff::Timestamp;
use jiff::civil::Date;

pub(super) const BEIJING_PARKING: &str = "Beijing Motor Vehicle Parking Regulations";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParkingRefusal {
    #[error("there is no zone `{zone}`")]
    ZoneNotFound { zone: ZoneId },
    #[error("zone `{zone}` exists already")]
    ZoneExists { zone: ZoneId },
    #[error("the district of a zone cannot change; open another zone")]
    ZoneDistrictFixed,
    #[error("zone `{zone}` still has {bays} bays; move or retire them first")]
    ZoneHasBays { zone: ZoneId, bays: u64 },
    #[error("there is no tariff `{tariff}`")]
    TariffNotFound { tariff: TariffId },
    #[error("tariff `{tariff}` exists already; publish a version of it")]
    TariffExists { tariff: TariffId },
    #[error("tariff `{tariff}` is not in force yet; a zone needs prices that hold now")]
    TariffNotInForce { tariff: TariffId },
    #[error(
        "a version takes effect after today ({today}) at the earliest, not on {effective_from}"
    )]
    TariffInThePast { effective_from: Date, today: Date },
    #[error("the tariff has a version of {effective_from} already; published prices do not change")]
    TariffDateTaken { effective_from: Date },
    #[error("a tariff has at most 100 versions; open another tariff")]
    TooManyTariffVersions,
    #[error("there is no bay `{bay}`")]
    BayNotFound { bay: BayId },
    #[error("bay `{bay}` exists already")]
    BayExists { bay: BayId },
    #[error("a vehicle stands in bay `{bay}`; retire it when it is empty")]
    BayTaken { bay: BayId },
    #[error("bay `{bay}` is asked for by too many road occupations")]
    TooManySuspensions { bay: BayId },
    #[error("there is no session `{session}`")]
    SessionNotFound { session: SessionId },
    #[error("the session goes on; it is priced when the vehicle leaves")]
    SessionOpen,
    #[error("the session was void from the start; nothing is owed for it")]
    SessionVoid,
    #[error("this provider reference paid for something else")]
    PaymentReferenceTaken,
    #[error("a session takes at most 64 payments and refunds")]
    TooManyPayments,
    #[error("the sum of payments exceeds what can be booked")]
    AmountTooLarge,
    #[error("only {overpaid} were paid too much; no more can be refunded")]
    RefundExceedsOverpayment { overpaid: Fen },
    #[error("nothing is charged, so nothing can be waived")]
    NothingToWaive,
    #[error("only an officer of the district may do this")]
    NotOfThisDistrict,
    #[error("only an officer may do this")]
    NotAnOfficer,
    #[error("a waiver needs an end after its beginning and after now")]
    WaiverTimesReversed,
    #[error("the plate has a waiver in force; revoke it first")]
    WaiverExists,
    #[error("there is no such waiver")]
    WaiverNotFound,
    #[error(
        "changes after that position are no longer remembered; read the bays and watch from position {oldest}"
    )]
    PositionForgotten { oldest: u64 },
    #[error("the vehicle must leave after it arrived and before now ({now})")]
    CorrectionTimesWrong { now: Timestamp },
}

impl Refusal for ParkingRefusal {
    fn reason(&self) -> &'static str {
        match self {
            Self::ZoneNotFound { .. } => "ZONE_NOT_FOUND",
            Self::ZoneExists { .. } => "ZONE_EXISTS",
            Self::ZoneDistrictFixed => "ZONE_DISTRICT_FIXED",
            Self::ZoneHasBays { .. } => "ZONE_HAS_BAYS",
            Self::TariffNotFound { .. } => "TARIFF_NOT_FOUND",
            Self::TariffExists { .. } => "TARIFF_EXISTS",
            Self::TariffNotInForce { .. } => "TARIFF_NOT_IN_FORCE",
            Self::TariffInThePast { .. } => "TARIFF_IN_THE_PAST",
            Self::TariffDateTaken { .. } => "TARIFF_DATE_TAKEN",
            Self::TooManyTariffVersions => "TOO_MANY_TARIFF_VERSIONS",
            Self::BayNotFound { .. } => "BAY_NOT_FOUND",
            Self::BayExists { .. } => "BAY_EXISTS",
            Self::BayTaken { .. } => "BAY_TAKEN",
            Self::TooManySuspensions { .. } => "TOO_MANY_SUSPENSIONS",
            Self::SessionNotFound { .. } => "SESSION_NOT_FOUND",
            Self::SessionOpen => "SESSION_OPEN",
            Self::SessionVoid => "SESSION_VOID",
            Self::PaymentReferenceTaken => "PAYMENT_REFERENCE_TAKEN",
            Self::TooManyPayments => "TOO_MANY_PAYMENTS",
            Self::AmountTooLarge => "AMOUNT_TOO_LARGE",
            Self::RefundExceedsOverpayment { .. } => "REFUND_EXCEEDS_OVERPAYMENT",
            Self::NothingToWaive => "NOTHING_TO_WAIVE",
            Self::NotOfThisDistrict => "NOT_OF_THIS_DISTRICT",
            Self::NotAnOfficer => "NOT_AN_OFFICER",
            Self::WaiverTimesReversed => "WAIVER_TIMES_REVERSED",
            Self::WaiverExists => "WAIVER_EXISTS",
            Self::WaiverNotFound => "WAIVER_NOT_FOUND",
            Self::CorrectionTimesWrong { .. } => "CORRECTION_TIMES_WRONG",
            Self::PositionForgotten { .. } => "POSITION_FORGOTTEN",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::ZoneNotFound { .. }
            | Self::TariffNotFound { .. }
            | Self::BayNotFound { .. }
            | Self::SessionNotFound { .. }
            | Self::WaiverNotFound => RefusalKind::Unknown,
            Self::ZoneExists { .. }
            | Self::TariffExists { .. }
            | Self::TariffDateTaken { .. }
            | Self::BayExists { .. }
            | Self::PaymentReferenceTaken
            | Self::WaiverExists => RefusalKind::Taken,
            Self::NotOfThisDistrict | Self::NotAnOfficer => RefusalKind::NotEntitled,
            Self::PositionForgotten { .. } => RefusalKind::Field("after_position"),
            Self::ZoneDistrictFixed => RefusalKind::Field("zone.district"),
            Self::TariffInThePast { .. } => RefusalKind::Field("version.effective_from"),
            Self::WaiverTimesReversed => RefusalKind::Field("waiver.valid_until"),
            Self::CorrectionTimesWrong { .. } => RefusalKind::Field("left_at"),
            Self::AmountTooLarge => RefusalKind::Field("amount_fen"),
            Self::ZoneHasBays { .. }
            | Self::TariffNotInForce { .. }
            | Self::TooManyTariffVersions
            | Self::BayTaken { .. }
            | Self::TooManySuspensions { .. }
            | Self::SessionOpen
            | Self::SessionVoid
            | Self::TooManyPayments
            | Self::RefundExceedsOverpayment { .. }
            | Self::NothingToWaive => RefusalKind::Forbidden,
        }
    }

    fn basis(&self) -> Option<LegalBasis> {
        let (instrument, article) = match self {
            // Prices are displayed, and charged as displayed.
            Self::TariffNotInForce { .. } => (BEIJING_PARKING, "art. 32(1)(1)"),
            Self::TariffInThePast { .. } | Self::TariffDateTaken { .. } => {
                (BEIJING_PARKING, "art. 32(1)(2)")
            }
            // A completed unit is charged: what goes on has no price yet.
            Self::SessionOpen => (BEIJING_PARKING, "art. 32(1)(3)"),
            // Charges are public revenue: neither kept beyond what is due nor given away.
            Self::RefundExceedsOverpayment { .. } => (BEIJING_PARKING, "art. 37"),
            // The traffic police set, maintain and adjust the bays on roads.
            Self::BayTaken { .. } | Self::ZoneHasBays { .. } => (BEIJING_PARKING, "art. 36(1)"),
            Self::NotOfThisDistrict => (BEIJING_PARKING, "art. 5(1)"),
            Self::NotAnOfficer => (BEIJING_PARKING, "art. 28(4)"),
            _ => return None,
        };
        Some(LegalBasis::new(instrument, article))
    }

    fn zh(&self) -> String {
        match self {
            Self::ZoneNotFound { zone } => format!("停车区域 {zone} 不存在。"),
            Self::ZoneExists { zone } => format!("停车区域 {zone} 已存在。"),
            Self::ZoneDistrictFixed => "停车区域所属区县不可变更，请另设区域。".into(),
            Self::ZoneHasBays { zone, bays } => {
                format!("停车区域 {zone} 内尚有 {bays} 个泊位，请先调整或者撤销。")
            }
            Self::TariffNotFound { tariff } => format!("收费标准 {tariff} 不存在。"),
            Self::TariffExists { tariff } => format!("收费标准 {tariff} 已存在，请发布新版本。"),
            Self::TariffNotInForce { tariff } => {
                format!("收费标准 {tariff} 尚未生效，停车区域须有现行收费标准。")
            }
            Self::TariffInThePast {
                effective_from,
                today,
            } => {
                format!("收费标准最早自明日起施行（今日 {today}，所填 {effective_from}）。")
            }
            Self::TariffDateTaken { effective_from } => {
                format!("自 {effective_from} 起施行的版本已公布，不得更改。")
            }
            Self::TooManyTariffVersions => "收费标准版本过多，请另设收费标准。".into(),
            Self::BayNotFound { bay } => format!("泊位 {bay} 不存在。"),
            Self::BayExists { bay } => format!("泊位 {bay} 已存在。"),
            Self::BayTaken { bay } => format!("泊位 {bay} 内有车辆停放，请待驶离后撤销。"),
            Self::TooManySuspensions { bay } => format!("占用泊位 {bay} 的道路施工过多。"),
            Self::SessionNotFound { .. } => "停车记录不存在。".into(),
            Self::SessionOpen => "车辆尚未驶离，驶离后计费。".into(),
            Self::SessionVoid => "该停车记录已作废，无须缴费。".into(),
            Self::PaymentReferenceTaken => "该支付流水号已用于其他款项。".into(),
            Self::TooManyPayments => "该停车记录的缴费、退费笔数过多。".into(),
            Self::AmountTooLarge => "金额超出可入账范围。".into(),
            Self::RefundExceedsOverpayment { overpaid } => {
                format!(
                    "可退金额为 {}.{:02} 元。",
                    overpaid.get() / 100,
                    overpaid.get() % 100
                )
            }
            Self::NothingToWaive => "无应缴费用，无须减免。".into(),
            Self::NotOfThisDistrict => "仅限本辖区民警办理。".into(),
            Self::NotAnOfficer => "仅限民警办理。".into(),
            Self::WaiverTimesReversed => "免费停车资格的截止时间须晚于起始时间和当前时间。".into(),
            Self::WaiverExists => "该号牌已有有效的免费停车资格，请先撤销。".into(),
            Self::WaiverNotFound => "免费停车资格不存在。".into(),
            Self::PositionForgotten { oldest } => {
                format!("该位置之后的变更已不再保留，请重新读取泊位并自位置 {oldest} 起订阅。")
            }
            Self::CorrectionTimesWrong { .. } => "驶离时间须晚于驶入时间且不晚于当前时间。".into(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::ZoneHasBays { bays, .. } => vec![("bays", bays.to_string())],
            Self::RefundExceedsOverpayment { overpaid } => {
                vec![("overpaid_fen", overpaid.get().to_string())]
            }
            Self::TariffInThePast { today, .. } => vec![("today", today.to_string())],
            _ => Vec::new(),
        }
    }
}
