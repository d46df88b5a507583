//! A projection that cannot be continued is rebuilt by itself, said in one line of the log.

use integration_tests::disk::SmallDisk;
use integration_tests::load::Load;
use integration_tests::replica::{eventually, http_get};
use integration_tests::workloads::Ledger;
use integration_tests::{Replica, Service, Suite, audit, files};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::fs;
use std::path::{Path, PathBuf};

const SEED: u64 = 0x5eed_0002;
/// What the log says, once.
const LINE: &str = "projection set aside, rebuilding it from the journal";

async fn some_history(suite: &Suite) -> Replica {
    let replica = suite.replica(Service::Ledger).await;
    let mut load = Load::start(Ledger::new("d"), &[&replica], 8, SEED);
    load.more(300).await;
    load.finish().await;
    replica
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Damages the projection of a stopped replica, starts it again, and compares it with an undamaged one.
async fn after(
    replica: &mut Replica,
    sound: &Replica,
    what: &str,
    damage: impl FnOnce(&Path),
) -> Vec<String> {
    replica.stop().await;
    damage(&replica.projection());
    let mark = replica.log_mark();
    replica.restart().await;
    let digest = audit::agree(&[replica, sound]).await;
    assert!(digest.rows > 0, "{what}");
    assert!(
        replica.lines_since(mark, "panicked").is_empty(),
        "{what}: {}",
        replica.log_end()
    );
    replica.lines_since(mark, LINE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_projection_is_rebuilt() {
    let suite = Suite::start().await;
    let sound = some_history(&suite).await;
    let mut replica = suite.replica(Service::Ledger).await;
    let lines = after(&mut replica, &sound, "deleted", |folder| {
        fs::remove_dir_all(folder).unwrap();
    })
    .await;
    // Nothing was there to be set aside.
    assert_eq!(lines.len(), 0, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_of_garbage_is_set_aside_and_rebuilt_said_in_one_line() {
    let suite = Suite::start().await;
    let sound = some_history(&suite).await;
    let mut replica = suite.replica(Service::Ledger).await;
    let mut rng = StdRng::seed_from_u64(SEED);
    let lines = after(&mut replica, &sound, "garbage", |folder| {
        for file in all_files(folder) {
            let garbage: Vec<u8> = (0..4_096).map(|_| rng.random()).collect();
            fs::write(file, garbage).unwrap();
        }
    })
    .await;
    assert_eq!(lines.len(), 1, "{lines:#?}\n{}", replica.log_end());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_cut_short_in_any_file_comes_back_sound() {
    let suite = Suite::start().await;
    let sound = some_history(&suite).await;
    let mut replica = suite.replica(Service::Ledger).await;
    let mut rng = StdRng::seed_from_u64(SEED);
    replica.stop().await;
    let count = all_files(&replica.projection()).len();
    replica.restart().await;
    for number in 0..count {
        let lines = after(&mut replica, &sound, "cut", |folder| {
            // A rebuild may have left fewer files.
            let all = all_files(folder);
            let file = &all[number % all.len()];
            let length = fs::metadata(file).unwrap().len();
            let cut = fs::OpenOptions::new().write(true).open(file).unwrap();
            cut.set_len(rng.random_range(0..=length.saturating_sub(1)))
                .unwrap();
        })
        .await;
        // What a store can mend by itself need not be rebuilt.
        assert!(lines.len() <= 1, "file {number}: {lines:#?}");
    }
    // All at once.
    let lines = after(&mut replica, &sound, "all cut", |folder| {
        for file in all_files(folder) {
            let length = fs::metadata(&file).unwrap().len();
            let cut = fs::OpenOptions::new().write(true).open(&file).unwrap();
            cut.set_len(rng.random_range(0..=length / 2)).unwrap();
        }
    })
    .await;
    assert!(lines.len() <= 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_projection_of_another_journal_is_set_aside_and_rebuilt_said_in_one_line() {
    let suite = Suite::start().await;
    let sound = some_history(&suite).await;
    let mut replica = suite.replica(Service::Ledger).await;

    let elsewhere = Suite::start().await;
    let mut stranger = some_history(&elsewhere).await;
    stranger.stop().await;
    let foreign = stranger.projection();
    let lines = after(&mut replica, &sound, "foreign", |folder| {
        files::replace(folder, &foreign);
    })
    .await;
    assert_eq!(lines.len(), 1, "{lines:#?}\n{}", replica.log_end());
}

/// The process lives, tells its clients to retry, and serves again by itself as soon as there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_projection_whose_disk_is_full_waits_for_room_and_is_rebuilt() {
    if !SmallDisk::is_possible() {
        println!("skipped: a disk of one process's own takes root or name spaces of users");
        return;
    }
    let suite = Suite::start().await;
    let sound = suite.replica(Service::Ledger).await;
    let mut replica = suite.unstarted(Service::Ledger);
    replica.put_on(Some(SmallDisk { mebibytes: 48 }));
    replica.restart().await;
    let mut load = Load::start(Ledger::new("d"), &[&replica, &sound], 8, SEED);
    for _ in 0..2 {
        load.more(100).await;
        replica.fill_disk(true);
        let http = replica.http_address();
        eventually("no longer ready", || async {
            let answer = http_get(http, "/readyz").await;
            answer.is_ok_and(|(status, _)| status != 200).then_some(())
        })
        .await;
        load.turned_away().await;
        load.more(100).await;
        assert!(replica.is_running(), "{}", replica.log_end());
        replica.fill_disk(false);
        replica.until_ready().await;
    }
    let record = load.finish().await;
    assert_eq!(record.broken, 0, "no connection broke");
    audit::accounts_for(&record, &replica, &suite.connect().await).await;
    audit::agree(&[&replica, &sound]).await;
}
