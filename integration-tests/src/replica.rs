//! One replica of a service as a process of its own, with its ports and its folder, and what can be done to it.

use crate::disk::{self, SmallDisk};
use crate::suite::{Service, Shared};
use chassis::server::MIN_POSITION;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use traffic_proto::operations::v1::operations_service_client::OperationsServiceClient;

/// How long anything that a replica does by itself may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often a process is looked at that cannot tell by itself.
pub const GLANCE: Duration = Duration::from_millis(10);
/// Most that the server's own answer may take; beyond it the client gives up.
const CALL: Duration = Duration::from_secs(30);

/// Adds to each request an account's token, and what its answer must know at least.
#[derive(Clone, Debug)]
pub struct Token {
    token: MetadataValue<Ascii>,
    position: u64,
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.token.clone());
        if self.position > 0 && !metadata.contains_key(MIN_POSITION) {
            metadata.insert(MIN_POSITION, self.position.into());
        }
        Ok(request)
    }
}

/// Where an account reaches a replica.
#[derive(Clone, Debug)]
pub struct Counter {
    channel: Channel,
    token: MetadataValue<Ascii>,
}

impl Counter {
    /// A connection for one who has been told of a position: a replica that is not there yet must not answer.
    pub fn client_at(&self, position: u64) -> Client {
        let token = Token {
            token: self.token.clone(),
            position,
        };
        InterceptedService::new(self.channel.clone(), token)
    }
}

/// A connection of one account to one replica.
pub type Client = InterceptedService<Channel, Token>;

/// A replica: running, or killed and able to run again on the same folder and ports.
#[derive(Debug)]
pub struct Replica {
    service: Service,
    shared: Arc<Shared>,
    folder: PathBuf,
    log: PathBuf,
    grpc: SocketAddr,
    http: SocketAddr,
    channel: Channel,
    child: Option<Child>,
    overrides: Vec<(String, String)>,
    disk: Option<SmallDisk>,
}

impl Replica {
    pub(crate) fn new(service: Service, shared: Arc<Shared>) -> Self {
        let folder = shared.next_folder(service);
        std::fs::create_dir_all(&folder).expect("the folder can be written");
        let grpc = free_address();
        Self {
            service,
            shared,
            log: folder.join("log"),
            folder,
            grpc,
            http: free_address(),
            channel: channel(grpc),
            child: None,
            overrides: Vec::new(),
            disk: None,
        }
    }

    pub fn service(&self) -> Service {
        self.service
    }

