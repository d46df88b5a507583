//! The persons' keys in a NATS KV bucket.
//!
//! An import meets thousands of new people a second, and each key must be on disk before anything is sealed with it.
//! New keys that wait at the same time are therefore stored together, as the journal groups commits:
//!
//! ```text
//!   one waits   ──> ask the leader; if there is none, store it under guard 0
//!   many wait   ──> which of them are there? ──┬─ these: ask the leader, one by one
//!                   (one request, any replica) └─ the others: one atomic batch, each under guard 0;
//!                                                 refused: one by one
//! ```
//!
//! A replica that lags may only fail to show an entry; the guard then refuses the batch. What is there is always read
//! from the leader, so that an erasure mark is never missed.

use super::keys::{KeyEntry, KeyStore, KeyStoreError};
use crate::domain::PersonRef;
use async_nats::connection::State;
use async_nats::header::{self, HeaderMap, HeaderValue};
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, kv};
use async_nats::{Client, Request};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The bucket's name. One for the whole suite: a person is the same in every service.
pub const PERSON_KEYS: &str = "PERSON_KEYS";
/// Largest entry in bytes.
const LARGEST_ENTRY: i32 = 1024;
/// New keys stored together, at most.
const GROUP: usize = 512;
/// Callers that may wait; further ones wait for room.
const WAITING: usize = 4_096;
/// Requests under way at once for keys that are asked for one by one.
const AT_ONCE: usize = 64;
/// How long to wait for an answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// How long a caller waits for a key, whatever is asked of the bus for it: it has to answer someone itself.
const CALLER_LIMIT: Duration = Duration::from_secs(3);
/// The server's statuses after the last answer of several, and instead of any.
const END_OF_ANSWERS: u16 = 204;
const NOT_FOUND: u16 = 404;

/// The bucket [`PERSON_KEYS`].
#[derive(Clone, Debug)]
pub struct NatsKeyStore {
    bucket: Arc<Bucket>,
    newcomers: mpsc::Sender<Newcomer>,
}

#[derive(Debug)]
struct Bucket {
    store: kv::Store,
    client: Client,
}

/// A person for whom a key is wanted, and who waits for it.
struct Newcomer {
    person: PersonRef,
    new: KeyEntry,
    reply: oneshot::Sender<Result<KeyEntry, KeyStoreError>>,
}

fn away(error: impl std::fmt::Display) -> KeyStoreError {
    KeyStoreError(error.to_string())
}

impl NatsKeyStore {
    /// Opens the bucket, making it if there is none.
    ///
    /// # Errors
    /// The bus is away or refuses.
    pub async fn open(
        jetstream: &jetstream::Context,
        replicas: usize,
    ) -> Result<Self, KeyStoreError> {
        let store = match jetstream.get_key_value(PERSON_KEYS).await {
            Ok(store) => store,
            Err(_) => {
                let made = jetstream.create_stream(settings(replicas)).await;
                made.map_err(away)?;
                jetstream.get_key_value(PERSON_KEYS).await.map_err(away)?
            }
        };
        let bucket = Arc::new(Bucket {
            store,
            client: jetstream.client(),
        });
        let (newcomers, waiting) = mpsc::channel(WAITING);
        // Ends when the last handle is gone.
        tokio::spawn(store_groups(Arc::clone(&bucket), waiting));
        Ok(Self { bucket, newcomers })
    }
}

/// A KV bucket as the client makes one, that also takes atomic batches.
fn settings(replicas: usize) -> Config {
    Config {
        name: format!("KV_{PERSON_KEYS}"),
        description: Some(
            "keys of personal data, wrapped; destroying one erases the person".to_owned(),
        ),
        subjects: vec![format!("$KV.{PERSON_KEYS}.>")],
        // One: an erasure mark replaces the key on disk too.
        max_messages_per_subject: 1,
        max_message_size: LARGEST_ENTRY,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        num_replicas: replicas,
        allow_rollup: true,
        deny_delete: true,
        allow_direct: true,
        allow_atomic_publish: true,
        ..Config::default()
    }
}

#[async_trait]
impl KeyStore for NatsKeyStore {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError> {
        in_time(self.bucket.get(person)).await
    }

