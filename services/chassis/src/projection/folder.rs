//! The projection's folder: of one process at a time, which opens the newest store in it, or moves aside what cannot be
//! continued and starts anew.

use super::engine::Checkpoint;
use super::store::{Broken, Disk, Store, StoreOptions};
use super::table::View;
use crate::journal::Position;
use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// Each rebuild makes a store in a folder of its own, because readers may still hold the one before.
const PREFIX: &str = "store-";
/// What a store that cannot be continued is renamed to, after its name.
const ASIDE: &str = ".aside";

/// The file whose lock a process holds while the folder is its own. A killed process holds none.
const LOCK: &str = "lock";

/// Bytes that must be free on the disk before a store is begun: one that finds no room costs more than one not begun.
const ROOM: u64 = 16 << 20;

/// Where a projection keeps its store.
#[derive(Clone, Debug)]
pub enum Place {
    Folder(PathBuf),
    #[cfg(any(test, feature = "testing"))]
    Memory(super::memory::Mounted),
}

/// A place that is this process's alone, until dropped.
#[must_use]
pub(super) struct Held {
    _lock: Option<fs::File>,
}

impl Place {
    /// Takes the place; `None` while another process has it. Blocks.
    pub(super) fn hold(&self) -> Option<Held> {
        let lock = match self {
            Self::Folder(folder) => lock(folder),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => Ok(None),
        };
        match lock {
            Ok(lock) => Some(Held { _lock: lock }),
            Err(TryLockError::WouldBlock) => None,
            // Opening meets the same, and says so.
            Err(TryLockError::Error(_)) => Some(Held { _lock: None }),
        }
    }

    /// Opens what is there if it can be continued, else sets it aside and starts anew. Blocks.
    pub(super) fn open(
        &self,
        options: StoreOptions,
        wanted: Checkpoint,
        last: Position,
    ) -> Result<Opened, Broken> {
        match self {
            Self::Folder(folder) => open(folder, options, wanted, last),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(disk) => {
                if !disk.is_empty() {
                    match resume(Store::Memory(disk.clone()), &wanted, last) {
                        Ok(opened) => return Ok(opened),
                        Err(why) => {
                            tracing::warn!(%why, "projection set aside");
                            disk.wipe();
                        }
                    }
                }
                let store = Arc::new(Store::Memory(disk.clone()));
                Ok(Opened {
                    view: View { store },
                    checkpoint: wanted,
                })
            }
        }
    }

    /// Moves the newest store out of the way. Blocks.
    pub(super) fn discard(&self, why: &str) {
        match self {
            Self::Folder(folder) => {
                if let Some(newest) = newest(folder) {
                    set_aside(&newest, why);
                }
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(disk) => disk.wipe(),
        }
    }
}

pub(super) struct Opened {
    pub(super) view: View,
    pub(super) checkpoint: Checkpoint,
}

fn lock(folder: &Path) -> Result<Option<fs::File>, TryLockError> {
    let file = fs::create_dir_all(folder)
        .and_then(|()| {
            fs::File::options()
                .create(true)
                .append(true)
                .open(folder.join(LOCK))
        })
        .map_err(TryLockError::Error)?;
    file.try_lock()?;
    Ok(Some(file))
}

fn open(
    folder: &Path,
    options: StoreOptions,
    wanted: Checkpoint,
    last: Position,
) -> Result<Opened, Broken> {
    let newest = match generations(folder) {
        Ok(mut generations) => {
            generations.sort_unstable();
            generations.pop()
        }
        Err(error) => {
            set_aside(folder, &format!("its folder cannot be read: {error}"));
            None
        }
    };
    if let Some(newest) = newest {
        let path = path_of(folder, newest);
        match reopen(&path, options, &wanted, last) {
            Ok(opened) => {
                remove_older(folder, newest);
                return Ok(opened);
            }
            Err(why) => set_aside(&path, &why),
        }
    }
    let number = newest.map_or(1, |newest| newest + 1);
    fs::create_dir_all(folder).map_err(|e| Broken(format!("cannot make its folder: {e}")))?;
    remove_older(folder, number);
    if !make_room(folder, has_room) {
        return Err(Broken(format!("its disk has less than {ROOM} bytes free")));
    }
    let store = Store::Disk(Disk::open(&path_of(folder, number), options)?);
    Ok(Opened {
        view: View {
            store: Arc::new(store),
        },
        checkpoint: wanted,
    })
}

fn reopen(
    path: &Path,
    options: StoreOptions,
    wanted: &Checkpoint,
    last: Position,
) -> Result<Opened, String> {
    let disk = Disk::open(path, options).map_err(|broken| broken.0)?;
    resume(Store::Disk(disk), wanted, last)
}

fn resume(store: Store, wanted: &Checkpoint, last: Position) -> Result<Opened, String> {
    let view = View {
        store: Arc::new(store),
    };
    let checkpoint = Checkpoint::read(&view)
        .map_err(|broken| broken.0)?
        .ok_or("it has no checkpoint")?;
    if let Some(why) = checkpoint.unfit(wanted, last) {
        return Err(why);
    }
    // Written in one batch with the checkpoint: if they disagree, rows are missing.
    let newest = super::engine::newest_change(&view).map_err(|broken| broken.0)?;
    if newest != checkpoint.position {
        return Err(format!(
            "its checkpoint is at {}, its newest row at {newest}",
            checkpoint.position
        ));
    }
    Ok(Opened { view, checkpoint })
}

/// Whether the disk has [`ROOM`]; yes if it does not tell.
fn has_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).map_or(true, |disk| disk.f_bavail * disk.f_frsize >= ROOM)
}

