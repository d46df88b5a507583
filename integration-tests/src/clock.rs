//! A clock that runs as the machine's but can be set, as a machine's clock is corrected or goes wrong.

use async_trait::async_trait;
use chassis::clock::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use tokio::sync::watch;

/// The machine's time and a shift.
#[derive(Clone, Debug)]
pub struct ShiftedClock(Arc<watch::Sender<SignedDuration>>);

impl Default for ShiftedClock {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(SignedDuration::ZERO)))
    }
}

impl ShiftedClock {
    /// From now on it shows the machine's time plus `shift`, which may be negative.
    pub fn set(&self, shift: SignedDuration) {
        self.0.send_replace(shift);
    }
}

#[async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.0.borrow()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let mut shift = self.0.subscribe();
        loop {
            let unshifted = deadline - *shift.borrow_and_update();
            tokio::select! {
                () = SystemClock.sleep_until(unshifted) => return,
                // The sender lives as long as `self`.
                _ = shift.changed() => {}
            }
        }
    }
}
