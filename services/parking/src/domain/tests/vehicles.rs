//! Which vehicle it is decides what it pays and where it may stand.

use super::super::bay::{Bay, BayEvent, IllegalGround};
use super::super::session::Exemption;
use super::super::waiver::{self, FreeGround, Waiver};
use super::*;

#[test]
fn free_vehicles_pay_nothing_art_28_4() {
    let free = |tx: &mut Transaction, ground| {
        waiver::grant(
            tx,
            vehicle("鲁R12345").plate,
            ground,
            at("00:00:00"),
            at("23:00:00"),
            "order 1".into(),
        )
    };
    for ground in [
        FreeGround::Fire,
        FreeGround::Ambulance,
        FreeGround::Rescue,
        FreeGround::Military,
        FreeGround::Police,
        FreeGround::Disabled,
    ] {
        let mut sessions = Sessions::default();
        let story = a_bay().when(|tx| free(tx, ground)).and();
        let readings = [
            arrived(1, "09:00:00"),
            plate(1, "09:01:00", "鲁R12345"),
            left(2, "12:00:00"),
        ];
        let (story, _) = send(story, &mut sessions, at("12:00:00"), &readings);
        let bill = session_of(&story, &sessions, 0).bill.unwrap();
        assert_eq!(bill.exemption, Some(Exemption::Free(ground)));
        assert_eq!(bill.charge.amount, Fen::ZERO);
    }
    for (number, ground) in [
        ("VA12345", FreeGround::Military),
        ("鲁R1234警", FreeGround::Police),
    ] {
        let mut sessions = Sessions::default();
        let readings = [
            arrived(1, "09:00:00"),
            plate(1, "09:01:00", number),
            left(2, "12:00:00"),
        ];
        let (story, _) = send(a_bay(), &mut sessions, at("12:00:00"), &readings);
        let bill = session_of(&story, &sessions, 0).bill.unwrap();
        assert_eq!(
            bill.exemption,
            Some(Exemption::Free(ground)),
            "told by the plate"
        );
    }
}

#[test]
fn what_was_free_under_one_waiver_stays_free_under_the_next() {
    let grant = |tx: &mut Transaction, from: &str, until: &str| {
        let plate = vehicle("鲁R12345").plate;
        let (from, until) = (at(from), at(until));
        waiver::grant(tx, plate, FreeGround::Disabled, from, until, "pass".into())
    };
    let story = a_bay()
        .when(|tx| grant(tx, "08:00:00", "10:00:00"))
        .and()
        .later(&at("12:00:00").to_string())
        .when(|tx| grant(tx, "12:00:00", "20:00:00"))
        .and();
    let mut sessions = Sessions::default();
    let readings = [
        arrived(1, "09:00:00"),
        plate(1, "09:01:00", "鲁R12345"),
        left(2, "10:30:00"),
        arrived(3, "10:45:00"),
        plate(2, "10:46:00", "鲁R12345"),
        left(4, "11:45:00"),
    ];
    let (story, _) = send(story, &mut sessions, at("12:00:00"), &readings);
    let charged = |index| {
        let bill = session_of(&story, &sessions, index).bill.unwrap();
        (bill.exemption, bill.charge.amount)
    };
    let free = Exemption::Free(FreeGround::Disabled);
    assert_eq!(charged(0), (Some(free), Fen::ZERO));
    assert_eq!(charged(1), (None, fen(450)), "between the two");
}

#[test]
fn sixteen_earlier_waivers_of_a_plate_are_remembered_and_no_more() {
    let plate = vehicle("鲁R12345").plate;
    let mut story = a_bay();
    for number in 0..20 {
        let from = at("08:00:00") + minutes(number);
        let until = from + minutes(1);
        story = story
            .later(&from.to_string())
            .when(|tx| {
                let ground = FreeGround::Disabled;
                waiver::grant(tx, plate.clone(), ground, from, until, "pass".into())
            })
            .and();
    }
    let waiver = story.state::<Waiver>(&plate.token());
    assert_eq!(waiver.earlier.len(), Waiver::MAX_EARLIER);
    assert_eq!(waiver.covers(at("08:02:59")), None);
    assert!(waiver.covers(at("08:03:00")).is_some());
    assert!(waiver.covers(at("08:19:59")).is_some());
}

