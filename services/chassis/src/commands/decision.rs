//! The part of a command that may wait for the disk: recognise a repetition, load, decide, prepare the commits.

use super::ahead::Ahead;
use super::call::Call;
use super::locks::{Held, Locks};
use crate::commit::{self, Commit, FORMAT, Metadata, RequestMark};
use crate::domain::{
    AggregateKey, Context, Decode, Halt, LegalCalendar, Loaded, Recorded, Rejection, Revision,
    StateSource, Transaction, TypeErased,
};
use crate::journal::{Entry, Position};
use crate::projection::{Answered, Broken, Snapshot};
use crate::random;
use jiff::Timestamp;
use std::sync::Arc;

/// What a decision came to.
pub(super) enum Decided {
    /// The command was carried out before.
    Answered(Answered),
    Rejected(Box<Rejection>),
    /// This aggregate is locked by another command: lock it, then decide again.
    Locked(AggregateKey),
    Unavailable(String),
    /// The command changes nothing.
    Unchanged(Option<(AggregateKey, Loaded)>),
    /// The commits, and the aggregate that the answer is about as they leave it; its revision is that before them.
    Commits {
        prepared: Vec<Prepared>,
        answer: Option<(AggregateKey, Loaded)>,
    },
}

/// A commit ready to be appended.
pub(super) struct Prepared {
    pub(super) entry: Entry,
    pub(super) hash: [u8; 16],
    pub(super) state: Option<TypeErased>,
}

/// Whatever a decision needs that is not the command itself.
pub(super) struct Desk<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) ahead: &'a Ahead,
    pub(super) locks: &'a Arc<Locks>,
    /// Grows as the handler touches aggregates.
    pub(super) held: &'a mut Vec<Held>,
    pub(super) applied: Position,
    pub(super) broken: Option<Broken>,
}

impl Desk<'_> {
    /// Runs a handler, which answers the aggregate that the command's answer is about, if it has one.
    pub(super) fn decide(
        &mut self,
        call: &Call,
        now: Timestamp,
        calendar: &LegalCalendar,
        handler: &dyn Fn(&mut Transaction) -> Result<Option<AggregateKey>, Halt>,
    ) -> Result<Decided, Broken> {
        if call.fingerprint.is_some() {
            let answered = match self.ahead.answer(call.command_id) {
                Some(answered) => Some(answered),
                None => self.snapshot.answered(call.command_id)?,
            };
            if let Some(answered) = answered {
                return Ok(Decided::Answered(answered));
            }
        }
        let context = Context {
            now,
            actor: &call.actor,
            channel: call.channel,
            calendar,
            command_id: call.command_id,
        };
        let mut transaction = Transaction::new(context, self);
        let outcome = handler(&mut transaction).map(|key| {
            let answer = key.map(|key| {
                let loaded = transaction.touched(&key).unwrap_or_default();
                (key, loaded)
            });
            (answer, transaction.into_recorded())
        });
        if let Some(broken) = self.broken.take() {
            return Err(broken);
        }
        let (answer, recorded) = match outcome {
            Ok(outcome) => outcome,
            Err(Halt::Rejected(rejection)) => return Ok(Decided::Rejected(rejection)),
            Err(Halt::Unlocked(key)) => return Ok(Decided::Locked(key)),
            Err(Halt::Unavailable(why)) => return Ok(Decided::Unavailable(why)),
        };
        if recorded.is_empty() {
            return Ok(Decided::Unchanged(answer));
        }
        // Another replica may have carried out this request between the look above and the loads, and then guards hold:
        // what was loaded is what it left. Its rows were written together, so the answer is there now.
        if call.fingerprint.is_some()
            && let Some(answered) = self.snapshot.answered(call.command_id)?
        {
            return Ok(Decided::Answered(answered));
        }
        Ok(Decided::Commits {
            prepared: prepare(call, now, answer.as_ref().map(|(key, _)| key), recorded),
            answer,
        })
    }

    /// The aggregate after its last commit that this process knows of.
    fn find(&mut self, key: &AggregateKey, decode: Decode) -> Result<Loaded, Halt> {
        let found = match self.ahead.state(key, self.applied) {
            Some(loaded) => Ok(loaded),
            None => self.snapshot.load(key, decode),
        };
        found.map_err(|broken| {
            let why = broken.0.clone();
            self.broken = Some(broken);
            Halt::Unavailable(why)
        })
    }
}

impl StateSource for Desk<'_> {
    fn load(&mut self, key: &AggregateKey, decode: Decode) -> Result<Loaded, Halt> {
        self.find(key, decode)
    }

    fn lock(&mut self, key: &AggregateKey, revision: Revision, decode: Decode) -> Result<(), Halt> {
        if self.held.iter().any(|held| held.key == *key) {
            return Ok(());
        }
        let Some(held) = self.locks.try_take(key) else {
            return Err(Halt::Unlocked(key.clone()));
        };
        self.held.push(held);
        // Whoever held the lock between the load and now may have changed it.
        if self.find(key, decode)?.revision == revision {
            Ok(())
        } else {
            Err(Halt::Unlocked(key.clone()))
        }
    }
}

fn prepare(
    call: &Call,
    now: Timestamp,
    answer: Option<&AggregateKey>,
    recorded: Vec<Recorded>,
) -> Vec<Prepared> {
    let last = recorded.len() - 1;
    recorded
        .into_iter()
        .enumerate()
        .map(|(number, recorded)| {
            let commit_id = random::time_ordered_id();
            let request = call
                .fingerprint
                .filter(|_| number == last)
                .map(|fingerprint| RequestMark {
                    fingerprint,
                    answer: answer
                        .filter(|answer| recorded.key != **answer)
                        .map(|answer| (answer.kind.to_owned(), answer.id.to_string())),
                });
            let commit = Commit {
                metadata: Metadata {
                    format: FORMAT,
                    commit_id,
                    command_id: call.command_id,
                    request,
                    actor: call.actor.clone(),
                    channel: call.channel,
                    time: now,
                    correlation_id: call.correlation_id,
                    causation_id: call.causation_id.clone(),
                    traceparent: call.traceparent.clone(),
                    previous: recorded.revision.hash,
                },
                events: recorded.events,
            };
            let payload = commit.encode();
            Prepared {
                hash: commit::hash(&payload),
                entry: Entry {
                    key: recorded.key,
                    expected: recorded.revision.position,
                    commit_id,
                    following: 0,
                    payload,
                },
                state: recorded.state,
            }
        })
        .collect()
}

impl Prepared {
    /// The aggregate once this commit stands at `position`.
    pub(super) fn loaded(&self, position: Position) -> Loaded {
        Loaded {
            state: self.state.clone(),
            revision: Revision {
                position,
                hash: self.hash,
            },
        }
    }
}
