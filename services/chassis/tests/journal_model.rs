//! The model keeps the rules of a journal, and the appender keeps its own over every fault that the model knows.

use async_trait::async_trait;
use chassis::clock::ManualClock;
use chassis::config::Nats;
use chassis::domain::AggregateKey;
use chassis::journal::model::{Fault, Faults, Model};
use chassis::journal::{
    AppendError, Appender, Entry, Extent, Journal, Limits, Outcome, Position, Stored, Unavailable,
};
use chassis::testing::conformance::{self, Harness, Outage, entry, new_key};
use futures::StreamExt;
use futures::stream::BoxStream;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;
use uuid::Uuid;

#[derive(Debug)]
struct Disconnection(Model);

#[async_trait]
impl Outage for Disconnection {
    async fn begin(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.0.disconnect();
    }

    async fn end(&self) {
        self.0.reconnect();
    }
}

fn model(faults: Faults) -> Model {
    let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
    Model::with_faults(Arc::new(clock), faults)
}

fn harness(model: &Model) -> Harness {
    Harness {
        journal: Arc::new(model.clone()),
        outage: Arc::new(Disconnection(model.clone())),
    }
}

macro_rules! the_model_keeps {
    ($($rule:ident,)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $rule() {
                conformance::$rule(harness(&model(Faults::default()))).await;
            }
        )*
    };
}

the_model_keeps! {
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
    a_follower_over_outages_gets_every_commit_once_and_in_order,
    a_follower_ahead_of_the_stream_is_told_so,
    of_concurrent_appends_to_one_aggregate_one_wins,
    each_commit_tells_how_many_of_its_transaction_follow,
    a_conflict_hurts_only_its_own_transaction,
    appends_during_outages_are_told_so_and_work_resumes,
    a_caller_that_goes_loses_and_repeats_nothing,
}

