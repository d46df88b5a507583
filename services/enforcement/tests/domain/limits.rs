//! Every time limit with the article that sets it, and the last instant that it leaves when it begins on Monday 2 March
//! 2026 at nine. Days of Order 157 and the penalty law: working days up to fifteen and seven; others calendar days. The
//! sixty for reconsideration would end with 1 May, a holiday until the 5th: they end with Wednesday, 6 May.

use crate::fixtures::*;
use chassis::domain::LegalCalendar;
use enforcement::domain::limits::{self, Limit, is_within_limitation, latest_extension};
use jiff::civil::date;

#[test]
fn every_limit_ends_when_its_article_says() {
    let calendar = LegalCalendar::default();
    let begins = MONDAY.parse().unwrap();
    let table: &[(&Limit, &str, &str)] = &[
        (&limits::REVIEW, "Order 157 art. 19", "2026-03-10T00:00:00"),
        (
            &limits::NOTICE,
            "Order 157 art. 20(1)",
            "2026-03-10T00:00:00",
        ),
        (
            &limits::HANDLING,
            "Order 157 art. 20(1)",
            "2026-04-02T00:00:00",
        ),
        (
            &limits::OBJECTION,
            "Order 157 art. 5(3)",
            "2026-03-10T00:00:00",
        ),
        (
            &limits::SIMPLE_FILING,
            "Order 157 art. 44(2)",
            "2026-03-05T00:00:00",
        ),
        (
            &limits::SUMMONS,
            "Order 157 art. 46(1)(3)",
            "2026-03-24T00:00:00",
        ),
        (
            &limits::SUMMONS_FILING,
            "Order 157 art. 46(2)",
            "2026-03-03T09:00:00",
        ),
        (
            &limits::FINE_DECISION,
            "Order 157 art. 51",
            "2026-03-03T09:00:00",
        ),
        (
            &limits::SUSPENSION_DECISION,
            "Order 157 art. 51",
            "2026-03-06T00:00:00",
        ),
        (
            &limits::REVOCATION_DECISION,
            "Order 157 art. 51",
            "2026-03-12T00:00:00",
        ),
        (
            &limits::HEARING_REQUEST,
            "Administrative Penalty Law art. 64(1)",
            "2026-03-10T00:00:00",
        ),
        (
            &limits::HEARING_NOTICE,
            "Administrative Penalty Law art. 64(2)",
            "2026-03-12T00:00:00",
        ),
        (
            &limits::DEFAULT_WARNING,
            "Order 157 art. 54(1)",
            "2026-04-02T00:00:00",
        ),
        (
            &limits::DEFAULT_ANNOUNCEMENT,
            "Order 157 art. 54(1)",
            "2026-03-12T00:00:00",
        ),
        (
            &limits::SERVICE,
            "Administrative Penalty Law art. 61(1)",
            "2026-03-12T00:00:00",
        ),
        (
            &limits::PUBLIC_SERVICE,
            "Order 157 art. 55",
            "2026-05-02T00:00:00",
        ),
        (
            &limits::PAYMENT,
            "Road Traffic Safety Law art. 108(1)",
            "2026-03-18T00:00:00",
        ),
        (
            &limits::RECONSIDERATION,
            "Administrative Reconsideration Law art. 20(1)",
            "2026-05-07T00:00:00",
        ),
        (
            &limits::POINTS_EDUCATION,
            "Order 163 art. 29",
            "2026-04-02T00:00:00",
        ),
        (&limits::RETEST, "Order 163 art. 21", "2026-03-13T00:00:00"),
        (
            &limits::ONLINE_STUDY,
            "Order 163 art. 27(1)",
            "2026-03-05T00:00:00",
        ),
        (
            &limits::DETENTION_HANDOVER,
            "Order 157 art. 28(1)",
            "2026-03-03T09:00:00",
        ),
        (
            &limits::VERIFICATION,
            "Order 157 art. 30(2)",
            "2026-03-17T00:00:00",
        ),
        (
            &limits::VERIFICATION_EXTENDED,
            "Order 157 art. 30(2)",
            "2026-03-24T00:00:00",
        ),
        (
            &limits::UNCLAIMED,
            "Road Traffic Safety Regulations art. 107",
            "2026-04-02T00:00:00",
        ),
    ];
    for (limit, article, ends) in table {
        assert_eq!(limit.basis.to_string(), *article);
        assert_eq!(calendar.deadline(begins, limit.time), at(ends), "{article}");
    }
}

#[test]
fn more_time_ends_three_months_later_and_the_limitation_with_its_anniversary() {
    let calendar = LegalCalendar::default();
    let thirty_days = at("2026-04-02T00:00:00");
    let latest = latest_extension(&calendar, thirty_days);
    assert_eq!(latest, at("2026-07-02T00:00:00"), "Order 157 art. 53(2)");
    // Administrative Penalty Law art. 36(1).
    let acted = date(2024, 3, 2);
    for (found, harmed, within) in [
        (date(2026, 3, 2), false, true),
        (date(2026, 3, 3), false, false),
        (date(2026, 3, 3), true, true),
        (date(2029, 3, 2), true, true),
        (date(2029, 3, 3), true, false),
    ] {
        assert_eq!(
            is_within_limitation(acted, found, harmed),
            within,
            "{found}"
        );
    }
}
