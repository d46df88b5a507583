//! cqrs-es with postgres-es, on a PostgreSQL of our own.

use crate::Failure;
use crate::measure::Clerk;
use crate::permits::{Command, Permit, application};
use cqrs_es::Query;
use cqrs_es::persist::GenericQuery;
use postgres_es::{PostgresCqrs, PostgresViewRepository, postgres_cqrs};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, Pool, Postgres};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;
/// Where the server keeps its data, in its folder.
const DATA: &str = "data";
/// Attempts to connect, a fifth of a second apart.
const ATTEMPTS: usize = 100;

/// From the documentation of postgres-es.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE TABLE IF NOT EXISTS permits (
    view_id text NOT NULL,
    version bigint CHECK (version >= 0) NOT NULL,
    payload json NOT NULL,
    PRIMARY KEY (view_id)
);";

/// A running PostgreSQL; ends when dropped.
pub struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    pub async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join(DATA);
        std::fs::create_dir(&data)?;
        for path in [folder.path(), &data] {
            if is_root()? {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY))?;
            }
        }
        let made = program("initdb")?
            .arg("--pgdata")
            .arg(&data)
            .args([
                "--auth=trust",
                "--username=bench",
                "--encoding=UTF8",
                "--no-locale",
            ])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            return Err("initdb failed".into());
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let child = program("postgres")?
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-h", "127.0.0.1", "-p", &port.to_string()])
            // Durable: the defaults, said aloud. And room to work, as anyone would give it.
            .args(["-c", "fsync=on", "-c", "synchronous_commit=on"])
            .args(["-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB"])
            .args(["-c", "max_connections=300"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self {
            child,
            port,
            folder,
        };
        server.pool(1).await?.execute(TABLES).await?;
        Ok(server)
    }

    async fn pool(&self, connections: u32) -> Result<Pool<Postgres>, Failure> {
        let url = format!("postgresql://bench@127.0.0.1:{}/postgres", self.port);
        let mut attempt = 0;
        loop {
            let options = PgPoolOptions::new()
                .max_connections(connections)
                .min_connections(connections)
                .acquire_timeout(Duration::from_secs(60));
            match options.connect(&url).await {
                Ok(pool) => return Ok(pool),
                Err(error) if attempt == ATTEMPTS => return Err(error.into()),
                Err(_) => attempt += 1,
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The framework on it; with a view, each command also brings a row of a read model up to date, as it does by itself
    /// before it answers.
    pub async fn office(&self, with_view: bool, connections: u32) -> Result<Office, Failure> {
        let pool = self.pool(connections).await?;
        let mut queries: Vec<Box<dyn Query<Permit>>> = Vec::new();
        if with_view {
            let view = PostgresViewRepository::<Permit, Permit>::new("permits", pool.clone());
            queries.push(Box::new(GenericQuery::new(Arc::new(view))));
        }
        Ok(Office(Arc::new(postgres_cqrs(pool, queries, ()))))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Killed outright it would leave children that write on into the folder to be removed.
        let stopped = program("pg_ctl").and_then(|mut pg_ctl| {
            let ended = pg_ctl
                .args(["stop", "--mode=immediate", "--pgdata"])
                .arg(self.folder.path().join(DATA))
                .current_dir(self.folder.path())
                .stdout(Stdio::null())
                .status()?;
            Ok(ended.success())
        });
        if !matches!(stopped, Ok(true)) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

pub struct Office(Arc<PostgresCqrs<Permit>>);

impl Office {
    pub fn clerk(&self) -> FilesAndAccepts {
        FilesAndAccepts {
            office: Arc::clone(&self.0),
            filed: None,
        }
    }
}

/// In turn an application and its acceptance.
pub struct FilesAndAccepts {
    office: Arc<PostgresCqrs<Permit>>,
    filed: Option<String>,
}

impl Clerk for FilesAndAccepts {
    async fn step(&mut self) -> Result<(), Failure> {
        match self.filed.take() {
            None => {
                let id = Uuid::now_v7().to_string();
                let file = Command::File(application());
                self.office.execute(&id, file).await?;
                self.filed = Some(id);
            }
            Some(id) => self.office.execute(&id, Command::Accept).await?,
        }
        Ok(())
    }
}

fn is_root() -> Result<bool, Failure> {
    let answer = Process::new("id").arg("-u").output()?;
    Ok(answer.stdout.trim_ascii() == b"0")
}

/// A program of PostgreSQL, run by nobody if we are root.
fn program(name: &str) -> Result<Process, Failure> {
    let mut process = Process::new(find(name)?);
    if is_root()? {
        process.uid(NOBODY).gid(NOBODY);
    }
    Ok(process)
}

/// On PATH, else where Debian keeps it.
fn find(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    let mut programs = folders.into_iter().map(|folder| folder.join(name));
    let found = programs.find(|program| Path::is_file(program));
    found.ok_or_else(|| {
        let told = "neither on PATH nor in /usr/lib/postgresql/*/bin; install PostgreSQL";
        format!("{name}: {told} (Debian: apt-get install postgresql)").into()
    })
}
