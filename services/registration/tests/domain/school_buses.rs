//! School bus signs: who fetches one, with what, until when it is valid, and how it comes back (Order 164 chapter 4).

use crate::fixtures::*;
use chassis::testing::Scenario;
use jiff::civil::Date;
use registration::domain::application::filing::File;
use registration::domain::application::materials::{Material, needed};
use registration::domain::application::request::{Destination, Request};
use registration::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use registration::domain::vehicle::school_bus::{SchoolBusUse, SignReturnCause, take_back};

fn bus() -> Particulars {
    Particulars {
        class: VehicleClass::MediumPassenger,
        use_nature: UseNature::SchoolBus,
        seats: 19,
        ..car()
    }
}

/// Licensed to the end of August, inspected for half a year.
fn licensed() -> SchoolBusUse {
    SchoolBusUse {
        driver: person('d'),
        route: text("Sample Road - Sample School"),
        hours: text("07:00, 16:30"),
        stops: text("Sample Bridge, Sample Market"),
        licensed_until: day("2026-08-31"),
        inspected_until: day("2026-07-31"),
    }
}

/// Asked of the county's office by the school and the owner of the bus.
fn asked(licensed: SchoolBusUse) -> File {
    let request = Request::SchoolBusSign(Box::new(licensed));
    filing(request, vec![bank(), person('b')])
}

/// Registered by the city's office.
fn registered_bus() -> Scenario {
    let command = File {
        district: city(),
        ..initial(bus(), 'b')
    };
    done(Scenario::at(MONDAY), command).0
}

fn with_sign() -> Scenario {
    done(registered_bus(), asked(licensed())).0
}

fn sign_until(scenario: &Scenario) -> Option<Date> {
    let sign = vehicle(scenario).school_bus_sign?;
    Some(sign.valid_until)
}

#[test]
fn a_sign_needs_driver_licence_plan_and_the_driver_s_papers_art_60_1() {
    let request = Request::SchoolBusSign(Box::new(licensed()));
    let listed: Vec<(Material, String)> = needed(&request, None, false, day("2026-03-02"))
        .submitted
        .into_iter()
        .map(|needed| (needed.material, needed.basis.to_string()))
        .collect();
    let article = |material, article: &str| (material, format!("Order 164 {article}"));
    assert_eq!(
        listed,
        [
            article(Material::DriverLicence, "art. 60(1)(2)"),
            article(Material::SchoolBusLicence, "art. 60(1)(4)"),
            article(Material::SchoolBusPlan, "art. 60(1)(5)"),
        ],
        "the vehicle licence of (3) is of this register"
    );
}

/// Licence, inspection: the last day of the sign.
#[test]
fn a_sign_ends_with_the_inspection_and_not_after_the_licence_art_61_2() {
    for (licence, inspection, last) in [
        ("2026-08-31", "2026-07-31", "2026-07-31"),
        ("2026-06-30", "2026-07-31", "2026-06-30"),
        ("2026-03-02", "2026-03-02", "2026-03-02"),
    ] {
        let wanted = SchoolBusUse {
            licensed_until: day(licence),
            inspected_until: day(inspection),
            ..licensed()
        };
        let (scenario, _) = done(registered_bus(), asked(wanted));
        assert_eq!(sign_until(&scenario), Some(day(last)));
    }
}

#[test]
fn what_is_over_gives_no_sign_and_no_inspection_holds_longer_than_half_a_year_arts_61_62() {
    let over = Some("Order 164 art. 61(2)");
    let wanted = |licence, inspection| SchoolBusUse {
        licensed_until: day(licence),
        inspected_until: day(inspection),
        ..licensed()
    };
    filed(registered_bus(), asked(wanted("2026-03-01", "2026-07-31")))
        .then_refused("SCHOOL_BUS_PAPERS_OVER", over);
    filed(registered_bus(), asked(wanted("2026-08-31", "2026-03-01")))
        .then_refused("SCHOOL_BUS_PAPERS_OVER", over);
    filed(registered_bus(), asked(wanted("2027-08-31", "2026-09-02"))).and();
    filed(registered_bus(), asked(wanted("2027-08-31", "2026-09-03"))).then_refused(
        "SCHOOL_BUS_INSPECTION_TOO_LONG",
        Some("Order 164 art. 62(1)"),
    );
}

