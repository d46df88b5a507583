//! What other services tell: permitted transports, debts, vehicles behind plates.

use crate::fixtures::*;
use chassis::testing::Scenario;
use enforcement::domain::arrears::{refer, settle};
use enforcement::domain::conduct::{Act, Conduct, Measure};
use enforcement::domain::oversize::{News, Terms, Usable, note};
use enforcement::domain::registered::{Registration, hear};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::capture::record_violation;
use enforcement::domain::violation::event::{Filing, Source};
use enforcement::domain::violation::excuse::judge_by_permits;
use enforcement::domain::violation::{Closed, Stage};

const PERMITTED_KG: u32 = 60_000;

fn weighed(mass_kg: u32) -> Filing {
    camera(Act {
        vehicle: Some(truck()),
        measure: Some(Measure::Load {
            allowed_mass_kg: 49_000,
            mass_kg,
            approved_load_kg: 32_000,
            load_kg: mass_kg - 17_000,
        }),
        ..act(Conduct::Overloading)
    })
}

/// For the fixtures' vehicle, around the moment of the fixtures' act: 10:00 on Sunday.
fn terms() -> Terms {
    Terms {
        plates: vec![plate(PLATE)],
        total_kg: PERMITTED_KG,
        from: at("2026-03-01T09:00:00"),
        until: at("2026-03-01T12:00:00"),
    }
}

fn told(scenario: Scenario, revision: u64, time: &str, news: News) -> Scenario {
    let time = at(&format!("2026-03-01T{time}:00"));
    let noted = scenario.when(|tx| note(tx, &number("p1"), revision, time, news));
    noted.and()
}

fn granted() -> Scenario {
    told(start(), 10, "08:00", News::Granted(terms()))
}

fn captured(scenario: Scenario, filing: Filing) -> (Scenario, Stage) {
    let (scenario, id) = with(scenario.when(|tx| record_violation(tx, filing)));
    let stage = stage(&scenario, &id);
    (scenario, stage)
}

#[test]
fn a_capture_within_the_permits_mass_and_time_is_no_violation_art_48() {
    let (scenario, id) = with(granted().when(|tx| record_violation(tx, weighed(PERMITTED_KG))));
    let found = case(&scenario, &id);
    assert_eq!(found.stage, Stage::Cancelled);
    assert_eq!(found.closed, Some(Closed::Permitted(number("p1"))));
    assert_eq!(
        captured(scenario, weighed(PERMITTED_KG + 1)).1,
        Stage::Recorded
    );
    // From the first minute of the run to the last, and by the vehicle that is named.
    for (time, stage) in [
        ("08:59:59", Stage::Recorded),
        ("09:00:00", Stage::Cancelled),
        ("11:59:59", Stage::Cancelled),
        ("12:00:00", Stage::Recorded),
    ] {
        let mut filing = weighed(PERMITTED_KG);
        filing.acted_at = at(&format!("2026-03-01T{time}"));
        assert_eq!(captured(granted(), filing).1, stage, "{time}");
    }
    let mut another = weighed(PERMITTED_KG);
    another.plate = Some(plate("鲁R54321"));
    assert_eq!(captured(granted(), another).1, Stage::Recorded);
    // Speed is not permitted to anybody.
    let fast = camera(speeding(
        enforcement::domain::conduct::Road::Other,
        truck(),
        60,
    ));
    assert_eq!(captured(granted(), fast).1, Stage::Recorded);
}

#[test]
fn an_act_is_judged_by_what_held_when_it_happened() {
    for (time, news, stage) in [
        ("09:30", News::Usable(Usable::No), Stage::Recorded),
        ("10:30", News::Usable(Usable::No), Stage::Cancelled),
        ("09:30", News::Usable(Usable::Ended), Stage::Recorded),
        ("10:30", News::Usable(Usable::Ended), Stage::Cancelled),
    ] {
        let scenario = told(granted(), 20, time, news.clone());
        let judged = captured(scenario, weighed(PERMITTED_KG)).1;
        assert_eq!(judged, stage, "{time} {news:?}");
    }
    // An amendment changes the terms, not whether it may be used.
    let amended = || {
        let heavier = Terms {
            total_kg: PERMITTED_KG + 1,
            ..terms()
        };
        let suspended = told(granted(), 20, "08:30", News::Usable(Usable::No));
        told(suspended, 30, "08:45", News::Amended(heavier))
    };
    assert_eq!(
        captured(amended(), weighed(PERMITTED_KG)).1,
        Stage::Recorded
    );
    let resumed = told(amended(), 40, "08:50", News::Usable(Usable::Yes));
    assert_eq!(
        captured(resumed, weighed(PERMITTED_KG + 1)).1,
        Stage::Cancelled
    );
}

