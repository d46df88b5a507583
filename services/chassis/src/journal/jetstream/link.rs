//! The state of the connection, as those need it who wait for an answer over it.
//!
//! The client keeps what was sent on a lost connection waiting for answers that cannot come. Noticing the loss turns
//! a wait for the acknowledgement limit into a few milliseconds.

use async_nats::Client;
use async_nats::connection::State;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// How soon a lost connection is noticed.
const GLANCE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Link {
    client: Client,
    epoch: watch::Receiver<u64>,
    watcher: AbortHandle,
}

impl Link {
    pub(super) fn watch(client: Client) -> Self {
        let (sender, epoch) = watch::channel(0);
        let watched = client.clone();
        let watcher = tokio::spawn(async move {
            let statistics = watched.statistics();
            let look = || {
                let connected = watched.connection_state() == State::Connected;
                (statistics.connects.load(Ordering::Relaxed), connected)
            };
            let mut seen = look();
            let mut ticks = tokio::time::interval(GLANCE);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let now = look();
                // The first connection is nobody's loss: what was sent before it goes out over it.
                let another = now.0 != seen.0 && seen.0 > 0;
                let lost = another || (seen.1 && !now.1);
                if lost {
                    sender.send_modify(|epoch| *epoch += 1);
                }
                seen = now;
            }
        });
        Self {
            client,
            epoch,
            watcher: watcher.abort_handle(),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Grows whenever the connection is lost or another is made.
    pub(super) fn epoch(&self) -> u64 {
        *self.epoch.borrow()
    }

    /// Returns once the connection that was there at `epoch` is lost.
    pub(super) async fn lost(&self, epoch: u64) {
        let mut receiver = self.epoch.clone();
        if receiver.wait_for(|now| *now != epoch).await.is_err() {
            // The watcher ends with the runtime; nothing more is to be noticed.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}
