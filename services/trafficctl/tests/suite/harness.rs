//! A suite of a test's own, and the program run against it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_trafficctl");

/// A running `trafficctl up`, ended with the test.
pub(crate) struct Up {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it said once it was ready.
    pub(crate) ready: Value,
    /// For whatever the test keeps; temporary folders of the program are made in it too.
    pub(crate) temporary: TempDir,
}

impl Up {
    /// `trafficctl up --ports auto --output json` with further arguments, ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["up", "--ports", "auto", "--output", "json"])
            .args(arguments)
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // Ends when the program does: a failed start is no endless test.
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("not one line of JSON: {line:?}: {error}"));
        Self {
            child,
            stdout,
            ready,
            temporary,
        }
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.ready.pointer(pointer).and_then(Value::as_str);
        value
            .unwrap_or_else(|| panic!("{pointer} in {}", self.ready))
            .to_owned()
    }

    /// The program against this suite, with this person's token.
    pub(crate) fn run(&self, person: &str, arguments: &[&str]) -> Output {
        self.command_of(person, arguments).output().unwrap()
    }

    /// The program against this suite, without a token.
    pub(crate) fn run_anonymous(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// As [`Up::run`], to be started by the test.
    pub(crate) fn command_of(&self, person: &str, arguments: &[&str]) -> Command {
        let token = self.text(&format!("/tokens/{person}"));
        let mut command = self.command(arguments);
        command.env("TRAFFIC_TOKEN", token);
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--permits", &self.text("/services/permits/grpc")])
            .args(["--parking", &self.text("/services/parking/grpc")])
            .args(["--enforcement", &self.text("/services/enforcement/grpc")])
            .args(["--registration", &self.text("/services/registration/grpc")])
            .args(["--nats", &self.text("/nats")])
            .args(["--output", "json"])
            .args(arguments)
            .env_remove("TRAFFIC_TOKEN");
        command
    }

    /// As [`Up::run`], which must succeed; its lines of JSON.
    pub(crate) fn lines(&self, person: &str, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(person, arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        json_lines(&output)
    }

    /// Ends it as an init system does. Answers its exit code, and what else it said on stdout.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String, TempDir) {
        let signalled = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(signalled.unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        let temporary = std::mem::replace(&mut self.temporary, tempfile::tempdir().unwrap());
        (status.code(), rest, temporary)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Its nats-server goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// What `trafficctl up` says to people until it is ready; ended then.
pub(crate) fn announcement(arguments: &[&str]) -> String {
    let mut child = Command::new(PROGRAM)
        .args(["up", "--ports", "auto"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    for line in stdout.lines() {
        let line = line.unwrap();
        said += &line;
        said.push('\n');
        if line.starts_with("The suite is up.") {
            break;
        }
    }
    let terminated = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(terminated.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    said
}

/// The program without a suite.
pub(crate) fn program(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

/// A file that ships with the tests.
pub(crate) fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    folder.join(name).to_string_lossy().into_owned()
}
