//! A projection made anew from a journal, beside the services.

use super::replica::Answer;
use crate::failure::Failure;
use crate::progress;
use async_nats::{Client, jetstream};
use chassis::journal::{JetStreamJournal, Journal, StreamConfig};
use chassis::projection::{Options, Phase, Projection};
use chassis::service::Blueprint;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use traffic_proto::operations::v1::Digest;

/// How long a fresh rebuild is waited for at a position, a little longer than a replica's own deadline.
const WAIT: Duration = Duration::from_secs(12);

/// The journal of a service, as it stands on the bus.
///
/// # Errors
/// There is none.
pub(crate) async fn journal(bus: Client, service: &str) -> Result<Arc<dyn Journal>, Failure> {
    let name = service.to_uppercase();
    let existing = jetstream::new(bus.clone())
        .get_stream(&name)
        .await
        .map_err(|error| Failure::failed(format!("no stream {name} on the bus: {error}")))?;
    let stream = StreamConfig {
        replicas: existing.cached_info().config.num_replicas,
        ..StreamConfig::new(&name, service)
    };
    let journal = JetStreamJournal::open(bus, stream)
        .await
        .map_err(Failure::failed)?;
    Ok(Arc::new(journal))
}

/// A projection made anew from the journal, in this process and a folder of its own.
pub(crate) struct Fresh {
    projection: Projection,
    projecting: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl Fresh {
    /// Replays everything up to the head that the journal has now.
    ///
    /// # Errors
    /// There is no such journal, or the rebuild halts.
    pub(crate) async fn build(bus: Client, blueprint: Blueprint) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let journal = journal(bus, blueprint.service).await?;
        let head = journal.extent().await.map_err(Failure::failed)?.last;
        let (projection, projecting) = Projection::start(
            blueprint.projection,
            journal,
            Options::in_folder(folder.path()),
        )?;
        let fresh = Self {
            projection,
            projecting,
            _folder: folder,
        };
        fresh.caught_up(head).await?;
        Ok(fresh)
    }

    /// Waits until everything up to the head is replayed.
    async fn caught_up(&self, head: u64) -> Result<(), Failure> {
        let bar = progress::bar(head, "rebuilding");
        let mut phases = self.projection.watch_phase();
        let mut applied = self.projection.watch_applied();
        loop {
            match self.projection.phase() {
                Phase::Live => break,
                Phase::Halted(why) => {
                    return Err(Failure::failed(format!("the rebuild halted: {why}")));
                }
                Phase::Held | Phase::Opening | Phase::CatchingUp { .. } => {}
            }
            bar.set_position(self.projection.applied());
            tokio::select! {
                _ = phases.changed() => {}
                _ = applied.changed() => {}
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// A position that it has come to.
    pub(crate) fn applied(&self) -> u64 {
        self.projection.applied()
    }

    pub(super) async fn digest(&self, position: u64) -> Result<Answer, Failure> {
        let at = (position > 0).then_some(position);
        let Ok(answer) = tokio::time::timeout(WAIT, self.projection.digest(at)).await else {
            return Ok(Answer::NotReached);
        };
        Ok(match answer.map_err(Failure::failed)? {
            Ok(digest) => Answer::At(Digest {
                position: digest.position,
                rows: digest.rows,
                hash: format!("{:032x}", digest.hash),
            }),
            Err(passed) => Answer::Passed(passed.0),
        })
    }

    pub(crate) async fn end(self) {
        self.projection.stop();
        // Its folder goes after it.
        let _ = self.projecting.await;
    }
}
