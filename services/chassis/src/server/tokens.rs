//! Tokens as the suite issues them to itself: for a suite on one machine, and for tests.

use crate::domain::Channel;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The account: [`crate::domain::Actor::id`].
    pub sub: String,
    pub iss: String,
    pub aud: Audience,
    /// Unix seconds.
    pub exp: i64,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Separated by blanks.
    #[serde(default)]
    pub scope: String,
    /// Division codes of the districts an officer decides for.
    #[serde(default)]
    pub districts: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// `aud` is one text or a list of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Signs tokens with a key of its own. Not an identity provider: it gives everyone what they ask for.
pub struct TokenIssuer {
    kid: String,
    signing: EncodingKey,
    public: [u8; 32],
}

impl std::fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenIssuer")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The key could not be used to sign.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token: {0}")]
pub struct SigningError(String);

impl TokenIssuer {
    /// With a new random key, named `kid`.
    ///
    /// # Errors
    /// The key cannot be encoded, which would be a bug of a library.
    pub fn generate(kid: &str) -> Result<Self, SigningError> {
        Self::with_key(kid, &rand::random())
    }

    /// With this Ed25519 private key (RFC 8032), named `kid`: a key that was kept.
    ///
    /// # Errors
    /// As [`TokenIssuer::generate`].
    pub fn with_key(kid: &str, private: &[u8; 32]) -> Result<Self, SigningError> {
        let key = SigningKey::from_bytes(private);
        let der = key
            .to_pkcs8_der()
            .map_err(|error| SigningError(error.to_string()))?;
        Ok(Self {
            kid: kid.to_owned(),
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            public: key.verifying_key().to_bytes(),
        })
    }

    /// The key set for `auth.key_set_file`, as JSON.
    pub fn key_set(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [self.jwk()] })
    }

    /// This issuer's key in a key set.
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.kid, "x": URL_SAFE_NO_PAD.encode(self.public),
        })
    }

    /// # Errors
    /// The claims cannot be expressed or signed, which would be a bug.
    pub fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
            .map_err(|error| SigningError(error.to_string()))
    }
}
