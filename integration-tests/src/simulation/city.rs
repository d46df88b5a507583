//! The city of one run: its hosts, what is done to them, and what its users have been told.

use super::audit::Audit;
use super::clock::{CityTime, SkewedClock};
use super::host::{Ground, Host, Process, Service};
use super::plan::{Act, Disk, HOSTS, Plan, Step};
use super::users::{Notes, Users};
use super::wire::{Sabotage, Wire};
use super::{Report, clock};
use chassis::bus::model::{Backup as BusBackup, Model as BusModel};
use chassis::journal::model::Model as JournalModel;
use chassis::journal::{Journal, Position};
use chassis::projection::{MemoryDisk, Phase};
use chassis::sealing::MemoryKeyStore;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long users may take to be done, and everything to come to rest, once nothing is broken any more.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How often the invariants are looked at while things happen.
const GLANCE: Duration = Duration::from_millis(500);

/// How long the bus is away when a backup is restored: until then nothing that was under way is any more.
const AWAY: Duration = Duration::from_secs(15);
/// How long a replica may take to notice that its stream was set back, and to be there again.
const NOTICE: Duration = Duration::from_secs(300);

/// All streams at a moment, and when they will be set back to it.
#[derive(Debug)]
struct Backup {
    due: Instant,
    generation: u64,
    /// In the order of [`Service::ALL`].
    journals: [Position; 4],
    bus: BusBackup,
}

#[derive(Debug)]
pub(super) struct City {
    pub(super) seed: u64,
    pub(super) sabotage: Option<Sabotage>,
    pub(super) ground: Ground,
    pub(super) time: Arc<clock::CityTime>,
    pub(super) hosts: Vec<Mutex<Host>>,
    /// How often a request or an answer is lost or late, from 0 to 1.
    rate: f64,
    starts: AtomicU64,
    faults: Arc<AtomicU64>,
    /// How often the streams were set back.
    generation: AtomicU64,
    /// Nobody is served: streams are being set back, and not everybody has noticed.
    is_closed: AtomicBool,
    /// Until then the bus is away, also for processes that start.
    away_until: Mutex<Instant>,
    pub(super) told: Mutex<Notes>,
}

impl Backup {
    fn is_due(&self) -> bool {
        self.due <= Instant::now()
    }
}

