//! Decisions: by whom, in which procedure, told, heard, with a hearing, in time; and made again as they stood.

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use enforcement::domain::conduct::{Act, Conduct, Road};
use enforcement::domain::licence::LicenceEvent;
use enforcement::domain::rules::Rules;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::deadlines::pass_time;
use enforcement::domain::violation::decision::{
    Decide, decide, decide_no_penalty, recompute, serve,
};
use enforcement::domain::violation::event::{
    Duty, Fact, Mitigation, NoPenaltyGround, Procedure, Sanction, Service,
};
use enforcement::domain::violation::handling::{
    hear_defence, hold_hearing, request_hearing, schedule_hearing, tell_intention, waive_hearing,
};
use enforcement::domain::violation::referral::refer_as_crime;
use enforcement::domain::violation::roadside::{file_papers, warn_orally};
use enforcement::domain::violation::{Hearing, Stage};
use jiff::civil::date;

const TOLD: Option<&str> = Some("Administrative Penalty Law art. 62");

/// 60 % over the limit: 500 yuan, the licence may be revoked.
fn much_too_fast() -> Act {
    speeding(Road::Other, car(), 60)
}

fn intended(act: Act, sanction: Sanction) -> (Scenario, CaseId) {
    let (scenario, id) = handling(act);
    let scenario = scenario
        .when(|tx| tell_intention(tx, &id, sanction))
        .and()
        .when(|tx| hear_defence(tx, &id, text("was in a hurry"), false))
        .and();
    (scenario, id)
}

#[test]
fn up_to_200_yuan_one_officer_decides_who_told_and_heard_arts_43_44() {
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let unheard = Decide {
        told_and_heard: false,
        ..simply(fine(200))
    };
    let scenario = scenario
        .when(|tx| decide(tx, &id, unheard))
        .then_refused("NOT_TOLD_AND_HEARD", TOLD)
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and();
    let decision = case(&scenario, &id).decision.unwrap();
    assert_eq!(decision.procedure, Procedure::Simple);
    assert_eq!(decision.points, 6);
    assert_eq!(decision.officers, [text("officer:A1")]);
    // Filed within two working days: by the end of Wednesday.
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::FilePapers, at("2026-03-05T00:00:00")))
    );
    scenario
        .when(|tx| file_papers(tx, &id))
        .and()
        .when(|tx| file_papers(tx, &id))
        .then_refused("NO_PAPERS_DUE", Some("Order 157 art. 44(2)"));
}

#[test]
fn above_200_yuan_two_officers_decide_what_was_told_arts_43_48() {
    let general = Some("Order 157 art. 43(2)");
    let (scenario, id) = handling(much_too_fast());
    let scenario = scenario
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .then_refused("GENERAL_PROCEDURE_NEEDED", general)
        .when(|tx| tell_intention(tx, &id, fine(500)))
        .and()
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .then_refused("NOT_TOLD_AND_HEARD", TOLD)
        .when(|tx| hear_defence(tx, &id, text("nothing to say"), false))
        .and()
        .when(|tx| decide(tx, &id, simply(fine(500))))
        .then_refused("TWO_OFFICERS_NEEDED", Some("Order 157 art. 48"));
    let same_twice = Decide {
        co_officers: vec![text("officer:A1")],
        ..simply(fine(500))
    };
    let scenario = scenario
        .when(|tx| decide(tx, &id, same_twice))
        .then_refused("TWO_OFFICERS_NEEDED", Some("Order 157 art. 48"))
        .when(|tx| decide(tx, &id, by_two(fine(500))))
        .and();
    assert_eq!(
        case(&scenario, &id).decision.unwrap().procedure,
        Procedure::General
    );
}

#[test]
fn only_the_prefecture_revokes_a_licence_art_6() {
    let revoked = Sanction {
        revocation: true,
        ..fine(500)
    };
    let (scenario, id) = intended(much_too_fast(), revoked);
    let scenario = scenario.when(|tx| waive_hearing(tx, &id)).and();
    let scenario = scenario
        .when(|tx| decide(tx, &id, by_two(revoked)))
        .then_refused("REVOCATION_BY_CITY", Some("Order 157 art. 6(2)"))
        .by(city())
        .when(|tx| decide(tx, &id, by_two(revoked)))
        .and();
    assert!(
        licence(&scenario, 'a').may_drive(),
        "not before it is served"
    );
    let scenario = scenario
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    assert!(!licence(&scenario, 'a').may_drive());
}

