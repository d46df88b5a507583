//! A service put together: from its blueprint and configuration to something that takes commands, reads, reacts.

mod metrics;
mod quorum;
mod readiness;
mod watch;

use crate::bus::{Bus, JetStreamBus};
use crate::clock::{Clock, SystemClock};
use crate::commands::Commands;
use crate::config::{Config, ConfigError};
use crate::domain::LegalCalendar;
use crate::journal::appender::{Appender, Limits};
use crate::journal::jetstream::{JetStreamJournal, OpenError, StreamConfig, ensure_stream};
use crate::journal::{Journal, Unavailable};
use crate::operations::Operations;
use crate::policies::{self, Policy};
use crate::projection::{self, Definition, Projection, StoreOptions};
use crate::published::{EVENTS, Publications};
use crate::relay::Relay;
use crate::sealing::{KeyStore, NatsKeyStore, Sealer};
use crate::server::{PageTokens, Positions, Running, Server, Signals, Waiting};
use crate::telemetry::Telemetry;
use crate::timers::{TimerHandler, Timers};
use async_nats::{Client, ConnectOptions, ReconnectToServer, jetstream};
use futures::FutureExt;
pub(crate) use metrics::Samples;
use readiness::{Broken, Projected};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use traffic_proto::operations::v1::operations_service_server::OperationsServiceServer;
pub use watch::Watched;

/// How long the commands of a service may take to end, after its server has, and then its other parts.
const GRACE: Duration = Duration::from_secs(5);
/// How often to try what the bus did not answer at start.
const RETRY: Duration = Duration::from_millis(500);

/// What makes a service the one it is.
#[derive(Debug)]
pub struct Blueprint {
    /// `permits`: names its stream, subjects, folder and error domain.
    pub service: &'static str,
    pub projection: Definition,
    pub timer: Option<TimerHandler>,
    pub publications: Publications,
}

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Stream(#[from] OpenError),
    #[error("cannot connect to the bus: {0}")]
    Connect(String),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What a service stands on: a real bus and disk, or in a simulation models of them.
#[derive(Debug)]
pub struct Foundation {
    pub journal: Arc<dyn Journal>,
    pub bus: Arc<dyn Bus>,
    pub person_keys: Arc<dyn KeyStore>,
    pub projection: projection::Options,
    pub clock: Arc<dyn Clock>,
}

/// A running service without its server: what its handlers and policies stand on.
#[derive(Clone, Debug)]
pub struct Core {
    pub service: &'static str,
    pub commands: Commands,
    pub projection: Projection,
    pub clock: Arc<dyn Clock>,
    pub calendar: Arc<LegalCalendar>,
    pub sealer: Sealer,
    pub page_tokens: PageTokens,
    bus: Arc<dyn Bus>,
    journal: Arc<dyn Journal>,
    appender: Appender,
    /// Idle once all commands have drained; ends with the last handle on the service.
    _appending: Arc<AbortOnDropHandle<()>>,
    samples: Arc<Samples>,
    recent: Arc<watch::Recent>,
    stopping: CancellationToken,
    parts: Parts,
}

/// The tasks of a service.
#[derive(Clone, Debug)]
struct Parts {
    tasks: TaskTracker,
    broken: Broken,
}

impl Parts {
    /// Runs a part to its end. One that panics leaves a service that is not ready, so that it is noticed and restarted.
    fn spawn(&self, part: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let broken = self.broken.clone();
        self.tasks.spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!(part, "a part of the service has panicked");
                broken.note(part);
            }
        });
    }
}

impl Core {
    /// Returns once reads see everything that the journal holds now, by whatever replica it was written.
    ///
    /// # Errors
    /// If the journal is away.
    pub async fn caught_up(&self) -> Result<(), Unavailable> {
        let head = self.journal.extent().await?.last;
        self.projection.reached(head).await;
        Ok(())
    }

