//! The only module that knows sled.
//!
//! sled asserts and unwraps on data that it cannot read, so every call is made where a panic is caught and becomes
//! [`Broken`]: the projection is then moved aside and rebuilt from the journal.
//!
//! When a flush fails, as on a full disk, sled's own flushing thread ends the process, and any other flush after that
//! one waits for ever. So the store flushes itself, and one that has once failed is never touched nor dropped again: what
//! it holds in memory stays there.
//!
//! sled's cache is bounded for leaves that are only read. A leaf that was written stays in memory until the store is
//! closed (its list of what blocks 1.0 says so: "need to remove max_unflushed_epoch after flushing it"), so the store is
//! closed and opened anew when such leaves may take as much as the cache.
//!
//! A range of sled's looks for its next row beyond its end, through the whole tree if need be, and a leaf that a batch has
//! emptied stays where it is and is read by each range that passes it. So a scan asks for rows without an end and stops at
//! the first that is beyond its own, and what a batch deleted is touched once more, upon which sled gives an empty leaf to
//! its neighbour.

use super::flusher::Flusher;
use super::{Broken, StoreOptions, Writes};
use parking_lot::{Mutex, RwLock};
use std::cell::Cell;
use std::fmt::{self, Debug};
use std::ops::{Bound, Deref};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use thread_local::ThreadLocal;

/// Rows a leaf holds at most. With 64 a row that is not in the cache takes 35 us to read and not 93, but a store of a whole
/// year would take some four seconds to open, each time it is opened anew.
const LEAF_FANOUT: usize = 256;

/// Cheap and half the size; higher levels cost more time than they save in space.
const COMPRESSION: i32 = 1;

/// sled's own flushing thread sleeps for so long, in milliseconds: for ever. Without that thread sled flushes each time that
/// a handle is dropped, and each scan has one of its own.
const NEVER: usize = 1 << 40;

/// What has just been closed is opened anew in so many attempts, and pauses between them: a thread of sled's may hold the
/// store's lock for a moment longer.
const OPENINGS: u32 = 100;
const BETWEEN_OPENINGS: Duration = Duration::from_millis(10);

/// Who reads within a long scan waits no longer than this for a store to be opened anew; it is tried again at the next flush.
const MAKING_WAY: Duration = Duration::from_millis(500);

/// Flushes that follow one another until one has nothing left to write, at most.
const CLOSING_FLUSHES: usize = 8;

const EARLIER: &str = "an earlier call failed";

/// A value, borrowed from the store's cache where it is large.
#[derive(Clone)]
pub(in super::super) struct Row(sled::InlineArray);

impl Deref for Row {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Row {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} bytes)", self.0.len())
    }
}

type Tree = sled::Tree<LEAF_FANOUT>;

/// A store on disk.
pub(in super::super) struct Disk {
    flusher: Flusher,
    sled: Arc<Sled>,
}

pub(super) struct Sled {
    pub(super) path: PathBuf,
    options: StoreOptions,
    /// `None` when it could not be opened anew.
    opened: RwLock<Option<Opened>>,
    failed: AtomicBool,
}

/// sled, as it was opened.
struct Opened {
    /// A tree can be sent to another thread but not shared with it: each thread has its own handle.
    handles: ThreadLocal<Tree>,
    roots: Mutex<(sled::Db<LEAF_FANOUT>, Tree)>,
    written: Written,
}

/// What was written since.
#[derive(Debug, Default)]
struct Written {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Written {
    /// About what the leaves that were written take in memory, in bytes: not less, if they hold rows like those written.
    fn held(&self, stats: &sled::CacheStats) -> u64 {
        /// Beside its bytes, for a row: two allocations and its place in the leaf.
        const OF_A_ROW: u64 = 64;
        /// Leaves are between half full and full.
        const ROWS: u64 = LEAF_FANOUT as u64 * 3 / 4;
        let rows = self.rows.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let leaf = ROWS * (bytes / rows.max(1) + OF_A_ROW);
        // Each was flushed at least once, and not only moved on the disk; and each was read from disk or is new, which takes
        // half a leaf of new rows.
        let flushed = stats.flush_sum.objects_flushed;
        let flushed = flushed.saturating_sub(stats.compacted_heap_slots);
        let known = stats.cache_misses + rows / (LEAF_FANOUT as u64 / 2);
        leaf * flushed.min(known)
    }
}

impl Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk")
            .field("path", &self.sled.path)
            .finish()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.flusher.end();
        let _ = self.sled.close();
    }
}

