//! Reconsideration and lawsuit, and what is left of a decision after them.

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::domain::{Actor, LegalCalendar};
use chassis::testing::Scenario;
use enforcement::domain::conduct::{Act, Conduct};
use enforcement::domain::licence::{Licence, LicenceEvent};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Stage;
use enforcement::domain::violation::account::Instalment;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{Fact, Remedy, RemedyOutcome, Sanction, Service};
use enforcement::domain::violation::handling::{
    accept, hear_defence, tell_intention, waive_hearing,
};
use enforcement::domain::violation::payment::{grant_instalments, pay};
use enforcement::domain::violation::remedy::{end, revoke_for_trading, seek, seek_late};

/// The sixtieth day is 1 May, a holiday: the first working day after it is Wednesday the 6th.
#[test]
fn reconsideration_is_sought_within_sixty_days_once_reconsideration_law_arts_20_88() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let late = Some("Administrative Reconsideration Law art. 20(1)");
    let (again, again_id) = served(act(Conduct::RedLight), fine(200));
    again
        .later("2026-05-07T00:00:00+08:00")
        .when(|tx| {
            seek(
                tx,
                &again_id,
                Remedy::Reconsideration,
                at("2026-05-07T00:00:00"),
            )
        })
        .then_refused("RECONSIDERATION_TOO_LATE", late);
    let in_time = at("2026-05-06T23:59:59");
    let scenario = scenario
        .later("2026-05-07T10:00:00+08:00")
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, in_time))
        .and()
        .when(|tx| seek(tx, &id, Remedy::Lawsuit, in_time))
        .then_refused(
            "REMEDY_UNDER_WAY",
            Some("Administrative Reconsideration Law art. 29"),
        )
        .when(|tx| end(tx, &id, RemedyOutcome::Upheld))
        .and();
    let now = scenario.now();
    scenario
        .when(|tx| end(tx, &id, RemedyOutcome::Upheld))
        .then_refused(
            "NO_REMEDY_UNDER_WAY",
            Some("Administrative Reconsideration Law art. 30"),
        )
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .then_refused(
            "ALREADY_RECONSIDERED",
            Some("Administrative Reconsideration Law art. 30(1)"),
        )
        .when(|tx| seek(tx, &id, Remedy::Lawsuit, now))
        .and();
}

const TOO_LATE: (&str, Option<&str>) = (
    "RECONSIDERATION_TOO_LATE",
    Some("Administrative Reconsideration Law art. 20(1)"),
);

#[test]
fn reconsideration_that_was_accepted_late_is_noted_with_its_reason_reconsideration_law_art_20_2() {
    let in_hospital = || text("in hospital from 20 April to 15 May");
    let party = Actor {
        id: format!("person:{}", person('a')),
        districts: Vec::new(),
    };
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let sought = at("2026-05-20T09:00:00");
    // It is the authority that accepts, and nobody says so of themselves.
    let outcome = scenario
        .later("2026-06-01T09:00:00+08:00")
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, sought))
        .then_refused(TOO_LATE.0, TOO_LATE.1)
        .by(party)
        .when(|tx| seek_late(tx, &id, sought, in_hospital()))
        .then_refused(TOO_LATE.0, TOO_LATE.1)
        .by(officer())
        .when(|tx| seek_late(tx, &id, sought, in_hospital()));
    let late = |late| Fact::RemedySought {
        remedy: Remedy::Reconsideration,
        at: sought,
        late,
    };
    let noted = late(Some(in_hospital()));
    let basis = noted.basis().to_string();
    assert_eq!(basis, "Administrative Reconsideration Law art. 20(2)");
    assert_eq!(facts(&outcome, &id), [noted]);
    assert_eq!(
        case(&outcome.and(), &id).remedy,
        Some(Remedy::Reconsideration)
    );
    // What an earlier version recorded was in time.
    let old = r#"{"remedy_sought":{"remedy":"reconsideration","at":"2026-05-20T01:00:00Z"}}"#;
    let old: Fact = serde_json::from_str(old).unwrap();
    assert_eq!(old, late(None));
}

#[test]
fn within_sixty_days_no_reason_is_asked_for_or_noted() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let outcome = scenario.when(|tx| seek_late(tx, &id, now, text("nothing kept me")));
    let in_time = Fact::RemedySought {
        remedy: Remedy::Reconsideration,
        at: now,
        late: None,
    };
    assert_eq!(facts(&outcome, &id), [in_time]);
}

