//! Faults done to several replicas of all services, round after round from a seed, and what must hold after each.
//!
//! ```text
//!   a city: one bus or three members, two replicas of each service, clients at work through all of them
//!   a round: clients work ── a fault ── work goes on ── the fault ends ── work goes on ── clients rest ── all is checked
//! ```
//!
//! What is found does not end a run: the city is left, and the next round begins with a new one.

mod city;
mod fault;
mod invariants;
mod report;

pub use fault::Fault;
pub use report::{Finding, Report};

use crate::suite::{Service, Topology};
use city::City;
use futures::FutureExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// Rounds after which a city is left for a new one: what is checked grows with its age.
const ROUNDS_A_CITY: usize = 12;

/// What to do.
#[derive(Clone, Debug)]
pub struct Plan {
    pub topology: Topology,
    pub services: Vec<Service>,
    /// Faults to choose from.
    pub faults: Vec<Fault>,
    pub rounds: usize,
    pub seed: u64,
}

impl Plan {
    /// All services and all faults that the topology and this machine know.
    pub fn new(topology: Topology, rounds: usize, seed: u64) -> Self {
        Self {
            topology,
            services: Service::ALL.to_vec(),
            faults: Fault::possible(topology),
            rounds,
            seed,
        }
    }
}

/// Runs the rounds of a plan; `told` hears of each as it ends.
pub async fn run(plan: &Plan, mut told: impl FnMut(&str)) -> Report {
    let began = Instant::now();
    let mut report = Report::new(plan);
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let mut deck: Vec<Fault> = Vec::new();
    let mut city: Option<City> = None;
    for round in 1..=plan.rounds {
        if deck.is_empty() {
            deck.clone_from(&plan.faults);
            deck.shuffle(&mut rng);
        }
        let Some(fault) = deck.pop() else {
            break;
        };
        let seed = plan.seed.wrapping_add(round as u64);
        let mut here = match city.take() {
            Some(city) => city,
            None => City::found(plan.topology, &plan.services, seed).await,
        };
        let mut rng = StdRng::seed_from_u64(seed);
        report.count(fault);
        // Whatever does not hold there panics, and is a finding here.
        let done = AssertUnwindSafe(here.round(fault, &mut rng)).catch_unwind();
        match Box::pin(done).await {
            Ok(outcome) => {
                told(&format!("round {round}, {fault}: {outcome}"));
                if round % ROUNDS_A_CITY == 0 || round == plan.rounds {
                    leave(here, &mut report, round, &mut told).await;
                } else {
                    city = Some(here);
                }
            }
            Err(panic) => {
                let what = what_does_not_hold(&*panic);
                told(&format!("round {round}, {fault}: FOUND {what}"));
                told(&here.last_words());
                report.found(round, fault.name(), what);
            }
        }
    }
    report.seconds = began.elapsed().as_secs_f64();
    report
}

/// The last look at a city: after the last deadline of all that happened there has passed.
async fn leave(city: City, report: &mut Report, round: usize, told: &mut impl FnMut(&str)) {
    let ended = AssertUnwindSafe(city.end()).catch_unwind();
    match Box::pin(ended).await {
        Ok(totals) => report.add(&totals),
        Err(panic) => {
            let what = what_does_not_hold(&*panic);
            told(&format!("after round {round}: FOUND {what}"));
            report.found(round, "the end", what);
        }
    }
}

fn what_does_not_hold(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