#[test]
fn a_school_or_who_runs_buses_for_it_fetches_the_sign_with_the_owner_art_60_1() {
    let request = || Request::SchoolBusSign(Box::new(licensed()));
    filed(registered_bus(), filing(request(), vec![person('b')]))
        .then_refused("SCHOOL_BUS_BY_ORGANISATION", Some("Order 164 art. 60(1)"));
    filed(registered_bus(), filing(request(), vec![bank()]))
        .then_refused("NOT_THE_OWNER", Some("Order 164 art. 60(1)(1)"));
    let scenario = registered(Scenario::at(MONDAY), truck(), 'b');
    filed(scenario, asked(licensed())).then_refused("NO_SCHOOL_BUS", Some("Order 164 art. 60(2)"));
}

#[test]
fn a_changed_route_or_driver_takes_another_sign_art_64() {
    let changed = SchoolBusUse {
        driver: person('e'),
        route: text("Sample Lane - Sample School"),
        ..licensed()
    };
    let (scenario, _) = done(with_sign(), asked(changed.clone()));
    let sign = vehicle(&scenario).school_bus_sign.unwrap();
    assert_eq!(sign.licensed, changed);
}

#[test]
fn with_another_owner_the_sign_is_gone_art_64() {
    let command = File {
        district: city(),
        wish: Some(registration::domain::plate::PlateWish::Any),
        ..filing(transfer_to('c', Destination::Here), vec![person('c')])
    };
    let (scenario, _) = done(with_sign(), command);
    assert_eq!(vehicle(&scenario).school_bus_sign, None);
}

#[test]
fn a_new_inspection_mark_brings_a_new_sign_from_a_month_before_art_62() {
    let mark = || File {
        district: city(),
        ..filing(
            Request::InspectionMark {
                valid_until: Some(day("2027-03-31")),
            },
            vec![person('b')],
        )
    };
    // The bus was registered with a mark to 2 September 2026, and so is the sign.
    let scenario = registered_bus().later("2026-07-10T09:00:00+08:00");
    let wanted = SchoolBusUse {
        licensed_until: day("2027-02-28"),
        inspected_until: day("2026-09-02"),
        ..licensed()
    };
    let (scenario, _) = done(scenario, asked(wanted));
    let scenario = filed(scenario.later("2026-08-01T09:00:00+08:00"), mark())
        .then_refused("MARK_TOO_EARLY", Some("Order 164 art. 62(2)"));
    let (scenario, _) = done(scenario.later("2026-08-02T09:00:00+08:00"), mark());
    assert_eq!(
        sign_until(&scenario),
        Some(day("2027-02-28")),
        "not after the licence"
    );
}

#[test]
fn a_lost_sign_is_made_again_as_it_was_art_66() {
    let reissue = || filing(Request::SchoolBusSignReissue, vec![person('b')]);
    filed(registered_bus(), reissue())
        .then_refused("NO_SCHOOL_BUS_SIGN", Some("Order 164 art. 66"));
    let before = with_sign();
    let sign = vehicle(&before).school_bus_sign;
    let (scenario, _) = done(before, reissue());
    assert_eq!(vehicle(&scenario).school_bus_sign, sign);
}

#[test]
fn a_sign_comes_back_when_use_or_licence_end_art_63() {
    for (cause, basis) in [
        (SignReturnCause::ScrapAge, "art. 63(1)"),
        (SignReturnCause::UseEnded, "art. 63(1)"),
        (SignReturnCause::LicenceEnded, "art. 63(3)"),
    ] {
        let basis = format!("Order 164 {basis}");
        let scenario = with_sign()
            .by(officer())
            .when(|tx| take_back(tx, &vin(), cause))
            .and();
        assert_eq!(vehicle(&scenario).school_bus_sign, None);
        scenario
            .when(|tx| take_back(tx, &vin(), cause))
            .then_refused("NO_SCHOOL_BUS_SIGN", Some(&basis));
    }
    with_sign()
        .by(dealer())
        .when(|tx| take_back(tx, &vin(), SignReturnCause::UseEnded))
        .then_refused("OUTSIDE_DISTRICT", Some("Order 164 art. 2(2)"));
}
