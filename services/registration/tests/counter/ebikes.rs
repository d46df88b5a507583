//! E-bikes, article by article: Shandong Road Traffic Measures arts. 24 to 29, and the end of dated plates.

use crate::fixtures::*;
use chassis::testing::Scenario;
use jiff::civil::{Date, date};
use registration::domain::ebike::filing::{
    cancel, change_particulars, pass_time, register, reissue_plate, renew_transitional, series,
    transfer,
};
use registration::domain::ebike::ground::EbikeGround;
use registration::domain::ebike::plate::{
    Block, EbikePlate, PlateBlock, PlateBlockEvent, Series, draw,
};
use registration::domain::ebike::standards::{Conformity, EbikeRules};
use registration::domain::ebike::{CancelReason, Ebike, EbikeEvent, Marked, OriginKind, Stage};

fn registered() -> Scenario {
    start()
        .when(|tx| register(tx, &application('a'), regular(0)))
        .and()
}

/// How later events name an e-bike that bears this plate.
fn marked(plate: EbikePlate) -> Marked {
    Marked {
        plate,
        district: application('a').district,
    }
}

fn state(scenario: &Scenario) -> Ebike {
    scenario.state::<Ebike>(frame().as_str())
}

#[test]
fn who_meets_the_conditions_is_registered_on_the_spot_under_a_plate() {
    let wanted = application('a');
    let scenario = start()
        .when(|tx| register(tx, &wanted, regular(0)))
        .then::<Ebike>(
            frame().as_str(),
            [EbikeEvent::EbikeRegistered {
                owner: wanted.owner.clone(),
                plate: regular(0),
                conformity: Conformity::Conforming,
                ends_at: None,
                certificate: wanted.certificate.clone(),
                origin: wanted.origin.clone(),
                district: wanted.district,
                station: None,
            }],
        )
        .and();
    assert_eq!(state(&scenario).stage, Stage::Registered);
}

#[test]
fn applying_again_for_the_same_changes_nothing_and_the_first_plate_stays() {
    let scenario = registered()
        .when(|tx| register(tx, &application('a'), regular(1)))
        .then_nothing();
    assert_eq!(state(&scenario).plate, regular(0));
}

#[test]
fn a_frame_number_is_one_owners_on_one_set_of_documents() {
    let mut other_papers = application('a');
    other_papers.origin.number = number("FP-0002");
    registered()
        .when(|tx| register(tx, &application('b'), regular(1)))
        .then_refused(
            "FRAME_NUMBER_TAKEN",
            Some("Shandong Road Traffic Measures art. 27"),
        )
        .when(|tx| register(tx, &other_papers, regular(1)))
        .then_refused(
            "FRAME_NUMBER_TAKEN",
            Some("Shandong Road Traffic Measures art. 27"),
        );
}

#[test]
fn papers_are_of_their_time() {
    let mut future = application('a');
    future.origin.on = date(2026, 3, 3);
    let mut today = application('a');
    today.origin.on = date(2026, 3, 2);
    let mut made_later = application('a');
    made_later.certificate = Some(certificate("GB 17761-2024", date(2026, 2, 21)));
    start()
        .when(|tx| register(tx, &future, regular(0)))
        .then_refused(
            "ORIGIN_IN_FUTURE",
            Some("Shandong Road Traffic Measures art. 26(2)"),
        )
        .when(|tx| register(tx, &made_later, regular(0)))
        .then_refused(
            "CERTIFICATE_AFTER_ORIGIN",
            Some("Shandong Road Traffic Measures art. 26(3)"),
        )
        .when(|tx| register(tx, &today, regular(0)))
        .and();
}

/// Standard, made on, bought on, how: whether it conforms.
#[test]
fn a_certificate_counts_by_the_days_on_which_it_was_made_and_sold() {
    use OriginKind::{Gift, Invoice};
    let table: [(&str, Date, Date, OriginKind, bool); 11] = [
        (
            "GB 17761-2018",
            date(2019, 4, 14),
            date(2019, 5, 1),
            Invoice,
            false,
        ),
        (
            "GB 17761-2018",
            date(2019, 4, 15),
            date(2019, 5, 1),
            Invoice,
            true,
        ),
        (
            "GB 17761-2018",
            date(2025, 8, 31),
            date(2025, 11, 30),
            Invoice,
            true,
        ),
        (
            "GB 17761-2018",
            date(2025, 9, 1),
            date(2025, 11, 30),
            Invoice,
            false,
        ),
        (
            "GB 17761-2018",
            date(2025, 8, 31),
            date(2025, 12, 1),
            Invoice,
            false,
        ),
        // Used: what was made and sold in time stays what it is.
        (
            "GB 17761-2018",
            date(2025, 8, 31),
            date(2026, 1, 5),
            Gift,
            true,
        ),
        (
            "GB 17761-2024",
            date(2024, 12, 30),
            date(2025, 1, 5),
            Invoice,
            false,
        ),
        (
            "GB 17761-2024",
            date(2024, 12, 31),
            date(2025, 1, 5),
            Invoice,
            true,
        ),
        (
            "GB 17761-2024",
            date(2026, 2, 1),
            date(2026, 2, 2),
            Invoice,
            true,
        ),
        (
            "GB 17761-1999",
            date(2018, 2, 1),
            date(2020, 2, 2),
            Invoice,
            false,
        ),
        ("", date(2026, 2, 1), date(2026, 2, 2), Invoice, false),
    ];
    for (standard, made_on, bought_on, kind, conforms) in table {
        let mut wanted = application('a');
        wanted.certificate = (!standard.is_empty()).then(|| certificate(standard, made_on));
        wanted.origin = bought(bought_on);
        wanted.origin.kind = kind;
        let outcome = start().when(|tx| register(tx, &wanted, regular(0)));
        if conforms {
            assert_eq!(state(&outcome.and()).conformity, Conformity::Conforming);
        } else {
            outcome.then_refused(
                "NOT_CONFORMING",
                Some("Shandong Road Traffic Measures art. 25"),
            );
        }
    }
}

