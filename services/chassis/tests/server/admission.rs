//! What a call must have before its handler runs, and what it is told if it does not.

use crate::sample::{PATIENCE, Suite, contract, request};
use chassis::clock::ManualClock;
use chassis::server::StartError;
use futures::stream::pending;
use jiff::Timestamp;
use pbjson_types::StringValue;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tonic::{Code, Status};
use tonic_types::StatusExt;

pub(crate) fn info(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .expect("never a status without ErrorInfo");
    assert_eq!(info.domain, "traffic.sample");
    assert!(details.localized_message().is_some());
    (status.code(), info.reason.clone())
}

#[tokio::test]
async fn a_method_wants_every_scope_that_its_contract_names() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let say = async |token: Option<String>| {
        let mut metadata = Vec::new();
        if let Some(token) = &token {
            metadata.push(("authorization", token.as_str()));
        }
        client.unary("Say", request("who", &metadata)).await
    };
    let none = say(None).await.unwrap_err();
    assert_eq!(
        info(&none),
        (Code::Unauthenticated, "UNAUTHENTICATED".into())
    );
    let garbage = say(Some("Bearer x".into())).await.unwrap_err();
    assert_eq!(info(&garbage).0, Code::Unauthenticated);
    let half = say(Some(suite.token("sample.read"))).await.unwrap_err();
    assert_eq!(
        info(&half),
        (Code::PermissionDenied, "PERMISSION_DENIED".into())
    );
    assert!(half.message().contains("sample.write"));
    assert_eq!(
        suite.world.handled.load(Ordering::SeqCst),
        0,
        "no handler ran"
    );
    let all = say(Some(suite.token("sample.write sample.read")))
        .await
        .unwrap();
    assert_eq!(all.get_ref().value, "partner:cityworks Api");
}

