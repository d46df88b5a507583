//! A closed loop: so many clients, each giving its next command when the last is acknowledged.

use crate::Failure;
use hdrhistogram::Histogram;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

const WARM_UP: Duration = Duration::from_secs(1);
/// Microseconds that a command may take at most: a minute.
const LONGEST: u64 = 60_000_000;

/// A client.
pub trait Clerk: Send + 'static {
    /// Gives one command and waits until it is durable.
    fn step(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What was measured.
#[derive(Debug)]
pub struct Sample {
    pub commands_per_second: f64,
    /// In microseconds.
    pub latencies: Histogram<u64>,
}

/// Measures `in_flight` clients for so long.
pub async fn measure<C: Clerk>(
    in_flight: usize,
    lasting: Duration,
    clerk: impl Fn() -> C,
) -> Result<Sample, Failure> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + lasting;
    let mut clerks = JoinSet::new();
    for _ in 0..in_flight {
        let mut clerk = clerk();
        clerks.spawn(async move {
            let mut latencies = Histogram::<u64>::new_with_max(LONGEST, 3)?;
            loop {
                let asked = Instant::now();
                if asked >= end {
                    return Ok::<_, Failure>(latencies);
                }
                clerk.step().await?;
                let answered = Instant::now();
                if asked >= begin && answered <= end {
                    let micros = answered.duration_since(asked).as_micros();
                    latencies.record(u64::try_from(micros).unwrap_or(LONGEST).min(LONGEST))?;
                }
            }
        });
    }
    let mut latencies = Histogram::<u64>::new_with_max(LONGEST, 3)?;
    while let Some(ended) = clerks.join_next().await {
        latencies.add(ended??)?;
    }
    Ok(Sample {
        commands_per_second: latencies.len() as f64 / lasting.as_secs_f64(),
        latencies,
    })
}
