//! The persons' keys in a real bucket: one key a person, and an erasure mark that stays.

use async_nats::jetstream;
use chassis::domain::PersonRef;
use chassis::nats_server::{NatsServer, Options};
use chassis::sealing::{KeyEntry, KeyStore, NatsKeyStore, PERSON_KEYS};
use jiff::Timestamp;

fn wrapped(byte: u8) -> KeyEntry {
    KeyEntry::Wrapped {
        master: "1".to_owned(),
        bytes: vec![byte; 72],
    }
}

#[tokio::test]
async fn of_many_creates_one_wins_and_an_erasure_mark_is_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let server = NatsServer::start(Options::new(folder.path()))
        .await
        .unwrap();
    let client = async_nats::connect(server.url()).await.unwrap();
    let jetstream = jetstream::new(client);
    let store = NatsKeyStore::open(&jetstream, 1).await.unwrap();
    let person = PersonRef::parse(&"a".repeat(PersonRef::LENGTH)).unwrap();
    assert_eq!(store.get(&person).await.unwrap(), None);

    let creates = (0..20).map(|byte| {
        let (jetstream, person) = (jetstream.clone(), person.clone());
        tokio::spawn(async move {
            let replica = NatsKeyStore::open(&jetstream, 1).await.unwrap();
            let won = replica.create(&person, &wrapped(byte)).await.unwrap();
            won.then_some(byte)
        })
    });
    let mut winners = Vec::new();
    for create in futures::future::join_all(creates).await {
        winners.extend(create.unwrap());
    }
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(store.get(&person).await.unwrap(), Some(wrapped(winners[0])));

    let mark = KeyEntry::Erased {
        at: Timestamp::UNIX_EPOCH,
    };
    let bucket = jetstream.get_key_value(PERSON_KEYS).await.unwrap();
    bucket
        .put(person.as_str(), serde_json::to_vec(&mark).unwrap().into())
        .await
        .unwrap();
    assert!(!store.create(&person, &wrapped(9)).await.unwrap());
    assert_eq!(store.get(&person).await.unwrap(), Some(mark));
}
