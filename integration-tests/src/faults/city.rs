//! A city: a bus, replicas of every service, clients at work, and the faults done to it.

use super::fault::Fault;
use super::invariants::{self, Published};
use super::report::Totals;
use crate::disk::SmallDisk;
use crate::load::Load;
use crate::replica::{PATIENCE, Replica, eventually, http_get};
use crate::suite::{Service, Suite, Topology};
use crate::workloads::{self, Claims};
use crate::{audit, files};
use async_nats::jetstream;
use chassis::testing::Passage;
use futures::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedMutRandom;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use traffic_proto::operations::v1::projection::Phase;
use traffic_proto::operations::v1::{GetProjectionRequest, Projection};

const REPLICAS: usize = 2;
/// Of each service. A cluster's three servers share the machine with them, and elect no leader if they get none of it.
const CLIENTS: usize = 6;
const CLIENTS_OF_A_CLUSTER: usize = 3;
/// Commands of each service between one thing and the next.
const STRETCH: usize = 20;
/// Longer than a lease lives and a policy stays pinned.
const FREEZE: Duration = Duration::from_secs(6);
/// Longer than an append waits for its acknowledgement.
const HANG: Duration = Duration::from_secs(3);
/// Longer than the members of a cluster wait for a leader they no longer hear.
const PARTED: Duration = Duration::from_secs(8);
/// Clocks jump by at most this many seconds: what clients tell of "now" must stay believable.
const JUMP: i64 = 50;
/// Room for a projection and its successor.
const DISK: SmallDisk = SmallDisk { mebibytes: 48 };
/// Beyond every deadline that the load sets off.
const LATER: i64 = 60 * 24 * 3600;

/// One service's replicas and clients.
struct Site {
    service: Service,
    replicas: Vec<Replica>,
    load: Load,
    claims: Arc<Claims>,
    /// Acknowledgements that have been checked.
    checked: usize,
}

impl Site {
    fn replicas(&self) -> Vec<&Replica> {
        self.replicas.iter().collect()
    }
}

pub(super) struct City {
    suite: Suite,
    bus: async_nats::Client,
    sites: Vec<Site>,
    totals: Totals,
}

impl City {
    /// Starts everything and sends clients to work.
    pub(super) async fn found(topology: Topology, services: &[Service], seed: u64) -> Self {
        let suite = Suite::by_itself(topology).await;
        let bus = suite.connect().await;
        let clients = match topology {
            Topology::Alone => CLIENTS,
            Topology::Cluster => CLIENTS_OF_A_CLUSTER,
        };
        let mut sites = Vec::with_capacity(services.len());
        for &service in services {
            let mut replicas = Vec::with_capacity(REPLICAS);
            for _ in 0..REPLICAS {
                replicas.push(suite.replica(service).await);
            }
            let all: Vec<&Replica> = replicas.iter().collect();
            let (load, claims) = workloads::start(service, &all, clients, seed).await;
            sites.push(Site {
                service,
                replicas,
                load,
                claims,
                checked: 0,
            });
        }
        Self {
            suite,
            bus,
            sites,
            totals: Totals::default(),
        }
    }

    /// One round. Answers what it saw, in a line.
    ///
    /// # Panics
    /// If anything does not hold.
    pub(super) async fn round(&mut self, fault: Fault, rng: &mut StdRng) -> String {
        for site in &self.sites {
            site.load.resume();
        }
        self.work_goes_on().await;
        self.suffer(fault, rng).await;
        self.everyone_is_ready().await;
        self.work_goes_on().await;
        self.rest().await;
        self.check().await;
        let Totals {
            acknowledged,
            unavailable,
            broken,
            ..
        } = self.totals;
        format!("{acknowledged} acknowledged so far, {unavailable} told to retry, {broken} broken")
    }

