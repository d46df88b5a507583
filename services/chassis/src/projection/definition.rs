//! What a service's projection is made of: its aggregate types, and the index rows that follow from each change.

use super::store::Broken;
use super::table::{Rows, Table, decode_state, encode_aggregate, split_aggregate};
use crate::commit::{self, Commit, Metadata, Unreadable};
use crate::domain::{Aggregate, AggregateKey, Loaded, Revision, TypeErased};
use crate::journal::{Position, Stored};
use crate::telemetry::{self, SPANS};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::Arc;
use uuid::Uuid;

/// Which request was answered up to which position, and about which aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) fingerprint: [u8; 16],
    pub(crate) position: Position,
    pub(crate) kind: String,
    pub(crate) id: String,
}

/// An aggregate that time alone will change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    pub at: Timestamp,
    pub kind: String,
    pub id: String,
}

pub(crate) const REQUESTS: Table<Uuid, Answered> = Table::of_chassis(0x03);
pub(crate) const DUE: Table<(Timestamp, String, String), ()> = Table::of_chassis(0x04);
/// Which aggregate each commit changed, for watches.
pub(crate) const CHANGES: Table<u64, (String, String)> = Table::of_chassis(0x05);

/// One commit on one aggregate, as a read model sees it.
#[derive(Debug)]
pub struct Change<'a, A: Aggregate> {
    pub id: &'a str,
    pub before: Option<&'a A>,
    pub after: Option<&'a A>,
    pub events: &'a [A::Event],
    pub metadata: &'a Metadata,
    pub position: Position,
}

/// Derives a read model's rows from a change. A function of the change and the rows alone: every replica must come to
/// the same rows.
pub type Indexer<A> = fn(&Change<'_, A>, &mut Rows<'_>) -> Result<(), Broken>;

/// The aggregate types of a service and how their changes are indexed.
pub struct Definition {
    pub(super) version: u32,
    kinds: HashMap<&'static str, Box<dyn Kind>>,
}

impl Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("version", &self.version)
            .field("kinds", &self.kinds.keys())
            .finish()
    }
}

impl Definition {
    /// `version` must change with the layout of any state, index or value: a projection of another version is rebuilt.
    pub fn new(version: u32) -> Self {
        Self {
            version,
            kinds: HashMap::new(),
        }
    }

    /// Adds an aggregate type.
    ///
    /// # Panics
    /// If a type of this name is there already.
    #[must_use]
    pub fn aggregate<A: Aggregate>(mut self, index: Indexer<A>) -> Self {
        let before = self.kinds.insert(A::TYPE, Box::new(Of { index }));
        assert!(before.is_none(), "two aggregate types named {}", A::TYPE);
        self
    }

    pub(super) fn kind(&self, name: &str) -> Option<&dyn Kind> {
        self.kinds.get(name).map(Box::as_ref)
    }

    pub(super) fn kind_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.kinds.keys().copied().collect();
        names.sort_unstable();
        names
    }

    pub(super) fn kind_name(&self, name: &str) -> Option<&'static str> {
        self.kinds.get_key_value(name).map(|(name, _)| *name)
    }
}

/// Why a commit could not be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("commit {position} on {kind}/{id}: {source}")]
    Unreadable {
        position: Position,
        kind: String,
        id: String,
        source: Unreadable,
    },
    #[error("commit {position} is on {kind}/{id}, an aggregate type unknown to this version")]
    UnknownKind {
        position: Position,
        kind: String,
        id: String,
    },
}

/// The batch in the making.
pub(crate) struct Step<'a> {
    pub(crate) rows: Rows<'a>,
    /// States as the batch leaves them.
    pub(crate) states: HashMap<AggregateKey, Loaded>,
    /// States as they were before the batch, if they are at hand.
    pub(crate) cached: &'a dyn Fn(&AggregateKey) -> Option<Loaded>,
    /// Commits that did not continue their aggregate's chain.
    pub(crate) unchained: Vec<(Position, String)>,
}

/// What a type-erased aggregate type can do.
pub(crate) trait Kind: Send + Sync {
    fn apply(&self, stored: &Stored, step: &mut Step<'_>) -> Result<(), ApplyError>;

    /// The state after one more commit, without any rows: for answering what a state was in the past.
    fn fold(
        &self,
        state: Option<TypeErased>,
        commit: &Commit,
    ) -> Result<Option<TypeErased>, Unreadable>;
}

struct Of<A: Aggregate> {
    index: Indexer<A>,
}

impl<A: Aggregate> Of<A> {
    fn events(commit: &Commit) -> Result<Vec<A::Event>, Unreadable> {
        commit
            .events
            .iter()
            .enumerate()
            .map(|(index, json)| {
                serde_json::from_str(json.get())
                    .map_err(|source| Unreadable::UnknownEvent { index, source })
            })
            .collect()
    }

