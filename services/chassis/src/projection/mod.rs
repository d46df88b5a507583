//! The projection: current states and read-model rows of one service, derived from its journal and kept in sled.
//!
//! It is disposable. Whatever is wrong with it (unreadable, of another version, ahead of the stream) is moved aside
//! and rebuilt from the journal. Rows and checkpoint are written in one batch, so that a kill at any instant resumes
//! exactly there.
//!
//! ```text
//!   journal.follow ──> queue (4096) ──> apply thread ──> [ states | index rows | request ids | timers | checkpoint ]
//!                                          │                               one batch
//!                                          └──> applied position, state cache, next due time ──> readers, commands
//! ```

mod definition;
mod engine;
mod facets;
mod folder;
mod key;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod readers;
mod state;
mod store;
mod supervisor;
mod table;
#[cfg(test)]
pub(crate) mod tests;

pub use definition::{Change, Definition, Due, Indexer};
pub use engine::{Digest, Passed};
pub use facets::{Facet, FacetTable, Faceted, Found, Listing, index_facets, list};
pub use folder::Place;
pub use key::Key;
#[cfg(any(test, feature = "testing"))]
pub use memory::{MemoryDisk, Mounted};
pub use readers::Work;
pub use state::Phase;
pub use store::{Broken, StoreOptions};
pub use table::{FIRST_OF_SERVICE, Range, Rows, Table, View, prefix_of};

pub(crate) use definition::Answered;

use crate::commit::{Commit, Unreadable};
use crate::domain::{Aggregate, AggregateKey, Decode, Loaded, Revision, TypeErased};
use crate::journal::{Journal, Position};
use definition::REQUESTS;
use engine::{DigestRequest, Input};
use jiff::Timestamp;
use readers::Readers;
use state::Shared;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long whoever answers someone waits for what was written to be seen here.
const CATCH_UP: Duration = Duration::from_secs(5);

/// Where a projection is kept and what it may take.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub store: StoreOptions,
    /// Decoded states held in memory, at most.
    pub cached_states: usize,
    pub work: Work,
}

impl Options {
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::Folder(folder.into()),
            store: StoreOptions::default(),
            cached_states: 32_768,
            work: Work::Threads { readers: 2 },
        }
    }

    /// On a simulated disk, without threads.
    #[cfg(any(test, feature = "testing"))]
    pub fn in_memory(disk: &MemoryDisk) -> Self {
        Self {
            place: Place::Memory(disk.mount()),
            work: Work::Inline,
            ..Self::in_folder("")
        }
    }
}

/// Why a read was not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// It will be, later: the projection is opening, catching up or being rebuilt.
    #[error("the projection is not ready: {0}")]
    NotReady(String),
    #[error("the read failed")]
    Failed,
}

/// An aggregate's state and where its history stands.
#[derive(Clone, Debug)]
pub struct Versioned<A> {
    pub state: Arc<A>,
    pub revision: Revision,
}

/// What operators ask about a projection.
#[derive(Clone, Debug)]
pub struct Status {
    pub phase: Phase,
    pub applied: Position,
    /// Commits that did not continue their aggregate's chain, since start. Anything but 0 is an alarm.
    pub broken_chains: u64,
    /// Times the projection was moved aside and rebuilt, since start.
    pub rebuilds: u64,
    pub bytes_on_disk: Option<u64>,
}

/// A handle on a running projection.
#[derive(Clone, Debug)]
pub struct Projection {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    definition: Arc<Definition>,
    inputs: watch::Receiver<Option<mpsc::Sender<Input>>>,
    stop: CancellationToken,
}

impl Projection {
    /// Starts to follow `journal`. The task ends after [`Projection::stop`].
    ///
    /// # Errors
    /// If no reader thread can be started.
    pub fn start(
        definition: Definition,
        journal: Arc<dyn Journal>,
        options: Options,
    ) -> std::io::Result<(Self, tokio::task::JoinHandle<()>)> {
        let shared = Arc::new(Shared::new(options.cached_states));
        let definition = Arc::new(definition);
        let (inputs_to, inputs) = watch::channel(None);
        let stop = CancellationToken::new();
        let projection = Self {
            shared: Arc::clone(&shared),
            readers: Arc::new(Readers::start(options.work)?),
            definition: Arc::clone(&definition),
            inputs,
            stop: stop.clone(),
        };
        let supervisor = supervisor::Supervisor {
            definition,
            shared,
            journal,
            options,
            inputs: inputs_to,
            stopping: stop,
        };
        Ok((projection, tokio::spawn(supervisor.run())))
    }

