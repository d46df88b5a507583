//! `up`: bus, services and a sample city on one machine, until it is told to end.

mod announce;
mod config;
mod keys;
mod sample;
mod story;
mod tokens;

use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use crate::suite::{SERVICES, Started};
use chassis::clock::SystemClock;
use chassis::config::Config;
use chassis::nats_server::{self, NatsServer};
use chassis::telemetry::Telemetry;
use clap::{Args, ValueEnum};
pub(crate) use keys::Keys;
pub(crate) use sample::open_zones;
use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
pub(crate) use tokens::Tokens;
use tokio::signal::unix::{Signal, SignalKind, signal};

const NATS_PORT: u16 = 4222;

#[derive(Debug, Args)]
pub(crate) struct UpOptions {
    /// Where keys, journal and projections are kept
    #[arg(long, value_name = "FOLDER", default_value = ".traffic")]
    data: PathBuf,

    /// Keep nothing: data in a temporary folder that goes at the end
    #[arg(long, conflicts_with = "data")]
    ephemeral: bool,

    /// Fixed: bus on 4222, permits on 50051 and 8081, parking on 50052 and 8082, registration on 50053 and 8083, enforcement on
    /// 50054 and 8084. Auto: free ones
    #[arg(long, value_enum, default_value_t = Ports::Fixed)]
    ports: Ports,

    /// Start with an empty city
    #[arg(long)]
    no_sample: bool,

    /// What of the services' logs is shown, on stderr: a level or a filter such as 'info,chassis=debug'
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    log: String,

    /// Base URL of an OpenTelemetry collector (OTLP over http) for traces and metrics
    #[arg(long, value_name = "URL")]
    otlp: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ports {
    Fixed,
    Auto,
}

/// Where the data lies, and what keeps others from it.
struct Place {
    folder: PathBuf,
    _ephemeral: Option<TempDir>,
    _lock: File,
}

impl Place {
    fn take(options: &UpOptions) -> Result<Self, Failure> {
        let (folder, ephemeral) = if options.ephemeral {
            let folder = TempDir::with_prefix("traffic-")?;
            (folder.path().to_owned(), Some(folder))
        } else {
            create_private(&options.data)?;
            // Messages and the bus need it from wherever they are.
            (options.data.canonicalize()?, None)
        };
        let lock = File::create(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::failed(format!(
                    "another `up` runs on {}; end it, or choose another --data",
                    folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(Self {
            folder,
            _ephemeral: ephemeral,
            _lock: lock,
        })
    }
}

/// A folder that only its owner reads: there are keys in it.
fn create_private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::failed(format!("cannot create {}: {error}", folder.display())))
}

pub(crate) fn run(options: &UpOptions, format: Format) -> Result<(), Failure> {
    let place = Place::take(options)?;
    let keys = Keys::load_or_create(&place.folder.join("keys"))?;
    let mut prepared = Vec::new();
    for service in SERVICES {
        let config = config::of(options, &place.folder, &keys, service.place)?;
        // Before there is a runtime: a collector's client has threads of its own.
        let telemetry =
            Telemetry::start(&config.telemetry, service.name).map_err(Failure::usage)?;
        prepared.push((service, config, telemetry));
    }
    // Logs of all services go one way.
    if let Some((_, _, telemetry)) = prepared.first() {
        telemetry.install().map_err(Failure::usage)?;
    }
    let telemetries: Vec<Telemetry> = prepared.iter().map(|(_, _, t)| t.clone()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            // Dropping what has started so far ends it.
            () = signals.recv() => return Ok(()),
            up = Suite::start(options, format, &place.folder, &keys, prepared) => up?,
        }
        .until(&mut signals)
        .await;
        Ok(())
    });
    // Tasks that outlive their service must not hold up the exit.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    for telemetry in telemetries {
        telemetry.flush();
    }
    ended
}

/// The suite, running.
struct Suite {
    nats: NatsServer,
    services: Vec<Started>,
}

impl Suite {
    async fn start(
        options: &UpOptions,
        format: Format,
        folder: &Path,
        keys: &Keys,
        prepared: Vec<(&'static crate::suite::Listed, Config, Telemetry)>,
    ) -> Result<Self, Failure> {
        let tokens = Tokens::issue(keys)?;
        let spinner = progress::spinner("starting the bus");
        let nats = start_bus(options, folder).await?;
        let mut services = Vec::new();
        for (service, mut config, telemetry) in prepared {
            spinner.set_message(format!("starting {}", service.name));
            config.nats.urls = vec![nats.url()];
            let clock = Arc::new(SystemClock);
            let started = (service.start)(&config, &telemetry, clock).await;
            services.push(started.map_err(|error| {
                Failure::failed(format!("{} did not start: {error}", service.name))
            })?);
        }
        let mut steps = Vec::new();
        if !options.no_sample {
            spinner.set_message("loading the sample city");
            let base = Box::pin(sample::load(folder, &services, &tokens)).await?;
            spinner.set_message("telling the sample story");
            steps = Box::pin(story::tell(folder, &services, &tokens, base)).await?;
        }
        spinner.finish_and_clear();
        if !steps.is_empty() && !format.is_json() {
            output::line(&story::text(&steps))?;
        }
        announce::print(format, options, folder, &nats.url(), &services, &tokens)?;
        Ok(Self { nats, services })
    }

    async fn until(mut self, signals: &mut Signals) {
        signals.recv().await;
        for service in self.services {
            service.stop().await;
        }
        self.nats.stop().await;
    }
}

async fn start_bus(options: &UpOptions, folder: &Path) -> Result<NatsServer, Failure> {
    let mut server = nats_server::Options::new(folder.join("nats"));
    if options.ports == Ports::Fixed {
        server.port = NATS_PORT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, NATS_PORT)).is_err() {
            return Err(Failure::failed(format!(
                "port {NATS_PORT} is taken; end what listens there, or use --ports auto"
            )));
        }
    }
    NatsServer::start(server).await.map_err(Failure::failed)
}

/// Requests to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
