//! Orders: what is charged, what a provider's reference pays, what goes back (Order 164 art. 3(3)).

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use proptest::prelude::*;
use registration::domain::fees::FeeItem;
use registration::domain::order::{
    Order, OrderEvent, OrderId, OrderState, ProviderReference, UsedReference, cancel, mark_used,
    open, record_payment, record_refund,
};
use std::collections::BTreeMap;

/// Two licences at 10 yuan each.
fn opened() -> Scenario {
    start()
        .when(|tx| {
            open(
                tx,
                &order_id(),
                text("vehicles/sample"),
                mudan(),
                &[(FeeItem::VehicleLicence, 2)],
            )
        })
        .and()
}

fn state(scenario: &Scenario) -> Order {
    scenario.state::<Order>(order_id().as_str())
}

#[test]
fn an_order_is_opened_at_the_fees_of_the_day() {
    let order = state(&opened());
    assert_eq!(order.total(), Fen::yuan(20));
    assert_eq!(order.state(), OrderState::Open);
    let earlier = Scenario::at("2017-06-30T09:00:00+08:00")
        .when(|tx| {
            open(
                tx,
                &order_id(),
                text("vehicles/sample"),
                mudan(),
                &[(FeeItem::VehicleLicence, 2)],
            )
        })
        .and();
    assert_eq!(state(&earlier).total(), Fen::yuan(30));
    Scenario::at("2004-12-31T09:00:00+08:00")
        .when(|tx| {
            open(
                tx,
                &order_id(),
                text("vehicles/sample"),
                mudan(),
                &[(FeeItem::CarPlates, 1)],
            )
        })
        .then_refused("NO_FEE", Some("Order 164 art. 3(3)"));
}

#[test]
fn an_ebike_is_free_so_its_order_is_paid_from_the_start() {
    let scenario = start()
        .when(|tx| {
            open(
                tx,
                &order_id(),
                text("ebikes/sample"),
                mudan(),
                &[(FeeItem::EbikePlate, 1)],
            )
        })
        .and();
    let order = state(&scenario);
    assert_eq!(
        (order.total(), order.state()),
        (Fen::ZERO, OrderState::Paid)
    );
}

#[test]
fn a_notification_that_comes_again_pays_once() {
    let paid = transfer("T1", 2_000);
    let again = paid.clone();
    let scenario = opened()
        .when(|tx| record_payment(tx, &order_id(), paid.clone()))
        .then::<Order>(
            order_id().as_str(),
            [OrderEvent::PaymentReceived {
                transfer: again.clone(),
            }],
        )
        .and()
        .when(|tx| record_payment(tx, &order_id(), again))
        .then_nothing();
    assert_eq!(state(&scenario).state(), OrderState::Paid);
}

#[test]
fn a_reference_moves_one_amount_of_one_order_one_way() {
    let other = OrderId::new(uuid::Uuid::from_u128(8));
    opened()
        .when(|tx| {
            open(
                tx,
                &other,
                text("vehicles/sample"),
                mudan(),
                &[(FeeItem::VehicleLicence, 2)],
            )
        })
        .and()
        .when(|tx| record_payment(tx, &order_id(), transfer("T1", 2_000)))
        .and()
        .when(|tx| record_payment(tx, &order_id(), transfer("T1", 1_000)))
        .then_refused("PROVIDER_REFERENCE_TAKEN", None)
        .when(|tx| record_payment(tx, &other, transfer("T1", 2_000)))
        .then_refused("PROVIDER_REFERENCE_TAKEN", None)
        .when(|tx| record_refund(tx, &order_id(), transfer("T1", 2_000)))
        .then_refused("PROVIDER_REFERENCE_TAKEN", None);
}

