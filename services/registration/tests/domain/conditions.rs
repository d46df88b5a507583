//! What must hold before anything is decided: holds, violations, age, holders of rights, offices, agents.

use crate::fixtures::{
    MONDAY, approving, bank, car, city, city_officer, day, done, filed, filing, initial, mortgage,
    number, person, registered, text, transfer_to, truck, vehicle, vin,
};
use chassis::testing::{Outcome, Scenario};
use registration::domain::application::ApplicationId;
use registration::domain::application::filing::File;
use registration::domain::application::request::{
    Arrival, Change, Destination, OwnerFiling, Request,
};
use registration::domain::blocks::{Block, BlockKind, close_case, dispose, open_case};
use registration::domain::party::Party;
use registration::domain::plate::PlateWish;
use registration::domain::vehicle::VehicleStage;
use registration::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use registration::domain::vehicle::event::{
    CancellationCause, Document, EncumbranceKind, HoldKind,
};
use registration::domain::vehicle::notices::{
    cancel_of_office, lift_hold, place_hold, record_moved_away,
};

fn wished(request: Request, applicants: Vec<Party>) -> File {
    let gives = matches!(
        &request,
        Request::Transfer(transfer) if transfer.destination == Destination::Here
    ) || matches!(request, Request::JointOwner { .. } | Request::MoveIn(_));
    File {
        wish: gives.then_some(PlateWish::Any),
        ..filing(request, applicants)
    }
}

/// What owner `b` may ask for, with whoever else must apply.
fn businesses() -> Vec<(&'static str, Request, Vec<Party>)> {
    vec![
        (
            "change",
            Request::ParticularsChange {
                change: Box::new(Change::Colour(text("red"))),
                changed_on: day("2026-03-02"),
            },
            vec![person('b')],
        ),
        (
            "transfer",
            transfer_to('c', Destination::Here),
            vec![person('c')],
        ),
        ("mortgage", mortgage(bank()), vec![person('b'), bank()]),
        (
            "cancellation",
            Request::Cancellation {
                cause: CancellationCause::Abroad,
            },
            vec![person('b')],
        ),
        (
            "mark",
            Request::InspectionMark {
                valid_until: Some(day("2030-03-02")),
            },
            vec![person('b')],
        ),
        ("plates", Request::PlateReissue, vec![person('b')]),
    ]
}

fn ask(scenario: Scenario, name: &str) -> Outcome<ApplicationId> {
    let (_, request, applicants) = businesses()
        .into_iter()
        .find(|(own, ..)| *own == name)
        .expect("a business of the list");
    // The mark can be applied for three months before the old one ends.
    let scenario = match name {
        "mark" => scenario.later("2028-02-01T09:00:00+08:00"),
        _ => scenario,
    };
    filed(scenario, wished(request, applicants))
}

fn held(kind: HoldKind) -> Scenario {
    registered(Scenario::at(MONDAY), car(), 'b')
        .by(city_officer())
        .when(|tx| place_hold(tx, &vin(), kind, text("Sample Court"), number("N-1")))
        .and()
}

#[test]
fn nothing_is_registered_for_a_sealed_vehicle_but_lost_papers_are_replaced() {
    for (business, article) in [
        ("change", "art. 21(1)(3)"),
        ("transfer", "art. 29(4)"),
        ("mortgage", "art. 36"),
        ("cancellation", "art. 42"),
    ] {
        let basis = format!("Order 164 {article}");
        ask(held(HoldKind::Seizure), business).then_refused("VEHICLE_SEALED", Some(&basis));
    }
    ask(held(HoldKind::Seizure), "mark").and();
    ask(held(HoldKind::Seizure), "plates").and();
}

