//! Rules of reading: successor, history, following.

use super::{Harness, entry, new_key, patiently, write_chain};
use futures::StreamExt;

pub async fn a_commit_is_read_as_soon_as_it_is_acknowledged(harness: Harness) {
    let journal = harness.journal;
    let key = new_key();
    let mut last = 0;
    for _ in 0..50 {
        assert_eq!(journal.successor(&key, last).await.unwrap(), None);
        let next = entry(&key, last);
        let position = journal.append(std::slice::from_ref(&next)).await.unwrap();
        let seen = journal.successor(&key, last).await.unwrap().unwrap();
        let history = journal.history(&key, last, 2).await.unwrap();
        assert_eq!(
            history,
            std::slice::from_ref(&seen),
            "both reads tell the same"
        );
        assert_eq!(seen.position, position);
        assert_eq!(seen.commit_id, next.commit_id);
        assert_eq!(seen.payload, next.payload);
        assert_eq!((seen.kind.as_str(), &*seen.id), (key.kind, &*key.id));
        last = position;
    }
}

pub async fn a_successor_is_the_next_commit_and_of_the_same_aggregate(harness: Harness) {
    let journal = harness.journal;
    let (key, other) = (new_key(), new_key());
    let first = journal.append(&[entry(&key, 0)]).await.unwrap();
    journal.append(&[entry(&other, 0)]).await.unwrap();
    let second = journal.append(&[entry(&key, first)]).await.unwrap();
    journal.append(&[entry(&key, second)]).await.unwrap();
    let successor = journal.successor(&key, first).await.unwrap().unwrap();
    assert_eq!(successor.position, second);
}

pub async fn a_history_is_complete_in_order_and_paged(harness: Harness) {
    let journal = harness.journal;
    let key = new_key();
    let mut positions = vec![];
    for _ in 0..300 {
        let last = positions.last().copied().unwrap_or(0);
        positions.push(journal.append(&[entry(&key, last)]).await.unwrap());
    }
    let all = journal.history(&key, 0, 1000).await.unwrap();
    let found: Vec<_> = all.iter().map(|commit| commit.position).collect();
    assert_eq!(found, positions);
    let page = journal.history(&key, positions[9], 5).await.unwrap();
    let found: Vec<_> = page.iter().map(|commit| commit.position).collect();
    assert_eq!(found, positions[10..15]);
    let after_all = journal.history(&key, positions[299], 5).await.unwrap();
    assert_eq!(after_all, []);
    assert_eq!(journal.history(&new_key(), 0, 5).await.unwrap(), []);
}

pub async fn a_follower_gets_what_is_there_and_then_what_comes(harness: Harness) {
    let before = harness.last().await;
    let journal = harness.journal;
    let key = new_key();
    let first = entry(&key, 0);
    let position = journal.append(std::slice::from_ref(&first)).await.unwrap();
    let mut commits = journal.follow(before);
    let got = patiently(commits.next()).await.unwrap().unwrap();
    assert_eq!((got.position, got.commit_id), (position, first.commit_id));
    assert_eq!(got.payload, first.payload);

    let second = entry(&key, position);
    journal.append(std::slice::from_ref(&second)).await.unwrap();
    let got = patiently(commits.next()).await.unwrap().unwrap();
    assert_eq!(got.commit_id, second.commit_id);
    let found = journal.successor(&key, position).await.unwrap().unwrap();
    assert_eq!(got, found, "both reads tell the same");
}

pub async fn a_follower_over_outages_gets_every_commit_once_and_in_order(harness: Harness) {
    let before = harness.last().await;
    let commits = harness.journal.follow(before);
    let (appender, _worker) = harness.appender();
    let writers: Vec<_> = (0..4)
        .map(|_| tokio::spawn(write_chain(appender.clone(), 50)))
        .collect();
    let following = tokio::spawn(async move { commits.take(200).collect::<Vec<_>>().await });
    for _ in 0..3 {
        harness.outage.begin().await;
        harness.outage.end().await;
    }
    for writer in writers {
        patiently(writer).await.unwrap();
    }
    let got = patiently(following).await.unwrap();
    let positions: Vec<_> = got
        .into_iter()
        .map(|commit| commit.unwrap().position)
        .collect();
    assert_eq!(positions, (before + 1..=before + 200).collect::<Vec<_>>());
}

pub async fn a_follower_ahead_of_the_stream_is_told_so(harness: Harness) {
    let journal = harness.journal;
    let last = journal.extent().await.unwrap().last;
    let mut commits = journal.follow(last + 1000);
    let told = patiently(commits.next()).await.unwrap();
    assert!(told.is_err(), "{told:?}");
    assert!(commits.next().await.is_none());
}
