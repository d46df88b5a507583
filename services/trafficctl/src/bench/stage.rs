//! Where a bench takes place: a bus of its own, the processes of services, and connections to them.

use super::processes::{self, Process};
use crate::connect::{Bearer, Connection, endpoint};
use crate::failure::Failure;
use crate::up::{Keys, Tokens};
use async_nats::Client;
use chassis::nats_server::{self, Cluster, NatsServer};
use clap::Args;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tonic::service::interceptor::InterceptedService;

/// HTTP/2 connections that the clients of one role share.
pub(super) const CONNECTIONS: usize = 4;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct BusOptions {
    /// Servers of the bus: 3 are a cluster in which each stream has three copies
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = size_of_bus)]
    bus_nodes: u8,
}

fn size_of_bus(text: &str) -> Result<u8, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        "5" => Ok(5),
        _ => Err("must be 1, 3 or 5".to_owned()),
    }
}

/// A bus with `sync_interval: always`, and the folder of everything that the bench writes.
pub(super) struct Stage {
    folder: PathBuf,
    servers: Vec<NatsServer>,
    pub(super) tokens: Tokens,
    /// Removed with the stage, unless the data is kept.
    _temporary: Option<TempDir>,
}

impl Stage {
    /// In a folder that is kept, or in one that goes with the stage.
    ///
    /// # Errors
    /// The folder to keep holds something already, or the bus does not start.
    pub(super) async fn set(kept: Option<&Path>, bus: BusOptions) -> Result<Self, Failure> {
        let (folder, temporary) = match kept {
            Some(folder) => (folder.to_owned(), None),
            None => {
                let temporary = TempDir::with_prefix("traffic-bench-")?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        std::fs::create_dir_all(&folder)?;
        if std::fs::read_dir(&folder)?.next().is_some() {
            let folder = folder.display();
            return Err(Failure::usage(format!("{folder} is not empty")));
        }
        let keys = Keys::load_or_create(&folder.join("keys"))?;
        let store = folder.join("nats");
        let servers = match bus.bus_nodes {
            1 => NatsServer::start(nats_server::Options::new(store))
                .await
                .map(|server| vec![server]),
            nodes => Cluster::start(nodes.into(), store, true)
                .await
                .map(|cluster| cluster.servers),
        };
        Ok(Self {
            tokens: Tokens::issue(&keys)?,
            servers: servers.map_err(Failure::failed)?,
            folder,
            _temporary: temporary,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn urls(&self) -> Vec<String> {
        self.servers.iter().map(NatsServer::url).collect()
    }

    /// A connection to the bus as others than the services have one.
    pub(super) async fn bus(&self) -> Result<Client, Failure> {
        let connected = async_nats::connect(self.urls()).await;
        connected.map_err(Failure::failed)
    }

    /// Starts a service, or another replica of it where `projections` names another folder.
    pub(super) async fn start(
        &self,
        what: &'static str,
        projections: &str,
    ) -> Result<Process, Failure> {
        Process::start(what, &self.folder, projections, &self.urls()).await
    }

    /// What the bus has written. Bytes.
    pub(super) fn bus_bytes_on_disk(&self) -> u64 {
        processes::bytes_on_disk(&self.folder.join("nats"))
    }

    /// What the projection of a service has written. Bytes.
    pub(super) fn projection_bytes_on_disk(&self, service: &str) -> u64 {
        processes::bytes_on_disk(&self.folder.join(PROJECTIONS).join(service))
    }

    pub(super) async fn strike(mut self) {
        for server in &mut self.servers {
            server.stop().await;
        }
    }
}

/// Where the projections of the first replicas are.
pub(super) const PROJECTIONS: &str = "projections";

/// Connections to a process, all with this token.
pub(super) async fn connections(
    process: &Process,
    token: &str,
) -> Result<Vec<Connection>, Failure> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let channel = endpoint(&process.grpc)?
            .connect()
            .await
            .map_err(Failure::failed)?;
        connections.push(InterceptedService::new(channel, Bearer::new(Some(token))?));
    }
    Ok(connections)
}
