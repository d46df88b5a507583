//! Who calls: bearer tokens (JWT, EdDSA) checked against a key set, and what they say about the caller.

use super::errors::Failure;
use super::tokens::Claims;
use crate::clock::Clock;
use crate::config::{Auth, AuthMode};
use crate::domain::{Actor, Channel, District};
use jiff::Timestamp;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long after its `exp` a token is still taken, for clocks that differ. Seconds.
const LEEWAY: i64 = 60;
/// What the caller is told of a token whose time is over, be it before a call or in the middle of a stream.
pub(super) const EXPIRED: &str = "the token has expired";
/// How the account of a citizen begins.
const CITIZEN: &str = "person:";
/// Tokens whose signature need not be checked again. Bounds memory to about 10 MiB.
const REMEMBERED_TOKENS: usize = 4_096;
/// Longer tokens are refused unread.
const LONGEST_TOKEN: usize = 4_096;
/// Keys in a key set.
const MOST_KEYS: usize = 32;

/// Who sent a request. In the request's extensions: `request.extensions().get::<Arc<Caller>>()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub actor: Actor,
    pub channel: Channel,
    /// What the caller may do, e.g. `permits.write`. Sorted.
    pub scopes: Scopes,
}

/// Who sent a request, and what bounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    pub caller: Arc<Caller>,
    /// For how long the caller's token is still taken; `None` if there is no token.
    pub left: Option<Duration>,
}

/// A caller's scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// A developer without a token, in development.
    All,
    /// Sorted.
    These(Box<[String]>),
}

impl Caller {
    /// Who calls a public method without a token.
    pub fn anonymous() -> Self {
        Self {
            actor: Actor {
                id: "anonymous".to_owned(),
                districts: Vec::new(),
            },
            channel: Channel::Api,
            scopes: Scopes::These(Box::new([])),
        }
    }

    fn developer() -> Self {
        Self {
            actor: Actor {
                id: "developer".to_owned(),
                districts: Vec::new(),
            },
            channel: Channel::Api,
            scopes: Scopes::All,
        }
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        match &self.scopes {
            Scopes::All => true,
            Scopes::These(scopes) => scopes
                .binary_search_by(|own| own.as_str().cmp(scope))
                .is_ok(),
        }
    }

    /// Who sent `request`. The guard has put it there; a request that did not pass it is a bug.
    ///
    /// # Errors
    /// [`Failure::Internal`] without a guard.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<Arc<Self>, Failure> {
        request
            .extensions()
            .get::<Arc<Self>>()
            .cloned()
            .ok_or_else(|| Failure::internal("a request reached its handler without a caller"))
    }
}

/// Why tokens cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("cannot read the key set {}: {error}", path.display())]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("not a usable key set: {0}")]
    KeySet(String),
}

/// Checks tokens, and remembers those it has checked.
#[derive(Debug)]
pub struct Authenticator {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
    without_token: Option<Arc<Caller>>,
    remembered: Cache<Box<str>, Arc<Checked>>,
}

/// A token whose signature was good.
#[derive(Debug)]
struct Checked {
    caller: Arc<Caller>,
    /// The last moment at which it is taken.
    until: Timestamp,
}