/// An e-bike without a certificate, bought before there was a standard to meet.
fn old() -> registration::domain::ebike::Application {
    let mut wanted = application('a');
    wanted.certificate = None;
    wanted.origin = bought(date(2019, 4, 14));
    wanted
}

#[test]
fn what_meets_no_standard_gets_a_dated_plate_while_they_are_given() {
    let dated = plate(Series::Transitional, 0);
    let scenario = Scenario::at("2022-12-31T23:59:59+08:00")
        .when(|tx| register(tx, &old(), dated))
        .and();
    assert_eq!(
        state(&scenario).conformity,
        Conformity::Transitional {
            valid_until: date(2025, 12, 31)
        }
    );
    Scenario::at("2023-01-01T00:00:00+08:00")
        .when(|tx| register(tx, &old(), dated))
        .then_refused(
            "TRANSITION_CLOSED",
            Some("Shandong Road Traffic Measures art. 25"),
        );
    assert_eq!(series(&old(), date(2022, 12, 31)), Ok(Series::Transitional));
    assert_eq!(
        series(&application('a'), date(2026, 3, 2)),
        Ok(Series::Regular)
    );
    let mut bought_later = old();
    bought_later.origin.on = date(2019, 4, 15);
    assert_eq!(
        series(&bought_later, date(2022, 12, 31)),
        Err(EbikeGround::NotConforming)
    );
}

#[test]
fn a_dated_plate_ends_with_its_last_day_and_is_then_no_plate() {
    let of = marked(plate(Series::Transitional, 0));
    let filed = Scenario::at("2022-06-01T10:00:00+08:00")
        .when(|tx| register(tx, &old(), plate(Series::Transitional, 0)))
        .and();
    let expired = filed
        .later("2025-12-31T23:59:59+08:00")
        .when(|tx| pass_time(tx, &frame()))
        .then_nothing()
        .later("2026-01-01T00:00:00+08:00")
        .when(|tx| pass_time(tx, &frame()))
        .then::<Ebike>(frame().as_str(), [EbikeEvent::PlateExpired { of }])
        .and();
    expired
        .when(|tx| pass_time(tx, &frame()))
        .then_nothing()
        .when(|tx| reissue_plate(tx, &frame(), &owner('a'), true))
        .then_refused(
            "EBIKE_NOT_REGISTERED",
            Some("Road Traffic Safety Law art. 18"),
        );
}

#[test]
fn renewals_are_refused_by_date_and_there_is_only_one() {
    let over = Some("Liaocheng Road Traffic Regulations art. 8(2)");
    let filed = || {
        Scenario::at("2022-06-01T10:00:00+08:00")
            .when(|tx| register(tx, &old(), plate(Series::Transitional, 0)))
            .and()
    };
    let renewed = filed()
        .later("2025-12-31T23:59:59+08:00")
        .when(|tx| renew_transitional(tx, &frame()))
        .then::<Ebike>(
            frame().as_str(),
            [EbikeEvent::TransitionalPlateRenewed {
                valid_until: date(2026, 12, 31),
                ends_at: at("2027-01-01T00:00:00"),
                of: Some(marked(plate(Series::Transitional, 0))),
            }],
        )
        .and();
    renewed
        .later("2026-11-30T10:00:00+08:00")
        .when(|tx| renew_transitional(tx, &frame()))
        .then_refused("TRANSITION_RENEWED", over);
    filed()
        .later("2026-01-01T00:00:00+08:00")
        .when(|tx| renew_transitional(tx, &frame()))
        .then_refused("TRANSITION_OVER", over);
    registered()
        .when(|tx| renew_transitional(tx, &frame()))
        .then_refused("NOT_TRANSITIONAL", over);
}

