//! The whole runtime on a real bus, with the smallest of domains: a counter.

mod counter;

use chassis::clock::ManualClock;
use chassis::commands::{Call, Done};
use chassis::domain::{Channel, Transaction};
use chassis::nats_server::NatsServer;
use chassis::projection::Range;
use chassis::server::Failure;
use chassis::service::Core;
use chassis::testing::{self, Bus, Network, Passage};
use counter::{
    BY_VALUE, Counter, CounterEvent, Echo, add, blueprint, call, replica, replica_of, start_of_time,
};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
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
async fn a_request_that_is_seen_carried_out_while_it_is_decided_is_answered_not_repeated() {
    let (bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one, two) = (folder(), folder());
    let one = replica(&bus, one.path(), &clock).await;
    let two = replica(&bus, two.path(), &clock).await;
    let id = Uuid::now_v7();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go, going) = std::sync::mpsc::channel();
    let waits = std::sync::Mutex::new(Some((begun, going)));
    // Found to be new, but not loaded yet.
    let slow = two.commands.execute::<Counter>(call(id, "7"), move |tx| {
        if let Some((begun, going)) = waits.lock().expect("one at a time").take() {
            begun.send(()).expect("waited for");
            going.recv().expect("told to go on");
        }
        add(tx, "c", 7)
    });
    let (slow, first) = tokio::join!(slow, async {
        has_begun.await.expect("decided");
        let first = add_once(&one, id, 7).await.expect("added");
        two.projection.reached(first.position).await;
        go.send(()).expect("waited for");
        first
    });
    let slow = slow.expect("answered");
    assert_eq!(
        (slow.state.value, slow.position),
        (first.state.value, first.position)
    );
    assert_eq!(value(&one).await, 7);
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
        // Asked before: until then what was lost is answered from what was projected of it.
        let is_rebuilt = core.projection.status().await.rebuilds == 1;
        match add_once(&core, lost, 10).await {
            Ok(done) if is_rebuilt => break done,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(done.position, 6);
    assert_eq!(done.state.value, 15);
    core.projection.reached(6).await;
    assert_eq!(value(&core).await, 15);
    core.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_that_was_away_while_its_stream_was_set_back_and_grew_beyond_it_is_rebuilt() {
    let (mut bus, clock) = (
        Bus::start().await,
        ManualClock::starting_at(start_of_time()),
    );
    let (one, two) = (folder(), folder());
    let core = replica(&bus, one.path(), &clock).await;
    add_once(&core, Uuid::now_v7(), 1).await.expect("added");
    let backup = folder();
    bus.server.stop().await;
    copy(bus.folder(), backup.path());
    bus.server.restart().await.expect("started");
    while add_once(&core, Uuid::now_v7(), 10).await.is_err() {
        tokio::task::yield_now().await;
    }
    core.stop().await;
    drop(core);

    bus.server.stop().await;
    std::fs::remove_dir_all(bus.folder()).expect("removed");
    copy(backup.path(), bus.folder());
    bus.server.restart().await.expect("started");
    let meanwhile = replica(&bus, two.path(), &clock).await;
    for _ in 0..3 {
        let done = add_once(&meanwhile, Uuid::now_v7(), 100).await;
        done.expect("added");
    }
    // Its checkpoint is within the stream, but at a commit that the stream no longer holds.
    let core = replica(&bus, one.path(), &clock).await;
    core.projection.reached(4).await;
    assert_eq!(value(&core).await, 301);
    let digests = [&core, &meanwhile].map(|core| core.projection.digest(Some(4)));
    let [one, two] = digests.map(async |digest| digest.await.expect("live").expect("at 4"));
    assert_eq!(one.await, two.await);
    core.stop().await;
    meanwhile.stop().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_service_leaves_a_server_of_the_bus_that_has_lost_the_others() {
    let (store, projection) = (folder(), folder());
    let (mut cluster, network) = Network::start(3, store.path()).await.expect("a cluster");
    let mut config = testing::config("nats://127.0.0.1:1", projection.path());
    config.nats.urls = cluster.servers.iter().map(NatsServer::url).collect();
    config.nats.stream_replicas = 3;
    let clock = Arc::new(ManualClock::starting_at(start_of_time()));
    let core = Core::start(blueprint("counting"), &config, clock);
    let core = core.await.expect("starts");
    core.projection.ready().await;
    // It fails to reach each of them once, but for the one that it gets to in the end.
    for server in &mut cluster.servers {
        server.kill9();
    }
    while add_once(&core, Uuid::now_v7(), 1).await.is_ok() {}
    for server in &mut cluster.servers {
        server.restart().await.expect("started");
    }
    cluster.wait_until_led().await.expect("whole");
    // It is connected to one of them, so one of these rounds parts the one that it is connected to.
    for member in 0..cluster.servers.len() {
        network.set(member, Passage::Held);
        let request_id = Uuid::now_v7();
        let added = tokio::time::timeout(Duration::from_secs(120), async {
            while add_once(&core, request_id, 1).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        added.await.expect("carried out by the majority");
        network.heal();
        cluster.wait_until_led().await.expect("whole again");
    }
}
