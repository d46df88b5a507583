//! The city of one run: its hosts, what is done to them, and what its users have been told.

use super::audit::Audit;
use super::clock::{CityTime, SkewedClock};
use super::host::{Ground, Host, Process, Service};
use super::plan::{Act, Disk, HOSTS, Plan, Step};
use super::users::{Notes, Users};
use super::wire::{Sabotage, Wire};
use super::{Report, clock};
use chassis::bus::model::Model as BusModel;
use chassis::journal::model::Model as JournalModel;
use chassis::projection::MemoryDisk;
use chassis::sealing::MemoryKeyStore;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long users may take to be done, and everything to come to rest, once nothing is broken any more.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How often the invariants are looked at while things happen.
const GLANCE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct City {
    pub(super) seed: u64,
    pub(super) sabotage: Option<Sabotage>,
    pub(super) ground: Ground,
    pub(super) time: Arc<clock::CityTime>,
    pub(super) hosts: Vec<Mutex<Host>>,
    /// How often a request or an answer is lost or late.
    rate: f64,
    starts: AtomicU64,
    faults: Arc<AtomicU64>,
    pub(super) told: Mutex<Notes>,
}

impl City {
    pub(super) fn open(seed: u64, sabotage: Option<Sabotage>) -> Self {
        let time = Arc::new(CityTime::new());
        let journal = || JournalModel::new(Arc::new(SkewedClock::new(Arc::clone(&time))));
        // Nobody connects to this address and nothing is kept in this folder.
        let config = chassis::testing::config("nats://localhost:4222", Path::new("simulated"));
        let ground = Ground {
            journals: Service::ALL.map(|_| journal()),
            bus: BusModel::new(),
            keys: Arc::new(MemoryKeyStore::default()),
            config,
        };
        Self {
            seed,
            sabotage,
            ground,
            hosts: (0..HOSTS)
                .map(|host| {
                    Mutex::new(Host {
                        service: Service::ALL[host % Service::ALL.len()],
                        disk: MemoryDisk::new(),
                        clock: SkewedClock::new(Arc::clone(&time)),
                        process: None,
                    })
                })
                .collect(),
            time,
            rate: f64::from(u8::try_from(seed % 4).unwrap_or(0)) * 0.02,
            starts: AtomicU64::new(0),
            faults: Arc::default(),
            told: Mutex::default(),
        }
    }

    /// Lives through a plan, comes to rest, and is audited.
    pub(super) async fn live(self: &Arc<Self>, plan: &Plan) -> Result<Report, String> {
        for host in 0..HOSTS {
            self.start(host);
        }
        let users = Users::new(Arc::clone(self));
        users.open_the_city().await?;
        let mut audit = Audit::new(Arc::clone(self));
        let mut stories = JoinSet::new();
        let mut troubles = JoinSet::new();
        let began = Instant::now();
        for step in &plan.steps {
            while began.elapsed() < step.at {
                let left = step.at.saturating_sub(began.elapsed());
                tokio::time::sleep(left.min(GLANCE)).await;
                audit.glance()?;
            }
            self.act(step, &users, &mut stories, &mut troubles);
        }
        let rest = async {
            while troubles.join_next().await.is_some() {}
            self.heal();
            while let Some(ended) = stories.join_next().await {
                ended.map_err(|panic| panic.to_string())??;
                audit.glance()?;
            }
            audit.rest().await
        };
        match tokio::time::timeout(PATIENCE, rest).await {
            Ok(rested) => rested?,
            Err(_) => return Err(format!("never came to rest: {}", audit.restless().await)),
        }
        let mut report = audit.complete().await?;
        report.seed = self.seed;
        report.faults = self.faults.load(Relaxed);
        Ok(report)
    }

