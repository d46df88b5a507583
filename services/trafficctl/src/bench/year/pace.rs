//! A thousand events a second, evenly: how long another agency waits for one when the suite is busy and not flooded.

use super::desk::Desk;
use super::hazards::{self, Client};
use super::rest::SILENCE;
use super::subscriber::{Delay, Subscriber};
use super::tally::Tally;
use crate::failure::Failure;
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::task::{JoinError, JoinSet};
use tokio::time::MissedTickBehavior;

const EVENTS_A_SECOND: u64 = 1_000;
const TICK: Duration = Duration::from_millis(10);
const AT_ONCE_IN_A_TICK: u64 = EVENTS_A_SECOND * TICK.as_millis() as u64 / 1_000;
/// Commands that may be under way at once; while there are more, none is begun.
const MOST_UNDER_WAY: usize = 256;

/// What was measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Paced {
    /// Achieved: less than a thousand if the suite could not keep up.
    pub(super) per_second: f64,
    pub(super) delay: Delay,
}

/// Finds a thousand hazards a second for so long. Each is one command, one commit and one event.
///
/// # Errors
/// A hazard cannot be found.
pub(super) async fn measure(
    finders: &[Client],
    subscriber: &Subscriber,
    seconds: u64,
) -> Result<(Paced, Tally), Failure> {
    subscriber.take_delay();
    let before = subscriber.count();
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    let mut idle = Vec::new();
    let events = seconds * EVENTS_A_SECOND;
    for number in 0..events {
        if number % AT_ONCE_IN_A_TICK == 0 {
            ticks.tick().await;
        }
        while let Some(ended) = under_way.try_join_next() {
            idle.push(desk_of(ended)?);
        }
        if under_way.len() >= MOST_UNDER_WAY
            && let Some(ended) = under_way.join_next().await
        {
            idle.push(desk_of(ended)?);
        }
        let mut desk = match idle.pop() {
            Some(desk) => desk,
            None => Desk::new()?,
        };
        let finder = finders[number as usize % finders.len()].clone();
        under_way.spawn(async move {
            hazards::find(&mut desk, &finder, number).await?;
            Ok(desk)
        });
    }
    while let Some(ended) = under_way.join_next().await {
        idle.push(desk_of(ended)?);
    }
    let lasted = begun.elapsed();
    while subscriber.count() < before + events {
        if subscriber.newest().elapsed() > SILENCE {
            return Err(Failure::failed("events do not come to the subscriber"));
        }
        tokio::time::sleep(TICK).await;
    }
    let paced = Paced {
        per_second: events as f64 / lasted.as_secs_f64(),
        delay: subscriber.take_delay(),
    };
    let mut sent = Tally::default();
    for desk in idle {
        sent.merge(desk.sent);
    }
    Ok((paced, sent))
}

/// The desk at which a command was carried out.
fn desk_of(ended: Result<Result<Desk, Failure>, JoinError>) -> Result<Desk, Failure> {
    ended.map_err(Failure::failed)?
}
