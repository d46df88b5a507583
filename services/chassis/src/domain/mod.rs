//! The contract between the runtime and a service's pure domain: aggregates, decisions, refusals.
//!
//! Nothing here knows of tokio, gRPC, NATS or sled, and a service's `domain/` uses nothing of the chassis but this
//! module, so that the legal rules can be read, tested and simulated by themselves.
//!
//! ```text
//!   command ──> handler(&mut Transaction) ──> load state ──> decide: (state, command, context) -> events | Refusal
//!                                                               │
//!   stored commit  <── one atomic append <── recorded events <──┘      evolve: (state, event) -> state
//! ```

mod calendar;
mod context;
mod invalid;
mod person;
mod refusal;
mod transaction;
pub mod values;

pub use calendar::{HolidayTable, LegalCalendar, TimeLimit};
pub use context::{Actor, Channel, Context, District};
pub use invalid::Invalid;
pub use person::{PersonRef, Sealed};
pub use refusal::{LegalBasis, Refusal, RefusalKind, Rejection};
pub use transaction::{
    AggregateKey, CLOCK_SKEW, Decode, Halt, Loaded, Recorded, Revision, StateSource, Transaction,
    TypeErased,
};

#[cfg(test)]
pub(crate) use transaction::tests::Tally;

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A consistency boundary whose history is one subject of the service's stream.
///
/// `evolve` is total and deterministic: it is replayed on every replica and must give the same state for the same
/// events for ever. Rules live where events are decided, never in `evolve`.
///
/// The state is stored with `postcard`, the events as JSON: derive `Serialize` and `Deserialize` plainly; attributes
/// that need a self-describing format (`flatten`, `untagged`, `tag`, `skip_serializing_if`) are for events only.
pub trait Aggregate:
    Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The subject token of this aggregate type: lower-case letters, digits and hyphens.
    const TYPE: &'static str;

    /// A fact about this aggregate, in the past tense and in the words of the domain.
    ///
    /// Events are stored for ever: fields may be added with `#[serde(default)]`, never renamed or retyped.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// The state after `event`, which was committed at `at`; `state` is `None` before the first event.
    ///
    /// `None` is the answer only to an event that cannot come first and has no state to change, which `decide` never
    /// records: what exists never ends, it reaches a final state.
    fn evolve(state: Option<Self>, event: &Self::Event, at: Timestamp) -> Option<Self>;

    /// When time alone will next change this aggregate: the runtime then runs the service's timer handler on it.
    ///
    /// Must move later, or to `None`, by what that handler records: that is what makes it happen once. What is due still
    /// afterwards is tried again after a pause.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }
}
