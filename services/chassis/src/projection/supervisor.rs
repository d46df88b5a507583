//! Opens the store, feeds the apply thread, and begins again when either comes to an end.

use super::engine::{self, Checkpoint, End, Input};
use super::folder::{Held, Opened};
use super::readers::Work;
use super::state::{Phase, Shared};
use super::store::Broken;
use super::{Definition, Options};
use crate::journal::{Extent, Journal, Position};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Commits that may wait for the apply thread.
const QUEUE: usize = 4096;

/// A transaction comes at once; one that has not come whole after this time is asked about.
const WHOLE_WITHIN: Duration = Duration::from_secs(1);

/// How often a process asks for a folder that another has.
const BETWEEN_HOLDS: Duration = Duration::from_secs(1);

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Supervisor {
    pub(super) definition: Arc<Definition>,
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) options: Options,
    pub(super) inputs: watch::Sender<Option<mpsc::Sender<Input>>>,
    pub(super) stopping: CancellationToken,
}

impl Supervisor {
    pub(super) async fn run(self) {
        let Some(_held) = self.hold().await else {
            return;
        };
        let mut pause = SHORTEST_PAUSE;
        while !self.stopping.is_cancelled() {
            self.shared.turn_to(Phase::Opening);
            let Some(extent) = self.extent().await else {
                break;
            };
            let end = match self.open(extent).await {
                Ok(opened) => {
                    let end = self.follow(opened, extent.last).await;
                    // What never came to serve would fail again at once.
                    if *self.shared.phase.borrow() == Phase::Live {
                        pause = SHORTEST_PAUSE;
                    }
                    end
                }
                Err(broken) => End::Broken(broken),
            };
            self.inputs.send_replace(None);
            match end {
                End::Stopped => break,
                End::Rebuild => self.discard("an operator asked for it").await,
                End::Broken(broken) => self.discard(&broken.0).await,
                End::Halted(why) => {
                    tracing::error!(%why, "projection halted");
                    self.shared.turn_to(Phase::Halted(why));
                    // What cannot be read now can be after an upgrade, which restarts the process.
                    self.stopping.cancelled().await;
                    break;
                }
            }
            self.pause(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.shared.turn_to(Phase::Opening);
        self.shared.switch_to(None, 0);
    }

    /// Waits until the place is this process's alone; `None` when stopping.
    async fn hold(&self) -> Option<Held> {
        loop {
            let place = self.options.place.clone();
            if let Ok(Some(held)) = self.blocking(move || place.hold()).await {
                return Some(held);
            }
            if *self.shared.phase.borrow() != Phase::Held {
                tracing::warn!(place = ?self.options.place, "waiting: {}", Phase::HELD);
                self.shared.turn_to(Phase::Held);
            }
            self.pause(BETWEEN_HOLDS).await;
            if self.stopping.is_cancelled() {
                return None;
            }
        }
    }

    /// Asks until the journal answers; `None` when stopping.
    async fn extent(&self) -> Option<Extent> {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let why = tokio::select! {
                biased;
                extent = self.journal.extent() => match extent {
                    Ok(extent) => return Some(extent),
                    Err(why) => why,
                },
                () = self.stopping.cancelled() => return None,
            };
            tracing::warn!(%why, "waiting for the journal");
            self.pause(pause).await;
            if self.stopping.is_cancelled() {
                return None;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Whether the stream still holds the commit that a checkpoint names. Asks until the journal answers, or it stops.
    async fn continues(&self, checkpoint: &Checkpoint) -> bool {
        let mut pause = SHORTEST_PAUSE;
        while checkpoint.position > 0 && !self.stopping.is_cancelled() {
            match self.journal.commit_at(checkpoint.position).await {
                // What was purged cannot be compared; that commits are missing shows elsewhere.
                Ok(held) => return held.is_none_or(|held| held == checkpoint.commit),
                Err(why) => tracing::warn!(%why, "waiting for the journal"),
            }
            self.pause(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        true
    }

    async fn pause(&self, pause: Duration) {
        tokio::select! {
            biased;
            () = tokio::time::sleep(pause) => {}
            () = self.stopping.cancelled() => {}
        }
    }

    async fn open(&self, extent: Extent) -> Result<Opened, Broken> {
        let wanted = Checkpoint::start(self.definition.version, extent.created.as_microsecond());
        let place = self.options.place.clone();
        let store = self.options.store;
        self.blocking(move || place.open(store, wanted, extent.last))
            .await?
    }

    async fn discard(&self, why: &str) {
        self.shared.turn_to(Phase::Opening);
        self.shared.switch_to(None, 0);
        self.shared.rebuilds.fetch_add(1, Ordering::Relaxed);
        let place = self.options.place.clone();
        let why = why.to_owned();
        let _ = self.blocking(move || place.discard(&why)).await;
    }

    /// Feeds the apply thread until it ends.
    async fn follow(&self, opened: Opened, head: Position) -> End {
        let Opened { view, checkpoint } = opened;
        let from = checkpoint.position;
        if !self.continues(&checkpoint).await {
            return End::Broken(Broken(format!(
                "the stream holds another commit at {from}: it was set back and has grown again"
            )));
        }
        self.shared.switch_to(Some(view.clone()), from);
        if from < head {
            tracing::info!(from, head, "projection catching up");
        }
        self.shared.turn_to(Phase::CatchingUp { head });

        let (inputs, mut queue) = mpsc::channel(QUEUE);
        let definition = Arc::clone(&self.definition);
        let shared = Arc::clone(&self.shared);
        let apply =
            async move { engine::run(&definition, &shared, &view, checkpoint, &mut queue).await };
        let mut applying = match self.options.work {
            Work::Threads { .. } => {
                tokio::task::spawn_blocking(|| futures::executor::block_on(apply))
            }
            #[cfg(any(test, feature = "testing"))]
            Work::Inline => tokio::spawn(apply),
        };
        self.inputs.send_replace(Some(inputs.clone()));

        let mut commits = self.journal.follow(from);
        let mut live = false;
        let mut feeding = true;
        // Position of the last commit that was fed, if its transaction has more.
        let mut within = None;
        loop {
            tokio::select! {
                biased;
                end = &mut applying => {
                    return end.unwrap_or_else(|panic| End::Broken(Broken(panic.to_string())));
                }
                () = self.shared.reached(head), if !live => {
                    live = true;
                    tracing::info!(position = head, "projection live");
                    self.shared.turn_to(Phase::Live);
                }
                () = self.stopping.cancelled(), if feeding => {
                    feeding = false;
                    let _ = inputs.send(Input::Stop).await;
                }
                commit = commits.next(), if feeding => {
                    let input = match commit {
                        Some(Ok(stored)) => {
                            within = (stored.following > 0).then_some(stored.position);
                            Input::Commit(self.definition.read(&stored))
                        }
                        Some(Err(why)) => {
                            feeding = false;
                            Input::Broken(Broken(why.to_string()))
                        }
                        None => {
                            feeding = false;
                            continue;
                        }
                    };
                    // A full queue means the apply thread is at work; if it has ended instead, the loop sees why.
                    let _ = inputs.send(input).await;
                }
                ends_here = self.ends_at(within.unwrap_or_default()), if within.is_some() && feeding => {
                    if ends_here {
                        within = None;
                        let _ = inputs.send(Input::Cut).await;
                    }
                }
            }
        }
    }

    /// Whether the stream still ends here after [`WHOLE_WITHIN`].
    async fn ends_at(&self, position: Position) -> bool {
        tokio::time::sleep(WHOLE_WITHIN).await;
        let extent = self.journal.extent().await;
        extent.is_ok_and(|extent| extent.last <= position)
    }

    /// Runs what may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Broken> {
        match self.options.work {
            Work::Threads { .. } => tokio::task::spawn_blocking(job)
                .await
                .map_err(|panic| Broken(panic.to_string())),
            #[cfg(any(test, feature = "testing"))]
            Work::Inline => Ok(job()),
        }
    }
}
