//! The apply thread: takes commits in order, turns them into rows, and writes rows and checkpoint in one batch.
//!
//! A batch holds whole transactions, so that no reader, policy or command sees half of what a command did.

use super::definition::{ApplyError, CHANGES, DUE, Definition, Due, Read, Step};
use super::state::{Phase, Shared};
use super::store::{Broken, Store, Writes};
use super::table::{Range, Rows, Table, View, aggregate_key};
use crate::journal::Position;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

/// Changes with the layout of the chassis' own rows.
const LAYOUT: u32 = 2;

/// Most commits in one batch: bounds its memory and the time between two checkpoints.
const LARGEST_BATCH: usize = 1000;
/// The same while nobody reads yet: an aggregate that changes often is written once a batch.
const LARGEST_BATCH_CATCHING_UP: usize = 4096;

const CHECKPOINT: Table<(), Checkpoint> = Table::of_chassis(0x01);

/// Up to where a projection has come, and what it is a projection of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    layout: u32,
    version: u32,
    /// When the stream was created, in microseconds: a stream made anew is another stream.
    stream: i64,
    pub(super) position: Position,
    /// Id of the commit at `position`: a stream that was set back and has grown again holds another one there.
    pub(super) commit: Uuid,
}

impl Checkpoint {
    pub(super) fn start(version: u32, stream: i64) -> Self {
        Self {
            layout: LAYOUT,
            version,
            stream,
            position: 0,
            commit: Uuid::nil(),
        }
    }

    pub(super) fn read(view: &View) -> Result<Option<Self>, Broken> {
        view.get(&CHECKPOINT, &())
    }

    /// Why a projection at this checkpoint cannot be continued for that stream, if so.
    pub(super) fn unfit(&self, wanted: &Self, last: Position) -> Option<String> {
        if (self.layout, self.version) != (wanted.layout, wanted.version) {
            return Some(format!(
                "it has layout {}.{}, this version wants {}.{}",
                self.layout, self.version, wanted.layout, wanted.version
            ));
        }
        if self.stream != wanted.stream {
            return Some("it is of another stream of this name".into());
        }
        if self.position > last {
            return Some(format!(
                "it is at {}, ahead of the stream, which ends at {last}",
                self.position
            ));
        }
        None
    }
}

/// What comes to the apply thread.
pub(super) enum Input {
    Commit(Read),
    /// The stream ends within the transaction whose commits came last: it was restored from a backup that was cut there.
    Cut,
    Digest(DigestRequest),
    /// The stream cannot be followed any further.
    Broken(Broken),
    /// A reader found this store broken. It may have been replaced meanwhile.
    Unreadable(Weak<Store>, Broken),
    Rebuild,
    Stop,
}

/// Asks for the digest of all rows as they are at a position.
pub(super) struct DigestRequest {
    /// `None`: wherever the projection is.
    pub(super) at: Option<Position>,
    pub(super) reply: oneshot::Sender<Result<Digest, Passed>>,
}

/// The digest of a projection: equal on all replicas at the same position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    pub position: Position,
    pub rows: u64,
    pub hash: u128,
}

/// The projection has already passed the position asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed(pub Position);

/// Why the apply thread ended.
#[derive(Debug)]
pub(super) enum End {
    Stopped,
    Rebuild,
    Broken(Broken),
    /// A commit that this version cannot read: going on would lose it.
    Halted(String),
}

/// Applies what comes until it must end. Blocks wherever it is polled: the disk is waited for.
pub(super) async fn run(
    definition: &Definition,
    shared: &Shared,
    view: &View,
    mut checkpoint: Checkpoint,
    inputs: &mut mpsc::Receiver<Input>,
) -> End {
    let mut waiting = Waiting::default();
    let mut buffer = Vec::with_capacity(LARGEST_BATCH);
    let largest = || match &*shared.phase.borrow() {
        Phase::CatchingUp { .. } => LARGEST_BATCH_CATCHING_UP,
        _ => LARGEST_BATCH,
    };
    while inputs.recv_many(&mut buffer, largest()).await > 0 {
        let ended = round(
            definition,
            shared,
            view,
            &mut checkpoint,
            &mut waiting,
            &mut buffer,
        );
        if let Some(ended) = ended {
            return ended;
        }
    }
    end(view, End::Stopped)
}

