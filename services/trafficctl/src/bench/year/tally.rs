//! How many of what: counted by who sends, counted again by who looks, and compared.

use prost::Name;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many things there are of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(super) fn add(&mut self, what: impl Into<String>, count: u64) {
        *self.0.entry(what.into()).or_default() += count;
    }

    /// A thing in a state, as contracts name states: `VIOLATION_STATE_SETTLED` of `violations`.
    pub(super) fn in_state(&mut self, things: &str, state: &str) {
        let (_, state) = state.split_once("_STATE_").unwrap_or(("", state));
        self.add(format!("{things} {}", state.to_lowercase()), 1);
    }

    /// A published event that the relay owes for what was sent.
    pub(super) fn event<M: Name>(&mut self) {
        self.add(event(&M::full_name()), 1);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (what, count) in other.0 {
            self.add(what, count);
        }
    }

    pub(super) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Whether every event that `owed` counts has come.
    pub(super) fn holds_events_of(&self, owed: &Self) -> bool {
        let mut events = owed.0.iter().filter(|(what, _)| what.starts_with(EVENT));
        events.all(|(what, count)| self.of(what) >= *count)
    }

    /// Only what `other` counts too: of many events it cannot be told beforehand how often they come.
    pub(super) fn named_in(mut self, other: &Self) -> Self {
        self.0.retain(|what, _| other.0.contains_key(what));
        self
    }

    /// Everything that either side has counted, side by side.
    pub(super) fn compare(&self, found: &Self) -> Vec<Total> {
        let mut all = self.clone();
        all.merge(found.clone());
        all.0
            .into_keys()
            .map(|what| Total {
                sent: self.of(&what),
                found: found.of(&what),
                what,
            })
            .collect()
    }
}

const EVENT: &str = "event ";

/// How events of a type are counted.
pub(super) fn event(type_name: &str) -> String {
    format!("{EVENT}{type_name}")
}

/// What was sent and what was found of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Total {
    pub(super) what: String,
    pub(super) sent: u64,
    pub(super) found: u64,
}

impl Total {
    pub(super) fn is_right(&self) -> bool {
        self.sent == self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use traffic_proto::enforcement::v1::{HazardFound, ViolationState};

    #[test]
    fn what_is_lost_doubled_or_never_sent_does_not_pass() {
        let (mut sent, mut found) = (Tally::default(), Tally::default());
        for (what, is_sent, is_found) in [("kept", 7, 7), ("lost", 7, 6), ("doubled", 7, 8)] {
            sent.add(what, is_sent);
            found.add(what, is_found);
        }
        sent.add("missing", 1);
        found.add("never sent", 1);
        let wrong: Vec<_> = sent
            .compare(&found)
            .into_iter()
            .filter(|total| !total.is_right())
            .map(|total| (total.what, total.sent, total.found))
            .collect();
        let expected = [
            ("doubled", 7, 8),
            ("lost", 7, 6),
            ("missing", 1, 0),
            ("never sent", 0, 1),
        ];
        assert_eq!(wrong, expected.map(|(what, s, f)| (what.to_owned(), s, f)));
    }

    #[test]
    fn states_and_events_are_counted_under_their_names() {
        let mut tally = Tally::default();
        tally.in_state("violations", ViolationState::NotPunished.as_str_name());
        tally.event::<HazardFound>();
        assert_eq!(tally.of("violations not_punished"), 1);
        assert_eq!(tally.of("event traffic.enforcement.v1.HazardFound"), 1);
    }
}
