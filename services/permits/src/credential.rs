//! The signed credential of a granted permit (JWS, EdDSA): an officer verifies it with the published key set and no network.
//!
//! It holds what an officer at the roadside compares with what is there, and nothing personal.

use crate::contract;
use crate::domain::application::Application;
use crate::domain::ground::Ground;
use crate::domain::permit::Permit;
use crate::domain::values::PermitId;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who issues.
pub const ISSUER: &str = "traffic/permits";

/// Longer texts are no credential.
const LONGEST: usize = 16 * 1024;

/// Bytes of a public key of Ed25519.
const ED25519_KEY: usize = 32;

/// What a credential says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// `permits/{permit}`.
    pub sub: String,
    /// Unix seconds.
    pub iat: i64,
    /// Valid from, Unix seconds.
    pub nbf: i64,
    /// Valid until, Unix seconds.
    pub exp: i64,
    /// 1, and one more with each amendment: the highest counts.
    pub version: u32,
    /// `road_occupation`, `toxic_transport` or `oversize_transport`.
    pub kind: String,
    pub district: String,
    /// Credit code of the holder.
    pub holder: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roads: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plates: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub un_number: Option<String>,
    /// Height, width, length in millimetres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions_mm: Option<[u32; 3]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_kg: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_speed_kmh: Option<u8>,
}

/// What the credential of a permit says at the time `now`.
///
/// # Errors
/// If it is not granted, is over, or must not be used just now.
pub fn claims(id: &PermitId, permit: &Permit, now: Timestamp) -> Result<Claims, Ground> {
    let grant = match &permit.grant {
        Some(grant) if permit.stage.is_granted() => grant,
        _ => {
            return Err(Ground::WrongState {
                is: permit.stage.as_str(),
                needs: "approved or in_use",
            });
        }
    };
    if permit.is_suspended() {
        return Err(Ground::Suspended);
    }
    let mut claims = Claims {
        iss: ISSUER.to_owned(),
        sub: contract::name(id),
        iat: now.as_second(),
        nbf: grant.valid_from.as_second(),
        exp: grant.valid_until.as_second(),
        version: grant.version,
        kind: permit.kind().as_str().to_owned(),
        district: permit.district.to_string(),
        holder: permit.applicant.credit_code.to_string(),
        roads: Vec::new(),
        plates: contract::plates(&permit.application),
        un_number: None,
        dimensions_mm: None,
        total_kg: None,
        max_speed_kmh: grant.run_order.as_ref().map(|order| order.max_speed_kmh),
    };
    match &permit.application {
        Application::RoadOccupation(occupation) => {
            claims.roads = occupation
                .stretch
                .roads
                .iter()
                .map(ToString::to_string)
                .collect();
        }
        Application::ToxicTransport(transport) => {
            claims.un_number = Some(transport.chemical.un_number.to_string());
        }
        Application::OversizeTransport(transport) => {
            let size = transport.dimensions;
            claims.dimensions_mm = Some([size.height_mm, size.width_mm, size.length_mm]);
            claims.total_kg = Some(transport.masses.total_kg());
        }
    }
    Ok(claims)
}

/// Signs credentials with the service's key.
pub struct Signer {
    key_id: String,
    signing: EncodingKey,
    public: [u8; 32],
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The key cannot be used, or a credential cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("credential key: {0}")]
pub struct KeyError(String);

impl Signer {
    /// # Errors
    /// If it is no Ed25519 private key in PKCS#8 PEM.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Self::of(&SigningKey::from_pkcs8_pem(pem).map_err(|error| KeyError(error.to_string()))?)
    }

    /// # Errors
    /// Never for 32 bytes; the library's encoder could fail.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::of(&SigningKey::from_bytes(seed))
    }

    fn of(key: &SigningKey) -> Result<Self, KeyError> {
        let der = key
            .to_pkcs8_der()
            .map_err(|error| KeyError(error.to_string()))?;
        let public = key.verifying_key().to_bytes();
        Ok(Self {
            key_id: URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..12]),
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            public,
        })
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    pub fn key_set(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.key_id, "x": URL_SAFE_NO_PAD.encode(self.public),
        }] })
    }

    /// # Errors
    /// If the library cannot sign, which would be a bug.
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
            .map_err(|error| KeyError(error.to_string()))
    }
}

/// Why a credential is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    #[error("not a credential: {0}")]
    Malformed(String),
    #[error("not a key set: {0}")]
    KeySet(String),
    #[error("signed with a key that is not in the key set: fetch the key set anew")]
    UnknownKey,
    #[error("the signature is wrong: the credential is forged or altered")]
    Forged,
    #[error("not valid before {0}")]
    NotYet(Timestamp),
    #[error("expired at {0}")]
    Expired(Timestamp),
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    crv: String,
    x: String,
}

