//! A host's clock: the city's time, off by something.

use chassis::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The city's time: the runtime's, which is paused, and what has been skipped.
#[derive(Debug)]
pub(super) struct CityTime {
    began: Instant,
    skipped_ms: AtomicI64,
    jumped: Notify,
}

/// A Monday morning.
const BEGIN: i64 = 1_772_413_200;

impl CityTime {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            skipped_ms: AtomicI64::new(0),
            jumped: Notify::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        let micros = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let micros = BEGIN * 1_000_000 + micros + self.skipped_ms.load(Relaxed) * 1_000;
        Timestamp::from_microsecond(micros).unwrap_or_default()
    }

    /// Time in which nothing happens but what is due.
    pub(super) fn skip(&self, milliseconds: i64) {
        self.skipped_ms.fetch_add(milliseconds, Relaxed);
        self.jumped.notify_waiters();
    }
}

/// One host's clock.
#[derive(Clone, Debug)]
pub(super) struct SkewedClock {
    time: Arc<CityTime>,
    skew_ms: Arc<AtomicI64>,
}

impl SkewedClock {
    pub(super) fn new(time: Arc<CityTime>) -> Self {
        Self {
            time,
            skew_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// Somebody sets it.
    pub(super) fn set(&self, skew_ms: i64) {
        self.skew_ms.store(skew_ms, Relaxed);
        self.time.jumped.notify_waiters();
    }
}

#[async_trait::async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        let skew = SignedDuration::from_millis(self.skew_ms.load(Relaxed));
        self.time.now() + skew
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        loop {
            let jumped = self.time.jumped.notified();
            let left = deadline.duration_since(self.now());
            match std::time::Duration::try_from(left) {
                Ok(left) if !left.is_zero() => {
                    let _ = tokio::time::timeout(left, jumped).await;
                }
                _ => return,
            }
        }
    }
}
