//! Commands: recognise a repetition, lock, decide, append with guards, answer. Exactly once, whatever is cut or raced.
//!
//! A command is known by its caller and request id. Its commit holds both, so that
//! - a repetition on this replica finds the first outcome, before or after the projection has it;
//! - a repetition on another replica meets the guard of the first attempt, waits for its own projection to see it,
//!   and answers the same;
//! - a refusal, or that there is nothing to do, is written nowhere and so meets no guard: it is answered only once the
//!   projection has seen all that was written before. Else a replica that lags would refuse what another has done;
//! - the same id with another body is refused.
//!
//! Once a command has been handed over it runs to its end, even if its caller goes away: a cut connection never leaves
//! half a command behind.

mod ahead;
mod call;
mod decision;
mod locks;
mod standing;
mod step;

pub use call::Call;
pub use step::check_etag;

use crate::clock::Clock;
use crate::commit::Commit;
use crate::domain::{Aggregate, AggregateKey, Halt, LegalCalendar, Loaded, Revision, Transaction};
use crate::journal::appender::{Appender, Outcome};
use crate::journal::{Journal, Position};
use crate::projection::{Answered, Projection, ReadError};
use crate::server::{Failure, set_position};
use crate::telemetry::SPANS;
use ahead::Ahead;
use decision::{Decided, Desk, Prepared};
use locks::Locks;
use standing::{Standing, Standings};
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tonic::Response;
use tracing::Instrument;

/// How often a command that lost a race is decided again.
const ATTEMPTS: usize = 16;
/// Commits of a history that are read at once.
const PAGE: usize = 256;
/// When to come back if the journal is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What became of a command: the aggregate that its answer is about, as the command left it.
#[derive(Clone, Debug)]
pub struct Done<A> {
    pub id: Arc<str>,
    pub state: Arc<A>,
    pub revision: Revision,
    /// Where to read from to see what the command did: the position of its last commit, or, if it changed nothing,
    /// of the aggregate's last one.
    pub position: Position,
}

impl<A> Done<A> {
    /// An answer that tells the position in its metadata.
    pub fn respond<M>(&self, message: M) -> Response<M> {
        let mut response = Response::new(message);
        set_position(&mut response, self.position);
        response
    }
}

/// Carries out the commands of one service.
#[derive(Clone)]
pub struct Commands(Arc<Inner>);

struct Inner {
    projection: Projection,
    journal: Arc<dyn Journal>,
    appender: Appender,
    clock: Arc<dyn Clock>,
    calendar: Arc<LegalCalendar>,
    locks: Arc<Locks>,
    ahead: Ahead,
    standing: Standing,
    running: TaskTracker,
}

impl Debug for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commands")
            .field("running", &self.0.running.len())
            .finish_non_exhaustive()
    }
}

/// What a handler is: a plain function that may be run again, on another thread.
pub trait Handler: Fn(&mut Transaction) -> Result<String, Halt> + Send + Sync + 'static {}
impl<F: Fn(&mut Transaction) -> Result<String, Halt> + Send + Sync + 'static> Handler for F {}

type ErasedHandler = dyn Fn(&mut Transaction) -> Result<Option<AggregateKey>, Halt> + Send + Sync;

/// How a command ended, before the type of its answer is known.
enum Ended {
    Now {
        /// What the answer is about, if anything.
        answer: Option<(AggregateKey, Loaded)>,
        /// Where the command's last commit is; `None` if it changed nothing.
        position: Option<Position>,
    },
    /// It was carried out before. What it was answered is looked up only for those who want it.
    Before(Answered),
}

impl Commands {
    pub fn new(
        projection: Projection,
        journal: Arc<dyn Journal>,
        appender: Appender,
        clock: Arc<dyn Clock>,
        calendar: Arc<LegalCalendar>,
    ) -> Self {
        Self(Arc::new(Inner {
            projection,
            journal,
            appender,
            clock,
            calendar,
            locks: Arc::default(),
            ahead: Ahead::default(),
            standing: Standing::default(),
            running: TaskTracker::new(),
        }))
    }

    /// Carries out a command. `handler` answers the id of the aggregate that the answer is about.
    ///
    /// # Errors
    /// [`Failure`]; nothing was changed, except that after [`Failure::Unavailable`] the command may still take effect:
    /// a repetition with the same request id finds out.
    pub async fn execute<A: Aggregate>(
        &self,
        call: Call,
        handler: impl Handler,
    ) -> Result<Done<A>, Failure> {
        let ended = self.spawn(call, erase::<A>(handler)).await?;
        self.0.done(ended).await
    }

