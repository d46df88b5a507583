//! Every ground on which a command on permits is refused: its name, its provision, and its words.

use super::instruments::{highway_protection, licence_law, shandong_measures, traffic_law};
use super::road_occupation::Direction;
use super::values::PlateNumber;
use chassis::domain::{LegalBasis, PersonRef, Refusal, RefusalKind};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    // What is asked of the one who asks
    UnknownPermit,
    OutsideDistrict,
    OwnApplication,
    NotTheApplicant,
    NotTheHolder,
    ApplicantBarred {
        until: Date,
        fraud: bool,
    },

    // Where the permit stands
    WrongState {
        is: &'static str,
        needs: &'static str,
    },
    WrongKind,
    KindChanged,
    HolderChanged,
    CorrectionAlreadyRequested,
    CorrectionTooLate {
        due: Timestamp,
    },
    Suspended,
    NotSuspendedByOrder,
    AlreadySuspendedByOrder,
    OutsideValidity {
        from: Timestamp,
        until: Timestamp,
    },
    NothingUsed,

    // Road occupation
    OccupationOver,
    SignTooClose {
        given: u32,
        least: u32,
    },
    NightSignTooClose {
        given: u32,
        least: u32,
    },
    NoticeTooLate {
        given: Option<Date>,
        latest: Date,
    },
    EmergencyNotBegun,
    EmergencyFiledLate {
        hours: i64,
    },
    ConsentMissing,
    RoadTaken {
        permit: String,
        road: String,
        direction: Direction,
        shared_m: u32,
    },
    RoadTooBusy {
        road: String,
    },
    WorkNotFinished,
    WorkAlreadyFinished,
    AlreadyAccepted,
    HolderAccepts,
    OneAccountForBoth,
    NotReopened,

    // Toxic transport
    WrongCounty {
        basis: LegalBasis,
    },
    TripAlreadyBegun {
        basis: LegalBasis,
    },
    TripBeyondValidity {
        days: u16,
        basis: LegalBasis,
    },
    CarrierLicenceExpires {
        on: Date,
        basis: LegalBasis,
    },
    InspectionExpires {
        plate: PlateNumber,
        on: Date,
        basis: LegalBasis,
    },
    QualificationExpires {
        person: PersonRef,
        on: Date,
        basis: LegalBasis,
    },
    PersonNamedTwice {
        basis: LegalBasis,
    },
    TimetableTooFast {
        leg: usize,
        needed: u32,
        highest: u32,
    },
    RestrictedZone {
        leg: usize,
        zone: String,
        basis: LegalBasis,
    },
    DriverSuspended {
        person: PersonRef,
    },
    VehicleCancelled {
        plate: PlateNumber,
    },
    DriverTooBusy {
        person: PersonRef,
    },
    VehicleTooBusy {
        plate: PlateNumber,
    },
    TripDone {
        basis: LegalBasis,
    },
    NotUnderWay,
    ReportInTheFuture,
    ReportOutOfOrder,
    CheckpointOutOfOrder {
        next: u8,
    },
    NoSuchCheckpoint {
        legs: usize,
    },
    AlreadyStopped,
    NotStopped,
    NotArrived,

    // Oversize transport
    DivisibleCargo,
    NotOversize,
    OutlineDrawingMissing {
        basis: LegalBasis,
    },
    EscortPlanMissing {
        basis: LegalBasis,
    },
    RunInThePast,
    ValidityTooLong {
        longest: i64,
        basis: LegalBasis,
    },
    RunOrderMissing,
    RunOrderNotOversize,
    RunOrderOutsideValidity,
    EscortRequired,
    NoEscortOrdered,
    EscortNotAssigned,
    EscortAlreadyStarted,
    EscortNotStarted,
    EscortNotDone,
    EscortDone,
    SameDistrict,
    TooManyHandovers,
}

/// What a ground says.
struct Wording {
    reason: &'static str,
    kind: RefusalKind,
    basis: Option<LegalBasis>,
    en: String,
    zh: String,
}

