//! Keys whose bytes sort as their values do, so that a range of values is a range of rows.

use jiff::Timestamp;
use uuid::Uuid;

/// A value that can be (part of) a key.
///
/// For all `a`, `b`: `a < b` exactly if `encode(a) < encode(b)` bytewise, and no encoding is a prefix of another.
pub trait Key: Sized {
    fn encode(&self, to: &mut Vec<u8>);
    /// Takes its bytes off the front. `None` if they are not an encoding.
    fn decode(from: &mut &[u8]) -> Option<Self>;
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

macro_rules! big_endian {
    ($($type:ty),*) => {$(
        impl Key for $type {
            fn encode(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_be_bytes());
            }
            fn decode(from: &mut &[u8]) -> Option<Self> {
                take(from).map(Self::from_be_bytes)
            }
        }
    )*};
}
big_endian!(u8, u16, u32, u64, u128);

impl Key for () {
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl Key for bool {
    fn encode(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
    fn decode(from: &mut &[u8]) -> Option<Self> {
        match take::<1>(from)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl Key for i64 {
    fn encode(&self, to: &mut Vec<u8>) {
        // With the sign bit flipped, negative numbers sort first.
        to.extend_from_slice(&(self.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    }
    fn decode(from: &mut &[u8]) -> Option<Self> {
        take(from).map(|bytes| (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
    }
}

/// To the microsecond, as commits store it.
impl Key for Timestamp {
    fn encode(&self, to: &mut Vec<u8>) {
        self.as_microsecond().encode(to);
    }
    fn decode(from: &mut &[u8]) -> Option<Self> {
        Self::from_microsecond(i64::decode(from)?).ok()
    }
}

impl Key for Uuid {
    fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.as_bytes());
    }
    fn decode(from: &mut &[u8]) -> Option<Self> {
        take(from).map(Self::from_bytes)
    }
}

/// Zero bytes are escaped, and two zero bytes end the text.
impl Key for String {
    fn encode(&self, to: &mut Vec<u8>) {
        encode_text(self, to);
    }
    fn decode(from: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            match take::<1>(from)? {
                [0] => match take::<1>(from)? {
                    [0] => return Self::from_utf8(text).ok(),
                    [0xff] => text.push(0),
                    _ => return None,
                },
                [byte] => text.push(byte),
            }
        }
    }
}

pub(super) fn encode_text(text: &str, to: &mut Vec<u8>) {
    for byte in text.bytes() {
        to.push(byte);
        if byte == 0 {
            to.push(0xff);
        }
    }
    to.extend_from_slice(&[0, 0]);
}

macro_rules! tuple {
    ($($part:ident),+) => {
        impl<$($part: Key),+> Key for ($($part,)+) {
            #[expect(non_snake_case, reason = "the parts are named as their types")]
            fn encode(&self, to: &mut Vec<u8>) {
                let ($($part,)+) = self;
                $($part.encode(to);)+
            }
            fn decode(from: &mut &[u8]) -> Option<Self> {
                Some(($($part::decode(from)?,)+))
            }
        }
    };
}
tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(key: &impl Key) -> Vec<u8> {
        let mut bytes = Vec::new();
        key.encode(&mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_values(a: (i64, String, u32), b: (i64, String, u32)) {
            prop_assert_eq!(a.cmp(&b), bytes(&a).cmp(&bytes(&b)));
        }

        #[test]
        fn keys_survive_their_encoding(key: (i64, String, u32, bool)) {
            let encoded = bytes(&key);
            let mut rest = encoded.as_slice();
            prop_assert_eq!(<(i64, String, u32, bool)>::decode(&mut rest), Some(key));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_a_key_or_none_never_a_panic(bytes: Vec<u8>) {
            let _ = <(String, Timestamp, Uuid)>::decode(&mut bytes.as_slice());
        }
    }
}