#[test]
fn all_business_of_a_stolen_vehicle_stops() {
    for (business, article) in [
        ("change", "art. 21(1)(3)"),
        ("transfer", "art. 29(4)"),
        ("mortgage", "art. 36"),
        ("cancellation", "art. 42"),
        ("mark", "art. 76(1)"),
        ("plates", "art. 76(1)"),
    ] {
        let basis = format!("Order 164 {article}");
        ask(held(HoldKind::Theft), business).then_refused("VEHICLE_STOLEN", Some(&basis));
    }
}

#[test]
fn the_same_notice_again_changes_nothing_and_its_lifting_frees_the_vehicle() {
    let scenario = held(HoldKind::Seizure)
        .when(|tx| {
            place_hold(
                tx,
                &vin(),
                HoldKind::Seizure,
                text("Sample Court"),
                number("N-1"),
            )
        })
        .then_nothing();
    let scenario = scenario
        .when(|tx| lift_hold(tx, &vin(), HoldKind::Seizure, number("N-2"), number("L-1")))
        .then_refused("NO_SUCH_HOLD", None);
    let scenario = scenario
        .when(|tx| lift_hold(tx, &vin(), HoldKind::Seizure, number("N-1"), number("L-1")))
        .and();
    ask(scenario, "transfer").and();
}

#[test]
fn a_vehicle_sealed_before_its_first_registration_is_not_registered() {
    let outcome = filed(Scenario::at(MONDAY), initial(car(), 'b'));
    let id = outcome.value().clone();
    let scenario = outcome
        .and()
        .by(city_officer())
        .when(|tx| {
            place_hold(
                tx,
                &vin(),
                HoldKind::Seizure,
                text("Sample Court"),
                number("N-1"),
            )
        })
        .and();
    approving(scenario, &id).then_refused("VEHICLE_SEALED", Some("Order 164 art. 15(8)"));
}

fn block(kind: BlockKind) -> Block {
    Block {
        kind,
        case: number("case-1"),
        acted_at: ACT.parse().unwrap(),
    }
}

fn with_case(kind: BlockKind, acted_at: &str) -> Scenario {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let plate = vehicle(&scenario).number().unwrap().clone();
    let block = Block {
        kind,
        case: number("case-1"),
        acted_at: acted_at.parse().unwrap(),
    };
    scenario
        .when(|tx| open_case(tx, &plate, block.clone(), 1))
        .and()
}

const ACT: &str = "2026-03-05T08:00:00+08:00";

#[test]
fn open_violations_stop_transfer_leaving_and_mark_and_nothing_else() {
    for (business, article) in [
        ("transfer", "art. 25(2)"),
        ("cancellation", "art. 37(2)"),
        ("mark", "art. 54(2)"),
    ] {
        let basis = format!("Order 164 {article}");
        ask(with_case(BlockKind::Violation, ACT), business)
            .then_refused("VIOLATIONS_OPEN", Some(&basis));
    }
    for business in ["change", "mortgage", "plates"] {
        ask(with_case(BlockKind::Violation, ACT), business).and();
    }
}

#[test]
fn a_settled_violation_no_longer_stops_the_transfer_and_news_may_come_twice() {
    let scenario = with_case(BlockKind::Violation, ACT);
    let plate = vehicle(&scenario).number().unwrap().clone();
    let close = |scenario: Scenario| {
        let block = Block {
            kind: BlockKind::Violation,
            case: number("case-1"),
            acted_at: ACT.parse().unwrap(),
        };
        scenario.when(|tx| close_case(tx, &plate, block.clone(), 2))
    };
    let scenario = close(scenario).and();
    let scenario = close(scenario).then_nothing();
    ask(scenario, "transfer").and();
}

#[test]
fn an_act_from_before_the_number_was_given_is_another_vehicles() {
    ask(
        with_case(BlockKind::Violation, "2026-03-01T23:59:59+08:00"),
        "transfer",
    )
    .and();
    ask(
        with_case(BlockKind::Violation, "2026-03-02T00:00:00+08:00"),
        "transfer",
    )
    .then_refused("VIOLATIONS_OPEN", Some("Order 164 art. 25(2)"));
}

