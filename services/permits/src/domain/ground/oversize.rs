//! Words for grounds that lie in oversize transports.

use super::{Ground, Wording, says};
use crate::domain::instruments::{highway_protection, licence_law, traffic_law};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_oversize_transports(&self) -> Wording {
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
