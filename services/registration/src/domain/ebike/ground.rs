//! Every ground on which a command on e-bikes is refused.

use crate::domain::instruments::{
    liaocheng_regulations, order_164, shandong_measures, traffic_law,
};
use crate::domain::wording::{Wording, refusal_in_words, says, says_plainly};
use chassis::domain::RefusalKind;
use jiff::civil::Date;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EbikeGround {
    UnknownEbike,
    OriginInFuture,
    CertificateAfterOrigin,
    NotConforming,
    TransitionClosed { until: Date },
    FrameTaken,
    Scrapped,
    NotRegistered { is: &'static str },
    NotTheOwner,
    SameOwner,
    AnotherPerson,
    NotPresented,
    NotTransitional,
    RenewedAlready { until: Date },
    RenewalOver { until: Date },
    UnknownStation,
    StationSuspended,
    OutsideStationsDistrict,
    BlockDrawn,
    OutOfPlates,
}

impl EbikeGround {
    fn wording(&self) -> Wording {
        match self {
            Self::UnknownEbike => says_plainly(
                "EBIKE_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such e-bike",
                "没有该电动自行车的登记记录",
            ),
            Self::FrameTaken => says(
                "FRAME_NUMBER_TAKEN",
                shandong_measures("art. 27"),
                "this frame number is registered, to another owner or with other particulars; transfer it, or correct the row",
                "该车架号已登记在他人名下或登记内容不同，请办理转移登记或更正申请",
            )
            .of_kind(RefusalKind::Taken),
            Self::OriginInFuture
            | Self::CertificateAfterOrigin
            | Self::NotConforming
            | Self::TransitionClosed { .. }
            | Self::Scrapped => self.about_registration(),
            Self::NotRegistered { .. }
            | Self::NotTheOwner
            | Self::SameOwner
            | Self::AnotherPerson
            | Self::NotPresented
            | Self::NotTransitional
            | Self::RenewedAlready { .. }
            | Self::RenewalOver { .. } => self.about_what_is_registered(),
            Self::UnknownStation
            | Self::StationSuspended
            | Self::OutsideStationsDistrict
            | Self::BlockDrawn
            | Self::OutOfPlates => self.about_the_counter(),
        }
    }

    fn about_registration(&self) -> Wording {
        match self {
            Self::OriginInFuture => says(
                "ORIGIN_IN_FUTURE",
                shandong_measures("art. 26(2)"),
                "the proof of origin is dated in the future",
                "车辆来历证明的日期晚于今日",
            )
            .of_kind(RefusalKind::Field("ebike.origin.day")),
            Self::CertificateAfterOrigin => says(
                "CERTIFICATE_AFTER_ORIGIN",
                shandong_measures("art. 26(3)"),
                "the certificate says that it was made after it was acquired; certificate and e-bike do not belong together",
                "合格证记载的制造日期晚于取得日期，合格证与车辆不符",
            ),
            Self::TransitionClosed { until } => says(
                "TRANSITION_CLOSED",
                shandong_measures("art. 25"),
                format!(
                    "it meets no standard in force when it was made, and dated plates were given until {until} only"
                ),
                format!("车辆不符合制造时有效的国家标准，临时号牌已于 {until} 停止核发"),
            ),
            Self::Scrapped => says(
                "EBIKE_SCRAPPED",
                shandong_measures("art. 27"),
                "it was cancelled as scrapped; its frame is not registered again",
                "该车已报废注销，不再办理登记",
            ),
            _ => says(
                "NOT_CONFORMING",
                shandong_measures("art. 25"),
                "it has no certificate of a standard (GB 17761) that was in force when it was made",
                "车辆不符合制造时有效的《电动自行车安全技术规范》（GB 17761）",
            ),
        }
    }

    fn about_what_is_registered(&self) -> Wording {
        match self {
            Self::NotRegistered { is } => says(
                "EBIKE_NOT_REGISTERED",
                traffic_law("art. 18"),
                format!("the e-bike is {is}; only a registered one can be changed"),
                "该车当前状态不能办理此项业务，仅已登记车辆可以办理",
            ),
            Self::NotTheOwner => says(
                "NOT_THE_OWNER",
                shandong_measures("art. 29"),
                "the e-bike is registered to somebody else; only its owner asks for this",
                "该车登记在他人名下，应由车辆所有人申请",
            ),
            Self::SameOwner => says(
                "SAME_OWNER",
                shandong_measures("art. 29(1)"),
                "it is registered to this owner already; there is nothing to transfer",
                "该车已登记在其名下，无需转移登记",
            ),
            Self::AnotherPerson => says(
                "ANOTHER_PERSON",
                shandong_measures("art. 29(1)"),
                "the identity is another person's; a new owner needs a transfer",
                "身份证明与登记的所有人不符，变更所有人应办理转移登记",
            ),
            Self::NotPresented => says(
                "EBIKE_NOT_PRESENTED",
                shandong_measures("art. 29(2)"),
                "a lost plate is replaced only when the e-bike is presented",
                "补领牌证应当交验车辆",
            ),
            Self::NotTransitional => says(
                "NOT_TRANSITIONAL",
                liaocheng_regulations("art. 8(2)"),
                "its plate has no end; only a dated plate is renewed",
                "该车号牌长期有效，无需换发临时号牌",
            ),
            Self::RenewedAlready { until } => says(
                "TRANSITION_RENEWED",
                liaocheng_regulations("art. 8(2)"),
                format!(
                    "the dated plate was renewed, to the end of {until}; after that it may not be ridden on roads"
                ),
                format!("临时号牌已续期至 {until}，期满后不得再上道路行驶"),
            ),
            _ => {
                let until = match self {
                    Self::RenewalOver { until } => until.to_string(),
                    _ => String::new(),
                };
                says(
                    "TRANSITION_OVER",
                    liaocheng_regulations("art. 8(2)"),
                    format!(
                        "dated plates were renewed until {until} only; once they run out, the e-bike may not be ridden on roads"
                    ),
                    format!("临时号牌续期已于 {until} 截止，过渡期满后不得再上道路行驶"),
                )
            }
        }
    }

    fn about_the_counter(&self) -> Wording {
        match self {
            Self::UnknownStation => says(
                "STATION_NOT_FOUND",
                order_164("art. 69"),
                "there is no such service station",
                "没有该登记服务站",
            )
            .of_kind(RefusalKind::Field("ebike.station")),
            Self::StationSuspended => says(
                "STATION_SUSPENDED",
                order_164("art. 70"),
                "the station's commission is suspended or ended; another station files it",
                "该服务站已被暂停或终止委托，请到其他服务站办理",
            ),
            Self::OutsideStationsDistrict => says(
                "OUTSIDE_DISTRICT",
                order_164("art. 69"),
                "the station files for its own district only",
                "服务站仅办理本辖区业务",
            ),
            Self::BlockDrawn => says_plainly(
                "PLATES_DRAWN",
                RefusalKind::Taken,
                "this block of plate numbers is somebody else's",
                "该号段已被领用",
            ),
            _ => says_plainly(
                "OUT_OF_PLATES",
                RefusalKind::Forbidden,
                "the series has no plate numbers left",
                "该号牌系列已用尽",
            ),
        }
    }

    fn facts_of(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::TransitionClosed { until }
            | Self::RenewedAlready { until }
            | Self::RenewalOver { until } => vec![("until", until.to_string())],
            Self::NotRegistered { is } => vec![("state", (*is).to_owned())],
            _ => Vec::new(),
        }
    }
}

refusal_in_words!(EbikeGround);