#[test]
fn five_years_after_the_decision_no_reason_opens_it_again_reconsideration_law_art_21() {
    let too_long = Some("Administrative Reconsideration Law art. 21");
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let last = at("2031-03-02T23:59:59");
    scenario
        .later("2031-03-03T00:00:00+08:00")
        .when(|tx| seek_late(tx, &id, at("2031-03-03T00:00:00"), text("abroad")))
        .then_refused("RECONSIDERATION_BARRED", too_long)
        .when(|tx| seek_late(tx, &id, last, text("abroad")))
        .and();
}

#[test]
fn a_decision_on_the_spot_is_reconsidered_before_a_court_hears_it_art_23() {
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    let now = scenario.now();
    scenario
        .when(|tx| seek(tx, &id, Remedy::Lawsuit, now))
        .then_refused(
            "RECONSIDERATION_FIRST",
            Some("Administrative Reconsideration Law art. 23(1)(1)"),
        )
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &id, RemedyOutcome::Upheld))
        .and()
        .when(|tx| seek(tx, &id, Remedy::Lawsuit, now))
        .and();
}

#[test]
fn no_reconsideration_follows_a_lawsuit_reconsideration_law_arts_29_2_and_30_1_7() {
    for outcome in [RemedyOutcome::Upheld, RemedyOutcome::Withdrawn] {
        let (scenario, id) = served(act(Conduct::RedLight), fine(200));
        let now = scenario.now();
        scenario
            .when(|tx| seek(tx, &id, Remedy::Lawsuit, now))
            .and()
            .when(|tx| end(tx, &id, outcome))
            .and()
            .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
            .then_refused(
                "ALREADY_SUED",
                Some("Administrative Reconsideration Law arts. 29(2), 30(1)(7)"),
            );
    }
}

#[test]
fn no_surcharge_is_counted_during_a_remedy_penalty_law_art_73() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    // Two late days, then a remedy from 20 to 30 March.
    let scenario = scenario
        .later("2026-03-20T08:00:00+08:00")
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, at("2026-03-20T08:00:00")))
        .and()
        .later("2026-03-30T12:00:00+08:00")
        .when(|tx| end(tx, &id, RemedyOutcome::Upheld))
        .and();
    let account = case(&scenario, &id).account;
    let calendar = LegalCalendar::default();
    let surcharge = |time| account.surcharge(&calendar, at(time));
    assert_eq!(surcharge("2026-03-19T23:00:00"), Fen::yuan(12));
    assert_eq!(surcharge("2026-03-30T23:00:00"), Fen::yuan(12));
    assert_eq!(surcharge("2026-03-31T00:00:00"), Fen::yuan(18));
}

#[test]
fn a_varied_decision_takes_its_points_and_its_overpaid_fine_with_it_order_163_art_16() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let milder = RemedyOutcome::Varied {
        sanction: fine(100),
        points: 3,
    };
    let worse = |sanction, points| RemedyOutcome::Varied { sanction, points };
    let scenario = scenario
        .when(|tx| pay(tx, &id, Fen::yuan(150), number("B1"), now))
        .and()
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &id, worse(fine(201), 6)))
        .then_refused(
            "WORSE_OFF",
            Some("Administrative Reconsideration Law art. 63(2)"),
        )
        .when(|tx| end(tx, &id, worse(fine(200), 9)))
        .then_refused(
            "WORSE_OFF",
            Some("Administrative Reconsideration Law art. 63(2)"),
        );
    let outcome = scenario.when(|tx| end(tx, &id, milder.clone()));
    let ended = Fact::RemedyEnded {
        outcome: milder,
        refund: Fen::yuan(50),
    };
    assert_eq!(facts(&outcome, &id)[0], ended);
    let scenario = outcome.and();
    assert_eq!(licence(&scenario, 'a').points(), 3);
    assert_eq!(stage(&scenario, &id), Stage::Settled);
}

fn lowered() -> RemedyOutcome {
    RemedyOutcome::Varied {
        sanction: fine(100),
        points: 3,
    }
}

