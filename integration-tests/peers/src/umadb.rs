//! UmaDB: conditional appends, each synced, through its gRPC client. No decision is made and nothing is projected.

use crate::Failure;
use crate::measure::Clerk;
use crate::permits::application;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_core::mvcc::StorageOptions;
use umadb_dcb::{DcbAppendCondition, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem};
use umadb_server::{ServerOptions, start_server_with_options};
use uuid::Uuid;

/// HTTP/2 connections that the clients share, as those of the suite do.
const CONNECTIONS: usize = 4;
/// Attempts to connect, a fifth of a second apart.
const ATTEMPTS: usize = 100;

/// Serves until stdin ends.
pub async fn serve(folder: &Path, address: &str) -> Result<(), Failure> {
    let (end, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = end.send(());
    });
    let options = ServerOptions {
        listen_addr: address.to_owned(),
        tls: None,
        api_key: None,
        storage: StorageOptions::default().db_path(folder),
    };
    let served = start_server_with_options(options, ended).await;
    served.map_err(|error| error.to_string().into())
}

/// A server as a process of its own; ends when dropped.
pub struct Server {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Server {
    pub fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(std::env::current_exe()?)
            .arg("umadb-server")
            .arg(folder.path())
            .arg(&address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self {
            child,
            url: format!("http://{address}"),
            _folder: folder,
        })
    }

    pub async fn clerks(&self) -> Result<Clerks, Failure> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(Arc::new(self.client().await?));
        }
        Ok(Clerks {
            connections,
            next: std::sync::atomic::AtomicUsize::new(0),
        })
    }
}

impl Server {
    /// A client, as soon as the server listens.
    async fn client(&self) -> Result<AsyncUmaDbClient, Failure> {
        let mut attempt = 0;
        loop {
            match UmaDbClient::new(self.url.clone()).connect_async().await {
                Ok(client) => return Ok(client),
                Err(error) if attempt == ATTEMPTS => return Err(error.into()),
                Err(_) => attempt += 1,
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub struct Clerks {
    connections: Vec<Arc<AsyncUmaDbClient>>,
    next: std::sync::atomic::AtomicUsize,
}

impl Clerks {
    pub fn clerk(&self) -> Appends {
        let number = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Appends {
            client: Arc::clone(&self.connections[number % CONNECTIONS]),
            filed: None,
        }
    }
}

/// In turn an application and its acceptance, each on the condition that nothing else is there since.
pub struct Appends {
    client: Arc<AsyncUmaDbClient>,
    filed: Option<(String, u64)>,
}

impl Clerk for Appends {
    async fn step(&mut self) -> Result<(), Failure> {
        let (tag, after, event) = match self.filed.take() {
            None => {
                let event = DcbEvent::new().event_type("Filed");
                let data = serde_json::to_vec(&application())?;
                (format!("permit:{}", Uuid::now_v7()), None, event.data(data))
            }
            Some((tag, at)) => {
                let event = DcbEvent::new().event_type("Accepted");
                (tag, Some(at), event.data(r#"{"by":"officer:bench"}"#))
            }
        };
        let query = DcbQuery::new().item(DcbQueryItem::new().tags([tag.clone()]));
        let condition = DcbAppendCondition::new(query).after(after);
        let events = vec![event.tags([tag.clone()])];
        let position = self.client.append(events, Some(condition), None).await?;
        if after.is_none() {
            self.filed = Some((tag, position));
        }
        Ok(())
    }
}
