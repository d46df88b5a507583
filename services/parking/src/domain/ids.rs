//! Names of things: each its own type, so that a zone is never taken for a bay, and each safe as an aggregate id.

use chassis::domain::AggregateKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 64 ASCII letters, digits, `-` and `_`.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// `None` unless it is 1 to 64 ASCII letters, digits, `-` and `_`.
            pub fn new(text: &str) -> Option<Self> {
                AggregateKey::is_valid_id(text).then(|| Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                Self::new(&text).ok_or_else(|| concat!("no ", stringify!($name)).to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A parking zone, e.g. `mudan-centre`.
    ZoneId
}
name! {
    /// A bay (泊位), by its city-wide code (Beijing parking regulations art. 23: bays are coded uniformly).
    BayId
}
name! {
    /// A tariff with all its versions, e.g. `class-1`.
    TariffId
}
name! {
    /// A parking session: one stay of one vehicle in one bay.
    SessionId
}
name! {
    /// The permit by which a road is occupied; the permits service gives it.
    OccupationId
}
name! {
    /// A sensor, camera or handheld that sends readings.
    SourceId
}
name! {
    /// A payment provider, e.g. `wechat-pay`.
    ProviderId
}

/// An aggregate id for something whose own name must not stand in a subject: 32 hexadecimal digits.
///
/// This hides a plate from subjects and logs; it is no secret, because all plates can be tried.
pub fn digest_id(domain: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    hash.update(domain.as_bytes());
    for part in parts {
        // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_safe_token_or_does_not_exist() {
        assert!(BayId::new("8729").is_some());
        assert!(BayId::new(&"a".repeat(64)).is_some());
        for bad in ["", "a.b", "a b", "泊位", "a*", "a>", &"a".repeat(65)] {
            assert!(BayId::new(bad).is_none(), "{bad:?}");
        }
        assert!(serde_json::from_str::<BayId>("\"a.b\"").is_err());
    }

    #[test]
    fn digests_keep_the_borders_of_their_parts() {
        assert_ne!(digest_id("x", &["ab", "c"]), digest_id("x", &["a", "bc"]));
        assert!(AggregateKey::is_valid_id(&digest_id("x", &["鲁R"])));
    }
}
