//! Where the persons' keys are kept: a NATS KV bucket, or memory in tests.

use crate::domain::PersonRef;
use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::{self, kv};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Debug;

/// The bucket's name. One for the whole suite: a person is the same in every service.
pub const PERSON_KEYS: &str = "PERSON_KEYS";
/// Largest entry in bytes.
const LARGEST_ENTRY: i32 = 1024;

/// What the store holds for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyEntry {
    /// The data key under master key `master`: nonce and ciphertext.
    Wrapped {
        master: String,
        #[serde(with = "base64_text")]
        bytes: Vec<u8>,
    },
    /// The key was destroyed. Stays for ever, so that no late copy comes back.
    Erased { at: Timestamp },
}

/// The store cannot be reached, or holds what nobody wrote.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the person keys are out of reach: {0}")]
pub struct KeyStoreError(pub String);

/// Keeps one entry a person.
///
/// - [`KeyStore::get`] sees every create and erasure that was acknowledged before it was called;
/// - of several creates for one person exactly one succeeds, on whatever replica;
/// - a create never replaces anything, an erasure mark least of all.
#[async_trait]
pub trait KeyStore: Debug + Send + Sync + 'static {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError>;

    /// `false` if there is an entry already.
    async fn create(&self, person: &PersonRef, entry: &KeyEntry) -> Result<bool, KeyStoreError>;
}

/// The bucket [`PERSON_KEYS`].
#[derive(Clone, Debug)]
pub struct NatsKeyStore {
    bucket: kv::Store,
    client: Client,
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
        if let Ok(store) = jetstream.get_key_value(PERSON_KEYS).await {
            return Ok(Self {
                bucket: store,
                client: jetstream.client(),
            });
        }
        let config = kv::Config {
            bucket: PERSON_KEYS.to_owned(),
            description: "keys of personal data, wrapped; destroying one erases the person"
                .to_owned(),
            // One: an erasure mark replaces the key on disk too.
            history: 1,
            max_value_size: LARGEST_ENTRY,
            num_replicas: replicas,
            ..kv::Config::default()
        };
        jetstream
            .create_key_value(config)
            .await
            .map(|bucket| Self {
                bucket,
                client: jetstream.client(),
            })
            .map_err(|error| KeyStoreError(error.to_string()))
    }
}

#[async_trait]
impl KeyStore for NatsKeyStore {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError> {
        // A request over a lost connection would wait for the next one, and its caller with it.
        if self.client.connection_state() != State::Connected {
            return Err(KeyStoreError("the bus is away".into()));
        }
        // Not `Store::get`: that may ask a follower, which may not have the latest entry yet.
        let subject = format!("{}{person}", self.bucket.prefix);
        let message = match self
            .bucket
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
            Err(error) => return Err(KeyStoreError(error.to_string())),
        };
        serde_json::from_slice(&message.payload)
            .map(Some)
            .map_err(|error| KeyStoreError(format!("an entry that is none: {error}")))
    }

    async fn create(&self, person: &PersonRef, entry: &KeyEntry) -> Result<bool, KeyStoreError> {
        let bytes = serde_json::to_vec(entry).map_err(|error| KeyStoreError(error.to_string()))?;
        // Revision 0: the subject must have no message at all, not even a deletion marker.
        match self.bucket.update(person.as_str(), bytes.into(), 0).await {
            Ok(_) => Ok(true),
            // Whatever the error says (its code differs between one replica and three, and a timeout says nothing):
            // if there is an entry now, the caller reads it, and uses it even if it is its own.
            Err(error) => match self.get(person).await? {
                Some(_) => Ok(false),
                None => Err(KeyStoreError(error.to_string())),
            },
        }
    }
}

/// For tests.
#[derive(Debug, Default)]
pub struct MemoryKeyStore(Mutex<HashMap<PersonRef, KeyEntry>>);

impl MemoryKeyStore {
    /// Replaces a person's key by an erasure mark.
    pub fn erase(&self, person: &PersonRef, at: Timestamp) {
        self.0
            .lock()
            .insert(person.clone(), KeyEntry::Erased { at });
    }
}

#[async_trait]
impl KeyStore for MemoryKeyStore {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError> {
        Ok(self.0.lock().get(person).cloned())
    }

    async fn create(&self, person: &PersonRef, entry: &KeyEntry) -> Result<bool, KeyStoreError> {
        use std::collections::hash_map::Entry;
        match self.0.lock().entry(person.clone()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(vacant) => {
                vacant.insert(entry.clone());
                Ok(true)
            }
        }
    }
}

mod base64_text {
    use super::{Engine, STANDARD_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)
    }
}
