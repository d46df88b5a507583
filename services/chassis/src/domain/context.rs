//! What a decision may know beside the state: who asks, through which channel, and what time it is.

use super::{Invalid, LegalCalendar, PersonRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Who gave a command. Stored in the commit's metadata, so it holds no personal data: `id` is an account or a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Stable opaque account id, e.g. `partner:cityworks`, `officer:H1024`, `system:timer`; of a citizen `person:` and
    /// their reference. At most 64 bytes.
    pub id: String,
    /// The districts for which an officer may decide. Empty: none (applicants, partner systems).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub districts: Vec<District>,
}

impl Actor {
    /// The runtime itself, acting because time has passed or because another service's event asks for it.
    pub fn system(name: &str) -> Self {
        Self {
            id: format!("system:{name}"),
            districts: Vec::new(),
        }
    }

    pub fn is_system(&self) -> bool {
        self.id.starts_with("system:")
    }

    /// The citizen whose own account this is: whoever issues tokens has identified the person.
    pub fn person(&self) -> Option<PersonRef> {
        PersonRef::parse(self.id.strip_prefix("person:")?)
    }

    /// Whether this officer may decide for `district`: the officer's own district, or the whole city.
    pub fn decides_for(&self, district: District) -> bool {
        self.districts
            .iter()
            .any(|own| *own == district || own.is_city_of(district))
    }
}

/// A six-digit administrative division code (GB/T 2260): `371702` is Mudan district, `371700` the city of Heze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct District(u32);

impl District {
    /// `None` unless the code has six digits, the first not zero.
    pub const fn new(code: u32) -> Option<Self> {
        if code >= 100_000 && code <= 999_999 {
            Some(Self(code))
        } else {
            None
        }
    }

    /// # Errors
    /// If it is not six digits, the first not zero.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let code = text.parse().ok().filter(|_| digits);
        code.and_then(Self::new).ok_or_else(|| {
            Invalid::new("must be a six-digit division code", "应为六位行政区划代码")
        })
    }

    pub const fn code(self) -> u32 {
        self.0
    }

    /// Whether this is the prefecture-level code (`..00`) that `district` belongs to.
    pub fn is_city_of(self, district: District) -> bool {
        self.0.is_multiple_of(100) && self.0 / 100 == district.0 / 100
    }
}

impl TryFrom<u32> for District {
    type Error = String;
    fn try_from(code: u32) -> Result<Self, String> {
        Self::new(code).ok_or_else(|| format!("{code} is no six-digit division code"))
    }
}

impl From<District> for u32 {
    fn from(district: District) -> u32 {
        district.0
    }
}

impl std::fmt::Display for District {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// The way by which a command came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A partner system or an officer's system, over gRPC.
    Api,
    /// A service station's counter.
    Station,
    /// A dealer, on behalf of the buyer.
    Dealer,
    /// A citizen online.
    Online,
    /// An unmanned kiosk.
    Kiosk,
    /// A sensor, camera or handheld device.
    Device,
    /// A bulk import.
    Import,
    /// A deadline that passed.
    Timer,
    /// A published event of another service.
    Policy,
}

/// Everything but the state that a decision may depend on.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The time of the decision. All commits of one command carry this time.
    pub now: Timestamp,
    pub actor: &'a Actor,
    pub channel: Channel,
    /// Working days and public holidays, for legal time limits.
    pub calendar: &'a LegalCalendar,
    /// The command's identity: what its caller and request id make unique.
    pub command_id: Uuid,
}

impl Context<'_> {
    /// The id for something new: the same for every repetition of the same request, on whatever replica, so that a
    /// retry meets the guard of the first attempt. `role` tells apart several things made by one command.
    ///
    /// It keeps the time prefix of a command id that is a UUIDv7, because rows that arrive in key order are cheap.
    pub fn new_id(&self, role: &str) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(self.command_id.as_bytes());
        hash.update(role.as_bytes());
        let hash = hash.finalize();
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&hash[..16]);
        if self.command_id.get_version_num() == 7 {
            bytes[..6].copy_from_slice(&self.command_id.as_bytes()[..6]);
            uuid::Builder::from_bytes(bytes).with_version(uuid::Version::SortRand)
        } else {
            uuid::Builder::from_bytes(bytes).with_version(uuid::Version::Custom)
        }
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_citizens_own_if_it_bears_a_reference_and_nothing_else() {
        let by = |id: &str| Actor {
            id: id.into(),
            districts: Vec::new(),
        };
        let reference = "a".repeat(PersonRef::LENGTH);
        let person = by(&format!("person:{reference}")).person();
        assert_eq!(person, PersonRef::parse(&reference));
        for other in ["person:", "person:a", "officer:A1", &reference] {
            assert_eq!(by(other).person(), None, "{other}");
        }
    }
}
