//! An ordered map from bytes to bytes with atomic batches: on disk, or in a simulation in memory.

mod disk;
mod flusher;

pub(super) use disk::{Disk, Row};

#[cfg(any(test, feature = "testing"))]
use super::memory::Mounted;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

/// The store cannot be read or written: what is wrong with it, in its own words.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the projection's store is broken: {0}")]
pub struct Broken(pub String);

/// How much memory and delay the store may take.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// For rows that are read, and as much again for rows that were written.
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

/// Rows to write together: a value, or `None` to delete.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// An open store: on disk, or in a simulation in memory.
#[derive(Debug)]
pub(super) enum Store {
    Disk(Disk),
    #[cfg(any(test, feature = "testing"))]
    Memory(Mounted),
}

impl Store {
    /// # Errors
    /// [`Broken`].
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Row>, Broken> {
        match self {
            Self::Disk(disk) => disk.get(key),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(memory) => Ok(memory.get(key)?.map(Row::from)),
        }
    }

    /// Writes all or nothing, also across a crash.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn write(&self, writes: Writes) -> Result<(), Broken> {
        match self {
            Self::Disk(disk) => disk.write(writes),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(memory) => memory.write(writes),
        }
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
        visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        if is_empty(from, to) {
            return Ok(());
        }
        match self {
            Self::Disk(disk) => disk.scan(from, to, reverse, visit),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(memory) => memory.scan(from, to, reverse, visit),
        }
    }

    /// Waits until everything written is on disk.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn flush(&self) -> Result<(), Broken> {
        match self {
            Self::Disk(disk) => disk.flush(),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(memory) => memory.flush(),
        }
    }

    /// Bytes on disk.
    ///
    /// # Errors
    /// [`Broken`].
    pub(super) fn size_on_disk(&self) -> Result<u64, Broken> {
        match self {
            Self::Disk(disk) => disk.size_on_disk(),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(memory) => Ok(memory.size()),
        }
    }
}

/// sled and the standard map both panic on a range that ends before it starts.
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
