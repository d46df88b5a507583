//! The journal in JetStream keeps the rules on a real server, one node and three, over cut connections and restarts.

#![expect(
    clippy::unwrap_used,
    reason = "fixtures of tests stand outside the test functions"
)]

use async_trait::async_trait;
use chassis::domain::AggregateKey;
use chassis::journal::{AppendError, JetStreamJournal, Journal, OpenError, Position, StreamConfig};
use chassis::nats_server::{Cluster, NatsServer, Options};
use chassis::testing::conformance::{self, Harness, Outage, entry, new_key, patiently};
use chassis::testing::{Network, Passage, Proxy};
use futures::StreamExt;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// A server with a folder of its own, and a journal on it.
#[derive(Debug)]
struct Bus {
    server: Mutex<NatsServer>,
    journal: Arc<JetStreamJournal>,
    folder: TempDir,
}

#[async_trait]
impl Outage for Bus {
    async fn begin(&self) {
        self.server.lock().await.kill9();
        patiently(async {
            while self.journal.is_connected() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn end(&self) {
        self.server.lock().await.restart().await.unwrap();
    }
}

async fn bus() -> Arc<Bus> {
    let folder = TempDir::new().unwrap();
    let server = NatsServer::start(Options::new(folder.path()))
        .await
        .unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let config = StreamConfig::new("SAMPLES", "samples");
    let journal = JetStreamJournal::open(client, config).await.unwrap();
    Arc::new(Bus {
        server: Mutex::new(server),
        journal: Arc::new(journal),
        folder,
    })
}

macro_rules! the_server_keeps {
    ($($rule:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let bus = bus().await;
                let journal = bus.journal.clone();
                conformance::$rule(Harness { journal, outage: bus }).await;
            }
        )*

        /// Of three replicas one at a time goes away; the two others carry on.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn three_replicas_keep_every_rule() {
            let trio = trio().await;
            $(
                println!("{}", stringify!($rule));
                let harness = Harness {
                    journal: trio.journal.clone(),
                    outage: trio.clone(),
                };
                conformance::$rule(harness).await;
            )*
        }
    };
}

the_server_keeps! {
    the_first_commit_of_an_aggregate_is_guarded_by_zero,
    a_commit_follows_exactly_the_one_it_names,
    a_guard_on_an_aggregate_without_commits_does_not_hold,
    entries_appended_together_get_consecutive_positions,
    entries_with_one_bad_guard_are_not_stored_at_all,
    nothing_and_too_much_are_refused,
    a_commit_is_read_as_soon_as_it_is_acknowledged,
    a_successor_is_the_next_commit_and_of_the_same_aggregate,
    a_history_is_complete_in_order_and_paged,
    a_follower_gets_what_is_there_and_then_what_comes,
    a_follower_ahead_of_the_stream_is_told_so,
    of_concurrent_appends_to_one_aggregate_one_wins,
    each_commit_tells_how_many_of_its_transaction_follow,
    a_conflict_hurts_only_its_own_transaction,
    a_caller_that_goes_loses_and_repeats_nothing,
    a_follower_over_outages_gets_every_commit_once_and_in_order,
    appends_during_outages_are_told_so_and_work_resumes,
}

/// A cluster whose outage takes all members, as a power cut does.
#[derive(Debug)]
struct Trio {
    cluster: Mutex<Cluster>,
    journal: Arc<JetStreamJournal>,
    _folder: TempDir,
}

#[async_trait]
impl Outage for Trio {
    async fn begin(&self) {
        for server in &mut self.cluster.lock().await.servers {
            server.kill9();
        }
        patiently(async {
            while self.journal.is_connected() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn end(&self) {
        let mut cluster = self.cluster.lock().await;
        for server in &mut cluster.servers {
            server.restart().await.unwrap();
        }
        cluster.wait_until_led().await.unwrap();
    }
}

async fn trio() -> Arc<Trio> {
    let folder = TempDir::new().unwrap();
    let cluster = Cluster::start(3, folder.path(), true).await.unwrap();
    let urls: Vec<String> = cluster.url().split(',').map(String::from).collect();
    let client = async_nats::connect(urls).await.unwrap();
    let config = StreamConfig {
        replicas: 3,
        ..StreamConfig::new("SAMPLES", "samples")
    };
    Arc::new(Trio {
        journal: Arc::new(opened(&client, &config).await),
        cluster: Mutex::new(cluster),
        _folder: folder,
    })
}

/// Until the members of a cluster know each other, there are too few for three replicas.
async fn opened(client: &async_nats::Client, config: &StreamConfig) -> JetStreamJournal {
    patiently(async {
        loop {
            match JetStreamJournal::open(client.clone(), config.clone()).await {
                Ok(journal) => break journal,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

/// Three members on a network, a stream of three replicas, and a journal through each.
struct Parted {
    _cluster: Cluster,
    network: Network,
    clients: Vec<async_nats::Client>,
    journals: Vec<JetStreamJournal>,
    _folder: TempDir,
}

async fn parted() -> Parted {
    let folder = TempDir::new().unwrap();
    let (cluster, network) = Network::start(3, folder.path()).await.unwrap();
    let config = StreamConfig {
        replicas: 3,
        ..StreamConfig::new("SAMPLES", "samples")
    };
    let (mut clients, mut journals) = (Vec::new(), Vec::new());
    for server in &cluster.servers {
        let client = async_nats::connect(server.url()).await.unwrap();
        journals.push(opened(&client, &config).await);
        clients.push(client);
    }
    Parted {
        _cluster: cluster,
        network,
        clients,
        journals,
        _folder: folder,
    }
}

impl Parted {
    /// A member that does not lead the stream, once it has all that is on it.
    async fn follower(&self) -> usize {
        let names = self.clients.iter().map(|client| client.server_info());
        let names: Vec<_> = names.map(|info| info.server_name).collect();
        let context = async_nats::jetstream::new(self.clients[0].clone());
        patiently(async {
            loop {
                let stream = context.get_stream("SAMPLES").await;
                let copies = stream.ok().and_then(|s| s.cached_info().cluster.clone());
                let mut peers = copies.into_iter().flat_map(|copies| copies.replicas);
                if let Some(whole) =
                    peers.find(|peer| peer.current && peer.lag.is_none_or(|lag| lag == 0))
                {
                    let number = names.iter().position(|name| *name == whole.name);
                    return number.expect("a member");
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

/// Stores a commit on an aggregate, after this one of its commits.
async fn stored(journal: &JetStreamJournal, key: &AggregateKey, after: Position) {
    let entry = entry(key, after);
    patiently(async {
        // A conflict tells of an earlier attempt whose answer was lost.
        while !matches!(
            journal.append(std::slice::from_ref(&entry)).await,
            Ok(_) | Err(AppendError::Conflict)
        ) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_cut_off_tells_no_history_without_what_was_stored_meanwhile() {
    let parted = parted().await;
    let journals = &parted.journals;
    let key = new_key();
    stored(&journals[0], &key, 0).await;
    let behind = parted.follower().await;

    // Any member may be asked, and while it is cut off only this one answers itself.
    let several = async |limit| {
        let asked = (0..24).map(|_| journals[behind].history(&key, 0, limit));
        let answers = futures::future::join_all(asked).await.into_iter();
        answers.flatten().collect::<Vec<_>>()
    };
    // A member answers some time after a stream was made.
    patiently(async {
        parted.network.set(behind, Passage::Held);
        while several(1).await.is_empty() {
            parted.network.heal();
            while journals[behind].extent().await.is_err() {
                tokio::task::yield_now().await;
            }
            parted.network.set(behind, Passage::Held);
        }
    })
    .await;
    stored(&journals[(behind + 1) % 3], &key, 1).await;
    let told = several(10).await;
    assert!(told.is_empty(), "{told:?}");

    parted.network.heal();
    let told = patiently(async {
        loop {
            match journals[behind].history(&key, 0, 10).await {
                Ok(told) => return told,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let positions: Vec<_> = told.iter().map(|commit| commit.position).collect();
    assert_eq!(positions, [1, 2], "from its first answer on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_cut_off_does_not_tell_where_the_stream_ends() {
    let parted = parted().await;
    let Parted {
        network, journals, ..
    } = &parted;
    let key = new_key();
    stored(&journals[0], &key, 0).await;

    network.set(0, Passage::Held);
    stored(&journals[1], &key, 1).await;
    // Once it knows that it is alone, it no longer answers from its own copy, which ends too early.
    patiently(async {
        while !matches!(journals[0].extent().await, Err(why) if why.0.contains("no leader")) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(journals[1].extent().await.unwrap().last, 2);

    network.heal();
    patiently(async {
        while !matches!(journals[0].extent().await, Ok(extent) if extent.last == 2) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_at_200_random_bytes_lose_nothing_and_store_nothing_twice() {
    let bus = bus().await;
    let port = bus.server.lock().await.port();
    let proxy = Proxy::start(([127, 0, 0, 1], port).into()).await.unwrap();
    let client = async_nats::connect(proxy.address().to_string())
        .await
        .unwrap();
    let config = StreamConfig::new("SAMPLES", "samples");
    let journal = JetStreamJournal::open(client, config).await.unwrap();
    let harness = Harness {
        journal: Arc::new(journal),
        outage: bus.clone(),
    };
    let mut random = SmallRng::seed_from_u64(7);
    while proxy.cuts() < 200 {
        // From within the first message to several batches later.
        proxy.cut_after(random.random_range(0..20_000));
        let work = conformance::nothing_is_lost_and_nothing_is_stored_twice(harness.clone(), 16, 4);
        work.await;
    }
}

#[tokio::test]
async fn a_stream_with_other_settings_is_left_alone_and_each_difference_named() {
    let bus = bus().await;
    let url = bus.server.lock().await.url();
    let client = async_nats::connect(url).await.unwrap();
    let config = StreamConfig {
        max_bytes: 1_000_000,
        ..StreamConfig::new("SAMPLES", "others")
    };
    let refused = JetStreamJournal::open(client.clone(), config).await;
    let Err(OpenError::Differs { settings, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        settings,
        [
            "max_bytes: has -1, expected 1000000",
            r#"subjects: has ["samples.log.>"], expected ["others.log.>"]"#
        ]
    );
    let same = StreamConfig::new("SAMPLES", "samples");
    JetStreamJournal::open(client, same).await.unwrap();
}

#[tokio::test]
async fn a_first_connection_interrupts_nothing_that_waits_for_it() {
    let bus = bus().await;
    let url = bus.server.lock().await.url();
    for _ in 0..10 {
        // As services connect: the client is there before its connection is.
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        let client = options.connect(&url).await.unwrap();
        let config = StreamConfig::new("SAMPLES", "samples");
        let journal = JetStreamJournal::open(client, config).await.unwrap();
        let asked = (0..50).map(|_| journal.extent());
        for answer in futures::future::join_all(asked).await {
            answer.unwrap();
        }
    }
}

#[tokio::test]
async fn a_follower_is_told_of_a_stream_made_anew() {
    let bus = bus().await;
    bus.journal.append(&[entry(&new_key(), 0)]).await.unwrap();
    let mut commits = bus.journal.follow(0);
    patiently(commits.next()).await.unwrap().unwrap();
    let url = bus.server.lock().await.url();
    let client = async_nats::connect(url).await.unwrap();
    let context = async_nats::jetstream::new(client.clone());
    context.delete_stream("SAMPLES").await.unwrap();
    let config = StreamConfig::new("SAMPLES", "samples");
    let anew = JetStreamJournal::open(client, config).await.unwrap();
    anew.append(&[entry(&new_key(), 0)]).await.unwrap();
    let told = patiently(commits.next()).await.unwrap();
    assert!(told.is_err(), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_is_told_of_a_stream_set_back_that_has_grown_again() {
    let bus = bus().await;
    let store = bus.folder.path();
    let key = new_key();
    bus.journal.append(&[entry(&key, 0)]).await.unwrap();
    let mut commits = bus.journal.follow(0);
    patiently(commits.next()).await.unwrap().unwrap();
    let backup = TempDir::new().unwrap();
    bus.server.lock().await.stop().await;
    copy(store, backup.path());
    bus.server.lock().await.restart().await.unwrap();
    patiently(async {
        // Each on an aggregate of its own: an attempt whose answer is lost may be stored all the same.
        while bus.journal.append(&[entry(&new_key(), 0)]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // All of them, so that the next thing to come is of the backup.
    let head = bus.journal.extent().await.unwrap().last;
    for _ in 1..head {
        patiently(commits.next()).await.unwrap().unwrap();
    }

    // The backup grows again, by other commits, before the follower sees it.
    bus.server.lock().await.kill9();
    let elsewhere = NatsServer::start(Options::new(backup.path()))
        .await
        .unwrap();
    let client = async_nats::connect(elsewhere.url()).await.unwrap();
    let config = StreamConfig::new("SAMPLES", "samples");
    let other = JetStreamJournal::open(client, config).await.unwrap();
    for _ in 0..=head {
        other.append(&[entry(&new_key(), 0)]).await.unwrap();
    }
    drop(elsewhere);
    std::fs::remove_dir_all(store).unwrap();
    copy(backup.path(), store);
    bus.server.lock().await.restart().await.unwrap();
    let told = patiently(commits.next()).await.unwrap();
    let told = told.unwrap_err().to_string();
    let expected = format!("another commit at {head}");
    assert!(told.contains(&expected), "{told}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}
