//! Every ground on which a step of a kiosk's session is refused.

use super::blank::BlankNumber;
use crate::domain::instruments::order_164;
use crate::domain::wording::{Wording, refusal_in_words, says, says_plainly};
use chassis::domain::RefusalKind;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KioskGround {
    Unknown,
    Over {
        is: &'static str,
    },
    WrongStep {
        is: &'static str,
        needs: &'static str,
    },
    AnotherPerson,
    NotTheApplicant,
    BlankUsed,
    PrintOutstanding {
        blank: BlankNumber,
    },
    NotInPrinter,
    TooManySpoiled,
    CarriedOut,
    NoPlate,
}

impl KioskGround {
    fn wording(&self) -> Wording {
        match self {
            Self::Unknown => says_plainly(
                "SESSION_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such session",
                "没有该自助办理记录",
            ),
            Self::Over { is } => says_plainly(
                "SESSION_OVER",
                RefusalKind::Forbidden,
                format!("the session is {is}; begin another"),
                "该自助办理已结束，请重新开始",
            ),
            Self::WrongStep { is, needs } => says_plainly(
                "WRONG_STEP",
                RefusalKind::Forbidden,
                format!("the session is {is}; this step needs one that is {needs}"),
                "该步骤与当前办理进度不符",
            ),
            Self::AnotherPerson => says(
                "ANOTHER_PERSON",
                order_164("art. 6(1)"),
                "the session was begun with another identity document",
                "身份证件与发起办理的人员不符",
            )
            .of_kind(RefusalKind::NotEntitled),
            Self::NotTheApplicant => says(
                "NOT_THE_APPLICANT",
                order_164("art. 86"),
                "at a kiosk one applies for oneself; an agent goes to a station",
                "自助终端仅限本人办理，代理人请到窗口办理",
            ),
            Self::BlankUsed => says(
                "BLANK_USED",
                order_164("art. 50"),
                "this blank has been in a printer before; load another",
                "该空白牌证已使用过，请更换",
            )
            .of_kind(RefusalKind::Taken),
            Self::PrintOutstanding { blank } => says(
                "PRINT_OUTSTANDING",
                order_164("art. 50"),
                format!("first tell whether blank {blank} was printed or spoiled"),
                format!("请先报告空白牌证 {blank} 是否打印成功"),
            ),
            Self::NotInPrinter => says(
                "NOT_IN_PRINTER",
                order_164("art. 50"),
                "this session is not printing on this blank",
                "本次办理未使用该空白牌证打印",
            ),
            Self::TooManySpoiled => says(
                "TOO_MANY_SPOILED",
                order_164("art. 8"),
                "the printer has spoiled three blanks; a station prints it",
                "已有三张牌证打印失败，请到服务站领取",
            ),
            Self::NoPlate => says_plainly(
                "NO_PLATE",
                RefusalKind::Forbidden,
                "no plate number was set aside when it was confirmed",
                "确认时未预留号牌号码",
            ),
            Self::CarriedOut => says(
                "CARRIED_OUT",
                order_164("art. 7"),
                "what was filed has taken effect; it is not taken back by leaving the kiosk",
                "所申请的业务已办结，不能放弃",
            ),
        }
    }

    fn facts_of(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Over { is } => vec![("state", (*is).to_owned())],
            Self::WrongStep { is, needs } => vec![
                ("state", (*is).to_owned()),
                ("needed_state", (*needs).to_owned()),
            ],
            Self::PrintOutstanding { blank } => vec![("blank", blank.to_string())],
            _ => Vec::new(),
        }
    }
}

refusal_in_words!(KioskGround);
