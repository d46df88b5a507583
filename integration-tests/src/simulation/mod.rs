//! The whole suite in one process and one thread, reproducible from a seed.
//!
//! Services run as they are, on models of journal, bus and disk; between them and the models stand wires that delay,
//! lose and repeat, and processes that end at any await on a wire. Time is the runtime's own, paused: it jumps to
//! whatever happens next.
//!
//! ```text
//! Plan (from a seed) ──> users and faults ──> City ── Host ── Api, Core ── Wire ── journal::model, bus::model
//!                                                      └── MemoryDisk, SkewedClock
//!                                             Audit: invariants, all along and when everything has come to rest
//! ```

mod audit;
mod city;
mod clock;
mod host;
mod plan;
pub mod reach;
mod shortest;
mod stream;
mod users;
mod wire;

pub use plan::{Act, Disk, Plan, Step};
pub use shortest::{Shortest, shortest};
pub use wire::Sabotage;

use city::City;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use std::time::Duration;
use tokio::time::Instant;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub seed: u64,
    /// On the paused clock.
    pub simulated: Duration,
    /// Steps of the plan and faults of the wires.
    pub faults: u64,
    pub acknowledged: u64,
    pub refused: u64,
    pub commits: u64,
    pub published: u64,
    /// How many events of each type were published, and requests of each type carried out, by full names: how far the users'
    /// stories have come.
    pub reached: BTreeMap<String, u64>,
    /// Of all commits and published events: two runs of one plan have the same.
    pub digest: u64,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("after {at:?}: {invariant}: {what}")]
pub struct Violation {
    /// Its name, the same whatever broke it; of a panic, where it was.
    pub invariant: String,
    /// What shows that it did not hold.
    pub what: String,
    /// On the paused clock.
    pub at: Duration,
}

impl Violation {
    /// As whoever found it tells it: `<invariant>: <what>`.
    fn told(told: &str, at: Duration) -> Self {
        let (invariant, what) = told.split_once(": ").unwrap_or((told, "no more is known"));
        Self {
            invariant: invariant.to_owned(),
            what: what.to_owned(),
            at,
        }
    }
}

thread_local! {
    /// Panics of the simulation that runs on this thread; `None`: none runs.
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs a plan to its end, in a thread's own world.
///
/// # Errors
/// The first invariant that did not hold.
///
/// # Panics
/// If no runtime can be made.
pub fn run(plan: &Plan, sabotage: Option<Sabotage>) -> Result<Report, Violation> {
    note_panics();
    PANICS.set(Some(Vec::new()));
    let _seeded = chassis::random::seeded(plan.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let began = Instant::now();
            let city = Arc::new(City::open(plan, sabotage));
            let ended = Box::pin(city.live(plan)).await;
            let at = began.elapsed();
            ended
                .map(|report| Report {
                    simulated: at,
                    ..report
                })
                .map_err(|told| Violation::told(&told, at))
        })
    }));
    // What is dropped with the runtime may still speak up.
    drop(runtime);
    // A panic comes first: what else is seen may follow from it.
    let panicked = PANICS.take().unwrap_or_default().into_iter().next();
    match (panicked, ended) {
        (None, Ok(ended)) => ended,
        (panicked, ended) => {
            let at = ended.ok().and_then(Result::err).map(|seen| seen.at);
            let panicked = panicked.unwrap_or_else(|| "panicked: nobody knows where".into());
            Err(Violation::told(&panicked, at.unwrap_or_default()))
        }
    }
}

/// Keeps panics of simulations for their reports; others are told as ever.
fn note_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let noted = PANICS.with_borrow_mut(|panics| match panics {
                Some(panics) => {
                    // `panicked at <place>:`, and what was said there on the next line.
                    panics.push(panic.to_string().replacen(":\n", ": ", 1));
                    true
                }
                None => false,
            });
            if !noted {
                told(panic);
            }
        }));
    });
}
