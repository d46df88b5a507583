//! Where a partner system works: gives commands, repeats each until it is carried out, and notes what it did and how long it took.

use super::tally::Tally;
use crate::bench::measure;
use crate::failure::{Failure, describe};
use crate::invented::Random;
use hdrhistogram::Histogram;
use std::any::type_name;
use std::time::{Duration, Instant};
use tonic::{Code, Response, Status};

/// A command that finds no hearing so often fails.
const ATTEMPTS: u32 = 60;
/// Pauses between attempts, growing from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// One of those that work beside each other.
pub(super) struct Desk {
    /// Decides what this story does; the same for the same seed and number.
    pub(super) random: Random,
    /// What the suite must hold and publish for what was done here.
    pub(super) sent: Tally,
    pub(super) done: Done,
}

/// What was done at desks.
pub(super) struct Done {
    /// Commands carried out: of a stream, its rows.
    pub(super) commands: u64,
    /// Questions asked in between.
    pub(super) reads: u64,
    /// Commands given again because the service had no time, or another came first.
    pub(super) retried: u64,
    /// From the first attempt of a command, or of a stream, to its answer. Microseconds.
    pub(super) latencies: Histogram<u64>,
}

impl Done {
    pub(super) fn nothing() -> Result<Self, Failure> {
        Ok(Self {
            commands: 0,
            reads: 0,
            retried: 0,
            latencies: measure::histogram()?,
        })
    }

    pub(super) fn answered(&mut self, commands: u64, after: Duration) {
        self.commands += commands;
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.latencies.saturating_record(micros.max(1));
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Failure> {
        self.commands += other.commands;
        self.reads += other.reads;
        self.retried += other.retried;
        self.latencies
            .add(&other.latencies)
            .map_err(Failure::failed)
    }
}

impl Desk {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {
            random: Random::new(0),
            sent: Tally::default(),
            done: Done::nothing()?,
        })
    }

    /// Gives a command until it is carried out. The request keeps its id, so that it is carried out once.
    ///
    /// # Errors
    /// A refusal, or no hearing for about a minute.
    pub(super) fn command<R, T, Sent>(
        &mut self,
        request: R,
        send: impl Fn(R) -> Sent,
    ) -> impl Future<Output = Result<T, Failure>> + Unpin
    where
        R: Clone,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        // Requests are large, and a story holds the futures of many.
        Box::pin(self.rows(1, request, send))
    }

    /// As [`Desk::command`], of a stream of so many rows.
    ///
    /// # Errors
    /// As [`Desk::command`].
    pub(super) async fn rows<R, T, Sent>(
        &mut self,
        rows: u64,
        request: R,
        send: impl Fn(R) -> Sent,
    ) -> Result<T, Failure>
    where
        R: Clone,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let begun = Instant::now();
        let answer = self.until_heard(request, send).await?;
        self.done.answered(rows, begun.elapsed());
        Ok(answer)
    }

    /// Asks something.
    ///
    /// # Errors
    /// As [`Desk::command`].
    pub(super) async fn ask<R, T, Sent>(
        &mut self,
        request: R,
        send: impl Fn(R) -> Sent,
    ) -> Result<T, Failure>
    where
        R: Clone,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        self.done.reads += 1;
        self.until_heard(request, send).await
    }

    async fn until_heard<R, T, Sent>(
        &mut self,
        request: R,
        send: impl Fn(R) -> Sent,
    ) -> Result<T, Failure>
    where
        R: Clone,
        Sent: Future<Output = Result<Response<T>, Status>>,
    {
        let mut pause = PAUSES.0;
        for attempt in 1.. {
            let status = match send(request.clone()).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            if attempt == ATTEMPTS || !is_passing(status.code()) {
                let what = type_name::<R>().rsplit("::").next().unwrap_or_default();
                return Err(Failure::failed(format!("{what}: {}", describe(&status))));
            }
            self.done.retried += 1;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        Err(Failure::failed("no attempt was made"))
    }
}

/// Whether the same request may be carried out in a moment.
fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded | Code::ResourceExhausted
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn a_command_is_repeated_until_it_is_heard_and_counts_once() {
        let mut desk = Desk::new().unwrap();
        let attempts = Cell::new(0);
        let answer = desk
            .command("request", async |request| {
                attempts.set(attempts.get() + 1);
                match attempts.get() {
                    3 => Ok(Response::new(request)),
                    _ => Err(Status::unavailable("busy")),
                }
            })
            .await;
        assert_eq!(answer.unwrap(), "request");
        assert_eq!((desk.done.commands, desk.done.retried), (1, 2));
    }

    #[tokio::test]
    async fn a_refusal_is_not_repeated() {
        let mut desk = Desk::new().unwrap();
        let refused = desk
            .command("request", async |_| -> Result<Response<()>, Status> {
                Err(Status::failed_precondition("the law forbids it"))
            })
            .await;
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("the law forbids it")
        );
        assert_eq!((desk.done.commands, desk.done.retried), (0, 0));
    }
}
