//! The only module that knows sled.
//!
//! sled asserts and unwraps on data that it cannot read, so every call is made where a panic is caught and becomes
//! [`Broken`]: the projection is then moved aside and rebuilt from the journal.
//!
//! When a flush fails, as on a full disk, sled's own flushing thread ends the process, and any other flush after that
//! one waits for ever, also the one that sled makes when a handle is dropped. So the store flushes itself, and one that
//! has once failed is never touched nor dropped again: what it holds in memory, at most its cache, stays there.

use super::flusher::Flusher;
use super::{Broken, StoreOptions, Writes};
use parking_lot::Mutex;
use std::fmt::{self, Debug};
use std::ops::{Bound, Deref};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use thread_local::ThreadLocal;

/// Rows a leaf holds at most; measured as the best for small rows in mostly ordered keys.
const LEAF_FANOUT: usize = 256;

/// Cheap and half the size; higher levels cost more time than they save in space.
const COMPRESSION: i32 = 1;

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
    /// A tree can be sent to another thread but not shared with it: each thread has its own handle.
    handles: ThreadLocal<Tree>,
    opened: Mutex<(sled::Db<LEAF_FANOUT>, Tree)>,
    pub(super) path: PathBuf,
    failed: AtomicBool,
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

    pub(super) fn flush(&self) -> Result<(), Broken> {
        self.call(|tree| tree.flush().map(|_| ()))
    }
}

impl Disk {
    /// Opens the store in `path`, or makes it. Blocks.
    ///
    /// # Errors
    /// [`Broken`] if what is there cannot be read.
    pub(in super::super) fn open(path: &Path, options: StoreOptions) -> Result<Self, Broken> {
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

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Row>, Broken> {
        self.sled.call(|tree| Ok(tree.get(key)?.map(Row)))
    }

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

    pub(super) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
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

    pub(super) fn flush(&self) -> Result<(), Broken> {
        self.sled.flush()
    }

    pub(super) fn size_on_disk(&self) -> Result<u64, Broken> {
        self.sled.call(|_| self.sled.opened.lock().0.size_on_disk())
    }
}
