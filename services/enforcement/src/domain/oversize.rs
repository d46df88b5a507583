//! Transports of oversize cargo that permits has granted (超限运输): a capture of a weigh station within what was granted is no
//! violation (Road Traffic Safety Law art. 48(2)).
//!
//! News comes in any order. Each carries the revision of its permit and when it happened, so that what is known of a moment is the
//! same whatever came first, and an act is judged by what held when it happened.

use super::conduct::{Conduct, Measure};
use super::docket::{self, Docket, DocketEvent};
use super::violation::event::Filing;
use chassis::domain::values::{DocumentNumber, PlateNumber};
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// News of one permit that is kept, each of its terms and of its use: more than any permit sees; then the oldest goes.
const MOST_NEWS: usize = 40;

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Tractor and, if any, trailer.
    pub plates: Vec<PlateNumber>,
    /// Vehicle and cargo together.
    pub total_kg: u32,
    /// The run as the police ordered it.
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Whether a permit may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usable {
    Yes,
    /// For the time being.
    No,
    /// Revoked, expired or completed.
    Ended,
}

/// What permits tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    Granted(Terms),
    /// Other terms; whether it may be used stays as it was.
    Amended(Terms),
    Usable(Usable),
}

/// News with its place among all news of its permit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Heard<T> {
    revision: u64,
    at: Timestamp,
    what: T,
}

/// All that is known of one permit. Id: the permit's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OversizePermit {
    /// In the order of their revisions.
    terms: Vec<Heard<Terms>>,
    usable: Vec<Heard<Usable>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OversizePermitEvent {
    PermitHeard {
        revision: u64,
        at: Timestamp,
        news: News,
    },
}

impl Aggregate for OversizePermit {
    const TYPE: &'static str = "oversize-permit";
    type Event = OversizePermitEvent;

    fn evolve(state: Option<Self>, event: &OversizePermitEvent, _: Timestamp) -> Option<Self> {
        let OversizePermitEvent::PermitHeard { revision, at, news } = event;
        let mut permit = state.unwrap_or_default();
        permit.hear(*revision, *at, news);
        Some(permit)
    }
}

impl OversizePermit {
    fn hear(&mut self, revision: u64, at: Timestamp, news: &News) {
        let (terms, usable) = match news {
            News::Granted(terms) => (Some(terms), Some(Usable::Yes)),
            News::Amended(terms) => (Some(terms), None),
            News::Usable(usable) => (None, Some(*usable)),
        };
        if let Some(terms) = terms {
            insert(&mut self.terms, revision, at, terms.clone());
        }
        if let Some(usable) = usable {
            insert(&mut self.usable, revision, at, usable);
        }
    }

    /// Every plate that the permit names or has named.
    pub fn plates(&self) -> BTreeSet<&PlateNumber> {
        let terms = self.terms.iter();
        terms.flat_map(|heard| &heard.what.plates).collect()
    }

    /// The last moment that any of its terms reaches.
    pub fn ends(&self) -> Option<Timestamp> {
        self.terms.iter().map(|heard| heard.what.until).max()
    }

    /// Whether it let this act happen: in force then, for this vehicle at this time, and within its mass.
    pub fn covers(&self, filing: &Filing) -> bool {
        let (Some(plate), Some(mass)) = (&filing.plate, weighed(filing)) else {
            return false;
        };
        let at = filing.acted_at;
        let in_force = matches!(at_moment(&self.usable, at), Some(Usable::Yes));
        let terms = at_moment(&self.terms, at).filter(|_| in_force);
        terms.is_some_and(|terms| {
            terms.plates.contains(plate)
                && mass <= terms.total_kg
                && terms.from <= at
                && at < terms.until
        })
    }
}

/// The mass that a weigh station found, if the act is about mass.
fn weighed(filing: &Filing) -> Option<u32> {
    match (filing.act.conduct, filing.act.measure) {
        (Conduct::Overloading, Some(Measure::Load { mass_kg, .. })) => Some(mass_kg),
        _ => None,
    }
}

fn insert<T>(heard: &mut Vec<Heard<T>>, revision: u64, at: Timestamp, what: T) {
    let place = heard.partition_point(|known| known.revision < revision);
    if heard
        .get(place)
        .is_some_and(|known| known.revision == revision)
    {
        return;
    }
    heard.insert(place, Heard { revision, at, what });
    if heard.len() > MOST_NEWS {
        heard.remove(0);
    }
}

/// What held at a moment: the newest of what had happened by then.
fn at_moment<T>(heard: &[Heard<T>], at: Timestamp) -> Option<&T> {
    let happened = heard.iter().rfind(|known| known.at <= at);
    happened.map(|known| &known.what)
}

/// Takes note of what permits tells of an oversize transport, on the permit and on the dockets of the vehicles it names: a capture
/// and the news meet at the docket's guard, so neither misses the other. The same news again changes nothing.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn note(
    tx: &mut Transaction,
    permit: &DocumentNumber,
    revision: u64,
    at: Timestamp,
    news: News,
) -> Result<(), Halt> {
    let known = tx.load::<OversizePermit>(permit.as_str())?;
    let known = known.as_deref().cloned().unwrap_or_default();
    let mut next = known.clone();
    next.hear(revision, at, &news);
    if next == known {
        return Ok(());
    }
    let event = OversizePermitEvent::PermitHeard { revision, at, news };
    tx.record::<OversizePermit>(permit.as_str(), [event])?;
    for plate in next.plates() {
        let event = DocketEvent::TransportPermitted {
            permit: permit.clone(),
            known: next.clone(),
        };
        tx.record::<Docket>(&docket::of_vehicle(plate), [event])?;
    }
    Ok(())
}
