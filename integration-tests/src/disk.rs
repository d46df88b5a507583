//! A small disk for one process: a file system in memory that only this process sees, gone when it ends.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Mounts it and becomes the program.
const MOUNT: &str = r#"mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@""#;

/// Bytes written at once when a disk is filled.
const CHUNK: usize = 64 << 10;

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct SmallDisk {
    pub mebibytes: u32,
}

impl SmallDisk {
    /// Whether this machine lets us have one: it takes root, or name spaces of users.
    pub fn is_possible() -> bool {
        static POSSIBLE: OnceLock<bool> = OnceLock::new();
        *POSSIBLE.get_or_init(|| {
            let Ok(folder) = tempfile::tempdir() else {
                return false;
            };
            let mut tried = Self { mebibytes: 1 }.limit(&Command::new("true"), folder.path());
            let tried = tried.stdout(Stdio::null()).stderr(Stdio::null()).status();
            tried.is_ok_and(|status| status.success())
        })
    }

    /// The same program, seeing this disk at `folder`.
    pub(crate) fn limit(self, program: &Command, folder: &Path) -> Command {
        let mut limited = Command::new("unshare");
        if !is_root() {
            limited.args(["--user", "--map-root-user"]);
        }
        limited
            .args(["--mount", "sh", "-c", MOUNT, "sh"])
            .arg(format!("{}m", self.mebibytes))
            .arg(folder)
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        limited
    }
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

/// Writes to a file in `folder` until nothing more fits, or removes it.
///
/// # Panics
/// If the folder cannot be written at all.
pub(crate) fn fill(folder: &Path, full: bool) {
    let ballast = folder.join("ballast");
    if !full {
        fs::remove_file(&ballast).expect("the ballast is there");
        return;
    }
    let mut file = fs::File::create(&ballast).expect("a file can be made");
    let chunk = [0; CHUNK];
    let mut piece = CHUNK;
    // Down to the last byte, so that nothing fits any more.
    while piece > 0 {
        if file.write(&chunk[..piece]).is_err() {
            piece /= 2;
        }
    }
}