#[test]
fn a_detained_vehicle_is_seized() {
    ask(with_case(BlockKind::Detention, ACT), "transfer")
        .then_refused("VEHICLE_SEALED", Some("Order 164 art. 29(4)"));
}

#[test]
fn a_detained_vehicle_that_was_auctioned_is_free_regulations_art_107() {
    let scenario = with_case(BlockKind::Detention, ACT);
    let plate = vehicle(&scenario).number().unwrap().clone();
    let scenario = scenario
        .when(|tx| dispose(tx, &plate, block(BlockKind::Detention), false, 2))
        .and();
    ask(scenario, "transfer").and();
}

#[test]
fn a_detained_vehicle_that_was_scrapped_waits_to_be_cancelled_order_164_art_40_2() {
    let due = Some("Order 164 art. 40(2)");
    let scenario = with_case(BlockKind::Detention, ACT);
    let plate = vehicle(&scenario).number().unwrap().clone();
    let mut scenario = scenario
        .when(|tx| dispose(tx, &plate, block(BlockKind::Detention), true, 2))
        .and();
    for business in ["transfer", "cancellation", "mortgage", "plates"] {
        scenario = ask(scenario, business).then_refused("FORCED_CANCELLATION_DUE", due);
    }
    let scenario = scenario
        .by(city_officer())
        .when(|tx| cancel_of_office(tx, &vin(), CancellationCause::ForcedScrapping, None))
        .and();
    assert_eq!(vehicle(&scenario).stage, VehicleStage::Cancelled);
}

#[test]
fn an_accident_that_is_not_settled_stops_the_transfer() {
    ask(held(HoldKind::Accident), "transfer")
        .then_refused("VIOLATIONS_OPEN", Some("Order 164 art. 25(2)"));
}

#[test]
fn a_violation_that_comes_between_filing_and_decision_stops_the_decision() {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let plate = vehicle(&scenario).number().unwrap().clone();
    let outcome = ask(scenario, "transfer");
    let id = outcome.value().clone();
    let block = Block {
        kind: BlockKind::Violation,
        case: number("case-1"),
        acted_at: ACT.parse().unwrap(),
    };
    let scenario = outcome
        .and()
        .when(|tx| open_case(tx, &plate, block.clone(), 1))
        .and();
    approving(scenario, &id).then_refused("VIOLATIONS_OPEN", Some("Order 164 art. 25(2)"));
}

/// A truck whose age ends on 2 March 2041.
fn truck_at(day: &str) -> Scenario {
    registered(Scenario::at(MONDAY), truck(), 'b').later(day)
}

#[test]
fn a_vehicle_is_not_transferred_within_a_year_of_its_age_of_scrapping() {
    ask(truck_at("2040-03-01T23:59:00+08:00"), "transfer").and();
    ask(truck_at("2040-03-02T00:00:00+08:00"), "transfer")
        .then_refused("NEAR_SCRAP_AGE", Some("Order 164 art. 29(3)"));
    ask(truck_at("2041-03-02T23:59:00+08:00"), "transfer")
        .then_refused("NEAR_SCRAP_AGE", Some("Order 164 art. 29(3)"));
    ask(truck_at("2041-03-03T00:00:00+08:00"), "transfer")
        .then_refused("SCRAP_AGE", Some("Order 164 art. 29(4)"));
}

