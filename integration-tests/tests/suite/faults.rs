//! Several replicas of all services live through faults of every kind, on one server and on three. The same at any
//! length: `cargo run --release -p integration-tests --bin faults -- --rounds 50 --seed 7`.
//!
//! A run does a few of the faults, and the runs of the days that follow do the others. `SUITE_FAULTS_DAY=20500` repeats the run
//! of that day, counted from 1970.

use chassis::clock::{Clock, SystemClock};
use integration_tests::faults::{self, Fault, Plan};
use integration_tests::{Topology, times};
use std::io::Write;

const SEED: u64 = 0x5eed_0007;

async fn nothing_is_found(plan: Plan) {
    let report = faults::run(&plan, |line| println!("{line}")).await;
    print!("{report}");
    if std::env::var_os("CI").is_some() {
        for (fault, why) in &report.skipped {
            let bus = report.topology;
            // Past the capture of what passes: there nobody would read it.
            let _ = writeln!(
                std::io::stderr(),
                "\nWARNING: the fault {fault} was NOT done (bus {bus}): {why}\n"
            );
        }
    }
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(report.rounds, plan.rounds, "every round was run");
}

/// The day of this run, which decides what it does and how.
fn today() -> usize {
    let days = SystemClock.now().as_second() / (24 * 3_600);
    let today = times("SUITE_FAULTS_DAY", usize::try_from(days).unwrap_or(0));
    println!("SUITE_FAULTS_DAY={today} repeats this run");
    today
}

/// The next faults of a deck that is dealt day by day: as many as there are rounds, and after the last the first again.
fn dealt(deck: &[Fault], rounds: usize, day: usize) -> Vec<Fault> {
    let next = deck.iter().cycle().skip(day * rounds % deck.len());
    next.take(rounds.min(deck.len())).copied().collect()
}

fn plan(topology: Topology, wanted: fn(Fault) -> bool) -> Plan {
    let (rounds, day) = (times("SUITE_FAULTS", 6), today());
    let mut plan = Plan::new(topology, rounds, SEED + 1_000 * day as u64);
    plan.faults.retain(|fault| wanted(*fault));
    plan.faults = dealt(&plan.faults, rounds, day);
    plan
}

#[tokio::test(flavor = "multi_thread")]
async fn all_services_live_through_faults_on_one_server() {
    nothing_is_found(plan(Topology::Alone, |_| true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_services_live_through_faults_of_a_cluster() {
    // What does not differ from one server is done there.
    nothing_is_found(plan(Topology::Cluster, Fault::is_of_the_bus)).await;
}

#[test]
fn a_few_days_deal_every_fault() {
    let deck = Fault::possible(Topology::Cluster);
    for rounds in 1..=deck.len() {
        let days = deck.len().div_ceil(rounds);
        let mut done: Vec<Fault> = (20_500..20_500 + days)
            .flat_map(|day| dealt(&deck, rounds, day))
            .collect();
        done.sort_unstable();
        done.dedup();
        assert_eq!(done.len(), deck.len(), "{rounds} rounds a day");
    }
}