    /// Time passes until nothing is left to happen; then everything is looked at once more, from the beginning.
    ///
    /// # Panics
    /// If anything does not hold.
    pub(super) async fn end(mut self) -> Totals {
        for replica in self.all_replicas() {
            replica.set_clock(LATER);
        }
        // What is counted from then on is what is due by then. What that did is published and worked off by the check.
        tokio::time::sleep(invariants::COUNTED).await;
        self.no_timer_is_overdue().await;
        self.check().await;
        for site in &self.sites {
            audit::accounts_for(&site.load.record(), &site.replicas[0], &self.bus).await;
            let fresh = self.suite.replica(site.service).await;
            let mut all = site.replicas();
            all.push(&fresh);
            audit::agree(&all).await;
        }
        self.totals
    }

    /// The ends of all logs.
    pub(super) fn last_words(&self) -> String {
        let mut words = String::new();
        for replica in self.sites.iter().flat_map(|site| &site.replicas) {
            let name = replica.service().name();
            let address = replica.grpc_address();
            words += &format!("--- {name} at {address}:\n{}\n", replica.log_end());
        }
        words
    }

    fn all_replicas(&mut self) -> impl Iterator<Item = &mut Replica> {
        self.sites.iter_mut().flat_map(|site| &mut site.replicas)
    }

    async fn work_goes_on(&mut self) {
        // All at once: those that are quick give a command after the other until the slowest has come so far, too.
        let stretches = self.sites.iter_mut().map(|site| site.load.more(STRETCH));
        join_all(stretches).await;
    }

    async fn rest(&mut self) {
        let rests = self.sites.iter_mut().map(|site| site.load.rest());
        join_all(rests).await;
    }

    async fn everyone_is_ready(&mut self) {
        for replica in self.all_replicas() {
            replica.until_ready().await;
        }
    }

    async fn no_timer_is_overdue(&self) {
        let everyone: Vec<&Replica> = self.sites.iter().flat_map(Site::replicas).collect();
        invariants::no_timer_is_overdue(&everyone).await;
    }

    /// Waits until all that was committed is published and all that was published is worked off. What policies do for that is
    /// committed and published again: nothing is left once a look at all of it finds the journals as the look before.
    ///
    /// # Panics
    /// If something is left for good, or published without a commit.
    async fn everything_is_done(&self) -> Vec<Published> {
        let services: Vec<Service> = self.sites.iter().map(|site| site.service).collect();
        let deadline = Instant::now() + PATIENCE * 2;
        let mut published = vec![Published::default(); services.len()];
        let mut seen: Vec<Option<u64>> = vec![None; services.len()];
        // Most of what they do comes before the first look, which reads all there is.
        invariants::policies_come_to_rest(&services, &self.bus).await;
        loop {
            let heads = self.heads().await;
            for (at, service) in services.iter().enumerate() {
                if seen[at] != Some(heads[at]) {
                    published[at] =
                        invariants::published_is_what_was_committed(*service, &self.bus).await;
                }
            }
            invariants::policies_come_to_rest(&services, &self.bus).await;
            if self.heads().await == heads {
                let beyond = published.iter().find_map(|it| it.beyond.as_ref());
                assert!(beyond.is_none(), "published without a commit: {beyond:?}");
                return published;
            }
            seen = heads.into_iter().map(Some).collect();
            assert!(
                Instant::now() < deadline,
                "nobody rests: the journals grow beyond {seen:?}"
            );
        }
    }

    async fn check(&mut self) {
        let mut totals = Totals::default();
        let published = self.everything_is_done().await;
        self.no_timer_is_overdue().await;
        for (site, published) in self.sites.iter_mut().zip(published) {
            let record = site.load.record();
            assert!(record.surprises.is_empty(), "{:#?}", record.surprises);
            let new = record.acknowledged.get(site.checked..).unwrap_or_default();
            audit::accounts_for_these(new, &site.replicas[1], &self.bus).await;
            site.checked = record.acknowledged.len();
            audit::journal_is_whole(&site.replicas[0], &self.bus).await;
            audit::agree(&site.replicas()).await;
            totals.acknowledged += record.acknowledged.len() as u64;
            totals.refused += record.refused.values().sum::<u64>();
            totals.unavailable += record.unavailable;
            totals.broken += record.broken;
            totals.commits += published.commits;
            totals.events += published.events;
            totals.contested += site.claims.are_unique() as u64;
        }
        self.totals = totals;
    }
}

