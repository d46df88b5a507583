//! One command's view of the aggregates it touches, and the events it records on them.

use super::{Aggregate, Context, Rejection};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

/// The clock of whoever reports (a sensor, a bank, another replica's answer) may be ahead of ours by this much. What is said
/// to have happened later than that is refused as lying in the future.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(120);

/// Which aggregate: its type and its id.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateKey {
    pub kind: &'static str,
    pub id: Arc<str>,
}

impl AggregateKey {
    /// # Panics
    /// If `id` cannot be a subject token (see [`AggregateKey::is_valid_id`]); value types must not produce such ids.
    pub fn of<A: Aggregate>(id: &str) -> Self {
        assert!(
            Self::is_valid_id(id),
            "not an aggregate id: {:?}",
            id.get(..40).unwrap_or(id)
        );
        Self {
            kind: A::TYPE,
            id: id.into(),
        }
    }

    /// 1 to 64 ASCII letters, digits, `-` and `_`: what is safe as a subject token, a resource id and a key.
    pub fn is_valid_id(id: &str) -> bool {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }
}

impl Debug for AggregateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// Where an aggregate's history stands: what the next commit on it must be guarded by and linked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Stream sequence of the aggregate's last commit; 0 if there is none.
    pub position: u64,
    /// Hash of that commit's bytes; zeros if there is none.
    pub hash: [u8; 16],
}

impl Revision {
    /// What a resource's etag is made of: another with every commit.
    pub fn etag(&self) -> String {
        format!("{:x}", self.position)
    }
}

/// A state whose type only its service knows.
pub type TypeErased = Arc<dyn Any + Send + Sync>;

/// What a [`StateSource`] answers.
#[derive(Clone, Default)]
pub struct Loaded {
    pub state: Option<TypeErased>,
    pub revision: Revision,
}

impl Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("exists", &self.state.is_some())
            .field("revision", &self.revision)
            .finish()
    }
}

/// Where a transaction gets states from: the projection in a running service, given events in a test.
pub trait StateSource {
    /// # Errors
    /// [`Halt::Unavailable`] if the state cannot be read.
    fn load(&mut self, key: &AggregateKey, decode: Decode) -> Result<Loaded, Halt>;

    /// Asked before anything is recorded on an aggregate that was loaded at `revision`. What is only read needs no
    /// lock: a tariff that every stay reads must not make them wait for each other.
    ///
    /// # Errors
    /// [`Halt::Unlocked`] if the command must first lock `key`, or if the aggregate has changed since it was loaded;
    /// [`Halt::Unavailable`] if the state cannot be read.
    fn lock(&mut self, key: &AggregateKey, revision: Revision, decode: Decode) -> Result<(), Halt>;
}

/// Reads a stored state; `None` if its layout is another.
pub type Decode = fn(&[u8]) -> Option<TypeErased>;

/// Why a handler stopped before it came to its end.
#[derive(Debug)]
pub enum Halt {
    /// The domain says no.
    Rejected(Box<Rejection>),
    /// The runtime has not locked this aggregate yet; it locks it and runs the handler again.
    Unlocked(AggregateKey),
    /// The state cannot be read just now.
    Unavailable(String),
}

impl<R: Into<Rejection>> From<R> for Halt {
    fn from(refusal: R) -> Self {
        Self::Rejected(Box::new(refusal.into()))
    }
}

/// The events that one command records on one aggregate, and the state they lead to.
pub struct Recorded {
    pub key: AggregateKey,
    /// What the aggregate's history stood at when the command was decided.
    pub revision: Revision,
    /// The events, each as JSON.
    pub events: Vec<Box<serde_json::value::RawValue>>,
    pub state: Option<TypeErased>,
}

impl Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("key", &self.key)
            .field("revision", &self.revision)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

struct Touched {
    key: AggregateKey,
    loaded: Loaded,
    events: Vec<Box<serde_json::value::RawValue>>,
}

/// One command on one or more aggregates of a service: everything recorded on it is committed together or not at all.
///
/// A handler is a plain function `Fn(&mut Transaction) -> Result<_, Halt>`. It may be run more than once (when it
/// records on an aggregate that another command is at, or lost a race), so it does nothing but load, decide and record. A command
/// touches few aggregates: at most [`Transaction::MAX_AGGREGATES`].
pub struct Transaction<'a> {
    pub context: Context<'a>,
    source: &'a mut dyn StateSource,
    touched: Vec<Touched>,
}

impl Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.touched.iter().map(|t| &t.key))
            .finish()
    }
}

impl<'a> Transaction<'a> {
    /// How many aggregates one command may touch. Bounds the atomic batch and the locks held.
    pub const MAX_AGGREGATES: usize = 256;

