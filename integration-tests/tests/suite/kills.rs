//! A service that is killed at any instant under load comes back with everything it acknowledged, once.

use integration_tests::load::{Load, Workload};
use integration_tests::workloads::{Enforcement, Ledger, Parking, Permits, Registration};
use integration_tests::{Service, Suite, audit, times};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

const SEED: u64 = 0x5eed_0001;
const CLIENTS: usize = 12;
/// Restarts after which the projection is compared with a rebuilt one.
const COMPARED: usize = 25;

/// What is asked for after a restart: the last acknowledgements before the kill. The load goes on meanwhile, so that with
/// all of them each look would take longer than the last; at the end all are asked for.
const LAST: usize = 50;

/// Kills at `points` random points; asks after each restart for what was acknowledged last.
async fn killed_under_load<W: Workload>(service: Service, workload: W, points: usize) {
    let suite = Suite::start().await;
    let bus = suite.connect().await;
    let mut replica = suite.replica(service).await;
    workload.prepare(&replica).await;
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut load = Load::start(workload, &[&replica], CLIENTS, SEED);
    for point in 1..=points {
        load.more(rng.random_range(1..20)).await;
        // Anywhere between two acknowledgements, too.
        tokio::time::sleep(Duration::from_micros(rng.random_range(0..20_000))).await;
        replica.kill9();
        let acknowledged = load.last(LAST);
        replica.start().await;
        replica.until_ready().await;
        audit::accounts_for_these(&acknowledged, &replica, &bus).await;
        if point % COMPARED == 0 {
            let fresh = suite.replica(service).await;
            audit::agree(&[&replica, &fresh]).await;
        }
    }
    let record = load.finish().await;
    assert!(record.broken > 0, "the kills met clients at work");
    audit::accounts_for(&record, &replica, &bus).await;

    // The checkpoint is exact, and the projection what the journal alone makes of it.
    let fresh = suite.replica(service).await;
    let digest = audit::agree(&[&replica, &fresh]).await;
    let state = audit::projection(&replica).await;
    assert_eq!(
        (state.applied_position, state.broken_chains),
        (digest.position, 0)
    );
    println!(
        "{}: {points} kills, {} acknowledged, {} calls broken, {} told to retry",
        service.name(),
        record.acknowledged.len(),
        record.broken,
        record.unavailable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_killed_at_random_points_loses_and_doubles_nothing() {
    let points = times("SUITE_KILLS", 100) / 4;
    killed_under_load(Service::Ledger, Ledger::new("k"), points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permits_killed_at_random_points_lose_and_double_nothing() {
    let points = times("SUITE_KILLS", 100);
    killed_under_load(Service::Permits, Permits { series: "k" }, points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parking_killed_at_random_points_loses_and_doubles_nothing() {
    let points = times("SUITE_KILLS", 100);
    killed_under_load(Service::Parking, Parking { series: "k" }, points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_killed_at_random_points_loses_and_doubles_nothing() {
    let points = times("SUITE_KILLS", 100);
    killed_under_load(Service::Enforcement, Enforcement { series: "k" }, points).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_killed_at_random_points_loses_and_doubles_nothing() {
    let points = times("SUITE_KILLS", 100);
    killed_under_load(Service::Registration, Registration { series: "K" }, points).await;
}
