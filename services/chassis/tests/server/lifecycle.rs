//! Health, metrics and reflection, and how a server ends.

use crate::admission::info;
use crate::sample::{PATIENCE, Suite, request, wire_get};
use futures::StreamExt;
use std::sync::atomic::Ordering;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

#[tokio::test]
async fn health_follows_readiness_on_both_listeners() {
    let suite = Suite::start().await;
    assert_eq!(suite.get("/healthz").await.0, 200);
    assert_eq!(suite.get("/readyz").await.0, 200);
    let mut health = HealthClient::new(suite.client().await.0);
    let watched = HealthCheckRequest {
        service: "traffic.test.v1.Sample".to_owned(),
    };
    let mut changes = health.watch(watched).await.unwrap().into_inner();
    let mut until = async |wanted: ServingStatus| {
        while let Some(change) = changes.next().await {
            if change.unwrap().status() == wanted {
                return;
            }
        }
        panic!("never {wanted:?}");
    };
    tokio::time::timeout(PATIENCE, until(ServingStatus::Serving))
        .await
        .unwrap();
    suite.world.ready.store(false, Ordering::SeqCst);
    assert_eq!(
        suite.get("/readyz").await,
        (503, "projection at 1 of 2\n".to_owned())
    );
    assert_eq!(
        suite.get("/healthz").await.0,
        200,
        "waiting is no reason to be restarted"
    );
    tokio::time::timeout(PATIENCE, until(ServingStatus::NotServing))
        .await
        .unwrap();
}

#[tokio::test]
async fn metrics_count_calls_by_method_and_code() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    client.open("x").await.unwrap();
    client.open("refuse").await.unwrap_err();
    let (status, text) = suite.get("/metrics").await;
    assert_eq!(status, 200);
    for code in ["OK", "FAILED_PRECONDITION"] {
        let counted = text.lines().any(|line| {
            line.starts_with("rpc_server_call_duration_seconds_count")
                && line.contains(&format!("rpc_response_status_code=\"{code}\""))
                && line.contains("/traffic.test.v1.Sample/Open")
                && line.ends_with(" 1")
        });
        assert!(counted, "{code}: {text}");
    }
}

/// What reflection answers to a question.
async fn reflected(
    suite: &Suite,
    question: MessageRequest,
) -> tonic::Streaming<tonic_reflection::pb::v1::ServerReflectionResponse> {
    let mut reflection = ServerReflectionClient::new(suite.client().await.0);
    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let asked = reflection.server_reflection_info(futures::stream::iter([question]));
    asked.await.unwrap().into_inner()
}

#[tokio::test]
async fn reflection_lists_the_services_without_a_token() {
    let suite = Suite::start().await;
    let mut answers = reflected(&suite, MessageRequest::ListServices(String::new())).await;
    let Some(MessageResponse::ListServicesResponse(list)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list");
    };
    let names: Vec<_> = list
        .service
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert!(
        names.contains(&"traffic.test.v1.Sample") && names.contains(&"grpc.health.v1.Health"),
        "{names:?}"
    );
}

#[tokio::test]
async fn health_and_reflection_are_asked_by_name_and_nothing_longer() {
    let suite = Suite::start().await;
    let mut health = HealthClient::new(suite.client().await.0);
    let service = "x".repeat(5 << 10);
    let too_long = HealthCheckRequest {
        service: service.clone(),
    };
    let refused = health.check(too_long).await.unwrap_err();
    assert_eq!(
        info(&refused),
        (Code::InvalidArgument, "MALFORMED_REQUEST".into())
    );
    let mut answers = reflected(&suite, MessageRequest::FileContainingSymbol(service)).await;
    let answer = answers.message().await;
    assert!(matches!(answer, Ok(None)), "not looked for: {answer:?}");
}

#[tokio::test]
async fn watches_of_health_take_no_room_from_the_services() {
    let suite = Suite::with("grpc.max_streams = 2\n").await;
    let client = suite.client().await;
    let mut health = HealthClient::new(client.0.clone());
    let mut watches = Vec::new();
    // As many as one address may hold.
    let last = loop {
        assert!(watches.len() <= 64, "nothing bounds them");
        match health.watch(HealthCheckRequest::default()).await {
            Ok(watch) => watches.push(watch),
            Err(refused) => break refused,
        }
    };
    assert_eq!(info(&last), (Code::Unavailable, "UNAVAILABLE".into()));
    assert!(watches.len() > 2, "more than the services have room for");
    let token = suite.token("sample.read sample.write");
    let call = || request("", &[("authorization", &token)]);
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = client.watch(call()).await.unwrap();
        stream.message().await.unwrap().unwrap();
        streams.push(stream);
    }
    assert_eq!(
        info(&client.watch(call()).await.unwrap_err()).0,
        Code::Unavailable
    );
    for watch in watches {
        let told = watch.into_inner().next().await;
        assert!(matches!(told, Some(Ok(_))), "those that are open go on");
    }
}

#[tokio::test]
async fn health_is_asked_at_a_rate_of_its_own() {
    let suite = Suite::with("limits.requests_per_second = 1\nlimits.burst = 3\n").await;
    let client = suite.client().await;
    let mut health = HealthClient::new(client.0.clone());
    for _ in 0..3 {
        client.open("x").await.unwrap();
        health.check(HealthCheckRequest::default()).await.unwrap();
    }
    let open = client.open("x").await.map(drop);
    let check = health.check(HealthCheckRequest::default()).await.map(drop);
    for limited in [open, check] {
        assert_eq!(
            info(&limited.unwrap_err()),
            (Code::ResourceExhausted, "RATE_LIMITED".into())
        );
    }
}

#[tokio::test]
async fn a_services_own_pages_are_served_and_may_fail_alone() {
    let suite = Suite::start().await;
    assert_eq!(suite.get("/hello").await, (200, "hello".to_owned()));
    assert_eq!(suite.get("/panic").await.0, 500);
    assert_eq!(suite.get("/nowhere").await.0, 404);
    assert_eq!(suite.get("/hello").await.0, 200);
}

#[tokio::test]
async fn a_shutdown_finishes_calls_in_flight_ends_streams_and_closes_the_port() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let call = {
        let client = client.clone();
        tokio::spawn(async move { client.open("wait").await })
    };
    let mut stream = client.watch(request("", &[])).await.unwrap();
    stream.message().await.unwrap().unwrap();
    suite.world.until_waiting(2).await;

    let (address, http) = (suite.running.grpc, suite.running.http);
    let world = suite.world;
    let ended = tokio::spawn(suite.running.shutdown());
    let last = tokio::time::timeout(PATIENCE, stream.message())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(last.code(), Code::Unavailable, "{last:?}");
    // The call is still in flight, and until it ends the replica says that it is not ready.
    assert_eq!(
        wire_get(http, "/readyz").await,
        (503, "shutting down\n".to_owned())
    );
    world.gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().get_ref().value, "waited");
    tokio::time::timeout(PATIENCE, ended)
        .await
        .unwrap()
        .unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    assert!(tokio::net::TcpStream::connect(http).await.is_err());
}
