//! Rules of the appender over any journal.

use super::{Harness, Ledger, entry, new_key, patiently, write_chain};
use crate::domain::AggregateKey;
use crate::journal::{Entry, Outcome};
use futures::future::join_all;

pub async fn of_concurrent_appends_to_one_aggregate_one_wins(harness: Harness) {
    let before = harness.last().await;
    // Two appenders, as in two replicas.
    let (one, _worker) = harness.appender();
    let (two, _worker) = harness.appender();
    let key = new_key();
    let entries: Vec<Entry> = (0..40).map(|_| entry(&key, 0)).collect();
    let appends = entries.iter().enumerate().map(|(number, entry)| {
        let appender = if number % 2 == 0 { &one } else { &two };
        appender.append(vec![entry.clone()])
    });
    let outcomes = patiently(join_all(appends)).await;
    let mut ledger = Ledger::default();
    for (entry, outcome) in entries.iter().zip(outcomes) {
        assert!(
            matches!(outcome, Outcome::Committed(_) | Outcome::Conflict { .. }),
            "{outcome:?}"
        );
        ledger.note(entry, outcome);
    }
    assert_eq!(ledger.committed(), 1);
    ledger.check(&harness.log_after(before).await);
}

pub async fn each_commit_tells_how_many_of_its_transaction_follow(harness: Harness) {
    let before = harness.last().await;
    let (appender, _worker) = harness.appender();
    // Enough of them at once that several go into one batch.
    let appends = (0..60_u16).map(|number| {
        let entries = (0..=number % 3).map(|_| entry(&new_key(), 0)).collect();
        appender.append(entries)
    });
    let outcomes = patiently(join_all(appends)).await;
    let log = harness.log_after(before).await;
    for (number, outcome) in (0..).zip(outcomes) {
        let Outcome::Committed(positions) = outcome else {
            panic!("{outcome:?}");
        };
        let told: Vec<_> = positions
            .iter()
            .map(|position| log[(position - before - 1) as usize].following)
            .collect();
        let expected: Vec<u16> = (0..=number % 3).rev().collect();
        assert_eq!(told, expected, "at {positions:?}");
    }
    // Read one by one it is told as well.
    let first = &log[0];
    let key = AggregateKey {
        kind: new_key().kind,
        id: first.id.as_str().into(),
    };
    let successor = harness.journal.successor(&key, 0).await.unwrap().unwrap();
    assert_eq!(&successor, first);
}

pub async fn a_conflict_hurts_only_its_own_transaction(harness: Harness) {
    let journal = &harness.journal;
    let taken = new_key();
    let winner = entry(&taken, 0);
    let at = journal.append(std::slice::from_ref(&winner)).await.unwrap();
    let before = harness.last().await;
    let (appender, _worker) = harness.appender();
    let transactions: Vec<Vec<Entry>> = (0..200)
        .map(|number| match number % 50 {
            7 => vec![entry(&new_key(), 0), entry(&taken, 0)],
            size @ 1..4 => (0..=size).map(|_| entry(&new_key(), 0)).collect(),
            _ => vec![entry(&new_key(), 0)],
        })
        .collect();
    let appends = transactions
        .iter()
        .map(|entries| appender.append(entries.clone()));
    let outcomes = patiently(join_all(appends)).await;
    let log = harness.log_after(before).await;
    for (number, (entries, outcome)) in transactions.iter().zip(outcomes).enumerate() {
        if number % 50 == 7 {
            let expected = Outcome::Conflict {
                key: taken.clone(),
                at,
                commit_id: winner.commit_id,
            };
            assert_eq!(outcome, expected);
            assert!(
                log.iter()
                    .all(|commit| commit.commit_id != entries[0].commit_id)
            );
            continue;
        }
        let Outcome::Committed(positions) = outcome else {
            panic!("transaction {number}: {outcome:?}");
        };
        assert_eq!(positions.len(), entries.len());
        for (entry, position) in entries.iter().zip(positions) {
            let commit = &log[(position - before - 1) as usize];
            assert_eq!(commit.commit_id, entry.commit_id);
        }
    }
}

pub async fn appends_during_outages_are_told_so_and_work_resumes(harness: Harness) {
    let before = harness.last().await;
    let (appender, worker) = harness.appender();
    let writers: Vec<_> = (0..8)
        .map(|_| tokio::spawn(write_chain(appender.clone(), 25)))
        .collect();
    for _ in 0..2 {
        harness.outage.begin().await;
        let lost = entry(&new_key(), 0);
        let outcome = patiently(appender.append(vec![lost])).await;
        assert!(
            matches!(outcome, Outcome::Unavailable(_) | Outcome::Unknown(_)),
            "{outcome:?}"
        );
        harness.outage.end().await;
    }
    let mut ledger = Ledger::default();
    for writer in writers {
        ledger.extend(patiently(writer).await.unwrap());
    }
    ledger.check(&harness.log_after(before).await);
    drop(appender);
    patiently(worker).await.unwrap();
}

pub async fn a_caller_that_goes_loses_and_repeats_nothing(harness: Harness) {
    let before = harness.last().await;
    let (appender, worker) = harness.appender();
    let entries: Vec<Entry> = (0..100).map(|_| entry(&new_key(), 0)).collect();
    for (number, entry) in entries.iter().enumerate() {
        let mut append = Box::pin(appender.append(vec![entry.clone()]));
        // Polled once, then dropped: the transaction is in the queue.
        let _ = futures::poll!(append.as_mut());
        if number % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    drop(appender);
    // The end of the worker is the end of all that it took.
    patiently(worker).await.unwrap();
    let mut stored: Vec<_> = harness.log_after(before).await;
    assert_eq!(stored.len(), entries.len());
    stored.retain(|commit| {
        !entries
            .iter()
            .any(|entry| entry.commit_id == commit.commit_id)
    });
    assert_eq!(stored, []);
}

/// Whatever the harness's journal does meanwhile.
pub async fn nothing_is_lost_and_nothing_is_stored_twice(
    harness: Harness,
    writers: usize,
    each: usize,
) {
    let before = harness.last().await;
    let (appender, worker) = harness.appender();
    let writers: Vec<_> = (0..writers)
        .map(|_| tokio::spawn(write_chain(appender.clone(), each)))
        .collect();
    let mut ledger = Ledger::default();
    for writer in writers {
        ledger.extend(patiently(writer).await.unwrap());
    }
    drop(appender);
    patiently(worker).await.unwrap();
    ledger.check(&harness.log_after(before).await);
}