#[test]
fn use_and_residence_do_not_change_within_a_year_of_the_age_of_scrapping() {
    let use_change = || Request::ParticularsChange {
        change: Box::new(Change::Use(UseNature::NonOperating)),
        changed_on: day("2040-03-01"),
    };
    let asked = |at, request: Request| filed(truck_at(at), filing(request, vec![person('b')]));
    asked("2040-03-01T23:59:00+08:00", use_change()).and();
    asked("2040-03-02T00:00:00+08:00", use_change())
        .then_refused("NEAR_SCRAP_AGE", Some("Order 164 art. 21(2)"));
    let move_out = || Request::MoveOut {
        to: text("Sample City"),
    };
    asked("2040-03-01T23:59:00+08:00", move_out()).and();
    asked("2040-03-02T00:00:00+08:00", move_out())
        .then_refused("NEAR_SCRAP_AGE", Some("Order 164 art. 21(2)"));
    // Other changes are made to the end of its age.
    ask(truck_at("2041-03-02T23:59:00+08:00"), "change").and();
    ask(truck_at("2041-03-03T00:00:00+08:00"), "change")
        .then_refused("SCRAP_AGE", Some("Order 164 art. 21(1)(3)"));
    ask(truck_at("2041-03-03T00:00:00+08:00"), "mortgage")
        .then_refused("SCRAP_AGE", Some("Order 164 art. 36"));
}

#[test]
fn void_papers_and_marks_are_not_made_again_beyond_the_age_of_scrapping_order_164_art_41() {
    let beyond = || truck_at("2041-03-03T00:00:00+08:00");
    let void = Some("Order 164 art. 41(1)");
    for request in [
        Request::InspectionMark {
            valid_until: Some(day("2042-03-02")),
        },
        Request::PlateReissue,
        Request::DocumentReissue {
            document: Document::Licence,
        },
    ] {
        filed(beyond(), filing(request, vec![person('b')])).then_refused("SCRAP_AGE", void);
    }
    let in_time = truck_at("2041-03-02T23:59:00+08:00");
    filed(in_time, filing(Request::PlateReissue, vec![person('b')])).and();
}

#[test]
fn a_scrapped_vehicle_is_not_registered_again_order_164_art_15_10() {
    let cancelled = |cause| {
        let scenario = registered(Scenario::at(MONDAY), car(), 'b')
            .by(city_officer())
            .when(|tx| cancel_of_office(tx, &vin(), cause, None))
            .and();
        filed(scenario, initial(car(), 'c'))
    };
    cancelled(CancellationCause::ForcedScrapping)
        .then_refused("VEHICLE_SCRAPPED", Some("Order 164 art. 15(10)"));
    cancelled(CancellationCause::Revoked).and();
}

fn mortgaged() -> Scenario {
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    done(
        scenario,
        filing(mortgage(bank()), vec![person('b'), bank()]),
    )
    .0
}

#[test]
fn a_mortgaged_vehicle_is_transferred_if_owner_buyer_and_mortgagee_apply_together() {
    let ask = |applicants: Vec<Party>| {
        filed(
            mortgaged(),
            wished(transfer_to('c', Destination::Here), applicants),
        )
    };
    let basis = Some("Order 164 art. 26(3)");
    ask(vec![person('c')]).then_refused("HOLDER_MUST_APPLY", basis);
    ask(vec![person('c'), person('b')]).then_refused("HOLDER_MUST_APPLY", basis);
    ask(vec![person('c'), bank()]).then_refused("HOLDER_MUST_APPLY", basis);
    let outcome = ask(vec![person('c'), person('b'), bank()]);
    let id = outcome.value().clone();
    let scenario = approving(outcome.and(), &id).and();
    let transferred = vehicle(&scenario);
    assert!(transferred.is_owned_by(&person('c')));
    assert_eq!(
        transferred.holders(EncumbranceKind::Mortgage).count(),
        1,
        "the mortgage is registered anew with the transfer"
    );
}

#[test]
fn a_mortgagee_applies_too_for_another_certificate_and_a_mortgaged_vehicle_is_not_cancelled() {
    let certificate = Request::DocumentReissue {
        document: Document::Certificate,
    };
    filed(mortgaged(), filing(certificate.clone(), vec![person('b')]))
        .then_refused("HOLDER_MUST_APPLY", Some("Order 164 art. 32(3)"));
    filed(mortgaged(), filing(certificate, vec![person('b'), bank()])).and();
    let licence = Request::DocumentReissue {
        document: Document::Licence,
    };
    filed(mortgaged(), filing(licence, vec![person('b')])).and();
    ask(mortgaged(), "cancellation").then_refused("STILL_ENCUMBERED", Some("Order 164 art. 42"));
}