#[test]
fn news_that_comes_after_the_capture_is_heard_in_any_order() {
    let news = [
        (10, "08:00", News::Granted(terms())),
        (20, "08:30", News::Usable(Usable::No)),
        (30, "09:00", News::Usable(Usable::Yes)),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let (mut scenario, id) = recorded(weighed(PERMITTED_KG));
        for which in order {
            let (revision, time, news) = news[which].clone();
            scenario = told(scenario, revision, time, news);
            scenario = scenario.when(|tx| judge_by_permits(tx, &id)).and();
        }
        assert_eq!(stage(&scenario, &id), Stage::Cancelled, "{order:?}");
        let (_, time, news) = news[0].clone();
        let time = at(&format!("2026-03-01T{time}:00"));
        scenario
            .when(|tx| note(tx, &number("p1"), 10, time, news))
            .then_nothing()
            .when(|tx| judge_by_permits(tx, &id))
            .then_nothing();
    }
}

#[test]
fn a_record_excused_too_soon_is_reviewed_again_and_a_decided_case_stays() {
    let (scenario, id) = with(granted().when(|tx| record_violation(tx, weighed(PERMITTED_KG))));
    let scenario = told(scenario, 20, "09:30", News::Usable(Usable::No));
    let scenario = scenario.when(|tx| judge_by_permits(tx, &id)).and();
    let found = case(&scenario, &id);
    assert!(found.nearest_duty().is_some(), "its review is due");
    assert_eq!((found.stage, found.closed), (Stage::Recorded, None));

    let (scenario, id) = served_in(start(), weighed(55_000), driver('a'), fine(200));
    let scenario = told(scenario, 10, "08:00", News::Granted(terms()));
    scenario.when(|tx| judge_by_permits(tx, &id)).then_nothing();
}

fn debt() -> Filing {
    Filing {
        source: Source::Referral {
            from: text("parking"),
            reference: number("s1"),
        },
        evidence: Vec::new(),
        ..camera(Act {
            vehicle: None,
            ..act(Conduct::ParkingFeeUnpaid)
        })
    }
}

fn case_of(scenario: &Scenario) -> CaseId {
    let arrears: enforcement::domain::arrears::Arrears = scenario.state("s1");
    arrears.case.unwrap()
}

#[test]
fn a_debt_that_is_paid_in_time_is_not_punished_art_33() {
    let paid = |scenario: Scenario| scenario.when(|tx| settle(tx, "s1", 20, text("paid")));
    let scenario = start().when(|tx| refer(tx, "s1", 10, debt())).and();
    let id = case_of(&scenario);
    let scenario = scenario
        .when(|tx| refer(tx, "s1", 10, debt()))
        .then_nothing();
    let scenario = paid(scenario).and();
    assert_eq!(stage(&scenario, &id), Stage::NotPunished);
    paid(scenario).then_nothing();
    // Told the other way round there never is a case.
    paid(start())
        .and()
        .when(|tx| refer(tx, "s1", 10, debt()))
        .then_nothing();
}

#[test]
fn what_registration_has_told_describes_the_vehicle_that_a_camera_does_not_know() {
    let mut filing = camera(speeding(
        enforcement::domain::conduct::Road::Other,
        truck(),
        60,
    ));
    filing.act.vehicle = None;
    let heard = |scenario: Scenario, revision, registration| {
        scenario.when(|tx| hear(tx, &plate(PLATE), revision, registration))
    };
    let scenario = heard(start(), 10, Registration::Registered(truck())).and();
    let (scenario, id) = with(scenario.when(|tx| record_violation(tx, filing)));
    let found = case(&scenario, &id).filing;
    assert_eq!(found.act.vehicle, Some(truck()));
    assert_eq!(found.registration, Some(Registration::Registered(truck())));

    let scenario = heard(scenario, 20, Registration::Cancelled).and();
    let scenario = heard(scenario, 15, Registration::Registered(car())).then_nothing();
    let (scenario, id) =
        with(scenario.when(|tx| record_violation(tx, camera(act(Conduct::RedLight)))));
    let found = case(&scenario, &id).filing;
    assert_eq!(found.registration, Some(Registration::Cancelled));
    assert_eq!(
        found.act.vehicle,
        Some(car()),
        "what the camera says stands"
    );
}
