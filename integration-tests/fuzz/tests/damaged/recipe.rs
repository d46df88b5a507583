//! Nearly valid input: a good sample, and what a broken or hostile sender does to it.
//!
//! Plain random bytes never come past the first character of a format; a damaged sample does.

use proptest::collection::vec;
use proptest::prelude::*;

/// Where (as a share of the length, in 1/65536), what is done, and with what.
type Edit = (u16, u8, u8);

/// What is done to a sample, in order.
pub(crate) type Recipe = Vec<Edit>;

/// Some edits: few leave most of the sample to be read, many reach its depths.
pub(crate) fn recipe() -> impl Strategy<Value = Recipe> {
    vec(any::<Edit>(), 0..8)
}

/// What parsers stumble over.
const FRAGMENTS: [&str; 24] = [
    "",
    "0",
    "-1",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "1e309",
    "-0.0",
    "NaN",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "许可",
    "𝕏",
    "\r\n",
    "0001-01-01T00:00:00Z",
    "9999-12-30T22:00:00Z",
    "-009999-01-02T01:59:59Z",
    "[[[[[[[[[[[[[[[[",
];
/// Most bytes that one edit takes away or repeats.
const RUN: usize = 64;

/// The sample after all edits.
pub(crate) fn damaged(sample: &[u8], recipe: &[Edit]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for &(share, action, with) in recipe {
        edit(&mut bytes, share, action, with);
    }
    bytes
}

fn edit(bytes: &mut Vec<u8>, share: u16, action: u8, with: u8) {
    let at = bytes.len() * usize::from(share) / (usize::from(u16::MAX) + 1);
    let fragment = FRAGMENTS[usize::from(with) % FRAGMENTS.len()].bytes();
    let run = at..bytes.len().min(at + 1 + usize::from(with) % RUN);
    match action % 6 {
        0 => bytes.insert(at, with),
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
        }
        2 => {
            bytes.drain(run);
        }
        3 => {
            let repeated = bytes[run].to_vec();
            bytes.splice(at..at, repeated);
        }
        4 => {
            bytes.splice(at..at, fragment);
        }
        // A whole word gives way, so that the structure around it stays.
        _ => {
            let word =
                |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            let begin = bytes[..at].iter().rposition(|byte| !word(byte));
            let begin = begin.map_or(0, |before| before + 1);
            let end = bytes[at..].iter().position(|byte| !word(byte));
            let end = end.map_or(bytes.len(), |length| at + length);
            bytes.splice(begin..end, fragment);
        }
    }
}
