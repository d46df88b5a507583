//! Runs a service: its gRPC and HTTP listeners from the first bind to the last answer.

use super::auth::{AuthError, Authenticator};
use super::guard::{Admission, GuardLayer};
use super::http;
use super::listener::{Places, connections};
use super::position::{Positions, Readiness};
use super::scopes::{Methods, UndeclaredMethod};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError};
use crate::telemetry::Telemetry;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::{Identity, ServerTlsConfig};
use tower::Service;

/// How long requests in flight may take at shutdown. With the HTTP listener's 2 s and telemetry's flush it stays
/// below the 25 s within which a service exits.
const GRACE: Duration = Duration::from_secs(18);
/// How often the gRPC health service is told whether the service is ready.
const HEALTH_PERIOD: Duration = Duration::from_millis(100);
/// HTTP/2 pings to connections that are silent, and how long their answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams that clients may reset before they are served, and errors of theirs, before the connection is closed.
const MOST_RESETS: usize = 50;
/// Largest question to health and reflection in bytes: they ask by names.
const LARGEST_QUESTION: usize = 4 << 10;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Methods(#[from] UndeclaredMethod),
    #[error("cannot listen on {address}: {error}")]
    Bind {
        address: SocketAddr,
        error: std::io::Error,
    },
    #[error("tls: {0}")]
    Tls(String),
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A server being put together.
#[derive(Debug)]
pub struct Server {
    service: &'static str,
    config: Config,
    telemetry: Telemetry,
    clock: Arc<dyn Clock>,
    positions: Arc<dyn Positions>,
    readiness: Arc<dyn Readiness>,
    descriptors: &'static [u8],
    routes: Routes,
    names: Vec<&'static str>,
    http: axum::Router,
}

impl Server {
    /// A server of `service` (`permits`), which has no methods yet.
    pub fn new(service: &'static str, config: &Config, telemetry: &Telemetry) -> Self {
        Self {
            service,
            config: config.clone(),
            telemetry: telemetry.clone(),
            clock: Arc::new(SystemClock),
            positions: Arc::new(()),
            readiness: Arc::new(()),
            descriptors: traffic_proto::DESCRIPTORS,
            routes: Routes::default(),
            names: Vec::new(),
            http: axum::Router::new(),
        }
    }

    /// The clock by which tokens expire.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where reads stand.
    #[must_use]
    pub fn positions(mut self, positions: Arc<dyn Positions>) -> Self {
        self.positions = positions;
        self
    }

    /// What decides whether this replica is sent requests.
    #[must_use]
    pub fn readiness(mut self, readiness: Arc<dyn Readiness>) -> Self {
        self.readiness = readiness;
        self
    }

    /// Contracts other than the suite's own: a file descriptor set with custom options.
    #[must_use]
    pub fn descriptors(mut self, descriptors: &'static [u8]) -> Self {
        self.descriptors = descriptors;
        self
    }

    /// Adds a generated gRPC service. Its messages are bounded by tonic's default of 4 MiB.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<::http::Request<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Response: axum::response::IntoResponse,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }

    /// Adds HTTP routes. They are public: no token is checked.
    #[must_use]
    pub fn http(mut self, routes: axum::Router) -> Self {
        self.http = self.http.merge(routes);
        self
    }

    /// Binds both listeners and serves.
    ///
    /// # Errors
    /// A method without scopes, an unusable key set or certificate, an address that is taken.
    pub async fn start(self) -> Result<Running, StartError> {
        let Config {
            grpc,
            http,
            auth,
            limits,
            ..
        } = self.config;
        let drain = CancellationToken::new();
        let methods =
            Methods::declared(self.descriptors, self.names.iter().copied())?.with_infrastructure();
        let admission = Arc::new(Admission::new(
            &format!("traffic.{}", self.service),
            &methods,
            Authenticator::new(&auth, self.clock)?,
            self.positions,
            &grpc,
            &limits,
            &self.telemetry,
            drain.clone(),
        ));

        let reflection = || {
            self.names.iter().fold(
                tonic_reflection::server::Builder::configure()
                    .register_encoded_file_descriptor_set(self.descriptors)
                    .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                    .with_service_name("grpc.health.v1.Health"),
                |builder, name| builder.with_service_name(*name),
            )
        };
        let (health, health_service) = tonic_health::server::health_reporter();
        let routes = self
            .routes
            .add_service(health_service.max_decoding_message_size(LARGEST_QUESTION))
            .add_service(
                reflection()
                    .build_v1()?
                    .max_decoding_message_size(LARGEST_QUESTION),
            )
            .add_service(
                reflection()
                    .build_v1alpha()?
                    .max_decoding_message_size(LARGEST_QUESTION),
            )
            .prepare();

        let mut builder = tonic::transport::Server::builder()
            .max_concurrent_streams(grpc.max_concurrent_streams)
            .http2_max_header_list_size(grpc.max_header_bytes)
            .http2_max_pending_accept_reset_streams(Some(MOST_RESETS))
            .http2_max_local_error_reset_streams(Some(MOST_RESETS))
            .http2_keepalive_interval(Some(PING_INTERVAL))
            .http2_keepalive_timeout(Some(PING_TIMEOUT))
            // Without a grace of its own: with one, tonic 0.14 sends no GOAWAY.
            .max_connection_age(Duration::from_secs(grpc.max_connection_age_s));
        if let Some(tls) = &grpc.tls {
            let identity = Identity::from_pem(
                read("grpc.tls.certificate_file", &tls.certificate_file)?,
                read("grpc.tls.key_file", &tls.key_file)?,
            );
            builder = builder
                .tls_config(ServerTlsConfig::new().identity(identity))
                .map_err(|error| StartError::Tls(error.to_string()))?;
        }
        // Before the first call can come: who asks about a service that is not known yet is told that there is none.
        for name in std::iter::once("").chain(self.names.iter().copied()) {
            health
                .set_service_status(name, tonic_health::ServingStatus::NotServing)
                .await;
        }
        let (grpc_listener, grpc_address) = bind(grpc.listen).await?;
        let (http_listener, http_address) = bind(http.listen).await?;

        let incoming = connections(
            grpc_listener,
            Places::new(grpc.max_connections, grpc.connections_of_an_address()),
            Duration::from_millis(grpc.handshake_timeout_ms),
            grpc.tls.is_some(),
        );
        let serving = builder
            .layer(GuardLayer(admission))
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, drain.clone().cancelled_owned());
        let grpc_task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the grpc listener ended");
            }
        });

        let stop = CancellationToken::new();
        let router = http::router(
            self.http,
            Arc::clone(&self.readiness),
            drain.clone(),
            self.telemetry,
            Duration::from_millis(http.timeout_ms),
        );
        let http_task = tokio::spawn(http::serve(http_listener, router, http, stop.clone()));
        let health_task = tokio::spawn(report_health(
            health,
            self.names,
            self.readiness,
            drain.clone(),
        ));
        tracing::info!(service = self.service, grpc = %grpc_address, http = %http_address, "serving");
        Ok(Running {
            grpc: grpc_address,
            http: http_address,
            drain,
            stop,
            grpc_task,
            http_task,
            health_task,
        })
    }
}