impl Authenticator {
    /// # Errors
    /// The key set is missing or unusable.
    pub fn new(config: &Auth, clock: Arc<dyn Clock>) -> Result<Self, AuthError> {
        let key_set = match &config.key_set_file {
            None => JwkSet { keys: Vec::new() },
            Some(path) => {
                let text =
                    std::fs::read_to_string(path).map_err(|error| AuthError::Unreadable {
                        path: path.clone(),
                        error,
                    })?;
                serde_json::from_str(&text).map_err(|error| AuthError::KeySet(error.to_string()))?
            }
        };
        if config.mode == AuthMode::Development {
            tracing::warn!("development mode: callers without a token have every scope");
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time comes from the clock, see `left`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let development = config.mode == AuthMode::Development;
        Ok(Self {
            keys: decoding_keys(&key_set, development)?,
            validation,
            clock,
            without_token: development.then(|| Arc::new(Caller::developer())),
            remembered: Cache::new(REMEMBERED_TOKENS),
        })
    }

    /// The caller of a request with this `authorization` header, and for how long their token is still taken.
    ///
    /// `Ok(None)`: there is no header, and none may act without one here.
    ///
    /// # Errors
    /// [`Failure::Unauthenticated`]: there is a header, but no good token in it.
    pub fn caller(&self, authorization: Option<&[u8]>) -> Result<Option<Authenticated>, Failure> {
        let Some(header) = authorization else {
            let developer = self.without_token.clone();
            return Ok(developer.map(|caller| Authenticated { caller, left: None }));
        };
        let token = bearer(header).ok_or(Failure::Unauthenticated(
            "want `authorization: bearer TOKEN`",
        ))?;
        if token.len() > LONGEST_TOKEN {
            return Err(Failure::Unauthenticated("the token is too long"));
        }
        let checked = match self.remembered.get(token) {
            Some(checked) => checked,
            None => {
                let checked = Arc::new(self.check(token)?);
                self.remembered.insert(token.into(), Arc::clone(&checked));
                checked
            }
        };
        Ok(Some(Authenticated {
            caller: Arc::clone(&checked.caller),
            left: Some(self.left(checked.until)?),
        }))
    }

    fn check(&self, token: &str) -> Result<Checked, Failure> {
        let bad = |_| Failure::Unauthenticated("not a token of ours");
        let header = jsonwebtoken::decode_header(token).map_err(bad)?;
        let key = header
            .kid
            .as_deref()
            .and_then(|kid| self.keys.get(kid))
            .ok_or(Failure::Unauthenticated(
                "the token's key is not known here",
            ))?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(bad)?
            .claims;
        let until = last_moment(claims.exp);
        // What has expired is not worth remembering.
        self.left(until)?;
        if let Some(from) = claims.nbf
            && self.clock.now().as_second() < from.saturating_sub(LEEWAY)
        {
            return Err(Failure::Unauthenticated("the token is not valid yet"));
        }
        Ok(Checked {
            until,
            caller: Arc::new(caller_of(claims)?),
        })
    }

    /// How long it is until then.
    ///
    /// # Errors
    /// [`Failure::Unauthenticated`]: it is over.
    fn left(&self, until: Timestamp) -> Result<Duration, Failure> {
        Duration::try_from(until.duration_since(self.clock.now()))
            .map_err(|_| Failure::Unauthenticated(EXPIRED))
    }
}

/// The last moment at which a token with this `exp` is taken.
fn last_moment(exp: i64) -> Timestamp {
    let seconds = exp.saturating_add(LEEWAY);
    // What lies beyond all timestamps is never, or long ago.
    Timestamp::from_second(seconds).unwrap_or(if seconds > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}

fn caller_of(claims: Claims) -> Result<Caller, Failure> {
    let id_is_good = (1..=64).contains(&claims.sub.len())
        && claims.sub.bytes().all(|b| b.is_ascii_graphic())
        // Nobody outside may act as the runtime.
        && !claims.sub.starts_with("system:");
    if !id_is_good {
        return Err(Failure::Unauthenticated(
            "the token's subject is no account id",
        ));
    }
    let districts: Option<Vec<District>> = claims
        .districts
        .iter()
        .map(|code| District::new(*code))
        .collect();
    let districts = districts.ok_or(Failure::Unauthenticated(
        "the token names a district that is none",
    ))?;
    let actor = Actor {
        id: claims.sub,
        districts,
    };
    // Handlers ask the actor for the person, and take whoever is none for staff.
    if is_citizens(&actor.id) && actor.person().is_none() {
        return Err(Failure::Unauthenticated(
            "the token's subject is a citizen's, but names no person: want `person:REFERENCE`",
        ));
    }
    let channel = claims.channel.unwrap_or(Channel::Api);
    if matches!(channel, Channel::Timer | Channel::Policy) {
        return Err(Failure::Unauthenticated(
            "the token names a channel of the runtime",
        ));
    }
    let mut scopes: Vec<String> = claims
        .scope
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    Ok(Caller {
        actor,
        channel,
        scopes: Scopes::These(scopes.into()),
    })
}

/// Whether an account is meant to be a citizen's own, however it is written.
fn is_citizens(id: &str) -> bool {
    id.get(..CITIZEN.len())
        .is_some_and(|beginning| beginning.eq_ignore_ascii_case(CITIZEN))
}

fn bearer(header: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The Ed25519 keys by `kid`. Any other key in the set is refused: it could only be a mistake.
fn decoding_keys(
    set: &JwkSet,
    may_be_empty: bool,
) -> Result<HashMap<String, DecodingKey>, AuthError> {
    let bad = |problem: String| Err(AuthError::KeySet(problem));
    if set.keys.len() > MOST_KEYS {
        return bad(format!("more than {MOST_KEYS} keys"));
    }
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        let Some(kid) = jwk.common.key_id.clone() else {
            return bad("a key has no `kid`".to_owned());
        };
        let AlgorithmParameters::OctetKeyPair(parameters) = &jwk.algorithm else {
            return bad(format!("key `{kid}` is not of type OKP"));
        };
        if parameters.curve != EllipticCurve::Ed25519 {
            return bad(format!("key `{kid}` is not on curve Ed25519"));
        }
        let Ok(key) = DecodingKey::from_ed_components(&parameters.x) else {
            return bad(format!("key `{kid}`: `x` is not base64url"));
        };
        if keys.insert(kid.clone(), key).is_some() {
            return bad(format!("two keys are named `{kid}`"));
        }
    }
    if keys.is_empty() && !may_be_empty {
        return bad("it is empty".to_owned());
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
