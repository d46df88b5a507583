//! A closed loop: so many workers, each with one request in flight, for so long.

use super::processes::CpuShare;
use crate::failure::Failure;
use hdrhistogram::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Longest latency that is told apart. Microseconds.
const LONGEST_US: u64 = 60_000_000;
/// A worker whose requests fail so often in a row gives up.
const MOST_FAILURES: u32 = 100;

pub(super) struct Plan {
    pub(super) in_flight: usize,
    pub(super) warm_up: Duration,
    pub(super) lasting: Duration,
}

/// One request after the other.
pub(super) trait Worker: Send + 'static {
    fn step(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) cpu: CpuShare,
}

/// Runs `plan` with workers that `worker` makes, numbered from 0.
///
/// # Errors
/// More than one request in a hundred failed: what was measured would mean nothing. The text has the first reason.
pub(super) async fn measure<W: Worker>(
    plan: &Plan,
    worker: impl Fn(usize) -> W,
) -> Result<Sample, Failure> {
    let counting = Arc::new(AtomicBool::new(false));
    let ending = Arc::new(AtomicBool::new(false));
    let mut running = JoinSet::new();
    for number in 0..plan.in_flight {
        running.spawn(work(
            worker(number),
            Arc::clone(&counting),
            Arc::clone(&ending),
        ));
    }
    tokio::time::sleep(plan.warm_up).await;
    counting.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    tokio::time::sleep(plan.lasting).await;
    ending.store(true, Ordering::Relaxed);
    let lasted = begun.elapsed();

    let mut all = histogram()?;
    let mut failed = 0;
    let mut first_reason = None;
    while let Some(done) = running.join_next().await {
        let done = done.map_err(Failure::failed)??;
        all.add(done.latencies).map_err(Failure::failed)?;
        failed += done.failed;
        first_reason = first_reason.or(done.reason);
    }
    let requests = all.len();
    if failed * 100 > requests {
        let why = first_reason.unwrap_or_default();
        return Err(Failure::failed(format!(
            "{failed} of {} requests failed: {why}",
            requests + failed
        )));
    }
    Ok(Sample {
        per_second: requests as f64 / lasted.as_secs_f64(),
        p50: Duration::from_micros(all.value_at_quantile(0.5)),
        p99: Duration::from_micros(all.value_at_quantile(0.99)),
        requests,
        failed,
        cpu: CpuShare::default(),
    })
}

struct Done {
    latencies: Histogram<u64>,
    failed: u64,
    reason: Option<String>,
}

async fn work<W: Worker>(
    mut worker: W,
    counting: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
) -> Result<Done, Failure> {
    let mut done = Done {
        latencies: histogram()?,
        failed: 0,
        reason: None,
    };
    let mut failed_in_a_row = 0;
    while !ending.load(Ordering::Relaxed) && failed_in_a_row < MOST_FAILURES {
        let begun = Instant::now();
        let outcome = worker.step().await;
        let counts = counting.load(Ordering::Relaxed) && !ending.load(Ordering::Relaxed);
        match outcome {
            Ok(()) => {
                failed_in_a_row = 0;
                if counts {
                    let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(LONGEST_US);
                    done.latencies.saturating_record(took.max(1));
                }
            }
            Err(reason) => {
                failed_in_a_row += 1;
                done.failed += 1;
                done.reason.get_or_insert(reason);
            }
        }
    }
    Ok(done)
}

/// Of latencies in microseconds.
pub(super) fn histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, LONGEST_US, 3).map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(u64);

    impl Worker for Failing {
        async fn step(&mut self) -> Result<(), String> {
            self.0 += 1;
            tokio::task::yield_now().await;
            match self.0.is_multiple_of(2) {
                true => Ok(()),
                false => Err("the first reason".into()),
            }
        }
    }

    #[tokio::test]
    async fn a_measurement_in_which_requests_fail_is_none() {
        let plan = Plan {
            in_flight: 2,
            warm_up: Duration::ZERO,
            lasting: Duration::from_millis(20),
        };
        let failure = measure(&plan, |_| Failing(0)).await.unwrap_err();
        assert!(failure.to_string().contains("the first reason"));
    }
}
