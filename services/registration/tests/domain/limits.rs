//! Time limits of Order 164, business by business; what is warned about; and who came late.

use crate::fixtures::{
    MONDAY, application, bank, car, day, filed, filing, initial, mortgage, person, registered,
    transfer_to, truck,
};
use chassis::domain::{Halt, Transaction};
use chassis::testing::Scenario;
use jiff::civil::date;
use registration::domain::application::deadlines::pass_time;
use registration::domain::application::event::{ApplicationEvent, ApplicationFact};
use registration::domain::application::request::{
    Business, Change, Destination, OwnerFiling, Request,
};
use registration::domain::application::rules::Rules;
use registration::domain::application::{Application, ApplicationId};

#[test]
fn every_business_has_the_working_days_that_its_article_gives() {
    use Business as B;
    let table = [
        (B::InitialRegistration, 2, "art. 12(3)"),
        (B::ParticularsChange, 1, "art. 17(2)"),
        (B::OwnerFiling, 1, "art. 24"),
        (B::JointOwner, 1, "art. 19(2)"),
        (B::PlateSwap, 1, "art. 20(3)"),
        (B::MoveOut, 3, "art. 18(1)"),
        (B::MoveIn, 3, "art. 18(2)"),
        (B::Transfer, 1, "art. 26(2)"),
        (B::TransferOut, 3, "art. 27(1)"),
        (B::TransferForExport, 3, "art. 28"),
        (B::Mortgage, 1, "art. 32(2)"),
        (B::MortgageRelease, 1, "art. 33(3)"),
        (B::Pledge, 1, "art. 34(3)"),
        (B::PledgeRelease, 1, "art. 34(3)"),
        (B::Scrapping, 1, "art. 38(3)"),
        (B::Cancellation, 1, "art. 39(4)"),
        (B::Correction, 5, "art. 53"),
        (B::PlateReissue, 15, "art. 51(2)"),
        (B::DocumentReissue, 1, "art. 52(2)"),
        (B::InspectionMark, 1, "art. 54(3)"),
        (B::TemporaryPlate, 1, "art. 47(2)"),
        (B::IntelligentTestPlate, 1, "art. 48(2)"),
        (B::SchoolBusSign, 3, "art. 60(2)"),
        (B::SchoolBusSignReissue, 3, "art. 66"),
    ];
    assert_eq!(table.len(), Business::ALL.len());
    for (business, days, article) in table {
        let limit = Rules::on(date(2026, 3, 2)).limit(business);
        assert_eq!(limit.days, days, "{business:?}");
        assert_eq!(limit.basis().to_string(), format!("Order 164 {article}"));
    }
}

#[test]
fn working_days_leave_out_weekends_and_holidays() {
    // Thursday 12 February 2026; Saturday the 14th is worked; 15 to 23 February is the Spring Festival.
    let mut command = initial(car(), 'b');
    if let Request::InitialRegistration(new) = &mut command.request {
        new.inspection_valid_until = day("2028-02-13");
    }
    let outcome = filed(Scenario::at("2026-02-13T10:00:00+08:00"), command);
    let id = outcome.value().clone();
    let limits = application(&outcome.and(), &id).limits.unwrap();
    assert_eq!(
        limits.due.to_string(),
        "2026-02-24T16:00:00Z",
        "Saturday 14 (worked) and Tuesday 24 February"
    );
    assert_eq!(limits.basis.to_string(), "Order 164 art. 12(3)");
}

fn warn(scenario: Scenario, id: &ApplicationId, at: &str) -> (Scenario, Vec<u8>) {
    let id = id.clone();
    let pass = |tx: &mut Transaction| -> Result<(), Halt> { pass_time(tx, &id) };
    let outcome = scenario.later(at).when(pass);
    let events: Vec<ApplicationEvent> = outcome.events::<Application>(id.as_str());
    let percents = events
        .iter()
        .filter_map(|event| match event.fact {
            ApplicationFact::DecisionDeadlineWarned { percent, .. } => Some(percent),
            _ => None,
        })
        .collect();
    (outcome.and(), percents)
}