#[tokio::test(start_paused = true)]
async fn over_lost_requests_lost_answers_delays_and_refusals_nothing_is_lost_or_stored_twice() {
    for seed in 0..200 {
        let faulty = model(Faults {
            seed,
            lose_request: 0.1,
            lose_answer: 0.15,
            delay: 0.1,
            refuse: 0.1,
        });
        let late = faulty.clone();
        let landing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(7)).await;
                late.land_late();
            }
        });
        conformance::nothing_is_lost_and_nothing_is_stored_twice(harness(&faulty), 8, 10).await;
        landing.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_found_committed() {
    let model = model(Faults::default());
    let (appender, _worker) = Appender::start(Arc::new(model.clone()), Limits::default());
    model.inject([Fault::LoseAnswer]);
    let outcome = appender.append(vec![entry(&new_key(), 0)]).await;
    assert_eq!(outcome, Outcome::Committed(vec![1]));
    assert_eq!(model.commits().len(), 1);
    assert_eq!(appender.counts().settled, 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_lands_after_its_retry_is_stored_once() {
    let model = model(Faults::default());
    let (appender, _worker) = Appender::start(Arc::new(model.clone()), Limits::default());
    model.inject([Fault::Delay]);
    let outcome = appender.append(vec![entry(&new_key(), 0)]).await;
    assert_eq!(outcome, Outcome::Committed(vec![1]));
    assert_eq!(model.land_late(), 1);
    assert_eq!(model.commits().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_until_the_deadline_is_unavailable_and_never_stored() {
    let model = model(Faults {
        refuse: 1.0,
        ..Faults::default()
    });
    let (appender, _worker) = Appender::start(Arc::new(model.clone()), Limits::default());
    let began = tokio::time::Instant::now();
    let outcome = appender.append(vec![entry(&new_key(), 0)]).await;
    assert!(matches!(outcome, Outcome::Unavailable(_)), "{outcome:?}");
    let took = began.elapsed().as_secs_f64();
    assert!((5.0..5.5).contains(&took), "{took}");
    assert_eq!(model.commits(), []);
}

#[tokio::test(start_paused = true)]
async fn what_may_yet_land_at_the_deadline_is_unknown() {
    let model = model(Faults {
        delay: 1.0,
        ..Faults::default()
    });
    let (appender, _worker) = Appender::start(Arc::new(model.clone()), Limits::default());
    let outcome = appender.append(vec![entry(&new_key(), 0)]).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
    assert!(model.land_late() > 1, "it was tried again");
    assert_eq!(model.commits().len(), 1);
}

/// A server that holds its connections and answers nothing.
#[derive(Debug, Default)]
struct Hanging {
    appends: AtomicUsize,
    /// Whether whoever appends to it panics.
    is_cursed: bool,
}

#[async_trait]
impl Journal for Hanging {
    async fn append(&self, _: &[Entry]) -> Result<Position, AppendError> {
        assert!(!self.is_cursed, "as the test wants it");
        self.appends.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Nats::default().ack_timeout()).await;
        Err(AppendError::Unknown("acknowledgement overdue".into()))
    }

    async fn successor(
        &self,
        _: &AggregateKey,
        _: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        std::future::pending().await
    }

    async fn history(
        &self,
        _: &AggregateKey,
        _: Position,
        _: usize,
    ) -> Result<Vec<Stored>, Unavailable> {
        std::future::pending().await
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        std::future::pending().await
    }

    async fn commit_at(&self, _: Position) -> Result<Option<Uuid>, Unavailable> {
        std::future::pending().await
    }

    fn follow(&self, _: Position) -> BoxStream<'static, Result<Stored, Unavailable>> {
        futures::stream::pending().boxed()
    }

    fn is_connected(&self) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_server_that_hangs_is_given_up_at_its_deadline_and_never_sent() {
    let limits = Limits {
        batch_entries: 2,
        singles: 2,
        ..Limits::default()
    };
    let journal = Arc::new(Hanging::default());
    let (appender, _worker) = Appender::start(journal.clone(), limits);
    let began = Instant::now();
    let appends = (0..40).map(|_| appender.append(vec![entry(&new_key(), 0)]));
    let outcomes = futures::future::join_all(appends).await;
    let latest = limits.deadline + Nats::default().ack_timeout();
    assert!(began.elapsed() <= latest, "{:?}", began.elapsed());
    let sent = journal.appends.load(Ordering::Relaxed);
    assert!(sent <= 6, "{sent} in two rounds and a half");
    let never_sent = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Unavailable(_)));
    assert!(never_sent.count() >= 40 - 2 * sent);
    assert_eq!(appender.counts().outstanding, 0);
}

#[tokio::test(start_paused = true)]
async fn an_appender_that_has_panicked_tells_so_and_takes_nothing_more() {
    let journal = Hanging {
        is_cursed: true,
        ..Hanging::default()
    };
    let (appender, worker) = Appender::start(Arc::new(journal), Limits::default());
    assert!(!appender.has_ended());
    let under_way = appender.append(vec![entry(&new_key(), 0)]).await;
    assert!(matches!(under_way, Outcome::Unknown(_)), "{under_way:?}");
    assert!(worker.await.unwrap_err().is_panic());
    assert!(appender.has_ended());
    let after = appender.append(vec![entry(&new_key(), 0)]).await;
    assert!(matches!(after, Outcome::Unavailable(_)), "{after:?}");
}

#[test]
fn an_overdue_acknowledgement_leaves_as_long_again_to_settle_it() {
    assert!(Limits::default().deadline >= 2 * Nats::default().ack_timeout());
    for millis in [100, 2_000, 10_000] {
        let ack_timeout = std::time::Duration::from_millis(millis);
        let limits = Limits::for_acknowledgements_within(ack_timeout);
        assert!(limits.deadline > 2 * ack_timeout, "{limits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_the_bound_of_transactions_is_refused_at_once() {
    let model = model(Faults::default());
    let limits = Limits {
        transactions: 10,
        ..Limits::default()
    };
    let (appender, _worker) = Appender::start(Arc::new(model.clone()), limits);
    let appends = (0..15).map(|_| appender.append(vec![entry(&new_key(), 0)]));
    let outcomes = futures::future::join_all(appends).await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Unavailable(_)))
        .count();
    assert_eq!(refused, 5);
    assert_eq!(model.commits().len(), 10);
    assert_eq!(appender.counts().outstanding, 0);
}

#[tokio::test(start_paused = true)]
async fn followers_get_nothing_while_delivery_is_held() {
    let model = model(Faults::default());
    let mut commits = model.follow(0);
    model.hold_delivery();
    model.append(&[entry(&new_key(), 0)]).await.unwrap();
    assert!(futures::poll!(commits.next()).is_pending());
    model.deliver();
    assert_eq!(commits.next().await.unwrap().unwrap().position, 1);
}

#[tokio::test(start_paused = true)]
async fn a_follower_of_a_stream_that_lost_commits_is_told_so() {
    let model = model(Faults::default());
    for _ in 0..5 {
        model.append(&[entry(&new_key(), 0)]).await.unwrap();
    }
    model.lose_upto(3);
    assert!(model.follow(2).next().await.unwrap().is_err());
    assert_eq!(model.follow(3).next().await.unwrap().unwrap().position, 4);
}

#[tokio::test(start_paused = true)]
async fn a_follower_is_told_of_a_model_set_back_that_has_grown_again() {
    let model = model(Faults::default());
    let mut commits = model.follow(0);
    for _ in 0..2 {
        model.append(&[entry(&new_key(), 0)]).await.unwrap();
        commits.next().await.unwrap().unwrap();
    }
    model.set_back(1);
    for _ in 0..2 {
        model.append(&[entry(&new_key(), 0)]).await.unwrap();
    }
    assert!(commits.next().await.unwrap().is_err());
}
