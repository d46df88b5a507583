//! Personal data under a key of each person's own, so that destroying one key erases the person everywhere at once.
//!
//! ```text
//! identity ──keyed hash──> PersonRef ──> PERSON_KEYS bucket: data key wrapped by the master key, or an erasure mark
//!                                              │
//! plain value + person + field name ──seal──> Sealed (in events, states, projections) ──open──> value, or None: erased
//! ```
//!
//! Layouts, which stay readable for ever (a new layout gets a new number):
//!
//! - [`Sealed`] format 1: nonce (24 bytes), then XChaCha20-Poly1305 of the value in postcard. Associated data: format,
//!   person, and the name of the field, so that nothing can be moved to another person or another field.
//! - a key entry, JSON: `{"wrapped":{"master":ID,"bytes":BASE64}}` (nonce and ciphertext; associated data: the
//!   person) or `{"erased":{"at":TIME}}`. A mark is never overwritten.

mod bucket;
mod keys;

pub use bucket::{NatsKeyStore, PERSON_KEYS};
pub use keys::{KeyEntry, KeyStore, KeyStoreError, MemoryKeyStore};

use crate::config::SealingKeys;
use crate::domain::values::Identity;
use crate::domain::{PersonRef, Sealed};
use crate::random;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use quick_cache::sync::Cache;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use zeroize::{Zeroize, Zeroizing};

const FORMAT: u8 = 1;
const NONCE: usize = 24;
/// Largest plain value in bytes: a person's particulars, not a document.
const LARGEST_PLAIN: usize = 16 * 1024;
/// Data keys held in memory.
const CACHED_KEYS: usize = 10_000;
/// How long a data key is held: the longest that a replica can still open an erased person's data.
const CACHED_FOR: Duration = Duration::from_secs(30);

/// Why something was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// The person's key was destroyed: nothing can be sealed for them under this reference any more.
    #[error("the person has been erased")]
    Erased,
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    #[error("no master key `{0}` is configured")]
    UnknownMasterKey(String),
    /// The data is not what was sealed for this person and field.
    #[error("sealed data cannot be opened: {0}")]
    Damaged(&'static str),
    #[error("the value cannot be sealed: {0}")]
    Unsealable(&'static str),
}

/// Seals and opens personal data.
#[derive(Clone, Debug)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    person_key: Zeroizing<[u8; 32]>,
    current: String,
    masters: BTreeMap<String, XChaCha20Poly1305>,
    store: Arc<dyn KeyStore>,
    cache: Cache<PersonRef, Cached>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("master", &self.current)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Cached {
    cipher: Arc<XChaCha20Poly1305>,
    until: Instant,
}

/// The reference of the person with this identity, under the person key that all services share.
///
/// `kind` tells apart number spaces (`resident-id`, `passport`, `social-credit-code`). Case and white space of `number` do not
/// matter.
pub fn person_ref(person_key: &[u8; 32], kind: &str, number: &str) -> PersonRef {
    let mut normal: Zeroizing<String> = Zeroizing::new(String::with_capacity(number.len()));
    normal.extend(
        number
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase()),
    );
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(person_key).expect("a key of any length");
    mac.update(&(kind.len() as u64).to_le_bytes());
    mac.update(kind.as_bytes());
    mac.update(normal.as_bytes());
    PersonRef::from_hash(&mac.finalize().into_bytes().into())
}

impl Sealer {
    pub fn new(keys: &SealingKeys, store: Arc<dyn KeyStore>) -> Self {
        let masters = keys
            .masters
            .iter()
            .map(|(id, key)| (id.clone(), cipher(key)))
            .collect();
        Self(Arc::new(Inner {
            person_key: keys.person.clone(),
            current: keys.current.clone(),
            masters,
            store,
            cache: Cache::new(CACHED_KEYS),
        }))
    }

    /// The reference of the person with this identity: see [`person_ref`].
    pub fn person(&self, kind: &str, number: &str) -> PersonRef {
        person_ref(&self.0.person_key, kind, number)
    }

    /// The reference of the person whom a document names.
    pub fn person_of(&self, identity: &Identity) -> PersonRef {
        self.person(identity.kind(), identity.number())
    }