/// The faults.
impl City {
    async fn suffer(&mut self, fault: Fault, rng: &mut StdRng) {
        let which = rng.random_range(0..REPLICAS);
        match fault {
            Fault::ReplicasKilled => self.replicas_are_killed(which).await,
            Fault::ServiceKilled => self.a_service_is_killed(rng).await,
            Fault::ReplicasFrozen => self.replicas_freeze(which).await,
            Fault::ReplicasSlow => self.replicas_are_slow(which).await,
            Fault::ClocksJump => self.clocks_jump(rng).await,
            Fault::OlderProjection => self.a_projection_is_older(which, rng).await,
            Fault::SiblingsProjection => self.a_projection_is_the_siblings(which, rng).await,
            Fault::ForeignProjection => self.a_projection_is_foreign(which, rng).await,
            Fault::FullDisk => self.a_disk_is_full(which, rng).await,
            Fault::BusKilled => self.the_bus_is_killed().await,
            Fault::BusFrozen => self.the_bus_freezes().await,
            Fault::OlderStreams => self.streams_are_set_back(None).await,
            Fault::OlderStreamsUnnoticed => self.streams_are_set_back(Some(which)).await,
            Fault::MemberKilled => self.a_member_is_killed(rng).await,
            Fault::MemberFrozen => self.a_member_freezes(rng).await,
            Fault::LeadersStepDown => self.leaders_step_down().await,
            Fault::Partition => self.a_member_is_parted(Passage::Held, rng).await,
            Fault::Disconnection => self.a_member_is_parted(Passage::Closed, rng).await,
        }
    }

    async fn replicas_are_killed(&mut self, which: usize) {
        for site in &mut self.sites {
            site.replicas[which].kill9();
        }
        self.work_goes_on().await;
        for site in &mut self.sites {
            site.replicas[which].start().await;
        }
    }

    async fn a_service_is_killed(&mut self, rng: &mut StdRng) {
        let Some(site) = self.sites.choose_mut(rng) else {
            return;
        };
        for replica in &mut site.replicas {
            replica.kill9();
        }
        for replica in &mut site.replicas {
            replica.start().await;
        }
    }

    async fn replicas_freeze(&mut self, which: usize) {
        for site in &self.sites {
            site.replicas[which].pause();
        }
        tokio::time::sleep(FREEZE).await;
        for site in &self.sites {
            site.replicas[which].resume();
        }
    }

