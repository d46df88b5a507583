//! Given past events, when a command is handled, then these events or this refusal.

use crate::domain::{
    Actor, Aggregate, AggregateKey, Channel, Context, Decode, Halt, LegalCalendar, Loaded,
    Recorded, Rejection, Revision, StateSource, Transaction, TypeErased,
};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A small world: some aggregates with a history, a clock and someone who acts.
///
/// ```ignore
/// Scenario::at("2026-03-02T09:00:00+08:00")
///     .given::<Permit>("p1", [submitted()])
///     .by(reviewer())
///     .when(|tx| accept(tx, "p1"))
///     .then::<Permit>("p1", [accepted()]);
/// ```
#[derive(Debug)]
pub struct Scenario {
    now: Timestamp,
    actor: Actor,
    channel: Channel,
    calendar: LegalCalendar,
    commands: u128,
    states: HashMap<AggregateKey, Loaded>,
}

impl Scenario {
    /// # Panics
    /// If `now` is not an RFC 3339 timestamp.
    pub fn at(now: &str) -> Self {
        Self {
            now: now.parse().expect("an RFC 3339 timestamp"),
            actor: Actor::system("test"),
            channel: Channel::Api,
            calendar: LegalCalendar::default(),
            commands: 0,
            states: HashMap::new(),
        }
    }

    /// Adds events to an aggregate's history, at the present time of the scenario.
    #[must_use]
    pub fn given<A: Aggregate>(
        mut self,
        id: &str,
        events: impl IntoIterator<Item = A::Event>,
    ) -> Self {
        let loaded = self.states.entry(AggregateKey::of::<A>(id)).or_default();
        for event in events {
            let state = loaded.state.take().map(|state| {
                let state: Arc<A> = state.downcast().expect("one state type");
                (*state).clone()
            });
            loaded.state =
                A::evolve(state, &event, self.now).map(|state| Arc::new(state) as TypeErased);
            loaded.revision.position += 1;
        }
        self
    }

    /// Moves the clock.
    ///
    /// # Panics
    /// If `now` is not an RFC 3339 timestamp.
    #[must_use]
    pub fn later(mut self, now: &str) -> Self {
        self.now = now.parse().expect("an RFC 3339 timestamp");
        self
    }

    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    #[must_use]
    pub fn through(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The state of an aggregate as it stands.
    ///
    /// # Panics
    /// If it has no history.
    pub fn state<A: Aggregate>(&self, id: &str) -> A {
        let state = self.states[&AggregateKey::of::<A>(id)]
            .state
            .clone()
            .expect("the aggregate exists");
        let state: Arc<A> = state.downcast().expect("one state type");
        (*state).clone()
    }

    /// The state of an aggregate, if it has a history.
    ///
    /// # Panics
    /// Never: one aggregate type has one state type.
    pub fn find<A: Aggregate>(&self, id: &str) -> Option<A> {
        let state = self.states.get(&AggregateKey::of::<A>(id))?.state.clone()?;
        let state: Arc<A> = state.downcast().expect("one state type");
        Some((*state).clone())
    }

    /// Handles one command. What it records becomes history.
    ///
    /// # Panics
    /// If the handler stops for a reason that only a running service has.
    pub fn when<T>(
        mut self,
        handler: impl FnOnce(&mut Transaction) -> Result<T, Halt>,
    ) -> Outcome<T> {
        self.commands += 1;
        let mut source = States(self.states.clone());
        let context = Context {
            now: self.now,
            actor: &self.actor,
            channel: self.channel,
            calendar: &self.calendar,
            command_id: Uuid::from_u128(self.commands),
        };
        let mut transaction = Transaction::new(context, &mut source);
        let result = match handler(&mut transaction) {
            Ok(value) => Ok(value),
            Err(Halt::Rejected(rejection)) => Err(*rejection),
            Err(other) => panic!("the handler stopped: {other:?}"),
        };
        let recorded = match result {
            Ok(_) => transaction.into_recorded(),
            Err(_) => Vec::new(),
        };
        for recorded in &recorded {
            let loaded = self.states.entry(recorded.key.clone()).or_default();
            loaded.state.clone_from(&recorded.state);
            loaded.revision = Revision {
                position: loaded.revision.position + 1,
                hash: [0; 16],
            };
        }
        Outcome {
            scenario: self,
            result,
            recorded,
        }
    }
}

#[derive(Debug)]
struct States(HashMap<AggregateKey, Loaded>);

impl StateSource for States {
    fn load(&mut self, key: &AggregateKey, _: Decode) -> Result<Loaded, Halt> {
        Ok(self.0.get(key).cloned().unwrap_or_default())
    }

    fn lock(&mut self, _: &AggregateKey, _: Revision, _: Decode) -> Result<(), Halt> {
        Ok(())
    }
}

/// What came of a command.
#[derive(Debug)]
pub struct Outcome<T> {
    scenario: Scenario,
    result: Result<T, Rejection>,
    recorded: Vec<Recorded>,
}

impl<T: std::fmt::Debug> Outcome<T> {
    /// Exactly these events were recorded on this aggregate; the story goes on.
    ///
    /// # Panics
    /// If the command was refused or recorded other events on it.
    #[track_caller]
    pub fn then<A: Aggregate>(
        self,
        id: &str,
        expected: impl IntoIterator<Item = A::Event>,
    ) -> Self {
        if let Err(rejection) = &self.result {
            panic!("refused: {rejection:?}");
        }
        let expected: Vec<A::Event> = expected.into_iter().collect();
        assert_eq!(self.events::<A>(id), expected, "events on {}/{id}", A::TYPE);
        self
    }

    /// The command was refused on this ground, resting on this provision (`None`: on no law).
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn then_refused(self, reason: &str, basis: Option<&str>) -> Scenario {
        match &self.result {
            Ok(value) => panic!("not refused: {value:?}, {:?}", self.recorded),
            Err(rejection) => {
                assert_eq!(rejection.reason, reason, "{rejection:?}");
                assert_eq!(
                    rejection.basis.as_ref().map(ToString::to_string).as_deref(),
                    basis,
                    "{rejection:?}"
                );
            }
        }
        self.scenario
    }

    /// The command changed nothing, and that is right (a repetition, say).
    ///
    /// # Panics
    /// If it was refused or recorded anything.
    #[track_caller]
    pub fn then_nothing(self) -> Scenario {
        if let Err(rejection) = &self.result {
            panic!("refused: {rejection:?}");
        }
        assert!(self.recorded.is_empty(), "{:?}", self.recorded);
        self.scenario
    }

    /// The events recorded on one aggregate.
    ///
    /// # Panics
    /// If an event does not survive its way through JSON, in which it is stored.
    pub fn events<A: Aggregate>(&self, id: &str) -> Vec<A::Event> {
        let key = AggregateKey::of::<A>(id);
        self.recorded
            .iter()
            .filter(|recorded| recorded.key == key)
            .flat_map(|recorded| &recorded.events)
            .map(|json| serde_json::from_str(json.get()).expect("events survive JSON"))
            .collect()
    }

    /// What the handler answered.
    ///
    /// # Panics
    /// If the command was refused.
    #[track_caller]
    pub fn value(&self) -> &T {
        self.result.as_ref().expect("not refused")
    }

    /// Goes on with the story, whether the command was refused or not: for random stories.
    pub fn regardless(self) -> Scenario {
        self.scenario
    }

    /// Goes on with the story.
    ///
    /// # Panics
    /// If the command was refused.
    #[track_caller]
    pub fn and(self) -> Scenario {
        if let Err(rejection) = &self.result {
            panic!("refused: {rejection:?}");
        }
        self.scenario
    }
}
