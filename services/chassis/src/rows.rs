//! Streams of commands: a caller sends many rows in one stream and is answered for each.
//!
//! ```text
//!   rows ──read while there is room──> each in its turn ──> carried out beside each other ──> answers, as they are ready
//!             AT_ONCE under way            rows about one         in groups, as all
//!                                        thing keep their order    commands are
//! ```
//!
//! A row is a command as any other: it has a request id of its own, and whatever is sent again is carried out once. Nothing
//! runs ahead of the caller: answers are made as the caller reads them, so who does not read is not read from. When the
//! caller goes away the rows under way are forgotten here, and their commands run to their end.

use crate::journal::Position;
use crate::projection::Projection;
use crate::server::Failure;
use futures::stream::{BoxStream, FuturesUnordered};
use futures::{Stream, StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::hash::Hash;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

/// Rows of one stream that are under way at most, those among them whose answers the caller has not read. Bounds the memory
/// of a stream, and is as many commands as the journal takes in one group.
pub const AT_ONCE: usize = 1_024;
/// Commits that the projection may be behind before rows wait for it: below what commands refuse to go beyond.
const MOST_BEHIND: Position = 16_384;
/// How long a row is tried again while the bus is away or others are faster, and how long it waits in between.
const PERSIST: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// Carries out a stream of rows, at most [`AT_ONCE`] at a time. Rows `about` the same thing are carried out in their order,
/// each after the one before is done; rows about nothing wait for none.
///
/// The stream ends with the rows, or with an error after a row that cannot be read; what was read before is answered first.
pub fn carry_out<Row, Thing, Answer, Taking>(
    rows: impl Stream<Item = Result<Row, Status>> + Send + 'static,
    about: impl Fn(&Row) -> Option<Thing> + Send + 'static,
    take: impl Fn(Row) -> Taking + Send + 'static,
) -> BoxStream<'static, Result<Answer, Status>>
where
    Row: Send + 'static,
    Thing: Eq + Hash + Send + 'static,
    Answer: Send + 'static,
    Taking: Future<Output = Answer> + Send + 'static,
{
    let mut turns = Turns::default();
    answers(rows, move |row| {
        let turn = turns.give(about(&row));
        let taking = take(row);
        async move {
            let turn = turn.come().await;
            let answer = taking.await;
            drop(turn);
            answer
        }
    })
    .map_err(Status::from)
    .boxed()
}

/// Waits until the projection is not too far behind what a row has written: rows may run ahead of it only so far.
pub async fn keep_up(projection: &Projection, position: Position) {
    projection
        .reached(position.saturating_sub(MOST_BEHIND))
        .await;
}

/// Tries a row again while the bus is away or others are faster, as long as an attempt begins within ten seconds. Only what is `repeatable`, because it has a
/// request id, is tried again after an attempt that may have been carried out.
///
/// # Errors
/// The last attempt's failure, or at once one that time does not heal.
pub async fn persist<T, Attempt>(
    repeatable: bool,
    mut attempt: impl FnMut() -> Attempt,
) -> Result<T, Failure>
where
    Attempt: Future<Output = Result<T, Failure>>,
{
    let until = Instant::now() + PERSIST;
    loop {
        let outcome = attempt().await;
        let may_heal = match &outcome {
            Err(Failure::Unavailable { .. }) => repeatable,
            // Surely nothing was changed.
            Err(Failure::Aborted(_)) => true,
            _ => false,
        };
        if !may_heal || Instant::now() + PAUSE >= until {
            return outcome;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Who is at which thing at this moment, so that rows about one thing keep their order.
pub struct Turns<Thing>(HashMap<Thing, oneshot::Receiver<()>>);

impl<Thing> Debug for Turns<Thing> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turns").field(&self.0.len()).finish()
    }
}

impl<Thing> Default for Turns<Thing> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// A row's place among those about the same thing: the next one comes when this is dropped.
#[derive(Debug, Default)]
#[must_use]
pub struct Turn {
    /// Ends when the row before is done.
    before: Option<oneshot::Receiver<()>>,
    /// Dropped when this row is done.
    _done: Option<oneshot::Sender<()>>,
}

impl<Thing: Eq + Hash> Turns<Thing> {
    /// How many ended turns are kept before they are looked for and forgotten.
    const TIDY_AT: usize = 2 * AT_ONCE;

    /// The turn of the next row, about this; what is about nothing waits for none.
    pub fn give(&mut self, about: Option<Thing>) -> Turn {
        let Some(thing) = about else {
            return Turn::default();
        };
        if self.0.len() >= Self::TIDY_AT {
            self.tidy();
        }
        let (done, waiting) = oneshot::channel();
        Turn {
            before: self.0.insert(thing, waiting),
            _done: Some(done),
        }
    }

    /// Forgets the turns that are over.
    fn tidy(&mut self) {
        let is_under_way = |turn: &mut oneshot::Receiver<()>| {
            matches!(turn.try_recv(), Err(oneshot::error::TryRecvError::Empty))
        };
        self.0.retain(|_, turn| is_under_way(turn));
    }
}

impl Turn {
    /// Waits until the row before is done.
    pub async fn come(mut self) -> Self {
        if let Some(before) = self.before.take() {
            // The row before has dropped its end.
            let _ = before.await;
        }
        self
    }
}

/// Rows that are under way, and those still to be read.
struct Flow<Rows, Begin, Taking> {
    rows: Pin<Box<Rows>>,
    begin: Begin,
    under_way: FuturesUnordered<Taking>,
    /// Whether there may be more rows.
    open: bool,
    /// Why there are no more, if not for their end.
    broken: Option<Status>,
}

/// Answers as they are ready; reads rows while fewer than [`AT_ONCE`] are under way, and only when asked for an answer.
fn answers<Row, Answer, Taking>(
    rows: impl Stream<Item = Result<Row, Status>> + Send,
    begin: impl FnMut(Row) -> Taking,
) -> impl Stream<Item = Result<Answer, Failure>>
where
    Taking: Future<Output = Answer>,
{
    let flow = Flow {
        rows: Box::pin(rows),
        begin,
        under_way: FuturesUnordered::new(),
        open: true,
        broken: None,
    };
    futures::stream::unfold(flow, async |mut flow| {
        let answer = flow.next().await?;
        Some((answer, flow))
    })
}

impl<Row, Answer, Rows, Begin, Taking> Flow<Rows, Begin, Taking>
where
    Rows: Stream<Item = Result<Row, Status>>,
    Begin: FnMut(Row) -> Taking,
    Taking: Future<Output = Answer>,
{
    async fn next(&mut self) -> Option<Result<Answer, Failure>> {
        loop {
            tokio::select! {
                biased;
                Some(answer) = self.under_way.next() => return Some(Ok(answer)),
                row = self.rows.next(), if self.open && self.under_way.len() < AT_ONCE => match row {
                    Some(Ok(row)) => self.under_way.push((self.begin)(row)),
                    Some(Err(status)) => {
                        self.open = false;
                        self.broken = Some(status);
                    }
                    None => self.open = false,
                },
                else => return self.broken.take().map(|status| Err(status.into())),
            }
        }
    }
}