    /// Flushes and ends.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The position up to which everything is visible to reads.
    pub fn applied(&self) -> Position {
        *self.shared.applied.borrow()
    }

    /// Waits until everything up to `position` is visible to reads. Waits for ever if that never comes: bound it.
    pub async fn reached(&self, position: Position) {
        self.shared.reached(position).await;
    }

    /// As [`Projection::reached`], for those who answer someone: waits at most [`CATCH_UP`].
    ///
    /// # Errors
    /// [`ReadError::NotReady`] if it is still behind then.
    pub async fn catch_up(&self, position: Position) -> Result<(), ReadError> {
        let reached = tokio::time::timeout(CATCH_UP, self.reached(position)).await;
        reached
            .map_err(|_| ReadError::NotReady(format!("it is at {} of {position}", self.applied())))
    }

    /// Changes with every batch that was applied.
    pub fn watch_applied(&self) -> watch::Receiver<Position> {
        self.shared.applied.subscribe()
    }

    pub fn phase(&self) -> Phase {
        self.shared.phase.borrow().clone()
    }

    /// Changes as the projection opens, catches up, serves, halts.
    pub fn watch_phase(&self) -> watch::Receiver<Phase> {
        self.shared.phase.subscribe()
    }

    /// Waits until reads are served.
    pub async fn ready(&self) {
        self.shared.turned(|phase| *phase == Phase::Live).await;
    }

    /// Waits until reads are no longer served.
    pub async fn not_ready(&self) {
        self.shared.turned(|phase| *phase != Phase::Live).await;
    }