    /// Carries out a command that has no answer, such as a timer's or a policy's: the position of its last commit, made
    /// now or when it was given before, or `None` if there was nothing to do.
    ///
    /// # Errors
    /// As [`Commands::execute`].
    pub async fn perform(
        &self,
        call: Call,
        handler: impl Fn(&mut Transaction) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Result<Option<Position>, Failure> {
        let handler: Arc<ErasedHandler> =
            Arc::new(move |transaction: &mut Transaction| handler(transaction).map(|()| None));
        Ok(match self.spawn(call, handler).await? {
            Ended::Now { position, .. } => position,
            Ended::Before(answered) => Some(answered.position),
        })
    }

    async fn spawn(&self, call: Call, handler: Arc<ErasedHandler>) -> Result<Ended, Failure> {
        let inner = Arc::clone(&self.0);
        let span = tracing::debug_span!(target: SPANS, "command", command = %call.command_id);
        self.0
            .running
            .spawn(async move { inner.execute(&Arc::new(call), &handler).await }.instrument(span))
            .await
            .map_err(|panic| Failure::internal(format_args!("a command panicked: {panic}")))?
    }

    /// Decides a command without carrying it out (`validate_only`): answers what it would answer.
    ///
    /// # Errors
    /// As [`Commands::execute`].
    pub async fn rehearse<A: Aggregate>(
        &self,
        call: Call,
        handler: impl Handler,
    ) -> Result<Done<A>, Failure> {
        let handler = erase::<A>(handler);
        let ended = self.0.rehearse(&Arc::new(call), &handler).await?;
        self.0.done(ended).await
    }

    /// [`Commands::execute`], or [`Commands::rehearse`] if `validate_only`.
    ///
    /// # Errors
    /// As [`Commands::execute`].
    pub async fn run<A: Aggregate>(
        &self,
        validate_only: bool,
        call: Call,
        handler: impl Handler,
    ) -> Result<Done<A>, Failure> {
        if validate_only {
            self.rehearse(call, handler).await
        } else {
            self.execute(call, handler).await
        }
    }

    /// Waits until every command under way has ended. New ones are still taken: close the door first.
    pub async fn drained(&self) {
        self.0.running.close();
        self.0.running.wait().await;
    }
}

fn erase<A: Aggregate>(handler: impl Handler) -> Arc<ErasedHandler> {
    Arc::new(move |transaction: &mut Transaction| {
        let id = handler(transaction)?;
        // The answer's aggregate is loaded in any case, for commands that change nothing.
        transaction.load::<A>(&id)?;
        Ok(Some(AggregateKey::of::<A>(&id)))
    })
}

impl Inner {
    /// The answer of a command that has ended.
    async fn done<A: Aggregate>(&self, ended: Ended) -> Result<Done<A>, Failure> {
        let (key, loaded, position) = match ended {
            Ended::Now { answer, position } => {
                let (key, loaded) = answer
                    .ok_or_else(|| Failure::internal("a command's answer is about nothing"))?;
                (key, loaded, position)
            }
            Ended::Before(answered) => {
                let position = answered.position;
                let (key, loaded) = self.answer_again::<A>(answered).await?;
                (key, loaded, Some(position))
            }
        };
        let state = loaded
            .state
            .ok_or_else(|| Failure::NotFound(key.id.to_string()))?;
        Ok(Done {
            id: key.id,
            state: state.downcast().map_err(|_| {
                Failure::internal("a command's answer is of another aggregate type")
            })?,
            revision: loaded.revision,
            position: position.unwrap_or(loaded.revision.position),
        })
    }

    async fn execute(
        self: &Arc<Self>,
        call: &Arc<Call>,
        handler: &Arc<ErasedHandler>,
    ) -> Result<Ended, Failure> {
        // Repetitions of one request wait for the first, then find its answer.
        let request = call.fingerprint.map(|_| AggregateKey {
            kind: "request",
            id: call.command_id.simple().to_string().into(),
        });
        let mut wanted = Vec::from_iter(request);
        let mut caught_up = false;
        for _ in 0..ATTEMPTS {
            if !self.journal.is_connected() {
                return Err(Failure::unavailable("the journal is away", RETRY_AFTER));
            }
            self.ahead.keep_to(self.projection.generation());
            if self.ahead.is_full(self.projection.applied()) {
                return Err(Failure::unavailable(
                    "the projection is behind",
                    RETRY_AFTER,
                ));
            }
            let held = self.locks.take(wanted.clone()).await;
            let seen = self.projection.applied();
            let (decided, held) = self.decide(call, handler, held).await?;
            match decided {
                Decided::Answered(answered) => {
                    drop(held);
                    return self.carried_out_before(call, answered).await;
                }
                Decided::Rejected(rejection) => {
                    drop(held);
                    if caught_up || self.nothing_is_missing(call, seen).await? {
                        return Err(Failure::Rejected(rejection));
                    }
                    caught_up = true;
                }
                Decided::Unavailable(why) => return Err(Failure::unavailable(why, RETRY_AFTER)),
                Decided::Locked(key) => {
                    wanted = held.iter().map(|held| held.key.clone()).collect();
                    wanted.push(key);
                }
                Decided::Unchanged(answer) => {
                    drop(held);
                    if caught_up || self.nothing_is_missing(call, seen).await? {
                        return Ok(Ended::Now {
                            answer,
                            position: None,
                        });
                    }
                    caught_up = true;
                }
                Decided::Commits { prepared, answer } => {
                    let entries = prepared.iter().map(|p| p.entry.clone()).collect();
                    let span = tracing::debug_span!(target: SPANS, "append");
                    match self.appender.append(entries).instrument(span).await {
                        Outcome::Committed(positions) => {
                            return Ok(self.committed(call, &prepared, &positions, answer));
                        }
                        Outcome::Conflict { at, .. } => {
                            drop(held);
                            // What stands in the way may be our own command, given on another replica: a projection
                            // that has seen one of its commits has seen the last, which holds the answer.
                            self.projection.catch_up(at).await?;
                        }
                        Outcome::Unavailable(why) | Outcome::Unknown(why) => {
                            self.forget_what_is_lost(&prepared).await;
                            return Err(Failure::unavailable(why, RETRY_AFTER));
                        }
                    }
                }
            }
        }
        Err(Failure::Aborted(
            "others changed the same thing at the same time; try again".into(),
        ))
    }

