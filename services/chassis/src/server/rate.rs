//! How much one client may ask for: a token bucket each, for a bounded number of clients.

use crate::config::Limits;
use quick_cache::sync::Cache;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Who is counted: an actor, or without a token an address.
#[derive(Clone, Copy, Debug)]
pub(super) enum Client<'a> {
    Actor(&'a str),
    Address(IpAddr),
}

/// Buckets in the form of one number each: the time at which the bucket will be full again (GCRA).
#[derive(Debug)]
pub(super) struct RateLimiter {
    started: Instant,
    /// Nanoseconds that one request costs.
    interval: u64,
    /// Nanoseconds by which a client may be ahead of its rate.
    tolerance: u64,
    actors: Cache<Box<str>, Arc<AtomicU64>>,
    addresses: Cache<IpAddr, Arc<AtomicU64>>,
}

impl RateLimiter {
    pub(super) fn new(limits: &Limits) -> Self {
        let interval = 1_000_000_000 / u64::from(limits.requests_per_second);
        Self {
            started: Instant::now(),
            interval,
            tolerance: interval * u64::from(limits.burst),
            actors: Cache::new(limits.clients),
            addresses: Cache::new(limits.clients),
        }
    }

    /// # Errors
    /// How long the client should wait.
    pub(super) fn take(&self, client: Client<'_>) -> Result<(), Duration> {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.take_at(client, now)
    }

    fn take_at(&self, client: Client<'_>, now: u64) -> Result<(), Duration> {
        let bucket = match client {
            Client::Actor(id) => self.actors.get(id).unwrap_or_else(|| {
                let bucket = Arc::new(AtomicU64::new(0));
                self.actors.insert(id.into(), Arc::clone(&bucket));
                bucket
            }),
            Client::Address(address) => self.addresses.get(&address).unwrap_or_else(|| {
                let bucket = Arc::new(AtomicU64::new(0));
                self.addresses.insert(address, Arc::clone(&bucket));
                bucket
            }),
        };
        let mut wait = 0;
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let after = full_at.max(now) + self.interval;
            let ahead = after - now;
            wait = ahead.saturating_sub(self.tolerance);
            (wait == 0).then_some(after)
        });
        taken.map(drop).map_err(|_| Duration::from_nanos(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests_per_second: u32, burst: u32, clients: usize) -> RateLimiter {
        RateLimiter::new(&Limits {
            requests_per_second,
            burst,
            clients,
        })
    }

    #[test]
    fn after_its_burst_a_client_goes_at_its_rate() {
        let limiter = limiter(10, 3, 100);
        let a = Client::Actor("a");
        for _ in 0..3 {
            assert_eq!(limiter.take_at(a, 0), Ok(()));
        }
        assert_eq!(limiter.take_at(a, 0), Err(Duration::from_millis(100)));
        assert_eq!(
            limiter.take_at(a, 50_000_000),
            Err(Duration::from_millis(50))
        );
        assert_eq!(limiter.take_at(a, 100_000_000), Ok(()));
        assert!(limiter.take_at(a, 100_000_000).is_err());
    }

    #[test]
    fn one_client_does_not_use_up_what_another_has() {
        let limiter = limiter(1, 1, 100);
        assert!(limiter.take_at(Client::Actor("a"), 0).is_ok());
        assert!(limiter.take_at(Client::Actor("a"), 0).is_err());
        assert!(limiter.take_at(Client::Actor("b"), 0).is_ok());
        assert!(
            limiter
                .take_at(Client::Address([127, 0, 0, 1].into()), 0)
                .is_ok()
        );
    }

    #[test]
    fn the_number_of_clients_remembered_is_bounded() {
        let limiter = limiter(1, 1, 64);
        for client in 0..10_000 {
            let _ = limiter.take_at(Client::Actor(&format!("client-{client}")), 0);
        }
        assert!(limiter.actors.len() <= 64);
    }
}
