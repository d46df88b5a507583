//! Two replicas of a service on one bus are one service.

use integration_tests::ledger_v1::ledger_service_client::LedgerServiceClient;
use integration_tests::ledger_v1::{
    Account, DepositRequest, GetAccountRequest, OpenAccountRequest,
};
use integration_tests::load::{Load, position_of};
use integration_tests::replica::Client;
use integration_tests::workloads::Ledger;
use integration_tests::{Replica, Service, Suite, audit, status};
use tonic::{Code, Request, Status};

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

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_write_the_same_things_at_once_come_to_the_same_state() {
    let suite = Suite::start().await;
    let one = suite.replica(Service::Ledger).await;
    let two = suite.replica(Service::Ledger).await;
    let mut load = Load::start(Ledger::new("r"), &[&one, &two], 16, SEED);
    load.more(1_500).await;
    let record = load.finish().await;
    audit::accounts_for(&record, &one, &suite.connect().await).await;
    audit::agree(&[&one, &two]).await;
}
