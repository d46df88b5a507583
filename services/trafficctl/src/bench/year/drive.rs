//! One part of the year: so many stories, so many told at once, by desks that take the next one as they end one.

use super::desk::{Desk, Done};
use super::tally::Tally;
use crate::bench::processes::CpuShare;
use crate::failure::Failure;
use crate::invented::Random;
use indicatif::ProgressBar;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What happens many times in a year, each time to somebody else.
pub(super) trait Story: Send + Sync + 'static {
    /// Tells the story of this number from its beginning to its end.
    fn tell(
        &self,
        desk: &mut Desk,
        number: u64,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// How the stories of one part are told.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) service: &'static str,
    pub(super) what: &'static str,
    pub(super) stories: u64,
    /// Stories told at once, each with one request in flight.
    pub(super) at_once: usize,
    pub(super) seed: u64,
    pub(super) progress: ProgressBar,
}

/// One part of the year, as it went.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) service: &'static str,
    pub(super) what: &'static str,
    pub(super) stories: u64,
    pub(super) commands: u64,
    pub(super) reads: u64,
    pub(super) retried: u64,
    pub(super) seconds: f64,
    pub(super) commands_per_second: f64,
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    /// Processors kept busy meanwhile: by the service, the bus and these clients.
    pub(super) cores: CpuShare,
    /// By the other services, which react.
    pub(super) cores_of_others: f64,
}

impl Part {
    pub(super) fn of(plan: &Plan, done: &Done, lasted: Duration) -> Self {
        Self {
            service: plan.service,
            what: plan.what,
            stories: plan.stories,
            commands: done.commands,
            reads: done.reads,
            retried: done.retried,
            seconds: lasted.as_secs_f64(),
            commands_per_second: done.commands as f64 / lasted.as_secs_f64(),
            p50_us: done.latencies.value_at_quantile(0.5),
            p99_us: done.latencies.value_at_quantile(0.99),
            cores: CpuShare::default(),
            cores_of_others: 0.0,
        }
    }
}

/// Tells all stories. Answers how it went, and what the suite must hold and publish now.
///
/// # Errors
/// The first story that cannot be told to its end.
pub(super) async fn drive<S: Story>(story: S, plan: Plan) -> Result<(Part, Tally), Failure> {
    let story = Arc::new(story);
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let mut desks = JoinSet::new();
    for _ in 0..plan.at_once {
        let (story, next, plan) = (Arc::clone(&story), Arc::clone(&next), plan.clone());
        desks.spawn(async move {
            let mut desk = Desk::new()?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= plan.stories {
                    return Ok::<_, Failure>(desk);
                }
                desk.random = Random::of(plan.seed, number);
                story.tell(&mut desk, number).await?;
                plan.progress.inc(1);
            }
        });
    }
    let mut done = Done::nothing()?;
    let mut sent = Tally::default();
    while let Some(ended) = desks.join_next().await {
        // Dropping the others ends them.
        let desk = ended.map_err(Failure::failed)??;
        done.merge(&desk.done)?;
        sent.merge(desk.sent);
    }
    plan.progress.finish_and_clear();
    Ok((Part::of(&plan, &done, begun.elapsed()), sent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::{Response, Status};

    struct Greeting {
        fails_at: Option<u64>,
    }

    impl Story for Greeting {
        async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
            let fails = self.fails_at == Some(number);
            desk.command(number, async |number| match fails {
                true => Err(Status::internal(format!("story {number}"))),
                false => Ok(Response::new(())),
            })
            .await?;
            desk.sent.add("greetings", 1);
            Ok(())
        }
    }

    fn plan() -> Plan {
        Plan {
            service: "none",
            what: "greetings",
            stories: 1_000,
            at_once: 7,
            seed: 1,
            progress: ProgressBar::hidden(),
        }
    }

    #[tokio::test]
    async fn every_story_is_told_once() {
        let (part, sent) = drive(Greeting { fails_at: None }, plan()).await.unwrap();
        assert_eq!((part.commands, sent.of("greetings")), (1_000, 1_000));
    }

    #[tokio::test]
    async fn a_story_that_cannot_be_told_ends_the_year() {
        let fails_at = Some(500);
        let failure = drive(Greeting { fails_at }, plan()).await.unwrap_err();
        assert!(failure.to_string().contains("story 500"));
    }
}
