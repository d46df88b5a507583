//! The persons' keys in a real bucket: one key a person however many come at once, and an erasure mark that stays.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use async_nats::jetstream;
use chassis::domain::PersonRef;
use chassis::nats_server::{NatsServer, Options};
use chassis::sealing::{KeyEntry, KeyStore, NatsKeyStore, PERSON_KEYS};
use futures::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeMap;
use tempfile::TempDir;

struct World {
    jetstream: jetstream::Context,
    _server: NatsServer,
    _folder: TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start(Options::new(folder.path()))
        .await
        .unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    World {
        jetstream: jetstream::new(client),
        _server: server,
        _folder: folder,
    }
}

fn wrapped(number: usize) -> KeyEntry {
    KeyEntry::Wrapped {
        master: "1".to_owned(),
        bytes: number.to_be_bytes().repeat(9),
    }
}

/// The person of this number, below 32 x 32.
fn person(number: usize) -> PersonRef {
    let letter = |n: usize| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[n % 32]);
    let text = format!(
        "{}{}{}",
        letter(number / 32),
        letter(number),
        "a".repeat(24)
    );
    PersonRef::parse(&text).unwrap()
}

async fn mark_erased(world: &World, person: &PersonRef) -> KeyEntry {
    let mark = KeyEntry::Erased {
        at: Timestamp::UNIX_EPOCH,
    };
    let bucket = world.jetstream.get_key_value(PERSON_KEYS).await.unwrap();
    bucket
        .put(person.as_str(), serde_json::to_vec(&mark).unwrap().into())
        .await
        .unwrap();
    mark
}

#[tokio::test]
async fn of_many_new_keys_for_one_person_one_is_stored_and_an_erasure_mark_is_never_replaced() {
    let world = world().await;
    let store = NatsKeyStore::open(&world.jetstream, 1).await.unwrap();
    let person = person(0);
    assert_eq!(store.get(&person).await.unwrap(), None);

    let creates = (0..20).map(|number| {
        let (jetstream, person) = (world.jetstream.clone(), person.clone());
        async move {
            let replica = NatsKeyStore::open(&jetstream, 1).await.unwrap();
            replica.get_or_create(&person, wrapped(number)).await
        }
    });
    let got: Vec<KeyEntry> = join_all(creates)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let stored = store.get(&person).await.unwrap().unwrap();
    assert!(got.iter().all(|entry| *entry == stored), "{got:?}");

    let mark = mark_erased(&world, &person).await;
    let late = store.get_or_create(&person, wrapped(9)).await.unwrap();
    assert_eq!(late, mark);
    assert_eq!(store.get(&person).await.unwrap(), Some(mark));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_known_new_and_erased_people_at_two_replicas_gets_one_key_each() {
    const CROWD: usize = 900;
    let world = world().await;
    let one = NatsKeyStore::open(&world.jetstream, 1).await.unwrap();
    let other = NatsKeyStore::open(&world.jetstream, 1).await.unwrap();
    for number in (0..CROWD).step_by(100) {
        one.get_or_create(&person(number), wrapped(7_000 + number))
            .await
            .unwrap();
    }
    let mark = mark_erased(&world, &person(50)).await;

    // Everyone comes to both replicas, and twice to the first.
    let coming = (0..3 * CROWD).map(|number| {
        let store = if number < 2 * CROWD { &one } else { &other };
        let person = person(number % CROWD);
        async move {
            let entry = store.get_or_create(&person, wrapped(number)).await;
            (person, entry.unwrap())
        }
    });
    let mut keys: BTreeMap<PersonRef, KeyEntry> = BTreeMap::new();
    for (person, entry) in join_all(coming).await {
        let first = keys.entry(person).or_insert_with(|| entry.clone());
        assert_eq!(*first, entry, "one key a person");
    }
    assert_eq!(keys.len(), CROWD);
    assert_eq!(keys[&person(50)], mark);
    assert_eq!(keys[&person(100)], wrapped(7_100));
    for (person, entry) in &keys {
        assert_eq!(one.get(person).await.unwrap().as_ref(), Some(entry));
    }
}
