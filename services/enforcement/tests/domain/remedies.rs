//! Reconsideration and lawsuit, and what is left of a decision after them.

use crate::fixtures::*;
use chassis::domain::LegalCalendar;
use chassis::domain::values::Fen;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::violation::Stage;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{Fact, Remedy, RemedyOutcome, Service};
use enforcement::domain::violation::handling::accept;
use enforcement::domain::violation::payment::pay;
use enforcement::domain::violation::remedy::{end, revoke_for_trading, seek};

#[test]
fn reconsideration_is_sought_within_sixty_days_once_reconsideration_law_art_20() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let late = Some("Administrative Reconsideration Law art. 20(1)");
    let (again, again_id) = served(act(Conduct::RedLight), fine(200));
    again
        .later("2026-05-02T00:00:00+08:00")
        .when(|tx| {
            seek(
                tx,
                &again_id,
                Remedy::Reconsideration,
                at("2026-05-02T00:00:00"),
            )
        })
        .then_refused("RECONSIDERATION_TOO_LATE", late);
    let in_time = at("2026-05-01T23:59:59");
    let scenario = scenario
        .later("2026-05-02T10:00:00+08:00")
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

#[test]
fn a_decision_on_the_spot_is_reconsidered_before_a_court_hears_it_art_23() {
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver))
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
