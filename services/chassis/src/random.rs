//! The only source of identifiers and randomness in the suite: the system, or on a simulation's thread a seed.

use rand::Rng;
use uuid::Uuid;

/// Unpredictable bytes, good for keys and nonces.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[cfg(any(test, feature = "testing"))]
    if seeded::fill(&mut bytes) {
        return bytes;
    }
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A UUIDv4.
pub fn id() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}

/// A UUIDv7: ids made later sort later.
pub fn time_ordered_id() -> Uuid {
    #[cfg(any(test, feature = "testing"))]
    if let Some(id) = seeded::time_ordered_id() {
        return id;
    }
    Uuid::now_v7()
}

#[cfg(any(test, feature = "testing"))]
pub use seeded::{Seeded, seeded};

#[cfg(any(test, feature = "testing"))]
mod seeded {
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};
    use std::cell::RefCell;
    use uuid::Uuid;

    thread_local! {
        static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
    }

    struct Source {
        random: SmallRng,
        made: u64,
    }

    /// While this lives, all randomness of this thread follows from a seed.
    #[derive(Debug)]
    pub struct Seeded(());

    /// Everything random on this thread follows from `seed` from now on.
    #[must_use]
    pub fn seeded(seed: u64) -> Seeded {
        let random = SmallRng::seed_from_u64(seed);
        SOURCE.set(Some(Source { random, made: 0 }));
        Seeded(())
    }

    impl Drop for Seeded {
        fn drop(&mut self) {
            SOURCE.set(None);
        }
    }

    pub(super) fn fill(bytes: &mut [u8]) -> bool {
        SOURCE.with_borrow_mut(|source| match source {
            Some(source) => {
                source.random.fill_bytes(bytes);
                true
            }
            None => false,
        })
    }

    pub(super) fn time_ordered_id() -> Option<Uuid> {
        let mut bytes = [0; 10];
        SOURCE.with_borrow_mut(|source| {
            let source = source.as_mut()?;
            source.random.fill_bytes(&mut bytes);
            // A count does what time is for, and needs no clock.
            source.made += 1;
            Some(uuid::Builder::from_unix_timestamp_millis(source.made, &bytes).into_uuid())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_bytes() {
        let draw = |seed| {
            let _seeded = seeded(seed);
            (id(), time_ordered_id(), bytes::<24>())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn time_ordered_ids_sort_in_the_order_of_their_making() {
        let _seeded = seeded(1);
        let ids: Vec<Uuid> = (0..100).map(|_| time_ordered_id()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn without_a_seed_nothing_comes_twice() {
        assert_ne!(bytes::<16>(), bytes::<16>());
        assert_ne!(id(), id());
        assert_ne!(time_ordered_id(), time_ordered_id());
    }
}