    pub fn new(context: Context<'a>, source: &'a mut dyn StateSource) -> Self {
        Self {
            context,
            source,
            touched: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Whether what is reported to have happened `at` cannot have happened yet: beyond [`CLOCK_SKEW`].
    pub fn is_yet_to_come(&self, at: Timestamp) -> bool {
        at > self.now() + CLOCK_SKEW
    }

    /// The state of an aggregate, with what this transaction has recorded on it; `None` if it has no history.
    ///
    /// # Errors
    /// Whatever stops the handler; pass it on with `?`.
    pub fn load<A: Aggregate>(&mut self, id: &str) -> Result<Option<Arc<A>>, Halt> {
        let at = self.touch::<A>(id)?;
        Ok(self.touched[at].loaded.state.clone().map(downcast::<A>))
    }

    /// The etag of an aggregate as this transaction found it: changes with every commit on it.
    ///
    /// # Errors
    /// As [`Transaction::load`].
    pub fn revision<A: Aggregate>(&mut self, id: &str) -> Result<Revision, Halt> {
        let at = self.touch::<A>(id)?;
        Ok(self.touched[at].loaded.revision)
    }

    /// Records `events` on an aggregate; later loads in this transaction see their effect. No events: nothing happens.
    ///
    /// # Errors
    /// As [`Transaction::load`].
    pub fn record<A: Aggregate>(
        &mut self,
        id: &str,
        events: impl IntoIterator<Item = A::Event>,
    ) -> Result<(), Halt> {
        let at = self.touch::<A>(id)?;
        let now = self.context.now;
        let touched = &mut self.touched[at];
        for event in events {
            if touched.events.is_empty() {
                self.source
                    .lock(&touched.key, touched.loaded.revision, decode::<A>)?;
            }
            let state = touched
                .loaded
                .state
                .take()
                .map(|state| Arc::unwrap_or_clone(downcast::<A>(state)));
            touched.loaded.state =
                A::evolve(state, &event, now).map(|state| Arc::new(state) as TypeErased);
            touched.events.push(to_json(&event));
        }
        Ok(())
    }

    /// An aggregate as this transaction leaves it, if it has touched it.
    pub fn touched(&self, key: &AggregateKey) -> Option<Loaded> {
        self.touched
            .iter()
            .find(|touched| touched.key == *key)
            .map(|touched| touched.loaded.clone())
    }

    /// What is to be committed: every touched aggregate on which something was recorded, in the order of first touch.
    pub fn into_recorded(self) -> Vec<Recorded> {
        self.touched
            .into_iter()
            .filter(|touched| !touched.events.is_empty())
            .map(|touched| Recorded {
                key: touched.key,
                revision: touched.loaded.revision,
                events: touched.events,
                state: touched.loaded.state,
            })
            .collect()
    }

    fn touch<A: Aggregate>(&mut self, id: &str) -> Result<usize, Halt> {
        if let Some(at) = self
            .touched
            .iter()
            .position(|t| t.key.kind == A::TYPE && &*t.key.id == id)
        {
            return Ok(at);
        }
        let key = AggregateKey::of::<A>(id);
        assert!(
            self.touched.len() < Self::MAX_AGGREGATES,
            "a command touches more than {} aggregates: {key:?}",
            Self::MAX_AGGREGATES
        );
        let loaded = self.source.load(&key, decode::<A>)?;
        self.touched.push(Touched {
            key,
            loaded,
            events: Vec::new(),
        });
        Ok(self.touched.len() - 1)
    }
}

fn decode<A: Aggregate>(bytes: &[u8]) -> Option<TypeErased> {
    postcard::from_bytes::<A>(bytes)
        .ok()
        .map(|state| Arc::new(state) as TypeErased)
}

fn downcast<A: Aggregate>(state: TypeErased) -> Arc<A> {
    state
        .downcast::<A>()
        .expect("one aggregate type has one state type")
}

fn to_json(event: &impl Serialize) -> Box<serde_json::value::RawValue> {
    serde_json::value::to_raw_value(event)
        .expect("events are plain data, which JSON can always express")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::{Actor, Channel, LegalCalendar};
    use serde::Deserialize;
    use uuid::Uuid;

    /// The smallest of aggregates.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Tally(pub(crate) u32);

    impl Aggregate for Tally {
        const TYPE: &'static str = "tally";
        type Event = u32;

        fn evolve(state: Option<Self>, event: &u32, _: Timestamp) -> Option<Self> {
            Some(Self(state.unwrap_or_default().0 + event))
        }
    }

    /// Knows no history; another command is at `busy`.
    #[derive(Default)]
    struct Source {
        busy: Option<&'static str>,
        locked: Vec<Arc<str>>,
    }

    impl StateSource for Source {
        fn load(&mut self, _: &AggregateKey, _: Decode) -> Result<Loaded, Halt> {
            Ok(Loaded::default())
        }

        fn lock(&mut self, key: &AggregateKey, _: Revision, _: Decode) -> Result<(), Halt> {
            if self.busy == Some(&*key.id) {
                return Err(Halt::Unlocked(key.clone()));
            }
            self.locked.push(Arc::clone(&key.id));
            Ok(())
        }
    }

    fn on<T>(
        source: &mut Source,
        handler: impl Fn(&mut Transaction) -> Result<T, Halt>,
    ) -> Result<T, Halt> {
        let actor = Actor::system("test");
        let calendar = LegalCalendar::default();
        let context = Context {
            now: Timestamp::UNIX_EPOCH,
            actor: &actor,
            channel: Channel::Timer,
            calendar: &calendar,
            command_id: Uuid::nil(),
        };
        handler(&mut Transaction::new(context, source))
    }

    #[test]
    fn what_is_only_read_is_not_locked_and_what_is_recorded_on_is_locked_once() {
        let mut source = Source {
            busy: Some("tariff"),
            ..Source::default()
        };
        on(&mut source, |tx| {
            tx.load::<Tally>("tariff")?;
            tx.load::<Tally>("stay")?;
            tx.record::<Tally>("stay", [])?;
            tx.record::<Tally>("stay", [1, 2])?;
            tx.record::<Tally>("stay", [3])
        })
        .expect("nobody is at the stay");
        assert_eq!(source.locked, ["stay".into()]);
    }

    #[test]
    fn a_record_where_another_command_is_at_stops_the_handler() {
        let mut source = Source {
            busy: Some("stay"),
            ..Source::default()
        };
        let halt = on(&mut source, |tx| tx.record::<Tally>("stay", [1])).expect_err("busy");
        assert!(matches!(halt, Halt::Unlocked(key) if &*key.id == "stay"));
    }
}
