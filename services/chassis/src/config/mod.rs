//! A service's configuration: one TOML file, overridden by `TRAFFIC_SECTION__KEY` in the environment, checked as a
//! whole before anything starts.
//!
//! The file is named by `--config PATH` or `TRAFFIC_CONFIG`; without one the defaults and the environment count. An
//! unknown key or a bad value stops the start with exit code 64 and one sentence that names the key. A list or number
//! in the environment is written as in TOML: `TRAFFIC_NATS__URLS='["nats://a:4222","nats://b:4222"]'`.
//!
//! Variables without `__` are not ours, apart from `TRAFFIC_CONFIG` and `TRAFFIC_DATA_DIR`: Kubernetes sets names like
//! `TRAFFIC_PERMITS_PORT` for its own services.

mod load;
mod nats;
mod run;
mod secret;
mod sections;

pub use load::ConfigError;
pub use nats::Nats;
pub use run::{EXIT_BAD_CONFIG, EXIT_FAILURE, run};
pub use secret::Secret;
pub use sections::{
    Auth, AuthMode, Calendar, Credentials, Grpc, Http, Limits, Projection, Sealing, SealingKeys,
    Telemetry, Tls,
};

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The settings of a service that has none of its own: a key under `service` is a mistake.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Everything an operator may set. `Debug` and [`Config::print`] show no secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where projections live, one folder a service.
    pub data_dir: PathBuf,
    pub nats: Nats,
    pub grpc: Grpc,
    pub http: Http,
    pub projection: Projection,
    pub auth: Auth,
    pub limits: Limits,
    pub telemetry: Telemetry,
    pub calendar: Calendar,
    pub sealing: Sealing,
    pub credentials: Credentials,
    /// Settings of the service itself; it reads them with [`Config::service_settings`].
    pub service: toml::Table,
    /// What the environment set under `service`, to be typed when the service reads it.
    #[serde(skip)]
    service_overrides: Vec<load::Override>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            nats: Nats::default(),
            grpc: Grpc::default(),
            http: Http::default(),
            projection: Projection::default(),
            auth: Auth::default(),
            limits: Limits::default(),
            telemetry: Telemetry::default(),
            calendar: Calendar::default(),
            sealing: Sealing::default(),
            credentials: Credentials::default(),
            service: toml::Table::new(),
            service_overrides: Vec::new(),
        }
    }
}

impl Config {
    /// From the command line (`--config PATH`) and the environment of this process.
    ///
    /// # Errors
    /// The first thing wrong, naming its key.
    pub fn load() -> Result<Self, ConfigError> {
        let path = load::path_from(std::env::args_os().skip(1).filter(|a| a != "print-config"))?
            .or_else(|| std::env::var_os("TRAFFIC_CONFIG").map(PathBuf::from));
        Self::load_from(path.as_deref(), load::environment()?)
    }

    /// From a file and these variables: what tests use.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(
        path: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match path {
            None => String::new(),
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
                    path: path.to_owned(),
                    error,
                })?
            }
        };
        Self::parse(&text, variables)
    }

    /// From a text and these variables.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        toml: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let (mut config, service_overrides) = load::parse(toml, variables)?;
        config.service_overrides = service_overrides;
        config.check()?;
        Ok(config)
    }

    /// The `service` table as the service's own type; derive `Deserialize` with `deny_unknown_fields`.
    ///
    /// # Errors
    /// An unknown key or a bad value, named with its full path.
    pub fn service_settings<S: serde::de::DeserializeOwned>(&self) -> Result<S, ConfigError> {
        load::service_settings(&self.service, &self.service_overrides)
    }

    /// What is in force, as TOML, with every secret replaced: `config print`.
    pub fn print(&self) -> String {
        let mut shown = self.clone();
        for set in &self.service_overrides {
            // A free-form table cannot tell a secret: what came from the environment is not shown.
            shown.service.insert(
                set.path.join("."),
                toml::Value::String(secret::SHOWN.into()),
            );
        }
        toml::to_string_pretty(&shown).unwrap_or_else(|error| format!("# cannot be shown: {error}"))
    }

    /// Rules that go over several keys, or that a type cannot hold.
    fn check(&self) -> Result<(), ConfigError> {
        self.nats.check()?;
        self.grpc.check()?;
        self.http.check()?;
        self.projection.check()?;
        self.auth.check(&[self.grpc.listen, self.http.listen])?;
        self.limits.check()?;
        self.telemetry.check()?;
        self.sealing.check()?;
        self.credentials.check()
    }
}

#[cfg(test)]
mod tests;