const HEAVIER: (&str, Option<&str>) = (
    "HEAVIER_AFTER_DEFENCE",
    Some("Administrative Penalty Law art. 45(2)"),
);

/// Heavier than a fine of 500 yuan alone.
fn with_revocation() -> Sanction {
    Sanction {
        revocation: true,
        ..fine(500)
    }
}

#[test]
fn nothing_heavier_than_was_told_follows_a_defence_penalty_law_art_45() {
    let (heavier, refused) = (with_revocation(), HEAVIER);
    let (scenario, id) = intended(much_too_fast(), fine(500));
    scenario
        .when(|tx| tell_intention(tx, &id, heavier))
        .then_refused(refused.0, refused.1)
        .by(city())
        .when(|tx| decide(tx, &id, by_two(heavier)))
        .then_refused(refused.0, refused.1);
}

#[test]
fn telling_again_does_not_make_it_heavier_once_the_party_was_heard_penalty_law_art_45() {
    let (heavier, refused) = (with_revocation(), HEAVIER);
    let (scenario, id) = intended(much_too_fast(), fine(500));
    scenario
        .when(|tx| tell_intention(tx, &id, fine(500)))
        .and()
        .when(|tx| tell_intention(tx, &id, heavier))
        .then_refused(refused.0, refused.1);
    // Whoever was told something milder since, and heard on it, is not taken back to the first.
    let (scenario, id) = intended(much_too_fast(), heavier);
    scenario
        .when(|tx| tell_intention(tx, &id, fine(500)))
        .and()
        .when(|tx| hear_defence(tx, &id, text("agreed"), false))
        .and()
        .when(|tx| tell_intention(tx, &id, heavier))
        .then_refused(refused.0, refused.1);
    // A hearing is a defence too.
    let revoked = |yuan| Sanction {
        revocation: true,
        ..fine(yuan)
    };
    let (scenario, id) = handling(drunk_twice().0);
    scenario
        .when(|tx| tell_intention(tx, &id, revoked(1_000)))
        .and()
        .when(|tx| request_hearing(tx, &id))
        .and()
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-12T09:00:00"), text("officer:L1")))
        .and()
        .later("2026-03-12T10:00:00+08:00")
        .when(|tx| hold_hearing(tx, &id, false))
        .and()
        .when(|tx| tell_intention(tx, &id, revoked(2_000)))
        .then_refused(refused.0, refused.1)
        .when(|tx| tell_intention(tx, &id, revoked(1_000)))
        .and();
}

#[test]
fn a_sanction_stays_within_what_the_rule_provides() {
    let red = act(Conduct::RedLight);
    let refused = Some("Road Traffic Safety Law art. 90");
    for sanction in [
        fine(19),
        fine(201),
        Sanction {
            revocation: true,
            ..fine(100)
        },
        Sanction {
            suspension_months: Some(1),
            ..fine(100)
        },
        Sanction {
            warning: true,
            ..fine(100)
        },
        Sanction::default(),
        Sanction {
            mitigation: Some(Mitigation::Confessed),
            ..Sanction::default()
        },
    ] {
        let (scenario, id) = handling(red.clone());
        scenario
            .when(|tx| tell_intention(tx, &id, sanction))
            .then_refused("SANCTION_NOT_PROVIDED", refused);
    }
    let mitigated = Sanction {
        mitigation: Some(Mitigation::HarmRemoved),
        ..fine(10)
    };
    for sanction in [fine(20), fine(200), warning(), mitigated] {
        let (scenario, id) = handling(red.clone());
        scenario.when(|tx| decide(tx, &id, simply(sanction))).and();
    }
    let (scenario, id) = handling(speeding(Road::Other, car(), 35));
    scenario
        .when(|tx| decide(tx, &id, simply(warning())))
        .then_refused("SANCTION_NOT_PROVIDED", Some("Shandong Measures art. 77"));
}

fn drunk_twice() -> (Act, Sanction) {
    let sanction = Sanction {
        revocation: true,
        ..fine(2_000)
    };
    (alcohol(50, false, true), sanction)
}

