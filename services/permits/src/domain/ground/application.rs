//! Words for grounds that lie in who asks and where the permit stands.

use super::{Ground, Wording, says};
use crate::domain::instruments::{licence_law, traffic_law};
use chassis::domain::RefusalKind;

impl Ground {
    pub(super) fn about_the_caller(&self) -> Wording {
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
            Self::FiledByAnother => says(
                "FILED_BY_ANOTHER_ACCOUNT",
                Some(licence_law("art. 5(2)")),
                "another account filed it: read it with that account, or with the scope permits.read_all",
                "该许可由其他账户提交，请使用提交申请的账户查询，或者取得 permits.read_all 权限",
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

    pub(super) fn about_the_state(&self) -> Wording {
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
            Self::AlreadyInUse => says(
                "ALREADY_IN_USE",
                Some(traffic_law("art. 32(2)")),
                "once in use, only the end of works on a road can be changed",
                "许可已开始使用，只能变更占道施工的结束时间",
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
}
