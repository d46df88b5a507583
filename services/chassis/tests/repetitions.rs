//! What is given again is answered as the first time, without asking the journal for more than it takes; what falls due
//! again is done again.

mod counter;

use async_trait::async_trait;
use bytes::Bytes;
use chassis::bus::model::Model as BusModel;
use chassis::clock::ManualClock;
use chassis::commands::{Call, Done};
use chassis::domain::{AggregateKey, Channel, Halt, Transaction};
use chassis::journal::model::Model;
use chassis::journal::{AppendError, Entry, Extent, Journal, Position, Stored, Unavailable};
use chassis::projection::Due;
use chassis::server::Failure;
use chassis::service::{Blueprint, Core};
use counter::{Counter, CounterEvent, add, blueprint, call, replica_on_models, start_of_time};
use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use uuid::Uuid;

/// The model, with a count of what it is asked about single aggregates.
#[derive(Clone, Debug)]
struct Watched {
    model: Model,
    reads: Arc<AtomicUsize>,
    /// Such questions are answered by a server that has nothing yet.
    behind: Arc<AtomicBool>,
}

impl Watched {
    /// Since the last time.
    fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }

    fn is_read(&self) -> bool {
        self.reads.fetch_add(1, Ordering::Relaxed);
        !self.behind.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Journal for Watched {
    async fn append(&self, entries: &[Entry]) -> Result<Position, AppendError> {
        self.model.append(entries).await
    }

    async fn successor(
        &self,
        key: &AggregateKey,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        match self.is_read() {
            true => self.model.successor(key, after).await,
            false => Ok(None),
        }
    }

    async fn history(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Unavailable> {
        match self.is_read() {
            true => self.model.history(key, after, limit).await,
            false => Ok(Vec::new()),
        }
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        self.model.extent().await
    }

    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable> {
        self.model.commit_at(position).await
    }

    fn follow(&self, after: Position) -> BoxStream<'static, Result<Stored, Unavailable>> {
        self.model.follow(after)
    }

    fn is_connected(&self) -> bool {
        self.model.is_connected()
    }
}

struct Stage {
    journal: Watched,
    clock: ManualClock,
}

impl Stage {
    fn new() -> Self {
        let clock = ManualClock::starting_at(start_of_time());
        let journal = Watched {
            model: Model::new(Arc::new(clock.clone())),
            reads: Arc::default(),
            behind: Arc::default(),
        };
        Self { journal, clock }
    }

    async fn replica(&self) -> Core {
        self.replica_of(blueprint("counting")).await
    }

    async fn replica_of(&self, blueprint: Blueprint) -> Core {
        replica_on_models(
            &BusModel::new(),
            Arc::new(self.journal.clone()),
            blueprint,
            &self.clock,
        )
        .await
    }
}

async fn add_once(core: &Core, id: Uuid) -> Result<Done<Counter>, Failure> {
    let added = core
        .commands
        .execute::<Counter>(call(id, "1"), |tx| add(tx, "c", 1));
    added.await
}

async fn add_times(core: &Core, times: usize) -> Position {
    let mut position = 0;
    for _ in 0..times {
        let done = add_once(core, Uuid::now_v7()).await.expect("added");
        position = done.position;
    }
    position
}

async fn counter(core: &Core) -> Arc<Counter> {
    let found = core.projection.get::<Counter>("c").await.expect("ready");
    found.expect("there").state
}

async fn plan_reset(core: &Core, at: Timestamp) {
    let call = Call::because("test", Channel::Api, &Uuid::now_v7().to_string());
    let planned = core.commands.execute::<Counter>(call, move |tx| {
        tx.record::<Counter>("c", [CounterEvent::ResetPlanned { at }])?;
        Ok("c".into())
    });
    planned.await.expect("planned");
}

/// All that can run runs. Bounded, for what spins would never let a paused clock go on.
async fn let_run() {
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_repetition_of_what_has_not_changed_since_reads_no_history() {
    let stage = Stage::new();
    let (one, two) = (stage.replica().await, stage.replica().await);
    add_times(&one, 20).await;
    let id = Uuid::now_v7();
    let first = add_once(&one, id).await.expect("added");
    two.projection.reached(first.position).await;
    stage.journal.reads();
    for core in [&one, &two] {
        let again = add_once(core, id).await.expect("answered");
        assert_eq!((again.position, again.state.value), (first.position, 21));
    }
    assert_eq!(stage.journal.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_of_what_has_changed_since_reads_the_history_in_pages() {
    let stage = Stage::new();
    let one = stage.replica().await;
    let two = stage.replica().await;
    add_times(&one, 300).await;
    let id = Uuid::now_v7();
    let first = add_once(&one, id).await.expect("added");
    let last = add_times(&one, 300).await;
    two.projection.reached(last).await;
    stage.journal.reads();
    let again = add_once(&two, id).await.expect("answered");
    assert_eq!(
        (again.position, again.state.value, again.revision),
        (first.position, 301, first.revision)
    );
    assert_eq!(stage.journal.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_that_a_server_behind_cannot_show_is_to_come_again() {
    let stage = Stage::new();
    let (one, two) = (stage.replica().await, stage.replica().await);
    let id = Uuid::now_v7();
    add_once(&one, id).await.expect("added");
    let last = add_times(&one, 1).await;
    two.projection.reached(last).await;
    stage.journal.behind.store(true, Ordering::Relaxed);
    let again = add_once(&two, id).await;
    assert!(
        matches!(again, Err(Failure::Unavailable { .. })),
        "{again:?}"
    );
    stage.journal.behind.store(false, Ordering::Relaxed);
    assert_eq!(add_once(&two, id).await.expect("answered").state.value, 1);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_that_nobody_wants_an_answer_of_reads_no_history() {
    let stage = Stage::new();
    let (one, two) = (stage.replica().await, stage.replica().await);
    let perform = async |core: &Core| {
        let call = Call::because("test", Channel::Policy, "an event");
        let performed = core.commands.perform(call, |tx| add(tx, "c", 1).map(drop));
        performed.await.expect("done")
    };
    add_times(&one, 20).await;
    let first = perform(&one).await;
    let last = add_times(&one, 1).await;
    two.projection.reached(last).await;
    stage.journal.reads();
    assert_eq!(perform(&two).await, first);
    assert_eq!(first, Some(21));
    assert_eq!(stage.journal.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_of_what_a_restored_stream_lacks_is_carried_out_anew() {
    let stage = Stage::new();
    let one = stage.replica().await;
    stage.journal.model.hold_delivery_after(1);
    add_times(&one, 1).await;
    one.projection.reached(1).await;
    let lost = Uuid::now_v7();
    add_once(&one, lost).await.expect("added");
    add_times(&one, 1).await;
    // The projection has not gone beyond the backup, so nothing tells it to begin anew.
    stage.journal.model.set_back(1);
    stage.journal.model.deliver();
    let again = add_once(&one, lost).await;
    assert!(
        matches!(again, Err(Failure::Unavailable { .. })),
        "{again:?}"
    );
    let anew = add_once(&one, lost).await.expect("added");
    assert_eq!((anew.position, anew.state.value), (2, 2));
}

/// A replica that has done this before, of a stream that was set back, of which its projection has not been told yet.
async fn with_something_lost(stage: &Stage, lost: Uuid) -> Core {
    let one = stage.replica().await;
    add_times(&one, 1).await;
    let done = add_once(&one, lost).await.expect("added");
    one.projection.reached(done.position).await;
    stage.journal.model.hold_delivery();
    stage.journal.model.set_back(1);
    one
}

#[tokio::test(start_paused = true)]
async fn a_repetition_is_not_answered_by_what_a_restored_stream_lacks() {
    let (stage, lost) = (Stage::new(), Uuid::now_v7());
    let one = with_something_lost(&stage, lost).await;
    let again = add_once(&one, lost).await;
    assert!(
        matches!(again, Err(Failure::Unavailable { .. })),
        "{again:?}"
    );
    stage.journal.model.deliver();
    let_run().await;
    one.projection.ready().await;
    let anew = add_once(&one, lost).await.expect("added");
    assert_eq!((anew.position, anew.state.value), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_answered_or_refused_for_what_others_have_taken_the_place_of() {
    let (stage, lost) = (Stage::new(), Uuid::now_v7());
    let one = with_something_lost(&stage, lost).await;
    let entry = Entry {
        key: AggregateKey::of::<Counter>("another"),
        expected: 0,
        commit_id: Uuid::now_v7(),
        following: 0,
        payload: Bytes::from_static(b"of another replica"),
    };
    stage.journal.append(&[entry]).await.expect("grown again");
    let again = add_once(&one, lost).await;
    assert!(
        matches!(again, Err(Failure::Unavailable { .. })),
        "{again:?}"
    );
    let refused = one
        .commands
        .execute::<Counter>(call(Uuid::now_v7(), "999"), |tx| add(tx, "c", 999));
    // The stream holds 1, what was seen here is 2.
    let refused = refused.await;
    assert!(
        matches!(refused, Err(Failure::Unavailable { .. })),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_replica_whose_timer_lost_asks_only_who_was_first() {
    let stage = Stage::new();
    let (one, two) = (stage.replica().await, stage.replica().await);
    add_times(&one, 20).await;
    plan_reset(&one, start_of_time() + SignedDuration::from_mins(5)).await;
    two.projection.reached(21).await;
    stage.journal.reads();
    // Neither sees what the other does before it has tried itself.
    stage.journal.model.hold_delivery();
    stage.clock.advance(SignedDuration::from_mins(5));
    let_run().await;
    stage.journal.model.deliver();
    let_run().await;
    for core in [&one, &two] {
        assert_eq!(core.projection.applied(), 22);
        assert_eq!(counter(core).await.resets, 1);
    }
    assert_eq!(stage.journal.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_falls_due_again_at_the_same_instant_is_done_again() {
    let stage = Stage::new();
    let core = stage.replica().await;
    let at = start_of_time() + SignedDuration::from_mins(5);
    stage.clock.advance(SignedDuration::from_mins(5));
    for resets in 1..=3 {
        plan_reset(&core, at).await;
        let_run().await;
        assert_eq!(counter(&core).await.resets, resets);
    }
}

fn adds_and_stays_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    add(tx, &due.id, 1).map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_leaves_its_deadline_as_it_is_runs_again_only_after_a_pause() {
    let stage = Stage::new();
    let counting = blueprint("counting");
    let blueprint = Blueprint {
        timer: Some(adds_and_stays_due),
        ..counting
    };
    let core = stage.replica_of(blueprint).await;
    plan_reset(&core, start_of_time()).await;
    for value in 1..=3 {
        let_run().await;
        assert_eq!(counter(&core).await.value, value);
        stage.clock.advance(SignedDuration::from_secs(30));
    }
}
