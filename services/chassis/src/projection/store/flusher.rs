//! Flushes a store from time to time, and keeps what it holds in memory within its bound.

use super::disk::Sled;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A thread that flushes until it is told to end, or until a flush fails.
pub(super) struct Flusher {
    thread: Option<JoinHandle<()>>,
    /// Dropped to end it.
    open: Option<mpsc::Sender<()>>,
}

impl Flusher {
    pub(super) fn start(sled: Arc<Sled>, every: Duration) -> std::io::Result<Self> {
        let (open, closed) = mpsc::channel();
        let flush = move || {
            while closed.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                if let Err(why) = sled.flush().and_then(|()| sled.let_go()) {
                    // Whoever reads or writes next finds it broken.
                    tracing::error!(path = %sled.path.display(), %why, "projection cannot be flushed");
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("projection-flush".into());
        Ok(Self {
            thread: Some(thread.spawn(flush)?),
            open: Some(open),
        })
    }

    /// Ends the thread and waits for it.
    pub(super) fn end(&mut self) {
        self.open = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
