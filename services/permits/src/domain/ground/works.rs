//! Words for grounds that lie in works on roads.

use super::{Ground, Wording, says};
use crate::domain::instruments::{shandong_measures, traffic_law};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_works(&self) -> Wording {
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
}