/// A server that serves. Dropping it without [`Running::shutdown`] leaves it running until the runtime ends.
#[derive(Debug)]
pub struct Running {
    /// Where it listens for gRPC, with the port that the system chose.
    pub grpc: SocketAddr,
    /// Where it listens for HTTP.
    pub http: SocketAddr,
    drain: CancellationToken,
    stop: CancellationToken,
    grpc_task: JoinHandle<()>,
    http_task: JoinHandle<()>,
    health_task: JoinHandle<()>,
}

impl Running {
    /// Cancelled when the shutdown begins: what else the service runs can end with it.
    pub fn draining(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Not ready, GOAWAY, streams ended with `UNAVAILABLE`, requests in flight finished; at most about 20 s.
    pub async fn shutdown(mut self) {
        self.drain.cancel();
        if tokio::time::timeout(GRACE, &mut self.grpc_task)
            .await
            .is_err()
        {
            tracing::warn!("requests cut off at shutdown");
            self.grpc_task.abort();
        }
        self.health_task.abort();
        self.stop.cancel();
        // Bounded by itself.
        let _ = self.http_task.await;
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Bind { address, error };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path)
        .map_err(|error| ConfigError::key(key, format!("cannot read {}: {error}", path.display())))
}

/// Keeps the gRPC health service in step with readiness until the server drains.
async fn report_health(
    health: tonic_health::server::HealthReporter,
    names: Vec<&'static str>,
    readiness: Arc<dyn Readiness>,
    drain: CancellationToken,
) {
    use tonic_health::ServingStatus::{NotServing, Serving};
    let mut reported = None;
    let mut ticks = tokio::time::interval(HEALTH_PERIOD);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = drain.cancelled() => {}
        }
        let ending = drain.is_cancelled();
        let status = if !ending && readiness.ready().is_ok() {
            Serving
        } else {
            NotServing
        };
        if reported != Some(status) {
            // The empty name stands for the server as a whole.
            health.set_service_status("", status).await;
            for name in &names {
                health.set_service_status(*name, status).await;
            }
            reported = Some(status);
        }
        if ending {
            return;
        }
    }
}