    /// Sets a variable of its environment from the next start on, e.g. `TRAFFIC_GRPC__POSITION_WAIT_MS`.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.overrides.push((variable.to_owned(), value.to_owned()));
    }

    /// Where its projection is.
    pub fn projection(&self) -> PathBuf {
        self.folder.join("data").join(self.service.name())
    }

    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Where it takes calls.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc
    }

    /// A connection of an account with every scope; survives restarts.
    pub fn client(&self, account: &str) -> Client {
        self.counter(account).client_at(0)
    }

    /// As [`Replica::client`], for one who moves on between replicas.
    pub fn counter(&self, account: &str) -> Counter {
        let token = format!("Bearer {}", self.shared.token(account));
        Counter {
            channel: self.channel.clone(),
            token: token.parse().expect("tokens are ASCII"),
        }
    }

    /// A connection without a token.
    pub fn anonymous(&self) -> Channel {
        self.channel.clone()
    }

    pub fn operations(&self) -> OperationsServiceClient<Client> {
        OperationsServiceClient::new(self.client("operator"))
    }

    /// Starts the process; does not wait for it.
    ///
    /// # Panics
    /// If it runs already or cannot be started.
    pub async fn start(&mut self) {
        assert!(!self.is_running(), "it runs already");
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("the log can be written");
        self.child = Some(self.command(log).spawn().expect("the replica starts"));
    }

    fn command(&self, log: File) -> Command {
        let mut command = match &self.disk {
            None => program(self.service),
            Some(disk) => {
                let data = self.folder.join("data");
                std::fs::create_dir_all(&data).expect("the folder can be written");
                disk.limit(&program(self.service), &data)
            }
        };
        command
            .env("SUITE_LIFELINE", "1")
            .env("TRAFFIC_DATA_DIR", self.folder.join("data"))
            .env("TRAFFIC_NATS__URLS", format!("{:?}", self.shared.servers))
            .env(
                "TRAFFIC_NATS__STREAM_REPLICAS",
                self.shared.stream_replicas.to_string(),
            )
            .env("TRAFFIC_NATS__ACK_TIMEOUT_MS", "2000")
            .env("TRAFFIC_GRPC__LISTEN", self.grpc.to_string())
            .env("TRAFFIC_HTTP__LISTEN", self.http.to_string())
            .env("TRAFFIC_AUTH__KEY_SET_FILE", self.shared.key_set())
            .env(
                "TRAFFIC_CREDENTIALS__SIGNING_KEY_FILE",
                self.shared.signing_key(),
            )
            .env("TRAFFIC_SEALING__MASTER_KEY", KEY)
            .env("TRAFFIC_SEALING__PERSON_KEY", KEY)
            // Load comes from one account here.
            .env("TRAFFIC_LIMITS__REQUESTS_PER_SECOND", "1000000")
            .env("TRAFFIC_LIMITS__BURST", "1000000")
            .env("TRAFFIC_PROJECTION__CACHE_MIB", "32")
            // So that a kill finds both flushed and unflushed rows.
            .env("TRAFFIC_PROJECTION__FLUSH_INTERVAL_MS", "200")
            .envs(self.overrides.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::from(log));
        command
    }

    /// Waits until it takes requests.
    ///
    /// # Panics
    /// If it ends, or is not ready within [`PATIENCE`]; with the end of its log.
    pub async fn until_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = http_get(self.http, "/readyz").await;
            if answer.is_ok_and(|(status, _)| status == 200) {
                return;
            }
            assert!(self.is_running(), "the replica ended:\n{}", self.log_end());
            assert!(
                Instant::now() < deadline,
                "not ready in time:\n{}",
                self.log_end()
            );
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Bytes of memory that it holds, as the kernel counts them; 0 where it does not tell.
    pub fn memory(&self) -> u64 {
        let Some(child) = &self.child else {
            return 0;
        };
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    pub fn is_running(&mut self) -> bool {
        self.child
            .as_mut()
            .is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Ends the process as a crash of the machine would end it, at whatever it is doing.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops the process where it is (SIGSTOP), as a machine does that has no time for it.
    ///
    /// # Panics
    /// If it does not run.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Ends a pause.
    ///
    /// # Panics
    /// If it does not run.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Sets its clock ahead of the machine's by so many seconds, or back; until it is started again.
    ///
    /// # Panics
    /// If it does not run.
    pub fn set_clock(&mut self, ahead: i64) {
        let child = self.child.as_mut().expect("it runs");
        let lifeline = child.stdin.as_mut().expect("it has a lifeline");
        writeln!(lifeline, "{ahead}").expect("it holds the lifeline");
    }

    /// From the next start on its projection is on a small disk of its own, empty at each start; or again in its folder.
    pub fn put_on(&mut self, disk: Option<SmallDisk>) {
        self.disk = disk;
    }

    /// Leaves no room on its small disk, or makes room again.
    ///
    /// # Panics
    /// If it does not run on one.
    pub fn fill_disk(&self, full: bool) {
        assert!(self.disk.is_some(), "it has a disk of its own");
        let process = self.process().to_string();
        // Seen through the process: the disk exists in its view of the file system alone.
        let seen = Path::new("/proc").join(process).join("root");
        let data = self.folder.join("data");
        let ballast = data.strip_prefix("/").expect("folders are absolute");
        disk::fill(&seen.join(ballast), full);
    }

    fn process(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn signal(&self, name: &str) {
        let process = self.process().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill answers");
    }

    /// Asks it to end (SIGTERM) and waits for it.
    ///
    /// # Panics
    /// If it takes longer than [`PATIENCE`].
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("it runs");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                return status;
            }
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("did not end in time:\n{}", self.log_end());
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Starts it again after a kill or a stop, on the same folder and ports, and waits until it is ready.
    pub async fn restart(&mut self) {
        self.kill9();
        self.start().await;
        self.until_ready().await;
    }

    /// How much it has logged so far: for [`Replica::lines_since`].
    pub fn log_mark(&self) -> usize {
        self.log_text().len()
    }

    /// Its log lines since a mark that hold a text.
    pub fn lines_since(&self, mark: usize, text: &str) -> Vec<String> {
        let log = self.log_text();
        let lines = log.get(mark..).unwrap_or_default().lines();
        lines
            .filter(|line| line.contains(text))
            .map(str::to_owned)
            .collect()
    }

    fn log_text(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last lines of its log, for messages of tests that fail.
    pub fn log_end(&self) -> String {
        let log = self.log_text();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            eprintln!(
                "--- {} at {}:\n{}",
                self.service.name(),
                self.grpc,
                self.log_end()
            );
        }
    }
}

/// 32 bytes in base64; protects nothing.
const KEY: &str = "c3VpdGUgc3VpdGUgc3VpdGUgc3VpdGUgc3VpdGUgISE=";

/// A service's program in an environment without any configuration.
pub fn program(service: Service) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRAFFIC_") {
            command.env_remove(name);
        }
    }
    command.env("SUITE_SERVICE", service.name());
    command
}

/// `replica` stands beside the folder that the test programs are in; any other program of this crate is its own replica.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let folder = own.parent().expect("a program is in a folder");
    match folder.parent() {
        Some(beside) if folder.ends_with("deps") => beside.join("replica"),
        _ => own,
    }
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .expect("an address makes a URI")
        .connect_timeout(Duration::from_secs(5))
        .timeout(CALL)
        .connect_lazy()
}

/// A free address below the ports that systems give to outgoing connections and beside those of the bus, so that it
/// stays free while a replica is down.
fn free_address() -> SocketAddr {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 8_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let process = std::process::id().wrapping_mul(2_654_435_761) >> 16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let start = u16::try_from(process % u32::from(COUNT)).unwrap_or_default();
        let port = FIRST + start.wrapping_add(step) % COUNT;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no free port");
}

/// Gets a path by HTTP: status and body.
///
/// # Errors
/// Nobody answers there.
pub async fn http_get(address: SocketAddr, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        // 1.0: the answer ends with the connection.
        let request = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(10), exchange)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let malformed = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let (head, body) = answer.split_at(end.ok_or_else(malformed)? + 4);
    let status = std::str::from_utf8(head)
        .ok()
        .and_then(|head| head.split(' ').nth(1)?.parse().ok());
    Ok((status.ok_or_else(malformed)?, body.to_vec()))
}

/// Asks until the answer is what it shall become.
///
/// # Panics
/// If that takes longer than [`PATIENCE`]; `what` says what was waited for.
pub async fn eventually<T, Asked: Future<Output = Option<T>>>(
    what: &str,
    ask: impl Fn() -> Asked,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(GLANCE).await;
    }
}
