//! The whole runtime on a real bus, with the smallest of domains: a counter.

use chassis::clock::{Clock, ManualClock};
use chassis::commands::{Call, Done};
use chassis::domain::{
    Actor, Aggregate, Channel, District, Halt, LegalBasis, Refusal, Transaction,
};
use chassis::policies::{Policy, Reaction};
use chassis::projection::{Change, Definition, Due, Range, Rows, Table};
use chassis::published::{Origin, Publications, PublishedEvent, ReceivedEvent};
use chassis::server::{Caller, Failure};
use chassis::service::{Blueprint, Core};
use chassis::testing::Bus;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;
use traffic_proto::operations::v1::ListCommitsRequest;
use uuid::Uuid;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counter {
    value: u64,
    reset_at: Option<Timestamp>,
    resets: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum CounterEvent {
    Added { by: u64 },
    ResetPlanned { at: Timestamp },
    Reset,
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Event = CounterEvent;

    fn evolve(state: Option<Self>, event: &CounterEvent, _: Timestamp) -> Option<Self> {
        let mut counter = state.unwrap_or_default();
        match event {
            CounterEvent::Added { by } => counter.value += by,
            CounterEvent::ResetPlanned { at } => counter.reset_at = Some(*at),
            CounterEvent::Reset => {
                counter.reset_at = None;
                counter.value = 0;
                counter.resets += 1;
            }
        }
        Some(counter)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.reset_at
    }
}

#[derive(Debug)]
struct TooMuch;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a counter holds at most 1000")
    }
}

impl Refusal for TooMuch {
    fn reason(&self) -> &'static str {
        "TOO_MUCH"
    }
    fn basis(&self) -> Option<LegalBasis> {
        Some(LegalBasis::new("Counter Law", "art. 1"))
    }
    fn zh(&self) -> String {
        "计数不得超过1000".into()
    }
}

fn add(tx: &mut Transaction, id: &str, by: u64) -> Result<String, Halt> {
    let value = tx.load::<Counter>(id)?.map_or(0, |counter| counter.value);
    if value + by > 1000 {
        return Err(TooMuch.into());
    }
    tx.record::<Counter>(id, [CounterEvent::Added { by }])?;
    Ok(id.to_owned())
}

fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    let now = tx.now();
    let counter = tx.load::<Counter>(&due.id)?;
    if counter.is_some_and(|counter| counter.reset_at.is_some_and(|at| at <= now)) {
        tx.record::<Counter>(&due.id, [CounterEvent::Reset])?;
    }
    Ok(())
}

const BY_VALUE: Table<(u64, String), ()> = Table::new(0x10);

fn index(
    change: &Change<'_, Counter>,
    rows: &mut Rows<'_>,
) -> Result<(), chassis::projection::Broken> {
    let key = |counter: &Counter| (counter.value, change.id.to_owned());
    rows.reindex(&BY_VALUE, change.before.map(key), change.after.map(key));
    Ok(())
}

/// Any message of a contract will do.
fn publish(event: &CounterEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let CounterEvent::Added { by } = event else {
        return Vec::new();
    };
    let message = ListCommitsRequest {
        aggregate: format!("counter/{}", origin.id),
        page_size: 0,
        after_position: *by,
    };
    let district = District::new(371_700).expect("a district");
    vec![PublishedEvent::of(
        format!("counters/{}", origin.id),
        district,
        &message,
    )]
}

fn blueprint(service: &'static str) -> Blueprint {
    Blueprint {
        service,
        projection: Definition::new(1).aggregate::<Counter>(index),
        timer: Some(on_due),
        publications: Publications::new().of::<Counter>(publish),
    }
}

fn start_of_time() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

async fn replica(bus: &Bus, folder: &Path, clock: &ManualClock) -> Core {
    replica_of("counting", bus, folder, clock).await
}

