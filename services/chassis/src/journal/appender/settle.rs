//! Finding out how an append ended, or trying it again, one transaction by itself.
//!
//! A commit of ours can only be the direct successor of the guarded position on its subject. So the successor tells: ours
//! means committed, another's means conflict, none means not written *yet*. A retry with the same guard is then safe,
//! for of all attempts with one guard at most one can ever be stored.

use super::{Outcome, Pending};
use crate::journal::{AppendError, Entry, Journal, Position, Unavailable};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause before trying again doubles from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(200));

/// What is known of a transaction that was not plainly acknowledged.
#[derive(Debug)]
pub(super) struct Doubt {
    /// An attempt may have been stored, or may yet be.
    pub(super) may_land: bool,
    /// A guard did not hold.
    pub(super) blocked: bool,
    pub(super) reason: String,
}

impl Doubt {
    pub(super) fn of(error: &AppendError) -> Self {
        Self {
            may_land: matches!(error, AppendError::Unknown(_)),
            blocked: matches!(error, AppendError::Conflict),
            reason: error.to_string(),
        }
    }

    /// Of a transaction whose batch was refused whole, for a guard that may be another's.
    pub(super) fn of_batch(error: &AppendError) -> Self {
        Self {
            blocked: false,
            ..Self::of(error)
        }
    }
}

enum Seen {
    Landed(Vec<Position>),
    Taken(Outcome),
    Nothing,
}

pub(super) async fn settle(
    journal: Arc<dyn Journal>,
    pending: Pending,
    mut doubt: Doubt,
    deadline: Duration,
) {
    let deadline = pending.since + deadline;
    let mut pause = PAUSE.0;
    let mut tried = false;
    let mut look = doubt.may_land || doubt.blocked;
    let outcome = loop {
        // A request over a lost connection would only wait for its time limit.
        let away = !journal.is_connected();
        if look && !away {
            match timeout_at(deadline, seen(&*journal, &pending.entries)).await {
                Ok(Ok(Seen::Landed(positions))) => break Outcome::Committed(positions),
                Ok(Ok(Seen::Taken(conflict))) => break conflict,
                Ok(Ok(Seen::Nothing)) => look = false,
                Ok(Err(unavailable)) => doubt.reason = unavailable.to_string(),
                Err(_) => {}
            }
        }
        if Instant::now() >= deadline || (away && !doubt.may_land) {
            break match doubt.may_land {
                true => Outcome::Unknown(doubt.reason),
                false => Outcome::Unavailable(doubt.reason),
            };
        }
        let attempt_now = !look && !away;
        if tried || !attempt_now {
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
        // An attempt given up at once would only make the outcome unknown.
        if !attempt_now || Instant::now() >= deadline {
            continue;
        }
        tried = true;
        match timeout_at(deadline, journal.append(&pending.entries)).await {
            Ok(Ok(last)) => break Outcome::Committed(positions(last, pending.entries.len())),
            Ok(Err(error)) => {
                let next = Doubt::of(&error);
                look = next.may_land || next.blocked;
                doubt.may_land |= next.may_land;
                doubt.reason = next.reason;
            }
            // Given up while it was under way.
            Err(_) => doubt.may_land = true,
        }
    };
    pending.answer(outcome);
}

/// The positions of `count` entries appended together, the last of them at `last`.
pub(super) fn positions(last: Position, count: usize) -> Vec<Position> {
    (last + 1 - count as Position..=last).collect()
}

async fn seen(journal: &dyn Journal, entries: &[Entry]) -> Result<Seen, Unavailable> {
    let mut landed = Vec::with_capacity(entries.len());
    for entry in entries {
        let successor = journal.successor(&entry.key, entry.expected).await?;
        match successor {
            Some(ours) if ours.commit_id == entry.commit_id => landed.push(ours.position),
            Some(other) => {
                return Ok(Seen::Taken(Outcome::Conflict {
                    key: entry.key.clone(),
                    at: other.position,
                    commit_id: other.commit_id,
                }));
            }
            None => {}
        }
    }
    // Entries are stored together. If just some are seen, the rest landed between our reads: look again.
    match landed.len() {
        count if count == entries.len() => Ok(Seen::Landed(landed)),
        0 => Ok(Seen::Nothing),
        _ => Err(Unavailable("a transaction is seen in part".into())),
    }
}
