//! A lease: which replica does a job that only one should do at a time, without anything resting on it.
//!
//! The lease saves work; it does not make anything correct. A replica that goes on after its lease has run out is
//! stopped by the fence of what it does (see [`crate::relay`]).

use async_nats::jetstream::{self, kv};
use std::time::Duration;
use tokio::time::Instant;

/// The bucket of all leases.
const LEASES: &str = "LEASES";

/// How often a holder renews and a waiter looks.
const BEAT: Duration = Duration::from_secs(1);
/// Without renewal for this long a lease is free. Measured by the waiter's own clock since it last saw a change.
const LIFE: Duration = Duration::from_secs(4);

/// One job's lease, as one replica sees it.
#[derive(Debug)]
pub(crate) struct Lease {
    store: kv::Store,
    job: String,
    replica: String,
    /// The revision that this replica wrote, while it holds the lease.
    held: Option<u64>,
    /// What another wrote, and since when it has stood there.
    seen: Option<(u64, Instant)>,
}

/// The bus did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the lease cannot be asked for: {0}")]
pub(crate) struct LeaseError(String);

impl Lease {
    pub(crate) async fn open(
        jetstream: &jetstream::Context,
        replicas: usize,
        job: String,
        replica: String,
    ) -> Result<Self, LeaseError> {
        let store = match jetstream.get_key_value(LEASES).await {
            Ok(store) => store,
            Err(_) => jetstream
                .create_key_value(kv::Config {
                    bucket: LEASES.to_owned(),
                    description: "which replica does what only one should do".to_owned(),
                    history: 1,
                    max_value_size: 256,
                    num_replicas: replicas,
                    ..kv::Config::default()
                })
                .await
                .map_err(|error| LeaseError(error.to_string()))?,
        };
        Ok(Self {
            store,
            job,
            replica,
            held: None,
            seen: None,
        })
    }

    /// Waits until this replica holds the lease.
    pub(crate) async fn acquire(&mut self) -> Result<(), LeaseError> {
        while !self.try_acquire().await? {
            tokio::time::sleep(BEAT).await;
        }
        Ok(())
    }

    async fn try_acquire(&mut self) -> Result<bool, LeaseError> {
        let entry = self
            .store
            .entry(&self.job)
            .await
            .map_err(|error| LeaseError(error.to_string()))?;
        let revision = match &entry {
            Some(entry) if entry.operation == kv::Operation::Put => entry.revision,
            // Nobody ever held it, or its holder gave it back.
            Some(entry) => return self.write(entry.revision).await,
            None => return self.write(0).await,
        };
        match self.seen {
            Some((seen, since)) if seen == revision && since.elapsed() >= LIFE => {
                self.write(revision).await
            }
            Some((seen, _)) if seen == revision => Ok(false),
            _ => {
                self.seen = Some((revision, Instant::now()));
                Ok(false)
            }
        }
    }

    async fn write(&mut self, last: u64) -> Result<bool, LeaseError> {
        let value = self.replica.clone().into_bytes().into();
        match self.store.update(&self.job, value, last).await {
            Ok(revision) => {
                self.held = Some(revision);
                self.seen = None;
                Ok(true)
            }
            Err(error) if error.kind() == kv::UpdateErrorKind::WrongLastRevision => Ok(false),
            Err(error) => Err(LeaseError(error.to_string())),
        }
    }

    /// Renews the lease for as long as this replica holds it; returns when it is lost.
    pub(crate) async fn keep(&mut self) {
        let mut renewed = Instant::now();
        while let Some(revision) = self.held {
            tokio::time::sleep(BEAT).await;
            match self.write(revision).await {
                Ok(true) => renewed = Instant::now(),
                Ok(false) => self.held = None,
                // The bus may be away for a moment.
                Err(_) if renewed.elapsed() < LIFE => {}
                Err(_) => self.held = None,
            }
        }
    }

    /// Gives the lease back, so that another replica need not wait for it to run out.
    pub(crate) async fn release(&mut self) {
        if let Some(revision) = self.held.take() {
            let _ = self
                .store
                .delete_expect_revision(&self.job, Some(revision))
                .await;
        }
    }
}
