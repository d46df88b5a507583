//! What a service's projection is made of: its aggregate types, and the index rows that follow from each change.

use super::store::Broken;
use super::table::{Rows, Table, decode_state, encode_aggregate, split_aggregate};
use crate::commit::{self, Commit, Metadata, Unreadable};
use crate::domain::{Aggregate, AggregateKey, Loaded, Revision, TypeErased};
use crate::journal::{Position, Stored};
use crate::telemetry::{self, SPANS};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::any::Any;
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

/// An aggregate that time alone will change. In the order in which they are due.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// Understands a commit as far as that needs no state.
    pub(super) fn read(&self, stored: &Stored) -> Read {
        let Stored {
            position, kind, id, ..
        } = stored;
        let body = match self.kind(kind) {
            // Whoever is not of this suite may have written it.
            Some(_) if !AggregateKey::is_valid_id(id) => Err(format!(
                "commit {position} is on {kind}/{id:?}, which is no aggregate's id"
            )),
            Some(kind_of) => kind_of
                .read(stored)
                .map(Box::new)
                .map_err(|why| format!("commit {position} on {kind}/{id}: {why}")),
            None => Err(format!(
                "commit {position} is on {kind}/{id}, an aggregate type unknown to this version"
            )),
        };
        Read {
            position: stored.position,
            commit_id: stored.commit_id,
            following: stored.following,
            body,
        }
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
    /// This version does not understand it.
    #[error("{0}")]
    Unreadable(String),
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

/// A commit before its turn: read by whoever fetched it, so that the apply thread has the less to do.
pub(crate) struct Read {
    pub(crate) position: Position,
    pub(crate) commit_id: Uuid,
    pub(crate) following: u16,
    /// What is wrong with it is told at its turn: nothing before it is lost.
    pub(crate) body: Result<Box<Body>, String>,
}

/// What a commit says.
pub(crate) struct Body {
    pub(crate) key: AggregateKey,
    hash: [u8; 16],
    metadata: Metadata,
    /// `Vec<A::Event>` of the aggregate's type.
    events: Box<dyn Any + Send>,
}

/// What a type-erased aggregate type can do.
pub(crate) trait Kind: Send + Sync {
    fn read(&self, stored: &Stored) -> Result<Body, Unreadable>;

    /// Applies a body that this type has read.
    fn apply(&self, position: Position, body: &Body, step: &mut Step<'_>) -> Result<(), Broken>;

    /// An aggregate as its row holds it; `None`: there is none.
    fn encode(&self, loaded: &Loaded) -> Option<Vec<u8>>;

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
        match step.rows.view.aggregate_row(key.kind, &key.id)? {
            None => Ok((None, Revision::default())),
            Some(row) => {
                let (revision, state) = split_aggregate(&row)?;
                Ok((Some(Arc::new(decode_state(state)?)), revision))
            }
        }
    }
}

impl<A: Aggregate> Kind for Of<A> {
    fn read(&self, stored: &Stored) -> Result<Body, Unreadable> {
        let commit = Commit::decode(&stored.payload)?;
        Ok(Body {
            key: AggregateKey::of::<A>(&stored.id),
            hash: commit::hash(&stored.payload),
            events: Box::new(Self::events(&commit)?),
            metadata: commit.metadata,
        })
    }

    fn apply(&self, position: Position, body: &Body, step: &mut Step<'_>) -> Result<(), Broken> {
        let Body {
            key,
            hash,
            metadata,
            events,
        } = body;
        let events: &Vec<A::Event> = events
            .downcast_ref()
            .expect("one aggregate type has one event type");
        let span = tracing::debug_span!(target: SPANS, "project", position);
        let _entered = span.enter();
        if let Some(traceparent) = &metadata.traceparent {
            telemetry::link_to(traceparent);
        }
        let (before, revision) = Self::load(key, step)?;
        if let Err(broken_chain) = metadata.continues(&revision) {
            step.unchained.push((position, broken_chain.to_string()));
        }

        let mut after = before.as_deref().cloned();
        for event in events {
            after = A::evolve(after, event, metadata.time);
        }

        let rows = &mut step.rows;
        (self.index)(
            &Change {
                id: &key.id,
                before: before.as_deref(),
                after: after.as_ref(),
                events,
                metadata,
                position,
            },
            rows,
        )?;
        let due = |state: &A| {
            let at = state.next_due()?;
            Some((at, A::TYPE.to_owned(), key.id.to_string()))
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
                .unwrap_or_else(|| (A::TYPE.to_owned(), key.id.to_string()));
            let answered = Answered {
                fingerprint: request.fingerprint,
                position,
                kind,
                id,
            };
            rows.put(&REQUESTS, &metadata.command_id, &answered);
        }
        let changed = (A::TYPE.to_owned(), key.id.to_string());
        rows.put(&CHANGES, &position, &changed);
        step.states.insert(
            key.clone(),
            Loaded {
                state: after.map(|state| Arc::new(state) as TypeErased),
                revision: Revision {
                    position,
                    hash: *hash,
                },
            },
        );
        Ok(())
    }

    fn encode(&self, loaded: &Loaded) -> Option<Vec<u8>> {
        let state: &A = loaded
            .state
            .as_ref()?
            .downcast_ref()
            .expect("one aggregate type has one state type");
        Some(encode_aggregate(loaded.revision, state))
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
