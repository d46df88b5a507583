//! Request ids that follow from what is asked, so that asking again changes nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The request id (AIP-155) of the request that these parts name: the same parts, the same id.
pub(crate) fn derive(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // With its length, so that no two lists of parts run together.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Uuid::new_v8(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_give_equal_ids_and_others_do_not() {
        assert_eq!(derive(&["a", "b"]), derive(&["a", "b"]));
        assert_ne!(derive(&["a", "b"]), derive(&["ab", ""]));
        assert_ne!(derive(&["a", "b"]), derive(&["b", "a"]));
        assert!(Uuid::try_parse(&derive(&["a"])).is_ok());
    }
}
