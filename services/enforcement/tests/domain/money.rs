//! Paying: fifteen days, three percent a day up to the fine, days that do not count, instalments, collection on the spot.

use crate::fixtures::*;
use chassis::domain::LegalCalendar;
use chassis::domain::values::Fen;
use enforcement::domain::conduct::{Act, Conduct, Road, Use, Vehicle};
use enforcement::domain::violation::Stage;
use enforcement::domain::violation::account::{Account, Instalment, Pause, Payment};
use enforcement::domain::violation::deadlines::pass_time;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{CollectionGround, Fact, Service};
use enforcement::domain::violation::payment::{
    collect_on_the_spot, grant_instalments, pay, seek_enforcement,
};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

const LAW_108: Option<&str> = Some("Road Traffic Safety Law art. 108(1)");

#[test]
fn a_fine_is_due_at_the_end_of_the_fifteenth_calendar_day_law_art_108() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let case = case(&scenario, &id);
    assert_eq!(case.account.next_due(), Some(at("2026-03-18T00:00:00")));
    let calendar = LegalCalendar::default();
    let owed = |time| case.account.owed(&calendar, at(time));
    assert_eq!(owed("2026-03-17T23:59:59"), Fen::yuan(200));
    assert_eq!(
        owed("2026-03-18T00:00:00"),
        Fen::yuan(206),
        "the first late day costs 3 %"
    );
    assert_eq!(owed("2026-03-19T12:00:00"), Fen::yuan(212));
    assert_eq!(owed("2026-04-19T12:00:00"), Fen::yuan(398), "33 days");
    assert_eq!(
        owed("2026-04-20T12:00:00"),
        Fen::yuan(400),
        "never above the fine"
    );
    assert_eq!(owed("2027-04-20T12:00:00"), Fen::yuan(400));
}

#[test]
fn a_fine_paid_in_time_settles_the_case_and_the_same_reference_pays_once() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let outcome = scenario.when(|tx| pay(tx, &id, Fen::yuan(200), number("BANK-1"), now));
    let settled = Fact::ViolationSettled {
        surcharge: Fen::ZERO,
    };
    assert_eq!(facts(&outcome, &id).last(), Some(&settled));
    let scenario = outcome
        .and()
        .when(|tx| pay(tx, &id, Fen::yuan(200), number("BANK-1"), now))
        .then_nothing()
        .when(|tx| pay(tx, &id, Fen::yuan(200), number("BANK-2"), now))
        .then_refused("WRONG_STATE", None);
    assert_eq!(stage(&scenario, &id), Stage::Settled);
}

#[test]
fn nobody_pays_nothing_or_more_than_is_owed_or_before_the_decision() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    scenario
        .when(|tx| pay(tx, &id, Fen::ZERO, number("B1"), now))
        .then_refused("PAYMENT_AMOUNT", LAW_108)
        .when(|tx| pay(tx, &id, Fen::new(20_001).unwrap(), number("B1"), now))
        .then_refused("PAYMENT_AMOUNT", LAW_108)
        .when(|tx| pay(tx, &id, Fen::yuan(1), number("B1"), now + 121.seconds()))
        .then_refused("PAYMENT_TIME", None)
        .when(|tx| pay(tx, &id, Fen::yuan(1), number("B1"), now - 1.second()))
        .then_refused("PAYMENT_TIME", None);
}

#[test]
fn a_late_fine_is_noted_once_and_may_go_to_court_order_157_art_60() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let court = || text("Sample Court");
    let scenario = scenario
        .when(|tx| seek_enforcement(tx, &id, court()))
        .then_refused("NOTHING_TO_ENFORCE", Some("Order 157 art. 60(2)"))
        .later("2026-03-17T23:59:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-18T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    assert_eq!(facts(&outcome, &id), [Fact::PaymentOverdue]);
    let scenario = outcome
        .and()
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .when(|tx| seek_enforcement(tx, &id, court()))
        .and();
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(206), number("B1"), now))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);
    assert_eq!(case(&scenario, &id).surcharge_paid, Fen::yuan(6));
}

#[test]
fn instalments_add_up_and_run_forward_and_are_granted_late_too_penalty_law_art_66() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let part = |yuan, due| Instalment {
        amount: Fen::yuan(yuan),
        due: at(due),
    };
    let good = vec![
        part(100, "2026-04-01T00:00:00"),
        part(100, "2026-05-01T00:00:00"),
    ];
    for bad in [
        vec![],
        vec![part(199, "2026-04-01T00:00:00")],
        vec![part(200, "2026-03-02T09:00:00")],
        vec![
            part(200, "2026-04-01T00:00:00"),
            part(0, "2026-05-01T00:00:00"),
        ],
        vec![
            part(100, "2026-05-01T00:00:00"),
            part(100, "2026-04-01T00:00:00"),
        ],
    ] {
        let (scenario, id) = served(act(Conduct::RedLight), fine(200));
        scenario
            .when(|tx| grant_instalments(tx, &id, bad))
            .then_refused("PLAN_INVALID", None);
    }
    let scenario = scenario
        .when(|tx| grant_instalments(tx, &id, good.clone()))
        .and();
    let account = case(&scenario, &id).account;
    let calendar = LegalCalendar::default();
    assert_eq!(
        account.surcharge(&calendar, at("2026-03-31T23:00:00")),
        Fen::ZERO
    );
    assert_eq!(
        account.surcharge(&calendar, at("2026-04-01T01:00:00")),
        Fen::yuan(3),
        "of the late part only"
    );

    let (late, id) = served(act(Conduct::RedLight), fine(200));
    let late = late
        .later("2026-03-18T00:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and()
        .when(|tx| grant_instalments(tx, &id, good))
        .and();
    let granted = case(&late, &id);
    assert!(!granted.payment_overdue);
    assert_eq!(
        granted
            .account
            .surcharge(&calendar, at("2026-03-31T23:00:00")),
        Fen::yuan(6),
        "of the one day until they were granted"
    );
}

