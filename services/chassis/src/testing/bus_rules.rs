//! The rules of a bus, one suite for every implementation: what the model does is what the server does.
//!
//! Each rule uses names of its own, so that any number of them can run on one bus.

#![expect(
    clippy::unwrap_used,
    reason = "a rule is a test: it panics where it is broken"
)]

use super::conformance::patiently;
use crate::bus::{Away, Bus, Delivery, Message, PublishError, Subscription};
use async_nats::HeaderMap;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A service that no other rule uses.
fn service() -> String {
    Uuid::new_v4().simple().to_string()
}

type Deliveries = BoxStream<'static, Result<Delivery, Away>>;

fn fence(service: &str) -> String {
    format!("events.{service}.>")
}

fn message(service: &str, number: u64) -> Message {
    let mut headers = HeaderMap::new();
    headers.insert("ce-sequence", number.to_string().as_str());
    Message {
        subject: format!("events.{service}.happened.371702"),
        headers,
        payload: number.to_string().into(),
    }
}

fn subscription(service: &str) -> Subscription {
    Subscription {
        name: service.to_owned(),
        subjects: vec![fence(service)],
        ack_wait: Duration::from_secs(1),
        in_flight: 16,
        pinned_for: Duration::from_secs(1),
    }
}

async fn publish(bus: &dyn Bus, service: &str, numbers: impl IntoIterator<Item = u64>) -> u64 {
    let messages = numbers.into_iter().map(|n| message(service, n)).collect();
    let fence = fence(service);
    let after = bus.newest(&fence).await.unwrap();
    let after = after.map_or(0, |newest| newest.sequence);
    bus.publish(&fence, after, messages).await.unwrap()
}

/// # Panics
/// If the rule is broken.
pub async fn messages_are_stored_together_and_the_last_is_the_newest(bus: Arc<dyn Bus>) {
    let service = service();
    let fence = fence(&service);
    assert_eq!(bus.newest(&fence).await.unwrap(), None);
    publish(&*bus, &service, [1]).await;
    let last = publish(&*bus, &service, [2, 3, 4]).await;
    let newest = bus.newest(&fence).await.unwrap().unwrap();
    assert_eq!(newest.sequence, last);
    let number = newest.headers.get("ce-sequence").unwrap();
    assert_eq!(number.as_str(), "4");
}

/// # Panics
/// If the rule is broken.
pub async fn who_names_another_than_the_newest_is_fenced_off(bus: Arc<dyn Bus>) {
    let (service, other) = (service(), service());
    let fence = fence(&service);
    let first = publish(&*bus, &service, [1]).await;
    // Another service's events do not matter.
    publish(&*bus, &other, [1, 2]).await;
    let second = publish(&*bus, &service, [2]).await;
    for stale in [0, first] {
        for count in [1, 3] {
            let messages = (0..count).map(|n| message(&service, n)).collect();
            let published = bus.publish(&fence, stale, messages).await;
            assert_eq!(published, Err(PublishError::Fenced), "after {stale}");
        }
    }
    let newest = bus.newest(&fence).await.unwrap().unwrap();
    assert_eq!(newest.sequence, second, "nothing of the refused is stored");
}

