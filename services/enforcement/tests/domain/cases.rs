//! The whole record of a case (Administrative Penalty Law art. 47), and who does not exist.

use crate::fixtures::*;
use chassis::domain::Aggregate;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::timers;
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Violation;
use enforcement::domain::violation::capture::notify;
use enforcement::domain::violation::event::NoticeChannel;

#[test]
fn an_unknown_case_is_not_found() {
    let nobody = CaseId::parse("00000000-0000-8000-8000-000000000001").unwrap();
    start()
        .when(|tx| notify(tx, &nobody, NoticeChannel::App))
        .then_refused("VIOLATION_NOT_FOUND", None);
}

#[test]
fn a_state_survives_its_way_through_the_projection() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let state = case(&scenario, &id);
    let again: Violation = serde_roundtrip(&state);
    assert_eq!(again, state);
    let ledger = licence(&scenario, 'a');
    assert_eq!(serde_roundtrip(&ledger), ledger);
}

fn serde_roundtrip<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_allocvec(value).unwrap()).unwrap()
}

#[test]
fn time_is_passed_to_the_aggregate_that_is_due() {
    let (scenario, id) = recorded(camera(act(Conduct::RedLight)));
    let due = case(&scenario, &id).next_due().unwrap();
    let scenario = scenario.later(&due.to_string());
    let outcome = scenario.when(|tx| timers::pass_time(tx, Violation::TYPE, id.as_str()));
    assert_eq!(facts(&outcome, &id).len(), 1);
    let scenario = outcome.and();
    assert_eq!(case(&scenario, &id).next_due(), None);
    scenario
        .when(|tx| timers::pass_time(tx, "nothing", "not-an-id"))
        .then_nothing();
}