/// What came and waits for something else to come.
#[derive(Default)]
struct Waiting {
    /// Commits not yet applied: between two rounds those of one transaction whose last has not come, at most
    /// [`crate::journal::MAX_ENTRIES`].
    commits: Vec<Read>,
    digests: Vec<DigestRequest>,
}

/// How many of `commits` to apply together so that none of their transactions is seen in part: at least `wanted`, or
/// as many as there are whole.
fn whole(commits: &[Read], wanted: usize) -> usize {
    let is_between_two = |count: usize| {
        let Some(last) = count.checked_sub(1).map(|last| commits[last].following) else {
            return true;
        };
        // A transaction that does not go on was cut when the stream was restored, and then written behind.
        let goes_on = |next: &Read| next.following + 1 == last;
        last == 0 || commits.get(count).is_some_and(|next| !goes_on(next))
    };
    (wanted..=commits.len())
        .find(|&count| is_between_two(count))
        .or_else(|| (0..wanted).rev().find(|&count| is_between_two(count)))
        .unwrap_or_default()
}

/// Applies what is in the buffer, and empties it; says how it ended, if it did.
fn round(
    definition: &Definition,
    shared: &Shared,
    view: &View,
    checkpoint: &mut Checkpoint,
    waiting: &mut Waiting,
    buffer: &mut Vec<Input>,
) -> Option<End> {
    let Waiting { commits, digests } = waiting;
    let mut ending = None;
    for input in buffer.drain(..) {
        match input {
            Input::Commit(read) => commits.push(read),
            Input::Cut => {
                if let Some(last) = commits.last_mut() {
                    tracing::error!(
                        position = last.position,
                        "the stream ends within a transaction"
                    );
                    last.following = 0;
                }
            }
            Input::Digest(request) => digests.push(request),
            Input::Broken(broken) => ending = Some(End::Broken(broken)),
            Input::Unreadable(store, broken) => {
                if Weak::ptr_eq(&store, &Arc::downgrade(&view.store)) {
                    ending = Some(End::Broken(broken));
                }
            }
            Input::Rebuild => ending = Some(End::Rebuild),
            Input::Stop => ending = Some(End::Stopped),
        }
    }
    // Whoever asked may have given up: the position may be far, or never come.
    digests.retain(|request| !request.reply.is_closed());
    let mut rest = commits.as_slice();
    loop {
        // A batch ends where someone wants to see the rows as they are exactly there.
        let stop = digests.iter().filter_map(|r| r.at).min();
        let until = match stop {
            Some(stop) => rest.partition_point(|commit| commit.position <= stop),
            None => rest.len(),
        };
        let count = whole(rest, until.max(usize::from(!rest.is_empty())));
        let (batch, after) = rest.split_at(count);
        if !batch.is_empty() {
            match apply(definition, shared, view, checkpoint, batch) {
                Ok(()) => {}
                Err(ApplyError::Broken(broken)) => return Some(End::Broken(broken)),
                Err(other) => return Some(end(view, End::Halted(other.to_string()))),
            }
        }
        if let Err(broken) = answer(view, checkpoint.position, digests) {
            return Some(End::Broken(broken));
        }
        rest = after;
        if count == 0 {
            break;
        }
    }
    let left = rest.len();
    commits.drain(..commits.len() - left);
    ending.map(|ending| end(view, ending))
}

fn end(view: &View, end: End) -> End {
    match view.store.flush() {
        Ok(()) => end,
        Err(broken) => End::Broken(broken),
    }
}