/// # Panics
/// If the rule is broken.
pub async fn what_is_not_acknowledged_is_delivered_again(bus: Arc<dyn Bus>) {
    let service = service();
    publish(&*bus, &service, [1, 2, 3]).await;
    let mut deliveries = bus.subscribe(&subscription(&service)).await.unwrap();
    let mut seen = Vec::new();
    patiently(async {
        while seen.len() < 4 {
            let delivery = deliveries.next().await.unwrap().unwrap();
            let number: u64 = String::from_utf8_lossy(&delivery.payload).parse().unwrap();
            // The second is forgotten once.
            if number != 2 || seen.contains(&2) {
                delivery.receipt.done().await;
            }
            seen.push(number);
        }
        while bus.backlog(&service).await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(seen, [1, 2, 3, 2]);
}

/// A service and two subscribers to it, the first of whom has had the message 1.
async fn two_subscribers(bus: &dyn Bus) -> (String, Deliveries, Deliveries) {
    let service = service();
    let mut first = bus.subscribe(&subscription(&service)).await.unwrap();
    publish(bus, &service, [1]).await;
    let delivery = patiently(first.next()).await.unwrap().unwrap();
    delivery.receipt.done().await;
    let second = bus.subscribe(&subscription(&service)).await.unwrap();
    (service, first, second)
}

/// # Panics
/// If the rule is broken.
pub async fn of_several_subscribers_one_gets_everything_until_it_goes(bus: Arc<dyn Bus>) {
    let (service, mut first, mut second) = two_subscribers(&*bus).await;
    for number in 2..=20_u64 {
        publish(&*bus, &service, [number]).await;
        let delivery = tokio::select! {
            biased;
            delivery = second.next() => panic!("two are served: {delivery:?}"),
            delivery = patiently(first.next()) => delivery.unwrap().unwrap(),
        };
        assert_eq!(delivery.payload, number.to_string());
        delivery.receipt.done().await;
    }
    drop(first);
    publish(&*bus, &service, [21]).await;
    let delivery = patiently(second.next()).await.unwrap().unwrap();
    assert_eq!(delivery.payload, "21");
    delivery.receipt.done().await;
}

/// # Panics
/// If the rule is broken.
pub async fn a_subscriber_keeps_its_turn_through_a_silence(bus: Arc<dyn Bus>) {
    let (service, mut first, mut second) = two_subscribers(&*bus).await;
    // Longer than the one whose turn it is may be away.
    let silence = tokio::time::timeout(Duration::from_secs(3), async {
        tokio::select! {
            delivery = first.next() => delivery,
            delivery = second.next() => delivery,
        }
    });
    assert!(silence.await.is_err(), "nothing has been published");
    publish(&*bus, &service, [2]).await;
    let delivery = tokio::select! {
        biased;
        delivery = second.next() => panic!("another's turn: {delivery:?}"),
        delivery = patiently(first.next()) => delivery.unwrap().unwrap(),
    };
    assert_eq!(delivery.payload, "2");
    delivery.receipt.done().await;
}

/// # Panics
/// If the rule is broken.
pub async fn what_is_put_off_comes_again_and_holds_up_no_others(bus: Arc<dyn Bus>) {
    let service = service();
    let mut deliveries = bus.subscribe(&subscription(&service)).await.unwrap();
    publish(&*bus, &service, [1, 2]).await;
    let put_off = patiently(deliveries.next()).await.unwrap().unwrap();
    assert_eq!(put_off.payload, "1");
    put_off.receipt.put_off(Duration::from_millis(500)).await;
    for number in ["2", "1"] {
        let delivery = patiently(deliveries.next()).await.unwrap().unwrap();
        assert_eq!(delivery.payload, number);
        delivery.receipt.done().await;
    }
}

/// # Panics
/// If the rule is broken.
pub async fn of_several_claims_on_one_lease_one_succeeds(bus: Arc<dyn Bus>) {
    let job = service();
    let free = bus.lease(&job).await.unwrap();
    assert_eq!((free.revision, free.held), (0, false));
    let claims = (0..8).map(|holder| {
        let (bus, job) = (Arc::clone(&bus), job.clone());
        async move { bus.claim_lease(&job, &holder.to_string(), 0).await.unwrap() }
    });
    let won: Vec<u64> = futures::future::join_all(claims)
        .await
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(won.len(), 1);
    let held = bus.lease(&job).await.unwrap();
    assert_eq!((held.revision, held.held), (won[0], true));
    let renewed = bus.claim_lease(&job, "0", won[0]).await.unwrap().unwrap();
    assert_eq!(bus.claim_lease(&job, "1", won[0]).await.unwrap(), None);
    bus.release_lease(&job, renewed).await.unwrap();
    let given_back = bus.lease(&job).await.unwrap();
    assert!(!given_back.held);
    let taken = bus.claim_lease(&job, "1", given_back.revision).await;
    assert!(taken.unwrap().is_some());
}