#[test]
fn a_hearing_is_asked_for_within_five_working_days_and_told_seven_ahead_penalty_law_art_64() {
    let (act, sanction) = drunk_twice();
    let (scenario, id) = intended(act.clone(), sanction);
    let scenario = scenario
        .by(city())
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .then_refused(
            "HEARING_OUTSTANDING",
            Some("Administrative Penalty Law art. 65"),
        )
        .by(officer())
        .later("2026-03-09T23:59:59+08:00")
        .when(|tx| request_hearing(tx, &id))
        .and();
    // Seven working days after 9 March end with 18 March.
    let scenario = scenario
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-18T23:59:59"), text("officer:L1")))
        .then_refused(
            "HEARING_NOTICE_TOO_SHORT",
            Some("Administrative Penalty Law art. 64(2)"),
        )
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-19T09:00:00"), text("officer:A1")))
        .then_refused(
            "CHAIR_INVESTIGATED",
            Some("Administrative Penalty Law art. 64(4)"),
        )
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-19T09:00:00"), text("officer:L1")))
        .and()
        .when(|tx| hold_hearing(tx, &id, false))
        .then_refused(
            "HEARING_NOT_YET",
            Some("Administrative Penalty Law art. 64(2)"),
        )
        .later("2026-03-19T10:00:00+08:00")
        .when(|tx| hold_hearing(tx, &id, false))
        .and();
    assert_eq!(case(&scenario, &id).hearing, Hearing::Held);
    // A revocation is decided within seven working days after the hearing (Order 157 art. 51).
    assert_eq!(
        case(&scenario, &id).nearest_duty(),
        Some((Duty::Decide, at("2026-03-31T00:00:00")))
    );
    reviewed(scenario, &id, true)
        .by(city())
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and();

    let (scenario, id) = intended(act, sanction);
    scenario
        .later("2026-03-10T00:00:00+08:00")
        .when(|tx| request_hearing(tx, &id))
        .then_refused(
            "HEARING_TOO_LATE",
            Some("Administrative Penalty Law art. 64(1)"),
        )
        .by(city())
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and();
}

#[test]
fn a_hearing_that_was_asked_for_is_held_whatever_is_told_again_penalty_law_arts_63_65() {
    let refused = (
        "HEARING_OUTSTANDING",
        Some("Administrative Penalty Law art. 65"),
    );
    let revoked = Sanction {
        revocation: true,
        ..fine(500)
    };
    let (scenario, id) = intended(much_too_fast(), revoked);
    let scenario = scenario
        .when(|tx| request_hearing(tx, &id))
        .and()
        .when(|tx| tell_intention(tx, &id, revoked))
        .then_refused(refused.0, refused.1)
        .when(|tx| schedule_hearing(tx, &id, at("2026-03-12T09:00:00"), text("officer:L1")))
        .and()
        .when(|tx| tell_intention(tx, &id, revoked))
        .then_refused(refused.0, refused.1);
    // Where the law provides none any more, there is none to hold.
    let scenario = scenario.when(|tx| tell_intention(tx, &id, fine(500))).and();
    assert_eq!(case(&scenario, &id).hearing, Hearing::None);
}

#[test]
fn a_case_that_is_closed_has_no_hearing_penalty_law_art_64() {
    let (act, sanction) = drunk_twice();
    let asked_for = || {
        let (scenario, id) = intended(act.clone(), sanction);
        let scenario = scenario.when(|tx| request_hearing(tx, &id)).and();
        (scenario, id)
    };
    let closed = |scenario: Scenario, id: &CaseId| {
        let closed = scenario
            .when(|tx| decide_no_penalty(tx, id, NoPenaltyGround::NotProven, text("not shown")));
        closed.and()
    };
    let hearing = at("2026-03-12T09:00:00");
    let (scenario, id) = asked_for();
    closed(scenario, &id)
        .when(|tx| schedule_hearing(tx, &id, hearing, text("officer:L1")))
        .then_refused("WRONG_STATE", None);
    let (scenario, id) = asked_for();
    let scenario = scenario
        .when(|tx| schedule_hearing(tx, &id, hearing, text("officer:L1")))
        .and();
    closed(scenario, &id)
        .later("2026-03-12T10:00:00+08:00")
        .when(|tx| hold_hearing(tx, &id, false))
        .then_refused("WRONG_STATE", None);
}

