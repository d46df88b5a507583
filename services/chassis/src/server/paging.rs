//! Pages of a list (AIP-158): a size, and an opaque token that continues where the last page ended.

use super::errors::Failure;
use super::fields::Fields;
use crate::domain::Invalid;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub const DEFAULT_SIZE: usize = 50;
pub const LARGEST_SIZE: usize = 1000;
/// The first byte of every token. A new layout gets a new number; old tokens then end in `INVALID_ARGUMENT`.
const VERSION: u8 = 1;
const TAG: usize = 16;
/// Keys of a projection are far shorter; a longer token is garbage.
const LONGEST_KEY: usize = 512;

/// Where a page ended: the last key it showed. The next page starts after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// 1 to [`LARGEST_SIZE`].
    pub size: usize,
    /// `None`: from the start.
    pub after: Option<Cursor>,
}

/// Makes and reads page tokens. All replicas of a service share the key, so that any can serve the next page.
#[derive(Clone)]
pub struct PageTokens {
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for PageTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageTokens")
    }
}

impl PageTokens {
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key: Zeroizing::new(key),
        }
    }

    /// Reads `page_size` and `page_token` of a request.
    ///
    /// `query` identifies what is listed: the method, the parent and every filter field, in a fixed order. A token of
    /// one query is none of another. Sizes above [`LARGEST_SIZE`] are cut to it, as AIP-158 says; 0 is
    /// [`DEFAULT_SIZE`].
    pub fn read(
        &self,
        fields: &mut Fields,
        page_size: i32,
        page_token: &str,
        query: &[&[u8]],
    ) -> Option<Page> {
        let size = fields.value("page_size", page_size, |size| match usize::try_from(size) {
            Err(_) => Err(Invalid::new("must not be negative", "不得为负数")),
            Ok(0) => Ok(DEFAULT_SIZE),
            Ok(size) => Ok(size.min(LARGEST_SIZE)),
        });
        let after = fields.optional("page_token", page_token, |token| {
            self.open(token, query).ok_or_else(|| {
                Invalid::new(
                    "is not a token of this query; begin again without one",
                    "不是本次查询的分页标记，请从第一页重新查询",
                )
            })
        });
        Some(Page {
            size: size?,
            after: after?,
        })
    }

    /// The token that continues after `last`.
    ///
    /// # Errors
    /// A key longer than 512 bytes, which is a bug.
    pub fn token(&self, last: &[u8], query: &[&[u8]]) -> Result<String, Failure> {
        if last.len() > LONGEST_KEY {
            return Err(Failure::internal("a key too long for a page token"));
        }
        let mut token = Vec::with_capacity(1 + TAG + last.len());
        token.push(VERSION);
        token.extend_from_slice(&self.tag(last, query));
        token.extend_from_slice(last);
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    fn open(&self, token: &str, query: &[&[u8]]) -> Option<Cursor> {
        if token.len() > (1 + TAG + LONGEST_KEY).div_ceil(3) * 4 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (tag, last) = rest.split_at_checked(TAG)?;
        let authentic =
            *version == VERSION && self.mac(last, query).verify_truncated_left(tag).is_ok();
        authentic.then(|| Cursor(last.to_vec()))
    }

    fn tag(&self, last: &[u8], query: &[&[u8]]) -> [u8; TAG] {
        let full = self.mac(last, query).finalize().into_bytes();
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full[..TAG]);
        tag
    }

    fn mac(&self, last: &[u8], query: &[&[u8]]) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.key.as_slice())
            .expect("a key of any length");
        mac.update(&[VERSION]);
        // Lengths first, so that no two queries give the same bytes.
        for part in query.iter().copied().chain([last]) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> PageTokens {
        PageTokens::new([7; 32])
    }

    fn read(size: i32, token: &str, query: &[&[u8]]) -> Result<Page, Failure> {
        let mut fields = Fields::new();
        let page = tokens().read(&mut fields, size, token, query);
        fields.finish(page)
    }

    fn refused_field(outcome: Result<Page, Failure>) -> String {
        match outcome {
            Err(Failure::Invalid(violations)) => violations[0].field.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_continues_after_the_last_key_of_its_page() {
        let token = tokens().token(b"k9", &[b"bays", b"zone-1"]).unwrap();
        let page = read(10, &token, &[b"bays", b"zone-1"]).unwrap();
        assert_eq!(
            page,
            Page {
                size: 10,
                after: Some(Cursor(b"k9".to_vec()))
            }
        );
    }

    #[test]
    fn a_page_has_50_rows_by_default_and_1000_at_most() {
        assert_eq!(read(0, "", &[]).unwrap().size, 50);
        assert_eq!(read(i32::MAX, "", &[]).unwrap().size, 1000);
        assert_eq!(refused_field(read(-1, "", &[])), "page_size");
        assert_eq!(refused_field(read(i32::MIN, "", &[])), "page_size");
    }

    #[test]
    fn another_querys_token_is_refused() {
        let token = tokens().token(b"k9", &[b"ab", b"c"]).unwrap();
        for other in [
            &[b"ab".as_slice(), b"d"][..],
            &[b"a", b"bc"],
            &[b"abc"],
            &[],
        ] {
            assert_eq!(refused_field(read(0, &token, other)), "page_token");
        }
    }

    #[test]
    fn garbage_and_every_tampered_bit_are_refused() {
        for garbage in ["x", "====", "許可", "AQ", &"A".repeat(5000)] {
            assert_eq!(refused_field(read(0, garbage, &[])), "page_token");
        }
        let token = URL_SAFE_NO_PAD
            .decode(tokens().token(b"k9", &[]).unwrap())
            .unwrap();
        for bit in 0..token.len() * 8 {
            let mut tampered = token.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            let tampered = URL_SAFE_NO_PAD.encode(tampered);
            assert_eq!(
                refused_field(read(0, &tampered, &[])),
                "page_token",
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let token = PageTokens::new([8; 32]).token(b"k9", &[]).unwrap();
        assert_eq!(refused_field(read(0, &token, &[])), "page_token");
    }
}