    /// Connects, ensures the streams, opens or rebuilds the projection, starts relay and timers. Waits for the bus.
    ///
    /// # Errors
    /// A configuration that cannot be used, or a stream that differs from it.
    pub async fn start(
        blueprint: Blueprint,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        // A bad configuration is told before anything waits for the bus.
        config.sealing.keys()?;
        config.calendar.table()?;
        let service = blueprint.service;
        // Whoever looks after processes must not take one for dead that waits.
        let waiting = Waiting::begin(&config.http, "waiting for the bus").await;
        let client = connect(config, service).await?;
        let replicas = config.nats.stream_replicas;

        let mut stream = StreamConfig::new(&service.to_uppercase(), service);
        stream.replicas = replicas;
        stream.ack_timeout = config.nats.ack_timeout();
        let journal =
            until_answered(|| JetStreamJournal::open(client.clone(), stream.clone())).await?;
        let events = StreamConfig::events(EVENTS, replicas);
        until_answered(|| ensure_stream(&client, &events)).await?;
        let jetstream = jetstream::new(client.clone());
        let person_keys = loop {
            match NatsKeyStore::open(&jetstream, replicas).await {
                Ok(store) => break store,
                Err(why) => {
                    tracing::warn!(%why, "waiting for the key bucket");
                    tokio::time::sleep(RETRY).await;
                }
            }
        };
        let mut projection = projection::Options::in_folder(config.data_dir.join(service));
        projection.store = StoreOptions {
            cache_bytes: usize::try_from(config.projection.cache_mib << 20).unwrap_or(usize::MAX),
            flush_every: Duration::from_millis(config.projection.flush_interval_ms),
        };
        let foundation = Foundation {
            journal: Arc::new(journal),
            bus: Arc::new(JetStreamBus::new(client.clone(), replicas)),
            person_keys: Arc::new(person_keys),
            projection,
            clock,
        };
        let core = Self::on(foundation, blueprint, config)?;
        if let Some(waiting) = waiting {
            waiting.end().await;
        }
        if replicas > 1 {
            let keeping = quorum::keep(client, Arc::clone(&core.journal), core.stopping.clone());
            core.parts.spawn("search for the journal's leader", keeping);
        }
        Ok(core)
    }

    /// As [`Core::start`], on a foundation that is there. Of the configuration it takes keys, calendar, and how long an
    /// acknowledgement may take.
    ///
    /// # Errors
    /// A configuration that cannot be used.
    pub fn on(
        foundation: Foundation,
        blueprint: Blueprint,
        config: &Config,
    ) -> Result<Self, StartError> {
        let Blueprint {
            service,
            projection: definition,
            timer,
            publications,
        } = blueprint;
        let Foundation {
            journal,
            bus,
            person_keys,
            projection: options,
            clock,
        } = foundation;
        let keys = config.sealing.keys()?;
        let calendar = Arc::new(LegalCalendar::new(config.calendar.table()?));
        let stopping = CancellationToken::new();
        let limits = Limits::for_acknowledgements_within(config.nats.ack_timeout());
        let (appender, appending) = Appender::start(Arc::clone(&journal), limits);
        let (projection, projecting) =
            Projection::start(definition, Arc::clone(&journal), options)?;
        let commands = Commands::new(
            projection.clone(),
            Arc::clone(&journal),
            appender.clone(),
            Arc::clone(&clock),
            Arc::clone(&calendar),
        );
        let parts = Parts {
            tasks: TaskTracker::new(),
            broken: Broken::default(),
        };
        parts.spawn("projection", async {
            projecting.await.unwrap_or_else(|ended| panic!("{ended}"));
        });
        if let Some(handler) = timer {
            let timers = Timers {
                projection: projection.clone(),
                commands: commands.clone(),
                clock: Arc::clone(&clock),
                handler,
            };
            parts.spawn("timers", timers.run(stopping.clone()));
        }
        let samples = Arc::new(Samples::default());
        let relay = Relay {
            service,
            bus: Arc::clone(&bus),
            journal: Arc::clone(&journal),
            publications,
            samples: Arc::clone(&samples),
        };
        parts.spawn("relay", relay.run(stopping.clone()));

        // Page tokens must be good on every replica, so their key follows from what all replicas share.
        let mut page_key = Sha256::new();
        page_key.update(b"page tokens");
        page_key.update(*keys.person);
        Ok(Self {
            service,
            commands,
            projection,
            clock,
            calendar,
            sealer: Sealer::new(&keys, person_keys),
            page_tokens: PageTokens::new(page_key.finalize().into()),
            bus,
            journal,
            appender,
            _appending: Arc::new(AbortOnDropHandle::new(appending)),
            samples,
            recent: Arc::new(watch::recent()),
            stopping,
            parts,
        })
    }

    /// Runs a policy until the service stops.
    pub fn run_policy(&self, policy: Arc<dyn Policy>) {
        let name = policy.name();
        self.samples.add_policy(name);
        let ground = policies::Ground {
            bus: Arc::clone(&self.bus),
            projection: self.projection.clone(),
            samples: Arc::clone(&self.samples),
        };
        let running = policies::run(ground, policy, self.stopping.clone());
        self.parts.spawn(name, running);
    }

