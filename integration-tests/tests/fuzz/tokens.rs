//! What callers hand back: credentials of permits, tokens of pages.

use crate::recipe::{damaged_text, recipe};
use chassis::server::{Fields, PageTokens};
use jiff::Timestamp;
use permits::credential::{Claims, ISSUER, Signer, verify};
use proptest::prelude::*;

fn claims() -> Claims {
    serde_json::from_value(serde_json::json!({
        "iss": ISSUER, "sub": "permits/00000000-0000-8000-8000-000000000001",
        "iat": 1000, "nbf": 2000, "exp": 3000, "version": 1, "kind": "toxic_transport", "district": "371702",
        "holder": "91110000600037341L", "roads": [], "plates": ["鲁R12345"]
    }))
    .unwrap()
}

const QUERY: &[&[u8]] = &[b"bays", b"zone-1"];

fn read(tokens: &PageTokens, token: &str) -> Option<Vec<u8>> {
    let mut fields = Fields::new();
    let page = tokens.read(&mut fields, 10, token, QUERY);
    let after = fields.finish(page).ok()?.after?;
    Some(after.0)
}

proptest! {
    #[test]
    fn a_damaged_credential_never_says_anything_else(of_credential in recipe(), of_keys in recipe()) {
        let signer = Signer::from_seed(&[7; 32]).unwrap();
        let (jws, keys) = (signer.sign(&claims()).unwrap(), signer.key_set().to_string());
        let now = Timestamp::from_second(2_500).unwrap();
        prop_assert_eq!(verify(&jws, &keys, now), Ok(claims()));
        let damaged = verify(&damaged_text(&jws, &of_credential), &damaged_text(&keys, &of_keys), now);
        if let Ok(read) = damaged {
            prop_assert_eq!(read, claims());
        }
    }

    #[test]
    fn a_page_token_leads_where_it_was_made_for_or_nowhere(
        last in proptest::collection::vec(any::<u8>(), 0..512), recipe in recipe()
    ) {
        let tokens = PageTokens::new([7; 32]);
        let token = tokens.token(&last, QUERY).unwrap();
        prop_assert_eq!(read(&tokens, &token), Some(last));
        let damaged = damaged_text(&token, &recipe);
        if damaged != token {
            prop_assert_eq!(read(&tokens, &damaged), None, "one token, one form");
        }
    }
}
