use super::*;
use crate::clock::ManualClock;
use crate::server::tokens::{Audience, TokenIssuer};
use jiff::{SignedDuration, Timestamp};

struct World {
    clock: ManualClock,
    authenticator: Authenticator,
    issuers: [TokenIssuer; 2],
}

fn world(mode: AuthMode) -> World {
    let issuers = ["2026a", "2026b"].map(|kid| TokenIssuer::generate(kid).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    let set = serde_json::json!({ "keys": [issuers[0].jwk(), issuers[1].jwk()] });
    std::fs::write(file.path(), set.to_string()).unwrap();
    let clock = ManualClock::starting_at(Timestamp::from_second(1_000_000).unwrap());
    let config = Auth {
        mode,
        key_set_file: Some(file.path().to_owned()),
        ..Auth::default()
    };
    let authenticator = Authenticator::new(&config, Arc::new(clock.clone())).unwrap();
    World {
        clock,
        authenticator,
        issuers,
    }
}

fn claims() -> Claims {
    Claims {
        sub: "officer:H1024".to_owned(),
        iss: "traffic".to_owned(),
        aud: Audience::Several(vec!["other".to_owned(), "traffic".to_owned()]),
        exp: 1_000_600,
        nbf: None,
        scope: "permits.write permits.read".to_owned(),
        districts: vec![371_702],
        channel: Some(Channel::Station),
    }
}

impl World {
    fn caller(&self, issuer: usize, claims: &Claims) -> Result<Option<Authenticated>, Failure> {
        let token = self.issuers[issuer].sign(claims).unwrap();
        self.authenticator
            .caller(Some(format!("Bearer {token}").as_bytes()))
    }
}

fn is_refused(outcome: &Result<Option<Authenticated>, Failure>) -> bool {
    matches!(outcome, Err(Failure::Unauthenticated(_)))
}

#[test]
fn a_good_token_of_any_key_in_the_set_tells_who_calls() {
    let world = world(AuthMode::Jwt);
    for issuer in [0, 1] {
        let caller = world.caller(issuer, &claims()).unwrap().unwrap().caller;
        assert_eq!(caller.actor.id, "officer:H1024");
        assert_eq!(caller.actor.districts, [District::new(371_702).unwrap()]);
        assert_eq!(caller.channel, Channel::Station);
        assert!(caller.has_scope("permits.read") && caller.has_scope("permits.write"));
        assert!(!caller.has_scope("permits") && !caller.has_scope("permits.decide"));
    }
}

#[test]
fn a_token_ends_60_seconds_after_its_expiry_also_when_it_was_seen_before() {
    let world = world(AuthMode::Jwt);
    assert!(world.caller(0, &claims()).is_ok());
    world.clock.advance(SignedDuration::from_secs(660));
    assert!(world.caller(0, &claims()).is_ok());
    world.clock.advance(SignedDuration::from_secs(1));
    assert!(is_refused(&world.caller(0, &claims())));
    assert!(is_refused(&world.caller(1, &claims())), "never seen before");
}

#[test]
fn for_how_long_a_token_is_still_taken_is_told_to_the_end_of_time() {
    let world = world(AuthMode::Jwt);
    let left = |exp| {
        let claims = Claims { exp, ..claims() };
        world.caller(0, &claims).unwrap().unwrap().left
    };
    // Once as a new token, once as one that is remembered.
    for _ in 0..2 {
        assert_eq!(left(1_000_600), Some(Duration::from_secs(660)));
        assert_eq!(left(999_940), Some(Duration::ZERO));
        assert!(left(i64::MAX) > Some(Duration::from_secs(1 << 32)));
    }
    for long_past in [999_939, 0, i64::MIN] {
        let claims = Claims {
            exp: long_past,
            ..claims()
        };
        assert!(is_refused(&world.caller(0, &claims)), "{long_past}");
    }
}

#[test]
fn a_citizens_account_bears_a_reference_or_its_token_is_refused() {
    let world = world(AuthMode::Jwt);
    let caller = |sub: &str| {
        let sub = sub.to_owned();
        world.caller(0, &Claims { sub, ..claims() })
    };
    let reference = "abcdefghijklmnopqrstuvwx27";
    let citizen = caller(&format!("person:{reference}")).unwrap().unwrap();
    let person = citizen.caller.actor.person().expect("a reference");
    assert_eq!(person.as_str(), reference);
    for bad in [
        "person:".to_owned(),
        format!("person:{}", reference.to_ascii_uppercase()),
        format!("person:{}", &reference[..25]),
        format!("person:{reference}a"),
        format!("person:{reference}{reference}"),
        "person:abcdefghijklmnopqrstuvwx01".to_owned(),
        format!("PERSON:{reference}"),
        format!("Person:{reference}"),
    ] {
        let refused = caller(&bad);
        assert!(
            matches!(&refused, Err(Failure::Unauthenticated(why)) if why.contains("person:REFERENCE")),
            "{bad}: {refused:?}"
        );
    }
    // Of others the account may be called as its issuer likes.
    for other in ["person", "personnel:7", "officer:person:7"] {
        assert!(caller(other).is_ok(), "{other}");
    }
}

#[test]
fn tokens_for_others_or_of_others_are_refused() {
    let world = world(AuthMode::Jwt);
    let one = |change: fn(&mut Claims)| {
        let mut claims = claims();
        change(&mut claims);
        world.caller(0, &claims)
    };
    assert!(is_refused(&one(|c| c.iss = "elsewhere".to_owned())));
    assert!(is_refused(&one(
        |c| c.aud = Audience::One("other".to_owned())
    )));
    assert!(is_refused(&one(|c| c.nbf = Some(1_000_100))));
    assert!(is_refused(&one(|c| c.sub = "system:timer".to_owned())));
    assert!(is_refused(&one(|c| c.sub = String::new())));
    assert!(is_refused(&one(|c| c.sub = "x".repeat(65))));
    assert!(is_refused(&one(|c| c.sub = "a b".to_owned())));
    assert!(is_refused(&one(|c| c.districts = vec![1])));
    assert!(is_refused(&one(|c| c.channel = Some(Channel::Timer))));
    assert!(is_refused(&one(|c| c.channel = Some(Channel::Policy))));
    let stranger = TokenIssuer::generate("2026a").unwrap();
    let token = stranger.sign(&claims()).unwrap();
    assert!(is_refused(
        &world
            .authenticator
            .caller(Some(format!("Bearer {token}").as_bytes()))
    ));
    let unknown = TokenIssuer::generate("2025").unwrap();
    let token = unknown.sign(&claims()).unwrap();
    assert!(is_refused(
        &world
            .authenticator
            .caller(Some(format!("Bearer {token}").as_bytes()))
    ));
}

#[test]
fn headers_that_hold_no_token_are_refused_unread() {
    let world = world(AuthMode::Development);
    let unsigned = "Bearer eyJhbGciOiJub25lIiwia2lkIjoiMjAyNmEifQ.eyJzdWIiOiJ4In0.";
    let long = format!("Bearer {}", "a".repeat(5000));
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Basic eA==",
        "Bearer x.y.z",
        unsigned,
        &long,
    ] {
        let outcome = world.authenticator.caller(Some(header.as_bytes()));
        assert!(is_refused(&outcome), "{header}: {outcome:?}");
    }
    assert!(is_refused(
        &world.authenticator.caller(Some(&[0xff, b' ', 0xff]))
    ));
}

