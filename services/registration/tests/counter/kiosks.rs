//! Kiosks: every step, every refusal, and a power cut anywhere (Order 164 arts. 6, 7, 8, 50, 86).

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use proptest::prelude::*;
use registration::domain::ebike::Ebike;
use registration::domain::ebike::filing::register;
use registration::domain::kiosk::blank::BlankNumber;
use registration::domain::kiosk::steps::{
    abandon, confirm, file, open, pass_time, report_printed, report_spoiled, resume, start_print,
};
use registration::domain::kiosk::{
    KioskBusiness, KioskEvent, KioskId, KioskSession, SessionId, Stage,
};
use registration::domain::order::{Ending, Order, OrderId, record_payment};
use registration::domain::vehicle::event::{Hold, HoldKind, VehicleFact};
use registration::domain::vehicle::{self, Vehicle};

fn kiosk(name: &str) -> KioskId {
    KioskId::parse(name).unwrap()
}

fn blank(number: &str) -> BlankNumber {
    BlankNumber::parse(number).unwrap()
}

fn registration_of(letter: char) -> KioskBusiness {
    KioskBusiness::EbikeRegistration(application(letter))
}

fn opened() -> (Scenario, SessionId) {
    with(start().when(|tx| open(tx, &kiosk("k1"), mudan(), &person('a'))))
}

fn filed() -> (Scenario, SessionId) {
    let (scenario, id) = opened();
    let scenario = scenario
        .when(|tx| file(tx, &id, &registration_of('a')))
        .and();
    (scenario, id)
}

fn confirmed() -> (Scenario, SessionId) {
    let (scenario, id) = filed();
    let scenario = scenario.when(|tx| confirm(tx, &id, Some(regular(0)))).and();
    (scenario, id)
}

fn printing() -> (Scenario, SessionId) {
    let (scenario, id) = confirmed();
    let scenario = scenario.when(|tx| start_print(tx, &id, &blank("B1"))).and();
    (scenario, id)
}

fn session(scenario: &Scenario, id: &SessionId) -> KioskSession {
    scenario.state::<KioskSession>(id.as_str())
}

#[test]
fn one_identifies_files_confirms_prints_and_is_done() {
    let (scenario, id) = printing();
    assert_eq!(
        scenario.state::<Ebike>(frame().as_str()).plate,
        regular(0),
        "what was filed takes effect with the first print"
    );
    let scenario = scenario
        .when(|tx| report_printed(tx, &id, &blank("B1")))
        .and();
    let session = session(&scenario, &id);
    assert_eq!(session.stage, Stage::Done);
    assert_eq!(session.printed, Some(blank("B1")));
    let order = scenario.state::<Order>(session.order.unwrap().as_str());
    assert_eq!(order.ending, Some(Ending::Used));
}

#[test]
fn one_applies_for_oneself() {
    let (scenario, id) = opened();
    scenario
        .when(|tx| file(tx, &id, &registration_of('b')))
        .then_refused("NOT_THE_APPLICANT", Some("Order 164 art. 86"));
}

#[test]
fn what_is_filed_can_be_corrected_until_it_is_confirmed() {
    let (scenario, id) = filed();
    scenario
        .when(|tx| file(tx, &id, &registration_of('a')))
        .and()
        .when(|tx| confirm(tx, &id, Some(regular(0))))
        .and()
        .when(|tx| file(tx, &id, &registration_of('a')))
        .then_refused("WRONG_STEP", None)
        .when(|tx| confirm(tx, &id, Some(regular(1))))
        .then_refused("WRONG_STEP", None);
}

#[test]
fn nothing_is_printed_before_it_is_confirmed() {
    let (scenario, id) = filed();
    scenario
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused("WRONG_STEP", None);
}

