//! What an instrument tells of the remedies against it: who reconsiders, who hears a lawsuit, until when, and what comes first.

use super::instruments::{litigation_law, reconsideration_law};
use super::limits;
use chassis::domain::{District, LegalBasis, LegalCalendar};
use jiff::Timestamp;

/// Days from the service within which reconsideration is asked for (Administrative Reconsideration Law art. 20(1)).
pub const RECONSIDERATION_DAYS: u16 = 60;
/// Months from the service within which a lawsuit follows directly (Administrative Litigation Law art. 46(1)).
pub const LAWSUIT_MONTHS: u8 = 6;
/// Days from the service of what reconsideration decided within which a lawsuit follows it (Administrative Litigation Law art. 45).
pub const LAWSUIT_DAYS_AFTER_RECONSIDERATION: u16 = 15;

/// The remedies against one decision or measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redress {
    /// The county or city whose police acted: its people's government reconsiders (Administrative Reconsideration Law art.
    /// 24(1)(1)), the people's court at its seat hears a lawsuit (Administrative Litigation Law art. 18(1)).
    pub authority: District,
    /// The first instant at which reconsideration is too late; `None`: not served.
    pub reconsider_by: Option<Timestamp>,
    /// Who is punished on the spot sues after reconsideration only (Administrative Reconsideration Law art. 23(1)(1)), and is told
    /// so (art. 23(2)).
    pub reconsideration_first: bool,
    /// The first instant at which a direct lawsuit is too late; `None`: not served, or reconsideration comes first.
    pub sue_by: Option<Timestamp>,
}

impl Redress {
    /// Of a measure of the police of `authority` whose certificate was handed over on the spot (Order 157 arts. 25(1)(5), 26).
    pub fn of_measure(authority: District, calendar: &LegalCalendar, served: Timestamp) -> Self {
        Self {
            authority,
            reconsider_by: Some(calendar.deadline(served, limits::RECONSIDERATION.time)),
            reconsideration_first: false,
            sue_by: Some(limits::latest_lawsuit(calendar, served)),
        }
    }

    /// What is told, zh-CN: right, authority and term, without which the sixty days do not run (Administrative Reconsideration Law
    /// art. 20(3)). Nobody is named but by the role that the law gives.
    pub fn notice_zh(&self) -> String {
        let government = "作出本决定的公安机关交通管理部门的本级人民政府";
        let court = "作出本决定的公安机关交通管理部门所在地有管辖权的人民法院";
        let days = RECONSIDERATION_DAYS;
        if self.reconsideration_first {
            let then = LAWSUIT_DAYS_AFTER_RECONSIDERATION;
            format!(
                "如不服本决定，应当自知道本决定之日起{days}日内先向{government}申请行政复议；对行政复议决定不服的，可以自收到行政复议决定书之日起{then}日内向{court}提起行政诉讼。"
            )
        } else {
            format!(
                "如不服本决定，可以自知道本决定之日起{days}日内向{government}申请行政复议，也可以自知道本决定之日起{LAWSUIT_MONTHS}个月内向{court}提起行政诉讼。"
            )
        }
    }

    /// The provisions that the remedies rest on.
    pub fn bases(&self) -> Vec<LegalBasis> {
        let mut bases = vec![
            reconsideration_law("art. 20(1)"),
            reconsideration_law("art. 24(1)(1)"),
        ];
        if self.reconsideration_first {
            bases.push(reconsideration_law("art. 23(1)(1)"));
            bases.push(litigation_law("art. 45"));
        } else {
            bases.push(litigation_law("arts. 45, 46(1)"));
        }
        bases
    }
}