    async fn rehearse(
        self: &Arc<Self>,
        call: &Arc<Call>,
        handler: &Arc<ErasedHandler>,
    ) -> Result<Ended, Failure> {
        let mut wanted = Vec::new();
        for _ in 0..ATTEMPTS {
            let held = self.locks.take(wanted).await;
            let (decided, held) = self.decide(call, handler, held).await?;
            let applied = self.projection.applied();
            match decided {
                Decided::Answered(answered) => {
                    drop(held);
                    return self.carried_out_before(call, answered).await;
                }
                Decided::Rejected(rejection) => return Err(Failure::Rejected(rejection)),
                Decided::Unavailable(why) => return Err(Failure::unavailable(why, RETRY_AFTER)),
                Decided::Locked(key) => {
                    wanted = held.iter().map(|held| held.key.clone()).collect();
                    wanted.push(key);
                }
                Decided::Unchanged(answer) | Decided::Commits { answer, .. } => {
                    return Ok(Ended::Now {
                        answer,
                        position: Some(applied),
                    });
                }
            }
        }
        Err(Failure::Aborted(
            "too much is going on here; try again".into(),
        ))
    }

    async fn decide(
        self: &Arc<Self>,
        call: &Arc<Call>,
        handler: &Arc<ErasedHandler>,
        mut held: Vec<locks::Held>,
    ) -> Result<(Decided, Vec<locks::Held>), Failure> {
        let inner = Arc::clone(self);
        let call = Arc::clone(call);
        let handler = Arc::clone(handler);
        let decided = self
            .projection
            .decide(move |snapshot| {
                let mut desk = Desk {
                    snapshot,
                    ahead: &inner.ahead,
                    locks: &inner.locks,
                    held: &mut held,
                    applied: inner.projection.applied(),
                    broken: None,
                };
                let now = inner.clock.now();
                let decided = desk.decide(&call, now, &inner.calendar, &*handler)?;
                Ok((decided, held))
            })
            .await?;
        Ok(decided)
    }

    fn committed(
        &self,
        call: &Call,
        prepared: &[Prepared],
        positions: &[Position],
        mut answer: Option<(AggregateKey, Loaded)>,
    ) -> Ended {
        assert_eq!(
            prepared.len(),
            positions.len(),
            "a position for each commit"
        );
        let mut states = Vec::with_capacity(prepared.len());
        for (prepared, position) in prepared.iter().zip(positions) {
            debug_assert!(
                *position > prepared.entry.expected,
                "a commit stands after the one that it follows"
            );
            let after = prepared.loaded(*position);
            if let Some((key, loaded)) = &mut answer
                && *key == prepared.entry.key
            {
                *loaded = after.clone();
            }
            states.push((prepared.entry.key.clone(), after));
        }
        let position = positions.last().copied().unwrap_or_default();
        let last_key = prepared.last().map(|prepared| &prepared.entry.key);
        let about = answer.as_ref().map(|(key, _)| key).or(last_key);
        let answered = call
            .fingerprint
            .zip(about)
            .map(|(fingerprint, about)| Answered {
                fingerprint,
                position,
                kind: about.kind.to_owned(),
                id: about.id.to_string(),
            });
        let applied = self.projection.applied();
        self.ahead.add(call.command_id, states, answered, applied);
        Ended::Now {
            answer,
            position: Some(position),
        }
    }

