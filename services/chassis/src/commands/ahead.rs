//! What this process has committed and its projection has not applied yet.

use crate::domain::{AggregateKey, Loaded};
use crate::journal::Position;
use crate::projection::Answered;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// States and answers of own commits, until the projection has them. With it, a command need not wait for the
/// projection to see the command before.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    states: HashMap<AggregateKey, Loaded>,
    answers: HashMap<Uuid, Answered>,
    /// In the order in which they may be forgotten.
    order: VecDeque<(Position, AggregateKey, Uuid)>,
    /// Of the projection that these are ahead of.
    generation: u64,
}

impl Ahead {
    /// Commits that the projection may be behind before commands are refused: bounds memory.
    pub(super) const LIMIT: usize = 65_536;

    /// Forgets everything if the projection has been made anew: the stream may have been restored from a backup that
    /// lacks what was committed here.
    pub(super) fn keep_to(&self, generation: u64) {
        let mut entries = self.0.lock();
        if entries.generation != generation {
            *entries = Entries {
                generation,
                ..Entries::default()
            };
        }
    }

    /// Forgets everything: guards keep commands right without it.
    pub(super) fn forget(&self) {
        let mut entries = self.0.lock();
        *entries = Entries {
            generation: entries.generation,
            ..Entries::default()
        };
    }

    /// Whether the projection, which is at `applied`, is too far behind for another command.
    pub(super) fn is_full(&self, applied: Position) -> bool {
        let mut entries = self.0.lock();
        if entries.order.len() >= Self::LIMIT {
            // Nothing is added meanwhile, so nothing else forgets.
            entries.forget(applied);
        }
        entries.order.len() >= Self::LIMIT
    }

    /// The state of an aggregate after its last own commit, if that is newer than the projection, which is at
    /// `applied`.
    pub(super) fn state(&self, key: &AggregateKey, applied: Position) -> Option<Loaded> {
        let entries = self.0.lock();
        let loaded = entries.states.get(key)?;
        (loaded.revision.position > applied).then(|| loaded.clone())
    }

    pub(super) fn answer(&self, command: Uuid) -> Option<Answered> {
        self.0.lock().answers.get(&command).cloned()
    }

    /// Adds what one command committed, and forgets what the projection has applied.
    pub(super) fn add(
        &self,
        command: Uuid,
        states: impl IntoIterator<Item = (AggregateKey, Loaded)>,
        answer: Option<Answered>,
        applied: Position,
    ) {
        let mut entries = self.0.lock();
        for (key, loaded) in states {
            let position = loaded.revision.position;
            entries.states.insert(key.clone(), loaded);
            entries.order.push_back((position, key, command));
        }
        if let Some(answer) = answer {
            entries.answers.insert(command, answer);
        }
        entries.forget(applied);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let entries = self.0.lock();
        entries.order.len() + entries.states.len() + entries.answers.len()
    }
}

impl Entries {
    /// Forgets what the projection has applied.
    fn forget(&mut self, applied: Position) {
        while let Some((position, _, _)) = self.order.front()
            && *position <= applied
        {
            let Some((position, key, command)) = self.order.pop_front() else {
                break;
            };
            if self
                .states
                .get(&key)
                .is_some_and(|loaded| loaded.revision.position <= position)
            {
                self.states.remove(&key);
            }
            if self
                .answers
                .get(&command)
                .is_some_and(|answer| answer.position <= applied)
            {
                self.answers.remove(&command);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Revision;

    fn key(id: &str) -> AggregateKey {
        AggregateKey {
            kind: "test",
            id: id.into(),
        }
    }

    fn at(position: Position) -> Loaded {
        Loaded {
            state: None,
            revision: Revision {
                position,
                hash: [0; 16],
            },
        }
    }

    fn answer(position: Position) -> Option<Answered> {
        Some(Answered {
            fingerprint: [0; 16],
            position,
            kind: "test".into(),
            id: "a".into(),
        })
    }

    #[test]
    fn own_commits_are_known_until_the_projection_has_them() {
        let ahead = Ahead::default();
        let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
        ahead.add(first, [(key("a"), at(5))], answer(5), 0);
        assert_eq!(
            ahead.state(&key("a"), 4).map(|l| l.revision.position),
            Some(5)
        );
        assert!(ahead.state(&key("a"), 5).is_none(), "the projection has it");
        assert!(ahead.answer(first).is_some());

        ahead.add(second, [(key("a"), at(6))], answer(6), 5);
        assert!(
            ahead.answer(first).is_none(),
            "the projection answers it now"
        );
        assert_eq!(
            ahead.state(&key("a"), 5).map(|l| l.revision.position),
            Some(6)
        );
        assert_eq!(ahead.len(), 3);

        ahead.keep_to(1);
        assert_eq!(
            ahead.len(),
            0,
            "nothing outlives the projection it was ahead of"
        );
    }

    #[test]
    fn a_projection_that_has_caught_up_lets_commands_in_again() {
        let ahead = Ahead::default();
        let states = (1..).map(|position| (key(&position.to_string()), at(position)));
        let command = Uuid::from_u128(1);
        ahead.add(command, states.take(Ahead::LIMIT), answer(1), 0);
        assert!(ahead.is_full(0));
        assert!(!ahead.is_full(1), "one has room");
        assert!(!ahead.is_full(Ahead::LIMIT as Position));
        ahead.add(command, [], None, Ahead::LIMIT as Position);
        assert_eq!(ahead.len(), 0);
    }
}