    fn act(
        self: &Arc<Self>,
        step: &Step,
        users: &Users,
        stories: &mut JoinSet<Result<(), String>>,
        troubles: &mut JoinSet<()>,
    ) {
        if step.act.is_fault() {
            self.faults.fetch_add(1, Relaxed);
        }
        match step.act.clone() {
            Act::Occupy { road } => {
                stories.spawn(users.clone().occupy(step.number, road));
            }
            Act::Park { bay } => {
                stories.spawn(users.clone().park(step.number, bay));
            }
            Act::Prosecute { car } => {
                stories.spawn(users.clone().prosecute(step.number, car));
            }
            Act::Register { car } => {
                stories.spawn(users.clone().register(step.number, car));
            }
            Act::Crash {
                host,
                after,
                down,
                lost,
                disk,
            } => {
                let city = Arc::clone(self);
                troubles.spawn(async move { city.crash(host, after, down, lost, disk).await });
            }
            Act::Partition { host, length } => self.on(host, |process| process.wire.cut(length)),
            Act::Slow { host, length } => self.on(host, |process| process.wire.slow(length)),
            Act::Hold { host, length } => self.on(host, |process| process.wire.hold(length)),
            Act::Outage { length } => {
                for host in 0..HOSTS {
                    self.on(host, |process| process.wire.cut(length));
                }
            }
            Act::FullDisk { host, length } => {
                let disk = self.hosts[host].lock().disk.clone();
                disk.set_full(true);
                troubles.spawn(async move {
                    tokio::time::sleep(length).await;
                    disk.set_full(false);
                });
            }
            Act::SetClock { host, skew_ms } => self.hosts[host].lock().clock.set(skew_ms),
            Act::Rebuild { host } => self.on(host, |process| {
                let projection = process.core.projection.clone();
                troubles.spawn(async move {
                    let _ = projection.rebuild().await;
                });
            }),
            Act::Skip { hours } => self.time.skip(i64::from(hours) * 3_600_000),
        }
    }

    fn on(&self, host: usize, act: impl FnOnce(&Process)) {
        if let Some(process) = &self.hosts[host].lock().process {
            act(process);
        }
    }

    fn start(&self, host: usize) {
        let number = self.starts.fetch_add(1, Relaxed);
        let seed = self.seed.wrapping_mul(1_000).wrapping_add(number);
        let wire = Wire::new(seed, self.rate, Arc::clone(&self.faults), self.sabotage);
        self.hosts[host].lock().start(&self.ground, wire);
    }

    /// Ends a process at some await on its wire, and starts it again on what its disk has kept.
    async fn crash(&self, host: usize, after: u32, down: Duration, lost: usize, fate: Disk) {
        let Some(process) = self.hosts[host].lock().process.clone() else {
            return;
        };
        process.wire.end_after(after);
        process.wire.ended().await;
        {
            let mut host = self.hosts[host].lock();
            // Another crash of the same process has been before.
            let same = |other: &Process| Arc::ptr_eq(&other.wire, &process.wire);
            if !host.process.as_ref().is_some_and(same) {
                return;
            }
            host.process = None;
            host.disk.crash(lost);
            match fate {
                Disk::Keeps => {}
                Disk::IsReplaced => host.disk.wipe(),
                Disk::LosesRows => host.disk.damage(5),
            }
        }
        // Its tasks wait on a wire that never answers again; they end one by one.
        tokio::spawn(async move { process.core.stop().await });
        tokio::time::sleep(down).await;
        self.start(host);
    }

    /// Nothing is broken any more.
    fn heal(&self) {
        for host in &self.hosts {
            let host = host.lock();
            host.clock.set(0);
            host.disk.set_full(false);
            if let Some(process) = &host.process {
                process.wire.heal();
            }
        }
    }

    /// The processes of a service that serve.
    pub(super) fn serving(&self, service: Service) -> Vec<Process> {
        let hosts = self.hosts.iter().map(|host| host.lock());
        hosts
            .filter(|host| host.service == service)
            .filter_map(|host| host.serving().cloned())
            .collect()
    }
}