    async fn get_or_create(
        &self,
        person: &PersonRef,
        new: KeyEntry,
    ) -> Result<KeyEntry, KeyStoreError> {
        let (reply, answer) = oneshot::channel();
        let newcomer = Newcomer {
            person: person.clone(),
            new,
            reply,
        };
        let stopped = || KeyStoreError("the key store has stopped".into());
        in_time(async {
            let sent = self.newcomers.send(newcomer).await;
            sent.map_err(|_| stopped())?;
            answer.await.map_err(|_| stopped())?
        })
        .await
    }
}

async fn in_time<T>(
    asking: impl Future<Output = Result<T, KeyStoreError>>,
) -> Result<T, KeyStoreError> {
    let asked = tokio::time::timeout(CALLER_LIMIT, asking).await;
    asked.unwrap_or_else(|_| Err(KeyStoreError("no answer in time".into())))
}

/// Stores what waits, group after group.
async fn store_groups(bucket: Arc<Bucket>, mut waiting: mpsc::Receiver<Newcomer>) {
    let mut group = Vec::with_capacity(GROUP);
    while waiting.recv_many(&mut group, GROUP).await > 0 {
        // Several may wait for the same person: they get the same key.
        let mut people: BTreeMap<PersonRef, Vec<Newcomer>> = BTreeMap::new();
        for newcomer in group.drain(..) {
            people
                .entry(newcomer.person.clone())
                .or_default()
                .push(newcomer);
        }
        let wanted = people
            .iter()
            .filter_map(|(person, newcomers)| {
                Some((person.clone(), newcomers.first()?.new.clone()))
            })
            .collect();
        bucket.store_group(wanted, &mut people).await;
    }
}

fn answer(
    people: &mut BTreeMap<PersonRef, Vec<Newcomer>>,
    person: &PersonRef,
    entry: &Result<KeyEntry, KeyStoreError>,
) {
    for newcomer in people.remove(person).unwrap_or_default() {
        // A caller that has gone needs no answer.
        let _ = newcomer.reply.send(entry.clone());
    }
}

impl Bucket {
    async fn store_group(
        &self,
        wanted: Vec<(PersonRef, KeyEntry)>,
        people: &mut BTreeMap<PersonRef, Vec<Newcomer>>,
    ) {
        let (known, unknown): (Vec<_>, Vec<_>) = match wanted.len() {
            0 | 1 => (wanted, Vec::new()),
            _ => {
                let present = self.present(&wanted).await.unwrap_or_default();
                let is_present = |(person, _): &(PersonRef, KeyEntry)| present.contains(person);
                wanted.into_iter().partition(is_present)
            }
        };
        let mut singly = known;
        if !unknown.is_empty() {
            if self.create_together(&unknown).await.is_ok() {
                for (person, entry) in unknown {
                    answer(people, &person, &Ok(entry));
                }
            } else {
                singly.extend(unknown);
            }
        }
        let mut singly = singly.into_iter();
        let one_by_one = |(person, new): (PersonRef, KeyEntry)| async move {
            let entry = self.get_or_create_one(&person, new).await;
            (person, entry)
        };
        let mut asking: FuturesUnordered<_> =
            singly.by_ref().take(AT_ONCE).map(one_by_one).collect();
        while let Some((person, entry)) = asking.next().await {
            answer(people, &person, &entry);
            asking.extend(singly.next().map(one_by_one));
        }
    }

    fn subject(&self, person: &PersonRef) -> String {
        format!("{}{person}", self.store.prefix)
    }

    fn connected(&self) -> Result<(), KeyStoreError> {
        // A request over a lost connection would wait for the next one, and its caller with it.
        if self.client.connection_state() == State::Connected {
            Ok(())
        } else {
            Err(KeyStoreError("the bus is away".into()))
        }
    }

    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError> {
        self.connected()?;
        // Not `Store::get`: that may ask a follower, which may not have the latest entry yet.
        let subject = self.subject(person);
        let message = match self
            .store
            .stream
            .get_last_raw_message_by_subject(&subject)
            .await
        {
            Ok(message) => message,
            Err(error)
                if error.kind() == jetstream::stream::LastRawMessageErrorKind::NoMessageFound =>
            {
                return Ok(None);
            }
            Err(error) => return Err(away(error)),
        };
        serde_json::from_slice(&message.payload)
            .map(Some)
            .map_err(|error| KeyStoreError(format!("an entry that is none: {error}")))
    }

