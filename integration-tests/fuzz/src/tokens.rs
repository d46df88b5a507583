//! What callers hand back: credentials of permits, tokens of their own and of pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::clock::ManualClock;
use chassis::config::Auth;
use chassis::domain::Channel;
use chassis::server::{Authenticator, Caller, Fields, PageTokens, TokenIssuer};
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use permits::credential::{Claims, ISSUER, Signer, verify};
use std::io::Write;
use std::sync::{Arc, LazyLock};

/// The key of all tokens here.
const PRIVATE: [u8; 32] = [7; 32];

/// Signs what an issuer gone wrong might: any header, any claims.
fn signed(header: &[u8], claims: &[u8]) -> String {
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = SigningKey::from_bytes(&PRIVATE).sign(token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut token);
    token
}

/// The first line, and the rest.
fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (first, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    (first, rest.get(1..).unwrap_or_default())
}

/// When credentials are checked here, in Unix seconds.
const NOW: i64 = 2_500;

/// The one credential that was issued.
fn issued() -> Claims {
    let claims = serde_json::json!({
        "iss": ISSUER, "sub": "permits/00000000-0000-8000-8000-000000000001",
        "iat": 1000, "nbf": 2000, "exp": 3000, "version": 1, "kind": "toxic_transport", "district": "371702",
        "holder": "91110000600037341L", "roads": [], "plates": ["鲁R12345"]
    });
    serde_json::from_value(claims).expect("claims")
}

/// A credential and a key set, each a line; or a header and claims, signed as they are. A credential that nobody issued
/// never passes; one of the service's own key says what its claims say, and only while it is valid.
pub fn credentials(bytes: &[u8]) -> bool {
    static SIGNER: LazyLock<Signer> =
        LazyLock::new(|| Signer::from_seed(&PRIVATE).expect("a key of 32 bytes"));
    let now = Timestamp::from_second(NOW).expect("an instant");
    let (first, rest) = halves(bytes);
    let (text, keys) = (
        String::from_utf8_lossy(first),
        String::from_utf8_lossy(rest),
    );
    let handed = verify(&text, &keys, now);
    if let Ok(claims) = &handed {
        assert_eq!(*claims, issued());
    }
    let own = verify(&signed(first, rest), &SIGNER.key_set().to_string(), now);
    if let Ok(claims) = &own {
        assert_eq!(claims.iss, ISSUER);
        assert!(claims.nbf <= NOW && NOW < claims.exp);
        let said: Claims = serde_json::from_slice(rest).expect("what was read can be read");
        assert_eq!(*claims, said);
        let again = SIGNER.sign(claims).expect("what was read can be signed");
        assert_eq!(verify(&again, &SIGNER.key_set().to_string(), now), own);
    }
    handed.is_ok() || own.is_ok()
}

/// Checks tokens of the key [`PRIVATE`], named `k`.
fn authenticator() -> Authenticator {
    let issuer = TokenIssuer::with_key("k", &PRIVATE).expect("a key of 32 bytes");
    let mut keys = tempfile::NamedTempFile::new().expect("a folder for temporary files");
    write!(keys, "{}", issuer.key_set()).expect("a file that can be written");
    let config = Auth {
        key_set_file: Some(keys.path().to_owned()),
        ..Auth::default()
    };
    let now = Timestamp::from_second(NOW).expect("an instant");
    Authenticator::new(&config, Arc::new(ManualClock::starting_at(now))).expect("a key set")
}

/// Nobody from outside acts as the runtime, or as a citizen whom nobody can be told from.
fn is_outsider(caller: &Caller) -> bool {
    let actor = &caller.actor;
    !actor.id.starts_with("system:")
        && (!actor.id.starts_with("person:") || actor.person().is_some())
        && !matches!(caller.channel, Channel::Timer | Channel::Policy)
}

/// An `authorization` header; or a token's header and claims, each a line, signed as they are. A header that nobody
/// signed lets nobody in; a token of the identity provider's key lets in nobody as the runtime.
pub fn callers(bytes: &[u8]) -> bool {
    static AUTHENTICATOR: LazyLock<Authenticator> = LazyLock::new(authenticator);
    if let Ok(Some(known)) = AUTHENTICATOR.caller(Some(bytes)) {
        let id = &known.caller.actor.id;
        assert_eq!(id, "sample", "the one token that was issued");
        return true;
    }
    let (header, claims) = halves(bytes);
    let header = format!("bearer {}", signed(header, claims));
    match AUTHENTICATOR.caller(Some(header.as_bytes())) {
        Ok(known) => {
            let caller = known.expect("there is a header").caller;
            assert!(is_outsider(&caller), "{caller:?}");
            true
        }
        Err(_) => false,
    }
}

const QUERY: &[&[u8]] = &[b"bays", b"zone-1"];

fn read(tokens: &PageTokens, token: &str, query: &[&[u8]]) -> Option<Vec<u8>> {
    let mut fields = Fields::new();
    let page = tokens.read(&mut fields, 10, token, query);
    let after = fields.finish(page).ok()?.after?;
    Some(after.0)
}

/// A page token; or the last key of a page, to make one of. A token leads where it was made for, in that query alone,
/// and has one form.
pub fn page_tokens(bytes: &[u8]) -> bool {
    static TOKENS: LazyLock<PageTokens> = LazyLock::new(|| PageTokens::new(PRIVATE));
    if let Ok(token) = TOKENS.token(bytes, QUERY) {
        assert_eq!(read(&TOKENS, &token, QUERY).as_deref(), Some(bytes));
        assert_eq!(read(&TOKENS, &token, &QUERY[..1]), None);
    }
    let text = String::from_utf8_lossy(bytes);
    let Some(last) = read(&TOKENS, &text, QUERY) else {
        return false;
    };
    let token = TOKENS.token(&last, QUERY).expect("it was made once");
    assert_eq!(token, text, "one token, one form");
    true
}
