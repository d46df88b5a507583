//! Every ground on which a command on vehicles, numbers and applications is refused: its name, its provision, and its words.

use super::application::materials::Material;
use super::instruments::{REMEDIES_ZH, order_164};
use super::vehicle::event::{EncumbranceKind, HoldKind};
use super::wording::{Wording, refusal_in_words, says, says_plainly};
use chassis::domain::{LegalBasis, RefusalKind};
use jiff::civil::Date;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    // What is asked of the one who asks
    UnknownVehicle,
    UnknownApplication,
    UnknownOffer,
    OutsideDistrict,
    OwnApplication,
    NotTheApplicant,
    AgentNotAllowed,
    ApplicantBarred {
        until: Date,
        fraud: bool,
    },
    CityOfficeOnly,
    HazardousOwnerMustBeOrganisation,
    NotTheOwner {
        basis: LegalBasis,
    },
    AnotherPerson {
        basis: LegalBasis,
    },
    PledgeNotByCourt,
    HolderMustApply {
        kind: EncumbranceKind,
        basis: LegalBasis,
    },

    // Where things stand
    VinTaken,
    ApplicationOpen,
    WrongStage {
        is: &'static str,
        needs: &'static str,
    },
    VehicleHeld {
        kind: HoldKind,
        basis: LegalBasis,
    },
    NotCleared {
        violations: u32,
        accident: bool,
        basis: LegalBasis,
    },
    ScrapAge {
        basis: LegalBasis,
    },
    NearScrapAge {
        basis: LegalBasis,
    },
    VehicleScrapped,
    ForcedCancellationDue,
    TooManyEntries,
    NoSuchHold,

    // Numbers
    NumberMissing,
    NoNumberHere,
    NotOfTheSeries,
    ReplacedByAnotherKind,
    NumberTaken,
    NumberNotHeld,
    NumberNotKept,
    NoFormerNumber,
    FormerNumberTooOld,
    FormerNumberTooShort,
    SeriesExhausted,
    NotYourOffer,
    OfferUsed,
    OfferOver,

    // One business alone
    SchoolBusStays,
    NothingChanges,
    SameVehicle,
    SwapOfTwoOwners,
    SwapOfTwoOffices,
    SwapOfTwoKinds,
    SwapOfOperatingVehicle,
    SwappedWithinAYear,
    AppliesAtDestination,
    AppliesHere,
    AlreadyEncumbered,
    NotEncumbered,
    StillEncumbered {
        kind: EncumbranceKind,
    },
    OfficeCancels,
    NeedsApplication,
    MarkTooEarly {
        from: Date,
        months: i64,
        basis: LegalBasis,
    },
    MarkTooLong {
        longest: Date,
        basis: LegalBasis,
    },
    SchoolBusByOrganisation,
    NoSchoolBus,
    SchoolBusPapersOver,
    SchoolBusInspectionTooLong {
        longest: Date,
    },
    NoSchoolBusSign {
        basis: LegalBasis,
    },
    TemporaryTooLong {
        longest: Date,
        basis: LegalBasis,
    },
    TemporaryBeyondInsurance,
    TooManyTemporaryPlates,
    NoDelivery,

    // The decision
    AlreadyRequested,
    MaterialNotNeeded,
    NotConfirmed {
        material: Material,
        basis: LegalBasis,
    },
    NotExamined {
        basis: LegalBasis,
    },
    GroundOfOtherBusiness,
    BarredNotNamed {
        basis: LegalBasis,
    },
    BarredDidNotApply {
        basis: LegalBasis,
    },
    NobodyIsBarred {
        basis: LegalBasis,
    },
    NotObtainedByApplication,
    NoSuchBar,
}

refusal_in_words!(Ground);

impl Ground {
    fn wording(&self) -> Wording {
        self.about_the_caller()
            .or_else(|| self.about_the_state())
            .or_else(|| self.about_numbers())
            .unwrap_or_else(|| self.about_the_business())
    }