/// A fine of 200 yuan, so much of which is paid on the third late day, and lowered to 100 on 25 March; what goes back.
fn paid_late_and_lowered(paid: u32) -> (Scenario, CaseId, Fen) {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let late = at("2026-03-20T12:00:00");
    let sought = at("2026-03-25T09:00:00");
    let outcome = scenario
        .later("2026-03-20T12:00:00+08:00")
        .when(|tx| pay(tx, &id, Fen::yuan(paid), number("B1"), late))
        .and()
        .later("2026-03-25T09:00:00+08:00")
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, sought))
        .and()
        .when(|tx| end(tx, &id, lowered()));
    let Some(Fact::RemedyEnded { refund, .. }) = facts(&outcome, &id).into_iter().next() else {
        panic!("the remedy has not ended");
    };
    (outcome.and(), id, refund)
}

#[test]
fn a_lowered_fine_keeps_its_surcharge_and_the_rest_goes_back_penalty_law_art_72() {
    // Three late days cost 3 yuan each of 100, where they cost 6 each of 200; with 218 the case was settled.
    for (paid, refund) in [(218, 109), (150, 41), (109, 0)] {
        let (scenario, id, ordered_back) = paid_late_and_lowered(paid);
        assert_eq!(ordered_back, Fen::yuan(refund), "{paid}");
        let found = case(&scenario, &id);
        assert_eq!(found.stage, Stage::Settled);
        assert_eq!(found.surcharge_paid, Fen::yuan(9));
        assert_eq!(found.account.paid(), Fen::yuan(109));
        let calendar = LegalCalendar::default();
        assert_eq!(found.account.owed(&calendar, scenario.now()), Fen::ZERO);
    }
    // What does not reach the lower fine and its surcharge stays owed.
    let (scenario, id, ordered_back) = paid_late_and_lowered(108);
    assert_eq!(ordered_back, Fen::ZERO);
    assert_eq!(stage(&scenario, &id), Stage::Served);
    let owed = case(&scenario, &id)
        .account
        .owed(&LegalCalendar::default(), scenario.now());
    assert_eq!(owed, Fen::yuan(1));
}

#[test]
fn what_went_back_once_does_not_go_back_again_when_the_decision_falls() {
    let (scenario, id, _) = paid_late_and_lowered(218);
    let now = scenario.now();
    let outcome = scenario
        .when(|tx| seek(tx, &id, Remedy::Lawsuit, now))
        .and()
        .when(|tx| end(tx, &id, RemedyOutcome::Revoked));
    let fell = Fact::RemedyEnded {
        outcome: RemedyOutcome::Revoked,
        refund: Fen::yuan(109),
    };
    assert_eq!(facts(&outcome, &id)[0], fell);
    let account = case(&outcome.and(), &id).account;
    assert_eq!(account.paid(), Fen::ZERO);
    assert_eq!(account.refunded, Fen::yuan(218));

    let (scenario, id, _) = paid_late_and_lowered(218);
    let outcome = scenario.when(|tx| revoke_for_trading(tx, &id));
    let [Fact::DecisionRevokedForTrading { refund, .. }] = facts(&outcome, &id)[..] else {
        panic!("not revoked: {outcome:?}");
    };
    assert_eq!(refund, Fen::yuan(109));
}

#[test]
fn the_surcharge_before_instalments_is_lowered_with_the_fine_penalty_law_art_72() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let plan = vec![Instalment {
        amount: Fen::yuan(200),
        due: at("2026-05-11T00:00:00"),
    }];
    // One late day: six yuan, three percent of two hundred.
    let scenario = scenario
        .later("2026-03-18T09:00:00+08:00")
        .when(|tx| grant_instalments(tx, &id, plan))
        .and();
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &id, lowered()))
        .and();
    let account = case(&scenario, &id).account;
    let surcharge = account.surcharge(&LegalCalendar::default(), at("2026-04-30T09:00:00"));
    assert_eq!(surcharge, Fen::yuan(3));
}

/// Drunk, decided by the city and served this Monday: twelve points, and the licence is gone for a time or for good.
fn drunk(act: Act, sanction: Sanction) -> (Scenario, CaseId) {
    let (scenario, id) = handling(act);
    let told = scenario
        .when(|tx| tell_intention(tx, &id, sanction))
        .and()
        .when(|tx| hear_defence(tx, &id, text("nothing to say"), false))
        .and();
    let told = if sanction.revocation {
        told.when(|tx| waive_hearing(tx, &id)).and()
    } else {
        told
    };
    let scenario = told
        .by(city())
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    (scenario, id)
}