fn apply(
    definition: &Definition,
    shared: &Shared,
    view: &View,
    checkpoint: &mut Checkpoint,
    commits: &[Read],
) -> Result<(), ApplyError> {
    let mut writes = Writes::new();
    let mut step = Step {
        rows: Rows {
            view,
            writes: &mut writes,
        },
        states: HashMap::with_capacity(commits.len()),
        cached: &|key| shared.cached(key),
        unchained: Vec::new(),
    };
    for read in commits {
        assert!(
            read.position > checkpoint.position,
            "commits are applied once and in order"
        );
        let body = match &read.body {
            Ok(body) => body,
            Err(why) => return Err(ApplyError::Unreadable(why.clone())),
        };
        let kind = definition.kind(body.key.kind);
        let kind = kind.expect("it has been read by its kind");
        kind.apply(read.position, body, &mut step)?;
        checkpoint.position = read.position;
        checkpoint.commit = read.commit_id;
    }
    // Once for all of the batch's commits on an aggregate.
    for (key, loaded) in &step.states {
        let kind = definition.kind(key.kind);
        let row = kind.and_then(|kind| kind.encode(loaded));
        step.rows
            .writes
            .insert(aggregate_key(key.kind, &key.id), row);
    }
    step.rows.put(&CHECKPOINT, &(), checkpoint);
    for (position, why) in &step.unchained {
        shared
            .broken_chains
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tracing::error!(position, %why, "an aggregate's chain of commits is broken");
    }
    let states = std::mem::take(&mut step.states);
    let due_added = first_due_added(&writes)?;
    view.store.write(writes)?;

    shared.put(states.into_iter());
    if let Some(at) = due_added {
        shared.due_added(at);
    }
    shared.advance_to(checkpoint.position);
    Ok(())
}

/// The earliest deadline that a batch adds.
fn first_due_added(writes: &Writes) -> Result<Option<Timestamp>, Broken> {
    let mut added = DUE.of_writes(writes).filter(|(_, row)| row.is_some());
    match added.next() {
        None => Ok(None),
        Some((key, _)) => DUE.decode_key(key).map(|(at, _, _)| Some(at)),
    }
}

fn answer(view: &View, position: Position, waiting: &mut Vec<DigestRequest>) -> Result<(), Broken> {
    let mut left = Vec::new();
    let mut here = Vec::new();
    for request in waiting.drain(..) {
        match request.at {
            Some(at) if at > position => left.push(request),
            Some(at) if at < position => {
                let _ = request.reply.send(Err(Passed(position)));
            }
            _ => here.push(request.reply),
        }
    }
    *waiting = left;
    // It takes long enough for whoever asked to give up meanwhile, and nothing is applied in that time.
    let is_wanted = || here.iter().any(|reply| !reply.is_closed());
    if let Some(digest) = digest(view, position, is_wanted)? {
        for reply in here {
            let _ = reply.send(Ok(digest));
        }
    }
    Ok(())
}

/// Hashes every row but the checkpoint, in key order; `None` if nobody wants it any more.
fn digest(
    view: &View,
    position: Position,
    is_wanted: impl Fn() -> bool,
) -> Result<Option<Digest>, Broken> {
    /// Rows between looks at whether somebody waits.
    const LOOK: u64 = 4_096;
    let mut hasher = Xxh3::new();
    let mut rows = 0;
    let mut wanted = is_wanted();
    if !wanted {
        return Ok(None);
    }
    // The checkpoint's own row is the only one under its prefix, the lowest in use.
    view.store.scan(
        Bound::Included(&[0x02]),
        Bound::Unbounded,
        false,
        |key, value| {
            rows += 1;
            hasher.update(&(key.len() as u64).to_le_bytes());
            hasher.update(key);
            hasher.update(&(value.len() as u64).to_le_bytes());
            hasher.update(value);
            if rows % LOOK == 0 {
                wanted = is_wanted();
            }
            wanted
        },
    )?;
    Ok(wanted.then(|| Digest {
        position,
        rows,
        hash: hasher.digest128(),
    }))
}

