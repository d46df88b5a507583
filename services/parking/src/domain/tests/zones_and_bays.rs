//! Zones and bays.

use super::super::bay::{Bay, BayEvent};
use super::super::rates::RateTable;
use super::super::session::{self, Correction};
use super::super::waiver::{self, FreeGround, Waiver};
use super::super::zone::{Zone, ZoneEvent};
use super::*;

fn details(district: District, tariff: &str) -> ZoneDetails {
    ZoneDetails {
        display_name: "Centre".into(),
        grade: ZoneGrade::II,
        district,
        tariff: TariffId::parse(tariff).expect("a name"),
    }
}

#[test]
fn a_zone_needs_a_tariff_that_is_in_force_art_32_1_1() {
    let (name, mut version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    version.effective_from = "2026-03-03".parse().unwrap();
    let basis = Some("Beijing Motor Vehicle Parking Regulations art. 32(1)(1)");
    let zone = zone_id();
    Scenario::at("2026-03-02T23:59:59+08:00")
        .when(|tx| zone::open(tx, &zone, details(mudan(), "class-1")))
        .then_refused("TARIFF_NOT_FOUND", None)
        .when(|tx| tariff::create(tx, &tariff_id(), name, version))
        .and()
        .when(|tx| zone::open(tx, &zone, details(mudan(), "class-1")))
        .then_refused("TARIFF_NOT_IN_FORCE", basis)
        .later("2026-03-03T00:00:00+08:00")
        .when(|tx| zone::open(tx, &zone, details(mudan(), "class-1")))
        .and();
}

#[test]
fn a_zone_is_opened_once_changed_and_retired_when_it_is_empty() {
    let zone = zone_id();
    let other_district = District::new(371_721).unwrap();
    let story = a_bay()
        .when(|tx| zone::open(tx, &zone, details(mudan(), "class-1")))
        .then_refused("ZONE_EXISTS", None)
        .when(|tx| zone::change(tx, &zone, details(other_district, "class-1")))
        .then_refused("ZONE_DISTRICT_FIXED", None)
        .when(|tx| zone::change(tx, &zone, details(mudan(), "none")))
        .then_refused("TARIFF_NOT_FOUND", None)
        .when(|tx| zone::change(tx, &zone, details(mudan(), "class-1")))
        .and()
        .when(|tx| zone::change(tx, &zone, details(mudan(), "class-1")))
        .then_nothing()
        .when(|tx| zone::retire(tx, &zone))
        .then_refused(
            "ZONE_HAS_BAYS",
            Some("Beijing Motor Vehicle Parking Regulations art. 36(1)"),
        )
        .when(|tx| marking::retire(tx, &bay_id()))
        .and()
        .when(|tx| zone::retire(tx, &zone))
        .and();
    assert!(story.state::<Zone>("centre").retired);
    story
        .when(|tx| zone::change(tx, &zone, details(mudan(), "class-1")))
        .then_refused("ZONE_NOT_FOUND", None)
        .when(|tx| {
            marking::mark(
                tx,
                &BayId::parse("b2").unwrap(),
                marking(BayKind::Standard),
                &[],
            )
        })
        .then_refused("ZONE_NOT_FOUND", None);
}

#[test]
fn a_retired_zone_may_be_opened_again_in_another_district_too() {
    let (zone, other) = (zone_id(), District::new(371_721).unwrap());
    let story = a_bay()
        .when(|tx| marking::retire(tx, &bay_id()))
        .and()
        .when(|tx| zone::retire(tx, &zone))
        .and()
        .when(|tx| zone::open(tx, &zone, details(other, "class-1")))
        .and();
    let opened = story.state::<Zone>("centre");
    assert_eq!((opened.retired, opened.bays), (false, 0));
    let story = story
        .when(|tx| zone::open(tx, &zone, details(other, "class-1")))
        .then_refused("ZONE_EXISTS", None)
        .when(|tx| marking::mark(tx, &bay_id(), marking(BayKind::Standard), &[]))
        .and();
    assert_eq!(story.state::<Bay>("b1").details.district, other);
}

/// A bay, and beside the sample tariff another `class-2` that costs 1 yuan a day at most.
fn a_bay_and_a_second_tariff() -> (Scenario, TariffId) {
    let (name, mut version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    let mut draft = version.rates.draft().clone();
    draft.cap_per_24_hours = fen(100);
    version.rates = RateTable::new(draft).unwrap();
    let class_2 = TariffId::parse("class-2").unwrap();
    let story = a_bay()
        .when(|tx| tariff::create(tx, &class_2, name, version))
        .and();
    (story, class_2)
}

#[test]
fn an_arrival_that_is_told_late_is_charged_by_the_tariff_of_its_time_art_32_1_1() {
    let (story, class_2) = a_bay_and_a_second_tariff();
    let story = story
        .later(&at("10:00:00").to_string())
        .when(|tx| zone::change(tx, &zone_id(), details(mudan(), "class-2")))
        .and();
    let mut sessions = Sessions::default();
    let readings = [
        arrived(1, "09:00:00"),
        left(2, "10:00:00"),
        arrived(3, "10:00:00"),
        left(4, "11:00:00"),
    ];
    let (story, _) = send(story, &mut sessions, at("11:00:00"), &readings);
    let charged = |index| {
        let session = session_of(&story, &sessions, index);
        (session.tariff.clone(), session.outstanding())
    };
    assert_eq!(charged(0), (tariff_id(), fen(450)));
    assert_eq!(charged(1), (class_2, fen(100)));
}

/// The zone of [`a_bay_and_a_second_tariff`] gets the other tariff at ten.
fn another_tariff_from_ten_on() -> (Scenario, TariffId) {
    let (story, class_2) = a_bay_and_a_second_tariff();
    let story = story
        .later(&at("10:00:00").to_string())
        .when(|tx| zone::change(tx, &zone_id(), details(mudan(), "class-2")))
        .and();
    (story, class_2)
}

fn correct_to(
    story: Scenario,
    session: &SessionId,
    arrived_at: Timestamp,
    left_at: Timestamp,
) -> Scenario {
    let correction = Correction {
        arrived_at,
        left_at,
        vehicle: None,
        note: "objection 1".into(),
    };
    story
        .when(|tx| session::correct(tx, session, correction))
        .and()
}

#[test]
fn an_arrival_corrected_across_a_change_of_tariff_is_charged_by_the_tariff_of_its_time_art_32_1_1()
{
    let (story, class_2) = another_tariff_from_ten_on();
    let mut sessions = Sessions::default();
    let (story, _) = send(
        story,
        &mut sessions,
        at("10:05:05"),
        &[arrived(2, "10:05:00")],
    );
    let told = |story: &Scenario, sessions: &Sessions| {
        let session = session_of(story, sessions, 0);
        (session.tariff.clone(), session.outstanding())
    };
    assert_eq!(told(&story, &sessions), (class_2.clone(), fen(0)));
    // The reading of its arrival comes late: it has stood there since nine.
    let late = [arrived(1, "09:00:00"), left(3, "11:05:00")];
    let (story, _) = send(story, &mut sessions, at("11:05:00"), &late);
    assert_eq!(told(&story, &sessions), (tariff_id(), fen(450 + 900)));
    // An officer finds that it came at ten past ten.
    let (from, until) = (at("10:10:00"), at("11:05:00"));
    let story = correct_to(story, &sessions.0[0], from, until);
    assert_eq!(told(&story, &sessions), (class_2, fen(100)));
}

#[test]
fn a_stay_of_long_ago_keeps_its_tariff_where_the_zone_has_forgotten_it() {
    let mut sessions = Sessions::default();
    let (story, _) = a_bay_and_a_second_tariff();
    let readings = [arrived(1, "09:00:00"), left(2, "09:45:00")];
    let (mut story, _) = send(story, &mut sessions, at("09:45:00"), &readings);
    for (now, tariff) in [
        ("2026-03-02T10:00:00+08:00", "class-2"),
        ("2026-03-03T10:00:00+08:00", "class-1"),
    ] {
        story = story
            .later(now)
            .when(|tx| zone::change(tx, &zone_id(), details(mudan(), tariff)))
            .and();
    }
    let story = correct_to(story, &sessions.0[0], at("08:45:00"), at("09:45:00"));
    let session = session_of(&story, &sessions, 0);
    assert_eq!(
        (session.tariff, session.bill.unwrap().charge.amount),
        (tariff_id(), fen(450))
    );
}

#[test]
fn a_zone_remembers_sixteen_tariffs_and_none_for_longer_than_readings_may_be_late() {
    let (mut story, _) = a_bay_and_a_second_tariff();
    for number in 1..=20 {
        let tariff = if number % 2 == 0 {
            "class-1"
        } else {
            "class-2"
        };
        story = story
            .later(&(at("08:00:00") + minutes(number)).to_string())
            .when(|tx| zone::change(tx, &zone_id(), details(mudan(), tariff)))
            .and();
    }
    let zone = story.state::<Zone>("centre");
    assert_eq!(zone.earlier.len(), Zone::MAX_EARLIER);
    assert_eq!(zone.tariff_at(at("08:18:59")).as_str(), "class-1");
    assert_eq!(zone.tariff_at(at("08:19:00")).as_str(), "class-2");
    assert_eq!(zone.tariff_at(at("08:20:00")).as_str(), "class-1");
    let story = story
        .later("2026-03-03T08:00:00+08:00")
        .when(|tx| zone::change(tx, &zone_id(), details(mudan(), "class-2")))
        .and();
    assert_eq!(story.state::<Zone>("centre").earlier.len(), 1);
}

#[test]
fn a_zone_knows_how_many_bays_stand_in_it() {
    let (centre, north) = (zone_id(), ZoneId::parse("north").unwrap());
    let (bay, other) = (bay_id(), BayId::parse("b2").unwrap());
    let in_zone = |zone: &ZoneId| Marking {
        zone: zone.clone(),
        ..marking(BayKind::Standard)
    };
    let counts = |story: &Scenario| ["centre", "north"].map(|id| story.state::<Zone>(id).bays);
    let story = a_bay()
        .when(|tx| zone::open(tx, &north, details(mudan(), "class-1")))
        .and()
        // Two at once.
        .when(|tx| {
            marking::mark(tx, &other, in_zone(&centre), &[])?;
            marking::mark(tx, &BayId::parse("b3").unwrap(), in_zone(&centre), &[])
        })
        .and();
    assert_eq!(counts(&story), [3, 0]);

    let moved = story.when(|tx| marking::change(tx, &bay, in_zone(&north), &[]));
    let (left, came) = (
        moved.events::<Zone>("centre"),
        moved.events::<Zone>("north"),
    );
    assert_eq!(left, [ZoneEvent::BayRemoved { bay: bay.clone() }]);
    assert_eq!(came, [ZoneEvent::BayAdded { bay: bay.clone() }]);
    let story = moved.and();
    assert_eq!(counts(&story), [2, 1]);

    let relabelled = Marking {
        label: "2".into(),
        ..in_zone(&north)
    };
    let changed = story.when(|tx| marking::change(tx, &bay, relabelled, &[]));
    assert!(changed.events::<Zone>("north").is_empty());
    let story = changed
        .and()
        .when(|tx| zone::retire(tx, &north))
        .then_refused(
            "ZONE_HAS_BAYS",
            Some("Beijing Motor Vehicle Parking Regulations art. 36(1)"),
        )
        .when(|tx| marking::retire(tx, &bay))
        .and();
    assert_eq!(counts(&story), [2, 0]);
    // Marked again, it counts again.
    let story = story
        .when(|tx| marking::mark(tx, &bay, in_zone(&north), &[]))
        .and();
    assert_eq!(counts(&story), [2, 1]);
    let story = story
        .when(|tx| marking::change(tx, &bay, in_zone(&centre), &[]))
        .and()
        .when(|tx| zone::retire(tx, &north))
        .and();
    assert_eq!(counts(&story), [3, 0]);
    story
        .when(|tx| marking::change(tx, &bay, in_zone(&north), &[]))
        .then_refused("ZONE_NOT_FOUND", None);
}

#[test]
fn a_bay_is_marked_once_changed_and_retired_when_nobody_stands_there() {
    let bay = bay_id();
    let mut sessions = Sessions::default();
    let story = a_bay()
        .when(|tx| marking::mark(tx, &bay, marking(BayKind::Standard), &[]))
        .then_refused("BAY_EXISTS", None)
        .when(|tx| marking::change(tx, &bay, marking(BayKind::Standard), &[]))
        .then_nothing()
        .when(|tx| marking::change(tx, &bay, marking(BayKind::Large), &[]))
        .and();
    let (story, _) = send(
        story,
        &mut sessions,
        at("09:00:00"),
        &[arrived(1, "09:00:00")],
    );
    let story = story.when(|tx| marking::retire(tx, &bay)).then_refused(
        "BAY_TAKEN",
        Some("Beijing Motor Vehicle Parking Regulations art. 36(1)"),
    );
    let (story, _) = send(story, &mut sessions, at("09:30:00"), &[left(2, "09:30:00")]);
    let retired = story.when(|tx| marking::retire(tx, &bay));
    let place = retired.events::<Bay>("b1");
    assert!(matches!(place.as_slice(), [BayEvent::BayRetired { .. }]));
    retired
        .and()
        .when(|tx| marking::retire(tx, &bay))
        .then_refused("BAY_NOT_FOUND", None)
        .when(|tx| marking::change(tx, &bay, marking(BayKind::Standard), &[]))
        .then_refused("BAY_NOT_FOUND", None)
        .when(|tx| watch::ingest(tx, &bay, &[arrived(3, "09:10:00")]))
        .then_refused("BAY_NOT_FOUND", None)
        .when(|tx| marking::mark(tx, &bay, marking(BayKind::Standard), &[]))
        .and();
}

#[test]
fn a_waiver_is_granted_by_officers_once_and_ends_when_revoked_art_28_4() {
    let plate = PlateNumber::parse("鲁R12345").unwrap();
    let id = plate.token();
    let grant = |tx: &mut Transaction, from: &str, until: &str| {
        waiver::grant(
            tx,
            plate.clone(),
            FreeGround::Disabled,
            at(from),
            at(until),
            "pass 1".into(),
        )
    };
    let basis = Some("Beijing Motor Vehicle Parking Regulations art. 28(4)");
    let story = a_bay()
        .by(Actor {
            id: "partner:x".into(),
            districts: vec![],
        })
        .when(|tx| grant(tx, "08:00:00", "20:00:00"))
        .then_refused("NOT_AN_OFFICER", basis)
        .when(|tx| waiver::revoke(tx, &id))
        .then_refused("NOT_AN_OFFICER", basis)
        .by(officer())
        .when(|tx| waiver::revoke(tx, &id))
        .then_refused("WAIVER_NOT_FOUND", None)
        .when(|tx| grant(tx, "20:00:00", "20:00:00"))
        .then_refused("WAIVER_TIMES_REVERSED", None)
        .when(|tx| grant(tx, "07:00:00", "08:00:00"))
        .then_refused("WAIVER_TIMES_REVERSED", None)
        .when(|tx| grant(tx, "07:00:00", "20:00:00"))
        .and()
        .when(|tx| grant(tx, "07:00:00", "21:00:00"))
        .then_refused("WAIVER_EXISTS", None)
        .later("2026-03-02T09:00:00+08:00")
        .when(|tx| waiver::revoke(tx, &id))
        .and()
        .when(|tx| waiver::revoke(tx, &id))
        .then_nothing();
    let waiver = story.state::<Waiver>(&id);
    assert_eq!(waiver.covers(at("06:59:59")), None);
    assert_eq!(waiver.covers(at("07:00:00")), Some(FreeGround::Disabled));
    assert_eq!(waiver.covers(at("08:59:59")), Some(FreeGround::Disabled));
    assert_eq!(waiver.covers(at("09:00:00")), None);
    story.when(|tx| grant(tx, "09:00:00", "21:00:00")).and();
}
