//! Measures the journal against a fresh nats-server that syncs every write: raw guarded publishing beside the appender, by
//! how many are in flight, and following.
//!
//! `cargo run --release -p chassis --features local-bus --example journal_bench [seconds] [replicas]`

use chassis::domain::AggregateKey;
use chassis::journal::{
    Appender, Entry, JetStreamJournal, Journal, Limits, Outcome, Position, StreamConfig,
};
use chassis::nats_server::{Cluster, NatsServer, Options};
use futures::StreamExt;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

const IN_FLIGHT: [usize; 4] = [1, 16, 64, 256];
const PAYLOAD: usize = 300;

enum Bus {
    One(NatsServer),
    Many(Cluster),
}

#[derive(Clone)]
enum Way {
    Raw(Arc<JetStreamJournal>),
    Grouped(Appender),
}

#[derive(Default)]
struct Measured {
    micros: Vec<u64>,
    took: Duration,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let replicas: usize = arguments.next().map_or(Ok(1), |text| text.parse())?;

    let folder = std::env::temp_dir().join(format!("journal-bench-{}", std::process::id()));
    let bus = match replicas {
        1 => Bus::One(NatsServer::start(Options::new(&folder)).await?),
        size => Bus::Many(Cluster::start(size, &folder, true).await?),
    };
    let url = match &bus {
        Bus::One(server) => server.url(),
        Bus::Many(cluster) => cluster.url(),
    };
    let servers: Vec<String> = url.split(',').map(String::from).collect();
    let client = async_nats::connect(servers).await?;
    let config = StreamConfig {
        replicas,
        ..StreamConfig::new("BENCH", "bench")
    };
    let journal = Arc::new(JetStreamJournal::open(client, config).await?);
    let (appender, worker) = Appender::start(journal.clone(), Limits::default());

    print("in flight | raw/s   p50 ms  p99 ms | appender/s  p50 ms  p99 ms | rate   p50");
    for in_flight in IN_FLIGHT {
        let raw = drive(Way::Raw(journal.clone()), in_flight, seconds).await;
        let grouped = drive(Way::Grouped(appender.clone()), in_flight, seconds).await;
        print(&format!(
            "{in_flight:9} | {:6.0} {:7.2} {:7.2} | {:10.0} {:7.2} {:7.2} | {:4.2}x {:4.2}x",
            raw.rate(),
            raw.millis(0.5),
            raw.millis(0.99),
            grouped.rate(),
            grouped.millis(0.5),
            grouped.millis(0.99),
            grouped.rate() / raw.rate(),
            grouped.millis(0.5) / raw.millis(0.5),
        ));
    }
    print(&format!("{:?}", appender.counts()));

    follow(&journal).await?;
    latency(&journal, &appender).await?;
    drop(appender);
    worker.await?;
    drop(bus);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

impl Measured {
    fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.took.as_secs_f64()
    }

    fn millis(&self, quantile: f64) -> f64 {
        let index = (self.micros.len() as f64 * quantile) as usize;
        self.micros
            .get(index)
            .map_or(0.0, |micros| *micros as f64 / 1e3)
    }
}

/// `in_flight` callers, each with an aggregate of its own, one append after the other.
async fn drive(way: Way, in_flight: usize, seconds: u64) -> Measured {
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let callers: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(call(way.clone(), end)))
        .collect();
    let mut all = Measured::default();
    for caller in callers {
        all.micros.extend(caller.await.unwrap_or_default());
    }
    all.took = began.elapsed();
    all.micros.sort_unstable();
    all
}

async fn call(way: Way, end: Instant) -> Vec<u64> {
    let mut micros = Vec::new();
    let mut next = entry(&Uuid::new_v4().simple().to_string(), 0);
    while Instant::now() < end {
        let began = Instant::now();
        let position = append(&way, next.clone()).await;
        let Some(position) = position else {
            continue;
        };
        micros.push(began.elapsed().as_micros() as u64);
        next = Entry {
            expected: position,
            commit_id: Uuid::new_v4(),
            ..next
        };
    }
    micros
}

async fn append(way: &Way, entry: Entry) -> Option<Position> {
    match way {
        Way::Raw(journal) => journal.append(&[entry]).await.ok(),
        Way::Grouped(appender) => match appender.append(vec![entry]).await {
            Outcome::Committed(positions) => positions.first().copied(),
            other => {
                print(&format!("{other:?}"));
                None
            }
        },
    }
}

fn entry(id: &str, expected: Position) -> Entry {
    Entry {
        key: AggregateKey {
            kind: "bench",
            id: id.into(),
        },
        expected,
        commit_id: Uuid::new_v4(),
        following: 0,
        payload: vec![b'x'; PAYLOAD].into(),
    }
}

async fn follow(journal: &JetStreamJournal) -> Result<(), Box<dyn Error>> {
    let last = journal.extent().await?.last;
    let began = Instant::now();
    let mut commits = journal.follow(0).take(last as usize);
    while let Some(commit) = commits.next().await {
        commit?;
    }
    let rate = last as f64 / began.elapsed().as_secs_f64();
    print(&format!("following {last} commits: {rate:.0}/s"));
    Ok(())
}

/// From the acknowledgement of an append to its arrival at a follower; often it comes first.
async fn latency(journal: &JetStreamJournal, appender: &Appender) -> Result<(), Box<dyn Error>> {
    let mut commits = journal.follow(journal.extent().await?.last);
    let mut micros = Vec::new();
    for _ in 0..500 {
        let next = entry(&Uuid::new_v4().simple().to_string(), 0);
        appender.append(vec![next]).await;
        let began = Instant::now();
        commits.next().await.ok_or("the follower ended")??;
        micros.push(began.elapsed().as_micros());
    }
    micros.sort_unstable();
    print(&format!(
        "acknowledged to followed: p50 {} us, p99 {} us",
        micros[250], micros[495]
    ));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn print(line: &str) {
    println!("{line}");
}
