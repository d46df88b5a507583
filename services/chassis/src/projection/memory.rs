//! A disk in memory for simulations: it loses at a crash what a real one may lose, and can be wiped, damaged or full.
//!
//! Damage shows when it is read, as a checksum shows it.

use super::store::{Broken, Writes};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

/// Batches that are not flushed, at most; then the oldest is.
const UNFLUSHED: usize = 64;

/// The disk of one projection, which outlives the processes that use it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Image>>);

#[derive(Debug, Default)]
struct Image {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What each batch that is not flushed replaced, oldest first.
    undo: VecDeque<Vec<Replaced>>,
    /// Keys of rows that cannot be read any more.
    damaged: BTreeSet<Vec<u8>>,
    /// Grows with each crash: a process that has ended writes no more.
    epoch: u64,
    full: bool,
}

/// A row's key, and what it held before, if anything.
type Replaced = (Vec<u8>, Option<Vec<u8>>);

impl MemoryDisk {
    pub fn new() -> Self {
        Self::default()
    }

    /// The process that uses the disk ends without notice. Of the batches that were not flushed the newest `lost` are
    /// gone: what is left is the state after some batch.
    pub fn crash(&self, lost: usize) {
        let mut image = self.0.lock();
        image.epoch += 1;
        for _ in 0..lost {
            for (key, before) in image.undo.pop_back().unwrap_or_default() {
                image.put(key, before);
            }
        }
        image.undo.clear();
    }

    /// Batches that a crash may lose.
    pub fn unflushed(&self) -> usize {
        self.0.lock().undo.len()
    }

    /// All rows are gone, as when the disk is replaced. Only while no process uses it.
    pub fn wipe(&self) {
        let mut image = self.0.lock();
        image.rows.clear();
        image.undo.clear();
        image.damaged.clear();
    }

    /// Every `nth` row cannot be read any more, as when sectors fail. Only while no process uses it.
    pub fn damage(&self, nth: usize) {
        let mut image = self.0.lock();
        let damaged = image.rows.keys().skip(nth / 2).step_by(nth.max(1));
        image.damaged = damaged.cloned().collect();
    }

    /// While the disk is full nothing can be written.
    pub fn set_full(&self, full: bool) {
        self.0.lock().full = full;
    }

    /// As a process has it that starts now.
    pub(super) fn mount(&self) -> Mounted {
        let epoch = self.0.lock().epoch;
        Mounted {
            disk: self.clone(),
            epoch,
        }
    }
}

impl Image {
    fn readable(&self, key: &[u8]) -> Result<(), Broken> {
        if self.damaged.contains(key) {
            return Err(Broken("a row is damaged".into()));
        }
        Ok(())
    }

    fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.damaged.remove(&key);
        match value {
            Some(value) => self.rows.insert(key, value),
            None => self.rows.remove(&key),
        }
    }
}

/// The disk as one process has it, until that ends.
#[derive(Clone, Debug)]
pub struct Mounted {
    disk: MemoryDisk,
    epoch: u64,
}

impl Mounted {
    pub(super) fn is_empty(&self) -> bool {
        self.disk.0.lock().rows.is_empty()
    }

    pub(super) fn wipe(&self) {
        if self.disk.0.lock().epoch == self.epoch {
            self.disk.wipe();
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        let image = self.disk.0.lock();
        image.readable(key)?;
        Ok(image.rows.get(key).cloned())
    }

    pub(super) fn write(&self, writes: Writes) -> Result<(), Broken> {
        let mut image = self.disk.0.lock();
        if image.epoch != self.epoch {
            return Ok(());
        }
        if image.full {
            return Err(Broken("no space left on the disk".into()));
        }
        let undo = writes
            .into_iter()
            .map(|(key, value)| {
                let before = image.put(key.clone(), value);
                (key, before)
            })
            .collect();
        image.undo.push_back(undo);
        if image.undo.len() > UNFLUSHED {
            image.undo.pop_front();
        }
        Ok(())
    }

    pub(super) fn scan(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
        reverse: bool,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), Broken> {
        let image = self.disk.0.lock();
        let mut rows = image.rows.range::<[u8], _>((from, to));
        loop {
            let row = if reverse {
                rows.next_back()
            } else {
                rows.next()
            };
            let Some((key, value)) = row else {
                return Ok(());
            };
            image.readable(key)?;
            if !visit(key, value) {
                return Ok(());
            }
        }
    }

    pub(super) fn flush(&self) -> Result<(), Broken> {
        let mut image = self.disk.0.lock();
        if image.epoch == self.epoch {
            image.undo.clear();
        }
        Ok(())
    }

    pub(super) fn size(&self) -> u64 {
        let image = self.disk.0.lock();
        let bytes = image
            .rows
            .iter()
            .map(|(key, value)| key.len() + value.len());
        bytes.sum::<usize>() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(mounted: &Mounted, key: &str, value: &str) {
        let writes = Writes::from([(key.into(), Some(value.into()))]);
        mounted.write(writes).expect("written");
    }

    fn rows(disk: &MemoryDisk) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut rows = Vec::new();
        let all = (Bound::Unbounded, Bound::Unbounded);
        disk.mount()
            .scan(all.0, all.1, false, |key, value| {
                rows.push((key.into(), value.into()));
                true
            })
            .expect("readable");
        rows
    }

    #[test]
    fn a_crash_loses_the_newest_unflushed_batches_and_nothing_else() {
        let disk = MemoryDisk::new();
        let mounted = disk.mount();
        write(&mounted, "a", "1");
        mounted.flush().expect("flushed");
        write(&mounted, "a", "2");
        write(&mounted, "b", "3");
        write(&mounted, "a", "4");
        assert_eq!(disk.unflushed(), 3);
        disk.crash(2);
        assert_eq!(rows(&disk), [(b"a".into(), b"2".into())]);
        disk.crash(9);
        assert_eq!(rows(&disk), [(b"a".into(), b"2".into())]);
    }

    #[test]
    fn a_process_that_has_ended_writes_no_more() {
        let disk = MemoryDisk::new();
        let before = disk.mount();
        disk.crash(0);
        write(&before, "a", "1");
        before.wipe();
        assert!(disk.mount().is_empty());
        write(&disk.mount(), "a", "2");
        assert!(!disk.mount().is_empty());
    }

    #[test]
    fn damage_shows_when_it_is_read_until_the_row_is_written_again() {
        let disk = MemoryDisk::new();
        let mounted = disk.mount();
        write(&mounted, "a", "1");
        write(&mounted, "b", "2");
        disk.damage(2);
        assert!(mounted.get(b"a").is_ok());
        assert!(mounted.get(b"b").is_err());
        write(&mounted, "b", "3");
        assert_eq!(mounted.get(b"b").expect("readable"), Some(b"3".into()));
    }

    #[test]
    fn nothing_is_written_to_a_full_disk() {
        let disk = MemoryDisk::new();
        disk.set_full(true);
        let writes = Writes::from([(b"a".into(), Some(b"1".into()))]);
        assert!(disk.mount().write(writes).is_err());
        disk.set_full(false);
        write(&disk.mount(), "a", "1");
        assert_eq!(disk.mount().size(), 2);
    }
}
