//! Why guards name exact subjects: what a wildcard guard lets through on a cluster, and that ours let nothing through.
//!
//! The server compares the guards of writes that are still on their way to the replicas by their text. A write guarded by
//! `a.1.*` does not see one to `a.1.x` under way that was guarded by `a.1.x`, though both would have to fail together.
//!
//! What ours carry is raced as services write it: claims on what only one may have, alone and in atomic batches, through the
//! journal; and what relays publish under one fence, through the bus.

#![expect(
    clippy::unwrap_used,
    reason = "fixtures of tests stand outside the test functions"
)]

use async_nats::jetstream::{self, stream};
use async_nats::{Client, HeaderMap, header};
use chassis::bus::{Bus, JetStreamBus, Message, PublishError};
use chassis::domain::AggregateKey;
use chassis::journal::jetstream::ensure_stream;
use chassis::journal::{AppendError, Entry, JetStreamJournal, Journal, Position, StreamConfig};
use chassis::nats_server::Cluster;
use chassis::published::EVENTS;
use chassis::testing::conformance::{entry, new_key, patiently};
use serde::Deserialize;
use tempfile::TempDir;

const RACES: usize = 300;
/// Of each kind, through journal and bus: each is read again afterwards.
const RACES_OF_OURS: usize = 100;
/// Races that nobody wins, because the cluster takes nothing just then, prove nothing; so many must be won.
const ENOUGH: usize = RACES_OF_OURS / 2;
/// Under which all events of the races are published.
const FENCE: &str = "events.races.>";
/// Of the servers whose wildcard guards are known to break: a later one may keep them, and we would still not need them.
const KNOWN_TO_BREAK: [&str; 4] = ["2.12.", "2.13.", "2.14.", "2.15."];

/// Three servers with the streams, and a connection to each.
struct Trio {
    clients: Vec<Client>,
    journals: Vec<JetStreamJournal>,
    buses: Vec<JetStreamBus>,
    _cluster: Cluster,
    _folder: TempDir,
}

