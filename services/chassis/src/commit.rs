//! A commit: the events that one command recorded on one aggregate, and who, when, why and from where.
//!
//! Stored as JSON, so that in ten years any tool can still read what was decided. Each commit holds the hash of the
//! previous commit of its aggregate: a chain that makes loss and tampering evident.

use crate::domain::{Actor, Channel, Revision};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the envelope below; readers refuse a newer one instead of guessing.
pub const FORMAT: u32 = 1;

/// Everything about a commit but its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Version of this envelope.
    pub format: u32,
    /// Unique to this aggregate's share of this attempt's transaction.
    pub commit_id: Uuid,
    /// What the caller and the request id make unique: the same for all commits of one command and for its repetitions.
    pub command_id: Uuid,
    /// On the last commit of a command that can be repeated: what a repetition must match, and what it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestMark>,
    pub actor: Actor,
    pub channel: Channel,
    /// When the command was decided; the same on all commits of one command.
    pub time: Timestamp,
    /// The first cause: the command that started the chain of events and reactions this commit belongs to.
    pub correlation_id: Uuid,
    /// The published event or timer that asked for the command, if no caller did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Hash of the aggregate's previous commit; zeros on the first.
    #[serde(with = "hex_hash")]
    pub previous: [u8; 16],
}

/// The request that a command's last commit answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMark {
    /// Hash of method and body: tells a repetition from another request under the same id.
    #[serde(with = "hex_hash")]
    pub fingerprint: [u8; 16],
    /// Type and id of the aggregate that the answer is about, if it is another than the one that the commit is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<(String, String)>,
}

/// Metadata and events; what is stored is its JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub metadata: Metadata,
    /// At least one.
    pub events: Vec<Box<RawValue>>,
}

/// A stored commit that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("not a commit: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(
        "written in envelope format {0}; this version reads up to {FORMAT}: upgrade the service"
    )]
    Newer(u32),
    #[error("holds no events")]
    Empty,
    #[error("does not continue its aggregate's chain: expected {expected}, found {found}")]
    Unchained { expected: String, found: String },
    #[error("event {index} is unknown to this version: {source}")]
    UnknownEvent {
        index: usize,
        source: serde_json::Error,
    },
}

impl Commit {
    /// # Panics
    /// Never: metadata and events are plain data.
    pub fn encode(&self) -> Bytes {
        serde_json::to_vec(self)
            .expect("plain data is always JSON")
            .into()
    }

    /// # Errors
    /// [`Unreadable`] for anything but a commit of a known format with at least one event. Never panics.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let commit: Self = serde_json::from_slice(bytes)?;
        if commit.metadata.format > FORMAT {
            return Err(Unreadable::Newer(commit.metadata.format));
        }
        if commit.events.is_empty() {
            return Err(Unreadable::Empty);
        }
        Ok(commit)
    }
}

impl Metadata {
    /// Whether this commit directly continues the chain that ends in `revision`.
    ///
    /// # Errors
    /// [`Unreadable::Unchained`] if it does not: a commit was lost or altered.
    pub fn continues(&self, revision: &Revision) -> Result<(), Unreadable> {
        if self.previous == revision.hash {
            return Ok(());
        }
        Err(Unreadable::Unchained {
            expected: hex::encode(revision.hash),
            found: hex::encode(self.previous),
        })
    }
}

/// The hash by which the next commit refers to this one: the first half of its bytes' SHA-256.
pub fn hash(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(bytes)[..16]);
    half
}

mod hex_hash {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 16], to: S) -> Result<S::Ok, S::Error> {
        let mut text = [0_u8; 32];
        hex::encode_to_slice(hash, &mut text).expect("16 bytes are 32 digits");
        to.serialize_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 16], D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        let mut hash = [0; 16];
        hex::decode_to_slice(&*text, &mut hash).map_err(D::Error::custom)?;
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commit() -> Commit {
        Commit {
            metadata: Metadata {
                format: FORMAT,
                commit_id: Uuid::from_u128(1),
                command_id: Uuid::from_u128(2),
                request: Some(RequestMark {
                    fingerprint: [7; 16],
                    answer: None,
                }),
                actor: Actor::system("test"),
                channel: Channel::Api,
                time: Timestamp::UNIX_EPOCH,
                correlation_id: Uuid::from_u128(2),
                causation_id: None,
                traceparent: None,
                previous: [0; 16],
            },
            events: vec![RawValue::from_string("{\"Opened\":{}}".into()).expect("JSON")],
        }
    }

    #[test]
    fn a_commit_survives_its_encoding() {
        let bytes = commit().encode();
        let read = Commit::decode(&bytes).expect("readable");
        assert_eq!(read.metadata, commit().metadata);
        assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn a_commit_of_a_newer_format_is_refused_not_guessed() {
        let mut newer = commit();
        newer.metadata.format = FORMAT + 1;
        assert!(matches!(
            Commit::decode(&newer.encode()),
            Err(Unreadable::Newer(_))
        ));
    }

    #[test]
    fn a_commit_without_events_is_refused() {
        let mut empty = commit();
        empty.events.clear();
        assert!(matches!(
            Commit::decode(&empty.encode()),
            Err(Unreadable::Empty)
        ));
    }

    #[test]
    fn a_broken_chain_is_noticed() {
        let first = commit().encode();
        let mut second = commit();
        second.metadata.previous = hash(&first);
        let after_first = Revision {
            position: 1,
            hash: hash(&first),
        };
        assert!(second.metadata.continues(&after_first).is_ok());
        assert!(second.metadata.continues(&Revision::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_commit_or_an_error_never_a_panic(bytes: Vec<u8>) {
            let _ = Commit::decode(&bytes);
        }

        #[test]
        fn a_changed_byte_never_passes_unnoticed(at in 0_usize..200, flip in 1_u8..) {
            let before = commit().encode();
            let mut after = before.to_vec();
            let at = at % after.len();
            after[at] ^= flip;
            prop_assert_ne!(hash(&before), hash(&after));
        }
    }
}