    /// One aggregate. Answered from memory if it is hot.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn get<A: Aggregate>(&self, id: &str) -> Result<Option<Versioned<A>>, ReadError> {
        let view = self.view()?;
        let key = AggregateKey::of::<A>(id);
        let loaded = match self.shared.cached(&key) {
            Some(loaded) => loaded,
            None => {
                let shared = Arc::clone(&self.shared);
                self.on_reader(view, move |view| shared.load(view, &key, decode::<A>))
                    .await?
            }
        };
        Ok(loaded.state.map(|state| Versioned {
            state: state
                .downcast()
                .expect("one aggregate type has one state type"),
            revision: loaded.revision,
        }))
    }

    /// Runs a query on a reader thread.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&View) -> Result<T, Broken> + Send + 'static,
    ) -> Result<T, ReadError> {
        self.on_reader(self.view()?, move |view| query(view)).await
    }

    /// The aggregates that changed after `after`, oldest change first, at most `limit` changes: position, type, id.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn changes(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<(Position, String, String)>, ReadError> {
        self.read(move |view| engine::changes(view, after, limit))
            .await
    }

    /// The earliest deadline added since [`Projection::due_seen`].
    pub(crate) fn watch_due_added(&self) -> watch::Receiver<Option<Timestamp>> {
        self.shared.watch_due_added()
    }

    /// Call before asking what is due: what is added during the look is then told again, never missed.
    pub(crate) fn due_seen(&self) {
        self.shared.due_seen();
    }

    /// What is due, at most `limit`, and when the next thing will be.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Due>, Option<Timestamp>), ReadError> {
        self.read(move |view| engine::due(view, now, limit)).await
    }

    /// The digest of all rows at `at`, or at wherever the projection is. Waits until `at` is reached: bound it.
    ///
    /// # Errors
    /// [`ReadError`]; the inner [`Passed`] if the projection is already beyond `at`.
    pub async fn digest(&self, at: Option<Position>) -> Result<Result<Digest, Passed>, ReadError> {
        let (reply, answer) = oneshot::channel();
        self.send(Input::Digest(DigestRequest { at, reply }))
            .await?;
        answer
            .await
            .map_err(|_| ReadError::NotReady("it is being rebuilt".into()))
    }

    /// Drops all rows and replays the journal. Reads are refused until it has caught up.
    ///
    /// # Errors
    /// [`ReadError`] if it is not running.
    pub async fn rebuild(&self) -> Result<(), ReadError> {
        self.send(Input::Rebuild).await
    }

    pub async fn status(&self) -> Status {
        let bytes_on_disk = self.read(|view| view.store.size_on_disk()).await.ok();
        Status {
            phase: self.phase(),
            applied: self.applied(),
            broken_chains: self.broken_chains(),
            rebuilds: self.shared.rebuilds.load(Ordering::Relaxed),
            bytes_on_disk,
        }
    }

    /// Commits so far that do not follow from the one that they name.
    pub(crate) fn broken_chains(&self) -> u64 {
        self.shared.broken_chains.load(Ordering::Relaxed)
    }

    /// The state after one more commit of an aggregate's history.
    pub(crate) fn fold(
        &self,
        kind: &str,
        state: Option<TypeErased>,
        commit: &Commit,
    ) -> Result<Option<TypeErased>, Unreadable> {
        match self.definition.kind(kind) {
            Some(kind) => kind.fold(state, commit),
            None => Ok(state),
        }
    }

    /// Changes when the projection is made anew: what was remembered beside it may be of another stream.
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Relaxed)
    }

    /// The aggregate type of this name, if the service has it.
    pub(crate) fn kind_name(&self, name: &str) -> Option<&'static str> {
        self.definition.kind_name(name)
    }

    /// The aggregate types of the service, sorted.
    pub(crate) fn kind_names(&self) -> Vec<&'static str> {
        self.definition.kind_names()
    }

    /// Position and id of the last commit that is visible to reads; 0 and no id before the first.
    ///
    /// # Errors
    /// [`ReadError`].
    pub(crate) async fn checkpoint(&self) -> Result<(Position, Uuid), ReadError> {
        let read = self.read(engine::Checkpoint::read).await?;
        Ok(read.map_or((0, Uuid::nil()), |read| (read.position, read.commit)))
    }

    /// Runs `job` on a reader thread with what a command needs to decide.
    pub(crate) async fn decide<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Snapshot) -> Result<T, Broken> + Send + 'static,
    ) -> Result<T, ReadError> {
        let view = self.view()?;
        let snapshot = Snapshot {
            view: Arc::clone(&view),
            shared: Arc::clone(&self.shared),
        };
        self.on_reader(view, move |_| job(&snapshot)).await
    }

    fn view(&self) -> Result<Arc<View>, ReadError> {
        match &*self.shared.phase.borrow() {
            Phase::Live => {}
            Phase::Held => return Err(ReadError::NotReady(Phase::HELD.into())),
            Phase::Opening => return Err(ReadError::NotReady("it is being opened".into())),
            Phase::CatchingUp { head } => {
                let applied = self.applied();
                return Err(ReadError::NotReady(format!("it is at {applied} of {head}")));
            }
            Phase::Halted(why) => return Err(ReadError::NotReady(why.clone())),
        }
        self.shared
            .view
            .load_full()
            .ok_or_else(|| ReadError::NotReady("it is being opened".into()))
    }

    async fn on_reader<T: Send + 'static>(
        &self,
        view: Arc<View>,
        job: impl FnOnce(&View) -> Result<T, Broken> + Send + 'static,
    ) -> Result<T, ReadError> {
        // The job takes the store along: whoever drops a replaced one last waits for the disk.
        let store = Arc::downgrade(&view.store);
        match self.readers.run(move || job(&view)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(broken)) => {
                let why = broken.0.clone();
                let _ = self.send(Input::Unreadable(store, broken)).await;
                Err(ReadError::NotReady(why))
            }
            Err(readers::Panicked) => Err(ReadError::Failed),
        }
    }

    async fn send(&self, input: Input) -> Result<(), ReadError> {
        let inputs = self.inputs.borrow().clone();
        let not_running = || ReadError::NotReady("it is being opened".into());
        inputs
            .ok_or_else(not_running)?
            .send(input)
            .await
            .map_err(|_| not_running())
    }
}

fn decode<A: Aggregate>(bytes: &[u8]) -> Option<TypeErased> {
    postcard::from_bytes::<A>(bytes)
        .ok()
        .map(|state| Arc::new(state) as TypeErased)
}

/// The projection as a command's decision sees it.
pub(crate) struct Snapshot {
    view: Arc<View>,
    shared: Arc<Shared>,
}

impl Snapshot {
    pub(crate) fn load(&self, key: &AggregateKey, decode: Decode) -> Result<Loaded, Broken> {
        self.shared.load(&self.view, key, decode)
    }

    pub(crate) fn answered(&self, command: Uuid) -> Result<Option<Answered>, Broken> {
        self.view.get(&REQUESTS, &command)
    }
}