fn suspended(months: u8) -> Sanction {
    Sanction {
        suspension_months: Some(months),
        ..fine(1_000)
    }
}

fn revoked() -> Sanction {
    Sanction {
        revocation: true,
        ..fine(1_000)
    }
}

#[test]
fn the_licence_follows_a_varied_decision_from_its_service_on_order_163_art_16_law_art_113() {
    for (act, decided, months, until) in [
        (alcohol(50, false, false), suspended(6), 3, "2026-06-02"),
        (alcohol(50, false, true), revoked(), 6, "2026-09-02"),
    ] {
        let (scenario, id) = drunk(act, decided);
        let scenario = scenario.later("2026-03-20T09:00:00+08:00");
        let now = scenario.now();
        let milder = RemedyOutcome::Varied {
            sanction: suspended(months),
            points: 12,
        };
        let scenario = scenario
            .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
            .and()
            .when(|tx| end(tx, &id, milder))
            .and();
        let licence = licence(&scenario, 'a');
        let until = at(&format!("{until}T00:00:00"));
        assert_eq!(licence.suspensions, [(id, until)]);
        assert!(licence.revocations.is_empty());
    }
}

#[test]
fn a_suspension_shortened_to_what_has_passed_ends_at_once() {
    let (scenario, id) = drunk(alcohol(50, false, false), suspended(6));
    let now = scenario.now();
    let milder = RemedyOutcome::Varied {
        sanction: suspended(3),
        points: 0,
    };
    let outcome = scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .later("2026-06-10T09:00:00+08:00")
        .when(|tx| end(tx, &id, milder));
    let recorded = outcome.events::<Licence>(person('a').as_str());
    assert!(recorded.contains(&LicenceEvent::SuspensionEnded { case: id }));
    assert!(recorded.contains(&LicenceEvent::DrivingRestored));
    assert!(licence(&outcome.and(), 'a').may_drive());
}

#[test]
fn to_revoke_is_worse_than_to_suspend_and_longer_than_shorter_reconsideration_law_art_63() {
    let (scenario, id) = drunk(alcohol(50, false, false), suspended(6));
    let now = scenario.now();
    let mut scenario = scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and();
    for sanction in [suspended(7), revoked()] {
        let worse = RemedyOutcome::Varied {
            sanction,
            points: 12,
        };
        scenario = scenario.when(|tx| end(tx, &id, worse)).then_refused(
            "WORSE_OFF",
            Some("Administrative Reconsideration Law art. 63(2)"),
        );
    }
}

#[test]
fn a_revoked_decision_takes_its_points_back_and_frees_the_licence_order_163_art_16() {
    let (scenario, first) = served(act(Conduct::RedLight), fine(200));
    let mut second = camera(act(Conduct::RedLight));
    second.acted_at = at("2026-02-27T10:00:00");
    let (scenario, _) = served_in(scenario, second, driver('a'), fine(200));
    assert!(!licence(&scenario, 'a').may_drive());
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| seek(tx, &first, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &first, RemedyOutcome::Revoked))
        .and();
    assert_eq!(stage(&scenario, &first), Stage::Revoked);
    assert_eq!(licence(&scenario, 'a').points(), 6);
    assert!(licence(&scenario, 'a').may_drive());
}

#[test]
fn where_points_were_traded_the_decision_falls_and_the_real_driver_answers_order_163_art_30() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let scenario = scenario.when(|tx| revoke_for_trading(tx, &id)).and();
    assert_eq!(licence(&scenario, 'a').points(), 0);
    assert_eq!(stage(&scenario, &id), Stage::Notified);
    let scenario = scenario
        .when(|tx| accept(tx, &id, driver('b')))
        .and()
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and();
    assert_eq!(licence(&scenario, 'b').points(), 6);
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let now = scenario.now();
    let scenario = scenario
        .when(|tx| seek(tx, &id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, &id, RemedyOutcome::Upheld))
        .and()
        .when(|tx| revoke_for_trading(tx, &id))
        .and();
    assert!(
        !case(&scenario, &id).reconsidered,
        "the new decision is open to reconsideration"
    );
    let (scenario, id) = notified(camera(act(Conduct::RedLight)));
    scenario
        .when(|tx| revoke_for_trading(tx, &id))
        .then_refused("WRONG_STATE", None);
}