#[test]
fn while_a_blank_is_in_the_printer_no_other_is_printed_on() {
    let basis = Some("Order 164 art. 50");
    let (scenario, id) = printing();
    let scenario = scenario
        // The kiosk asks again after a power cut.
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_nothing()
        .when(|tx| start_print(tx, &id, &blank("B2")))
        .then_refused("PRINT_OUTSTANDING", basis)
        .when(|tx| report_printed(tx, &id, &blank("B2")))
        .then_refused("NOT_IN_PRINTER", basis)
        .when(|tx| report_spoiled(tx, &id, &blank("B1")))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused("BLANK_USED", basis)
        .when(|tx| start_print(tx, &id, &blank("B2")))
        .and()
        .when(|tx| report_printed(tx, &id, &blank("B2")))
        .and()
        .when(|tx| report_printed(tx, &id, &blank("B2")))
        .then_nothing()
        .when(|tx| start_print(tx, &id, &blank("B3")))
        .then_refused("SESSION_OVER", None);
    assert_eq!(session(&scenario, &id).printed, Some(blank("B2")));
}

#[test]
fn a_printer_that_spoils_three_blanks_is_left_to_a_station() {
    let (mut scenario, id) = printing();
    for next in ["B2", "B3"] {
        let last = session(&scenario, &id).blank.unwrap();
        scenario = scenario
            .when(|tx| report_spoiled(tx, &id, &last))
            .and()
            .when(|tx| start_print(tx, &id, &blank(next)))
            .and();
    }
    scenario
        .when(|tx| report_spoiled(tx, &id, &blank("B3")))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B4")))
        .then_refused("TOO_MANY_SPOILED", Some("Order 164 art. 8"));
}

#[test]
fn a_session_goes_on_elsewhere_with_the_same_identity_document_only() {
    let (scenario, id) = confirmed();
    let scenario = scenario
        .when(|tx| resume(tx, &id, &kiosk("k2"), &person('b')))
        .then_refused("ANOTHER_PERSON", Some("Order 164 art. 6(1)"))
        .later("2026-03-02T09:29:00+08:00")
        .when(|tx| resume(tx, &id, &kiosk("k2"), &person('a')))
        .and();
    let session = session(&scenario, &id);
    assert_eq!(
        (session.kiosk, session.stage),
        (kiosk("k2"), Stage::Confirmed)
    );
    assert_eq!(session.waits_until, at("2026-03-02T09:59:00"));
}

