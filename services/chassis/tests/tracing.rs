//! One command's way can be followed through the whole suite: its spans, and the links of what follows from it.

mod counter;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use chassis::clock::ManualClock;
use chassis::config::Config;
use chassis::telemetry::{SPANS, Telemetry};
use chassis::testing::Bus;
use counter::{Counter, Echo, add, call, replica, replica_of, start_of_time};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::Instrument;
use uuid::Uuid;

/// What a collector was sent.
type Received = Arc<Mutex<Vec<Span>>>;

async fn take(State(received): State<Received>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).expect("spans");
    let spans = request
        .resource_spans
        .into_iter()
        .flat_map(|resource| resource.scope_spans)
        .flat_map(|scope| scope.spans);
    received.lock().expect("not poisoned").extend(spans);
}

/// The subscriber is the process's: one test in this program.
#[test]
fn a_command_is_traced_to_the_journal_and_linked_from_projection_relay_and_policy() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let received = Received::default();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
    let collector = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&received));
    runtime.spawn(async move { axum::serve(listener, collector).await });

    let text = format!(
        "[auth]\nmode = \"development\"\n[telemetry]\notlp_endpoint = \"{endpoint}\"\nsampling = 1.0"
    );
    let config = Config::parse(&text, []).expect("a configuration");
    // Outside of async code: the exporter's client has threads of its own.
    let telemetry = Telemetry::start(&config.telemetry, "counting").expect("telemetry");
    telemetry.install().expect("the first subscriber");

    runtime.block_on(async {
        let (bus, clock) = (
            Bus::start().await,
            ManualClock::starting_at(start_of_time()),
        );
        let (one, two) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let counting = replica(&bus, one.path(), &clock).await;
        let echoing = replica_of("echoing", &bus, two.path(), &clock).await;
        echoing.run_policy(Arc::new(Echo(echoing.clone())));
        let request = tracing::debug_span!(target: SPANS, "request");
        let given = async { call(Uuid::now_v7(), "5") }
            .instrument(request.clone())
            .await;
        counting
            .commands
            .execute::<Counter>(given, |tx| add(tx, "c", 5))
            .instrument(request)
            .await
            .expect("added");
        tokio::time::timeout(Duration::from_secs(30), echoing.projection.reached(1))
            .await
            .expect("the policy has added too");
        echoing.stop().await;
        counting.stop().await;
    });
    telemetry.flush();

    let spans = received.lock().expect("not poisoned");
    let named = |name: &str| -> Vec<&Span> { spans.iter().filter(|s| s.name == name).collect() };
    let requests = named("request");
    let [request] = requests.as_slice() else {
        panic!("one request: {requests:?}");
    };
    for inside in ["command", "append"] {
        assert!(
            named(inside)
                .iter()
                .any(|span| span.trace_id == request.trace_id),
            "{inside} is a part of the request's trace"
        );
    }
    for after in ["project", "relay", "policy"] {
        let linked = named(after).iter().any(|span| {
            span.links
                .iter()
                .any(|link| link.trace_id == request.trace_id)
        });
        assert!(linked, "{after} links to the request's trace");
    }
}