impl Trio {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let cluster = Cluster::start(3, folder.path(), true).await.unwrap();
        let mut clients = Vec::new();
        for server in &cluster.servers {
            clients.push(async_nats::connect(server.url()).await.unwrap());
        }
        let context = jetstream::new(clients[0].clone());
        let config = stream::Config {
            name: "RACES".into(),
            subjects: vec!["races.>".into()],
            num_replicas: 3,
            ..stream::Config::default()
        };
        patiently(async {
            // Until the members know each other, there are too few for three replicas.
            while context.create_stream(config.clone()).await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        for client in &clients {
            // A server hears from the others who takes what is published to it.
            patiently(async {
                while client.request("races.first", "x".into()).await.is_err() {
                    tokio::task::yield_now().await;
                }
            })
            .await;
        }
        let (mut journals, mut buses) = (Vec::new(), Vec::new());
        let events = StreamConfig::events(EVENTS, 3);
        asked(async || ensure_stream(&clients[0], &events).await).await;
        for client in &clients {
            journals.push(journal(client).await);
            buses.push(bus(client).await);
        }
        Self {
            clients,
            journals,
            buses,
            _cluster: cluster,
            _folder: folder,
        }
    }

    /// Two publish at the same moment through two servers, each if nothing is there under its guard; their positions.
    async fn race(&self, number: usize, writers: [Write; 2]) -> [Option<u64>; 2] {
        let [one, two] = writers;
        let first = publish(&self.clients[number % 3], one);
        let second = publish(&self.clients[(number + 1) % 3], two);
        let (first, second) = tokio::join!(first, second);
        [first, second]
    }
}

/// Asks a cluster until it answers.
async fn asked<T, E>(ask: impl AsyncFn() -> Result<T, E>) -> T {
    patiently(async {
        loop {
            match ask().await {
                Ok(answer) => break answer,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

/// A journal through one member, which has taken something.
async fn journal(client: &Client) -> JetStreamJournal {
    let config = StreamConfig {
        replicas: 3,
        ..StreamConfig::new("SAMPLES", "samples")
    };
    let journal =
        asked(async || JetStreamJournal::open(client.clone(), config.clone()).await).await;
    // Each time another, since an attempt whose answer is lost may be stored all the same.
    asked(async || journal.append(&[entry(&new_key(), 0)]).await).await;
    journal
}

/// The bus through one member, which has taken something.
async fn bus(client: &Client) -> JetStreamBus {
    let bus = JetStreamBus::new(client.clone(), 3);
    let greeting = || Message {
        subject: "events.greetings.happened.371702".into(),
        headers: HeaderMap::new(),
        payload: "x".into(),
    };
    patiently(async {
        // Who is fenced off was heard.
        while let Err(PublishError::Unknown(_)) =
            bus.publish("events.greetings.>", 0, vec![greeting()]).await
        {
            tokio::task::yield_now().await;
        }
    })
    .await;
    bus
}

/// What one of two writers appends.
struct Append {
    entries: Vec<Entry>,
    /// Round trips to wait for first: a commit alone is quicker than a batch, which the server stages.
    late: usize,
}

impl Append {
    fn of(keys: &[&AggregateKey]) -> Self {
        Self {
            entries: keys.iter().map(|key| entry(key, 0)).collect(),
            late: 0,
        }
    }

    fn late(self, late: usize) -> Self {
        Self { late, ..self }
    }

    async fn through(&self, journal: &JetStreamJournal) -> Result<Position, AppendError> {
        for _ in 0..self.late {
            let _ = journal.extent().await;
        }
        journal.append(&self.entries).await
    }
}

impl Trio {
    /// Two append at the same moment through two members, each with the first commit on `claim`: which of them, if any, has it.
    ///
    /// # Panics
    /// If both have it, or what is stored is not what they were told.
    async fn race_for(
        &self,
        claim: &AggregateKey,
        number: usize,
        appends: [Append; 2],
    ) -> Option<usize> {
        let [one, two] = &appends;
        let told = tokio::join!(
            one.through(&self.journals[number % 3]),
            two.through(&self.journals[(number + 1) % 3])
        );
        let mut winners = Vec::new();
        let mut are_known = true;
        for (which, (append, told)) in appends.iter().zip([told.0, told.1]).enumerate() {
            let stored = self.stored(&append.entries).await;
            let seen = format!("race {number}, writer {which}: {told:?}, and stored at {stored:?}");
            let is_whole = stored.len() == append.entries.len()
                && stored.is_sorted_by(|one, next| one + 1 == *next);
            match told {
                Ok(last) => assert!(is_whole && stored.last() == Some(&last), "{seen}"),
                Err(AppendError::Conflict) => assert!(stored.is_empty(), "{seen}"),
                Err(AppendError::Refused(_)) => {
                    assert!(stored.is_empty(), "{seen}");
                    are_known = false;
                }
                Err(AppendError::Unknown(_)) => {
                    assert!(is_whole || stored.is_empty(), "{seen}");
                    are_known = false;
                }
            }
            if is_whole {
                winners.push(which);
            }
        }
        let claims = asked(async || self.journals[0].history(claim, 0, 10).await).await;
        assert_eq!(claims.len(), winners.len(), "race {number}: {claims:?}");
        assert!(winners.len() < 2, "race {number}: both have it");
        assert!(
            winners.len() == 1 || !are_known,
            "race {number}: nobody has it, and both were told so"
        );
        winners.pop()
    }

    /// The positions of those of these entries that are stored.
    async fn stored(&self, entries: &[Entry]) -> Vec<Position> {
        let mut positions = Vec::new();
        for entry in entries {
            let first = asked(async || self.journals[0].successor(&entry.key, 0).await).await;
            let own = first.filter(|first| first.commit_id == entry.commit_id);
            positions.extend(own.map(|own| own.position));
        }
        positions
    }

    /// Two publish at the same moment through two members, so many messages each, after the same newest one: which of them, if
    /// any, has passed the fence.
    ///
    /// # Panics
    /// If both have, or what is stored is not what they were told.
    async fn race_at_the_fence(&self, number: usize, counts: [usize; 2]) -> Option<usize> {
        let newest = async || asked(async || self.buses[0].newest(FENCE).await).await;
        let after = newest().await.map_or(0, |newest| newest.sequence);
        let (first, second) = (&self.buses[number % 3], &self.buses[(number + 1) % 3]);
        let told = tokio::join!(
            first.publish(FENCE, after, messages(number, 0, counts[0])),
            second.publish(FENCE, after, messages(number, 1, counts[1]))
        );
        let last = newest().await.map_or(0, |newest| newest.sequence);
        let stored = self.events(after + 1..=last).await;
        let mut winners = Vec::new();
        let mut are_known = true;
        for (which, told) in [told.0, told.1].into_iter().enumerate() {
            let own = payload(number, which);
            let count = stored.iter().filter(|(_, payload)| *payload == own).count();
            let seen = format!("race {number}, writer {which}: {told:?}, of {stored:?}");
            let is_whole = count == counts[which];
            match told {
                Ok(at) => assert!(is_whole && stored.contains(&(at, own)), "{seen}"),
                Err(PublishError::Fenced) => assert_eq!(count, 0, "{seen}"),
                Err(PublishError::Unknown(_)) => {
                    assert!(is_whole || count == 0, "{seen}");
                    are_known = false;
                }
            }
            if is_whole {
                winners.push(which);
            }
        }
        assert!(winners.len() < 2, "race {number}: both pass: {stored:?}");
        assert!(
            winners.len() == 1 || !are_known,
            "race {number}: nobody passes, and both were told so"
        );
        winners.pop()
    }

    /// The payloads at these places of the stream of events.
    async fn events(&self, places: impl Iterator<Item = u64>) -> Vec<(u64, String)> {
        let context = jetstream::new(self.clients[0].clone());
        let stream = asked(async || context.get_stream_no_info(EVENTS).await).await;
        let mut events = Vec::new();
        for place in places {
            let event = asked(async || stream.get_raw_message(place).await).await;
            let payload = String::from_utf8_lossy(&event.payload).into_owned();
            events.push((place, payload));
        }
        events
    }
}

fn payload(number: usize, which: usize) -> String {
    format!("race {number}, writer {which}")
}

fn messages(number: usize, which: usize, count: usize) -> Vec<Message> {
    let message = Message {
        subject: "events.races.happened.371702".into(),
        headers: HeaderMap::new(),
        payload: payload(number, which).into(),
    };
    vec![message; count]
}

/// Often enough one of them has won.
fn were_won(kind: &str, winners: &[Option<usize>]) {
    let wins = winners.iter().filter(|won| won.is_some()).count();
    assert!(wins >= ENOUGH, "{kind}: the cluster takes nothing: {wins}");
}

struct Write {
    subject: String,
    /// `None`: the subject itself.
    guard: Option<String>,
}

impl Write {
    fn exact(subject: String) -> Self {
        Self {
            subject,
            guard: None,
        }
    }

    fn guarded_by(subject: String, guard: String) -> Self {
        Self {
            subject,
            guard: Some(guard),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    seq: u64,
    error: Option<serde_json::Value>,
}

async fn publish(client: &Client, write: Write) -> Option<u64> {
    let mut headers = HeaderMap::new();
    headers.insert(header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE, "0");
    if let Some(guard) = write.guard {
        headers.insert(
            "Nats-Expected-Last-Subject-Sequence-Subject",
            guard.as_str(),
        );
    }
    let answer = client
        .request_with_headers(write.subject, headers, "x".into())
        .await
        .unwrap();
    let answer: Answer = serde_json::from_slice(&answer.payload).unwrap();
    answer.error.is_none().then_some(answer.seq)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_that_breaks_wildcard_guards_does_not_break_exact_ones() {
    let trio = Trio::start().await;
    let version = trio.clients[0].server_info().version;

    // The control: one may only write if nothing is there at all, and wrote after the other.
    let mut broken = 0;
    for race in 0..RACES {
        let exact = Write::exact(format!("races.wild.{race}.a"));
        let wild = Write::guarded_by(
            format!("races.wild.{race}.b"),
            format!("races.wild.{race}.*"),
        );
        if let [Some(before), Some(after)] = trio.race(race, [exact, wild]).await {
            broken += usize::from(after > before);
        }
    }
    println!(
        "nats-server {version}: {broken} of {RACES} wildcard guards let a stale write through"
    );

    // Ours: who may write only if nothing is there writes to what all who must see it write to.
    for race in 0..RACES {
        let subject = format!("races.exact.{race}.claim");
        let writers = [Write::exact(subject.clone()), Write::exact(subject)];
        let [one, two] = trio.race(race, writers).await;
        assert!(
            one.is_some() != two.is_some(),
            "race {race}: one of two wins, not {one:?} and {two:?}"
        );
    }

    // The relay's fence: a wildcard, but the same text with every write.
    for race in 0..RACES {
        let fence = format!("races.fence.{race}.>");
        let writers = ["a", "b"]
            .map(|name| Write::guarded_by(format!("races.fence.{race}.{name}"), fence.clone()));
        let [one, two] = trio.race(race, writers).await;
        assert!(
            one.is_some() != two.is_some(),
            "race {race}: one of two passes the fence, not {one:?} and {two:?}"
        );
    }

    our_claims(&trio).await;
    our_fence(&trio).await;

    if KNOWN_TO_BREAK
        .iter()
        .any(|known| version.starts_with(known))
    {
        assert!(
            broken > 0,
            "the race was none: what held above proves nothing"
        );
    }
}

/// A plate, a road, a number: who has its claim has the first commit on it, alone or together with others.
async fn our_claims(trio: &Trio) {
    let mut winners = Vec::new();
    for race in 0..RACES_OF_OURS {
        let (other, claim) = (new_key(), new_key());
        let batch = Append::of(&[&other, &claim]);
        let alone = Append::of(&[&claim]).late(race % 3);
        winners.push(trio.race_for(&claim, race, [batch, alone]).await);
    }
    were_won("a claim in a batch against one alone", &winners);

    winners.clear();
    for race in 0..RACES_OF_OURS {
        let (a, b, claim) = (new_key(), new_key(), new_key());
        // The last of a batch is what the server answers; the others it stages.
        let batches = if race % 2 == 0 {
            [Append::of(&[&a, &claim]), Append::of(&[&b, &claim])]
        } else {
            [Append::of(&[&claim, &a]), Append::of(&[&claim, &b])]
        };
        winners.push(trio.race_for(&claim, race, batches).await);
    }
    were_won("a claim in two batches", &winners);
}

/// Two relays of one service that know the same newest event, as when one wakes up.
async fn our_fence(trio: &Trio) {
    let mut winners = Vec::new();
    for race in 0..RACES_OF_OURS {
        let counts = [[1, 3], [3, 1], [1, 1], [3, 3]][race % 4];
        winners.push(trio.race_at_the_fence(race, counts).await);
    }
    were_won("events under one fence", &winners);
}