fn says(
    reason: &'static str,
    basis: Option<LegalBasis>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Wording {
    Wording {
        reason,
        kind: RefusalKind::Forbidden,
        basis,
        en: en.into(),
        zh: zh.into(),
    }
}

impl Wording {
    fn kind(mut self, kind: RefusalKind) -> Self {
        self.kind = kind;
        self
    }
}

impl Ground {
    fn wording(&self) -> Wording {
        match self {
            Self::UnknownPermit
            | Self::OutsideDistrict
            | Self::OwnApplication
            | Self::NotTheApplicant
            | Self::NotTheHolder
            | Self::ApplicantBarred { .. } => self.about_the_caller(),
            Self::WrongState { .. }
            | Self::WrongKind
            | Self::KindChanged
            | Self::HolderChanged
            | Self::CorrectionAlreadyRequested
            | Self::CorrectionTooLate { .. }
            | Self::Suspended
            | Self::NotSuspendedByOrder
            | Self::AlreadySuspendedByOrder
            | Self::OutsideValidity { .. }
            | Self::NothingUsed => self.about_the_state(),
            Self::OccupationOver
            | Self::SignTooClose { .. }
            | Self::NightSignTooClose { .. }
            | Self::NoticeTooLate { .. }
            | Self::EmergencyNotBegun
            | Self::EmergencyFiledLate { .. }
            | Self::ConsentMissing
            | Self::RoadTaken { .. }
            | Self::RoadTooBusy { .. }
            | Self::WorkNotFinished
            | Self::WorkAlreadyFinished
            | Self::AlreadyAccepted
            | Self::HolderAccepts
            | Self::OneAccountForBoth
            | Self::NotReopened => self.about_works(),
            Self::WrongCounty { .. }
            | Self::TripAlreadyBegun { .. }
            | Self::TripBeyondValidity { .. }
            | Self::CarrierLicenceExpires { .. }
            | Self::InspectionExpires { .. }
            | Self::QualificationExpires { .. }
            | Self::PersonNamedTwice { .. }
            | Self::TimetableTooFast { .. }
            | Self::RestrictedZone { .. }
            | Self::DriverSuspended { .. }
            | Self::VehicleCancelled { .. }
            | Self::DriverTooBusy { .. }
            | Self::VehicleTooBusy { .. } => self.about_toxic_transports(),
            Self::TripDone { .. }
            | Self::NotUnderWay
            | Self::ReportInTheFuture
            | Self::ReportOutOfOrder
            | Self::CheckpointOutOfOrder { .. }
            | Self::NoSuchCheckpoint { .. }
            | Self::AlreadyStopped
            | Self::NotStopped
            | Self::NotArrived => self.about_trips(),
            _ => self.about_oversize_transports(),
        }
    }

    fn about_the_caller(&self) -> Wording {
        match self {
            Self::UnknownPermit => says(
                "PERMIT_NOT_FOUND",
                None,
                "there is no such permit",
                "该许可不存在",
            )
            .kind(RefusalKind::Unknown),
            Self::OutsideDistrict => says(
                "OUTSIDE_DISTRICT",
                Some(licence_law("art. 22")),
                "only an officer of the permit's district or of the city may do this",
                "只能由该许可所属区县或者市级的工作人员办理",
            )
            .kind(RefusalKind::NotEntitled),
            Self::OwnApplication => says(
                "OWN_APPLICATION",
                Some(licence_law("art. 5(1)")),
                "whoever filed an application does not decide on it",
                "申请的提交人不得审查或者决定该申请",
            )
            .kind(RefusalKind::NotEntitled),
            Self::NotTheApplicant => says(
                "NOT_THE_APPLICANT",
                Some(licence_law("art. 31(1)")),
                "only the account that filed the application may do this",
                "只能由提交申请的账户办理",
            )
            .kind(RefusalKind::NotEntitled),
            Self::NotTheHolder => says(
                "NOT_THE_HOLDER",
                Some(licence_law("art. 9")),
                "only the holder of the permit or an officer of its district may report its use",
                "只能由被许可人或者所属区县的工作人员登记使用情况",
            )
            .kind(RefusalKind::NotEntitled),
            Self::ApplicantBarred { until, fraud } => says(
                "APPLICANT_BARRED",
                Some(licence_law(if *fraud { "art. 79" } else { "art. 78" })),
                format!("the organisation may not apply for this kind of permit before {until}"),
                format!("该单位在 {until} 之前不得再次申请该类行政许可"),
            ),
            _ => unreachable!("asked of the caller"),
        }
    }

    fn about_the_state(&self) -> Wording {
        match self {
            Self::WrongState { is, needs } => says(
                "WRONG_STATE",
                Some(licence_law("art. 4")),
                format!("the permit is {is}; this needs it to be {needs}"),
                format!("许可当前状态为 {is}，办理本事项须为 {needs}"),
            ),
            Self::WrongKind => says(
                "WRONG_KIND",
                Some(licence_law("art. 4")),
                "a permit of this kind knows no such step",
                "该类许可没有此办理环节",
            ),
            Self::KindChanged => says(
                "KIND_CHANGED",
                Some(licence_law("art. 49")),
                "the kind of an application cannot change: file a new one",
                "申请事项的类别不得变更，请另行申请",
            ),
            Self::HolderChanged => says(
                "HOLDER_CHANGED",
                Some(licence_law("art. 9")),
                "a permit does not pass to another organisation",
                "行政许可不得转让",
            ),
            Self::CorrectionAlreadyRequested => says(
                "CORRECTION_ALREADY_REQUESTED",
                Some(licence_law("art. 32(1)(4)")),
                "corrections are asked for once, and in full",
                "需要补正的全部内容应当一次告知，不得再次要求补正",
            ),
            Self::CorrectionTooLate { due } => says(
                "CORRECTION_TOO_LATE",
                Some(licence_law("art. 32(1)(4)")),
                format!(
                    "corrections could be asked for until {due}; the application counts as accepted"
                ),
                format!("补正告知期限已于 {due} 届满，逾期不告知的，自收到申请材料之日起即为受理"),
            ),
            Self::Suspended => says(
                "PERMIT_SUSPENDED",
                Some(licence_law("art. 61(2)")),
                "the permit is suspended and may not be used",
                "该许可已被暂停，不得使用",
            ),
            Self::NotSuspendedByOrder => says(
                "NOT_SUSPENDED",
                Some(licence_law("art. 61(2)")),
                "no officer's order suspends the permit",
                "该许可未被责令暂停",
            ),
            Self::AlreadySuspendedByOrder => says(
                "ALREADY_SUSPENDED",
                Some(licence_law("art. 61(2)")),
                "the permit is already suspended by order",
                "该许可已被责令暂停",
            ),
            Self::OutsideValidity { from, until } => says(
                "OUTSIDE_VALIDITY",
                Some(licence_law("art. 80(2)")),
                format!("the permit may be used from {from} until {until} only"),
                format!("该许可只能在 {from} 至 {until} 之间使用"),
            ),
            Self::NothingUsed => says(
                "NOT_USED",
                Some(licence_law("art. 61(1)")),
                "the permit has not been used: nothing is there to be completed",
                "该许可尚未使用，不能办结",
            ),
            _ => unreachable!("a matter of the state"),
        }
    }

    fn about_works(&self) -> Wording {
        match self {
            Self::OccupationOver => says(
                "OCCUPATION_OVER",
                Some(traffic_law("art. 32(2)")),
                "the time applied for has passed",
                "申请的占道时间已过",
            ),
            Self::SignTooClose { given, least } => says(
                "SIGN_TOO_CLOSE",
                Some(shandong_measures("art. 44(1)(3)")),
                format!("the sign stands {given} m upstream; at least {least} m are needed"),
                format!("施工标志距来车方向 {given} 米，应不少于 {least} 米"),
            ),
            Self::NightSignTooClose { given, least } => says(
                "NIGHT_SIGN_TOO_CLOSE",
                Some(shandong_measures("art. 44(1)(3)")),
                format!(
                    "at night a reflective sign stands {given} m upstream; at least {least} m are needed"
                ),
                format!("夜间反光施工标志距来车方向 {given} 米，应不少于 {least} 米"),
            ),
            Self::NoticeTooLate {
                given: Some(given),
                latest,
            } => says(
                "PUBLIC_NOTICE_TOO_LATE",
                Some(shandong_measures("art. 44(1)")),
                format!(
                    "the public is told on {given}; it must be told by {latest}, five days ahead"
                ),
                format!("公告日期为 {given}，应当提前五日，即不迟于 {latest} 向社会公告"),
            ),
            Self::NoticeTooLate {
                given: None,
                latest,
            } => says(
                "PUBLIC_NOTICE_MISSING",
                Some(shandong_measures("art. 44(1)")),
                format!("the public must be told by {latest}, five days ahead"),
                format!("应当提前五日，即不迟于 {latest} 向社会公告"),
            ),
            Self::EmergencyNotBegun => says(
                "EMERGENCY_NOT_BEGUN",
                Some(shandong_measures("art. 44(1)")),
                "an emergency repair is filed after it has begun; works to come need public notice",
                "应急抢修应在开始后补办；尚未开始的施工应当提前公告",
            ),
            Self::EmergencyFiledLate { hours } => says(
                "EMERGENCY_FILED_LATE",
                Some(traffic_law("art. 32(1)")),
                format!("an emergency repair is filed within {hours} hours of its beginning"),
                format!("应急抢修应当在开始后 {hours} 小时内补办手续"),
            ),
            Self::ConsentMissing => says(
                "ROAD_AUTHORITY_CONSENT_MISSING",
                Some(traffic_law("art. 32(1)")),
                "the road authority must consent before the police decide",
                "应当事先征得道路主管部门的同意",
            ),
            Self::RoadTaken {
                permit,
                road,
                direction,
                shared_m,
            } => says(
                "ROAD_TAKEN",
                Some(traffic_law("art. 32(2)")),
                format!(
                    "permits/{permit} occupies {shared_m} m of {road} {} at the same time; apply for other hours, or file a joint plan",
                    direction.as_str()
                ),
                format!(
                    "同一时间许可 {permit} 已占用该路段（{road}）{shared_m} 米，请变更时间或者提交联合施工方案"
                ),
            ),
            Self::RoadTooBusy { road } => says(
                "ROAD_CALENDAR_FULL",
                Some(traffic_law("art. 39")),
                format!(
                    "{road} has as many granted occupations as its calendar takes; close finished ones first"
                ),
                format!("{road} 已批准的占道施工数量已达上限，请先办结已完工的许可"),
            ),
            Self::WorkNotFinished => says(
                "WORK_NOT_FINISHED",
                Some(traffic_law("art. 32(2)")),
                "a road is accepted after the work is finished and the road cleared",
                "施工作业完毕并清除障碍物后方可验收",
            ),
            Self::WorkAlreadyFinished => says(
                "WORK_ALREADY_FINISHED",
                Some(traffic_law("art. 32(2)")),
                "the work is already reported as finished",
                "施工作业已报告完毕",
            ),
            Self::AlreadyAccepted => says(
                "ALREADY_ACCEPTED",
                Some(traffic_law("art. 32(2)")),
                "this side has accepted the road already",
                "该部门已验收合格",
            ),
            Self::HolderAccepts => says(
                "HOLDER_CANNOT_ACCEPT",
                Some(traffic_law("art. 32(2)")),
                "the holder of the permit cannot accept its own work",
                "施工单位不得自行验收",
            )
            .kind(RefusalKind::NotEntitled),
            Self::OneAccountForBoth => says(
                "JOINT_ACCEPTANCE_NEEDS_BOTH",
                Some(traffic_law("art. 32(2)")),
                "road authority and police accept separately: one account cannot act for both",
                "道路主管部门和公安机关交通管理部门应当分别验收，同一账户不得代表双方",
            )
            .kind(RefusalKind::NotEntitled),
            Self::NotReopened => says(
                "ROAD_NOT_REOPENED",
                Some(traffic_law("art. 32(2)")),
                "the road is not reopened: road authority and police must accept it first",
                "道路尚未恢复通行，须经道路主管部门和公安机关交通管理部门验收合格",
            ),
            _ => unreachable!("a matter of works"),
        }
    }

    fn about_toxic_transports(&self) -> Wording {
        match self {
            Self::WrongCounty { basis } => says(
                "WRONG_COUNTY",
                Some(basis.clone()),
                "apply in the county of origin or of destination",
                "应当向运输始发地或者目的地县级公安机关申请",
            ),
            Self::TripAlreadyBegun { basis } => says(
                "TRIP_ALREADY_BEGUN",
                Some(basis.clone()),
                "the timetable begins in the past",
                "运输时间已过",
            ),
            Self::TripBeyondValidity { days, basis } => says(
                "TRIP_BEYOND_VALIDITY",
                Some(basis.clone()),
                format!("the trip must end within {days} days of the decision"),
                format!("运输应当在批准之日起 {days} 日内完成"),
            ),
            Self::CarrierLicenceExpires { on, basis } => says(
                "CARRIER_LICENCE_EXPIRES",
                Some(basis.clone()),
                format!("the carrier's licence ends on {on}, before the trip does"),
                format!("承运人的危险货物道路运输许可于 {on} 到期，早于运输结束时间"),
            ),
            Self::InspectionExpires { plate, on, basis } => says(
                "INSPECTION_EXPIRES",
                Some(basis.clone()),
                format!("the inspection of {plate} ends on {on}, before the transport does"),
                format!("车辆 {plate} 的安全技术检验于 {on} 到期，早于运输结束时间"),
            ),
            Self::QualificationExpires { person, on, basis } => says(
                "QUALIFICATION_EXPIRES",
                Some(basis.clone()),
                format!("the qualification of {person} ends on {on}, before the trip does"),
                format!("人员 {person} 的从业资格于 {on} 到期，早于运输结束时间"),
            ),
            Self::PersonNamedTwice { basis } => says(
                "PERSON_NAMED_TWICE",
                Some(basis.clone()),
                "drivers and escorts must be different people",
                "驾驶人员和押运人员不得为同一人",
            ),
            Self::TimetableTooFast {
                leg,
                needed,
                highest,
            } => says(
                "TIMETABLE_TOO_FAST",
                Some(traffic_law("art. 48(3)")),
                format!(
                    "leg {leg} needs {needed} km/h on average; {highest} km/h is the highest speed"
                ),
                format!("第 {leg} 路段平均时速需 {needed} 公里，最高时速为 {highest} 公里"),
            ),
            Self::RestrictedZone { leg, zone, basis } => says(
                "RESTRICTED_ZONE",
                Some(basis.clone()),
                format!("leg {leg} enters the zone `{zone}` at hours closed to hazardous goods"),
                format!("第 {leg} 路段在限制通行时段进入危险化学品运输车辆限制通行区域 {zone}"),
            ),
            Self::DriverSuspended { person } => says(
                "DRIVER_SUSPENDED",
                Some(traffic_law("art. 19(1)")),
                format!("the driver {person} must not drive at present"),
                format!("驾驶人 {person} 目前不得驾驶机动车"),
            ),
            Self::VehicleCancelled { plate } => says(
                "VEHICLE_CANCELLED",
                Some(traffic_law("art. 8")),
                format!("the vehicle {plate} is registered no more"),
                format!("车辆 {plate} 已注销登记"),
            ),
            Self::DriverTooBusy { person } => says(
                "DRIVER_IN_TOO_MANY_PERMITS",
                Some(traffic_law("art. 48(3)")),
                format!(
                    "the driver {person} is named in as many open permits as one driver can be"
                ),
                format!("驾驶人 {person} 名下未办结的许可数量已达上限"),
            ),
            Self::VehicleTooBusy { plate } => says(
                "VEHICLE_IN_TOO_MANY_PERMITS",
                Some(traffic_law("art. 48(3)")),
                format!(
                    "the vehicle {plate} is named in as many open permits as one vehicle can be"
                ),
                format!("车辆 {plate} 未办结的许可数量已达上限"),
            ),
            _ => unreachable!("a matter of toxic transports"),
        }
    }

    fn about_trips(&self) -> Wording {
        let by_law = Some(traffic_law("art. 48(3)"));
        match self {
            Self::TripDone { basis } => says(
                "TRIP_ALREADY_MADE",
                Some(basis.clone()),
                "the permit is for one trip, which has departed",
                "该通行证仅限单次使用，运输已出发",
            ),
            Self::NotUnderWay => says(
                "TRIP_NOT_UNDER_WAY",
                by_law,
                "the trip is not under way",
                "运输尚未开始或者已经结束",
            ),
            Self::ReportInTheFuture => says(
                "REPORT_IN_THE_FUTURE",
                by_law,
                "what has not happened yet cannot be reported",
                "不得登记尚未发生的情况",
            )
            .kind(RefusalKind::Field("time")),
            Self::ReportOutOfOrder => says(
                "REPORT_OUT_OF_ORDER",
                by_law,
                "a later event has been reported already",
                "已登记更晚发生的情况",
            )
            .kind(RefusalKind::Field("time")),
            Self::CheckpointOutOfOrder { next } => says(
                "CHECKPOINT_OUT_OF_ORDER",
                by_law,
                format!(
                    "the next checkpoint is the end of leg {next}: report the route as permitted"
                ),
                format!("下一检查点为第 {next} 路段终点，应按批准的路线行驶"),
            ),
            Self::NoSuchCheckpoint { legs } => says(
                "NO_SUCH_CHECKPOINT",
                by_law,
                format!("the route has {legs} legs"),
                format!("路线共有 {legs} 个路段"),
            )
            .kind(RefusalKind::Field("leg")),
            Self::AlreadyStopped => says(
                "ALREADY_STOPPED",
                by_law,
                "the vehicle stands already",
                "车辆已处于停车状态",
            ),
            Self::NotStopped => says(
                "NOT_STOPPED",
                by_law,
                "the vehicle does not stand",
                "车辆未处于停车状态",
            ),
            Self::NotArrived => says(
                "NOT_ARRIVED",
                by_law,
                "the load has not arrived",
                "货物尚未到达",
            ),
            _ => unreachable!("a matter of trips"),
        }
    }

    fn about_oversize_transports(&self) -> Wording {
        let ordered = Some(traffic_law("art. 48(2)"));
        match self {
            Self::DivisibleCargo => says(
                "DIVISIBLE_CARGO",
                Some(highway_protection("art. 35")),
                "only cargo that cannot be taken apart may be oversize",
                "只有不可解体物品方可申请超限运输",
            ),
            Self::NotOversize => says(
                "NOT_OVERSIZE",
                Some(licence_law("art. 32(1)(1)")),
                "vehicle and cargo are within all limits: no permit is needed",
                "车货总体未超过限定标准，不需要取得行政许可",
            ),
            Self::OutlineDrawingMissing { basis } => says(
                "OUTLINE_DRAWING_MISSING",
                Some(basis.clone()),
                "a class III transport needs the outline drawing of vehicle and cargo",
                "三类超限运输应当提交车货总体轮廓图",
            ),
            Self::EscortPlanMissing { basis } => says(
                "ESCORT_PLAN_MISSING",
                Some(basis.clone()),
                "a class III transport needs an escort plan",
                "三类超限运输应当提交护送方案",
            ),
            Self::RunInThePast => says(
                "RUN_IN_THE_PAST",
                ordered,
                "the days applied for have passed",
                "申请的运输日期已过",
            ),
            Self::ValidityTooLong { longest, basis } => says(
                "VALIDITY_TOO_LONG",
                Some(basis.clone()),
                format!(
                    "the last day must not come before the first, nor make it more than {longest} days"
                ),
                format!("有效期的起止日期应先后有序，且不超过 {longest} 日"),
            ),
            Self::RunOrderMissing => says(
                "RUN_ORDER_MISSING",
                ordered,
                "the police fix time, route, speed and escort of an oversize transport: give the run order",
                "超限运输应当由公安机关交通管理部门指定时间、路线、速度和护送",
            ),
            Self::RunOrderNotOversize => says(
                "RUN_ORDER_UNEXPECTED",
                ordered,
                "only an oversize transport takes a run order",
                "只有超限运输需要指定时间、路线、速度",
            ),
            Self::RunOrderOutsideValidity => says(
                "RUN_ORDER_OUTSIDE_VALIDITY",
                ordered,
                "the ordered time must lie within the days applied for and not be over",
                "指定的时间应当在申请的有效期内，且不得已过",
            ),
            Self::EscortRequired => says(
                "ESCORT_REQUIRED",
                ordered,
                "a class III transport goes with a police escort",
                "三类超限运输应当由警车护送",
            ),
            Self::NoEscortOrdered => says(
                "NO_ESCORT_ORDERED",
                ordered,
                "the run order provides for no escort",
                "该运输未指定护送",
            ),
            Self::EscortNotAssigned => says(
                "ESCORT_NOT_ASSIGNED",
                ordered,
                "no unit is assigned to the escort",
                "尚未指派护送单位",
            ),
            Self::EscortAlreadyStarted => says(
                "ESCORT_ALREADY_STARTED",
                ordered,
                "the escort is under way",
                "护送已经开始",
            ),
            Self::EscortNotStarted => says(
                "ESCORT_NOT_STARTED",
                ordered,
                "the escort is not under way",
                "护送尚未开始",
            ),
            Self::EscortNotDone => says(
                "ESCORT_NOT_DONE",
                ordered,
                "the escort is still under way",
                "护送尚未结束",
            ),
            Self::EscortDone => says("ESCORT_DONE", ordered, "the escort is over", "护送已经结束"),
            Self::SameDistrict => says(
                "SAME_DISTRICT",
                ordered,
                "the escort is in this district already",
                "护送已在该区县",
            )
            .kind(RefusalKind::Field("to_district")),
            Self::TooManyHandovers => says(
                "TOO_MANY_HANDOVERS",
                ordered,
                "an escort crosses at most 20 district borders",
                "护送交接次数不得超过 20 次",
            ),
            _ => unreachable!("a matter of oversize transports"),
        }
    }
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
            Self::RoadTaken {
                permit,
                road,
                direction,
                shared_m,
            } => vec![
                ("conflicting_permit", format!("permits/{permit}")),
                ("road", road.clone()),
                ("direction", direction.as_str().to_owned()),
                ("shared_m", shared_m.to_string()),
            ],
            Self::WrongState { is, needs } => {
                vec![
                    ("state", (*is).to_owned()),
                    ("needed_state", (*needs).to_owned()),
                ]
            }
            Self::SignTooClose { given, least } | Self::NightSignTooClose { given, least } => {
                vec![
                    ("given_m", given.to_string()),
                    ("least_m", least.to_string()),
                ]
            }
            Self::NoticeTooLate { latest, .. } => vec![("latest", latest.to_string())],
            Self::TimetableTooFast {
                leg,
                needed,
                highest,
            } => vec![
                ("leg", leg.to_string()),
                ("needed_kmh", needed.to_string()),
                ("highest_kmh", highest.to_string()),
            ],
            Self::RestrictedZone { leg, zone, .. } => {
                vec![("leg", leg.to_string()), ("zone", zone.clone())]
            }
            Self::InspectionExpires { plate, .. } | Self::VehicleCancelled { plate } => {
                vec![("plate", plate.to_string())]
            }
            Self::DriverSuspended { person } | Self::QualificationExpires { person, .. } => {
                vec![("person_ref", person.to_string())]
            }
            Self::ApplicantBarred { until, .. } => vec![("until", until.to_string())],
            _ => Vec::new(),
        }
    }
}