#[test]
fn what_is_paid_for_something_done_stays_and_what_is_paid_for_nothing_goes_back() {
    let published = Some("Order 164 art. 3(3)");
    let used = opened()
        .when(|tx| mark_used(tx, &order_id()))
        .then_refused("NOT_PAID", published)
        .when(|tx| record_payment(tx, &order_id(), transfer("T1", 2_000)))
        .and()
        .when(|tx| mark_used(tx, &order_id()))
        .and()
        .when(|tx| cancel(tx, &order_id(), text("sample")))
        .then_refused("ORDER_ENDED", None)
        .when(|tx| record_refund(tx, &order_id(), transfer("R1", 1)))
        .then_refused("REFUND_TOO_LARGE", published);
    assert_eq!(state(&used).refund_due(), Fen::ZERO);

    let cancelled = opened()
        .when(|tx| record_payment(tx, &order_id(), transfer("T1", 1_500)))
        .and()
        .when(|tx| cancel(tx, &order_id(), text("sample")))
        .and()
        // Too late: kept, and due back.
        .when(|tx| record_payment(tx, &order_id(), transfer("T2", 500)))
        .and();
    assert_eq!(state(&cancelled).refund_due(), Fen::yuan(20));
    let refunded = cancelled
        .when(|tx| mark_used(tx, &order_id()))
        .then_refused("ORDER_ENDED", None)
        .when(|tx| record_refund(tx, &order_id(), transfer("R1", 2_001)))
        .then_refused("REFUND_TOO_LARGE", published)
        .when(|tx| record_refund(tx, &order_id(), transfer("R1", 2_000)))
        .and()
        .when(|tx| record_refund(tx, &order_id(), transfer("R1", 2_000)))
        .then_nothing();
    assert_eq!(state(&refunded).held(), Fen::ZERO);
}

#[test]
fn what_is_not_there_is_unknown() {
    start()
        .when(|tx| record_payment(tx, &order_id(), transfer("T1", 1)))
        .then_refused("ORDER_NOT_FOUND", None);
}

#[test]
fn a_provider_reference_is_read_back_from_its_text() {
    let reference = ProviderReference::new("bank", "T-1").unwrap();
    assert_eq!(
        (reference.provider(), reference.reference()),
        ("bank", "T-1")
    );
    assert_eq!(
        ProviderReference::try_from(String::from(reference.clone())),
        Ok(reference)
    );
    for (provider, reference) in [
        ("", "T1"),
        ("bank", ""),
        ("Bank", "T1"),
        ("bank", "T_1"),
        ("bank", &"1".repeat(49)),
    ] {
        assert!(ProviderReference::new(provider, reference).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// An independent, straightforward book: each reference once, in the order in which it first moved money.
    #[test]
    fn the_money_of_any_history_adds_up(
        steps in prop::collection::vec((0_u8..4, 0_u8..6, 1_u64..3_000), 1..40),
    ) {
        let mut scenario = opened();
        let mut book: BTreeMap<String, (bool, u64)> = BTreeMap::new();
        for (kind, reference, fen) in steps {
            let named = transfer(&format!("N{reference}"), fen);
            let key = named.reference.as_str().to_owned();
            let recorded = match kind {
                0 | 1 => {
                    let refund = kind == 1;
                    let outcome = scenario.when(|tx| if refund {
                        record_refund(tx, &order_id(), named.clone())
                    } else {
                        record_payment(tx, &order_id(), named.clone())
                    });
                    if !outcome.events::<UsedReference>(&key).is_empty() {
                        prop_assert!(book.insert(key, (refund, fen)).is_none(), "moved twice");
                    }
                    outcome.regardless()
                }
                2 => scenario.when(|tx| mark_used(tx, &order_id())).regardless(),
                _ => scenario.when(|tx| cancel(tx, &order_id(), text("sample"))).regardless(),
            };
            scenario = recorded;
            let sum = |refunds: bool| -> u64 {
                book.values().filter(|(refund, _)| *refund == refunds).map(|(_, fen)| fen).sum()
            };
            let order = state(&scenario);
            prop_assert_eq!(order.held().get() + sum(true), sum(false));
            // Whatever ends, the payer has paid the total at most.
            let kept = order.held().get() - order.refund_due().get();
            match order.state() {
                OrderState::Cancelled => prop_assert_eq!(kept, 0),
                OrderState::Used => prop_assert_eq!(kept, 2_000),
                OrderState::Open | OrderState::Paid => prop_assert!(kept <= 2_000),
            }
        }
    }
}