fn guarded<T>(call: impl FnOnce() -> std::io::Result<T>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Broken(error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without words");
            Err(Broken(text.to_owned()))
        }
    }
}

impl Opened {
    fn open(path: &Path, options: StoreOptions) -> Result<Self, Broken> {
        guarded(|| {
            let db = sled::Config::new()
                .path(path)
                .cache_capacity_bytes(options.cache_bytes)
                .flush_every_ms(Some(NEVER))
                .zstd_compression_level(COMPRESSION)
                .open::<LEAF_FANOUT>()?;
            let tree = db.open_tree(b"projection")?;
            Ok(Self {
                handles: ThreadLocal::new(),
                roots: Mutex::new((db, tree)),
                written: Written::default(),
            })
        })
    }

    /// Opens what has just been closed.
    fn again(path: &Path, options: StoreOptions) -> Result<Self, Broken> {
        for _ in 1..OPENINGS {
            match Self::open(path, options) {
                Ok(opened) => return Ok(opened),
                Err(_) => std::thread::sleep(BETWEEN_OPENINGS),
            }
        }
        Self::open(path, options)
    }

    fn tree(&self) -> &Tree {
        self.handles.get_or(|| self.roots.lock().1.clone())
    }

    /// Gives the leaf in which a row was to its neighbour, if it is empty. Only for the one who writes: a batch beside it
    /// takes the same locks in another order.
    fn tidy(&self, deleted: &[u8]) -> std::io::Result<()> {
        let absent = None::<sled::InlineArray>;
        // Changes nothing, whatever it answers.
        self.tree()
            .compare_and_swap(deleted, absent.as_ref(), absent.clone())
            .map(drop)
    }

    /// Flushes and lets go of everything. When it cannot flush it is left as it is, for ever.
    fn close(self) -> Result<(), Broken> {
        // sled flushes once more, and ends the process if that fails: it is left nothing to write.
        let flushed = guarded(|| {
            for _ in 0..CLOSING_FLUSHES {
                if self.tree().flush()?.objects_flushed == 0 {
                    break;
                }
            }
            Ok(())
        });
        match flushed {
            Ok(()) => guarded(|| {
                drop(self);
                Ok(())
            }),
            Err(broken) => {
                std::mem::forget(self);
                Err(broken)
            }
        }
    }
}

thread_local! {
    /// Whether this thread holds `opened` for a scan, whose visitor may read further rows.
    static SCANS: Cell<bool> = const { Cell::new(false) };
}

/// Until dropped, this thread is within a scan.
struct Scanning {
    before: bool,
}

impl Scanning {
    fn begin() -> Self {
        Self {
            before: SCANS.replace(true),
        }
    }
}

impl Drop for Scanning {
    fn drop(&mut self) {
        SCANS.set(self.before);
    }
}

impl Sled {
    /// Makes a call, unless one has failed before.
    fn call<T>(&self, call: impl FnOnce(&Opened) -> std::io::Result<T>) -> Result<T, Broken> {
        // Who waits to open the store anew keeps others out, but waits for those within a scan: their reads must pass it.
        // Others must not, or it would never have its turn.
        let opened = if SCANS.get() {
            self.opened.read_recursive()
        } else {
            self.opened.read()
        };
        if self.failed.load(Ordering::Acquire) {
            return Err(Broken(EARLIER.to_owned()));
        }
        let Some(opened) = &*opened else {
            return Err(Broken("it is closed".to_owned()));
        };
        self.noted(guarded(|| call(opened)))
    }

    fn noted<T>(&self, answer: Result<T, Broken>) -> Result<T, Broken> {
        if answer.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        answer
    }

    pub(super) fn flush(&self) -> Result<(), Broken> {
        self.call(|opened| opened.tree().flush().map(|_| ()))
    }

    /// Lets go of the leaves that were written, when they may take as much as the cache. Meanwhile every call waits; while a
    /// scan goes on they stay.
    pub(super) fn let_go(&self) -> Result<(), Broken> {
        let held = self.call(|opened| {
            let stats = opened.tree().storage_stats();
            Ok(opened.written.held(&stats.cache))
        })?;
        if held <= self.options.cache_bytes as u64 {
            return Ok(());
        }
        let Some(mut opened) = self.opened.try_write_for(MAKING_WAY) else {
            return Ok(());
        };
        if self.failed.load(Ordering::Acquire) {
            return Err(Broken(EARLIER.to_owned()));
        }
        if let Some(full) = opened.take() {
            self.noted(full.close())?;
            *opened = Some(self.noted(Opened::again(&self.path, self.options))?);
            tracing::debug!(path = %self.path.display(), "let go of leaves that were written");
        }
        Ok(())
    }