async fn replica_of(service: &'static str, bus: &Bus, folder: &Path, clock: &ManualClock) -> Core {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let core = Core::start(blueprint(service), &bus.config(folder), clock)
        .await
        .expect("starts");
    core.projection.ready().await;
    core
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A call with a request id and a body, as the server makes it of a request.
fn call(request_id: Uuid, body: &str) -> Call {
    let mut request = Request::new(ListCommitsRequest {
        aggregate: body.to_owned(),
        page_size: 0,
        after_position: 0,
    });
    let mut caller = Caller::anonymous();
    caller.actor = Actor {
        id: "partner:test".into(),
        districts: Vec::new(),
    };
    request.extensions_mut().insert(Arc::new(caller));
    Call::of(&request, &request_id.to_string()).expect("a call")
}

async fn add_once(core: &Core, request_id: Uuid, by: u64) -> Result<Done<Counter>, Failure> {
    core.commands
        .execute::<Counter>(call(request_id, &by.to_string()), move |tx| {
            add(tx, "c", by)
        })
        .await
}

async fn value(core: &Core) -> u64 {
    let counter = core.projection.get::<Counter>("c").await.expect("readable");
    counter.map_or(0, |counter| counter.state.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_seen_by_a_read_at_its_position_through_any_replica() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one, two) = (folder(), folder());
    let one = replica(&bus, one.path(), &clock).await;
    let two = replica(&bus, two.path(), &clock).await;
    for round in 1..=20 {
        let done = add_once(&one, Uuid::now_v7(), 1).await.expect("added");
        assert_eq!(done.state.value, round);
        two.projection.reached(done.position).await;
        assert_eq!(value(&two).await, round);
    }
    let found = two
        .projection
        .read(|view| view.scan(&BY_VALUE, Range::all(10)))
        .await
        .expect("readable");
    assert_eq!(
        found,
        [((20, "c".to_owned()), ())],
        "one index row, moved 20 times"
    );
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_fifty_times_to_two_replicas_is_one_commit_and_fifty_equal_answers() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one, two) = (folder(), folder());
    let one = replica(&bus, one.path(), &clock).await;
    let two = replica(&bus, two.path(), &clock).await;
    let id = Uuid::now_v7();
    let answers = futures::future::join_all((0..50).map(|n| {
        let core = if n % 2 == 0 { &one } else { &two };
        add_once(core, id, 7)
    }))
    .await;
    for answer in answers {
        let answer = answer.expect("answered");
        assert_eq!((answer.state.value, answer.position), (7, 1));
    }

    // The answer stays the first one, whatever comes after it.
    let later = add_once(&one, Uuid::now_v7(), 5).await.expect("added");
    two.projection.reached(later.position).await;
    for core in [&one, &two] {
        let again = add_once(core, id, 7).await.expect("answered again");
        assert_eq!((again.state.value, again.position), (7, 1));
        let other_body = add_once(core, id, 8).await;
        assert!(
            matches!(other_body, Err(Failure::RequestIdReused)),
            "{other_body:?}"
        );
    }
    assert_eq!(value(&two).await, 12);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_race_on_one_aggregate_lose_no_update_and_keep_the_limit() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one, two) = (folder(), folder());
    let one = replica(&bus, one.path(), &clock).await;
    let two = replica(&bus, two.path(), &clock).await;
    let race = |core: Core| async move {
        let (mut added, mut refused) = (0, 0);
        for _ in 0..60 {
            loop {
                match add_once(&core, Uuid::now_v7(), 10).await {
                    Ok(_) => added += 1,
                    Err(Failure::Rejected(rejection)) => {
                        assert_eq!(rejection.reason, "TOO_MUCH");
                        refused += 1;
                    }
                    Err(Failure::Aborted(_) | Failure::Unavailable { .. }) => continue,
                    Err(other) => panic!("{other:?}"),
                }
                break;
            }
        }
        (added, refused)
    };
    let ((added_one, refused_one), (added_two, refused_two)) =
        tokio::join!(race(one.clone()), race(two.clone()));
    assert_eq!(added_one + added_two, 100, "1000 is the limit");
    assert_eq!(refused_one + refused_two, 20);
    two.projection.reached(100).await;
    assert_eq!(value(&two).await, 1000);
    one.stop().await;
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_once_among_replicas_and_also_when_it_fell_due_while_nobody_ran() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one_folder, two_folder) = (folder(), folder());
    let one = replica(&bus, one_folder.path(), &clock).await;
    let two = replica(&bus, two_folder.path(), &clock).await;
    let plan = |at: Timestamp| {
        move |tx: &mut Transaction| {
            tx.record::<Counter>("c", [CounterEvent::ResetPlanned { at }])?;
            Ok("c".to_owned())
        }
    };
    add_once(&one, Uuid::now_v7(), 3).await.expect("added");
    let soon = start_of_time() + SignedDuration::from_mins(5);
    let call = Call::because("test", Channel::Api, "plan 1");
    one.commands
        .execute::<Counter>(call, plan(soon))
        .await
        .expect("planned");
    clock.advance(SignedDuration::from_mins(5));
    // Added, planned, reset: the reset is commit 3.
    two.projection.reached(3).await;
    let counter = two
        .projection
        .get::<Counter>("c")
        .await
        .expect("readable")
        .expect("there");
    assert_eq!((counter.state.value, counter.state.resets), (0, 1));

    let later = soon + SignedDuration::from_mins(5);
    let call = Call::because("test", Channel::Api, "plan 2");
    two.commands
        .execute::<Counter>(call, plan(later))
        .await
        .expect("planned");
    one.stop().await;
    two.stop().await;
    clock.set(later + SignedDuration::from_hours(30));
    let one = replica(&bus, one_folder.path(), &clock).await;
    one.projection.reached(5).await;
    let counter = one
        .projection
        .get::<Counter>("c")
        .await
        .expect("readable")
        .expect("there");
    assert_eq!(counter.state.resets, 2);
    one.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_deleted_or_rebuilt_has_the_same_digest() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one_folder, two_folder) = (folder(), folder());
    let one = replica(&bus, one_folder.path(), &clock).await;
    for n in 0..50 {
        let id = format!("c{}", n % 7);
        let call = call(Uuid::now_v7(), &n.to_string());
        one.commands
            .execute::<Counter>(call, move |tx| add(tx, &id, 1))
            .await
            .expect("added");
    }
    one.projection.reached(50).await;
    let digest = one
        .projection
        .digest(Some(50))
        .await
        .expect("ready")
        .expect("not passed");

    let two = replica(&bus, two_folder.path(), &clock).await;
    assert_eq!(
        two.projection.digest(None).await.expect("ready"),
        Ok(digest)
    );
    two.projection.rebuild().await.expect("running");
    let mut phase = two.projection.watch_phase();
    phase
        .wait_for(|phase| *phase != chassis::projection::Phase::Live)
        .await
        .expect("alive");
    two.projection.ready().await;
    assert_eq!(
        two.projection.digest(None).await.expect("ready"),
        Ok(digest)
    );
    assert_eq!(two.projection.status().await.rebuilds, 1);

    one.stop().await;
    std::fs::remove_dir_all(one_folder.path()).expect("deleted");
    let one = replica(&bus, one_folder.path(), &clock).await;
    assert_eq!(
        one.projection.digest(None).await.expect("ready"),
        Ok(digest)
    );
    one.stop().await;
    two.stop().await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_restored_from_an_older_backup_is_projected_anew_without_a_restart() {
    let (mut bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (projection, backup) = (folder(), folder());
    let core = replica(&bus, projection.path(), &clock).await;
    for _ in 0..5 {
        add_once(&core, Uuid::now_v7(), 1).await.expect("added");
    }
    bus.server.stop().await;
    copy(bus.folder(), backup.path());
    bus.server.restart().await.expect("started");
    let lost = Uuid::now_v7();
    while add_once(&core, lost, 10).await.is_err() {
        tokio::task::yield_now().await;
    }
    core.projection.reached(6).await;
    assert_eq!(value(&core).await, 15);

    bus.server.stop().await;
    std::fs::remove_dir_all(bus.folder()).expect("removed");
    copy(backup.path(), bus.folder());
    bus.server.restart().await.expect("started");
    // What the backup lacks is gone, also from this process's memory: the request is carried out anew.
    let done = loop {
        match add_once(&core, lost, 10).await {
            Ok(done) if done.position == 6 && core.projection.status().await.rebuilds == 1 => {
                break done;
            }
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(done.state.value, 15);
    core.projection.reached(6).await;
    assert_eq!(value(&core).await, 15);
    core.stop().await;
}

/// Adds to a counter of its own what it is told of others'.
struct Echo(Core);

#[async_trait::async_trait]
impl Policy for Echo {
    fn name(&self) -> &'static str {
        "echoing-added"
    }
    fn subjects(&self) -> Vec<String> {
        vec!["events.counting.>".into()]
    }
    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let added: ListCommitsRequest = event.decode()?;
        let call = Call::because("echoing-added", Channel::Policy, &event.id);
        let by = added.after_position;
        self.0
            .commands
            .perform(call, move |tx| add(tx, "c", by).map(drop))
            .await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn published_events_reach_a_policy_of_two_replicas_each_effect_once_and_in_order() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let folders = [folder(), folder(), folder()];
    let counting = replica(&bus, folders[0].path(), &clock).await;
    let first = replica_of("echoing", &bus, folders[1].path(), &clock).await;
    let second = replica_of("echoing", &bus, folders[2].path(), &clock).await;
    for core in [&first, &second] {
        core.run_policy(Arc::new(Echo(core.clone())));
    }
    for n in 1..=20 {
        add_once(&counting, Uuid::now_v7(), n).await.expect("added");
    }
    tokio::time::timeout(Duration::from_secs(30), second.projection.reached(20))
        .await
        .expect("all events handled");
    assert_eq!(value(&second).await, (1..=20).sum::<u64>());

    // The replica that handles them goes; the other takes over.
    first.stop().await;
    for n in 21..=25 {
        add_once(&counting, Uuid::now_v7(), n).await.expect("added");
    }
    tokio::time::timeout(Duration::from_secs(60), second.projection.reached(25))
        .await
        .expect("the other replica goes on");
    assert_eq!(value(&second).await, (1..=25).sum::<u64>());
    second.stop().await;
    counting.stop().await;
}
