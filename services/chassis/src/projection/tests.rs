//! The projection by itself, on the model journal and with the smallest of aggregates.

use super::*;
use crate::clock::ManualClock;
use crate::commit::{self, FORMAT, Metadata};
use crate::domain::{Actor, Channel, Tally};
use crate::journal::model::Model;
use crate::journal::{Entry, Stored};
use serde_json::value::RawValue;

pub(crate) fn journal() -> Model {
    let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
    Model::new(Arc::new(clock))
}

/// Writes a commit on a tally that continues `before`, and answers it.
pub(crate) async fn write(journal: &Model, id: &str, before: Option<&Stored>) -> Stored {
    let commit_id = Uuid::now_v7();
    let commit = Commit {
        metadata: Metadata {
            format: FORMAT,
            commit_id,
            command_id: commit_id,
            request: None,
            actor: Actor::system("test"),
            channel: Channel::Api,
            time: Timestamp::UNIX_EPOCH,
            correlation_id: commit_id,
            causation_id: None,
            traceparent: None,
            previous: before.map_or([0; 16], |before| commit::hash(&before.payload)),
        },
        events: vec![RawValue::from_string("1".into()).expect("JSON")],
    };
    let entry = Entry {
        key: AggregateKey {
            kind: Tally::TYPE,
            id: id.into(),
        },
        expected: before.map_or(0, |before| before.position),
        commit_id,
        following: 0,
        payload: commit.encode(),
    };
    journal.append(&[entry]).await.expect("its guard holds");
    journal.commits().pop().expect("stored")
}

/// Ends with the test's runtime.
pub(crate) fn project(journal: &Model, work: Work) -> Projection {
    let definition = Definition::new(1).aggregate::<Tally>(|_, _| Ok(()));
    let options = Options {
        work,
        ..Options::in_memory(&MemoryDisk::new())
    };
    let (projection, _running) =
        Projection::start(definition, Arc::new(journal.clone()), options).expect("starts");
    projection
}

#[tokio::test(start_paused = true)]
async fn a_commit_on_what_can_be_no_aggregate_halts_the_projection() {
    let journal = journal();
    write(&journal, "a=b", None).await;
    let projection = project(&journal, Work::Inline);
    let mut phase = projection.watch_phase();
    let halted = phase.wait_for(|phase| matches!(phase, Phase::Halted(_)));
    let halted = tokio::time::timeout(Duration::from_secs(60), halted).await;
    let phase = halted.expect("in time").expect("running").clone();
    let Phase::Halted(why) = phase else {
        unreachable!("waited for")
    };
    assert!(why.contains("a=b"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reader_of_a_store_that_was_replaced_does_not_harm_the_new_one() {
    let journal = journal();
    write(&journal, "a", None).await;
    let projection = project(&journal, Work::Threads { readers: 2 });
    projection.ready().await;
    let (begun, has_begun) = oneshot::channel();
    let (go, going) = std::sync::mpsc::channel();
    let reader = projection.clone();
    let late = tokio::spawn(async move {
        let read = reader.read(move |_| {
            begun.send(()).expect("waited for");
            going.recv().expect("told to go on");
            Err::<(), _>(Broken("the old store is gone".into()))
        });
        read.await
    });
    has_begun.await.expect("begun");
    let mut phase = projection.watch_phase();
    projection.rebuild().await.expect("running");
    let left = phase.wait_for(|phase| *phase != Phase::Live).await;
    drop(left.expect("running"));
    projection.ready().await;

    go.send(()).expect("waited for");
    late.await.expect("no panic").expect_err("broken");
    // Comes after what the reader told.
    let digest = projection.digest(None).await.expect("still the same store");
    assert_eq!(digest.map(|digest| digest.position), Ok(1));
    assert_eq!(projection.status().await.rebuilds, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_waits_for_the_folder_and_continues_the_store_that_it_finds() {
    let journal = journal();
    let commit = write(&journal, "a", None).await;
    let folder = tempfile::tempdir().expect("a folder");
    let start = || {
        let options = Options::in_folder(folder.path());
        let definition = Definition::new(1).aggregate::<Tally>(|_, _| Ok(()));
        Projection::start(definition, Arc::new(journal.clone()), options).expect("starts")
    };
    let (first, running) = start();
    first.ready().await;
    let (second, _) = start();
    let mut phase = second.watch_phase();
    let held = phase.wait_for(|phase| *phase == Phase::Held).await;
    drop(held.expect("running"));
    write(&journal, "a", Some(&commit)).await;
    first.reached(2).await;

    first.stop();
    running.await.expect("no panic");
    second.ready().await;
    assert_eq!(second.applied(), 2);
    let stores = std::fs::read_dir(folder.path()).expect("readable").count();
    assert_eq!(stores, 2, "a lock and one store, none set aside");
}