#[test]
fn only_the_owner_applies() {
    let other: Vec<(Request, &str)> = vec![
        (Request::PlateReissue, "art. 51(1)"),
        (
            Request::MoveOut {
                to: text("Sample City"),
            },
            "art. 18",
        ),
        (
            Request::OwnerFiling {
                filing: Box::new(OwnerFiling::VinRestamped),
                changed_on: day("2026-03-02"),
            },
            "art. 23",
        ),
        (
            Request::Cancellation {
                cause: CancellationCause::Destroyed,
            },
            "art. 37(1)",
        ),
    ];
    for (request, article) in other {
        let scenario = registered(Scenario::at(MONDAY), car(), 'b');
        let basis = format!("Order 164 {article}");
        filed(scenario, filing(request, vec![person('z')]))
            .then_refused("NOT_THE_OWNER", Some(&basis));
    }
}

#[test]
fn another_owner_needs_a_transfer_and_is_not_filed_as_a_new_name_or_contact_order_164_art_23() {
    let ask = |own: OwnerFiling, applicants: Vec<Party>| {
        let request = Request::OwnerFiling {
            filing: Box::new(own),
            changed_on: day("2026-03-02"),
        };
        let scenario = registered(Scenario::at(MONDAY), car(), 'b');
        filed(scenario, filing(request, applicants))
    };
    let both = || vec![person('c'), person('b')];
    ask(OwnerFiling::NameOrResidence(person('c')), both())
        .then_refused("ANOTHER_PERSON", Some("Order 164 art. 23(1)"));
    ask(OwnerFiling::Contact(person('c')), both())
        .then_refused("ANOTHER_PERSON", Some("Order 164 art. 23(3)"));
    ask(OwnerFiling::NameOrResidence(person('b')), vec![person('b')]).and();
    // Who has another identity number is another person to the register: the papers prove that it is the owner.
    ask(OwnerFiling::Identity(person('c')), vec![person('c')]).and();
}

#[test]
fn a_pledge_is_released_by_owner_and_pledgee_together_and_by_no_ruling_order_164_art_34_2() {
    let pledge = Request::Encumber {
        kind: EncumbranceKind::Pledge,
        holder: Box::new(bank()),
    };
    let scenario = registered(Scenario::at(MONDAY), car(), 'b');
    let (scenario, _) = done(scenario, filing(pledge, vec![person('b'), bank()]));
    let release = |by_court, applicants: Vec<Party>| {
        let request = Request::Release {
            kind: EncumbranceKind::Pledge,
            holder: Box::new(bank()),
            by_court,
        };
        filing(request, applicants)
    };
    let basis = Some("Order 164 art. 34(2)");
    let scenario = filed(scenario, release(true, vec![person('b')]))
        .then_refused("PLEDGE_NOT_BY_COURT", basis);
    let scenario = filed(scenario, release(true, vec![person('b'), bank()]))
        .then_refused("PLEDGE_NOT_BY_COURT", basis);
    let scenario =
        filed(scenario, release(false, vec![bank()])).then_refused("NOT_THE_OWNER", basis);
    let (scenario, _) = done(scenario, release(false, vec![person('b'), bank()]));
    assert_eq!(vehicle(&scenario).encumbrances, []);
}

