//! Whoever is refused, is barred or loses what was registered is told how to seek remedy (Administrative Licence Law arts. 7, 38(2),
//! Administrative Reconsideration Law art. 20).

use crate::fixtures::{
    MONDAY, application, car, city_officer, done, filed, filing, initial, number, officer, person,
    registered, text, truck, vehicle, vin,
};
use chassis::domain::{Refusal, Revision};
use chassis::testing::Scenario;
use registration::contract;
use registration::domain::application::event::RefusalGround;
use registration::domain::application::request::Request;
use registration::domain::application::review::{Refuse, refuse};
use registration::domain::application::{Application, ApplicationId};
use registration::domain::blocks::Blocked;
use registration::domain::ground::Ground;
use registration::domain::instruments::REMEDIES_ZH;
use registration::domain::party::PartyRef;
use registration::domain::standing::{self, ApplicantStanding};
use registration::domain::vehicle::event::CancellationCause;
use registration::domain::vehicle::notices::{cancel_of_office, pass_time};
use traffic_proto::registration::v1 as proto;

#[test]
fn remedies_are_told_with_authority_and_terms_reconsideration_law_art_20_litigation_law_art_46() {
    for told in [
        "行政复议",
        "本级人民政府",
        "六十日",
        "行政诉讼",
        "人民法院",
        "六个月",
    ] {
        assert!(REMEDIES_ZH.contains(told), "{told}");
    }
}

/// What a caller reads of an application.
fn shown(scenario: &Scenario, id: &ApplicationId) -> proto::Application {
    let own: Application = application(scenario, id);
    contract::application(id, &own, &Revision::default())
}

/// An application of owner `b` that is refused for false papers.
fn refused() -> (Scenario, ApplicationId) {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let command = Refuse {
        ground: RefusalGround::FalsePapers,
        reason: text("forged invoice"),
        barred: Vec::new(),
    };
    let scenario = outcome
        .and()
        .by(officer())
        .when(|tx| refuse(tx, &id, command))
        .and();
    (scenario, id)
}

#[test]
fn who_is_refused_is_told_of_remedies_licence_law_art_38_2() {
    let (scenario, id) = refused();
    let refusal = shown(&scenario, &id).refusal.unwrap();
    assert_eq!(refusal.legal_basis, "Order 164 art. 80(1)");
    assert_eq!(refusal.remedies_zh, REMEDIES_ZH);
    let (scenario, id) = done(Scenario::at(MONDAY), initial(car(), 'b'));
    assert_eq!(shown(&scenario, &id).refusal, None);
}

#[test]
fn who_is_barred_is_told_of_remedies_as_long_as_the_bar_stands_reconsideration_law_art_20_3() {
    let (scenario, _) = refused();
    let who = PartyRef::parse(standing::key(&person('b'))).unwrap();
    let remedies = |scenario: &Scenario| {
        let own: ApplicantStanding = scenario.state(who.as_str());
        contract::applicant(&who, &own, &Revision::default()).remedies_zh
    };
    assert_eq!(remedies(&scenario), REMEDIES_ZH);
    let scenario = scenario
        .when(|tx| standing::lift(tx, &who, false, number("L-1")))
        .and();
    assert_eq!(remedies(&scenario), "");
    for fraud in [false, true] {
        let until = crate::fixtures::day("2027-03-02");
        let said = Ground::ApplicantBarred { until, fraud }.zh();
        assert!(said.ends_with(REMEDIES_ZH), "{said}");
    }
}

/// What the vehicle's resource says was taken away: cause and provision.
fn taken_away(scenario: &Scenario) -> Option<(proto::CancellationCause, String)> {
    let own = vehicle(scenario);
    let shown = contract::vehicle(&vin(), &own, &Revision::default(), Blocked::default());
    let taken = shown.taken_away?;
    assert_eq!(taken.remedies_zh, REMEDIES_ZH);
    Some((taken.cause(), taken.legal_basis))
}

#[test]
fn an_owner_whose_registration_the_office_cancels_is_told_of_remedies_licence_law_art_7() {
    use proto::CancellationCause as Cause;
    for (cause, told, article) in [
        (CancellationCause::Revoked, Cause::Revoked, "art. 40(1)"),
        (
            CancellationCause::ForcedScrapping,
            Cause::ForcedScrapping,
            "art. 40(2)",
        ),
    ] {
        let scenario = registered(Scenario::at(MONDAY), car(), 'b');
        assert_eq!(taken_away(&scenario), None);
        let scenario = scenario
            .by(city_officer())
            .when(|tx| cancel_of_office(tx, &vin(), cause, None))
            .and();
        let expected = (told, format!("Order 164 {article}"));
        assert_eq!(taken_away(&scenario), Some(expected));
    }
    // What the owner has applied for was granted.
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let wished = Request::Cancellation {
        cause: CancellationCause::VoluntaryScrapping,
    };
    let (scenario, _) = done(scenario, filing(wished, vec![person('b')]));
    assert_eq!(taken_away(&scenario), None);
}

#[test]
fn an_owner_whose_papers_are_void_by_age_is_told_of_remedies_order_164_art_41_1() {
    // A truck of 15 years, told of the end of its age two months before.
    let mut scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    for now in ["2041-01-02T00:00:00+08:00", "2041-03-03T00:00:00+08:00"] {
        assert_eq!(taken_away(&scenario), None);
        scenario = scenario.later(now).when(|tx| pass_time(tx, &vin())).and();
    }
    let expected = (
        proto::CancellationCause::Unspecified,
        "Order 164 art. 41(1)".to_owned(),
    );
    assert_eq!(taken_away(&scenario), Some(expected));
}