#[test]
fn a_transfer_needs_the_owner_another_owner_and_keeps_the_plate() {
    let scenario = registered()
        .when(|tx| {
            transfer(
                tx,
                &frame(),
                &owner('c'),
                &owner('b'),
                &bought(date(2026, 3, 1)),
            )
        })
        .then_refused(
            "NOT_THE_OWNER",
            Some("Shandong Road Traffic Measures art. 29"),
        )
        .when(|tx| {
            transfer(
                tx,
                &frame(),
                &owner('a'),
                &owner('a'),
                &bought(date(2026, 3, 1)),
            )
        })
        .then_refused(
            "SAME_OWNER",
            Some("Shandong Road Traffic Measures art. 29(1)"),
        )
        .when(|tx| {
            transfer(
                tx,
                &frame(),
                &owner('a'),
                &owner('b'),
                &bought(date(2026, 3, 3)),
            )
        })
        .then_refused(
            "ORIGIN_IN_FUTURE",
            Some("Shandong Road Traffic Measures art. 26(2)"),
        )
        .when(|tx| {
            transfer(
                tx,
                &frame(),
                &owner('a'),
                &owner('b'),
                &bought(date(2026, 3, 1)),
            )
        })
        .then::<Ebike>(
            frame().as_str(),
            [EbikeEvent::EbikeTransferred {
                owner: owner('b'),
                origin: bought(date(2026, 3, 1)),
                of: Some(marked(regular(0))),
            }],
        )
        .and();
    assert_eq!(state(&scenario).plate, regular(0));
}

#[test]
fn name_and_phone_change_but_not_the_person() {
    let scenario = registered()
        .when(|tx| change_particulars(tx, &frame(), &owner('b')))
        .then_refused(
            "ANOTHER_PERSON",
            Some("Shandong Road Traffic Measures art. 29(1)"),
        )
        .when(|tx| change_particulars(tx, &frame(), &named_owner('a', 2)))
        .and();
    assert_eq!(state(&scenario).owner, named_owner('a', 2));
}

#[test]
fn a_lost_plate_is_replaced_for_its_owner_when_the_ebike_is_presented() {
    let scenario = registered()
        .when(|tx| reissue_plate(tx, &frame(), &owner('b'), true))
        .then_refused(
            "NOT_THE_OWNER",
            Some("Shandong Road Traffic Measures art. 29"),
        )
        .when(|tx| reissue_plate(tx, &frame(), &owner('a'), false))
        .then_refused(
            "EBIKE_NOT_PRESENTED",
            Some("Shandong Road Traffic Measures art. 29(2)"),
        )
        .when(|tx| reissue_plate(tx, &frame(), &owner('a'), true))
        .and();
    let ebike = state(&scenario);
    assert_eq!((ebike.plate, ebike.plate_reissues), (regular(0), 1));
}

#[test]
fn what_is_scrapped_never_returns_and_what_is_lost_may() {
    let cancelled = |reason| {
        registered()
            .when(move |tx| cancel(tx, &frame(), &owner('a'), reason))
            .and()
            .when(move |tx| cancel(tx, &frame(), &owner('a'), reason))
            .then_refused(
                "EBIKE_NOT_REGISTERED",
                Some("Road Traffic Safety Law art. 18"),
            )
    };
    registered()
        .when(|tx| cancel(tx, &frame(), &owner('b'), CancelReason::Lost))
        .then_refused(
            "NOT_THE_OWNER",
            Some("Shandong Road Traffic Measures art. 29"),
        );
    cancelled(CancelReason::Scrapped)
        .when(|tx| register(tx, &application('b'), regular(1)))
        .then_refused(
            "EBIKE_SCRAPPED",
            Some("Shandong Road Traffic Measures art. 27"),
        );
    for reason in [
        CancelReason::Lost,
        CancelReason::LeftTheCity,
        CancelReason::ReturnedToSeller,
    ] {
        let again = cancelled(reason)
            .when(|tx| register(tx, &application('b'), regular(1)))
            .and();
        let ebike = state(&again);
        assert_eq!((ebike.plate, ebike.owner), (regular(1), owner('b')));
    }
}

#[test]
fn what_is_not_registered_is_unknown() {
    start()
        .when(|tx| cancel(tx, &frame(), &owner('a'), CancelReason::Lost))
        .then_refused("EBIKE_NOT_FOUND", None);
}

#[test]
fn a_block_of_plates_is_drawn_once() {
    let block = Block::new(Series::Regular, 3).unwrap();
    let id = block.id();
    start()
        .when(|tx| draw(tx, block))
        .then::<PlateBlock>(
            &id,
            [PlateBlockEvent::PlatesDrawn {
                first: block.plates().next().unwrap(),
                last: block.plates().last().unwrap(),
            }],
        )
        .and()
        .when(|tx| draw(tx, block))
        .then_refused("PLATES_DRAWN", None);
}

#[test]
fn the_shipped_rules_are_valid_and_nonsense_is_not() {
    EbikeRules::shipped();
    assert!(EbikeRules::parse("[[standard]]\nname='x'").is_err());
}

#[test]
fn a_stored_ebike_is_small() {
    let bytes = postcard::to_allocvec(&state(&registered())).unwrap();
    // Without the sealed box, which is some 110 bytes more.
    assert!(bytes.len() < 160, "{} bytes", bytes.len());
}
