//! Several replicas of a service on the models of journal, bus and disk: what a real bus shows once in a thousand runs.

mod counter;

use chassis::bus::model::Model as BusModel;
use chassis::clock::ManualClock;
use chassis::commands::Done;
use chassis::domain::{Halt, Transaction};
use chassis::journal::model::Model as JournalModel;
use chassis::server::Failure;
use chassis::service::Core;
use counter::{Counter, TooMuch, add, blueprint, call, replica_on_models, start_of_time};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A replica with a disk and a bus of its own on this journal.
async fn replica(journal: &JournalModel, clock: &ManualClock) -> Core {
    replica_on(&BusModel::new(), journal, clock).await
}

/// A replica with a disk of its own.
async fn replica_on(bus: &BusModel, journal: &JournalModel, clock: &ManualClock) -> Core {
    replica_on_models(bus, Arc::new(journal.clone()), blueprint("counting"), clock).await
}

/// Two replicas on one journal, of which the second sees no further than the first commit.
async fn one_that_leads_and_one_that_lags() -> (JournalModel, Core, Core) {
    let clock = ManualClock::starting_at(start_of_time());
    let journal = JournalModel::new(Arc::new(clock.clone()));
    let one = replica(&journal, &clock).await;
    let two = replica(&journal, &clock).await;
    journal.hold_delivery_after(1);
    (journal, one, two)
}

/// Adds to two counters that are empty.
fn add_to_both(tx: &mut Transaction) -> Result<String, Halt> {
    if tx.load::<Counter>("a")?.is_some() {
        return Err(TooMuch.into());
    }
    add(tx, "a", 1)?;
    add(tx, "b", 1)
}

fn add_to_one(tx: &mut Transaction) -> Result<String, Halt> {
    add(tx, "a", 1)
}

/// Adds to the second counter as much as the first holds, which must have been added to twice.
fn double(tx: &mut Transaction) -> Result<String, Halt> {
    match tx.load::<Counter>("a")? {
        Some(first) if first.value >= 2 => add(tx, "b", first.value),
        _ => Err(TooMuch.into()),
    }
}

/// The same, but content if it was not.
fn double_if_any(tx: &mut Transaction) -> Result<String, Halt> {
    match tx.load::<Counter>("a")? {
        Some(first) if first.value >= 2 => add(tx, "b", first.value),
        _ => Ok("a".into()),
    }
}

type Handler = fn(&mut Transaction) -> Result<String, Halt>;

async fn once(core: &Core, id: Uuid, handler: Handler) -> Result<Done<Counter>, Failure> {
    core.commands
        .execute::<Counter>(call(id, "both"), handler)
        .await
}

async fn value(core: &Core, id: &str) -> Option<u64> {
    let found = core.projection.get::<Counter>(id).await.expect("ready");
    found.map(|counter| counter.state.value)
}

