//! The processes of a bench: starting and ending them, their memory and processor time as the kernel counts them.

use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A service is up by then.
const START_LIMIT: Duration = Duration::from_secs(60);
const END_LIMIT: Duration = Duration::from_secs(25);
/// The kernel counts processor time in hundredths of a second (`USER_HZ`), on every architecture that we run on.
const TICKS_A_SECOND: f64 = 100.0;

/// What a child says once it serves.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Serving {
    pub(super) grpc: String,
}

/// A child of this process that ends when its stdin does, so that none is left behind.
pub(super) struct Process {
    child: Child,
    id: u32,
    pub(super) grpc: String,
}

impl Process {
    pub(super) async fn start(
        what: &'static str,
        folder: &Path,
        projections: &str,
        urls: &[String],
    ) -> Result<Self, Failure> {
        // Streams have a copy on each server.
        let replicas = urls.len().to_string();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", what, "--nats", &urls.join(",")])
            .args(["--stream-replicas", &replicas])
            .args(["--projections", projections, "--folder"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().unwrap_or_default();
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| Failure::failed("a child without stdout"))?;
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        let read = tokio::time::timeout(START_LIMIT, lines.read_line(&mut line));
        let failed = || Failure::failed(format!("{what} did not start"));
        read.await.map_err(|_| failed())??;
        let serving: Serving = serde_json::from_str(&line).map_err(|_| failed())?;
        Ok(Self {
            child,
            id,
            grpc: serving.grpc,
        })
    }

    /// Memory that it holds, in bytes.
    pub(super) fn resident_bytes(&self) -> u64 {
        memory(self.id, "VmRSS:")
    }

    /// The most memory that it has held, in bytes.
    pub(super) fn peak_bytes(&self) -> u64 {
        memory(self.id, "VmHWM:")
    }

    pub(super) async fn end(mut self) {
        drop(self.child.stdin.take());
        if tokio::time::timeout(END_LIMIT, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.kill().await;
        }
    }
}

/// Memory held by the processes of this name below this one, together.
pub(super) fn resident_of(name: &str) -> u64 {
    let all = descendants(name).into_iter();
    all.map(|id| memory(id, "VmRSS:")).sum()
}

/// The most memory that the processes of this name below this one have held, each at its time.
pub(super) fn peak_of(name: &str) -> u64 {
    let all = descendants(name).into_iter();
    all.map(|id| memory(id, "VmHWM:")).sum()
}

/// A line of `/proc/ID/status` that tells of memory. Bytes.
fn memory(id: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|text| text.strip_prefix(line))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// What the files below a folder take on the disk. A file that goes away meanwhile takes nothing.
pub(super) fn bytes_on_disk(folder: &Path) -> u64 {
    /// The kernel counts blocks of this size, whatever the file system's own are.
    const BLOCK: u64 = 512;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => bytes_on_disk(&entry.path()),
            Ok(found) => found.blocks() * BLOCK,
            Err(_) => 0,
        })
        .sum()
}

/// Processor time used up to an instant, in seconds.
#[derive(Clone, Debug)]
pub(super) struct Cpu {
    at: Instant,
    service: f64,
    bus: f64,
    client: f64,
}

/// Processors kept busy: 1.0 is one core.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct CpuShare {
    pub(super) service: f64,
    pub(super) bus: f64,
    pub(super) client: f64,
}

impl Cpu {
    pub(super) fn read(processes: &[&Process]) -> Self {
        Self {
            at: Instant::now(),
            service: processes.iter().map(|process| seconds(process.id)).sum(),
            bus: descendants("nats-server").into_iter().map(seconds).sum(),
            client: seconds(std::process::id()),
        }
    }

    pub(super) fn since(&self, before: &Self) -> CpuShare {
        let wall = self.at.duration_since(before.at).as_secs_f64();
        CpuShare {
            service: (self.service - before.service) / wall,
            bus: (self.bus - before.bus) / wall,
            client: (self.client - before.client) / wall,
        }
    }
}

fn seconds(id: u32) -> f64 {
    let fields = stat(id);
    // utime and stime: fields 14 and 15 of proc(5), the 12th and 13th after the name.
    let ticks: u64 = fields
        .iter()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / TICKS_A_SECOND
}

/// The fields of `/proc/ID/stat` after the name, which may itself have blanks.
fn stat(id: u32) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    after.split_whitespace().map(str::to_owned).collect()
}

fn descendants(name: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|comm| comm.trim() == name)
    })
    .filter(|id| is_below(*id))
    .collect()
}

fn is_below(mut id: u32) -> bool {
    let own = std::process::id();
    // No chain of parents is longer than this.
    for _ in 0..64 {
        if id == own {
            return true;
        }
        // The parent is the second field after the name.
        match stat(id).get(1).and_then(|parent| parent.parse().ok()) {
            Some(parent) if parent > 1 => id = parent,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_take_counts_those_of_folders_within() {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("a/b");
        fs::create_dir_all(&within).unwrap();
        fs::write(within.join("file"), vec![1; 100_000]).unwrap();
        assert!(bytes_on_disk(folder.path()) >= 100_000);
        assert_eq!(bytes_on_disk(&folder.path().join("nowhere")), 0);
    }

    #[test]
    fn the_kernel_says_what_this_process_uses() {
        let own = std::process::id();
        let resident = memory(own, "VmRSS:");
        assert!(resident > 1024 * 1024);
        // Asked for after it: other tests of this process may take more meanwhile.
        assert!(memory(own, "VmHWM:") >= resident);
        assert!(seconds(std::process::id()) >= 0.0);
        assert_eq!(resident_of("no such process"), 0);
        assert!(is_below(std::process::id()));
        assert!(!is_below(1));
    }
}
