//! Two replicas of a service on one bus are one service.

use integration_tests::ledger_v1::ledger_service_client::LedgerServiceClient;
use integration_tests::ledger_v1::{
    Account, DepositRequest, GetAccountRequest, OpenAccountRequest,
};
use integration_tests::load::{Load, Workload, position_of};
use integration_tests::replica::Client;
use integration_tests::workloads::permits::{self, Stretch};
use integration_tests::workloads::{Enforcement, Ledger, Parking, Permits, Registration};
use integration_tests::{Replica, Service, Suite, audit, status, times};
use std::collections::BTreeSet;
use tonic::{Code, Request, Status};
use traffic_proto::permits::v1::PermitState;

const SEED: u64 = 0x5eed_0004;

fn ledger(replica: &Replica) -> LedgerServiceClient<Client> {
    LedgerServiceClient::new(replica.client("partner:a"))
}

async fn read_at(replica: &Replica, name: &str, position: u64) -> Result<Account, Status> {
    let mut request = Request::new(GetAccountRequest { name: name.into() });
    request
        .metadata_mut()
        .insert("traffic-min-position", position.into());
    Ok(ledger(replica).get_account(request).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_through_one_replica_is_read_at_its_position_through_the_other() {
    let suite = Suite::start().await;
    let replicas = [
        suite.replica(Service::Ledger).await,
        suite.replica(Service::Ledger).await,
    ];
    let request = OpenAccountRequest {
        account_id: "a".into(),
        request_id: String::new(),
    };
    ledger(&replicas[0]).open_account(request).await.unwrap();
    for round in 0..200 {
        let (writer, reader) = (&replicas[round % 2], &replicas[(round + 1) % 2]);
        let request = DepositRequest {
            name: "accounts/a".into(),
            amount: 1,
            request_id: String::new(),
        };
        let written = ledger(writer).deposit(request).await.unwrap();
        let position = position_of(&written);
        let read = read_at(reader, "accounts/a", position).await.unwrap();
        assert_eq!(read, written.into_inner(), "round {round}");
    }
    // A position that nobody has written yet.
    let refused = read_at(&replicas[0], "accounts/a", u64::MAX)
        .await
        .unwrap_err();
    assert_eq!(
        refused.code(),
        Code::Unavailable,
        "{}",
        status::describe(&refused)
    );
    assert!(status::retry_after(&refused).is_some());
}

async fn written_at_once<W: Workload>(service: Service, workload: W) {
    let suite = Suite::start().await;
    let one = suite.replica(service).await;
    let two = suite.replica(service).await;
    workload.prepare(&one).await;
    let mut load = Load::start(workload, &[&one, &two], 16, SEED);
    load.more(800).await;
    let record = load.finish().await;
    audit::accounts_for(&record, &two, &suite.connect().await).await;
    audit::agree(&[&one, &two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_write_at_once_come_to_the_same_state() {
    written_at_once(Service::Ledger, Ledger::new("r")).await;
    written_at_once(Service::Permits, Permits { series: "r" }).await;
    written_at_once(Service::Parking, Parking { series: "r" }).await;
    written_at_once(Service::Enforcement, Enforcement { series: "r" }).await;
    written_at_once(Service::Registration, Registration { series: "R" }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_overlapping_occupations_approved_at_once_on_two_replicas_one_wins() {
    let suite = Suite::start().await;
    let one = suite.replica(Service::Permits).await;
    let two = suite.replica(Service::Permits).await;
    let mut winners = BTreeSet::new();
    for round in 0..times("SUITE_RACES", 30) {
        let road = format!("Contested Road {round}");
        let overlapping = Stretch {
            from: (50.0, 0.0),
            to: (150.0, 0.0),
            ..Stretch::default()
        };
        let first = permits::file(&one, permits::repair(&road, Stretch::default()))
            .await
            .unwrap();
        let second = permits::file(&two, permits::repair(&road, overlapping))
            .await
            .unwrap();
        permits::accept(&one, &first.name).await.unwrap();
        permits::accept(&two, &second.name).await.unwrap();
        let answers = tokio::join!(
            permits::approve(&one, &first.name),
            permits::approve(&two, &second.name)
        );
        let refused = match answers {
            (Ok(won), Err(refused)) | (Err(refused), Ok(won)) => {
                assert_eq!(won.state(), PermitState::Approved);
                winners.insert(won.name == first.name);
                refused
            }
            both => panic!("round {round}: {both:?}"),
        };
        let told = status::describe(&refused);
        assert_eq!(refused.code(), Code::FailedPrecondition, "{told}");
        assert_eq!(
            status::reason(&refused).as_deref(),
            Some("ROAD_TAKEN"),
            "{told}"
        );
        let basis = status::fact(&refused, "legal_basis").unwrap_or_default();
        assert!(basis.contains("art."), "{told}: {basis:?}");
    }
    println!("both replicas won at times: {}", winners.len() == 2);
    audit::agree(&[&one, &two]).await;
}
