//! Another agency sees every published event once and in order, whichever replica relays.

use integration_tests::ledger_v1::MoneyDeposited;
use integration_tests::load::Load;
use integration_tests::replica::{GLANCE, PATIENCE};
use integration_tests::workloads::Ledger;
use integration_tests::{Service, Suite, bus, times};
use std::collections::HashSet;
use tokio::time::Instant;

const SEED: u64 = 0x5eed_0005;

/// The deposits in the journal, in its order: what must be published.
async fn deposits(client: &async_nats::Client) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    for message in bus::stream(client, "LEDGER", ">").await {
        let position = message.info().unwrap().stream_sequence;
        let account = message.subject.rsplit('.').next().unwrap().to_owned();
        for event in bus::commit(&message).events {
            if event.get().contains("Deposited") {
                found.push((position, account.clone()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_published_once_and_in_order_whichever_replica_relays() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut replicas = [
        suite.replica(Service::Ledger).await,
        suite.replica(Service::Ledger).await,
    ];
    let mut load = Load::start(Ledger::new("p"), &[&replicas[0], &replicas[1]], 8, SEED);
    // Whichever relays now: each is killed while the other lives.
    for round in 0..times("SUITE_TAKEOVERS", 6) {
        load.more(150).await;
        replicas[round % 2].kill9();
        load.more(150).await;
        replicas[round % 2].restart().await;
    }
    load.finish().await;

    let wanted = deposits(&client).await;
    let deadline = Instant::now() + PATIENCE;
    let mut seen = bus::stream(&client, "EVENTS", "events.ledger.>").await;
    while seen.len() < wanted.len() {
        assert!(
            Instant::now() < deadline,
            "{} of {} events",
            seen.len(),
            wanted.len()
        );
        tokio::time::sleep(GLANCE * 20).await;
        seen = bus::stream(&client, "EVENTS", "events.ledger.>").await;
    }

    let sequences: Vec<String> = seen.iter().map(|m| bus::header(m, "ce-sequence")).collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "in order, none twice");
    let ids: HashSet<String> = seen.iter().map(|m| bus::header(m, "ce-id")).collect();
    assert_eq!(ids.len(), seen.len());
    let published: Vec<(u64, String)> = seen
        .iter()
        .map(|message| {
            assert_eq!(
                message.subject.as_str(),
                "events.ledger.money_deposited.371700"
            );
            assert_eq!(bus::header(message, "ce-specversion"), "1.0");
            assert_eq!(
                bus::header(message, "ce-type"),
                "traffic.ledger.v1.MoneyDeposited"
            );
            assert_eq!(bus::header(message, "ce-source"), "/traffic/ledger");
            assert_eq!(
                bus::header(message, "ce-datacontenttype"),
                "application/json"
            );
            let data: MoneyDeposited = serde_json::from_slice(&message.payload).unwrap();
            assert_eq!(bus::header(message, "ce-subject"), data.account);
            let sequence = bus::header(message, "ce-sequence");
            let position = sequence.split('-').next().unwrap().parse().unwrap();
            (position, data.account.replacen("accounts/", "", 1))
        })
        .collect();
    assert_eq!(published, wanted, "without a gap");
}
