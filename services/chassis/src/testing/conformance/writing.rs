//! Rules of guards and batches.

use super::{Harness, entry, new_key};
use crate::journal::{AppendError, MAX_ENTRIES};

pub async fn the_first_commit_of_an_aggregate_is_guarded_by_zero(harness: Harness) {
    let journal = harness.journal;
    let key = new_key();
    let position = journal.append(&[entry(&key, 0)]).await.unwrap();
    assert!(position > 0);
    let again = journal.append(&[entry(&key, 0)]).await;
    assert!(matches!(again, Err(AppendError::Conflict)), "{again:?}");
}

pub async fn a_commit_follows_exactly_the_one_it_names(harness: Harness) {
    let journal = harness.journal;
    let key = new_key();
    let first = journal.append(&[entry(&key, 0)]).await.unwrap();
    // Another aggregate's commit in between does not matter, nor is its position a guard.
    let other = journal.append(&[entry(&new_key(), 0)]).await.unwrap();
    for wrong in [0, first - 1, other, other + 1, u64::MAX] {
        let refused = journal.append(&[entry(&key, wrong)]).await;
        let conflict = matches!(refused, Err(AppendError::Conflict));
        assert!(wrong == first || conflict, "guard {wrong}: {refused:?}");
    }
    let second = journal.append(&[entry(&key, first)]).await.unwrap();
    assert!(second > other);
}

pub async fn a_guard_on_an_aggregate_without_commits_does_not_hold(harness: Harness) {
    let refused = harness.journal.append(&[entry(&new_key(), 7)]).await;
    assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
}

pub async fn entries_appended_together_get_consecutive_positions(harness: Harness) {
    let journal = &harness.journal;
    for count in [2, 3, 100, MAX_ENTRIES] {
        let before = journal.extent().await.unwrap().last;
        let entries: Vec<_> = (0..count).map(|_| entry(&new_key(), 0)).collect();
        let last = journal.append(&entries).await.unwrap();
        assert_eq!(last, before + count as u64);
        let log = harness.log_after(before).await;
        let ids: Vec<_> = log.iter().map(|commit| commit.commit_id).collect();
        let expected: Vec<_> = entries.iter().map(|entry| entry.commit_id).collect();
        assert_eq!(ids, expected, "in the order they were given");
    }
}

pub async fn entries_with_one_bad_guard_are_not_stored_at_all(harness: Harness) {
    let journal = harness.journal;
    let taken = new_key();
    journal.append(&[entry(&taken, 0)]).await.unwrap();
    let before = journal.extent().await.unwrap().last;
    for bad in 0..3 {
        let mut entries: Vec<_> = (0..3).map(|_| entry(&new_key(), 0)).collect();
        entries[bad] = entry(&taken, 0);
        let refused = journal.append(&entries).await;
        assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
        for entry in entries.iter().filter(|entry| entry.key != taken) {
            assert_eq!(journal.successor(&entry.key, 0).await.unwrap(), None);
        }
    }
    assert_eq!(journal.extent().await.unwrap().last, before);
}

pub async fn nothing_and_too_much_are_refused(harness: Harness) {
    let journal = harness.journal;
    let before = journal.extent().await.unwrap().last;
    let nothing = journal.append(&[]).await;
    assert!(matches!(nothing, Err(AppendError::Refused(_))));
    let many: Vec<_> = (0..=MAX_ENTRIES).map(|_| entry(&new_key(), 0)).collect();
    let too_much = journal.append(&many).await;
    assert!(
        matches!(too_much, Err(AppendError::Refused(_))),
        "{too_much:?}"
    );
    assert_eq!(journal.extent().await.unwrap().last, before);
}