    fn close(&self) -> Result<(), Broken> {
        match self.opened.write().take() {
            Some(opened) if self.failed.load(Ordering::Acquire) => std::mem::forget(opened),
            Some(opened) => return self.noted(opened.close()),
            None => {}
        }
        Ok(())
    }
}

impl Disk {
    /// Opens the store in `path`, or makes it. Blocks.
    ///
    /// # Errors
    /// [`Broken`] if what is there cannot be read.
    pub(in super::super) fn open(path: &Path, options: StoreOptions) -> Result<Self, Broken> {
        let sled = Arc::new(Sled {
            path: path.to_owned(),
            options,
            opened: RwLock::new(Some(Opened::open(path, options)?)),
            failed: AtomicBool::new(false),
        });
        let flusher = guarded(|| Flusher::start(Arc::clone(&sled), options.flush_every))?;
        Ok(Self { flusher, sled })
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Row>, Broken> {
        self.sled
            .call(|opened| Ok(opened.tree().get(key)?.map(Row)))
    }

    pub(super) fn write(&self, writes: Writes) -> Result<(), Broken> {
        self.sled.call(|opened| {
            let mut batch = sled::Batch::default();
            let mut deleted = Vec::new();
            let (mut rows, mut bytes) = (0, 0);
            for (key, value) in writes {
                match value {
                    Some(value) => {
                        rows += 1;
                        bytes += (key.len() + value.len()) as u64;
                        batch.insert(key, value);
                    }
                    None => {
                        batch.remove(key.as_slice());
                        deleted.push(key);
                    }
                }
            }
            let written = &opened.written;
            written.rows.fetch_add(rows, Ordering::Relaxed);
            written.bytes.fetch_add(bytes, Ordering::Relaxed);
            opened.tree().apply_batch(batch)?;
            deleted.iter().try_for_each(|key| opened.tidy(key))
        })
    }

    pub(super) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        let is_beyond = |key: &[u8]| match to {
            Bound::Included(to) => key > to,
            Bound::Excluded(to) => key >= to,
            Bound::Unbounded => false,
        };
        let end = if reverse { to } else { Bound::Unbounded };
        self.sled.call(|opened| {
            let _scanning = Scanning::begin();
            let mut rows = opened.tree().range::<&[u8], _>((from, end));
            loop {
                let row = if reverse {
                    rows.next_back()
                } else {
                    rows.next()
                };
                let Some(row) = row else { return Ok(()) };
                let (key, value) = row?;
                if is_beyond(&key) || !visit(&key, &value) {
                    return Ok(());
                }
            }
        })
    }

    pub(super) fn flush(&self) -> Result<(), Broken> {
        self.sled.flush()
    }