    async fn get_or_create_one(
        &self,
        person: &PersonRef,
        new: KeyEntry,
    ) -> Result<KeyEntry, KeyStoreError> {
        if let Some(entry) = self.get(person).await? {
            return Ok(entry);
        }
        // Revision 0: the subject must have no message at all, not even a deletion marker.
        let bytes = encode(&new)?;
        match self.store.update(person.as_str(), bytes, 0).await {
            Ok(_) => Ok(new),
            // Whatever the error says (its code differs between one replica and three, and a timeout says nothing):
            // if there is an entry now, it is the one, even if it is this very one.
            Err(error) => match self.get(person).await? {
                Some(entry) => Ok(entry),
                None => Err(away(error)),
            },
        }
    }

    /// Those who surely have an entry. Asks whatever replica answers: one that lags may leave some out.
    async fn present(
        &self,
        wanted: &[(PersonRef, KeyEntry)],
    ) -> Result<BTreeSet<PersonRef>, KeyStoreError> {
        self.connected()?;
        let inbox = self.client.new_inbox();
        let mut answers = self.client.subscribe(inbox.clone()).await.map_err(away)?;
        let subjects: Vec<String> = wanted
            .iter()
            .map(|(person, _)| self.subject(person))
            .collect();
        let request = serde_json::json!({ "multi_last": subjects, "batch": GROUP });
        let direct = format!("$JS.API.DIRECT.GET.KV_{PERSON_KEYS}");
        self.client
            .publish_with_reply(direct, inbox, request.to_string().into())
            .await
            .map_err(away)?;
        let mut present = BTreeSet::new();
        loop {
            let message = tokio::time::timeout(REQUEST_LIMIT, answers.next()).await;
            let message = message
                .ok()
                .flatten()
                .ok_or_else(|| KeyStoreError("no answer to a read".into()))?;
            match message.status.map(|status| status.as_u16()) {
                None | Some(200) => {
                    let headers = message.headers.unwrap_or_default();
                    let person = headers
                        .get(header::NATS_SUBJECT)
                        .and_then(|subject| subject.as_str().strip_prefix(&*self.store.prefix))
                        .and_then(PersonRef::parse);
                    present.extend(person);
                }
                Some(NOT_FOUND | END_OF_ANSWERS) => return Ok(present),
                Some(status) => return Err(KeyStoreError(format!("read refused: {status}"))),
            }
        }
    }

    /// Stores all of these, or none: none if any of them has an entry.
    async fn create_together(&self, new: &[(PersonRef, KeyEntry)]) -> Result<(), KeyStoreError> {
        let Some(((last, last_entry), before)) = new.split_last() else {
            return Ok(());
        };
        let batch = Uuid::new_v4().simple().to_string();
        for (number, (person, entry)) in (1_usize..).zip(before) {
            // No reply subject: the server checks everything at the commit and answers there.
            self.client
                .publish_with_headers(
                    self.subject(person),
                    batched(&batch, number),
                    encode(entry)?,
                )
                .await
                .map_err(away)?;
        }
        let mut headers = batched(&batch, new.len());
        headers.insert(header::NATS_BATCH_COMMIT, "1");
        let request = Request::new()
            .headers(headers)
            .payload(encode(last_entry)?)
            .timeout(Some(REQUEST_LIMIT));
        let answer = self
            .client
            .send_request(self.subject(last), request)
            .await
            .map_err(away)?;
        let answer: Acknowledgement = serde_json::from_slice(&answer.payload).map_err(away)?;
        if answer.seq > 0 && answer.error.is_none() {
            Ok(())
        } else {
            Err(KeyStoreError("the batch was refused".into()))
        }
    }
}

#[derive(Deserialize)]
struct Acknowledgement {
    #[serde(default)]
    seq: u64,
    error: Option<serde::de::IgnoredAny>,
}

fn batched(batch: &str, number: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
        HeaderValue::from(0_u64),
    );
    headers.insert(header::NATS_BATCH_ID, batch);
    headers.insert(
        header::NATS_BATCH_SEQUENCE,
        HeaderValue::from(number as u64),
    );
    headers
}

fn encode(entry: &KeyEntry) -> Result<Bytes, KeyStoreError> {
    serde_json::to_vec(entry).map(Bytes::from).map_err(away)
}