    fn about_the_caller(&self) -> Option<Wording> {
        Some(match self {
            Self::UnknownVehicle => says_plainly(
                "VEHICLE_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such vehicle in the register",
                "没有该机动车的登记信息",
            ),
            Self::UnknownApplication => says_plainly(
                "APPLICATION_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such application",
                "没有该业务申请",
            ),
            Self::UnknownOffer => says_plainly(
                "OFFER_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such offer of numbers",
                "没有该选号记录",
            ),
            Self::OutsideDistrict => says(
                "OUTSIDE_DISTRICT",
                order_164("art. 2(2)"),
                "only officers of this district or of the city decide here",
                "应由该行政区域或者市级车辆管理所的人员办理",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::OwnApplication => says(
                "OWN_APPLICATION",
                order_164("art. 8"),
                "nobody decides on an application that they filed",
                "不得审核本人提交的业务申请",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::NotTheApplicant => says(
                "NOT_THE_APPLICANT",
                order_164("art. 7"),
                "only the account that filed the application may do this",
                "仅提交该申请的账户可以办理",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::AgentNotAllowed => says(
                "AGENT_NOT_ALLOWED",
                order_164("art. 86(1)"),
                "for this business the owner applies in person, not through an agent",
                "该项业务不得由代理人代理申请",
            ),
            Self::ApplicantBarred { until, fraud: true } => says(
                "APPLICANT_BARRED",
                order_164("art. 81(1)"),
                format!("after a registration obtained by fraud none is accepted before {until}"),
                format!(
                    "因以不正当手段取得机动车登记，{until} 前不得再次申请机动车登记。{REMEDIES_ZH}"
                ),
            ),
            Self::ApplicantBarred {
                until,
                fraud: false,
            } => says(
                "APPLICANT_BARRED",
                order_164("art. 80(1)"),
                format!("after false papers no application is accepted before {until}"),
                format!("因提供虚假材料，{until} 前不得再次申请机动车登记。{REMEDIES_ZH}"),
            ),
            Self::CityOfficeOnly => says(
                "CITY_OFFICE_ONLY",
                order_164("art. 2(3)"),
                "the city's office registers hazardous goods vehicles, school buses and medium or larger passenger vehicles",
                "危险货物运输车、校车、中型以上载客汽车登记由市级车辆管理所办理",
            ),
            Self::HazardousOwnerMustBeOrganisation => says(
                "OWNER_MUST_BE_ORGANISATION",
                order_164("art. 13(3)"),
                "the owner of a hazardous goods vehicle is an organisation",
                "危险货物运输车的机动车所有人应当为单位",
            ),
            Self::NotTheOwner { basis } => says(
                "NOT_THE_OWNER",
                basis.clone(),
                "the owner and everyone whose right it concerns must apply",
                "应当由机动车所有人及相关权利人申请",
            ),
            Self::AnotherPerson { basis } => says(
                "ANOTHER_PERSON",
                basis.clone(),
                "the first applicant, whose particulars are filed, is not the owner; a new owner applies for a transfer",
                "填报信息的首位申请人不是登记的机动车所有人，变更所有人应当办理转让登记",
            ),
            Self::PledgeNotByCourt => says(
                "PLEDGE_NOT_BY_COURT",
                order_164("art. 34(2)"),
                "a court's ruling releases a mortgage, not a pledge: owner and pledgee apply together, without `by_court`",
                "解除质押备案应当由机动车所有人和质权人共同申请，不适用凭法院裁判解除抵押登记的规定",
            ),
            Self::HolderMustApply { kind, basis } => {
                let (en, zh) = match kind {
                    EncumbranceKind::Mortgage => ("mortgagee", "抵押权人"),
                    EncumbranceKind::Pledge => ("pledgee", "质权人"),
                };
                says(
                    "HOLDER_MUST_APPLY",
                    basis.clone(),
                    format!("owner, buyer and every {en} must apply together"),
                    format!("应当由机动车所有人和{zh}共同申请"),
                )
            }
            _ => return None,
        })
    }

    fn about_the_state(&self) -> Option<Wording> {
        Some(match self {
            Self::VinTaken => says_plainly(
                "VIN_TAKEN",
                RefusalKind::Taken,
                "a vehicle with this identification number is registered",
                "该车辆识别代号的机动车已经登记",
            ),
            Self::ApplicationOpen => says_plainly(
                "APPLICATION_OPEN",
                RefusalKind::Forbidden,
                "another application for this vehicle is not decided yet",
                "该机动车另有业务正在办理",
            ),
            Self::WrongStage { is, needs } => says_plainly(
                "WRONG_STATE",
                RefusalKind::Forbidden,
                format!("it is {is}; it must be {needs}"),
                "当前状态不能办理该项业务",
            ),
            Self::VehicleHeld { kind, basis } => {
                let (reason, en, zh) = match kind {
                    HoldKind::Seizure => (
                        "VEHICLE_SEALED",
                        "the vehicle is sealed or seized by an authority",
                        "机动车已被依法查封、扣押",
                    ),
                    HoldKind::Theft => (
                        "VEHICLE_STOLEN",
                        "the vehicle is reported stolen, robbed or taken by fraud",
                        "机动车属于被盗抢骗",
                    ),
                    HoldKind::Accident => (
                        "ACCIDENT_OPEN",
                        "an accident of the vehicle is not settled",
                        "涉及该车的交通事故尚未处理完毕",
                    ),
                    HoldKind::Inquiry => (
                        "INQUIRY_OPEN",
                        "an inquiry about the vehicle runs",
                        "正在对该车开展调查",
                    ),
                };
                says(reason, basis.clone(), en, zh)
            }
            Self::NotCleared {
                violations,
                accident,
                basis,
            } => {
                let accidents = if *accident { " and an accident" } else { "" };
                says(
                    "VIOLATIONS_OPEN",
                    basis.clone(),
                    format!(
                        "{violations} violations{accidents} of this vehicle are to be dealt with first"
                    ),
                    format!(
                        "涉及该车的道路交通安全违法行为（{violations} 起）和交通事故应当先处理完毕"
                    ),
                )
            }
            Self::ScrapAge { basis } => says(
                "SCRAP_AGE",
                basis.clone(),
                "the vehicle has reached the age of mandatory scrapping",
                "机动车已达到国家规定的强制报废标准",
            ),
            Self::NearScrapAge { basis } => says(
                "NEAR_SCRAP_AGE",
                basis.clone(),
                "the vehicle is within a year of mandatory scrapping",
                "距机动车强制报废标准规定要求使用年限一年以内",
            ),
            Self::VehicleScrapped => says(
                "VEHICLE_SCRAPPED",
                order_164("art. 15(10)"),
                "it was cancelled as scrapped; its identification number is not registered again",
                "该机动车已报废注销，不再办理登记",
            ),
            Self::ForcedCancellationDue => says(
                "FORCED_CANCELLATION_DUE",
                order_164("art. 40(2)"),
                "the vehicle was scrapped or dismantled by the police: the office cancels it, and nothing else is registered",
                "该机动车已被依法收缴并强制报废或者拆除，应当由车辆管理所办理注销",
            ),
            Self::TooManyEntries => says_plainly(
                "TOO_MANY_ENTRIES",
                RefusalKind::Forbidden,
                "the register keeps at most 20 of these for one vehicle",
                "该机动车此类记录已达上限",
            ),
            Self::NoSuchHold => says_plainly(
                "NO_SUCH_HOLD",
                RefusalKind::Forbidden,
                "no such notice stands for this vehicle",
                "该机动车没有对应的限制通知",
            ),
            _ => return None,
        })
    }

    fn about_numbers(&self) -> Option<Wording> {
        Some(match self {
            Self::NumberMissing => says(
                "NUMBER_WISH_MISSING",
                order_164("art. 43(1)"),
                "say which number is wished: any, one that is held, or a former one",
                "应当选择确定机动车号牌号码的方式",
            )
            .of_kind(RefusalKind::Field("application.plate_wish")),
            Self::NoNumberHere => says(
                "NO_NUMBER_HERE",
                order_164("art. 43(1)"),
                "this business gives no number",
                "该项业务不确定新的号牌号码",
            )
            .of_kind(RefusalKind::Field("application.plate_wish")),
            Self::NotOfTheSeries => says(
                "NUMBER_NOT_OF_SERIES",
                order_164("art. 43(1)"),
                "the number is none of those that this kind of plates has; choose or compose one of that kind",
                "该号码不属于该号牌种类，请按该号牌种类重新选号",
            ),
            // No number is chosen with this change, so that another way is open than for one that is wished.
            Self::ReplacedByAnotherKind => says(
                "NUMBER_NOT_OF_SERIES",
                order_164("art. 43(1)"),
                "the vehicle given for the defective one gets another kind of plates, which its number is not of: have the defective one cancelled as given back (art. 37(1)(5)) and the other one registered (art. 10)",
                "更换的整车属于其他号牌种类，不能使用原号牌号码，请就原机动车以退车申请注销登记，并就更换的机动车申请注册登记",
            ),
            Self::NumberTaken => says(
                "NUMBER_TAKEN",
                order_164("art. 43(2)"),
                "somebody has this number, or a right to it",
                "该号牌号码已被选用或者保留",
            )
            .of_kind(RefusalKind::Taken),
            Self::NumberNotHeld => says(
                "NUMBER_NOT_HELD",
                order_164("art. 43(1)"),
                "the number is not held for this account, or no longer; choose again",
                "该号牌号码未被本账户选定或者已超时，请重新选号",
            ),
            Self::NumberNotKept => says(
                "NUMBER_NOT_KEPT",
                order_164("art. 45"),
                "only spouses who have been married for a year keep the number",
                "仅婚姻关系存续期满一年的夫妻双方变更可以使用原号牌号码",
            ),
            Self::NoFormerNumber => says(
                "NO_FORMER_NUMBER",
                order_164("art. 44(1)"),
                "the applicant did not have this number",
                "该号牌号码不是申请人原机动车的号牌号码",
            ),
            Self::FormerNumberTooOld => says(
                "FORMER_NUMBER_TOO_OLD",
                order_164("art. 44(2)(1)"),
                "a former number is asked for within two years",
                "应当在办理原机动车业务后两年内提出申请",
            ),
            Self::FormerNumberTooShort => says(
                "FORMER_NUMBER_TOO_SHORT",
                order_164("art. 44(2)(2)"),
                "the former number was not used for a year",
                "使用原号牌号码不足一年",
            ),
            Self::SeriesExhausted => says(
                "SERIES_EXHAUSTED",
                order_164("art. 43(2)"),
                "no free number was found; try again",
                "暂无可用号牌号码，请重试",
            ),
            Self::NotYourOffer => says(
                "NOT_YOUR_OFFER",
                order_164("art. 43(2)"),
                "the offer was made to another account",
                "该选号记录属于其他账户",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::OfferUsed => says(
                "OFFER_USED",
                order_164("art. 43(2)"),
                "one number was chosen of this offer",
                "该次选号已选定号码",
            ),
            Self::OfferOver => says(
                "OFFER_OVER",
                order_164("art. 43(2)"),
                "the offer has lapsed; ask for another one",
                "该次选号已超时，请重新选号",
            ),
            _ => return None,
        })
    }

    fn about_the_business(&self) -> Wording {
        match self {
            Self::SchoolBusStays => says(
                "SCHOOL_BUS_STAYS",
                order_164("art. 63(2)"),
                "the use of a school bus does not change",
                "专用校车不得改变使用性质",
            ),
            Self::NothingChanges => says(
                "NOTHING_CHANGES",
                order_164("art. 16(1)"),
                "it is registered like this already",
                "登记内容没有变化",
            ),
            Self::SameVehicle => says(
                "SAME_VEHICLE",
                order_164("art. 20(1)"),
                "two vehicles are needed for a swap",
                "互换号牌号码应为两辆机动车",
            ),
            Self::SwapOfTwoOwners => says(
                "SWAP_OF_TWO_OWNERS",
                order_164("art. 20(1)"),
                "both vehicles must have the same owner",
                "两辆机动车应为同一机动车所有人",
            ),
            Self::SwapOfTwoOffices => says(
                "SWAP_OF_TWO_OFFICES",
                order_164("art. 20(1)(1)"),
                "both vehicles must be registered with the same office",
                "两辆机动车应在同一辖区车辆管理所登记",
            ),
            Self::SwapOfTwoKinds => says(
                "SWAP_OF_TWO_KINDS",
                order_164("art. 20(1)(2)"),
                "both vehicles must have plates of the same kind",
                "两辆机动车应属于同一号牌种类",
            ),
            Self::SwapOfOperatingVehicle => says(
                "SWAP_OF_OPERATING_VEHICLE",
                order_164("art. 20(1)(3)"),
                "neither vehicle may carry for hire",
                "两辆机动车使用性质应为非营运",
            ),
            Self::SwappedWithinAYear => says(
                "SWAPPED_WITHIN_A_YEAR",
                order_164("art. 20(4)"),
                "a vehicle's number is swapped once a year",
                "同一机动车一年内可以互换变更一次号牌号码",
            ),
            Self::AppliesAtDestination => says(
                "APPLIES_AT_DESTINATION",
                order_164("art. 18(1)"),
                "for a small car or a motorcycle the office at the destination is applied to",
                "小型、微型载客汽车和摩托车应当向转入地车辆管理所申请变更登记",
            ),
            Self::AppliesHere => says(
                "APPLIES_HERE",
                order_164("art. 18(1)"),
                "only small cars and motorcycles move by an application at the destination; for others the owner applies here",
                "该类机动车应当由机动车所有人向登记地车辆管理所申请迁出",
            ),
            Self::AlreadyEncumbered => says(
                "ALREADY_ENCUMBERED",
                order_164("art. 31"),
                "this holder's right is registered already",
                "该权利人的抵押、质押已经登记",
            ),
            Self::NotEncumbered => says(
                "NOT_ENCUMBERED",
                order_164("art. 31"),
                "no such right of this holder is registered",
                "没有登记该权利人的抵押、质押",
            ),
            Self::StillEncumbered { .. } => says(
                "STILL_ENCUMBERED",
                order_164("art. 42"),
                "a vehicle under a mortgage or pledge is not cancelled",
                "机动车在抵押登记、质押备案期间的，不予办理注销登记",
            ),
            Self::OfficeCancels => says(
                "OFFICE_CANCELS",
                order_164("art. 40"),
                "the office itself cancels on this cause",
                "该情形由车辆管理所依职权办理注销",
            ),
            Self::NeedsApplication => says(
                "NEEDS_APPLICATION",
                order_164("art. 37(1)"),
                "on this cause the owner applies",
                "该情形应由机动车所有人申请注销登记",
            ),
            Self::MarkTooEarly {
                from,
                months,
                basis,
            } => says(
                "MARK_TOO_EARLY",
                basis.clone(),
                format!(
                    "the mark can be applied for from {from}, {months} months before the old one ends"
                ),
                format!("应在检验有效期满前 {months} 个月内申请，即自 {from} 起"),
            ),
            Self::MarkTooLong { longest, basis } => says(
                "MARK_TOO_LONG",
                basis.clone(),
                format!(
                    "the vehicle is to be inspected again by {longest}, and no mark is valid longer: give the last day that stands on it"
                ),
                format!("该车应当按期检验，检验合格标志有效期至迟为 {longest}，请按标志填写"),
            ),
            Self::SchoolBusByOrganisation => says(
                "SCHOOL_BUS_BY_ORGANISATION",
                order_164("art. 60(1)"),
                "a school or whoever runs buses for it fetches the sign: one of the applicants is an organisation",
                "校车标牌应当由学校或者校车服务提供者领取",
            ),
            Self::NoSchoolBus => says(
                "NO_SCHOOL_BUS",
                order_164("art. 60(2)"),
                "it carries no passengers by its vehicle licence, which the sign must agree with",
                "行驶证记载的车辆类型不属于载客汽车，不能核发校车标牌",
            ),
            Self::SchoolBusPapersOver => says(
                "SCHOOL_BUS_PAPERS_OVER",
                order_164("art. 61(2)"),
                "the inspection or the licence is over, and a sign ends with the earlier of them",
                "校车安全技术检验或者校车使用许可已过有效期",
            ),
            Self::SchoolBusInspectionTooLong { longest } => says(
                "SCHOOL_BUS_INSPECTION_TOO_LONG",
                order_164("art. 62(1)"),
                format!("a school bus is inspected every half year: until {longest} at the latest"),
                format!("校车每半年进行一次安全技术检验，有效期至迟为 {longest}"),
            ),
            Self::NoSchoolBusSign { basis } => says(
                "NO_SCHOOL_BUS_SIGN",
                basis.clone(),
                "the vehicle has no school bus sign",
                "该车未领取校车标牌",
            ),
            Self::TemporaryTooLong { longest, basis } => says(
                "TEMPORARY_TOO_LONG",
                basis.clone(),
                format!("a temporary plate on this ground is valid until {longest} at most"),
                format!("该情形临时行驶车号牌有效期不得超过 {longest}"),
            ),
            Self::TemporaryBeyondInsurance => says(
                "TEMPORARY_BEYOND_INSURANCE",
                order_164("art. 47(5)"),
                "a temporary plate is not valid longer than the compulsory insurance",
                "临时行驶车号牌有效期不得超过交通事故责任强制保险有效期",
            ),
            Self::TooManyTemporaryPlates => says(
                "TOO_MANY_TEMPORARY_PLATES",
                order_164("art. 47(4)"),
                "no more temporary plates are issued on this ground",
                "核发临时行驶车号牌已达规定次数",
            ),
            Self::NoDelivery => says_plainly(
                "NO_DELIVERY",
                RefusalKind::Forbidden,
                "these plates are fetched, not brought",
                "该申请未选择邮寄号牌",
            ),
            _ => self.about_the_decision(),
        }
    }

    fn about_the_decision(&self) -> Wording {
        match self {
            Self::AlreadyRequested => says(
                "ALREADY_REQUESTED",
                order_164("art. 3(2)"),
                "everything that is missing is asked for once",
                "需要补正的全部内容应当一次告知",
            ),
            Self::MaterialNotNeeded => says(
                "MATERIAL_NOT_NEEDED",
                order_164("art. 83(4)"),
                "the order does not ask for this; more than it asks for must not be asked for",
                "不得违反规定增加提交的证明、凭证",
            ),
            Self::NotConfirmed { basis, .. } => says(
                "NOT_CONFIRMED",
                basis.clone(),
                "an electronic confirmation of another authority is missing",
                "尚未核对相关电子信息",
            ),
            Self::NotExamined { basis } => says(
                "NOT_EXAMINED",
                basis.clone(),
                "the vehicle must be examined first",
                "应当先查验机动车",
            ),
            Self::BarredNotNamed { basis } => says(
                "BARRED_NOT_NAMED",
                basis.clone(),
                "several have applied together: name those who did it, because only they are barred",
                "多人共同申请的，应当指明不得再次申请机动车登记的申请人",
            )
            .of_kind(RefusalKind::Field("barred")),
            Self::BarredDidNotApply { basis } => says(
                "BARRED_DID_NOT_APPLY",
                basis.clone(),
                "only who has applied is barred: name applicants of this application",
                "只能指明该业务申请的申请人",
            )
            .of_kind(RefusalKind::Field("barred")),
            Self::NobodyIsBarred { basis } => says(
                "NOBODY_IS_BARRED",
                basis.clone(),
                "this decision bars nobody from applying: name nobody",
                "该决定不涉及限制再次申请机动车登记，不应指明申请人",
            )
            .of_kind(RefusalKind::Field("barred")),
            Self::NotObtainedByApplication => says(
                "NOT_OBTAINED_BY_APPLICATION",
                order_164("art. 81(1)"),
                "no registration of this vehicle was obtained by this application; name the approved one",
                "该机动车的登记不是通过该业务申请取得的",
            )
            .of_kind(RefusalKind::Field("fraudulent_application")),
            Self::NoSuchBar => says_plainly(
                "NO_SUCH_BAR",
                RefusalKind::Forbidden,
                "the applicant is not barred on this ground",
                "该申请人没有因该情形被限制申请机动车登记",
            ),
            // The last of all grounds.
            _ => says(
                "GROUND_OF_OTHER_BUSINESS",
                order_164("art. 3(2)"),
                "the order does not give this ground for this business",
                "该理由不适用于该项业务",
            ),
        }
    }

    fn facts_of(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WrongStage { is, needs } => vec![
                ("state", (*is).to_owned()),
                ("needed_state", (*needs).to_owned()),
            ],
            Self::NotCleared {
                violations,
                accident,
                ..
            } => vec![
                ("violations", violations.to_string()),
                ("accident", accident.to_string()),
            ],
            Self::ApplicantBarred { until, .. } => vec![("until", until.to_string())],
            Self::SchoolBusInspectionTooLong { longest } => vec![("longest", longest.to_string())],
            Self::MarkTooEarly { from, .. } => vec![("from", from.to_string())],
            Self::MarkTooLong { longest, .. } => vec![("longest", longest.to_string())],
            Self::TemporaryTooLong { longest, .. } => vec![("longest", longest.to_string())],
            Self::NotConfirmed { material, .. } => vec![("material", material.as_str().to_owned())],
            _ => Vec::new(),
        }
    }
}
