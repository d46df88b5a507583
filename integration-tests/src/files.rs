//! Folders copied and put in the place of others.

use std::fs;
use std::path::Path;

/// Copies all that is in a folder.
///
/// # Panics
/// If it cannot be read or the other cannot be written.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be written");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}

/// Puts a copy of one folder in the place of another.
///
/// # Panics
/// As [`copy`].
pub fn replace(folder: &Path, with: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the folder can be removed");
    }
    copy(with, folder);
}