    /// Seals `value` for a person. `field` names what it is (`applicant.contact`) and is needed to open it.
    ///
    /// # Errors
    /// [`SealingError::Erased`]; the key store is away; the value is larger than 16 KiB.
    pub async fn seal<T: Serialize + Sync>(
        &self,
        person: &PersonRef,
        field: &str,
        value: &T,
    ) -> Result<Sealed, SealingError> {
        let plain = postcard::to_allocvec(value)
            .map(Zeroizing::new)
            .map_err(|_| SealingError::Unsealable("it has no binary form"))?;
        if plain.len() > LARGEST_PLAIN {
            return Err(SealingError::Unsealable("it is larger than 16 KiB"));
        }
        let cipher = self.key(person, true).await?.ok_or(SealingError::Erased)?;
        let nonce: [u8; NONCE] = random::bytes();
        let payload = Payload {
            msg: &plain,
            aad: &associated(FORMAT, person, field),
        };
        let ciphertext = cipher
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| SealingError::Unsealable("encryption failed"))?;
        Ok(Sealed {
            person: person.clone(),
            format: FORMAT,
            bytes: [nonce.as_slice(), &ciphertext].concat().into(),
        })
    }

    /// What was sealed; `None` if the person has been erased.
    ///
    /// Wrap what you get in a type that wipes itself ([`zeroize::Zeroize`]), and keep it short.
    ///
    /// # Errors
    /// The key store is away; the data was sealed for another field or person, or is damaged.
    pub async fn open<T: DeserializeOwned + Zeroize>(
        &self,
        sealed: &Sealed,
        field: &str,
    ) -> Result<Option<Zeroizing<T>>, SealingError> {
        if sealed.format != FORMAT {
            return Err(SealingError::Damaged("of a format unknown here"));
        }
        let Some((nonce, ciphertext)) = sealed.bytes.split_at_checked(NONCE) else {
            return Err(SealingError::Damaged("too short"));
        };
        let Some(cipher) = self.key(&sealed.person, false).await? else {
            return Ok(None);
        };
        let payload = Payload {
            msg: ciphertext,
            aad: &associated(sealed.format, &sealed.person, field),
        };
        let plain = cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| SealingError::Damaged("not sealed for this person and field"))?;
        postcard::from_bytes(&plain)
            .map(|value| Some(Zeroizing::new(value)))
            .map_err(|_| SealingError::Damaged("not a value of this type"))
    }

    /// The person's data key. `None` if erased, or, unless `create`, if there never was one.
    async fn key(
        &self,
        person: &PersonRef,
        create: bool,
    ) -> Result<Option<Arc<XChaCha20Poly1305>>, SealingError> {
        if let Some(cached) = self.0.cache.get(person)
            && Instant::now() < cached.until
        {
            return Ok(Some(cached.cipher));
        }
        let entry = if create {
            // Made before it is known whether there is one: a key costs less than a question.
            let key: Zeroizing<[u8; 32]> = Zeroizing::new(random::bytes());
            let new = self.wrap(person, &key)?;
            Some(self.0.store.get_or_create(person, new).await?)
        } else {
            self.0.store.get(person).await?
        };
        match entry {
            None => Ok(None),
            Some(KeyEntry::Erased { .. }) => {
                self.0.cache.remove(person);
                Ok(None)
            }
            Some(KeyEntry::Wrapped { master, bytes }) => {
                let key = self.unwrap(person, &master, &bytes)?;
                Ok(Some(self.remember(person, &key)))
            }
        }
    }

    fn remember(&self, person: &PersonRef, key: &[u8; 32]) -> Arc<XChaCha20Poly1305> {
        let cipher = Arc::new(cipher(key));
        let cached = Cached {
            cipher: Arc::clone(&cipher),
            until: Instant::now() + CACHED_FOR,
        };
        self.0.cache.insert(person.clone(), cached);
        cipher
    }

    fn wrap(&self, person: &PersonRef, key: &[u8; 32]) -> Result<KeyEntry, SealingError> {
        let master = self.master(&self.0.current)?;
        let nonce: [u8; NONCE] = random::bytes();
        let payload = Payload {
            msg: key,
            aad: person.as_str().as_bytes(),
        };
        let wrapped = master
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| SealingError::Unsealable("encryption failed"))?;
        Ok(KeyEntry::Wrapped {
            master: self.0.current.clone(),
            bytes: [nonce.as_slice(), &wrapped].concat(),
        })
    }

    fn unwrap(
        &self,
        person: &PersonRef,
        master: &str,
        bytes: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, SealingError> {
        let damaged = SealingError::Damaged("the person's key is not what was wrapped for them");
        let Some((nonce, wrapped)) = bytes.split_at_checked(NONCE) else {
            return Err(damaged);
        };
        let payload = Payload {
            msg: wrapped,
            aad: person.as_str().as_bytes(),
        };
        let plain = self
            .master(master)?
            .decrypt(XNonce::from_slice(nonce), payload)
            .map(Zeroizing::new);
        let mut key = Zeroizing::new([0; 32]);
        match plain {
            Ok(plain) if plain.len() == key.len() => {
                key.copy_from_slice(&plain);
                Ok(key)
            }
            _ => Err(damaged),
        }
    }

    fn master(&self, id: &str) -> Result<&XChaCha20Poly1305, SealingError> {
        self.0
            .masters
            .get(id)
            .ok_or_else(|| SealingError::UnknownMasterKey(id.to_owned()))
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

/// What a ciphertext is bound to. Unambiguous: a person reference has a fixed length.
fn associated(format: u8, person: &PersonRef, field: &str) -> Vec<u8> {
    [&[format], person.as_str().as_bytes(), field.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