#[test]
fn without_a_token_only_development_knows_someone_who_may_all_but_decide_for_no_district() {
    assert_eq!(
        world(AuthMode::Jwt).authenticator.caller(None).unwrap(),
        None
    );
    let world = world(AuthMode::Development);
    let developer = world.authenticator.caller(None).unwrap().unwrap();
    assert_eq!(developer.left, None);
    let developer = developer.caller;
    assert!(developer.has_scope("anything.at.all"));
    assert!(!developer.actor.decides_for(District::new(371_702).unwrap()));
    let officer = world.caller(0, &claims()).unwrap().unwrap().caller;
    assert_eq!(officer.actor.id, "officer:H1024", "a token counts here too");
}

#[test]
fn a_key_set_with_anything_but_named_ed25519_keys_is_refused() {
    let good = TokenIssuer::generate("a").unwrap().jwk();
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("kid");
    let rsa = serde_json::json!({"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"});
    for (keys, says) in [
        (serde_json::json!([]), "empty"),
        (serde_json::json!([nameless]), "kid"),
        (serde_json::json!([rsa]), "`r`"),
        (serde_json::json!([good, good]), "two keys"),
        (serde_json::json!("x"), "key set"),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::json!({ "keys": keys }).to_string()).unwrap();
        let config = Auth {
            key_set_file: Some(file.path().to_owned()),
            ..Auth::default()
        };
        let error = Authenticator::new(&config, Arc::new(crate::clock::SystemClock)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}