    /// Runs a task of the service's own until it stops; it must end soon after `stopping` is cancelled.
    pub fn run_task<F: Future<Output = ()> + Send + 'static>(
        &self,
        task: impl FnOnce(CancellationToken) -> F,
    ) {
        self.parts.spawn("task", task(self.stopping.clone()));
    }

    /// A server with the operators' methods, wired to this service's position and readiness.
    pub fn server(&self, config: &Config, telemetry: &Telemetry) -> Server {
        metrics::register(&telemetry.meter(), self);
        self.run_task({
            let core = self.clone();
            move |stopping| metrics::sample(core, stopping)
        });
        let projected = Arc::new(Projected {
            projection: self.projection.clone(),
            appender: self.appender.clone(),
            broken: self.parts.broken.clone(),
        });
        Server::new(self.service, config, telemetry)
            .clock(Arc::clone(&self.clock))
            .positions(Arc::clone(&projected) as Arc<dyn Positions>)
            .readiness(projected)
            .service(OperationsServiceServer::new(Operations {
                projection: self.projection.clone(),
                journal: Arc::clone(&self.journal),
            }))
    }

    /// The commits of one aggregate after a position, oldest first: its history as recorded.
    ///
    /// # Errors
    /// The journal is away.
    pub async fn history<A: crate::domain::Aggregate>(
        &self,
        id: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<crate::journal::Stored>, Unavailable> {
        let key = crate::domain::AggregateKey::of::<A>(id);
        self.journal.history(&key, after, limit).await
    }

    /// Ends everything, in the order in which one part needs the other. Shut the server down first.
    pub async fn stop(&self) {
        self.stopping.cancel();
        // They may wait for a journal that is away.
        let drained = tokio::time::timeout(GRACE, self.commands.drained()).await;
        self.projection.stop();
        let ending = async {
            self.parts.tasks.close();
            self.parts.tasks.wait().await;
            self.bus.flush().await;
        };
        let ended = tokio::time::timeout(GRACE, ending).await;
        if drained.is_err() || ended.is_err() {
            tracing::warn!(
                service = self.service,
                "parts of the service cut off at shutdown"
            );
        }
    }
}

/// What the start of a service comes to.
pub type Started = Result<Service, Box<dyn Error + Send + Sync>>;

/// A service that serves.
#[derive(Debug)]
pub struct Service {
    pub core: Core,
    pub running: Running,
}

impl Service {
    /// Finishes what is in flight, then ends.
    pub async fn stop(self) {
        self.running.shutdown().await;
        self.core.stop().await;
    }
}

/// What every `main.rs` calls: reads the configuration, starts the service, and runs it until SIGTERM or SIGINT.
///
/// ```ignore
/// fn main() -> std::process::ExitCode {
///     chassis::service::run(permits::SERVICE, permits::start)
/// }
/// ```
///
/// Exit codes are those of [`crate::config::run`].
pub fn run<S>(service: &'static str, start: S) -> ExitCode
where
    S: AsyncFn(&Config, &Telemetry, Arc<dyn Clock>) -> Started,
{
    run_at(service, Arc::new(SystemClock), start)
}

/// As [`run`], by another clock.
pub fn run_at<S>(service: &'static str, clock: Arc<dyn Clock>, start: S) -> ExitCode
where
    S: AsyncFn(&Config, &Telemetry, Arc<dyn Clock>) -> Started,
{
    crate::config::run(service, async move |config, telemetry| {
        let mut signals = Signals::listen()?;
        let started = tokio::select! {
            biased;
            started = start(&config, &telemetry, clock) => started?,
            // It still waits for the bus: there is nothing to finish.
            () = signals.received() => return Ok(()),
        };
        signals.received().await;
        tracing::info!("shutting down");
        started.stop().await;
        Ok(())
    })
}

async fn connect(config: &Config, service: &'static str) -> Result<Client, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Connect(error.to_string());
    let mut options = ConnectOptions::new()
        .name(service)
        // Once all services have one of their own, the bus can keep each from hearing what others are answered.
        .custom_inbox_prefix(format!("_INBOX.{service}"))
        .retry_on_initial_connect()
        .connection_timeout(Duration::from_secs(5))
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(u64::try_from(attempts).unwrap_or(20).min(20) * 50)
        })
        .request_timeout(Some(Duration::from_secs(5)));
    if let Some(file) = &config.nats.credentials_file {
        options = options
            .credentials_file(file)
            .await
            .map_err(|error| failed(&error))?;
    }
    if let Some((user, password)) = config.nats.login()? {
        options = options.user_and_password(user, password.expose().to_owned());
    }
    if let Some(file) = &config.nats.ca_file {
        options = options.add_root_certificates(file.clone());
    }
    in_turn(options)
        .connect(config.nats.urls.as_slice())
        .await
        .map_err(|error| failed(&error))
}

/// Tries the servers in turn, from a random one on. Left to itself the client prefers the one that has failed least often:
/// after an outage of all, the one it is connected to, even if that has lost the others.
fn in_turn(options: ConnectOptions) -> ConnectOptions {
    let turn = Arc::new(AtomicUsize::new(usize::from(rand::random::<u16>())));
    options.reconnect_to_server_callback(move |servers, _| {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let next = servers.get(turn % servers.len().max(1)).cloned();
        async move {
            next.map(|server| ReconnectToServer {
                addr: server.addr,
                delay: None,
            })
        }
    })
}

/// Tries until the bus answers, one way or the other.
async fn until_answered<T, F: Future<Output = Result<T, OpenError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, OpenError> {
    loop {
        match attempt().await {
            Err(OpenError::Unavailable(why)) => {
                tracing::warn!(%why, "waiting for the bus");
                tokio::time::sleep(RETRY).await;
            }
            answered => return answered,
        }
    }
}