/// The aggregates that changed after a position, oldest change first, at most `limit` changes.
pub(super) fn changes(
    view: &View,
    after: Position,
    limit: usize,
) -> Result<Vec<(Position, String, String)>, Broken> {
    let rows = view.scan(
        &CHANGES,
        Range::all(limit).starting(Bound::Excluded(&after)),
    )?;
    Ok(rows
        .into_iter()
        .map(|(position, (kind, id))| (position, kind, id))
        .collect())
}

/// The position of the last commit whose rows are there; 0 if there is none.
pub(super) fn newest_change(view: &View) -> Result<Position, Broken> {
    let newest = view.scan(&CHANGES, Range::all(1).reversed())?;
    Ok(newest.first().map_or(0, |(position, _)| *position))
}

/// What is due at `now`, longest overdue first, at most `limit`; and when the next thing after `now` will be.
pub(super) fn due(
    view: &View,
    now: Timestamp,
    limit: usize,
) -> Result<(Vec<Due>, Option<Timestamp>), Broken> {
    let beyond = (now + 1.microsecond(), String::new(), String::new());
    let rows = view.scan(&DUE, Range::all(limit).ending(Bound::Excluded(&beyond)))?;
    let next = view.scan(&DUE, Range::all(1).starting(Bound::Included(&beyond)))?;
    let due = rows
        .into_iter()
        .map(|((at, kind, id), ())| Due { at, kind, id })
        .collect();
    Ok((due, next.into_iter().next().map(|((at, _, _), ())| at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::memory::MemoryDisk;

    /// Commits by how many of their transaction follow.
    fn commits(following: &[u16]) -> Vec<Read> {
        (1..)
            .zip(following)
            .map(|(position, &following)| Read {
                position,
                commit_id: Uuid::nil(),
                following,
                body: Err("not to be applied".into()),
            })
            .collect()
    }

    fn digest_at(at: Option<Position>) -> (Input, oneshot::Receiver<Result<Digest, Passed>>) {
        let (reply, answer) = oneshot::channel();
        (Input::Digest(DigestRequest { at, reply }), answer)
    }

    #[test]
    fn a_digest_that_nobody_waits_for_any_more_is_forgotten_and_never_taken() {
        let disk = MemoryDisk::new();
        let view = View {
            store: Arc::new(Store::Memory(disk.mount())),
        };
        view.store
            .write(Writes::from([(vec![0x02], Some(vec![1]))]))
            .expect("written");
        let mut waiting = Waiting::default();
        let mut next = |input| {
            let ended = round(
                &Definition::new(1),
                &Shared::new(1),
                &view,
                &mut Checkpoint::start(1, 0),
                &mut waiting,
                &mut vec![input],
            );
            (ended, waiting.digests.len())
        };
        let (later, answer) = digest_at(Some(100));
        assert!(matches!(next(later), (None, 1)), "its position may come");
        drop(answer);
        // To take this one would be to find the damage.
        disk.damage(1);
        let (now, answer) = digest_at(None);
        drop(answer);
        let after = next(now);
        assert!(matches!(after, (None, 0)), "{after:?}");

        let (wanted, _answer) = digest_at(None);
        assert!(matches!(next(wanted), (Some(End::Broken(_)), _)));
    }

    #[test]
    fn a_batch_ends_between_two_transactions() {
        let commits = commits(&[0, 2, 1, 0, 0, 1]);
        assert_eq!(whole(&commits, 6), 5, "the last has not come whole");
        assert_eq!(whole(&commits, 1), 1);
        assert_eq!(whole(&commits, 2), 4, "wanted within one: to its end");
        assert_eq!(whole(&commits[5..], 1), 0, "nothing is whole");
        assert_eq!(whole(&[], 0), 0);
    }

    #[test]
    fn a_transaction_that_others_were_written_behind_was_cut_and_holds_up_nothing() {
        assert_eq!(whole(&commits(&[2, 1, 0]), 3), 3);
        assert_eq!(whole(&commits(&[2, 1, 1, 0]), 4), 4);
        assert_eq!(whole(&commits(&[3, 2, 0, 0]), 4), 4);
        assert_eq!(whole(&commits(&[3, 2, 0, 1]), 4), 3);
    }
}
