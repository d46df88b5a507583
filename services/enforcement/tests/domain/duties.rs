//! Time limits of the police that run beside each other: each begins and ends by itself, and is missed by itself.

use crate::fixtures::*;
use enforcement::domain::conduct::{Conduct, Road};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Violation;
use enforcement::domain::violation::deadlines::pass_time;
use enforcement::domain::violation::decision::{decide, serve};
use enforcement::domain::violation::event::{Duty, Fact, Service, ViolationEvent};
use enforcement::domain::violation::handling::accept;
use enforcement::domain::violation::objection::{object, reject_objection};
use enforcement::domain::violation::referral::refer_as_crime;
use enforcement::domain::violation::roadside::{file_papers, summon};
use jiff::Timestamp;
use std::collections::BTreeMap;

const NO_PAPERS: (&str, Option<&str>) = ("NO_PAPERS_DUE", Some("Order 157 art. 44(2)"));

fn missed(duty: Duty, due: &str) -> Fact {
    Fact::DutyMissed { duty, due: at(due) }
}

fn duties<const COUNT: usize>(duties: [(Duty, &str); COUNT]) -> BTreeMap<Duty, Timestamp> {
    duties.map(|(duty, due)| (duty, at(due))).into()
}

#[test]
fn an_objection_leaves_the_notice_due_order_157_arts_5_20() {
    let (scenario, id) = entered_in(start(), camera(act(Conduct::RedLight)));
    let scenario = scenario
        .later("2026-03-03T09:00:00+08:00")
        .when(|tx| object(tx, &id, text("it was yellow")))
        .and();
    let both = [
        (Duty::Notice, "2026-03-10T00:00:00"),
        (Duty::Objection, "2026-03-11T00:00:00"),
    ];
    assert_eq!(case(&scenario, &id).duties, duties(both));
    let rejected = scenario.when(|tx| reject_objection(tx, &id, text("it was red")));
    let scenario = rejected.and().later("2026-03-10T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    let notice = missed(Duty::Notice, "2026-03-10T00:00:00");
    assert_eq!(facts(&outcome, &id), [notice]);
}

#[test]
fn who_has_come_of_their_own_accord_need_not_be_told_to_come() {
    let (scenario, id) = entered_in(start(), camera(act(Conduct::RedLight)));
    let scenario = scenario.when(|tx| accept(tx, &id, driver('a'))).and();
    let decision = [(Duty::Decide, "2026-03-03T09:00:00")];
    assert_eq!(case(&scenario, &id).duties, duties(decision));
}

#[test]
fn a_summons_is_filed_within_24_hours_though_the_party_has_come_order_157_art_46_2() {
    let summoned = || {
        let (scenario, id) = stopped(roadside(speeding(Road::Other, car(), 60)));
        let scenario = scenario
            .when(|tx| summon(tx, &id))
            .and()
            .when(|tx| accept(tx, &id, driver('a')))
            .and();
        (scenario, id)
    };
    let (scenario, id) = summoned();
    let filed = scenario.when(|tx| file_papers(tx, &id));
    assert_eq!(facts(&filed, &id), [Fact::SummonsFiled]);
    let basis = Fact::SummonsFiled.basis().to_string();
    assert_eq!(basis, "Order 157 art. 46(2)");
    let scenario = filed.and();
    let decision = [(Duty::Decide, "2026-03-03T09:00:00")];
    assert_eq!(case(&scenario, &id).duties, duties(decision));
    scenario
        .when(|tx| file_papers(tx, &id))
        .then_refused(NO_PAPERS.0, NO_PAPERS.1);

    let (scenario, id) = summoned();
    let scenario = scenario.later("2026-03-03T09:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    let due = "2026-03-03T09:00:00";
    let late = missed(Duty::FileSummons, due);
    assert_eq!(late.basis().to_string(), "Order 157 art. 46(2)");
    assert_eq!(facts(&outcome, &id), [missed(Duty::Decide, due), late]);
}

#[test]
fn a_decision_on_the_spot_is_filed_and_served_each_in_its_time_order_157_art_44_2() {
    let (scenario, id) = stopped(roadside(act(Conduct::RedLight)));
    let scenario = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
    let both = [
        (Duty::FilePapers, "2026-03-05T00:00:00"),
        (Duty::Serve, "2026-03-12T00:00:00"),
    ];
    assert_eq!(case(&scenario, &id).duties, duties(both));
    let scenario = scenario
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    assert_eq!(case(&scenario, &id).duties, duties([both[0]]));
    let scenario = scenario.later("2026-03-05T00:00:00+08:00");
    let outcome = scenario.when(|tx| pass_time(tx, &id));
    let late = missed(Duty::FilePapers, "2026-03-05T00:00:00");
    assert_eq!(facts(&outcome, &id), [late]);
    // Late it is filed nevertheless, and once.
    let filed = outcome.and().when(|tx| file_papers(tx, &id));
    assert_eq!(facts(&filed, &id), [Fact::PapersFiled]);
    filed
        .and()
        .when(|tx| file_papers(tx, &id))
        .then_refused(NO_PAPERS.0, NO_PAPERS.1);
}

#[test]
fn what_is_closed_leaves_nothing_due() {
    let (scenario, id) = stopped(roadside(speeding(Road::Other, car(), 60)));
    let scenario = scenario
        .when(|tx| summon(tx, &id))
        .and()
        .when(|tx| refer_as_crime(tx, &id, text("Sample Procuratorate")))
        .and();
    assert_eq!(case(&scenario, &id).duties, BTreeMap::new());
}

#[test]
fn a_journal_that_knows_one_kind_of_papers_is_read_as_it_was_meant() {
    let id = CaseId::parse("00000000-0000-8000-8000-000000000001").unwrap();
    let event = |fact| ViolationEvent {
        district: mudan(),
        plate: Some(plate(PLATE)),
        fact,
    };
    let of_summons = |what: &str| {
        let summoned = Fact::Summoned {
            handle_by: at("2026-03-24T00:00:00"),
            file_by: at("2026-03-03T09:00:00"),
        };
        let papers = serde_json::from_str(what).unwrap();
        let stopped = Fact::StoppedOnTheSpot(roadside(act(Conduct::RedLight)));
        start().given::<Violation>(id.as_str(), [stopped, summoned, papers].map(event))
    };
    let filed = of_summons(r#""papers_filed""#);
    assert_eq!(case(&filed, &id).duties, BTreeMap::new());
    filed
        .when(|tx| file_papers(tx, &id))
        .then_refused(NO_PAPERS.0, NO_PAPERS.1);

    let late = r#"{"duty_missed":{"duty":"file_papers","due":"2026-03-03T01:00:00Z"}}"#;
    let late = of_summons(late);
    assert_eq!(case(&late, &id).missed, [Duty::FileSummons]);
    let filed = late.when(|tx| file_papers(tx, &id));
    assert_eq!(facts(&filed, &id), [Fact::SummonsFiled]);
}
