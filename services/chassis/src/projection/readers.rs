//! Threads for work that may wait for the disk, so that the async runtime never does.

use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::{Semaphore, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// Where the work that may wait for the disk is done.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// On threads of its own: so many for reads, one for what is applied.
    Threads { readers: usize },
    /// Where it is asked for, as a simulation needs it to be the same each time.
    #[cfg(any(test, feature = "testing"))]
    Inline,
}

/// A bounded pool of reader threads. They end when the pool is dropped.
pub(crate) struct Readers {
    /// `None`: inline.
    jobs: Option<crossbeam_channel::Sender<Job>>,
    places: Semaphore,
}

impl Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}

/// The job panicked; the panic hook has logged it.
#[derive(Debug, thiserror::Error)]
#[error("a read panicked")]
pub(crate) struct Panicked;

impl Readers {
    /// Jobs that may wait or run at once; more wait in their own tasks.
    const PLACES: usize = 1024;

    pub(crate) fn start(work: Work) -> std::io::Result<Self> {
        let threads = match work {
            Work::Threads { readers } => readers,
            #[cfg(any(test, feature = "testing"))]
            Work::Inline => {
                return Ok(Self {
                    jobs: None,
                    places: Semaphore::new(Self::PLACES),
                });
            }
        };
        let (jobs, queue) = crossbeam_channel::bounded::<Job>(Self::PLACES);
        for number in 0..threads.max(1) {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || {
                    for job in queue {
                        job();
                    }
                })?;
        }
        Ok(Self {
            jobs: Some(jobs),
            places: Semaphore::new(Self::PLACES),
        })
    }

    /// Runs `job` on a reader thread. If the caller goes away, the job still runs to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let _place = self.places.acquire().await.map_err(|_| Panicked)?;
        let Some(jobs) = &self.jobs else {
            tokio::task::yield_now().await;
            return catch_unwind(AssertUnwindSafe(job)).map_err(|_| Panicked);
        };
        let (answer, answered) = oneshot::channel();
        let job = move || {
            if let Ok(value) = catch_unwind(AssertUnwindSafe(job)) {
                let _ = answer.send(value);
            }
        };
        // A caller that goes away gives its place back before its job has run, so the queue can be full: then the
        // job waits in the async world for a moment instead of blocking it.
        let mut job: Job = Box::new(job);
        loop {
            match jobs.try_send(job) {
                Ok(()) => break,
                Err(crossbeam_channel::TrySendError::Full(back)) => {
                    job = back;
                    tokio::task::yield_now().await;
                }
                Err(crossbeam_channel::TrySendError::Disconnected(_)) => return Err(Panicked),
            }
        }
        answered.await.map_err(|_| Panicked)
    }
}
