//! One part of a bench in a process of its own, so that its memory and processor time can be told from others'.

use super::echo;
use super::processes::Serving;
use crate::failure::Failure;
use crate::output;
use crate::suite;
use crate::up::Keys;
use chassis::clock::SystemClock;
use chassis::config::Config;
use chassis::telemetry::Telemetry;
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// What outlives the service holds up the exit no longer than this.
const LEAVING: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// A service, or echo
    what: String,
    /// Where keys and projections are
    #[arg(long)]
    folder: PathBuf,
    /// The folder of projections in it: each replica has one of its own
    #[arg(long)]
    projections: PathBuf,
    /// Copies of each stream
    #[arg(long)]
    stream_replicas: usize,
}

pub(crate) fn run(options: &ServeOptions, nats: &str) -> Result<(), Failure> {
    if options.what == "echo" {
        return runtime()?.block_on(async {
            let address = echo::serve(&options.folder).await?;
            say(address)?;
            until_left().await;
            Ok(())
        });
    }
    let service = suite::named(&options.what)?;
    let mut config = Config::default();
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.data_dir = options.folder.join(&options.projections);
    config.grpc.listen = any_port;
    config.http.listen = any_port;
    config.nats.urls = nats.split(',').map(str::to_owned).collect();
    config.nats.stream_replicas = options.stream_replicas;
    "warn".clone_into(&mut config.telemetry.log);
    // A few accounts stand for many callers.
    config.limits.requests_per_second = 10_000_000;
    config.limits.burst = 10_000_000;
    Keys::load_or_create(&options.folder.join("keys"))?.put_into(&mut config);
    // As every service is run: see `chassis::config::run`.
    let telemetry = Telemetry::start(&config.telemetry, service.name).map_err(Failure::failed)?;
    telemetry.install().map_err(Failure::failed)?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let started = (service.start)(&config, &telemetry, Arc::new(SystemClock)).await?;
        say(started.grpc)?;
        until_left().await;
        started.stop().await;
        Ok(())
    });
    runtime.shutdown_timeout(LEAVING);
    served
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

fn say(grpc: SocketAddr) -> Result<(), Failure> {
    let serving = Serving {
        grpc: grpc.to_string(),
    };
    output::line(&serde_json::to_string(&serving)?)
}

/// Until stdin ends: whoever started us has, or wants us to.
async fn until_left() {
    let mut stdin = tokio::io::stdin();
    let mut nothing = [0; 64];
    while matches!(stdin.read(&mut nothing).await, Ok(read) if read > 0) {}
}