/// Checks a credential at the time `now` against a key set as `GetKeySet` answers it. Needs no network.
///
/// # Errors
/// [`NotGenuine`]. Never panics, whatever the texts.
pub fn verify(jws: &str, key_set: &str, now: Timestamp) -> Result<Claims, NotGenuine> {
    let malformed = |error: &dyn std::fmt::Display| NotGenuine::Malformed(error.to_string());
    if jws.len() > LONGEST {
        return Err(malformed(&"too long"));
    }
    let set: KeySet =
        serde_json::from_str(key_set).map_err(|error| NotGenuine::KeySet(error.to_string()))?;
    let header = jsonwebtoken::decode_header(jws.trim()).map_err(|error| malformed(&error))?;
    let key = set
        .keys
        .iter()
        .find(|key| header.kid.as_deref() == Some(&key.kid) && key.crv == "Ed25519")
        .ok_or(NotGenuine::UnknownKey)?;
    // The library takes any bytes for a key, and panics when it verifies with too few.
    let point = URL_SAFE_NO_PAD
        .decode(&key.x)
        .ok()
        .filter(|point| point.len() == ED25519_KEY)
        .ok_or_else(|| NotGenuine::KeySet("a key of Ed25519 has 32 bytes".into()))?;
    let key = DecodingKey::from_ed_der(&point);
    // The algorithm is ours, never the header's.
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "sub", "exp"]);
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(jws.trim(), &key, &validation)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature
            | jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => NotGenuine::Forged,
            _ => malformed(&error),
        })?
        .claims;
    let instant = |second| Timestamp::from_second(second).map_err(|error| malformed(&error));
    let (from, until) = (instant(claims.nbf)?, instant(claims.exp)?);
    if now < from {
        return Err(NotGenuine::NotYet(from));
    }
    if now >= until {
        return Err(NotGenuine::Expired(until));
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Claims {
        Claims {
            iss: ISSUER.into(),
            sub: "permits/00000000-0000-8000-8000-000000000001".into(),
            iat: 1_000,
            nbf: 2_000,
            exp: 3_000,
            version: 1,
            kind: "toxic_transport".into(),
            district: "371702".into(),
            holder: "91110000600037341L".into(),
            roads: vec![],
            plates: vec!["鲁R12345".into()],
            un_number: Some("1689".into()),
            dimensions_mm: None,
            total_kg: None,
            max_speed_kmh: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn signer() -> Signer {
        Signer::from_seed(&[7; 32]).unwrap()
    }

    #[test]
    fn a_credential_is_verified_with_the_key_set_alone() {
        let jws = signer().sign(&sample()).unwrap();
        let keys = signer().key_set().to_string();
        assert_eq!(verify(&jws, &keys, at(2_000)), Ok(sample()));
        assert_eq!(verify(&jws, &keys, at(2_999)), Ok(sample()));
        assert_eq!(
            verify(&jws, &keys, at(1_999)),
            Err(NotGenuine::NotYet(at(2_000)))
        );
        assert_eq!(
            verify(&jws, &keys, at(3_000)),
            Err(NotGenuine::Expired(at(3_000)))
        );
    }

    #[test]
    fn an_altered_credential_is_forged() {
        let jws = signer().sign(&sample()).unwrap();
        let keys = signer().key_set().to_string();
        let parts: Vec<&str> = jws.split('.').collect();
        let mut other = sample();
        other.plates = vec!["鲁R99999".into()];
        let swapped = format!(
            "{}.{}.{}",
            parts[0],
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&other).unwrap()),
            parts[2]
        );
        assert_eq!(verify(&swapped, &keys, at(2_500)), Err(NotGenuine::Forged));
    }

    #[test]
    fn a_credential_of_another_key_is_unknown_and_one_under_its_name_is_forged() {
        let other = Signer::from_seed(&[8; 32]).unwrap();
        let keys = signer().key_set().to_string();
        assert_eq!(
            verify(&other.sign(&sample()).unwrap(), &keys, at(2_500)),
            Err(NotGenuine::UnknownKey)
        );
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(signer().key_id);
        let pretender = jsonwebtoken::encode(&header, &sample(), &other.signing).unwrap();
        assert_eq!(
            verify(&pretender, &keys, at(2_500)),
            Err(NotGenuine::Forged)
        );
    }

    #[test]
    fn an_unsigned_or_symmetric_token_is_refused() {
        let keys = signer().key_set().to_string();
        let kid = signer().key_id;
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&sample()).unwrap());
        let head =
            |alg: &str| URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#));
        for token in [
            format!("{}.{body}.", head("none")),
            format!(
                "{}.{body}.{}",
                head("HS256"),
                URL_SAFE_NO_PAD.encode([0; 32])
            ),
        ] {
            assert!(verify(&token, &keys, at(2_500)).is_err());
        }
    }

    #[test]
    fn a_key_of_too_few_bytes_is_refused_without_a_panic() {
        let mut keys = signer().key_set();
        let jws = signer().sign(&sample()).unwrap();
        keys["keys"][0]["x"] = URL_SAFE_NO_PAD.encode([7; 31]).into();
        assert!(matches!(
            verify(&jws, &keys.to_string(), at(2_500)),
            Err(NotGenuine::KeySet(_))
        ));
    }

    #[test]
    fn garbage_is_refused_without_a_panic() {
        let keys = signer().key_set().to_string();
        for jws in ["", ".", "a.b.c", "许可", &"A".repeat(20_000)] {
            assert!(
                matches!(verify(jws, &keys, at(0)), Err(NotGenuine::Malformed(_))),
                "{jws:.20}"
            );
        }
        let jws = signer().sign(&sample()).unwrap();
        for keys in ["", "{}", "[]", r#"{"keys":[{"kid":1}]}"#] {
            assert!(
                matches!(verify(&jws, keys, at(0)), Err(NotGenuine::KeySet(_))),
                "{keys}"
            );
        }
    }
}
