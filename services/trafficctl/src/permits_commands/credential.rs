//! `permits verify CREDENTIAL`: is it signed by us, and good now? Needs no network.

use super::key_set;
use crate::failure::Failure;
use crate::output::Format;
use clap::Args;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Read;
use std::path::Path;

/// No credential is longer.
const LONGEST: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct VerifyOptions {
    /// The credential itself (a JWS), a file that holds it, or - for stdin
    credential: String,

    /// Key set: a file, or http://HOST:PORT/PATH of permits
    #[arg(
        long,
        value_name = "FILE|URL",
        default_value = "http://127.0.0.1:8081/.well-known/jwks.json"
    )]
    key_set: String,

    /// Check as of this instant instead of now, e.g. 2026-03-02T09:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// A credential whose signature is good.
#[derive(Debug, Serialize)]
struct Checked {
    valid: bool,
    /// Why it is not valid at the time asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    key: String,
    claims: Map<String, Value>,
}

pub(super) async fn run(format: Format, options: &VerifyOptions) -> Result<(), Failure> {
    let credential = read(&options.credential)?;
    let keys = key_set::load(&options.key_set).await?;
    let at = options.at.unwrap_or_else(Timestamp::now);
    let checked = check(credential.trim(), &keys, at)?;
    format.print(&checked, text)?;
    match checked.why {
        None => Ok(()),
        Some(why) => Err(Failure::failed(why)),
    }
}

fn read(argument: &str) -> Result<String, Failure> {
    let mut text = String::new();
    if argument == "-" {
        std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
    } else if Path::new(argument).is_file() {
        std::fs::File::open(argument)?
            .take(LONGEST)
            .read_to_string(&mut text)?;
    } else {
        argument.clone_into(&mut text);
    }
    Ok(text)
}

/// # Errors
/// It is no credential, of a key that is not in the set, or altered.
fn check(credential: &str, keys: &JwkSet, at: Timestamp) -> Result<Checked, Failure> {
    let header = jsonwebtoken::decode_header(credential)
        .map_err(|error| Failure::failed(format!("this is no credential: {error}")))?;
    let kid = header
        .kid
        .ok_or_else(|| Failure::failed("the credential names no key"))?;
    let key = keys
        .find(&kid)
        .ok_or_else(|| Failure::failed(format!("key `{kid}` is not in the key set")))?;
    let key = DecodingKey::from_jwk(key).map_err(Failure::failed)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    // Times are judged below, against the instant asked for.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims::<&str>(&[]);
    let claims = jsonwebtoken::decode::<Map<String, Value>>(credential, &key, &validation)
        .map_err(|_| {
            Failure::failed("the signature is wrong: the credential is forged or altered")
        })?
        .claims;
    let time = |name: &str| {
        let seconds = claims.get(name)?.as_i64()?;
        Timestamp::from_second(seconds).ok()
    };
    let why = match (time("nbf"), time("exp")) {
        (Some(from), _) if at < from => Some(format!("not valid before {from}")),
        (_, Some(until)) if at >= until => Some(format!("not valid since {until}")),
        // What never ends was not issued by us.
        (_, None) => Some("it does not say until when it is valid".to_owned()),
        _ => None,
    };
    Ok(Checked {
        valid: why.is_none(),
        why,
        key: kid,
        claims,
    })
}

fn text(checked: &Checked) -> String {
    let verdict = match &checked.why {
        None => "VALID",
        Some(_) => "NOT VALID",
    };
    let mut text = format!("{verdict}, signed with key {}", checked.key);
    for (name, value) in &checked.claims {
        let value = match (name.as_str(), value) {
            ("nbf" | "exp" | "iat", Value::Number(seconds)) => seconds
                .as_i64()
                .and_then(|seconds| Timestamp::from_second(seconds).ok())
                .map_or_else(|| seconds.to_string(), |time| time.to_string()),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        };
        text += &format!("\n  {name:<12} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::server::{Audience, Claims, TokenIssuer};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Signed as the suite signs: a JWT of an Ed25519 key.
    fn signed(issuer: &TokenIssuer) -> String {
        let claims = Claims {
            sub: "permits/p1".into(),
            iss: "traffic".into(),
            aud: Audience::One("officers".into()),
            exp: at("2026-03-10T00:00:00Z").as_second(),
            nbf: Some(at("2026-03-01T00:00:00Z").as_second()),
            scope: String::new(),
            districts: Vec::new(),
            channel: None,
        };
        issuer.sign(&claims).unwrap()
    }

    fn keys(issuer: &TokenIssuer) -> JwkSet {
        serde_json::from_value(issuer.key_set()).unwrap()
    }

    #[test]
    fn a_credential_is_valid_only_within_its_time() {
        let issuer = TokenIssuer::generate("k1").unwrap();
        let credential = signed(&issuer);
        for (time, valid) in [
            ("2026-02-28T23:59:59Z", false),
            ("2026-03-01T00:00:00Z", true),
            ("2026-03-09T23:59:59Z", true),
            ("2026-03-10T00:00:00Z", false),
        ] {
            let checked = check(&credential, &keys(&issuer), at(time)).unwrap();
            assert_eq!(checked.valid, valid, "{time}: {:?}", checked.why);
        }
    }

    #[test]
    fn an_altered_credential_is_refused() {
        let issuer = TokenIssuer::generate("k1").unwrap();
        let credential = signed(&issuer);
        let (head, rest) = credential.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let body = "eyJzdWIiOiJwZXJtaXRzL290aGVyIiwiZXhwIjo5OTk5OTk5OTk5fQ";
        let forged = format!("{head}.{body}.{signature}");
        let now = at("2026-03-02T00:00:00Z");
        assert!(check(&forged, &keys(&issuer), now).is_err());
        let other = TokenIssuer::generate("k1").unwrap();
        assert!(check(&credential, &keys(&other), now).is_err());
        let unknown = TokenIssuer::generate("k2").unwrap();
        let failure = check(&credential, &keys(&unknown), now).err().unwrap();
        assert!(failure.to_string().contains("`k1`"));
    }

    #[test]
    fn what_is_no_credential_is_said_to_be_none() {
        for text in ["", "a.b", "a.b.c", "😀"] {
            let keys = JwkSet { keys: Vec::new() };
            assert!(check(text, &keys, Timestamp::UNIX_EPOCH).is_err(), "{text}");
        }
    }
}
