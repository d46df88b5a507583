//! Several replicas of a service on the models of journal, bus and disk: what a real bus shows once in a thousand runs.

mod counter;

use chassis::bus::model::Model as BusModel;
use chassis::clock::ManualClock;
use chassis::commands::Done;
use chassis::domain::{Halt, Transaction};
use chassis::journal::model::Model as JournalModel;
use chassis::projection::{MemoryDisk, Options};
use chassis::sealing::MemoryKeyStore;
use chassis::server::Failure;
use chassis::service::{Core, Foundation};
use chassis::testing;
use counter::{Counter, TooMuch, add, blueprint, call, start_of_time};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// A replica with a disk of its own on this journal.
async fn replica(journal: &JournalModel, clock: &ManualClock) -> Core {
    let foundation = Foundation {
        journal: Arc::new(journal.clone()),
        bus: Arc::new(BusModel::new()),
        person_keys: Arc::new(MemoryKeyStore::default()),
        projection: Options::in_memory(&MemoryDisk::new()),
        clock: Arc::new(clock.clone()),
    };
    // Nobody connects to this address and nothing is kept in this folder.
    let config = testing::config("nats://localhost:4222", Path::new("unused"));
    let core = Core::on(foundation, blueprint("counting"), &config).expect("starts");
    core.projection.ready().await;
    core
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

/// The same, but content if there is something.
fn fill_both(tx: &mut Transaction) -> Result<String, Halt> {
    if tx.load::<Counter>("a")?.is_some() {
        return Ok("b".into());
    }
    add_to_both(tx)
}

type Handler = fn(&mut Transaction) -> Result<String, Halt>;

async fn once(core: &Core, id: Uuid, handler: Handler) -> Result<Done<Counter>, Failure> {
    core.commands
        .execute::<Counter>(call(id, "both"), handler)
        .await
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_has_seen_half_of_a_command_answers_its_repetition_as_the_first() {
    for handler in [add_to_both as Handler, fill_both] {
        let (journal, one, two) = one_that_leads_and_one_that_lags().await;
        let id = Uuid::now_v7();
        let first = once(&one, id, handler).await.expect("both are empty");
        two.projection.reached(1).await;
        // What it has seen of the command would refuse the command, or leave nothing to be done.
        let (again, ()) = tokio::join!(once(&two, id, handler), async {
            tokio::task::yield_now().await;
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
    once(&one, Uuid::now_v7(), add_to_both)
        .await
        .expect("added");
    two.projection.reached(1).await;
    let refused = once(&two, Uuid::now_v7(), add_to_both).await;
    let come_again = matches!(refused, Err(Failure::Unavailable { .. }));
    assert!(come_again, "{refused:?}");
}