/// Gives up the stores that were set aside if a new one would have no room beside them; whether there is room then.
fn make_room(folder: &Path, has_room: impl Fn(&Path) -> bool) -> bool {
    if has_room(folder) {
        return true;
    }
    remove_set_aside(folder);
    has_room(folder)
}

/// Moves a store out of the way: it is rebuilt. The last one moved is kept, if there is room, for whoever wants to know
/// why; those before it go, each under the name of another store and as large as the journal makes it.
fn set_aside(path: &Path, why: &str) {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    if let Some(folder) = path.parent() {
        remove_set_aside(folder);
    }
    let moved = remove(&aside)
        .and_then(|()| fs::rename(path, &aside))
        .or_else(|_| remove(path));
    if aside.exists() && !has_room(&aside) {
        give_up(&aside);
    }
    tracing::warn!(
        %why,
        aside = %aside.display(),
        error = moved.err().map(|e| e.to_string()),
        "projection set aside, rebuilding it from the journal"
    );
}

/// The newest store's folder.
fn newest(folder: &Path) -> Option<PathBuf> {
    let newest = generations(folder).ok()?.into_iter().max()?;
    Some(path_of(folder, newest))
}

fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{PREFIX}{number}"))
}

fn generations(folder: &Path) -> io::Result<Vec<u32>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        if let Some(number) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) {
            found.extend(number.parse::<u32>());
        }
    }
    Ok(found)
}

fn remove_older(folder: &Path, newest: u32) {
    for number in generations(folder).unwrap_or_default() {
        if number < newest {
            let _ = remove(&path_of(folder, number));
        }
    }
}

/// Removes every store that was set aside in a folder.
fn remove_set_aside(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(ASIDE));
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
            give_up(&entry.path());
        }
    }
}

/// Removes a store that may still be open.
fn give_up(path: &Path) {
    free(path);
    let _ = remove(path);
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

/// Gives back the room of all files in a folder: those of a store that has failed stay open until the process ends.
fn free(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            free(&path);
        } else if let Ok(file) = fs::File::options().write(true).open(&path) {
            let _ = file.set_len(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("readable");
        let mut names: Vec<String> = entries
            .map(|entry| {
                let name = entry.expect("readable").file_name();
                name.into_string().expect("our names are text")
            })
            .collect();
        names.sort_unstable();
        names
    }

    /// A new store has no checkpoint yet, so each time the one before cannot be continued.
    fn open_times(folder: &Path, times: usize) {
        let place = Place::Folder(folder.to_owned());
        for _ in 0..times {
            let wanted = Checkpoint::start(1, 0);
            let opened = place.open(StoreOptions::default(), wanted, 0);
            drop(opened.expect("opened"));
        }
    }

    #[test]
    fn of_the_stores_set_aside_the_last_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        open_times(folder.path(), 4);
        assert_eq!(names(folder.path()), ["store-3.aside", "store-4"]);
    }

    #[test]
    fn a_folder_is_of_one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::Folder(folder.path().join("permits"));
        let held = place.hold().expect("nobody has it");
        assert!(place.hold().is_none());
        drop(held);
        assert!(place.hold().is_some());
    }

    #[test]
    fn what_was_set_aside_gives_way_when_a_new_store_has_no_room() {
        let folder = tempfile::tempdir().expect("a folder");
        open_times(folder.path(), 2);
        let is_alone = |folder: &Path| names(folder) == ["store-2"];
        assert!(make_room(folder.path(), is_alone));
        assert_eq!(names(folder.path()), ["store-2"]);
        assert!(!make_room(folder.path(), |_| false));
    }

    #[test]
    fn what_others_keep_beside_a_store_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("store-of-others.aside")).expect("made");
        open_times(folder.path(), 2);
        assert_eq!(
            names(folder.path()),
            ["store-1.aside", "store-2", "store-of-others.aside"]
        );
    }
}
