//! Ids of things, each thing's its own type, so that a zone is never taken for a bay.

use sha2::{Digest, Sha256};

/// A type for the ids of things that the service makes: UUIDs in lower case, the last segment of a resource name.
///
/// ```
/// chassis::uuid_id! {
///     /// The id of a permit.
///     PermitId
/// }
/// assert!(PermitId::parse("00000000-0000-8000-8000-000000000001").is_ok());
/// ```
#[macro_export]
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::text_id! {
            $(#[$doc])*
            ///
            /// A UUID in lower case with hyphens.
            $name
        }

        impl $name {
            /// # Errors
            /// If it is no UUID in lower case with hyphens.
            pub fn parse(text: &str) -> Result<Self, $crate::domain::Invalid> {
                if ::uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text) {
                    return Ok(Self(text.into()));
                }
                Err($crate::domain::Invalid::new(
                    "must be a lower-case UUID with hyphens",
                    "应为带连字符的小写 UUID",
                ))
            }

            pub fn new(id: ::uuid::Uuid) -> Self {
                Self(id.to_string().into())
            }
        }
    };
}

/// A type for the ids of things that have a name of their own: what is fit to be an aggregate id as it stands.
///
/// ```
/// chassis::named_id! {
///     /// A parking zone, e.g. `mudan-centre`.
///     ZoneId
/// }
/// assert!(ZoneId::parse("mudan-centre").is_ok());
/// assert!(ZoneId::parse("mudan.centre").is_err());
/// ```
#[macro_export]
macro_rules! named_id {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::text_id! {
            $(#[$doc])*
            ///
            /// 1 to 64 ASCII letters, digits, `-` and `_`.
            $name
        }

        impl $name {
            /// # Errors
            /// Unless it is 1 to 64 ASCII letters, digits, `-` and `_`.
            pub fn parse(text: &str) -> Result<Self, $crate::domain::Invalid> {
                if $crate::domain::AggregateKey::is_valid_id(text) {
                    return Ok(Self(text.into()));
                }
                Err($crate::domain::Invalid::new(
                    "must be 1 to 64 ASCII letters, digits, `-` and `_`",
                    "应为 1 至 64 个字母、数字、- 或 _",
                ))
            }
        }
    };
}

/// What both kinds of ids are made of: the text, shown as it is, stored as text and read back by `parse`.
#[doc(hidden)]
#[macro_export]
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(::std::sync::Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    };
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
    hex::encode(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::digest_id;
    use crate::domain::AggregateKey;

    crate::uuid_id! {
        /// A thing that the service makes.
        MadeId
    }
    crate::named_id! {
        /// A thing that has a name of its own.
        NamedId
    }

    #[test]
    fn a_made_id_is_a_uuid_in_its_one_form() {
        let id = MadeId::new(uuid::Uuid::from_u128(0xAB));
        assert_eq!(MadeId::parse(id.as_str()), Ok(id));
        for bad in [
            "",
            "00000000-0000-0000-0000-0000000000AB",
            "000000000000000000000000000000ab",
            "{00000000-0000-0000-0000-0000000000ab}",
        ] {
            assert!(MadeId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_a_safe_token_or_does_not_exist() {
        assert!(NamedId::parse("8729").is_ok());
        assert!(NamedId::parse(&"a".repeat(64)).is_ok());
        for bad in ["", "a.b", "a b", "泊位", "a*", "a>", &"a".repeat(65)] {
            assert!(NamedId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ids_are_stored_as_their_text_and_read_back_only_if_valid() {
        let json = r#""00000000-0000-0000-0000-0000000000ab""#;
        let made: MadeId = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&made).unwrap(), json);
        let named: NamedId = serde_json::from_str(r#""a-b""#).unwrap();
        assert_eq!(serde_json::to_string(&named).unwrap(), r#""a-b""#);
        assert!(serde_json::from_str::<MadeId>(r#""ab""#).is_err());
        assert!(serde_json::from_str::<NamedId>(r#""a.b""#).is_err());
    }

    #[test]
    fn digests_keep_the_borders_of_their_parts() {
        assert_ne!(digest_id("x", &["ab", "c"]), digest_id("x", &["a", "bc"]));
        assert!(AggregateKey::is_valid_id(&digest_id("x", &["鲁R"])));
    }
}
