//! A request that is sent again, at once or much later, to whatever replica, is carried out once and answered alike.

use integration_tests::ledger_v1::ledger_service_client::LedgerServiceClient;
use integration_tests::ledger_v1::{Account, DepositRequest, OpenAccountRequest};
use integration_tests::load::{at_once, position_of};
use integration_tests::replica::{Client, eventually};
use integration_tests::workloads::permits::Stretch;
use integration_tests::workloads::{enforcement, parking, permits};
use integration_tests::{Replica, Service, Suite, audit, status};
use std::fmt::Debug;
use tonic::{Code, Response, Status};
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;
use traffic_proto::enforcement::v1::{
    DecideViolationRequest, ListViolationsRequest, RecordPaymentRequest as RecordFineRequest,
    RecordViolationRequest, Review, Violation,
};
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;
use traffic_proto::parking::v1::{ListSessionsRequest, RecordPaymentRequest};
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;
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

/// Sends a request fifty times at once to two replicas: all answers are equal. After a restart it is answered alike again,
/// and another body under its id is refused. `request` and `other` bear the same [`REQUEST`].
async fn once<R: Clone, T: PartialEq + Debug, Sent>(
    one: &mut Replica,
    two: &Replica,
    (request, other): (R, R),
    send: impl Fn(Client, R) -> Sent,
) -> T
where
    Sent: Future<Output = Result<Response<T>, Status>>,
{
    let told = |refused: Status| -> Response<T> { panic!("{}", status::describe(&refused)) };
    let replicas = [&*one, two];
    let answers = at_once(TIMES, |n| {
        send(replicas[n % 2].client("partner:a"), request.clone())
    })
    .await;
    let mut answers = answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(told))
        .map(|answer| (position_of(&answer), answer.into_inner()));
    let first = answers.next().unwrap();
    for answer in answers {
        assert_eq!(answer, first);
    }
    one.restart().await;
    for replica in [&*one, two] {
        let refused = send(replica.client("partner:a"), other.clone())
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            status::reason(&refused).as_deref(),
            Some("REQUEST_ID_REUSED")
        );
        let again = send(replica.client("partner:a"), request.clone()).await;
        assert_eq!(again.unwrap_or_else(told).into_inner(), first.1);
    }
    audit::agree(&[&*one, two]).await;
    first.1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_application_fifty_times_at_once_on_two_replicas_is_one_permit() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Permits).await;
    let two = suite.replica(Service::Permits).await;
    let file = |road| CreatePermitRequest {
        permit: Some(permits::repair(road, Stretch::default())),
        request_id: REQUEST.to_owned(),
        validate_only: false,
    };
    let requests = (file("Once Road"), file("Another Road"));
    let permit = once(&mut one, &two, requests, async |client, request| {
        PermitServiceClient::new(client)
            .create_permit(request)
            .await
    })
    .await;
    let aggregate = permit.name.replacen("permits/", "permit/", 1);
    let commits = audit::history(&one, &aggregate).await;
    assert_eq!(commits.iter().filter(|c| c.actor == "partner:a").count(), 1);
    let listed = permits::methods(&two, "partner:a")
        .list_permits(ListPermitsRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().permits.len(), 1);
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
    let pay = |reference| RecordPaymentRequest {
        request_id: REQUEST.to_owned(),
        ..parking::payment(&session.name, reference, 100)
    };
    let requests = (pay("p-1"), pay("p-2"));
    let paid = once(&mut one, &two, requests, async |client, request| {
        ParkingSessionServiceClient::new(client)
            .record_payment(request)
            .await
    })
    .await;
    let amounts = paid.payments.iter().map(|payment| payment.amount_fen);
    assert_eq!(amounts.sum::<i64>(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_record_fifty_times_at_once_on_two_replicas_is_one_case() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Enforcement).await;
    let two = suite.replica(Service::Enforcement).await;
    let record = |road| RecordViolationRequest {
        request_id: REQUEST.to_owned(),
        ..enforcement::report(road, "鲁R12345")
    };
    // The same moment in both: only the road differs.
    let requests = (record("Once Road"), record("Another Road"));
    let case: Violation = once(&mut one, &two, requests, async |client, request| {
        ViolationServiceClient::new(client)
            .record_violation(request)
            .await
    })
    .await;
    let aggregate = case.name.replacen("violations/", "violation/", 1);
    assert_eq!(audit::history(&one, &aggregate).await.len(), 1);
    let listed = enforcement::cases(&two, "officer:cases")
        .list_violations(ListViolationsRequest {
            plate: case.plate,
            ..ListViolationsRequest::default()
        })
        .await
        .unwrap();
    assert_eq!(listed.into_inner().violations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_decision_fifty_times_at_once_on_two_replicas_fines_and_posts_once() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Enforcement).await;
    let two = suite.replica(Service::Enforcement).await;
    let mut officer = enforcement::cases(&one, "officer:cases");
    let recorded = officer
        .record_violation(enforcement::report("Once Road", "鲁R12345"))
        .await
        .unwrap();
    let name = recorded.into_inner().name;
    for review in [Review::Technical, Review::Legal] {
        let passed = enforcement::review(&name, review);
        officer.pass_review(passed).await.unwrap();
    }
    officer
        .accept_handling(enforcement::acceptance(&name))
        .await
        .unwrap();
    let decide = |told_and_heard| DecideViolationRequest {
        told_and_heard,
        request_id: REQUEST.to_owned(),
        ..enforcement::decision(&name)
    };
    let decided: Violation = once(
        &mut one,
        &two,
        (decide(true), decide(false)),
        async |client, request| {
            ViolationServiceClient::new(client)
                .decide_violation(request)
                .await
        },
    )
    .await;
    let person = decided.party.unwrap().person_ref;
    let ledger = audit::history(&two, &format!("licence/{person}")).await;
    assert_eq!(ledger.len(), 1, "opened and posted in one commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_fine_paid_fifty_times_at_once_on_two_replicas_is_booked_once() {
    let suite = Suite::start().await;
    let mut one = suite.replica(Service::Enforcement).await;
    let two = suite.replica(Service::Enforcement).await;
    let served = enforcement::served(&one, "Once Road", "鲁R12345")
        .await
        .unwrap();
    let pay = |reference| RecordFineRequest {
        request_id: REQUEST.to_owned(),
        ..enforcement::payment(&served, reference)
    };
    let requests = (pay("B-1"), pay("B-2"));
    let paid: Violation = once(&mut one, &two, requests, async |client, request| {
        ViolationServiceClient::new(client)
            .record_payment(request)
            .await
    })
    .await;
    let account = paid.account.unwrap();
    assert_eq!(
        (account.paid_fen, account.owed_fen),
        (enforcement::FINE_FEN, 0)
    );
}