    /// Whether a decision on what was `seen` knew all that this command may have done before. If not, waits until the
    /// projection does.
    async fn nothing_is_missing(&self, call: &Call, seen: Position) -> Result<bool, Failure> {
        // What nobody can repeat has not been carried out before.
        if call.fingerprint.is_none() {
            return Ok(true);
        }
        let head = self.head().await?;
        if head <= seen {
            return Ok(true);
        }
        self.projection.catch_up(head).await?;
        Ok(false)
    }

    /// A repetition is answered as the first time, if what was done then still stands.
    async fn carried_out_before(&self, call: &Call, answered: Answered) -> Result<Ended, Failure> {
        if call.fingerprint != Some(answered.fingerprint) {
            return Err(Failure::RequestIdReused);
        }
        let caught_up = self.projection.catch_up(answered.position).await;
        self.still_reaches(answered.position).await?;
        caught_up?;
        Ok(Ended::Before(answered))
    }

    /// A restored stream may lack what was committed here and is not projected yet: no guard that names it ever holds.
    async fn forget_what_is_lost(&self, prepared: &[Prepared]) {
        let named = prepared.iter().map(|prepared| prepared.entry.expected);
        let newest = named.max().unwrap_or_default();
        if newest > self.projection.applied() {
            // Whoever asks has a failure to tell already.
            let _ = self.still_reaches(newest).await;
        }
    }

    /// Fails if the journal no longer holds this position, and forgets what was committed here.
    async fn still_reaches(&self, position: Position) -> Result<(), Failure> {
        if self.head().await? < position {
            return Err(self.lost());
        }
        Ok(())
    }

    /// The journal's last position, if the journal still holds all that was known here when this was called.
    async fn head(&self) -> Result<Position, Failure> {
        match self.standing.ask(&*self.journal, &self.projection).await {
            Standings::UpTo(head) => Ok(head),
            Standings::Lost => Err(self.lost()),
            Standings::Unknown(why) => Err(Failure::unavailable(why, RETRY_AFTER)),
        }
    }

    /// What is known here is of a stream that was set back: guards keep commands right without it, and the projection
    /// will begin anew.
    fn lost(&self) -> Failure {
        self.ahead.forget();
        let lost = "the journal was restored from a backup and lacks what was done since";
        Failure::unavailable(lost, RETRY_AFTER)
    }

    /// What a command was answered about the first time, as it left it.
    async fn answer_again<A: Aggregate>(
        &self,
        answered: Answered,
    ) -> Result<(AggregateKey, Loaded), Failure> {
        if answered.kind != A::TYPE || !AggregateKey::is_valid_id(&answered.id) {
            return Err(Failure::internal(
                "a command's answer is of another aggregate type",
            ));
        }
        let key = AggregateKey::of::<A>(&answered.id);
        let loaded = self.state_at::<A>(&key, answered.position).await?;
        Ok((key, loaded))
    }

    /// What an aggregate was at the position of an own or a projected commit.
    async fn state_at<A: Aggregate>(
        &self,
        key: &AggregateKey,
        position: Position,
    ) -> Result<Loaded, Failure> {
        // Only at this very position: before it, another replica may have committed what is not known here yet.
        if let Some(newest) = self.ahead.state(key, 0)
            && newest.revision.position == position
        {
            return Ok(newest);
        }
        let newest = self.projection.get::<A>(&key.id).await?;
        let newest = newest.map_or_else(Loaded::default, |newest| Loaded {
            state: Some(newest.state),
            revision: newest.revision,
        });
        if newest.revision.position <= position {
            return Ok(newest);
        }
        self.replayed(key, position).await
    }

    /// What an aggregate that has changed since was at a position in the past.
    async fn replayed(&self, key: &AggregateKey, position: Position) -> Result<Loaded, Failure> {
        let mut loaded = Loaded::default();
        loop {
            let after = loaded.revision.position;
            let page = self.journal.history(key, after, PAGE).await;
            let page = page.map_err(|away| Failure::unavailable(away.to_string(), RETRY_AFTER))?;
            // The projection has seen a later commit: who answered was cut off, or the stream was set back.
            if page.is_empty() {
                return Err(Failure::unavailable(
                    "the journal does not show yet what was done",
                    RETRY_AFTER,
                ));
            }
            for stored in page {
                if stored.position > position {
                    return Ok(loaded);
                }
                let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
                loaded = Loaded {
                    state: self
                        .projection
                        .fold(key.kind, loaded.state, &commit)
                        .map_err(Failure::internal)?,
                    revision: Revision {
                        position: stored.position,
                        hash: crate::commit::hash(&stored.payload),
                    },
                };
            }
            if loaded.revision.position == position {
                return Ok(loaded);
            }
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotReady(why) => {
                Self::unavailable(format!("the projection is not ready: {why}"), RETRY_AFTER)
            }
            ReadError::Failed => Self::internal("a read failed"),
        }
    }
}