impl City {
    pub(super) fn open(plan: &Plan, sabotage: Option<Sabotage>) -> Self {
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
            seed: plan.seed,
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
            rate: f64::from(plan.losses_percent) / 100.0,
            starts: AtomicU64::new(0),
            faults: Arc::default(),
            generation: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
            away_until: Mutex::new(Instant::now()),
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
        let mut backups = Vec::new();
        let began = Instant::now();
        for step in &plan.steps {
            while began.elapsed() < step.at {
                let left = step.at.saturating_sub(began.elapsed());
                tokio::time::sleep(left.min(GLANCE)).await;
                audit.glance()?;
                while let Some(due) = backups.iter().position(Backup::is_due) {
                    self.restore(&backups.swap_remove(due), &mut audit).await?;
                }
            }
            if let Act::Restore { later } = step.act {
                backups.push(self.back_up(later).await?);
            }
            self.act(step, &users, &mut stories, &mut troubles);
        }
        for backup in backups {
            tokio::time::sleep_until(backup.due).await;
            self.restore(&backup, &mut audit).await?;
        }
        let rest = async {
            while troubles.join_next().await.is_some() {}
            self.heal();
            while let Some(ended) = stories.join_next().await {
                ended.map_err(|panic| format!("a story panicked: {panic}"))??;
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
            Act::Patrol { road } => {
                stories.spawn(users.clone().patrol(step.number, road));
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
            Act::Trade { car } => {
                stories.spawn(users.clone().trade(step.number, car));
            }
            Act::Alter { car } => {
                stories.spawn(users.clone().alter(step.number, car));
            }
            Act::Notify { car } => {
                stories.spawn(users.clone().notify(step.number, car));
            }
            Act::Ride { ebike } => {
                stories.spawn(users.clone().ride(step.number, ebike));
            }
            Act::Import { rows } => {
                stories.spawn(users.clone().import(step.number, rows));
            }
            Act::VisitKiosk { person } => {
                stories.spawn(users.clone().visit_kiosk(step.number, person));
            }
            Act::ClearYard => {
                stories.spawn(users.clone().clear_yard(step.number));
            }
            Act::Rearrange => {
                stories.spawn(users.clone().rearrange(step.number));
            }
            Act::Detain { car } => {
                stories.spawn(users.clone().detain(step.number, car));
            }
            Act::Haul { truck } => {
                stories.spawn(users.clone().haul(step.number, truck));
            }
            Act::HaulOversize { truck } => {
                stories.spawn(users.clone().haul_oversize(step.number, truck));
            }
            Act::Stop { car } => {
                stories.spawn(users.clone().stop(step.number, car));
            }
            Act::Bulk { rows } => {
                stories.spawn(users.clone().bulk(step.number, rows));
            }
            Act::Learn => {
                stories.spawn(users.clone().learn(step.number));
            }
            Act::FollowUp => {
                stories.spawn(users.clone().follow_up(step.number));
            }
            Act::Appoint { person } => {
                stories.spawn(users.clone().appoint(step.number, person));
            }
            Act::Enlarge => {
                stories.spawn(users.clone().enlarge(step.number));
            }
            Act::Subscribe => {
                stories.spawn(users.clone().subscribe(step.number));
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
            // Whoever takes the steps takes backups too.
            Act::Restore { .. } => {}
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
        let away = self
            .away_until
            .lock()
            .saturating_duration_since(Instant::now());
        if !away.is_zero() {
            wire.cut(away);
        }
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

    /// How often the streams were set back: what was told before may be lost.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    async fn back_up(&self, later: Duration) -> Result<Backup, String> {
        let mut journals = [0; 4];
        for (journal, last) in self.ground.journals.iter().zip(&mut journals) {
            *last = journal.extent().await.map_err(|why| why.to_string())?.last;
        }
        Ok(Backup {
            due: Instant::now() + later,
            generation: self.generation(),
            journals,
            bus: self.ground.bus.backup(),
        })
    }

    /// An operator restores a backup. The bus is away meanwhile, and nobody is served until all replicas have noticed: from
    /// what is lost they would still answer.
    async fn restore(&self, backup: &Backup, audit: &mut Audit) -> Result<(), String> {
        // After another was restored, this one is of streams that are no more.
        if backup.generation != self.generation() {
            return Ok(());
        }
        self.is_closed.store(true, Relaxed);
        *self.away_until.lock() = Instant::now() + AWAY;
        for host in 0..HOSTS {
            self.on(host, |process| process.wire.cut(AWAY * 2));
        }
        tokio::time::sleep(AWAY).await;
        audit.glance()?;
        let before = self.how_far().await;
        for (journal, kept) in self.ground.journals.iter().zip(backup.journals) {
            journal.set_back(kept);
        }
        self.ground.bus.set_back(&backup.bus);
        self.generation.fetch_add(1, Relaxed);
        audit.set_back(&backup.journals)?;
        for host in 0..HOSTS {
            self.on(host, |process| process.wire.reconnect());
        }
        let noticed = async {
            while !self.have_noticed(&before, backup).await {
                tokio::time::sleep(GLANCE).await;
            }
        };
        let noticed = tokio::time::timeout(NOTICE, noticed).await;
        noticed.map_err(|_| "a replica has not noticed that its stream was set back")?;
        self.is_closed.store(false, Relaxed);
        Ok(())
    }

    /// Each host's process, how far its projection is, and how often that has been rebuilt.
    async fn how_far(&self) -> Vec<Option<(Process, Position, u64)>> {
        let mut far = Vec::with_capacity(HOSTS);
        for host in &self.hosts {
            let process = host.lock().process.clone();
            far.push(match process {
                None => None,
                Some(process) => {
                    let status = process.core.projection.status().await;
                    Some((process, status.applied, status.rebuilds))
                }
            });
        }
        far
    }

    /// Whether all processes that have applied what is lost have begun anew.
    async fn have_noticed(
        &self,
        before: &[Option<(Process, Position, u64)>],
        backup: &Backup,
    ) -> bool {
        let now = self.how_far().await;
        for ((host, before), now) in self.hosts.iter().zip(before).zip(now) {
            let kept = backup.journals[host.lock().service as usize];
            let (Some((then, applied, rebuilt)), Some((process, _, rebuilds))) = (before, now)
            else {
                // Who starts looks first whether the stream still holds what the projection has.
                continue;
            };
            let live = process.core.projection.phase() == Phase::Live;
            let is_same = Arc::ptr_eq(&then.wire, &process.wire) && process.wire.is_alive();
            if is_same && *applied > kept && !(live && rebuilds > *rebuilt) {
                return false;
            }
        }
        true
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
        if self.is_closed.load(Relaxed) {
            return Vec::new();
        }
        let hosts = self.hosts.iter().map(|host| host.lock());
        hosts
            .filter(|host| host.service == service)
            .filter_map(|host| host.serving().cloned())
            .collect()
    }
}