    pub(super) fn size_on_disk(&self) -> Result<u64, Broken> {
        self.sled
            .call(|opened| opened.roots.lock().0.size_on_disk())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    const ROWS: u64 = 40_000;

    fn options(cache_bytes: usize) -> StoreOptions {
        StoreOptions {
            cache_bytes,
            // Only when a test does it.
            flush_every: Duration::from_secs(3_600),
        }
    }

    /// Spread over the whole store.
    fn key(number: u64) -> Vec<u8> {
        number
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .to_be_bytes()
            .into()
    }

    fn value(number: u64) -> Vec<u8> {
        number.to_be_bytes().repeat(8)
    }

    fn write(disk: &Disk, numbers: std::ops::Range<u64>) {
        let rows = numbers.map(|number| (key(number), Some(value(number))));
        disk.write(rows.collect()).expect("written");
    }

    fn count(disk: &Disk) -> u64 {
        let mut rows = 0;
        let all = (Bound::Unbounded, Bound::Unbounded);
        let scanned = disk.scan(all.0, all.1, false, |_, _| {
            rows += 1;
            true
        });
        scanned.expect("readable");
        rows
    }

    fn stats(disk: &Disk) -> sled::CacheStats {
        let stats = |opened: &Opened| Ok(opened.tree().storage_stats().cache);
        disk.sled.call(stats).expect("open")
    }

    #[test]
    fn a_scan_waits_for_no_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(1 << 20)).expect("opens");
        write(&disk, 0..1_000);
        assert_eq!(count(&disk), 1_000);
        assert_eq!(stats(&disk).flush_sum.objects_flushed, 0);
        disk.flush().expect("flushed");
        assert!(stats(&disk).flush_sum.objects_flushed > 0);
    }

    #[test]
    fn leaves_that_were_written_leave_the_memory_and_nothing_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(512 << 10)).expect("opens");
        write(&disk, 0..ROWS);
        disk.sled.flush().expect("flushed");
        disk.get(&key(7)).expect("readable");
        assert_eq!(stats(&disk).cache_misses, 0, "all is in memory");

        disk.sled.let_go().expect("opened anew");
        let misses = stats(&disk).cache_misses;
        assert_eq!(
            disk.get(&key(7)).expect("readable").as_deref(),
            Some(&value(7)[..])
        );
        assert_eq!(stats(&disk).cache_misses, misses + 1, "read from disk");
        assert_eq!(count(&disk), ROWS);

        // What is read again and again, and few writes, are no reason.
        for number in 0..2_000 {
            disk.get(&key(number)).expect("readable");
        }
        let misses = stats(&disk).cache_misses;
        write(&disk, 0..1);
        disk.sled.flush().expect("flushed");
        disk.sled.let_go().expect("as it was");
        assert!(stats(&disk).cache_misses >= misses, "still the same");
    }

    /// Leaves that `read` looks at.
    fn leaves(disk: &Disk, read: impl FnOnce()) -> u64 {
        let looked_at = || {
            let stats = stats(disk);
            stats.cache_hits + stats.cache_misses
        };
        let before = looked_at();
        read();
        looked_at() - before
    }

    #[test]
    fn a_scan_that_finds_nothing_looks_at_nothing_beyond_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(1 << 20)).expect("opens");
        write(&disk, 0..ROWS);
        let mut keys: Vec<Vec<u8>> = (0..ROWS).map(key).collect();
        keys.sort();
        for reverse in [false, true] {
            for at in [0, ROWS as usize / 2] {
                let (from, to) = (
                    Bound::Excluded(&keys[at][..]),
                    Bound::Excluded(&keys[at + 1][..]),
                );
                let looked_at = leaves(&disk, || {
                    let scanned = disk.scan(from, to, reverse, |_, _| panic!("there is no row"));
                    scanned.expect("readable");
                });
                assert!(looked_at <= 2, "{looked_at} leaves");
            }
        }
    }

    #[test]
    fn rows_that_were_deleted_leave_no_leaves_to_be_passed() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(1 << 20)).expect("opens");
        let all = (Bound::Unbounded, Bound::Unbounded);
        // A queue: what comes first goes first, in batches that empty a leaf now and then.
        let row = |number: u64| number.to_be_bytes().to_vec();
        const WAITING: u64 = 1_000;
        const BATCH: u64 = 100;
        for first in (0..ROWS).step_by(BATCH as usize) {
            let mut writes: Writes = (first..first + BATCH)
                .map(|n| (row(n), Some(value(n))))
                .collect();
            let gone = first.saturating_sub(WAITING)..(first + BATCH).saturating_sub(WAITING);
            writes.extend(gone.map(|n| (row(n), None)));
            disk.write(writes).expect("written");
            if first % 5_000 == 0 {
                disk.flush().expect("flushed");
            }
        }
        for reverse in [false, true] {
            let mut first = Vec::new();
            let looked_at = leaves(&disk, || {
                let scanned = disk.scan(all.0, all.1, reverse, |key, _| {
                    first = key.to_vec();
                    false
                });
                scanned.expect("readable");
            });
            assert!(looked_at <= 3, "{looked_at} leaves");
            let expected = if reverse { ROWS - 1 } else { ROWS - WAITING };
            assert_eq!(first, row(expected));
        }
        drop(disk);
        let disk = Disk::open(folder.path(), options(1 << 20)).expect("opens");
        assert_eq!(count(&disk), WAITING);
    }

    #[test]
    fn others_read_and_flush_while_leaves_are_emptied() {
        const WAITING: u64 = 2_000;
        const BATCH: u64 = 50;
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        let row = |number: u64| number.to_be_bytes().to_vec();
        let written = AtomicBool::new(false);
        let bounds = (Bound::Unbounded, Bound::Unbounded);
        std::thread::scope(|scope| {
            for reverse in [false, true] {
                let (disk, written) = (&disk, &written);
                scope.spawn(move || {
                    while !written.load(Ordering::Acquire) {
                        let mut last = None;
                        let scanned = disk.scan(bounds.0, bounds.1, reverse, |key, _| {
                            let is_next =
                                last.as_deref().is_none_or(|last| (last > key) == reverse);
                            assert!(is_next, "in order, each once");
                            last = Some(key.to_vec());
                            true
                        });
                        scanned.expect("readable");
                    }
                });
            }
            let flusher = scope.spawn(|| {
                while !written.load(Ordering::Acquire) {
                    disk.sled.flush().expect("flushed");
                    disk.sled.let_go().expect("opened anew");
                }
            });
            for first in (0..2 * ROWS).step_by(BATCH as usize) {
                let batch = first..first + BATCH;
                let mut writes: Writes = batch.clone().map(|n| (row(n), Some(value(n)))).collect();
                let gone = batch.filter_map(|n| n.checked_sub(WAITING));
                writes.extend(gone.map(|n| (row(n), None)));
                disk.write(writes).expect("written");
            }
            written.store(true, Ordering::Release);
            flusher.join().expect("sound");
        });
        assert_eq!(count(&disk), WAITING);
        drop(disk);
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        assert_eq!(count(&disk), WAITING);
    }

    #[test]
    fn a_store_whose_lock_is_held_for_a_moment_longer_is_opened_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        let (closing, closings) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for () in closings {
                    let lock = File::open(folder.path()).expect("there");
                    // Until the store is closed.
                    lock.lock().expect("free at some time");
                    std::thread::sleep(BETWEEN_OPENINGS);
                }
            });
            for _ in 0..8 {
                write(&disk, 0..ROWS / 4);
                disk.sled.flush().expect("flushed");
                closing.send(()).expect("alive");
                disk.sled.let_go().expect("opened anew");
            }
            assert_eq!(count(&disk), ROWS / 4);
            drop((disk, closing));
        });
    }

    #[test]
    fn others_read_and_write_while_a_store_is_opened_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        write(&disk, 0..ROWS / 2);
        let written = AtomicBool::new(false);
        let renewals = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !written.load(Ordering::Acquire) {
                        let row = disk.get(&key(3)).expect("readable");
                        assert_eq!(row.as_deref(), Some(&value(3)[..]));
                        assert!(count(&disk) >= ROWS / 2);
                    }
                });
            }
            scope.spawn(|| {
                for number in ROWS / 2 / 500..ROWS / 500 {
                    write(&disk, number * 500..(number + 1) * 500);
                }
                written.store(true, Ordering::Release);
            });
            let mut renewals = 0;
            while !written.load(Ordering::Acquire) {
                disk.sled.flush().expect("flushed");
                let before = stats(&disk).flush_sum.objects_flushed;
                disk.sled.let_go().expect("opened anew");
                renewals += u32::from(stats(&disk).flush_sum.objects_flushed < before);
            }
            renewals
        });
        assert!(renewals > 0, "never opened anew");
        assert_eq!(count(&disk), ROWS);
        drop(disk);
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        assert_eq!(count(&disk), ROWS);
    }

    #[test]
    fn a_read_within_a_scan_does_not_wait_for_who_waits_for_the_scan() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::open(folder.path(), options(256 << 10)).expect("opens");
        let all = (Bound::Unbounded, Bound::Unbounded);
        // On a busy machine a waiter may have given up before the read: then once more.
        let has_passed = (0..20).any(|_| {
            write(&disk, 0..ROWS / 4);
            disk.sled.flush().expect("flushed");
            let (scanning, begun) = std::sync::mpsc::channel();
            let given_up = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let (disk, given_up) = (&disk, &given_up);
                scope.spawn(move || {
                    begun.recv().expect("begun");
                    disk.sled.let_go().expect("sound");
                    given_up.store(true, Ordering::Release);
                });
                let is_waiting = || disk.sled.opened.is_locked_exclusive();
                let mut has_passed = false;
                let scanned = disk.scan(all.0, all.1, false, |_, _| {
                    scanning.send(()).expect("waited for");
                    while !is_waiting() && !given_up.load(Ordering::Acquire) {
                        std::thread::yield_now();
                    }
                    disk.get(&key(7)).expect("readable");
                    has_passed = is_waiting();
                    false
                });
                scanned.expect("readable");
                has_passed
            })
        });
        assert!(has_passed);
    }
}