    async fn replicas_are_slow(&mut self, which: usize) {
        for _ in 0..20 {
            for site in &self.sites {
                site.replicas[which].pause();
            }
            tokio::time::sleep(Duration::from_millis(90)).await;
            for site in &self.sites {
                site.replicas[which].resume();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn clocks_jump(&mut self, rng: &mut StdRng) {
        for _ in 0..3 {
            for replica in self.all_replicas() {
                replica.set_clock(rng.random_range(-JUMP..=JUMP));
            }
            self.work_goes_on().await;
        }
        for replica in self.all_replicas() {
            replica.set_clock(0);
        }
    }

    async fn a_projection_is_older(&mut self, which: usize, rng: &mut StdRng) {
        let Some(site) = self.sites.choose_mut(rng) else {
            return;
        };
        let older = tempfile::tempdir().expect("a folder");
        site.replicas[which].stop().await;
        let projection = site.replicas[which].projection();
        files::copy(&projection, older.path());
        site.replicas[which].restart().await;
        site.load.more(STRETCH).await;
        site.replicas[which].kill9();
        files::replace(&projection, older.path());
        site.replicas[which].start().await;
    }

    async fn a_projection_is_the_siblings(&mut self, which: usize, rng: &mut StdRng) {
        let Some(site) = self.sites.choose_mut(rng) else {
            return;
        };
        let sibling = (which + 1) % REPLICAS;
        for replica in &mut site.replicas {
            replica.kill9();
        }
        let theirs = site.replicas[sibling].projection();
        files::replace(&site.replicas[which].projection(), &theirs);
        for replica in &mut site.replicas {
            replica.start().await;
        }
    }

    async fn a_projection_is_foreign(&mut self, which: usize, rng: &mut StdRng) {
        let at = rng.random_range(0..self.sites.len());
        let other = (at + 1) % self.sites.len();
        let foreign = self.sites[other].replicas[which].projection();
        let projection = self.sites[at].replicas[which].projection();
        self.sites[other].replicas[which].stop().await;
        self.sites[at].replicas[which].kill9();
        files::replace(&projection, &foreign);
        self.sites[other].replicas[which].start().await;
        self.sites[at].replicas[which].start().await;
    }

    /// No room at all: the replica gives up its projection and tells its clients to retry; the process lives, and serves
    /// again by itself as soon as there is room.
    async fn a_disk_is_full(&mut self, which: usize, rng: &mut StdRng) {
        let at = rng.random_range(0..self.sites.len());
        let site = &mut self.sites[at];
        let replica = &mut site.replicas[which];
        replica.kill9();
        replica.put_on(Some(DISK));
        replica.restart().await;
        replica.fill_disk(true);
        site.load.more(STRETCH).await;
        let replica = &mut site.replicas[which];
        let http = replica.http_address();
        eventually("a replica without room is not ready", || async {
            let answer = http_get(http, "/readyz").await;
            answer.is_ok_and(|(status, _)| status != 200).then_some(())
        })
        .await;
        assert!(
            replica.is_running(),
            "a full disk ends the process:\n{}",
            replica.log_end()
        );
        replica.fill_disk(false);
        replica.until_ready().await;
        site.load.more(STRETCH).await;
        let replica = &mut site.replicas[which];
        replica.put_on(None);
        replica.restart().await;
    }

    async fn the_bus_is_killed(&mut self) {
        for server in self.suite.servers() {
            server.kill9();
        }
        for site in &self.sites {
            site.load.turned_away().await;
        }
        self.restart_the_bus().await;
    }

    async fn restart_the_bus(&mut self) {
        for server in self.suite.servers() {
            server.restart().await.expect("a server starts again");
        }
    }

    async fn the_bus_freezes(&mut self) {
        for server in self.suite.servers() {
            server.pause().expect("a running server");
        }
        tokio::time::sleep(HANG).await;
        for server in self.suite.servers() {
            server.resume().expect("a running server");
        }
    }

    /// Sets everything on the bus back to how it was some commands ago. With `away`, that replica of each service is down
    /// meanwhile and finds journals that have grown beyond where it was, by other commits.
    async fn streams_are_set_back(&mut self, away: Option<usize>) {
        let backup = tempfile::tempdir().expect("a folder");
        let store = self.suite.store();
        self.rest().await;
        // Nobody is told of anything between here and the backup; what services do by themselves there is in it.
        let kept = self.heads().await;
        self.stop_the_bus().await;
        files::copy(&store, backup.path());
        self.restart_the_bus().await;
        for site in &self.sites {
            site.load.resume();
        }
        self.work_goes_on().await;
        self.rest().await;
        let heads = self.heads().await;
        if let Some(which) = away {
            for site in &mut self.sites {
                site.replicas[which].until_ready().await;
                // In order, so that all it knows is on its disk.
                site.replicas[which].stop().await;
            }
        }
        let there = self.who_is_there(away).await;
        self.stop_the_bus().await;
        files::replace(&store, backup.path());
        self.restart_the_bus().await;
        // Until it has noticed, a replica answers from what is lost: clients wait for that, as operators must.
        for (at, number, rebuilds) in there {
            let replica = &self.sites[at].replicas[number];
            eventually("a replica notices that its stream was set back", || async {
                let state = projection(replica).await?;
                let noticed = state.rebuilds > rebuilds && state.phase() == Phase::Live;
                noticed.then_some(())
            })
            .await;
        }
        for (site, kept) in self.sites.iter_mut().zip(kept) {
            site.load.forget_after(kept);
            site.claims.forget();
            site.checked = site.load.record().acknowledged.len();
            site.load.resume();
        }
        let Some(which) = away else {
            return;
        };
        for (at, before) in heads.into_iter().enumerate() {
            while self.head(self.sites[at].service).await <= before {
                self.sites[at].load.more(1).await;
            }
            self.sites[at].replicas[which].start().await;
        }
    }

    /// The replicas but the one away, each by its site and its number, and how often it has rebuilt its projection. All have
    /// seen what there is to lose.
    async fn who_is_there(&self, away: Option<usize>) -> Vec<(usize, usize, u64)> {
        let mut there = Vec::new();
        for (at, site) in self.sites.iter().enumerate() {
            let head = self.head(site.service).await;
            for (number, replica) in site.replicas.iter().enumerate() {
                if away == Some(number) {
                    continue;
                }
                let rebuilds = eventually("a replica has seen everything", || async {
                    let state = projection(replica).await?;
                    (state.applied_position >= head).then_some(state.rebuilds)
                })
                .await;
                there.push((at, number, rebuilds));
            }
        }
        there
    }

    /// The positions of the last commits in all journals.
    async fn heads(&self) -> Vec<u64> {
        let mut heads = Vec::with_capacity(self.sites.len());
        for site in &self.sites {
            heads.push(self.head(site.service).await);
        }
        heads
    }

    async fn stop_the_bus(&mut self) {
        for server in self.suite.servers() {
            server.stop().await;
        }
    }

    /// The position of the last commit in a service's journal.
    async fn head(&self, service: Service) -> u64 {
        let journal = service.stream();
        eventually("a stream tells its state", || async {
            let stream = jetstream::new(self.bus.clone()).get_stream(&journal).await;
            Some(stream.ok()?.cached_info().state.last_sequence)
        })
        .await
    }

    async fn a_member_is_killed(&mut self, rng: &mut StdRng) {
        let Some(member) = self.suite.servers().choose_mut(rng) else {
            return;
        };
        member.kill9();
        self.work_goes_on().await;
        for server in self.suite.servers() {
            if !server.is_running() {
                server.restart().await.expect("a server starts again");
            }
        }
    }

    async fn a_member_freezes(&mut self, rng: &mut StdRng) {
        let which = rng.random_range(0..self.suite.servers().len());
        self.suite.servers()[which].pause().expect("it runs");
        tokio::time::sleep(PARTED).await;
        self.suite.servers()[which].resume().expect("it runs");
    }

    async fn leaders_step_down(&mut self) {
        for _ in 0..3 {
            let streams = self.sites.iter().map(|site| site.service.stream());
            for stream in streams.chain(["EVENTS".to_owned()]) {
                let subject = format!("$JS.API.STREAM.LEADER.STEPDOWN.{stream}");
                // A stream that is without a leader just now has lost it already.
                let _ = self.bus.request(subject, "".into()).await;
            }
            self.work_goes_on().await;
        }
    }

    async fn a_member_is_parted(&mut self, passage: Passage, rng: &mut StdRng) {
        let member = rng.random_range(0..self.suite.servers().len());
        let network = self.suite.network().expect("a cluster has a network");
        network.set(member, passage);
        tokio::time::sleep(PARTED).await;
        self.work_goes_on().await;
        let network = self.suite.network().expect("a cluster has a network");
        network.heal();
    }
}

async fn projection(replica: &Replica) -> Option<Projection> {
    let mut operations = replica.operations();
    let asked = operations.get_projection(GetProjectionRequest {}).await;
    Some(asked.ok()?.into_inner())
}