    fn load(key: &AggregateKey, step: &Step<'_>) -> Result<(Option<Arc<A>>, Revision), Broken> {
        let loaded = match step.states.get(key) {
            Some(loaded) => Some(loaded.clone()),
            None => (step.cached)(key),
        };
        if let Some(loaded) = loaded {
            let state = loaded.state.map(|state| {
                state
                    .downcast()
                    .expect("one aggregate type has one state type")
            });
            return Ok((state, loaded.revision));
        }
        match step.rows.aggregate_row(key)? {
            None => Ok((None, Revision::default())),
            Some(row) => {
                let (revision, state) = split_aggregate(&row)?;
                Ok((Some(Arc::new(decode_state(state)?)), revision))
            }
        }
    }
}

fn unreadable(stored: &Stored, source: Unreadable) -> ApplyError {
    ApplyError::Unreadable {
        position: stored.position,
        kind: stored.kind.clone(),
        id: stored.id.clone(),
        source,
    }
}

impl<A: Aggregate> Kind for Of<A> {
    fn apply(&self, stored: &Stored, step: &mut Step<'_>) -> Result<(), ApplyError> {
        let commit =
            Commit::decode(&stored.payload).map_err(|source| unreadable(stored, source))?;
        let span = tracing::debug_span!(target: SPANS, "project", position = stored.position);
        let _entered = span.enter();
        if let Some(traceparent) = &commit.metadata.traceparent {
            telemetry::link_to(traceparent);
        }
        let events = Self::events(&commit).map_err(|source| unreadable(stored, source))?;
        let key = AggregateKey::of::<A>(&stored.id);
        let (before, revision) = Self::load(&key, step)?;
        if let Err(broken_chain) = commit.continues(&revision) {
            step.unchained
                .push((stored.position, broken_chain.to_string()));
        }

        let metadata = &commit.metadata;
        let mut after = before.as_deref().cloned();
        for event in &events {
            after = A::evolve(after, event, metadata.time);
        }
        let revision = Revision {
            position: stored.position,
            hash: commit::hash(&stored.payload),
        };

        let rows = &mut step.rows;
        (self.index)(
            &Change {
                id: &stored.id,
                before: before.as_deref(),
                after: after.as_ref(),
                events: &events,
                metadata,
                position: stored.position,
            },
            rows,
        )?;
        let due = |state: &A| {
            let at = state.next_due()?;
            Some((at, A::TYPE.to_owned(), stored.id.clone()))
        };
        rows.reindex(
            &DUE,
            before.as_deref().and_then(due),
            after.as_ref().and_then(due),
        );
        if let Some(request) = &metadata.request {
            let (kind, id) = request
                .answer
                .clone()
                .unwrap_or_else(|| (stored.kind.clone(), stored.id.clone()));
            let answered = Answered {
                fingerprint: request.fingerprint,
                position: stored.position,
                kind,
                id,
            };
            rows.put(&REQUESTS, &metadata.command_id, &answered);
        }
        rows.put(
            &CHANGES,
            &stored.position,
            &(stored.kind.clone(), stored.id.clone()),
        );
        let row = after
            .as_ref()
            .map(|state| encode_aggregate(revision, state));
        rows.writes
            .insert(super::table::aggregate_key(A::TYPE, &stored.id), row);
        step.states.insert(
            key,
            Loaded {
                state: after.map(|state| Arc::new(state) as TypeErased),
                revision,
            },
        );
        Ok(())
    }

    fn fold(
        &self,
        state: Option<TypeErased>,
        commit: &Commit,
    ) -> Result<Option<TypeErased>, Unreadable> {
        let mut state: Option<A> = state.map(|state| {
            Arc::unwrap_or_clone(
                state
                    .downcast::<A>()
                    .expect("one aggregate type has one state type"),
            )
        });
        for event in Self::events(commit)? {
            state = A::evolve(state, &event, commit.metadata.time);
        }
        Ok(state.map(|state| Arc::new(state) as TypeErased))
    }
}
