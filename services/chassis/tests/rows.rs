//! Streams of rows: bounded, each row answered, rows about one thing in their order, tried again only where that is safe.

use chassis::domain::Invalid;
use chassis::rows::{AT_ONCE, Turns, carry_out, persist};
use chassis::server::Failure;
use futures::{FutureExt, Stream, StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tonic::{Code, Status};

type Read = Result<usize, Status>;

fn numbers(count: usize) -> impl Stream<Item = Read> + Send {
    stream::iter((0..count).map(Ok))
}

fn nothing(_: &usize) -> Option<usize> {
    None
}

/// Rows without end, and how many of them were read.
fn endless() -> (impl Stream<Item = Read> + Send, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let rows = stream::repeat_with(move || Ok(counted.fetch_add(1, Ordering::Relaxed)));
    (rows, read)
}

#[tokio::test]
async fn no_more_rows_are_read_than_may_be_under_way() {
    let (rows, read) = endless();
    let gate = Arc::new(Semaphore::new(0));
    let entry = Arc::clone(&gate);
    let mut answers = carry_out(rows, nothing, move |row| {
        let entry = Arc::clone(&entry);
        async move {
            entry.acquire_owned().await.expect("open").forget();
            row
        }
    });
    assert!(answers.next().now_or_never().is_none(), "none is done");
    assert_eq!(read.load(Ordering::Relaxed), AT_ONCE);

    gate.add_permits(1);
    assert!(answers.next().await.expect("an answer").is_ok());
    assert!(answers.next().now_or_never().is_none());
    assert_eq!(
        read.load(Ordering::Relaxed),
        AT_ONCE + 1,
        "an answer makes room for one row"
    );
}

#[tokio::test]
async fn a_caller_that_reads_no_answers_is_not_read_from() {
    let (rows, read) = endless();
    let mut answers = carry_out(rows, nothing, async |row| row);
    assert_eq!(read.load(Ordering::Relaxed), 0);
    for _ in 0..10 {
        assert!(answers.next().await.expect("an answer").is_ok());
    }
    let before = read.load(Ordering::Relaxed);
    tokio::task::yield_now().await;
    assert_eq!(read.load(Ordering::Relaxed), before);
    assert!(before <= AT_ONCE + 10, "{before}");
}

#[tokio::test(start_paused = true)]
async fn rows_about_one_thing_keep_their_order_and_others_do_not_wait() {
    // Of each three rows about one thing the first takes longest.
    let about = |row: &usize| (*row < 30).then_some(row / 3);
    let answers = carry_out(numbers(31), about, async |row: usize| {
        let milliseconds = if row == 30 { 0 } else { 10 - row % 3 };
        tokio::time::sleep(Duration::from_millis(milliseconds as u64)).await;
        row
    });
    let answers: Vec<usize> = answers.map(|answer| answer.expect("a row")).collect().await;
    assert_eq!(answers.len(), 31);
    assert_eq!(answers[0], 30, "it is about nothing");
    for thing in 0..10 {
        let of_it: Vec<usize> = answers
            .iter()
            .copied()
            .filter(|row| *row < 30 && row / 3 == thing)
            .collect();
        assert!(of_it.is_sorted(), "{of_it:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_ends_the_stream_after_the_rows_before_it() {
    let unreadable = Status::internal("failed to decode Protobuf message: Row.row: invalid");
    let rows = numbers(10)
        .chain(stream::once(async { Err(unreadable) }))
        .chain(numbers(10));
    let answers = carry_out(rows, nothing, async |row: usize| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        row
    });
    let answers: Vec<Result<usize, Status>> = answers.collect().await;
    let (last, before) = answers.split_last().expect("answers");
    assert_eq!(before.iter().filter(|answer| answer.is_ok()).count(), 10);
    let status = last.as_ref().expect_err("it cannot be read");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn turns_that_are_over_are_forgotten() {
    let mut turns = Turns::default();
    let held = turns.give(Some(0));
    for thing in 1..20 * AT_ONCE {
        drop(turns.give(Some(thing)));
    }
    // It tells how many it keeps.
    let told = format!("{turns:?}");
    let kept = told.trim_matches(|c: char| !c.is_ascii_digit());
    assert!(
        kept.parse::<usize>().expect("a number") <= 2 * AT_ONCE,
        "{told}"
    );
    let mut next = Box::pin(turns.give(Some(0)).come());
    assert!(
        (&mut next).now_or_never().is_none(),
        "the first one is at it"
    );
    drop(held);
    let _ = next.await;
}

/// How often a row is tried that always fails like this.
async fn attempts(repeatable: bool, failure: fn() -> Failure) -> u32 {
    let attempts = AtomicUsize::new(0);
    let outcome = persist(repeatable, async || -> Result<(), Failure> {
        attempts.fetch_add(1, Ordering::Relaxed);
        Err(failure())
    })
    .await;
    assert!(outcome.is_err());
    u32::try_from(attempts.into_inner()).expect("few")
}

#[tokio::test(start_paused = true)]
async fn a_row_is_tried_again_for_ten_seconds_if_that_is_safe_and_may_help() {
    let away = || Failure::unavailable("away", Duration::from_secs(1));
    let begun = tokio::time::Instant::now();
    assert_eq!(attempts(true, away).await, 20);
    assert!(begun.elapsed() <= Duration::from_secs(10));
    assert_eq!(
        attempts(false, away).await,
        1,
        "it may have been carried out, and could not be recognised"
    );
    let overtaken = || Failure::Aborted("others were faster".into());
    assert_eq!(attempts(false, overtaken).await, 20);
    let wrong = || Failure::field("row", Invalid::new("is wrong", "有误"));
    assert_eq!(attempts(true, wrong).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_whose_attempts_take_long_is_answered_soon_after_ten_seconds() {
    let begun = tokio::time::Instant::now();
    let outcome = persist(true, async || -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Err(Failure::unavailable("away", Duration::from_secs(1)))
    });
    assert!(outcome.await.is_err());
    assert!(
        begun.elapsed() < Duration::from_secs(16),
        "{:?}",
        begun.elapsed()
    );
}
