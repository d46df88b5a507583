//! Health, metrics and reflection, and how a server ends.

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

#[tokio::test]
async fn reflection_lists_the_services_without_a_token() {
    let suite = Suite::start().await;
    let mut reflection = ServerReflectionClient::new(suite.client().await.0);
    let question = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection
        .server_reflection_info(futures::stream::iter([question]))
        .await
        .unwrap()
        .into_inner();
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