#[test]
fn before_a_tariff_is_in_force_nothing_is_charged() {
    let mut sessions = Sessions::default();
    let (name, mut version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    version.effective_from = "2026-03-03".parse().unwrap();
    let story = Scenario::at("2026-03-03T08:00:00+08:00")
        .when(|tx| {
            tariff::create(tx, &tariff_id(), name, version)?;
            let details = ZoneDetails {
                display_name: "Centre".into(),
                grade: ZoneGrade::I,
                district: mudan(),
                tariff: tariff_id(),
            };
            zone::open(tx, &zone_id(), details)?;
            marking::mark(tx, &bay_id(), marking(BayKind::Standard), &[])
        })
        .and();
    let now = ts("2026-03-03T08:00:00+08:00");
    let (story, _) = send(
        story,
        &mut sessions,
        now,
        &[arrived(1, "22:00:00"), left(2, "23:30:00")],
    );
    let bill = session_of(&story, &sessions, 0).bill.unwrap();
    assert_eq!(
        (bill.exemption, bill.charge.amount),
        (Some(Exemption::NoTariff), Fen::ZERO)
    );
}

#[test]
fn a_sighting_where_the_vehicle_may_not_stand_is_reported_once_an_act() {
    for (kind, ground) in [
        (BayKind::Disabled, IllegalGround::Disabled),
        (BayKind::Electric, IllegalGround::Electric),
    ] {
        let story = a_bay_of(kind)
            .later(&at("09:05:00").to_string())
            .when(|tx| {
                watch::ingest(
                    tx,
                    &bay_id(),
                    &[arrived(1, "09:00:00"), plate(1, "09:01:00", "鲁R12345")],
                )
            });
        let reported: Vec<BayEvent> = story
            .events::<Bay>("b1")
            .into_iter()
            .filter(|event| matches!(event, BayEvent::IllegalParkingSeen { .. }))
            .collect();
        assert_eq!(
            reported,
            [BayEvent::IllegalParkingSeen {
                place: story_place(),
                plate: vehicle("鲁R12345").plate,
                ground,
                observed_at: at("09:01:00"),
                occupations: vec![],
                act: at("00:00:00"),
            }]
        );
        let again = story
            .and()
            .when(|tx| watch::ingest(tx, &bay_id(), &[plate(2, "09:02:00", "鲁R12345")]))
            .events::<Bay>("b1");
        assert!(
            !again
                .iter()
                .any(|event| matches!(event, BayEvent::IllegalParkingSeen { .. })),
            "{again:?}"
        );
    }
}

#[test]
fn an_electric_car_may_stand_at_a_charger_and_a_disabled_holder_in_his_bay() {
    let no_report = |story: Scenario, number: &str| {
        let events = story
            .later(&at("09:05:00").to_string())
            .when(|tx| watch::ingest(tx, &bay_id(), &[plate(1, "09:01:00", number)]))
            .events::<Bay>("b1");
        assert!(
            !events
                .iter()
                .any(|event| matches!(event, BayEvent::IllegalParkingSeen { .. })),
            "{events:?}"
        );
    };
    no_report(a_bay_of(BayKind::Electric), "鲁RD12345");
    let plate = vehicle("鲁R12345").plate;
    let with_pass = a_bay_of(BayKind::Disabled)
        .when(|tx| {
            waiver::grant(
                tx,
                plate,
                FreeGround::Disabled,
                at("00:00:00"),
                at("23:00:00"),
                "pass".into(),
            )
        })
        .and();
    no_report(with_pass, "鲁R12345");
}
