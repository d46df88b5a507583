//! A bus that goes away under load and comes back: clients are told to retry, nothing crashes, nothing is lost or doubled.

use integration_tests::load::{Load, Workload};
use integration_tests::replica::{eventually, http_get};
use integration_tests::workloads::{Enforcement, Ledger, Parking, Permits, Registration};
use integration_tests::{Service, Suite, audit, times};
use std::time::Duration;
use traffic_proto::operations::v1::GetProjectionRequest;

const SEED: u64 = 0x5eed_0003;

/// How the bus goes away.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Stopped,
    Killed,
    Frozen,
}

async fn bus_lost_under_load<W: Workload>(service: Service, workload: W, rounds: usize) {
    let mut suite = Suite::start().await;
    let mut one = suite.replica(service).await;
    let mut two = suite.replica(service).await;
    workload.prepare(&one).await;
    let mut load = Load::start(workload, &[&one, &two], 12, SEED);
    for round in 0..rounds {
        load.more(100).await;
        match [Loss::Stopped, Loss::Killed, Loss::Frozen][round % 3] {
            Loss::Stopped => suite.bus().stop().await,
            Loss::Killed => suite.bus().kill9(),
            Loss::Frozen => {
                suite.bus().pause().unwrap();
                // Longer than an append waits for its acknowledgement.
                tokio::time::sleep(Duration::from_secs(4)).await;
                suite.bus().resume().unwrap();
                continue;
            }
        }
        // What was under way may be answered after the bus is back; what comes meanwhile is told at once to retry.
        load.turned_away().await;
        suite.bus().restart().await.unwrap();
    }
    load.more(100).await;
    let record = load.finish().await;
    assert!(
        one.is_running() && two.is_running(),
        "no replica has crashed"
    );
    assert!(record.unavailable > 0, "clients were told to retry");
    assert_eq!(record.broken, 0, "the services kept their connections");
    one.until_ready().await;
    two.until_ready().await;
    let bus = suite.connect().await;
    audit::accounts_for(&record, &one, &bus).await;
    let fresh = suite.replica(service).await;
    audit::agree(&[&one, &two, &fresh]).await;
    println!(
        "{}: {rounds} losses, {} acknowledged, {} told to retry",
        service.name(),
        record.acknowledged.len(),
        record.unavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_outlives_its_bus_and_tells_clients_to_retry() {
    bus_lost_under_load(
        Service::Ledger,
        Ledger::new("b"),
        times("SUITE_BUS_LOSSES", 6),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permits_outlive_their_bus_and_tell_clients_to_retry() {
    let rounds = times("SUITE_BUS_LOSSES", 6);
    bus_lost_under_load(Service::Permits, Permits { series: "b" }, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parking_outlives_its_bus_and_tells_clients_to_retry() {
    let rounds = times("SUITE_BUS_LOSSES", 6);
    bus_lost_under_load(Service::Parking, Parking { series: "b" }, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_outlives_its_bus_and_tells_clients_to_retry() {
    let rounds = times("SUITE_BUS_LOSSES", 6);
    bus_lost_under_load(Service::Enforcement, Enforcement { series: "b" }, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_outlives_its_bus_and_tells_clients_to_retry() {
    let rounds = times("SUITE_BUS_LOSSES", 6);
    bus_lost_under_load(Service::Registration, Registration { series: "B" }, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_for_its_bus_lives_is_not_ready_and_ends_when_told_to() {
    let suite = Suite::start().await;
    let mut replica = suite.unstarted(Service::Ledger);
    // Nobody is there.
    replica.set("TRAFFIC_NATS__URLS", r#"["nats://127.0.0.1:9"]"#);
    replica.start().await;
    let http = replica.http_address();
    let asked = async |path| http_get(http, path).await.ok();
    let (status, _) = eventually("it says that it lives", || asked("/healthz")).await;
    assert_eq!(status, 200);
    let (status, why) = asked("/readyz").await.expect("it says why it is not ready");
    assert_eq!(
        (status, why.as_slice()),
        (503, &b"waiting for the bus\n"[..])
    );
    assert!(replica.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_bus_has_gone_stays_ready_and_answers_reads() {
    let mut suite = Suite::start().await;
    let replica = suite.replica(Service::Ledger).await;
    suite.bus().kill9();
    let bus_is_missed = || async {
        let metrics = http_get(replica.http_address(), "/metrics").await.ok()?.1;
        let metrics = String::from_utf8(metrics).ok()?;
        let gone = metrics
            .lines()
            .find(|line| line.starts_with("traffic_bus_connected"))?;
        gone.ends_with(" 0").then_some(())
    };
    eventually("it notices", bus_is_missed).await;
    let ready = http_get(replica.http_address(), "/readyz").await;
    assert_eq!(ready.expect("an answer").0, 200);
    let mut operations = replica.operations();
    let projection = operations.get_projection(GetProjectionRequest {}).await;
    projection.expect("a read is answered");
}