#[test]
fn no_hearing_is_due_below_the_great_fine_penalty_law_art_63() {
    let (scenario, id) = intended(much_too_fast(), fine(500));
    scenario.when(|tx| request_hearing(tx, &id)).then_refused(
        "NO_HEARING_DUE",
        Some("Administrative Penalty Law art. 63(1)"),
    );
    for (percent, due) in [(99, false), (100, true)] {
        let yuan = if due { 2_000 } else { 1_000 };
        let (scenario, id) = intended(speeding(Road::Other, car(), percent), fine(yuan));
        assert_eq!(
            case(&scenario, &id).intended.unwrap().hearing,
            due,
            "{yuan}"
        );
    }
}

#[test]
fn decisions_have_their_hours_and_days_art_51() {
    let suspended = alcohol(50, false, false);
    for (act, due) in [
        (act(Conduct::RedLight), "2026-03-03T09:00:00"),
        (suspended, "2026-03-06T00:00:00"),
        (drunk_twice().0, "2026-03-12T00:00:00"),
    ] {
        let (scenario, id) = handling(act);
        let due = at(due);
        let nearest = case(&scenario, &id).nearest_duty();
        assert_eq!(nearest, Some((Duty::Decide, due)));
        let scenario = scenario.later(&due.to_string());
        let outcome = scenario.when(|tx| pass_time(tx, &id));
        assert_eq!(
            facts(&outcome, &id),
            [Fact::DutyMissed {
                duty: Duty::Decide,
                due
            }]
        );
    }
}

#[test]
fn drink_driving_withholds_the_licence_for_six_months_from_service_law_arts_91_113() {
    let sanction = Sanction {
        suspension_months: Some(6),
        ..fine(1_000)
    };
    let (scenario, id) = intended(alcohol(50, false, false), sanction);
    let scenario = scenario
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    let state = licence(&scenario, 'a');
    assert_eq!(state.points(), 12);
    assert_eq!(state.suspensions, [(id.clone(), at("2026-09-02T00:00:00"))]);
    let scenario = scenario.later("2026-09-02T00:00:00+08:00");
    let outcome =
        scenario.when(|tx| enforcement::domain::licence::standing::pass_time(tx, &person('a')));
    let ended = LicenceEvent::SuspensionEnded { case: id };
    let recorded = outcome.events::<enforcement::domain::licence::Licence>(person('a').as_str());
    assert!(recorded.contains(&ended));
    assert!(
        !recorded.contains(&LicenceEvent::DrivingRestored),
        "the study is still to do, art. 23"
    );
}

#[test]
fn days_on_which_the_licence_was_withheld_before_count_law_art_113() {
    let sanction = Sanction {
        suspension_months: Some(6),
        ..fine(1_000)
    };
    let withheld = |day| Decide {
        withheld_on: Some(day),
        ..by_two(sanction)
    };
    // The act was on 1 March, today is the 2nd.
    for wrong in [date(2026, 2, 28), date(2026, 3, 3)] {
        let (scenario, id) = intended(alcohol(50, false, false), sanction);
        scenario
            .when(|tx| decide(tx, &id, withheld(wrong)))
            .then_refused("WITHHELD_TIME", None);
    }
    let (scenario, id) = intended(alcohol(50, false, false), sanction);
    let scenario = scenario
        .when(|tx| decide(tx, &id, withheld(date(2026, 3, 1))))
        .and()
        .later("2026-03-05T09:00:00+08:00")
        .when(|tx| serve(tx, &id, Service::Post, None))
        .and();
    // Six months from 5 March, less the four days from 1 March on.
    let until = at("2026-09-01T00:00:00");
    assert_eq!(licence(&scenario, 'a').suspensions, [(id, until)]);

    let (scenario, id) = handling(act(Conduct::RedLight));
    let nothing_withheld = Decide {
        withheld_on: Some(today()),
        ..simply(fine(200))
    };
    scenario
        .when(|tx| decide(tx, &id, nothing_withheld))
        .then_refused("WITHHELD_TIME", None);
}