#[test]
fn officers_collect_only_from_who_has_no_motor_and_on_expressways_at_their_wish() {
    let walker = || {
        let mut filing = roadside(Act {
            vehicle: None,
            ..act(Conduct::PedestrianOffence)
        });
        filing.plate = None;
        filing.party = Some(on_foot('a'));
        filing
    };
    let decided = |filing, sanction| {
        let (scenario, id) = stopped(filing);
        let scenario = scenario
            .when(|tx| decide(tx, &id, simply(sanction)))
            .and()
            .when(|tx| serve(tx, &id, Service::HandedOver, None))
            .and();
        (scenario, id)
    };
    let (scenario, id) = decided(walker(), fine(20));
    let ground = CollectionGround::WithoutMotor;
    let scenario = scenario
        .when(|tx| collect_on_the_spot(tx, &id, number("R1"), ground))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);

    // A rider who ran a red light drives no motor vehicle either.
    let ebike = Vehicle {
        used_as: Use::NonMotor,
        ..car()
    };
    let mut rider = roadside(Act {
        vehicle: Some(ebike),
        ..act(Conduct::RedLight)
    });
    rider.party = Some(on_foot('a'));
    let (scenario, id) = decided(rider, fine(20));
    let scenario = scenario
        .when(|tx| collect_on_the_spot(tx, &id, number("R2"), ground))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);

    let refused = Some("Road Traffic Safety Law art. 108(2)");
    for ground in [
        CollectionGround::WithoutMotor,
        CollectionGround::ExpresswayHardship,
    ] {
        let (scenario, id) = decided(roadside(act(Conduct::SeatBelt)), fine(50));
        scenario
            .when(|tx| collect_on_the_spot(tx, &id, number("R1"), ground))
            .then_refused("NO_COLLECTION_ON_THE_SPOT", refused);
    }
    let belt = Act {
        road: Road::Expressway,
        ..act(Conduct::SeatBelt)
    };
    let (scenario, id) = decided(roadside(belt), fine(200));
    let ground = CollectionGround::ExpresswayHardship;
    let scenario = scenario
        .when(|tx| collect_on_the_spot(tx, &id, number("R1"), ground))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Settled);
}

/// Day by day, the way a clerk would: what is late at the start of the day, three percent of it, never beyond the fine.
fn by_hand(account: &Account, calendar: &LegalCalendar, at: Timestamp) -> u64 {
    let mut total = 0;
    let first = account
        .instalments
        .iter()
        .map(|part| part.due)
        .min()
        .unwrap();
    let mut day = calendar.date(first);
    while calendar.start_of(day) <= at {
        let start = calendar.start_of(day);
        let due: u64 = account
            .instalments
            .iter()
            .filter(|p| p.due <= start)
            .map(|p| p.amount.get())
            .sum();
        let paid: u64 = account
            .payments
            .iter()
            .filter(|p| p.paid_at < start)
            .map(|p| p.amount.get())
            .sum();
        let counts = !account.pauses.iter().any(|pause| {
            let until = pause.until.map(|until| calendar.date(until));
            calendar.date(pause.from) <= day && until.is_none_or(|until| day <= until)
        });
        if counts {
            total += due.saturating_sub(paid) * 3 / 100;
        }
        day += 1.day();
    }
    total.min(account.fine.get())
}

proptest! {
    #[test]
    fn the_surcharge_is_what_a_clerk_computes_day_by_day(
        parts in prop::collection::vec((1_u64..200_000, 1_i64..40), 1..5),
        payments in prop::collection::vec((1_u64..100_000, 0_i64..120), 0..6),
        pauses in prop::collection::vec((0_i64..90, 0_i64..30), 0..3),
        looked_at in 0_i64..200,
    ) {
        let calendar = LegalCalendar::default();
        let start = at("2026-03-02T00:00:00");
        let days = |count: i64| start + (count * 24).hours();
        let mut due = 0;
        let instalments: Vec<Instalment> = parts.iter().map(|(fen, gap)| {
            due += gap;
            Instalment { amount: Fen::new(*fen).unwrap(), due: days(due) }
        }).collect();
        let account = Account {
            fine: Fen::new(parts.iter().map(|(fen, _)| fen).sum()).unwrap(),
            instalments,
            payments: payments.iter().map(|(fen, day)| Payment {
                amount: Fen::new(*fen).unwrap(),
                reference: number("P"),
                paid_at: days(*day) + 9.hours(),
            }).collect(),
            refunded: Fen::ZERO,
            pauses: pauses.iter().map(|(from, length)| Pause {
                from: days(*from) + 10.hours(),
                until: Some(days(from + length) + 11.hours()),
            }).collect(),
            accrued: Fen::ZERO,
        };
        let at = days(looked_at) + 12.hours();
        prop_assert_eq!(account.surcharge(&calendar, at).get(), by_hand(&account, &calendar, at));
    }
}
