//! A person as the domain may know one: a keyed hash that stands for the person, and data that only their key opens.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Stands for one person, the same wherever they appear, without saying who they are: a keyed hash of the identity.
///
/// 26 characters of `a`-`z` and `2`-`7` (130 bits): fits a subject token, a resource id and a key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonRef(Arc<str>);

impl PersonRef {
    pub const LENGTH: usize = 26;

    /// `None` unless `text` is what [`PersonRef::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == Self::LENGTH
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
        well_formed.then(|| Self(text.into()))
    }

    /// The first 130 bits of `hash`, five a character.
    pub(crate) fn from_hash(hash: &[u8; 32]) -> Self {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let text: String = (0..Self::LENGTH)
            .map(|at| {
                let bit = at * 5;
                let pair = u16::from_be_bytes([hash[bit / 8], hash[bit / 8 + 1]]);
                let five = (pair >> (11 - bit % 8)) & 0b1_1111;
                char::from(ALPHABET[usize::from(five)])
            })
            .collect();
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonRef {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a person reference")
    }
}

impl From<PersonRef> for String {
    fn from(person: PersonRef) -> Self {
        person.0.as_ref().to_owned()
    }
}

impl fmt::Display for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PersonRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Personal data under the person's own key. Fit for events and states; once the key is destroyed it is noise.
///
/// `format` says how `bytes` are laid out (see [`crate::sealing`]), so that events written today can be read for ever.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed {
    pub person: PersonRef,
    pub format: u8,
    /// Nonce and ciphertext, base64 so that an event's JSON stays compact.
    #[serde(with = "base64_bytes")]
    pub bytes: Box<[u8]>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {} bytes)", self.person, self.bytes.len())
    }
}

/// Text in JSON, plain bytes in postcard.
mod base64_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            STANDARD_NO_PAD.encode(bytes).serialize(to)
        } else {
            bytes.serialize(to)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<[u8]>, D::Error> {
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            STANDARD_NO_PAD
                .decode(text)
                .map(Vec::into_boxed_slice)
                .map_err(D::Error::custom)
        } else {
            Vec::<u8>::deserialize(from).map(Vec::into_boxed_slice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_back_from_its_text_and_nothing_else_is_a_reference() {
        let person = PersonRef::from_hash(&[0xA7; 32]);
        assert_eq!(PersonRef::parse(person.as_str()), Some(person.clone()));
        assert_eq!(person.as_str().len(), PersonRef::LENGTH);
        for bad in [
            "",
            "abc",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "abcdefghijklmnopqrstuvwxy1",
        ] {
            assert_eq!(PersonRef::parse(bad), None, "{bad}");
        }
        assert!(serde_json::from_str::<PersonRef>("\"too short\"").is_err());
    }

    #[test]
    fn every_one_of_the_first_130_bits_of_the_hash_counts() {
        let base = PersonRef::from_hash(&[0; 32]);
        for bit in 0..130 {
            let mut hash = [0; 32];
            hash[bit / 8] = 0x80 >> (bit % 8);
            assert_ne!(PersonRef::from_hash(&hash), base, "bit {bit}");
        }
    }

    #[test]
    fn sealed_data_survives_json_and_postcard() {
        let sealed = Sealed {
            person: PersonRef::from_hash(&[3; 32]),
            format: 1,
            bytes: (0..=255).collect(),
        };
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(serde_json::from_str::<Sealed>(&json).unwrap(), sealed);
        let bytes = postcard::to_allocvec(&sealed).unwrap();
        assert_eq!(postcard::from_bytes::<Sealed>(&bytes).unwrap(), sealed);
        assert!(
            bytes.len() < 256 + 26 + 8,
            "postcard must hold the bytes as they are"
        );
    }
}
