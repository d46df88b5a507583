//! Every time limit of the procedures, with the article that sets it.
//!
//! In Order 157 the limits of 2, 3, 5, 7, 10 and 15 days are working days, 30 and 60 are not (art. 81(2)). In the
//! Administrative Penalty Law only 2, 3, 5 and 7 are (art. 85), so the 15 days for payment are calendar days. In Order 163
//! all are calendar days that end with a working day (art. 36), and so are the 60 days for reconsideration.

use super::instruments::{
    order_157, order_163, penalty_law, reconsideration_law, traffic_law, traffic_regulations,
};
use super::redress::{LAWSUIT_MONTHS, RECONSIDERATION_DAYS};
use chassis::domain::{LegalBasis, LegalCalendar, TimeLimit};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// A time limit and the provision that sets it.
#[derive(Clone, Debug)]
pub struct Limit {
    pub time: TimeLimit,
    pub basis: LegalBasis,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident = $time:expr, $basis:expr;)*) => {
        $($(#[$doc])* pub const $name: Limit = Limit { time: $time, basis: $basis };)*
    };
}

limits! {
    /// From the record to the end of both reviews.
    REVIEW = TimeLimit::WorkingDays(5), order_157("art. 19");
    /// From the entry into the system to the notice.
    NOTICE = TimeLimit::WorkingDays(5), order_157("art. 20(1)");
    /// From the notice to the day by which the party comes.
    HANDLING = TimeLimit::Days(30), order_157("art. 20(1)");
    OBJECTION = TimeLimit::WorkingDays(5), order_157("art. 5(3)");
    /// From an oral decision on the spot to its report to the station.
    SIMPLE_FILING = TimeLimit::WorkingDays(2), order_157("art. 44(2)");
    /// By when who was stopped comes to the station.
    SUMMONS = TimeLimit::WorkingDays(15), order_157("art. 46(1)(3)");
    SUMMONS_FILING = TimeLimit::Hours(24), order_157("art. 46(2)");
    /// From when the party comes to the decision.
    FINE_DECISION = TimeLimit::Hours(24), order_157("art. 51");
    SUSPENSION_DECISION = TimeLimit::WorkingDays(3), order_157("art. 51");
    REVOCATION_DECISION = TimeLimit::WorkingDays(7), order_157("art. 51");
    HEARING_REQUEST = TimeLimit::WorkingDays(5), penalty_law("art. 64(1)");
    /// Between the notice of a hearing and the hearing.
    HEARING_NOTICE = TimeLimit::WorkingDays(7), penalty_law("art. 64(2)");
    /// From the warning of five unhandled records to their announcement.
    DEFAULT_WARNING = TimeLimit::Days(30), order_157("art. 54(1)");
    DEFAULT_ANNOUNCEMENT = TimeLimit::WorkingDays(7), order_157("art. 54(1)");
    /// From a decision in the absence of the party to its service.
    SERVICE = TimeLimit::WorkingDays(7), penalty_law("art. 61(1)");
    /// A decision that cannot be delivered is announced, and served when that ends (art. 56(2)).
    PUBLIC_SERVICE = TimeLimit::Days(60), order_157("art. 55");
    PAYMENT = TimeLimit::Days(15), traffic_law("art. 108(1)");
    /// If the last day is a statutory rest day, until the first working day after (Administrative Reconsideration Law art.
    /// 88(1) with Civil Procedure Law art. 85(3)).
    RECONSIDERATION = TimeLimit::DaysToWorkingDay(RECONSIDERATION_DAYS), reconsideration_law("art. 20(1)");
    /// From the notice of 12 points to the study; who stays away is barred from driving by announcement.
    POINTS_EDUCATION = TimeLimit::DaysToWorkingDay(30), order_163("art. 29");
    /// After a failed test.
    RETEST = TimeLimit::DaysToWorkingDay(10), order_163("art. 21");
    /// Three days of online study, the first of which counts.
    ONLINE_STUDY = TimeLimit::DaysToWorkingDay(2), order_163("art. 27(1)");
    /// From the roadside to the station, and to the approval of its head, which art. 25(2) asks for in the same time.
    DETENTION_HANDOVER = TimeLimit::Hours(24), order_157("art. 28(1)");
    VERIFICATION = TimeLimit::WorkingDays(10), order_157("art. 30(2)");
    VERIFICATION_EXTENDED = TimeLimit::WorkingDays(15), order_157("art. 30(2)");
    /// After which a detained vehicle that nobody asks for is announced.
    UNCLAIMED = TimeLimit::Days(30), traffic_regulations("art. 107");
}

/// How far the thirty days may be extended: three months (Order 157 art. 53(2)).
pub fn latest_extension(calendar: &LegalCalendar, handle_by: Timestamp) -> Timestamp {
    after_months(calendar, handle_by, 3)
}

/// Three months of announcement before a detained vehicle that nobody claims is disposed of (Road Traffic Safety Law art. 112(3)).
pub fn announcement_of_detained(calendar: &LegalCalendar, announced: Timestamp) -> Timestamp {
    after_months(calendar, announced, 3)
}

/// Six months for a lawsuit from when the party learnt of it (Administrative Litigation Law art. 46(1)); if the last day is a
/// statutory rest day, until the first working day after (art. 101 with Civil Procedure Law art. 85(3)).
pub fn latest_lawsuit(calendar: &LegalCalendar, known: Timestamp) -> Timestamp {
    let last = calendar.date(known) + i32::from(LAWSUIT_MONTHS).months();
    calendar.start_of(calendar.working_day_from(last) + 1.day())
}

/// Five years from the decision, after which no reconsideration is accepted for whatever reason (Administrative Reconsideration
/// Law art. 21).
pub fn latest_reconsideration(calendar: &LegalCalendar, decided: Timestamp) -> Timestamp {
    calendar.start_of(calendar.date(decided) + 5.years() + 1.day())
}

/// `at` is the end of a day or any instant; the same local time some months on, or the last day of that month.
fn after_months(calendar: &LegalCalendar, at: Timestamp, months: i8) -> Timestamp {
    calendar.instant(calendar.local(at) + i32::from(months).months())
}

/// Whether an act that ended on `acted` could still be punished when it was found on `found` (Administrative Penalty Law
/// art. 36): two years, five if it harmed life or health.
pub fn is_within_limitation(acted: Date, found: Date, harmed_health: bool) -> bool {
    let years = if harmed_health { 5 } else { 2 };
    // The day of the act does not count, so the limitation ends with the anniversary.
    found <= acted + years.years()
}
