//! Several replicas of all services live through faults of every kind, on one server and on three. The same at any
//! length: `cargo run --release -p integration-tests --bin faults -- --rounds 50 --seed 7`.

use integration_tests::faults::{self, Plan};
use integration_tests::{Topology, times};

const SEED: u64 = 0x5eed_0007;

async fn nothing_is_found(plan: Plan) {
    let report = faults::run(&plan, |line| println!("{line}")).await;
    print!("{report}");
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(report.rounds, plan.rounds, "every round was run");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_services_live_through_faults_on_one_server() {
    let rounds = times("SUITE_FAULTS", 6);
    nothing_is_found(Plan::new(Topology::Alone, rounds, SEED)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_services_live_through_faults_of_a_cluster() {
    let rounds = times("SUITE_FAULTS", 6);
    let mut plan = Plan::new(Topology::Cluster, rounds, SEED);
    // What does not differ from one server is done there.
    plan.faults.retain(|fault| fault.is_of_the_bus());
    nothing_is_found(plan).await;
}
