//! How much of a thing each address holds: up to a bound, so that the others get theirs.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Counts what each address holds. An address that holds nothing is forgotten, so this is never larger than what is held.
#[derive(Clone, Debug)]
pub(super) struct Shares(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
}

/// One of the things that an address holds, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Shares,
    address: IpAddr,
}

impl Shares {
    /// At most `most` for each address.
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Counted {
            most,
            held: Mutex::default(),
        }))
    }

    /// One more for `address`; `None` if it has all that it may.
    pub(super) fn take(&self, address: IpAddr) -> Option<Share> {
        let mut held = self.0.held.lock();
        let own = held.get(&address).copied().unwrap_or(0);
        if own >= self.0.most {
            return None;
        }
        held.insert(address, own + 1);
        Some(Share {
            shares: self.clone(),
            address,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.0.held.lock();
        if let Some(own) = held.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_its_share_and_others_theirs() {
        let shares = Shares::new(2);
        let [one, other] = [[10_u8, 0, 0, 1], [10, 0, 0, 2]].map(IpAddr::from);
        let held = [shares.take(one), shares.take(one)];
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take(one).is_none());
        assert!(shares.take(other).is_some());
        drop(held);
        assert!(shares.take(one).is_some(), "what was given back is free");
    }

    #[test]
    fn who_holds_nothing_is_forgotten() {
        let shares = Shares::new(1);
        for last in 0..=255_u8 {
            let share = shares.take([10, 0, 0, last].into());
            assert!(share.is_some() && shares.0.held.lock().len() == 1);
        }
        assert!(shares.0.held.lock().is_empty());
    }
}