#[test]
fn an_agent_does_not_act_where_the_owner_must_come() {
    let by_agent = |request: Request| {
        let command = File {
            agent: Some(person('z')),
            ..wished(request, vec![person('b'), person('c')])
        };
        filed(registered(Scenario::at(MONDAY), car(), 'b'), command)
    };
    let basis = Some("Order 164 art. 86(1)");
    by_agent(Request::DocumentReissue {
        document: Document::Certificate,
    })
    .then_refused("AGENT_NOT_ALLOWED", basis);
    by_agent(Request::Cancellation {
        cause: CancellationCause::Destroyed,
    })
    .then_refused("AGENT_NOT_ALLOWED", basis);
    by_agent(Request::JointOwner {
        new_owner: Box::new(person('c')),
        married_on: None,
    })
    .then_refused("AGENT_NOT_ALLOWED", basis);
    by_agent(Request::DocumentReissue {
        document: Document::Licence,
    })
    .and();
}

#[test]
fn county_offices_do_not_register_coaches_school_buses_and_hazardous_goods_vehicles() {
    let coach = Particulars {
        class: VehicleClass::MediumPassenger,
        ..car()
    };
    let school_bus = Particulars {
        use_nature: UseNature::SchoolBus,
        ..car()
    };
    let hazardous = Particulars {
        use_nature: UseNature::HazardousGoods,
        ..truck()
    };
    for vehicle in [&coach, &school_bus, &hazardous] {
        filed(Scenario::at(MONDAY), initial(vehicle.clone(), 'b'))
            .then_refused("CITY_OFFICE_ONLY", Some("Order 164 art. 2(3)"));
    }
    let at_the_city = |vehicle: Particulars| File {
        district: city(),
        ..initial(vehicle, 'b')
    };
    filed(Scenario::at(MONDAY), at_the_city(coach)).and();
    filed(Scenario::at(MONDAY), at_the_city(hazardous))
        .then_refused("OWNER_MUST_BE_ORGANISATION", Some("Order 164 art. 13(3)"));
}

#[test]
fn a_small_car_moves_by_an_application_where_it_arrives() {
    let move_out = Request::MoveOut {
        to: text("Sample City"),
    };
    filed(
        registered(Scenario::at(MONDAY), car(), 'b'),
        filing(move_out, vec![person('b')]),
    )
    .then_refused("APPLIES_AT_DESTINATION", Some("Order 164 art. 18(1)"));
    let arrival = Request::MoveIn(Box::new(Arrival {
        particulars: car(),
        owner: person('b'),
        from: text("Sample City"),
        first_registered_on: day("2026-02-01"),
        inspection_valid_until: day("2028-02-01"),
        moved_out_on: None,
    }));
    let (scenario, _) = done(Scenario::at(MONDAY), wished(arrival, vec![person('b')]));
    assert_eq!(vehicle(&scenario).stage, VehicleStage::Registered);
}

#[test]
fn what_stands_against_moving_out_stands_against_being_taken_in_elsewhere_arts_18_21() {
    let taken_in = |scenario: Scenario| {
        scenario.by(city_officer()).when(|tx| {
            let (to, notice) = (text("Sample City"), number("N-9"));
            record_moved_away(tx, &vin(), to, notice)
        })
    };
    for (kind, reason, article) in [
        (HoldKind::Seizure, "VEHICLE_SEALED", "art. 21(1)(3)"),
        (HoldKind::Theft, "VEHICLE_STOLEN", "art. 21(1)(3)"),
        (HoldKind::Inquiry, "INQUIRY_OPEN", "art. 74(1)"),
        (HoldKind::Accident, "VIOLATIONS_OPEN", "art. 18(3)"),
    ] {
        let basis = format!("Order 164 {article}");
        taken_in(held(kind)).then_refused(reason, Some(&basis));
    }
    taken_in(with_case(BlockKind::Violation, ACT))
        .then_refused("VIOLATIONS_OPEN", Some("Order 164 art. 18(3)"));
}

#[test]
fn an_unknown_vehicle_is_named_as_such() {
    filed(
        Scenario::at(MONDAY),
        filing(Request::PlateReissue, vec![person('b')]),
    )
    .then_refused("VEHICLE_NOT_FOUND", None);
}
