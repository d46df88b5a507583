//! Where the persons' keys are kept: what a store promises, and one in memory for tests.

use crate::domain::PersonRef;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Debug;

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
/// - of several new entries for one person exactly one is stored, on whatever replica, and all callers get that one;
/// - a new entry never replaces anything, an erasure mark least of all.
#[async_trait]
pub trait KeyStore: Debug + Send + Sync + 'static {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError>;

    /// The person's entry: the one that is there, else `new`, which is then stored.
    async fn get_or_create(
        &self,
        person: &PersonRef,
        new: KeyEntry,
    ) -> Result<KeyEntry, KeyStoreError>;
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

    async fn get_or_create(
        &self,
        person: &PersonRef,
        new: KeyEntry,
    ) -> Result<KeyEntry, KeyStoreError> {
        Ok(self.0.lock().entry(person.clone()).or_insert(new).clone())
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