#[tokio::test]
async fn a_public_method_wants_no_token_but_a_bad_one_is_refused() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    assert_eq!(
        client.open("who").await.unwrap().get_ref().value,
        "anonymous Api"
    );
    let bad = client
        .unary("Open", request("who", &[("authorization", "Bearer x")]))
        .await;
    assert_eq!(info(&bad.unwrap_err()).0, Code::Unauthenticated);
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_taken_no_more() {
    // So much is left of the minute after its expiry for which the token is taken.
    let left = Duration::from_millis(300);
    let now = Timestamp::from_millisecond(1_000_000_000 - 300).unwrap();
    let suite = Suite::at(ManualClock::starting_at(now)).await;
    let client = suite.client().await;
    let token = suite.token_until(1_000_000 - 60);
    let endless = || request("", &[("authorization", &token)]).map(|_| pending::<StringValue>());
    let echoed = async { client.echo(endless()).await?.message().await.map(drop) };
    let gathered = async { client.gather(endless()).await.map(drop) };
    let begun = Instant::now();
    let both = tokio::time::timeout(PATIENCE, async { tokio::join!(echoed, gathered) });
    let (echoed, gathered) = both.await.unwrap();
    assert!(begun.elapsed() >= left, "not before");
    for ended in [echoed, gathered] {
        let ended = ended.unwrap_err();
        assert_eq!(
            info(&ended),
            (Code::Unauthenticated, "UNAUTHENTICATED".into())
        );
        assert!(ended.message().contains("expired"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_citizens_token_that_names_no_person_opens_nothing() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let say = async |sub: &str| {
        let token = suite.token_of(sub, "sample.read sample.write");
        let said = client.unary("Say", request("who", &[("authorization", &token)]));
        said.await.map(|said| said.into_inner().value)
    };
    let citizen = "person:abcdefghijklmnopqrstuvwxyz";
    assert_eq!(say(citizen).await.unwrap(), format!("{citizen} Api"));
    let refused = say("person:ABCDEFGHIJKLMNOPQRSTUVWXYZ").await.unwrap_err();
    assert_eq!(info(&refused).0, Code::Unauthenticated);
    assert!(refused.message().contains("person:REFERENCE"));
}

#[tokio::test]
async fn in_development_a_caller_without_a_token_is_the_developer() {
    let suite = Suite::with("auth.mode = \"development\"").await;
    let said = suite
        .client()
        .await
        .unary("Say", request("who", &[]))
        .await
        .unwrap();
    assert_eq!(said.get_ref().value, "developer Api");
}

#[tokio::test]
async fn a_service_with_a_method_that_declares_nothing_does_not_start() {
    for (method, named) in [
        (
            "rpc Hidden(google.protobuf.StringValue) returns (google.protobuf.StringValue);",
            "Sample.Hidden",
        ),
        (
            "rpc Both(google.protobuf.StringValue) returns (google.protobuf.StringValue) {
               option (traffic.options.v1.public) = true;
               option (traffic.options.v1.required_scopes) = \"x\"; }",
            "Sample.Both",
        ),
    ] {
        let started = Suite::try_with("", contract(method)).await;
        let Err(error @ StartError::Methods(_)) = started else {
            panic!("{method} was served");
        };
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn failures_of_handlers_keep_their_details() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let refused = client.open("refuse").await.unwrap_err();
    assert_eq!(
        info(&refused),
        (Code::FailedPrecondition, "OCCUPATION_OVERLAPS".into())
    );
    let basis = &refused.get_details_error_info().unwrap().metadata["legal_basis"];
    assert_eq!(basis, "Road Traffic Safety Law art. 32");
    let field = client.open("field").await.unwrap_err();
    assert_eq!(info(&field).0, Code::InvalidArgument);
    assert_eq!(
        field.get_details_bad_request().unwrap().field_violations[0].field,
        "value"
    );
    let bare = client.open("bare").await.unwrap_err();
    assert_eq!(info(&bare), (Code::Internal, "INTERNAL".into()));
    assert!(
        !bare.message().contains("no details"),
        "the cause stays in the log"
    );
    let unknown = client.unary("Nothing", request("", &[])).await.unwrap_err();
    assert_eq!(
        info(&unknown),
        (Code::Unimplemented, "UNIMPLEMENTED".into())
    );
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_an_incident_and_the_next_call_is_served() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let panicked = client.open("panic").await.unwrap_err();
    assert_eq!(info(&panicked), (Code::Internal, "INTERNAL".into()));
    assert!(
        panicked
            .get_details_error_info()
            .unwrap()
            .metadata
            .contains_key("incident")
    );
    let mut stream = client.watch(request("panic", &[])).await.unwrap();
    // What came before the panic may be lost with it.
    let ended = loop {
        match stream.message().await {
            Ok(message) => assert!(message.is_some(), "a panic is no good end"),
            Err(status) => break status,
        }
    };
    assert_eq!(info(&ended).0, Code::Internal);
    assert_eq!(
        client.open("still here").await.unwrap().get_ref().value,
        "still here"
    );
}

#[tokio::test]
async fn streams_end_with_details_too() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    for (said, code, reason) in [
        ("refuse", Code::NotFound, "NOT_FOUND"),
        ("bare", Code::Internal, "INTERNAL"),
    ] {
        let mut stream = client.watch(request(said, &[])).await.unwrap();
        stream.message().await.unwrap().unwrap();
        assert_eq!(
            info(&stream.message().await.unwrap_err()),
            (code, reason.into())
        );
    }
    let mut stream = client.watch(request("end", &[])).await.unwrap();
    stream.message().await.unwrap().unwrap();
    assert!(stream.message().await.unwrap().is_none());
}

#[tokio::test]
async fn answers_carry_the_position_read_or_written() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let position = |response: tonic::Response<_>| -> String {
        let _: &pbjson_types::StringValue = response.get_ref();
        response
            .metadata()
            .get("traffic-position")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(position(client.open("x").await.unwrap()), "7");
    assert_eq!(position(client.open("write").await.unwrap()), "99");
}

#[tokio::test]
async fn a_read_waits_for_the_position_it_asks_for() {
    let suite = Suite::with("grpc.position_wait_ms = 60000\n").await;
    let client = suite.client().await;
    let reading = client.unary("Open", request("x", &[("traffic-min-position", "12")]));
    let writing = async { suite.world.position.send_replace(12) };
    let (read, _) = futures::join!(reading, writing);
    assert_eq!(
        read.unwrap().metadata().get("traffic-position").unwrap(),
        "12"
    );
}

#[tokio::test]
async fn a_position_not_reached_in_time_is_unavailable_and_worth_a_retry() {
    let suite = Suite::with("grpc.position_wait_ms = 20\n").await;
    let client = suite.client().await;
    let behind = client
        .unary("Open", request("x", &[("traffic-min-position", "8")]))
        .await
        .unwrap_err();
    assert_eq!(info(&behind), (Code::Unavailable, "UNAVAILABLE".into()));
    assert!(
        behind
            .get_details_retry_info()
            .unwrap()
            .retry_delay
            .is_some()
    );
    assert_eq!(suite.world.handled.load(Ordering::SeqCst), 0);
    for bad in ["-1", "x", "", "18446744073709551616", "1.5"] {
        let refused = client
            .unary("Open", request("x", &[("traffic-min-position", bad)]))
            .await
            .unwrap_err();
        assert_eq!(info(&refused).0, Code::InvalidArgument, "{bad}");
        let named = refused.get_details_bad_request().unwrap();
        assert_eq!(named.field_violations[0].field, "traffic-min-position");
    }
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_at_the_servers_own() {
    let suite = Suite::with("grpc.max_timeout_ms = 50\ngrpc.default_timeout_ms = 40\n").await;
    let client = suite.client().await;
    for timeout in [None, Some("5m"), Some("1H"), Some("0n")] {
        let begun = Instant::now();
        let metadata: Vec<_> = timeout
            .map(|timeout| ("grpc-timeout", timeout))
            .into_iter()
            .collect();
        let late = suite
            .patient_unary("Open", request("wait", &metadata))
            .await
            .unwrap_err();
        assert_eq!(
            info(&late),
            (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()),
            "{timeout:?}"
        );
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "capped: {timeout:?}"
        );
    }
    let bad = client
        .unary("Open", request("x", &[("grpc-timeout", "soon")]))
        .await
        .unwrap_err();
    assert_eq!(info(&bad).0, Code::InvalidArgument);
    let mut stream = client
        .watch(request("", &[("grpc-timeout", "30m")]))
        .await
        .unwrap();
    stream.message().await.unwrap().unwrap();
    assert_eq!(
        info(&stream.message().await.unwrap_err()).0,
        Code::DeadlineExceeded
    );
}

#[tokio::test]
async fn a_client_beyond_its_rate_is_told_when_to_come_back() {
    let suite = Suite::with("limits.requests_per_second = 1\nlimits.burst = 3\n").await;
    let client = suite.client().await;
    for _ in 0..3 {
        client.open("x").await.unwrap();
    }
    let limited = client.open("x").await.unwrap_err();
    assert_eq!(
        info(&limited),
        (Code::ResourceExhausted, "RATE_LIMITED".into())
    );
    let wait = limited
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert!(
        wait > Duration::ZERO && wait <= Duration::from_secs(1),
        "{wait:?}"
    );
    // Another client, from the same address but with a token, is not held up.
    let token = suite.token("sample.read sample.write");
    client
        .unary("Say", request("x", &[("authorization", &token)]))
        .await
        .unwrap();
}

#[tokio::test]
async fn calls_beyond_the_servers_room_are_shed_and_the_room_is_given_back() {
    let suite = Suite::with("grpc.max_requests = 2\ngrpc.max_streams = 1\n").await;
    let client = suite.client().await;
    let waiting = [0, 1].map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.open("wait").await })
    });
    suite.world.until_waiting(2).await;
    let shed = client.open("x").await.unwrap_err();
    assert_eq!(info(&shed), (Code::Unavailable, "UNAVAILABLE".into()));
    assert!(shed.get_details_retry_info().is_some());
    suite.world.gate.add_permits(2);
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    client.open("x").await.unwrap();

    let mut stream = client.watch(request("", &[])).await.unwrap();
    stream.message().await.unwrap();
    assert_eq!(
        info(&client.watch(request("", &[])).await.unwrap_err()).0,
        Code::Unavailable
    );
}
