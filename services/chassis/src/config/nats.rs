//! How to reach the bus.

use super::sections::{readable, text_of, within};
use super::{ConfigError, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The bus.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nats {
    /// Servers of one cluster, tried in turn. Default `["nats://127.0.0.1:4222"]`.
    pub urls: Vec<String>,
    /// A NATS credentials file (`.creds`), for servers in operator mode. Default: none.
    pub credentials_file: Option<PathBuf>,
    /// User, for servers that know users; with a password or its file. Default: none.
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// A file that holds the password instead.
    pub password_file: Option<PathBuf>,
    /// Certificates (PEM) of authorities to trust beside the system's. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Copies of each stream: 1, 3 or 5. Default 1.
    pub stream_replicas: usize,
    /// How long an append waits for its acknowledgement before it is looked up what became of it. Whoever gave it is
    /// answered after 5 s: more than half of that leaves the outcome unknown. Default 2000 ms.
    pub ack_timeout_ms: u64,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            urls: vec!["nats://127.0.0.1:4222".to_owned()],
            credentials_file: None,
            user: None,
            password: None,
            password_file: None,
            ca_file: None,
            stream_replicas: 1,
            ack_timeout_ms: 2_000,
        }
    }
}

impl Nats {
    pub fn ack_timeout(&self) -> Duration {
        Duration::from_millis(self.ack_timeout_ms)
    }

    /// User and password, if the servers know users.
    ///
    /// # Errors
    /// One without the other, or an unreadable file.
    pub fn login(&self) -> Result<Option<(String, Secret)>, ConfigError> {
        let password = text_of(
            "nats.password",
            self.password.as_ref(),
            self.password_file.as_deref(),
        )?;
        match (&self.user, password) {
            (Some(user), Some(password)) => Ok(Some((user.clone(), password))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(ConfigError::key(
                "nats.password",
                "is required (or its `_file`) with nats.user",
            )),
            (None, Some(_)) => Err(ConfigError::key(
                "nats.user",
                "is required with nats.password",
            )),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.urls.is_empty() {
            return Err(ConfigError::key(
                "nats.urls",
                "must name at least one server",
            ));
        }
        for url in &self.urls {
            let known = ["nats://", "tls://", "ws://", "wss://"];
            if !known.iter().any(|scheme| url.starts_with(scheme)) {
                return Err(ConfigError::key(
                    "nats.urls",
                    "each must start with nats://, tls://, ws:// or wss://",
                ));
            }
            // It would be printed with the configuration.
            if url.contains('@') {
                return Err(ConfigError::key(
                    "nats.urls",
                    "must hold no user or password; set nats.user and nats.password_file",
                ));
            }
        }
        if ![1, 3, 5].contains(&self.stream_replicas) {
            return Err(ConfigError::key(
                "nats.stream_replicas",
                format!("must be 1, 3 or 5, is {}", self.stream_replicas),
            ));
        }
        self.login()?;
        readable("nats.ca_file", self.ca_file.as_deref())?;
        readable("nats.credentials_file", self.credentials_file.as_deref())?;
        within("nats.ack_timeout_ms", self.ack_timeout_ms, 100..=10_000)
    }
}