#[test]
fn a_decision_reaches_who_was_not_there_within_seven_working_days_penalty_law_art_61() {
    let (scenario, id) = handling(act(Conduct::RedLight));
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
    let due = at("2026-03-12T00:00:00");
    let nearest = case(&scenario, &id).nearest_duty();
    assert_eq!(nearest, Some((Duty::Serve, due)));
    let in_time = scenario.later("2026-03-11T23:59:59+08:00");
    let late = in_time
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-12T00:00:00+08:00");
    let outcome = late.when(|tx| pass_time(tx, &id));
    let missed = Fact::DutyMissed {
        duty: Duty::Serve,
        due,
    };
    assert_eq!(facts(&outcome, &id), [missed]);
    // Late or not, it is served; then nothing runs for the police any more.
    let scenario = outcome
        .and()
        .when(|tx| serve(tx, &id, Service::Post, None))
        .and();
    assert_eq!(case(&scenario, &id).nearest_duty(), None);
}

#[test]
fn drunk_driving_is_no_matter_of_a_fine_but_of_revocation_and_the_court_law_art_91() {
    let act = alcohol(80, false, false);
    let (scenario, id) = handling(act.clone());
    scenario
        .when(|tx| tell_intention(tx, &id, fine(2_000)))
        .then_refused(
            "SANCTION_NOT_PROVIDED",
            Some("Road Traffic Safety Law art. 91(2)"),
        );
    let (scenario, id) = handling(act);
    let scenario = scenario
        .when(|tx| refer_as_crime(tx, &id, text("Sample Procuratorate")))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::Referred);
}

#[test]
fn slight_acts_are_warned_of_on_the_spot_art_42() {
    let (scenario, id) = stopped(roadside(act(Conduct::LightsMisuse)));
    let scenario = scenario
        .when(|tx| warn_orally(tx, &id, text("fixed at once")))
        .and();
    assert_eq!(stage(&scenario, &id), Stage::OrallyWarned);
    let (scenario, id) = stopped(roadside(much_too_fast()));
    scenario
        .when(|tx| warn_orally(tx, &id, text("slow down")))
        .then_refused("NOT_SLIGHT", Some("Order 157 art. 42(1)"));
}

#[test]
fn some_acts_are_not_punished_penalty_law_arts_30_31_33_57() {
    use NoPenaltyGround as G;
    for (ground, article) in [
        (G::UnderFourteen, "art. 30"),
        (G::Incapable, "art. 31"),
        (G::MinorAndCorrected, "art. 33(1)"),
        (G::FirstAndCorrected, "art. 33(1)"),
        (G::NoFault, "art. 33(2)"),
        (G::NotProven, "art. 57(1)(3)"),
    ] {
        let (scenario, id) = handling(act(Conduct::RedLight));
        let scenario = scenario
            .when(|tx| decide_no_penalty(tx, &id, ground, text("taught")))
            .and();
        assert_eq!(stage(&scenario, &id), Stage::NotPunished);
        assert_eq!(
            ground.basis().to_string(),
            format!("Administrative Penalty Law {article}")
        );
    }
}

#[test]
fn a_decision_made_again_from_its_record_is_the_same_and_names_its_rules() {
    let (scenario, id) = served(speeding(Road::Other, car(), 35), fine(200));
    let decision = case(&scenario, &id).decision.unwrap();
    assert_eq!(
        decision.assessment.penalty.rules[0].basis.to_string(),
        "Shandong Measures art. 77"
    );
    assert_eq!(
        decision.assessment.penalty.rules[0].effective.to_string(),
        "2009-03-01"
    );
    let again = recompute(Rules::shipped(), &decision).unwrap();
    assert!(again.agrees());
    assert_eq!(again.assessment, decision.assessment);

    let mut tampered = decision.clone();
    tampered.sanction.fine = Fen::yuan(20);
    assert!(!recompute(Rules::shipped(), &tampered).unwrap().agrees());
    let mut tampered = decision.clone();
    tampered.points = 1;
    assert!(!recompute(Rules::shipped(), &tampered).unwrap().agrees());
    let other = Rules::parse(&[
        &include_str!("../../data/shandong-measures.toml").replace("2009-03-01", "2010-03-01")
    ])
    .unwrap();
    assert!(
        !recompute(&other, &decision).unwrap().agrees(),
        "other rules, other versions"
    );
}