#[test]
fn without_a_step_for_half_an_hour_a_session_ends_and_so_does_its_order() {
    let (scenario, id) = confirmed();
    let scenario = scenario
        .later("2026-03-02T09:29:59+08:00")
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .later("2026-03-02T09:30:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and();
    let ended = session(&scenario, &id);
    assert_eq!(ended.stage, Stage::Expired);
    let order = scenario.state::<Order>(ended.order.unwrap().as_str());
    assert_eq!(order.ending, Some(Ending::Cancelled));
    scenario
        .when(|tx| pass_time(tx, &id))
        .then_nothing()
        .when(|tx| resume(tx, &id, &kiosk("k1"), &person('a')))
        .then_refused("SESSION_OVER", None);
}

#[test]
fn what_has_taken_effect_is_not_taken_back_by_leaving() {
    let (scenario, id) = printing();
    let scenario = scenario
        .when(|tx| abandon(tx, &id))
        .then_refused("CARRIED_OUT", Some("Order 164 art. 7"))
        .later("2026-03-02T10:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .and();
    let order = session(&scenario, &id).order.unwrap();
    assert_eq!(
        scenario.state::<Order>(order.as_str()).ending,
        Some(Ending::Used)
    );
    let (scenario, id) = confirmed();
    let scenario = scenario.when(|tx| abandon(tx, &id)).and();
    assert_eq!(session(&scenario, &id).stage, Stage::Abandoned);
}

#[test]
fn what_is_refused_at_the_end_changes_nothing_and_charges_nothing() {
    let (scenario, id) = confirmed();
    // Meanwhile somebody else has registered this frame number.
    let scenario = scenario
        .when(|tx| register(tx, &application('b'), regular(1)))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused(
            "FRAME_NUMBER_TAKEN",
            Some("Shandong Road Traffic Measures art. 27"),
        );
    let session = session(&scenario, &id);
    assert!(!session.carried_out && session.blank.is_none());
    let order = scenario.state::<Order>(session.order.unwrap().as_str());
    assert_eq!(order.ending, None);
}

#[test]
fn a_lost_plate_is_made_again_at_a_kiosk() {
    let (scenario, id) = opened();
    let reissue = KioskBusiness::EbikePlateReissue {
        frame: frame(),
        owner: owner('a'),
    };
    let scenario = scenario
        .when(|tx| register(tx, &application('a'), regular(1)))
        .and()
        .when(|tx| file(tx, &id, &reissue))
        .and()
        .when(|tx| confirm(tx, &id, None))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .and();
    assert_eq!(scenario.state::<Ebike>(frame().as_str()).plate_reissues, 1);
}

/// The owner of a registered car asks for its licence to be made again; confirmed, and to be paid.
fn licence_wanted() -> (Scenario, SessionId, OrderId) {
    let (scenario, id) =
        with(on_the_road(start()).when(|tx| open(tx, &kiosk("k1"), mudan(), &person('a'))));
    let scenario = scenario
        .when(|tx| file(tx, &id, &licence_of('a')))
        .and()
        .when(|tx| confirm(tx, &id, None))
        .and();
    let order = session(&scenario, &id).order.unwrap();
    (scenario, id, order)
}

fn licence_of(letter: char) -> KioskBusiness {
    KioskBusiness::LicenceReissue {
        vin: vin(),
        owner: owner(letter),
    }
}

#[test]
fn a_vehicle_licence_is_made_again_once_it_is_paid_for_and_not_before_art_52() {
    let unpaid = Some("Order 164 art. 3(3)");
    let (scenario, id, order) = licence_wanted();
    let licences = |scenario: &Scenario| scenario.state::<Vehicle>(vin().as_str()).licences;
    assert_eq!(
        scenario.state::<Order>(order.as_str()).outstanding(),
        Fen::yuan(10)
    );
    let scenario = scenario
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused("NOT_PAID", unpaid)
        .when(|tx| record_payment(tx, &order, transfer("T1", 999)))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused("NOT_PAID", unpaid);
    assert_eq!(licences(&scenario), 1);
    let scenario = scenario
        .when(|tx| record_payment(tx, &order, transfer("T2", 1)))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .and()
        // The kiosk asks again after a power cut; the first blank is spoiled.
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_nothing()
        .when(|tx| report_spoiled(tx, &id, &blank("B1")))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B2")))
        .and()
        .when(|tx| report_printed(tx, &id, &blank("B2")))
        .and();
    assert_eq!(
        licences(&scenario),
        2,
        "made again once, on the second blank"
    );
    let order = scenario.state::<Order>(order.as_str());
    assert_eq!(order.ending, Some(Ending::Used));
    assert_eq!(order.refund_due(), Fen::ZERO);
}

#[test]
fn a_fee_that_comes_in_the_last_minute_gives_the_session_as_long_again() {
    let (scenario, id, order) = licence_wanted();
    let mut paid = transfer("T1", 1_000);
    paid.at = at("2026-03-02T09:29:00");
    let scenario = scenario
        .later("2026-03-02T09:29:30+08:00")
        .when(|tx| record_payment(tx, &order, paid))
        .and()
        .later("2026-03-02T09:30:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .then::<KioskSession>(id.as_str(), [KioskEvent::PaymentNoticed])
        .and();
    assert_eq!(
        session(&scenario, &id).waits_until,
        at("2026-03-02T10:00:00")
    );
    // Nobody prints: it ends for all that, and the money goes back.
    let scenario = scenario
        .later("2026-03-02T10:00:00+08:00")
        .when(|tx| pass_time(tx, &id))
        .then::<KioskSession>(id.as_str(), [KioskEvent::SessionExpired])
        .and();
    let order = scenario.state::<Order>(order.as_str());
    assert_eq!(
        (order.ending, order.refund_due()),
        (Some(Ending::Cancelled), Fen::yuan(10))
    );
}

#[test]
fn a_part_of_the_fee_keeps_no_session_open() {
    let (scenario, id, order) = licence_wanted();
    let mut paid = transfer("T1", 999);
    paid.at = at("2026-03-02T09:29:00");
    scenario
        .later("2026-03-02T09:30:00+08:00")
        .when(|tx| record_payment(tx, &order, paid))
        .and()
        .when(|tx| pass_time(tx, &id))
        .then::<KioskSession>(id.as_str(), [KioskEvent::SessionExpired]);
}

#[test]
fn only_the_owner_has_the_licence_of_a_registered_vehicle_made_again() {
    let (scenario, id) = opened();
    let scenario = scenario
        .when(|tx| file(tx, &id, &licence_of('a')))
        .then_refused("VEHICLE_NOT_FOUND", None);
    let (scenario, stranger) =
        with(on_the_road(scenario).when(|tx| open(tx, &kiosk("k1"), mudan(), &person('b'))));
    scenario
        .when(|tx| file(tx, &stranger, &licence_of('b')))
        .then_refused("NOT_THE_OWNER", Some("Order 164 art. 52(1)"))
        .when(|tx| file(tx, &stranger, &licence_of('a')))
        .then_refused("NOT_THE_APPLICANT", Some("Order 164 art. 86"));
}

#[test]
fn what_was_paid_goes_back_if_the_vehicle_is_stolen_before_it_is_printed_art_76() {
    let (scenario, id, order) = licence_wanted();
    let stolen = Hold {
        kind: HoldKind::Theft,
        agency: text("Sample Police"),
        notice: number("N-1"),
        since: at("2026-03-02T09:01:00"),
    };
    let scenario = scenario
        .when(|tx| record_payment(tx, &order, transfer("T1", 1_000)))
        .and()
        .when(|tx| vehicle::record(tx, &vin(), [VehicleFact::HoldPlaced(stolen)]))
        .and()
        .when(|tx| start_print(tx, &id, &blank("B1")))
        .then_refused("VEHICLE_STOLEN", Some("Order 164 art. 76(1)"))
        .when(|tx| abandon(tx, &id))
        .and();
    let order = scenario.state::<Order>(order.as_str());
    assert_eq!(order.refund_due(), Fen::yuan(10));
}

#[test]
fn a_registration_needs_a_plate_set_aside() {
    let (scenario, id) = filed();
    scenario
        .when(|tx| confirm(tx, &id, None))
        .then_refused("NO_PLATE", None);
}

#[test]
fn what_is_not_there_is_unknown() {
    let nobody = SessionId::new(uuid::Uuid::nil());
    start()
        .when(|tx| confirm(tx, &nobody, None))
        .then_refused("SESSION_NOT_FOUND", None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A kiosk that does its steps in any order, each any number of times, with time passing between them.
    #[test]
    fn whatever_a_kiosk_does_it_files_charges_and_prints_once_at_most(
        steps in prop::collection::vec((0_u8..9, 0_u8..4), 1..40),
    ) {
        let (mut scenario, id) = opened();
        let (mut filed, mut printed, mut orders) = (0, 0, 0);
        for (step, which) in steps {
            let number = blank(&format!("B{which}"));
            let outcome = match step {
                0 => scenario.when(|tx| file(tx, &id, &registration_of('a'))),
                1 => scenario.when(|tx| confirm(tx, &id, Some(regular(0)))),
                2 | 3 => scenario.when(|tx| start_print(tx, &id, &number)),
                4 => scenario.when(|tx| report_printed(tx, &id, &number)),
                5 => scenario.when(|tx| report_spoiled(tx, &id, &number)),
                6 => scenario.when(|tx| resume(tx, &id, &kiosk("k2"), &person('a'))),
                7 => scenario.when(|tx| abandon(tx, &id)),
                _ => {
                    let later = scenario.now() + jiff::SignedDuration::from_mins(9);
                    scenario.later(&later.to_string()).when(|tx| pass_time(tx, &id))
                }
            };
            filed += outcome.events::<Ebike>(frame().as_str()).len();
            for event in outcome.events::<KioskSession>(id.as_str()) {
                match event {
                    KioskEvent::SheetPrinted { .. } => printed += 1,
                    KioskEvent::ReviewConfirmed { .. } => orders += 1,
                    _ => {}
                }
            }
            scenario = outcome.regardless();
            let session = session(&scenario, &id);
            prop_assert!(filed <= 1 && printed <= 1 && orders <= 1);
            prop_assert_eq!(session.carried_out, filed == 1);
            // What was filed and what is owed for it go together.
            if let Some(order) = &session.order {
                let ending = scenario.state::<Order>(order.as_str()).ending;
                prop_assert_eq!(ending == Some(Ending::Used), session.carried_out);
                prop_assert_eq!(
                    ending == Some(Ending::Cancelled),
                    session.stage.is_over() && !session.carried_out
                );
            }
        }
    }
}
