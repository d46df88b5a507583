//! What the clients of each service do all day.

pub mod enforcement;
pub mod haulage;
mod ledger;
pub mod parking;
pub mod permits;
pub mod registration;

pub use enforcement::Enforcement;
pub use ledger::Ledger;
pub use parking::Parking;
pub use permits::Permits;
pub use registration::Registration;

use crate::load::{Desk, Load, Workload};
use crate::replica::Replica;
use crate::suite::Service;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A workload that also claims what only one can have.
pub trait Contest: Workload {
    /// Claims the value of this number, once, for a new owner; whether it got it.
    fn claim(&self, desk: &mut Desk, value: u64) -> impl Future<Output = bool> + Send;
}

/// How many claim each value, at about the same time and through different replicas.
const CLAIMANTS: u64 = 4;

/// Who got what.
#[derive(Debug, Default)]
pub struct Claims(Mutex<Claimed>);

#[derive(Debug, Default)]
struct Claimed {
    /// Claims of a value that have been answered, and how many of them were granted.
    of: BTreeMap<u64, (u64, u64)>,
    /// Values below this one are no longer counted.
    from: u64,
}

impl Claims {
    fn answered(&self, value: u64, granted: bool) {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if value >= claimed.from {
            let (claims, grants) = claimed.of.entry(value).or_default();
            *claims += 1;
            *grants += u64::from(granted);
        }
    }

    /// Each value has one owner. To be asked while the clients rest. Answers how many values were claimed.
    ///
    /// # Panics
    /// If two got the same, or nobody did.
    pub fn are_unique(&self) -> usize {
        let claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (value, (claims, grants)) in &claimed.of {
            assert!(*grants <= 1, "value {value} was given to {grants}");
            assert!(
                *grants == 1 || *claims < CLAIMANTS,
                "value {value} was refused to all"
            );
        }
        claimed.of.len()
    }

    /// Takes note that the journal was set back: what has been claimed may be free again.
    pub fn forget(&self) {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        claimed.from = claimed
            .of
            .keys()
            .last()
            .map_or(claimed.from, |last| last + 1);
        claimed.of.clear();
    }
}

/// Each client's story, and a claim after it.
struct Contended<W> {
    workload: W,
    claims: Arc<Claims>,
}

impl<W: Contest> Workload for Contended<W> {
    async fn story(&self, desk: &mut Desk, number: u64) {
        self.workload.story(desk, number).await;
        let value = number / CLAIMANTS;
        let granted = self.workload.claim(desk, value).await;
        self.claims.answered(value, granted);
    }
}

/// Starts a service's own load, with contested values where it has such, after doing what it needs to be there.
///
/// # Panics
/// If the service does not take what the load needs.
pub async fn start(
    service: Service,
    replicas: &[&Replica],
    clients: usize,
    seed: u64,
) -> (Load, Arc<Claims>) {
    let claims = Arc::<Claims>::default();
    let load = match service {
        Service::Ledger => contended(Ledger::new("f"), &claims, replicas, clients, seed).await,
        Service::Permits => {
            contended(Permits { series: "f" }, &claims, replicas, clients, seed).await
        }
        Service::Parking => {
            contended(Parking { series: "f" }, &claims, replicas, clients, seed).await
        }
        Service::Enforcement => {
            let workload = Enforcement { series: "f" };
            workload.prepare(replicas[0]).await;
            Load::start(workload, replicas, clients, seed)
        }
        Service::Registration => {
            let workload = Registration { series: "F" };
            workload.prepare(replicas[0]).await;
            Load::start(workload, replicas, clients, seed)
        }
    };
    (load, claims)
}

async fn contended<W: Contest>(
    workload: W,
    claims: &Arc<Claims>,
    replicas: &[&Replica],
    clients: usize,
    seed: u64,
) -> Load {
    workload.prepare(replicas[0]).await;
    let contended = Contended {
        workload,
        claims: Arc::clone(claims),
    };
    Load::start(contended, replicas, clients, seed)
}
/// A timestamp of the contracts, to the second, so many minutes from now.
#[expect(
    clippy::disallowed_methods,
    reason = "the services run on the machine's clock"
)]
pub fn in_minutes(minutes: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: Timestamp::now().as_second() + minutes * 60,
        nanos: 0,
    }
}

/// A place in a city: so many metres east and north of its centre. Longitude and latitude in degrees.
pub fn place(east: f64, north: f64) -> (f64, f64) {
    const LATITUDE: f64 = 35.24;
    const LONGITUDE: f64 = 115.47;
    const METRES_A_DEGREE: f64 = 111_195.0;
    let shrunk = METRES_A_DEGREE * LATITUDE.to_radians().cos();
    (
        LONGITUDE + east / shrunk,
        LATITUDE + north / METRES_A_DEGREE,
    )
}
