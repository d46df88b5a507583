//! How services and the bus are reached.

use crate::failure::Failure;
use crate::suite::{self, Listed};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that shows the caller's token with every request.
pub(crate) type Connection = InterceptedService<Channel, Bearer>;

/// Where the suite is. The defaults are where `up` serves.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Where the suite is")]
pub(crate) struct Target {
    /// gRPC address of permits: HOST:PORT, or https://HOST:PORT
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_PERMITS",
        hide_env_values = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:50051"
    )]
    pub(crate) permits: String,

    /// gRPC address of parking
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_PARKING",
        hide_env_values = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:50052"
    )]
    pub(crate) parking: String,

    /// gRPC address of enforcement
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_ENFORCEMENT",
        hide_env_values = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:50054"
    )]
    pub(crate) enforcement: String,

    /// gRPC address of registration
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_REGISTRATION",
        hide_env_values = true,
        value_name = "ADDR",
        default_value = "127.0.0.1:50053"
    )]
    pub(crate) registration: String,

    /// Bearer token; `up` prints some
    #[arg(long, global = true, env = "TRAFFIC_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,

    /// PEM file of the authority that signed the services' certificates
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_CA",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) ca: Option<PathBuf>,

    /// URL of the bus
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_NATS",
        hide_env_values = true,
        value_name = "URL",
        default_value = "nats://127.0.0.1:4222"
    )]
    pub(crate) nats: String,

    /// NATS credentials file
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_NATS_CREDENTIALS",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) nats_credentials: Option<PathBuf>,

    /// User on the bus, with --nats-password-file
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_NATS_USER",
        hide_env_values = true,
        value_name = "NAME",
        requires = "nats_password_file",
        conflicts_with = "nats_credentials"
    )]
    pub(crate) nats_user: Option<String>,

    /// File that holds that user's password
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_NATS_PASSWORD_FILE",
        hide_env_values = true,
        value_name = "FILE",
        requires = "nats_user"
    )]
    pub(crate) nats_password_file: Option<PathBuf>,

    /// PEM file of the authority that signed the bus' certificate
    #[arg(
        long,
        global = true,
        env = "TRAFFIC_NATS_CA",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) nats_ca: Option<PathBuf>,
}

impl Target {
    /// The configured address of a service.
    pub(crate) fn address(&self, service: &Listed) -> &str {
        match service.name {
            "permits" => &self.permits,
            "enforcement" => &self.enforcement,
            "registration" => &self.registration,
            _ => &self.parking,
        }
    }

    /// Connects to a service at its configured address.
    pub(crate) async fn service(&self, name: &str) -> Result<Connection, Failure> {
        let listed = suite::named(name)?;
        self.at(self.address(listed)).await
    }

    /// Connects to one replica.
    pub(crate) async fn at(&self, address: &str) -> Result<Connection, Failure> {
        let channel = self.channel(address).await?;
        Ok(InterceptedService::new(
            channel,
            Bearer::new(self.token.as_deref())?,
        ))
    }

    async fn channel(&self, address: &str) -> Result<Channel, Failure> {
        let endpoint = endpoint(address)?;
        let endpoint = match &self.ca {
            Some(file) if address.starts_with("https://") => {
                let pem = std::fs::read(file).map_err(|error| {
                    Failure::usage(format!("cannot read {}: {error}", file.display()))
                })?;
                let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
                endpoint.tls_config(tls).map_err(Failure::usage)?
            }
            None if address.starts_with("https://") => {
                return Err(Failure::usage("https:// needs --ca FILE"));
            }
            _ => endpoint,
        };
        endpoint.connect().await.map_err(|error| {
            Failure::failed(format!(
                "cannot reach {address}: {}; is the suite up? (`trafficctl up`)",
                innermost(&error)
            ))
        })
    }

    /// Connects to the bus.
    pub(crate) async fn bus(&self) -> Result<async_nats::Client, Failure> {
        let mut options = async_nats::ConnectOptions::new()
            .name("trafficctl")
            .connection_timeout(CONNECT_TIMEOUT);
        if let Some(file) = &self.nats_credentials {
            options = options
                .credentials_file(file)
                .await
                .map_err(Failure::usage)?;
        }
        if let (Some(user), Some(file)) = (&self.nats_user, &self.nats_password_file) {
            let password = std::fs::read_to_string(file).map_err(|error| {
                Failure::usage(format!("cannot read {}: {error}", file.display()))
            })?;
            options = options.user_and_password(user.clone(), password.trim_end().to_owned());
        }
        if let Some(file) = &self.nats_ca {
            options = options.add_root_certificates(file.clone());
        }
        options.connect(&self.nats).await.map_err(|error| {
            Failure::failed(format!("cannot reach the bus at {}: {error}", self.nats))
        })
    }
}

/// `HOST:PORT` or a URL.
pub(crate) fn endpoint(address: &str) -> Result<Endpoint, Failure> {
    let url = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}")
    };
    let endpoint = Endpoint::from_shared(url)
        .map_err(|error| Failure::usage(format!("`{address}` is no address: {error}")))?;
    Ok(endpoint.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Puts the caller's token on every request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bearer(Option<MetadataValue<Ascii>>);

impl Bearer {
    /// # Errors
    /// The token has characters that no header may have.
    pub(crate) fn new(token: Option<&str>) -> Result<Self, Failure> {
        let Some(token) = token else {
            return Ok(Self(None));
        };
        let mut value: MetadataValue<Ascii> = format!("Bearer {token}")
            .parse()
            .map_err(|_| Failure::usage("the token has characters that none can have"))?;
        value.set_sensitive(true);
        Ok(Self(Some(value)))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", token.clone());
        }
        Ok(request)
    }
}
