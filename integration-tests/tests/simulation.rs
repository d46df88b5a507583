//! The simulation itself: it is the same each time, it finds what is broken on purpose, it tells as little as shows it, and a
//! few seeds hold.

use integration_tests::simulation::{Plan, Sabotage, run, shortest};
use std::collections::BTreeSet;

/// Seeds that a plain `cargo test` runs; `simulate` runs a thousand.
const SEEDS: u64 = 20;
/// Seeds within which a broken promise must show.
const ENOUGH: u64 = 40;

/// What any few seeds come to, far down each story, events and requests: a story that is refused on its way proves nothing.
const REACHED: [&str; 15] = [
    "traffic.enforcement.v1.CountRidersRequest",
    "traffic.enforcement.v1.PassReviewsRequest",
    "traffic.enforcement.v1.StopOnTheSpotRequest",
    "traffic.enforcement.v1.VehicleReleased",
    "traffic.enforcement.v1.ViolationSettled",
    "traffic.parking.v1.BayReopened",
    "traffic.parking.v1.CorrectSessionRequest",
    "traffic.parking.v1.GrantWaiverRequest",
    "traffic.parking.v1.ImportBaysRequest",
    "traffic.parking.v1.PaymentReceived",
    "traffic.permits.v1.OversizeTransportApproved",
    "traffic.permits.v1.RoadReopened",
    "traffic.registration.v1.BookAppointmentRequest",
    "traffic.registration.v1.EbikeRegistered",
    "traffic.registration.v1.VehicleRegistered",
];

#[test]
fn the_invariants_hold_over_a_few_seeds_whose_stories_come_to_their_ends() {
    let mut reached = BTreeSet::new();
    for seed in 0..SEEDS {
        let plan = Plan::of(seed);
        match run(&plan, None) {
            Ok(report) => reached.extend(report.reached.into_keys()),
            Err(violation) => panic!("seed {seed}: {violation}\n{plan}"),
        }
    }
    let missed: Vec<_> = REACHED
        .iter()
        .filter(|name| !reached.contains(**name))
        .collect();
    assert!(missed.is_empty(), "no story comes to {missed:?}");
}

#[test]
fn a_seed_goes_the_same_way_each_time() {
    for seed in [1, 2, 3, 7, 11] {
        let plan = Plan::of(seed);
        let reports: Vec<_> = (0..3).map(|_| run(&plan, None)).collect();
        assert_eq!(reports[0], reports[1], "seed {seed}");
        assert_eq!(reports[1], reports[2], "seed {seed}");
    }
}

/// Whether some seed shows that this is broken; what it shows.
fn found(sabotage: Sabotage) -> String {
    let broken = (0..ENOUGH).find_map(|seed| run(&Plan::of(seed), Some(sabotage)).err());
    broken
        .unwrap_or_else(|| panic!("{sabotage:?} shows in none of {ENOUGH} seeds"))
        .what
}

#[test]
fn commits_stored_whatever_their_guards_say_are_found() {
    found(Sabotage::NoGuards);
}

#[test]
fn a_relay_that_nobody_fences_off_is_found() {
    found(Sabotage::NoFence);
}

#[test]
fn a_request_carried_out_twice_is_found() {
    found(Sabotage::NewRequestIds);
}

#[test]
fn an_acknowledged_commit_that_is_not_stored_is_found() {
    found(Sabotage::LostCommits);
}

#[test]
fn of_the_shortest_history_each_step_is_needed_to_break_the_same_invariant() {
    let sabotage = Some(Sabotage::LostCommits);
    let broken = |plan: &Plan| run(plan, sabotage).err().map(|seen| seen.invariant);
    let without_losses = |plan: &Plan| Plan {
        losses_percent: 0,
        ..plan.clone()
    };
    let (plan, invariant) = (0..ENOUGH)
        .map(Plan::of)
        .filter(|plan| plan.steps.len() > 4 && plan.losses_percent > 0)
        .find_map(|plan| {
            let invariant = broken(&plan)?;
            let needs_no_losses = broken(&without_losses(&plan)).as_ref() == Some(&invariant);
            needs_no_losses.then_some((plan, invariant))
        })
        .expect("a seed that shows it");
    let shortest = shortest(&plan, sabotage).expect("it breaks again");
    assert!(shortest.is_minimal, "{}", shortest.plan);
    assert!(shortest.plan.steps.len() < plan.steps.len());
    assert_eq!(shortest.plan.losses_percent, 0);
    assert_eq!(shortest.violation.invariant, invariant);

    // As it is told, it can be run again.
    let numbers = shortest.plan.steps.iter().map(|step| step.number).collect();
    let again = without_losses(&Plan::of(plan.seed).only(&numbers));
    assert_eq!(again, shortest.plan);
    assert_eq!(run(&again, sabotage), Err(shortest.violation));

    for place in 0..again.steps.len() {
        let fewer = again.without(place..place + 1);
        assert_ne!(broken(&fewer).as_ref(), Some(&invariant), "{fewer}");
    }
}
