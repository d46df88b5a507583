//! A suite of one test's own: its bus, its folder, its accounts.

use crate::replica::Replica;
use chassis::nats_server::{Cluster, NatsServer, Options};
use chassis::server::{Audience, Claims, TokenIssuer};
use chassis::testing::Network;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{EncodePrivateKey, spki::der::pem::LineEnding};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

/// Suites that run at once: each is several processes, and a machine has few processors.
const AT_ONCE: u32 = 3;

/// A service that can be started as a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Ledger,
    Permits,
    Parking,
    Enforcement,
    Registration,
}

impl Service {
    pub const ALL: [Self; 5] = [
        Self::Ledger,
        Self::Permits,
        Self::Parking,
        Self::Enforcement,
        Self::Registration,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Permits => "permits",
            Self::Parking => "parking",
            Self::Enforcement => "enforcement",
            Self::Registration => "registration",
        }
    }

    /// The names of its policies, which are the names of their consumers on the bus and never change.
    pub fn policies(self) -> &'static [&'static str] {
        match self {
            Self::Ledger => &[],
            Self::Permits => &["permits-drivers", "permits-vehicles"],
            Self::Parking => &["parking-road-occupations", "parking-marked-bays"],
            Self::Enforcement => &[
                "enforcement-illegal-parking",
                "enforcement-parking-arrears",
                "enforcement-oversize-permits",
                "enforcement-plates",
            ],
            Self::Registration => &["registration-open-cases"],
        }
    }

    /// The scopes of all its methods.
    fn scopes(self) -> &'static str {
        match self {
            Self::Ledger => "ledger.read ledger.write",
            Self::Permits => {
                "permits.read permits.read_all permits.write permits.use permits.decide permits.accept permits.escort"
            }
            Self::Parking => {
                "parking.read parking.manage parking.officer parking.device parking.pay"
            }
            Self::Enforcement => {
                "enforcement.read enforcement.record enforcement.review enforcement.handle enforcement.legal enforcement.decide \
                 enforcement.party enforcement.pay enforcement.education enforcement.hazard enforcement.persuade"
            }
            Self::Registration => {
                "registration.read registration.file registration.decide registration.plates registration.hold \
                 registration.station registration.appoint registration.pay registration.kiosk"
            }
        }
    }

    /// Its journal.
    pub fn stream(self) -> String {
        self.name().to_uppercase()
    }
}

/// What every replica of a suite is configured with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    /// One or more.
    pub(crate) servers: Vec<String>,
    pub(crate) stream_replicas: usize,
    issuer: TokenIssuer,
    replicas: AtomicUsize,
}

impl Shared {
    /// A folder for a replica that has none yet.
    pub(crate) fn next_folder(&self, service: Service) -> PathBuf {
        let number = self.replicas.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{}-{number}", service.name()))
    }

    pub(crate) fn key_set(&self) -> PathBuf {
        self.folder.join("keys.json")
    }

    pub(crate) fn signing_key(&self) -> PathBuf {
        self.folder.join("credentials.pem")
    }

    /// A token of an account with every scope, deciding for the whole city.
    pub(crate) fn token(&self, account: &str) -> String {
        let scopes: Vec<&str> = Service::ALL
            .iter()
            .map(|service| service.scopes())
            .collect();
        let claims = Claims {
            sub: account.to_owned(),
            iss: "traffic".to_owned(),
            aud: Audience::One("traffic".to_owned()),
            // 2100-01-01: no test lives that long.
            exp: 4_102_444_800,
            nbf: None,
            scope: format!("operations.read operations.write {}", scopes.join(" ")),
            districts: vec![371_700],
            channel: None,
        };
        self.issuer.sign(&claims).expect("claims can be signed")
    }
}

/// What the bus is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Alone,
    /// Three servers, with a copy of each stream on each.
    Cluster,
}

impl Topology {
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Cluster => "cluster",
        }
    }
}