#[test]
fn officers_are_warned_at_half_four_fifths_and_the_end_of_the_limit() {
    // From Monday 09:00 to the end of Wednesday: 63 hours.
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let scenario = outcome.and();
    let (scenario, warned) = warn(scenario, &id, "2026-03-03T16:29:59+08:00");
    assert!(warned.is_empty(), "{warned:?}");
    let (scenario, warned) = warn(scenario, &id, "2026-03-03T16:30:00+08:00");
    assert_eq!(warned, [50_u8]);
    let (scenario, warned) = warn(scenario, &id, "2026-03-04T11:23:59+08:00");
    assert!(warned.is_empty(), "{warned:?}");
    let (scenario, warned) = warn(scenario, &id, "2026-03-05T00:00:00+08:00");
    assert_eq!(warned, [80_u8, 100]);
    let (_, warned) = warn(scenario, &id, "2026-03-09T00:00:00+08:00");
    assert!(warned.is_empty(), "{warned:?}");
}

/// What is late, and where the fine stands; `None`: in time.
fn late(scenario: Scenario, at: &str, request: Request, by: char) -> Option<String> {
    let outcome = filed(scenario.later(at), filing_with_wish(request, by));
    let id = outcome.value().clone();
    application(&outcome.and(), &id)
        .late
        .map(|late| late.basis.to_string())
}

fn filing_with_wish(request: Request, by: char) -> registration::domain::application::filing::File {
    let gives = matches!(request, Request::Transfer(_));
    let mut command = filing(request, vec![person(by)]);
    command.wish = gives.then_some(registration::domain::plate::PlateWish::Any);
    command
}

#[test]
fn a_transfer_is_applied_for_within_thirty_days_of_delivery() {
    let story = || registered(Scenario::at(MONDAY), car(), 'b');
    // Delivered on 1 March: in time to the end of the 31st.
    let request = || transfer_to('c', Destination::Here);
    assert_eq!(
        late(story(), "2026-03-31T23:59:59+08:00", request(), 'c'),
        None
    );
    assert_eq!(
        late(story(), "2026-04-01T00:00:00+08:00", request(), 'c').as_deref(),
        Some("Order 164 art. 78(6)")
    );
}

#[test]
fn a_new_colour_is_applied_for_within_ten_working_days() {
    let story = || registered(Scenario::at(MONDAY), car(), 'b');
    let request = || Request::ParticularsChange {
        change: Box::new(Change::Colour(crate::fixtures::text("red"))),
        changed_on: day("2026-03-02"),
    };
    assert_eq!(
        late(story(), "2026-03-16T23:59:59+08:00", request(), 'b'),
        None,
        "the tenth working day"
    );
    assert_eq!(
        late(story(), "2026-03-17T00:00:00+08:00", request(), 'b').as_deref(),
        Some("Order 164 art. 78(5)")
    );
}

#[test]
fn a_new_contact_is_filed_within_thirty_days() {
    let story = || registered(Scenario::at(MONDAY), car(), 'b');
    let request = || Request::OwnerFiling {
        filing: Box::new(OwnerFiling::Contact(person('b'))),
        changed_on: day("2026-03-02"),
    };
    assert_eq!(
        late(story(), "2026-04-01T23:59:59+08:00", request(), 'b'),
        None
    );
    assert_eq!(
        late(story(), "2026-04-02T00:00:00+08:00", request(), 'b').as_deref(),
        Some("Order 164 art. 78(8)")
    );
}

#[test]
fn a_mortgage_is_never_late() {
    let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    let outcome = filed(
        scenario,
        filing(mortgage(bank()), vec![person('b'), bank()]),
    );
    let id = outcome.value().clone();
    assert_eq!(application(&outcome.and(), &id).late, None);
}
