//! What an instrument tells of the remedies against it (Administrative Penalty Law arts. 52(2), 59(1)(5); Order 157 arts. 26, 45, 49).

use crate::fixtures::*;
use chassis::domain::{District, LegalCalendar};
use chassis::testing::Scenario;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::limits::latest_lawsuit;
use enforcement::domain::redress::Redress;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{Decision, Service};
use enforcement::domain::violation::remedy::redress;

fn told(scenario: &Scenario, id: &CaseId) -> Redress {
    redress(&case(scenario, id), &LegalCalendar::default()).unwrap()
}

fn heze() -> District {
    District::new(371_700).unwrap()
}

#[test]
fn a_decision_tells_to_whom_and_until_when_from_its_service_on() {
    let (scenario, id) = handling(act(Conduct::RedLight));
    assert_eq!(
        redress(&case(&scenario, &id), &LegalCalendar::default()),
        None
    );
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
    let unserved = Redress {
        authority: mudan(),
        reconsider_by: None,
        reconsideration_first: false,
        sue_by: None,
    };
    assert_eq!(told(&scenario, &id), unserved);
    let scenario = scenario
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    // Six months from 2 March end with Wednesday 2 September.
    let served = Redress {
        reconsider_by: Some(at("2026-05-07T00:00:00")),
        sue_by: Some(at("2026-09-03T00:00:00")),
        ..unserved
    };
    assert_eq!(told(&scenario, &id), served);
    let notice = served.notice_zh();
    assert!(
        notice.contains("60日内") && notice.contains("本级人民政府") && notice.contains("6个月内"),
        "{notice}"
    );
}

#[test]
fn who_is_punished_on_the_spot_is_told_to_seek_reconsideration_first_art_23() {
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let scenario = scenario
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    let told = told(&scenario, &id);
    assert!(told.reconsideration_first);
    assert_eq!(told.sue_by, None);
    let notice = told.notice_zh();
    assert!(
        notice.contains("先向") && notice.contains("15日内"),
        "{notice}"
    );
    let bases: Vec<String> = told.bases().iter().map(ToString::to_string).collect();
    let first = "Administrative Reconsideration Law art. 23(1)(1)".to_owned();
    assert!(bases.contains(&first), "{bases:?}");
}

#[test]
fn the_government_of_the_police_that_decided_reconsiders_art_24() {
    let (scenario, id) = handling(act(Conduct::RedLight));
    let by_city = scenario
        .by(city())
        .when(|tx| decide(tx, &id, simply(fine(200))))
        .and();
    assert_eq!(told(&by_city, &id).authority, heze());
}

#[test]
fn of_a_decision_that_an_earlier_version_recorded_the_law_tells_whose_it_was() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let mut state = case(&scenario, &id);
    let mut recorded = serde_json::to_value(state.decision.as_ref().unwrap()).unwrap();
    recorded.as_object_mut().unwrap().remove("authority");
    let mut old: Decision = serde_json::from_value(recorded).unwrap();
    let calendar = LegalCalendar::default();
    for (revocation, authority) in [(false, mudan()), (true, heze())] {
        old.sanction.revocation = revocation;
        state.decision = Some(old.clone());
        assert_eq!(redress(&state, &calendar).unwrap().authority, authority);
    }
}

#[test]
fn the_last_day_of_a_lawsuit_is_a_working_day() {
    // 1 to 7 October are holidays.
    let last = latest_lawsuit(&LegalCalendar::default(), at("2026-04-01T09:00:00"));
    assert_eq!(last, at("2026-10-09T00:00:00"));
}

#[test]
fn a_measure_tells_its_remedies_with_its_certificate_order_157_art_26() {
    let calendar = LegalCalendar::default();
    let told = Redress::of_measure(mudan(), &calendar, at("2026-03-02T09:00:00"));
    assert_eq!(told.reconsider_by, Some(at("2026-05-07T00:00:00")));
    assert_eq!(told.sue_by, Some(at("2026-09-03T00:00:00")));
    assert!(!told.reconsideration_first);
}