/// A bus and what stands on it. Everything ends with it.
#[derive(Debug)]
pub struct Suite {
    servers: Vec<NatsServer>,
    /// Between the members of a cluster.
    network: Option<Network>,
    shared: Arc<Shared>,
    _folder: TempDir,
    _slot: OwnedSemaphorePermit,
}

impl Suite {
    /// As [`Suite::on`] one server.
    ///
    /// # Panics
    /// As [`Suite::on`].
    pub async fn start() -> Self {
        Self::on(Topology::Alone).await
    }

    /// Waits for a turn, then starts a bus.
    ///
    /// # Panics
    /// If there is no nats-server, as everything here if the machine does not play its part.
    pub async fn on(topology: Topology) -> Self {
        Self::begin(topology, 1).await
    }

    /// As [`Suite::on`], with no other beside it: replicas of every service leave no core for others, and a cluster that is
    /// kept waiting for one elects no leader.
    ///
    /// # Panics
    /// As [`Suite::on`].
    pub async fn by_itself(topology: Topology) -> Self {
        Self::begin(topology, AT_ONCE).await
    }

    async fn begin(topology: Topology, turns: u32) -> Self {
        static TURNS: OnceCell<Arc<Semaphore>> = OnceCell::const_new();
        let all = TURNS
            .get_or_init(async || Arc::new(Semaphore::new(AT_ONCE as usize)))
            .await;
        let slot = Arc::clone(all)
            .acquire_many_owned(turns)
            .await
            .expect("never closed");
        let mut folder = tempfile::tempdir().expect("a folder");
        // For whoever wants to read what servers and replicas have logged.
        if std::env::var_os("SUITE_KEEP").is_some() {
            folder.disable_cleanup(true);
            eprintln!("kept: {}", folder.path().display());
        }
        let store = folder.path().join("nats");
        let (servers, network) = match topology {
            Topology::Alone => {
                let server = NatsServer::start(Options::new(store)).await;
                (vec![server.expect("a nats-server")], None)
            }
            Topology::Cluster => {
                let started = Network::start(3, store).await;
                let (Cluster { servers }, network) = started.expect("three nats-servers");
                (servers, Some(network))
            }
        };
        let shared = Shared {
            folder: folder.path().to_owned(),
            servers: servers.iter().map(NatsServer::url).collect(),
            stream_replicas: servers.len(),
            issuer: TokenIssuer::generate("suite").expect("a key"),
            replicas: AtomicUsize::new(0),
        };
        write(&shared.key_set(), &shared.issuer.key_set().to_string());
        let pem = SigningKey::from_bytes(&[7; 32])
            .to_pkcs8_pem(LineEnding::LF)
            .expect("a key has a PEM form");
        write(&shared.signing_key(), &pem);
        Self {
            servers,
            network,
            shared: Arc::new(shared),
            _folder: folder,
            _slot: slot,
        }
    }

    /// The bus, or the first member of it.
    pub fn bus(&mut self) -> &mut NatsServer {
        &mut self.servers[0]
    }

    /// All members of the bus.
    pub fn servers(&mut self) -> &mut [NatsServer] {
        &mut self.servers
    }

    /// Where the first member keeps its streams.
    pub fn store(&self) -> PathBuf {
        self.shared.folder.join("nats")
    }

    /// What lies between the members of a cluster.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    pub fn bus_url(&self) -> String {
        self.shared.servers[0].clone()
    }

    /// A further replica with an empty folder, ready.
    pub async fn replica(&self, service: Service) -> Replica {
        let mut replica = self.unstarted(service);
        replica.start().await;
        replica.until_ready().await;
        replica
    }

    /// A replica that has not been started yet: its folder can be prepared.
    pub fn unstarted(&self, service: Service) -> Replica {
        Replica::new(service, Arc::clone(&self.shared))
    }

    /// A connection to the bus, as another agency has one.
    pub async fn connect(&self) -> async_nats::Client {
        async_nats::ConnectOptions::new()
            .retry_on_initial_connect()
            .connect(self.shared.servers.as_slice())
            .await
            .expect("the bus takes clients")
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the folder can be written");
}
