//! A lease: which replica does a job that only one should do at a time, without anything resting on it.
//!
//! The lease saves work; it does not make anything correct. A replica that goes on after its lease has run out is
//! stopped by the fence of what it does (see [`crate::relay`]).

use crate::bus::{Away, Bus};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often a holder renews and a waiter looks.
const BEAT: Duration = Duration::from_secs(1);
/// Without renewal for this long a lease is free. Measured by the waiter's own clock since it last saw a change.
const LIFE: Duration = Duration::from_secs(4);

/// One job's lease, as one replica sees it.
#[derive(Debug)]
pub(crate) struct Lease {
    bus: Arc<dyn Bus>,
    job: String,
    replica: String,
    /// The revision that this replica wrote, while it holds the lease.
    held: Option<u64>,
    /// What another wrote, and since when it has stood there.
    seen: Option<(u64, Instant)>,
    /// It has been renewed while this replica looked on.
    anothers: bool,
}

impl Lease {
    pub(crate) fn new(bus: Arc<dyn Bus>, job: String, replica: String) -> Self {
        Self {
            bus,
            job,
            replica,
            held: None,
            seen: None,
            anothers: false,
        }
    }

    /// Waits until this replica holds the lease. Calls `waiting` whenever another is seen to do the job.
    pub(crate) async fn acquire(&mut self, waiting: impl Fn()) -> Result<(), Away> {
        while !self.try_acquire().await? {
            if self.anothers {
                waiting();
            }
            tokio::time::sleep(BEAT).await;
        }
        Ok(())
    }

    async fn try_acquire(&mut self) -> Result<bool, Away> {
        let entry = self.bus.lease(&self.job).await?;
        let revision = entry.revision;
        if !entry.held {
            // Nobody ever held it, or its holder gave it back.
            return self.write(revision).await;
        }
        match self.seen {
            Some((seen, since)) if seen == revision && since.elapsed() >= LIFE => {
                self.write(revision).await
            }
            Some((seen, _)) if seen == revision => Ok(false),
            before => {
                self.anothers |= before.is_some();
                self.seen = Some((revision, Instant::now()));
                Ok(false)
            }
        }
    }

    async fn write(&mut self, last: u64) -> Result<bool, Away> {
        let written = self.bus.claim_lease(&self.job, &self.replica, last).await?;
        if let Some(revision) = written {
            self.held = Some(revision);
            self.seen = None;
            self.anothers = false;
        }
        Ok(written.is_some())
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
            let _ = self.bus.release_lease(&self.job, revision).await;
        }
    }
}
