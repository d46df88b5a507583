//! A request that is sent again, at once or much later, to whatever replica, is carried out once and answered alike.

use integration_tests::ledger_v1::ledger_service_client::LedgerServiceClient;
use integration_tests::ledger_v1::{Account, DepositRequest, OpenAccountRequest};
use integration_tests::load::{at_once, position_of};
use integration_tests::replica::eventually;
use integration_tests::workloads::permits::Stretch;
use integration_tests::workloads::{parking, permits};
use integration_tests::{Replica, Service, Suite, audit, status};
use tonic::{Code, Status};
use traffic_proto::parking::v1::{ListSessionsRequest, RecordPaymentRequest};
use traffic_proto::permits::v1::{CreatePermitRequest, ListPermitsRequest};

const TIMES: usize = 50;
const REQUEST: &str = "0198c0de-0000-7000-8000-00000000000a";

async fn open(
    replica: &Replica,
    account_id: &str,
    request_id: &str,
) -> Result<(Account, u64), Status> {
    let request = OpenAccountRequest {
        account_id: account_id.to_owned(),
        request_id: request_id.to_owned(),
    };
    let mut client = LedgerServiceClient::new(replica.client("partner:a"));
    let answer = client.open_account(request).await?;
    let position = position_of(&answer);
    Ok((answer.into_inner(), position))
}

async fn deposit(
    replica: &Replica,
    amount: i64,
    request_id: &str,
) -> Result<(Account, u64), Status> {
    let request = DepositRequest {
        name: "accounts/a".to_owned(),
        amount,
        request_id: request_id.to_owned(),
    };
    let mut client = LedgerServiceClient::new(replica.client("partner:a"));
    let answer = client.deposit(request).await?;
    let position = position_of(&answer);
    Ok((answer.into_inner(), position))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_fifty_times_at_once_on_two_replicas_is_one_deed_and_fifty_equal_answers()
{
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Ledger).await;
    let two = suite.replica(Service::Ledger).await;
    let replicas = [&one, &two];

    open(&one, "a", "").await.unwrap();
    let answers = at_once(TIMES, |n| deposit(replicas[n % 2], 7, REQUEST)).await;
    let first = answers[0].as_ref().unwrap();
    for answer in &answers {
        assert_eq!(answer.as_ref().unwrap(), first);
    }
    assert_eq!(first.0.balance, 7);
    assert_eq!(audit::history(&one, "account/a").await.len(), 2);

    // Another body under the same id, on either replica.
    for replica in replicas {
        let refused = deposit(replica, 8, REQUEST).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            status::reason(&refused).as_deref(),
            Some("REQUEST_ID_REUSED")
        );
        assert_eq!(status::fields(&refused), ["request_id"]);
    }

    // After later commands and a restart the answer is still the first one.
    let (later, _) = deposit(&two, 5, "").await.unwrap();
    assert_eq!(later.balance, 12);
    let first = first.clone();
    one.restart().await;
    assert_eq!(deposit(&one, 7, REQUEST).await.unwrap(), first);
    let refused = deposit(&one, 8, REQUEST).await.unwrap_err();
    assert_eq!(
        status::reason(&refused).as_deref(),
        Some("REQUEST_ID_REUSED")
    );
    audit::agree(&[&one, &two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_requests_for_one_unique_value_on_two_replicas_one_gets_it() {
    let suite = Suite::start().await;
    let one = suite.replica(Service::Ledger).await;
    let two = suite.replica(Service::Ledger).await;
    let answers = at_once(TIMES, |n| {
        open(if n % 2 == 0 { &one } else { &two }, "unique", "")
    })
    .await;
    let (opened, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(opened.len(), 1);
    for refusal in refused {
        let refusal = refusal.unwrap_err();
        assert_eq!(
            refusal.code(),
            Code::AlreadyExists,
            "{}",
            status::describe(&refusal)
        );
    }
    assert_eq!(audit::history(&two, "account/unique").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_application_fifty_times_at_once_on_two_replicas_is_one_permit() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Permits).await;
    let two = suite.replica(Service::Permits).await;
    let request = CreatePermitRequest {
        permit: Some(permits::repair("Once Road", Stretch::default())),
        request_id: REQUEST.to_owned(),
        validate_only: false,
    };
    let replicas = [&one, &two];
    let answers = at_once(TIMES, |n| {
        let request = request.clone();
        async move {
            permits::methods(replicas[n % 2], "partner:a")
                .create_permit(request)
                .await
        }
    })
    .await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|refused| panic!("{}", status::describe(&refused))))
        .map(|answer| (position_of(&answer), answer.into_inner()))
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    let aggregate = answers[0].1.name.replacen("permits/", "permit/", 1);
    let commits = audit::history(&one, &aggregate).await;
    assert_eq!(commits.iter().filter(|c| c.actor == "partner:a").count(), 1);
    let listed = permits::methods(&two, "partner:a")
        .list_permits(ListPermitsRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().permits.len(), 1);

    let other = CreatePermitRequest {
        permit: Some(permits::repair("Another Road", Stretch::default())),
        ..request.clone()
    };
    one.restart().await;
    for replica in [&one, &two] {
        let mut methods = permits::methods(replica, "partner:a");
        let refused = methods.create_permit(other.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            status::reason(&refused).as_deref(),
            Some("REQUEST_ID_REUSED")
        );
        let again = methods.create_permit(request.clone()).await.unwrap();
        assert_eq!(again.into_inner(), answers[0].1);
    }
    audit::agree(&[&one, &two]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_payment_fifty_times_at_once_on_two_replicas_is_booked_once() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Parking).await;
    let two = suite.replica(Service::Parking).await;
    parking::city(&one, &[parking::ZONE]).await;
    parking::mark(&one, vec![("b1".to_owned(), parking::bay(0.0, 0.0))]).await;
    let readings = tokio_stream::iter(parking::stay("bays/b1"));
    parking::sessions(&one)
        .ingest_readings(readings)
        .await
        .unwrap();
    let session = eventually("a session", || async {
        let request = ListSessionsRequest {
            bay: "bays/b1".to_owned(),
            ..ListSessionsRequest::default()
        };
        let listed = parking::sessions(&one)
            .list_sessions(request)
            .await
            .unwrap();
        listed.into_inner().sessions.pop()
    })
    .await;
    let request = RecordPaymentRequest {
        request_id: REQUEST.to_owned(),
        ..parking::payment(&session.name, "p-1", 100)
    };
    let replicas = [&one, &two];
    let answers = at_once(TIMES, |n| {
        let request = request.clone();
        async move {
            parking::sessions(replicas[n % 2])
                .record_payment(request)
                .await
        }
    })
    .await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|refused| panic!("{}", status::describe(&refused))))
        .map(|answer| (position_of(&answer), answer.into_inner()))
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    let payments = &answers[0].1.payments;
    assert_eq!(
        payments
            .iter()
            .map(|payment| payment.amount_fen)
            .sum::<i64>(),
        100
    );

    one.restart().await;
    let other = RecordPaymentRequest {
        request_id: REQUEST.to_owned(),
        ..parking::payment(&session.name, "p-2", 100)
    };
    for replica in [&one, &two] {
        let refused = parking::sessions(replica)
            .record_payment(other.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            status::reason(&refused).as_deref(),
            Some("REQUEST_ID_REUSED")
        );
        let again = parking::sessions(replica)
            .record_payment(request.clone())
            .await
            .unwrap();
        assert_eq!(again.into_inner(), answers[0].1);
    }
    audit::agree(&[&one, &two]).await;
}
