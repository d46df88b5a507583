//! Servers that form one JetStream cluster on this machine.

use super::ServerError;
use super::child::{Member, NatsServer, Options, free_port, in_background};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The members elect a leader of the whole JetStream within this time.
const ELECTION_LIMIT: Duration = Duration::from_secs(60);

/// A cluster; dropping it kills its servers.
#[derive(Debug)]
pub struct Cluster {
    pub servers: Vec<NatsServer>,
}

impl Cluster {
    /// Starts `size` servers under `store` and waits until JetStream answers on each.
    ///
    /// # Errors
    /// As [`NatsServer::start`], and if they do not agree on a leader within 60 s.
    pub async fn start(
        size: usize,
        store: impl Into<PathBuf>,
        sync_always: bool,
    ) -> Result<Self, ServerError> {
        let ports = Self::ports(size)?;
        let routes = vec![ports.clone(); size];
        Self::start_over(ports, routes, store, sync_always).await
    }

    /// Free ports for the routes of so many members.
    ///
    /// # Errors
    /// There are none.
    pub fn ports(size: usize) -> Result<Vec<u16>, ServerError> {
        (0..size).map(|_| free_port()).collect()
    }

    /// As [`Cluster::start`]: one member for each of `ports`, each reaching the others by the ports of its `routes`.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_over(
        ports: Vec<u16>,
        routes: Vec<Vec<u16>>,
        store: impl Into<PathBuf>,
        sync_always: bool,
    ) -> Result<Self, ServerError> {
        let store = store.into();
        let servers = in_background(move || {
            let members = ports.into_iter().zip(routes).enumerate();
            let started = members.map(|(number, (port, routes))| {
                let name = format!("n{number}");
                NatsServer::start_blocking(Options {
                    store: store.join(&name),
                    port: 0,
                    sync_always,
                    login: None,
                    cluster: Some(Member {
                        name,
                        cluster: "traffic".into(),
                        port,
                        routes,
                    }),
                })
            });
            started.collect::<Result<Vec<_>, _>>()
        })
        .await?;
        let cluster = Self { servers };
        cluster.wait_until_led().await?;
        Ok(cluster)
    }

    /// The addresses of all members, separated by commas.
    pub fn url(&self) -> String {
        let urls: Vec<String> = self.servers.iter().map(NatsServer::url).collect();
        urls.join(",")
    }

    /// Waits until JetStream answers on every member.
    ///
    /// # Errors
    /// If one does not within 60 s.
    pub async fn wait_until_led(&self) -> Result<(), ServerError> {
        let deadline = Instant::now() + ELECTION_LIMIT;
        for server in &self.servers {
            while !answers(&server.url()).await {
                if Instant::now() > deadline {
                    return Err(ServerError::NotStarted("no leader was elected".into()));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }
}

async fn answers(url: &str) -> bool {
    let Ok(client) = async_nats::connect(url).await else {
        return false;
    };
    let request = async_nats::Request::new().timeout(Some(Duration::from_millis(500)));
    let answer = client.send_request("$JS.API.INFO", request).await;
    answer.is_ok_and(|answer| !String::from_utf8_lossy(&answer.payload).contains("\"error\""))
}
