//! The only module that knows sled: an ordered map from bytes to bytes with atomic batches.
//!
//! sled asserts and unwraps on data that it cannot read, so every call is made where a panic is caught and becomes
//! [`Broken`]: the projection is then moved aside and rebuilt from the journal.
//!
//! When a flush fails, as on a full disk, sled's own flushing thread ends the process, and any other flush after that
//! one waits for ever, also the one that sled makes when a handle is dropped. So the store flushes itself, and one that
//! has once failed is never touched nor dropped again: what it holds in memory, at most its cache, stays there.

mod flusher;

use flusher::Flusher;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::ops::{Bound, Deref};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use thread_local::ThreadLocal;

/// Rows a leaf holds at most; measured as the best for small rows in mostly ordered keys.
const LEAF_FANOUT: usize = 256;

/// Cheap and half the size; higher levels cost more time than they save in space.
const COMPRESSION: i32 = 1;

/// The store cannot be read or written: what is wrong with it, in its own words.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the projection's store is broken: {0}")]
pub struct Broken(pub String);

/// How much memory and delay the store may take.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    pub cache_bytes: usize,
    /// How long applied rows may stay in memory only. A crash loses no more than this, and the journal has it.
    pub flush_every: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 256 << 20,
            flush_every: Duration::from_secs(3),
        }
    }
}

/// A value, borrowed from the store's cache where it is large.
#[derive(Clone)]
pub(super) struct Row(sled::InlineArray);

impl Deref for Row {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} bytes)", self.0.len())
    }
}

/// Rows to write together: a value, or `None` to delete.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

type Tree = sled::Tree<LEAF_FANOUT>;

/// An open store.
pub(super) struct Store {
    flusher: Flusher,
    sled: Arc<Sled>,
}

struct Sled {
    /// A tree can be sent to another thread but not shared with it: each thread has its own handle.
    handles: ThreadLocal<Tree>,
    opened: Mutex<(sled::Db<LEAF_FANOUT>, Tree)>,
    path: PathBuf,
    failed: AtomicBool,
}

impl Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.sled.path)
            .finish()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.flusher.end();
        // What sled does by itself when its handles go, but with an answer.
        let _ = self.sled.flush();
        if self.sled.failed.load(Ordering::Acquire) {
            std::mem::forget(Arc::clone(&self.sled));
        }
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

impl Sled {
    /// Makes a call, unless one has failed before.
    fn call<T>(&self, call: impl FnOnce(&Tree) -> std::io::Result<T>) -> Result<T, Broken> {
        if self.failed.load(Ordering::Acquire) {
            return Err(Broken("an earlier call failed".to_owned()));
        }
        let answer = guarded(|| {
            let tree = self.handles.get_or(|| self.opened.lock().1.clone());
            call(tree)
        });
        if answer.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        answer
    }

    fn flush(&self) -> Result<(), Broken> {
        self.call(|tree| tree.flush().map(|_| ()))
    }
}

impl Store {
    /// Opens the store in `path`, or makes it. Blocks.
    ///
    /// # Errors
    /// [`Broken`] if what is there cannot be read.
    pub(super) fn open(path: &Path, options: StoreOptions) -> Result<Self, Broken> {
        guarded(|| {
            let db = sled::Config::new()
                .path(path)
                .cache_capacity_bytes(options.cache_bytes)
                .flush_every_ms(None)
                .zstd_compression_level(COMPRESSION)
                .open::<LEAF_FANOUT>()?;
            let tree = db.open_tree(b"projection")?;
            let sled = Arc::new(Sled {
                handles: ThreadLocal::new(),
                opened: Mutex::new((db, tree)),
                path: path.to_owned(),
                failed: AtomicBool::new(false),
            });
            Ok(Self {
                flusher: Flusher::start(Arc::clone(&sled), options.flush_every)?,
                sled,
            })
        })
    }

    /// # Errors
    /// [`Broken`].
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Row>, Broken> {
        self.sled.call(|tree| Ok(tree.get(key)?.map(Row)))
    }

    /// Writes all or nothing, also across a crash.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn write(&self, writes: Writes) -> Result<(), Broken> {
        self.sled.call(|tree| {
            let mut batch = sled::Batch::default();
            for (key, value) in writes {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            tree.apply_batch(batch)
        })
    }

    /// Calls `visit` with the rows from `from` to `to` in order (or in reverse) until it answers `false`.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        if is_empty(from, to) {
            return Ok(());
        }
        self.sled.call(|tree| {
            let mut rows = tree.range::<&[u8], _>((from, to));
            loop {
                let row = if reverse {
                    rows.next_back()
                } else {
                    rows.next()
                };
                let Some(row) = row else { return Ok(()) };
                let (key, value) = row?;
                if !visit(&key, &value) {
                    return Ok(());
                }
            }
        })
    }

    /// Waits until everything written is on disk.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn flush(&self) -> Result<(), Broken> {
        self.sled.flush()
    }

    /// Bytes on disk.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn size_on_disk(&self) -> Result<u64, Broken> {
        self.sled.call(|_| self.sled.opened.lock().0.size_on_disk())
    }
}

/// sled panics on a range that ends before it starts.
fn is_empty(from: Bound<&[u8]>, to: Bound<&[u8]>) -> bool {
    let (Bound::Included(from) | Bound::Excluded(from)) = from else {
        return false;
    };
    match to {
        Bound::Unbounded => false,
        Bound::Included(to) => from > to,
        Bound::Excluded(to) => from >= to,
    }
}
