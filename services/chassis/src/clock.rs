//! Where time comes from: the system in production, the test in tests.

use jiff::Timestamp;
use parking_lot::Mutex;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The only source of the time of day in the suite.
#[async_trait::async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// To the microsecond, which is what commits store.
    fn now(&self) -> Timestamp;
    /// Returns at `deadline` or later.
    async fn sleep_until(&self, deadline: Timestamp);
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A sleep is cut into pieces no longer than this, so that a corrected system clock is noticed.
const LONGEST_NAP: Duration = Duration::from_secs(30);

#[async_trait::async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        loop {
            let Ok(left) = Duration::try_from(deadline.duration_since(self.now())) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_NAP)).await;
        }
    }
}

/// A clock that stands still until a test moves it.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Manual>);

#[derive(Debug)]
struct Manual {
    // Serialises writers; readers use the watch channel.
    moving: Mutex<()>,
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    pub fn starting_at(now: Timestamp) -> Self {
        Self(Arc::new(Manual {
            moving: Mutex::new(()),
            now: watch::Sender::new(now),
        }))
    }

    /// Moves the clock; backwards too, as a corrected system clock would.
    pub fn set(&self, now: Timestamp) {
        let _moving = self.0.moving.lock();
        self.0.now.send_replace(now);
    }

    pub fn advance(&self, by: jiff::SignedDuration) {
        let _moving = self.0.moving.lock();
        self.0.now.send_modify(|now| *now += by);
    }
}

#[async_trait::async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.now.borrow()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let mut now = self.0.now.subscribe();
        // The sender lives as long as `self`, so this ends only when the time has come.
        let _ = now.wait_for(|now| *now >= deadline).await;
    }
}
