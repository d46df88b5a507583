//! One nats-server process whose life is tied to ours.

use super::{ServerError, find_or_install};
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Runs the server and does to it what the lines on the lifeline (our stdin) say, each the name of a signal. When the
/// lifeline breaks, which also happens when the process holding it is killed, so is the server.
const KEEPER: &str = r#"
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ while read -r signal <&3; do kill -s "$signal" $server; done; kill -s KILL $server; } 2>/dev/null &
keeper=$!
wait $server
code=$?
kill $keeper 2>/dev/null
exit $code
"#;

/// A server that comes up at all does so within this time, even on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Restarts with other ports when one was taken between choosing and using it.
const START_ATTEMPTS: usize = 5;

/// How to run a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where JetStream keeps its files, the configuration and the log.
    pub store: PathBuf,
    /// Port for clients; 0 chooses a free one.
    pub port: u16,
    /// Sync each write to the disk before acknowledging it (`sync_interval: always`): what we ship. Without it JetStream
    /// syncs every two minutes.
    pub sync_always: bool,
    /// The one user who may connect, and the password; `None`: anyone.
    pub login: Option<(String, String)>,
    pub(super) cluster: Option<Member>,
}

impl Options {
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            port: 0,
            sync_always: true,
            login: None,
            cluster: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) cluster: String,
    pub(super) port: u16,
    /// Ports by which it reaches the others: theirs, or those of what stands in between.
    pub(super) routes: Vec<u16>,
}

/// Members tell each other their addresses. They must not find ways past what stands between them: nobody is here.
const NOBODY: &str = "127.0.0.1:9";

/// A running server, or one that was stopped and can be started again. Dropping it kills the process.
#[derive(Debug)]
pub struct NatsServer {
    binary: PathBuf,
    options: Options,
    child: Option<Child>,
}

impl NatsServer {
    /// Finds or installs the server, starts it and waits until it takes clients.
    ///
    /// # Errors
    /// If it cannot be installed or does not come up within 20 s; the text holds the end of its log.
    pub async fn start(options: Options) -> Result<Self, ServerError> {
        in_background(move || Self::start_blocking(options)).await
    }

    pub(super) fn start_blocking(options: Options) -> Result<Self, ServerError> {
        let binary = find_or_install()?;
        fs::create_dir_all(&options.store)?;
        let mut server = Self {
            binary,
            options,
            child: None,
        };
        let choose = server.options.port == 0;
        for attempt in 1.. {
            if choose {
                server.options.port = free_port()?;
            }
            match server.run() {
                Err(_) if choose && attempt < START_ATTEMPTS => server.kill9(),
                other => {
                    other?;
                    break;
                }
            }
        }
        Ok(server)
    }

    /// Where clients connect: `nats://127.0.0.1:PORT`. Stays the same over restarts.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.options.port)
    }

    pub fn port(&self) -> u16 {
        self.options.port
    }

    /// Whether the process runs just now.
    pub fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Asks the server to end (SIGTERM) and waits for it; after 10 s it is killed.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let ended = in_background(move || {
            signal(&mut child, "TERM")?;
            if wait_for_end(&mut child, Duration::from_secs(10)).is_none() {
                end_now(child);
            }
            Ok(())
        });
        // A lifeline that cannot be written to has no server at its end.
        let _ = ended.await;
    }

    /// Ends the server as a crash would (SIGKILL).
    pub fn kill9(&mut self) {
        if let Some(child) = self.child.take() {
            end_now(child);
        }
    }

    /// Freezes the process (SIGSTOP): connections stay open and nothing answers, as when a machine hangs.
    pub fn pause(&mut self) -> Result<(), ServerError> {
        self.send("STOP")
    }

    /// Ends a pause (SIGCONT).
    pub fn resume(&mut self) -> Result<(), ServerError> {
        self.send("CONT")
    }

    fn send(&mut self, name: &str) -> Result<(), ServerError> {
        match self.child.as_mut() {
            Some(child) => Ok(signal(child, name)?),
            None => Err(ServerError::NotStarted("it was stopped".into())),
        }
    }

    /// Starts it again on the same port and the same store, first ending it if it still runs.
    ///
    /// # Errors
    /// As [`NatsServer::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.kill9();
        let mut next = Self {
            binary: self.binary.clone(),
            options: self.options.clone(),
            child: None,
        };
        let child = in_background(move || {
            next.run()?;
            Ok(next.child.take())
        });
        self.child = child.await?;
        Ok(())
    }

    fn run(&mut self) -> Result<(), ServerError> {
        let configuration = self.options.store.join("nats-server.conf");
        fs::write(&configuration, configure(&self.options))?;
        let log = self.options.store.join("nats-server.log");
        let child = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&self.binary)
            .arg("--config")
            .arg(&configuration)
            .arg("--log")
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt at the terminal is for us: we end the server in order.
            .process_group(0)
            .spawn()?;
        let child = self.child.insert(child);

        let deadline = Instant::now() + START_LIMIT;
        while !greets(self.options.port) {
            let ended = child.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(ServerError::NotStarted(last_lines(&log)));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill9();
    }
}

fn configure(options: &Options) -> String {
    let store = options.store.join("jetstream");
    let sync = if options.sync_always { "always" } else { "2m" };
    let mut text = format!(
        "listen: 127.0.0.1:{}\njetstream {{ store_dir: {:?}, sync_interval: {sync} }}\n",
        options.port,
        store.display().to_string(),
    );
    if let Some((user, password)) = &options.login {
        text += &format!("authorization {{ user: {user:?}, password: {password:?} }}\n");
    }
    if let Some(member) = &options.cluster {
        let routes: Vec<String> = member
            .routes
            .iter()
            .map(|port| format!("nats-route://127.0.0.1:{port}"))
            .collect();
        text += &format!(
            "server_name: {}\ncluster {{ name: {}, listen: 127.0.0.1:{}, advertise: {NOBODY:?}, routes: [{}] }}\n",
            member.name,
            member.cluster,
            member.port,
            routes.join(", ")
        );
    }
    text
}

/// The port of a free address below the range from which systems take ports for outgoing connections, so that it stays
/// free while a server is down and another test connects somewhere.
pub(super) fn free_port() -> Result<u16, ServerError> {
    const FIRST: u16 = 18_000;
    const COUNT: u16 = 14_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = std::process::id().wrapping_mul(2_654_435_761) >> 16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = (process as u16).wrapping_add(step) % COUNT;
        let port = FIRST + offset;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(ServerError::NotStarted("no free port".into()))
}

/// Whether a server answers on this port with its greeting and has JetStream.
fn greets(port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) else {
        return false;
    };
    let mut greeting = [0; 2048];
    let patience = stream.set_read_timeout(Some(Duration::from_millis(500)));
    let Ok(read) = patience.and_then(|()| stream.read(&mut greeting)) else {
        return false;
    };
    let text = String::from_utf8_lossy(greeting.get(..read).unwrap_or_default());
    text.starts_with("INFO ") && text.contains("\"jetstream\":true")
}

fn signal(child: &mut Child, name: &str) -> std::io::Result<()> {
    match child.stdin.as_mut() {
        Some(lifeline) => writeln!(lifeline, "{name}"),
        None => Ok(()),
    }
}

fn wait_for_end(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// Breaks the lifeline and waits for the end, so that the store is free when this returns.
fn end_now(mut child: Child) {
    drop(child.stdin.take());
    let _ = child.wait();
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// Runs what waits for processes where it may block.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServerError> + Send + 'static,
) -> Result<T, ServerError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|failed| Err(ServerError::NotStarted(failed.to_string())))
}
