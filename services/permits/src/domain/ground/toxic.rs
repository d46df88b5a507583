//! Words for grounds that lie in transports of highly toxic chemicals.

use super::{Ground, Wording, says};
use crate::domain::instruments::traffic_law;
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_toxic_transports(&self) -> Wording {
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
            Self::PlateGivenUp { plate } => says(
                "PLATE_GIVEN_UP",
                Some(traffic_law("art. 8")),
                format!("no vehicle of this city carries the plate {plate} any more"),
                format!("号牌 {plate} 已不在本市任何车辆上使用"),
            ),
            Self::NoGoodsVehicle { plate } => says(
                "NO_GOODS_VEHICLE",
                Some(traffic_law("art. 49")),
                format!("the vehicle {plate} is registered for people, not for goods"),
                format!("车辆 {plate} 登记为载客车辆，不得载货"),
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

    pub(super) fn about_trips(&self) -> Wording {
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
}