/// The paused clock moves only when all that can run has run.
async fn all_that_comes_has_come() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn what_one_command_did_is_seen_whole_or_not_at_all() {
    let (journal, one, two) = one_that_leads_and_one_that_lags().await;
    let done = once(&one, Uuid::now_v7(), add_to_both)
        .await
        .expect("added");
    all_that_comes_has_come().await;
    assert_eq!(two.projection.applied(), 0, "it has half of the command");
    assert_eq!(
        (value(&two, "a").await, value(&two, "b").await),
        (None, None)
    );
    journal.deliver();
    two.projection.reached(done.position).await;
    assert_eq!(
        (value(&two, "a").await, value(&two, "b").await),
        (Some(1), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_a_restored_stream_holds_in_part_holds_up_nothing() {
    let (journal, one, _) = one_that_leads_and_one_that_lags().await;
    once(&one, Uuid::now_v7(), add_to_both)
        .await
        .expect("added");
    journal.deliver();
    journal.set_back(1);
    let clock = ManualClock::starting_at(start_of_time());
    let restarted = replica(&journal, &clock).await;
    let half = (value(&restarted, "a").await, value(&restarted, "b").await);
    assert_eq!(half, (Some(1), None));
    let next = once(&restarted, Uuid::now_v7(), add_to_one)
        .await
        .expect("added");
    restarted.projection.reached(next.position).await;
    assert_eq!(value(&restarted, "a").await, Some(2));
    assert_eq!(replica(&journal, &clock).await.projection.applied(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_lags_answers_a_repetition_as_the_first() {
    for handler in [double as Handler, double_if_any] {
        let (journal, one, two) = one_that_leads_and_one_that_lags().await;
        for _ in 0..2 {
            once(&one, Uuid::now_v7(), add_to_one).await.expect("added");
        }
        let id = Uuid::now_v7();
        let first = once(&one, id, handler).await.expect("added to twice");
        two.projection.reached(1).await;
        // What it has seen would refuse the command, or leave nothing to be done.
        let (again, ()) = tokio::join!(once(&two, id, handler), async {
            all_that_comes_has_come().await;
            journal.deliver();
        });
        let again = again.expect("answered");
        assert_eq!(
            (again.position, &again.state),
            (first.position, &first.state)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_by_all_that_was_written_stays_refused() {
    let (journal, one, two) = one_that_leads_and_one_that_lags().await;
    let first = once(&one, Uuid::now_v7(), add_to_both).await;
    journal.deliver();
    two.projection.reached(first.expect("added").position).await;
    let refused = once(&two, Uuid::now_v7(), add_to_both).await;
    assert!(matches!(refused, Err(Failure::Rejected(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_cannot_see_what_is_written_refuses_nothing() {
    let (_journal, one, two) = one_that_leads_and_one_that_lags().await;
    for _ in 0..2 {
        once(&one, Uuid::now_v7(), add_to_one).await.expect("added");
    }
    two.projection.reached(1).await;
    let refused = once(&two, Uuid::now_v7(), double).await;
    let come_again = matches!(refused, Err(Failure::Unavailable { .. }));
    assert!(come_again, "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn commits_that_a_restored_stream_lacks_and_nobody_had_projected_stop_nobody() {
    let (journal, one, _) = one_that_leads_and_one_that_lags().await;
    for _ in 0..3 {
        once(&one, Uuid::now_v7(), add_to_one).await.expect("added");
    }
    one.projection.reached(1).await;
    // The projection has not gone beyond the backup, so nothing tells it to begin anew.
    journal.set_back(1);
    journal.deliver();
    let refused = once(&one, Uuid::now_v7(), add_to_one).await;
    let come_again = matches!(refused, Err(Failure::Unavailable { .. }));
    assert!(come_again, "{refused:?}");
    let added = once(&one, Uuid::now_v7(), add_to_one).await.expect("added");
    assert_eq!((added.position, added.state.value), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn of_a_journal_set_back_behind_its_events_nothing_is_published() {
    let clock = ManualClock::starting_at(start_of_time());
    let (journal, bus) = (JournalModel::new(Arc::new(clock.clone())), BusModel::new());
    let add_times = async |core: &Core, times| {
        for _ in 0..times {
            once(core, Uuid::now_v7(), add_to_one).await.expect("added");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    };
    let core = replica_on(&bus, &journal, &clock).await;
    add_times(&core, 5).await;
    core.stop().await;
    let published = bus.messages_after(0).len();
    assert_eq!(published, 5);

    // An operator restored a backup of the journal alone.
    journal.set_back(3);
    let core = replica_on(&bus, &journal, &clock).await;
    add_times(&core, 1).await;
    assert_eq!(
        bus.messages_after(0).len(),
        published,
        "shorter than what is published"
    );
    add_times(&core, 4).await;
    assert_eq!(
        bus.messages_after(0).len(),
        published,
        "longer, and of other commits"
    );

    // And then one of the events that is older.
    core.stop().await;
    let older = BusModel::new();
    let core = replica_on(&older, &journal, &clock).await;
    add_times(&core, 0).await;
    assert_eq!(older.messages_after(0).len(), 8);
    core.stop().await;
}
