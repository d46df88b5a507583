//! The sections of the configuration, their defaults and the bounds of their values.

use super::{ConfigError, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The gRPC listener and what it takes from one client, and from all of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grpc {
    /// Address and port; port 0 takes a free one. Default `127.0.0.1:50051`.
    pub listen: SocketAddr,
    /// Plaintext without it (behind a mesh or for local use).
    pub tls: Option<Tls>,
    /// Further connections are closed at once. Default 2000.
    pub max_connections: usize,
    /// Of them of one address (of IPv6: of one network of 64 bits). Set it higher where all come through one proxy.
    /// Default: half of them.
    pub max_connections_per_address: Option<usize>,
    /// Requests in flight on one connection. Default 256.
    pub max_concurrent_streams: u32,
    /// Unary requests in flight in all; further ones are shed with `UNAVAILABLE`. Default 4096.
    pub max_requests: usize,
    /// Streaming calls open in all. Default 1024. Health and reflection have room of their own.
    pub max_streams: usize,
    /// Largest block of request headers in bytes. Default 16 KiB.
    pub max_header_bytes: u32,
    /// Deadline of a unary request that brings none. Default 10 s.
    pub default_timeout_ms: u64,
    /// No unary request runs longer, whatever it asks for. Default 60 s.
    pub max_timeout_ms: u64,
    /// Longest wait for the projection to reach a position a request asks for. Default 2 s.
    pub position_wait_ms: u64,
    /// A new connection must have spoken HTTP/2 (and TLS) by then. Default 10 s.
    pub handshake_timeout_ms: u64,
    /// Connections are asked to reconnect after this, so that new replicas get their share. Default 30 min.
    pub max_connection_age_s: u64,
}

/// Where the server's certificate is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM, the server's certificate first.
    pub certificate_file: PathBuf,
    /// PEM, PKCS#8.
    pub key_file: PathBuf,
}

impl Default for Grpc {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 50_051)),
            tls: None,
            max_connections: 2_000,
            max_connections_per_address: None,
            max_concurrent_streams: 256,
            max_requests: 4_096,
            max_streams: 1_024,
            max_header_bytes: 16 * 1024,
            default_timeout_ms: 10_000,
            max_timeout_ms: 60_000,
            position_wait_ms: 2_000,
            handshake_timeout_ms: 10_000,
            max_connection_age_s: 1_800,
        }
    }
}

impl Grpc {
    /// How many connections one address may hold.
    pub(crate) fn connections_of_an_address(&self) -> usize {
        self.max_connections_per_address
            .unwrap_or(self.max_connections.div_ceil(2))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within("grpc.max_connections", self.max_connections, 1..=100_000)?;
        within(
            "grpc.max_connections_per_address",
            self.connections_of_an_address(),
            1..=100_000,
        )?;
        within(
            "grpc.max_concurrent_streams",
            self.max_concurrent_streams,
            1..=10_000,
        )?;
        within("grpc.max_requests", self.max_requests, 1..=1_000_000)?;
        within("grpc.max_streams", self.max_streams, 1..=1_000_000)?;
        within(
            "grpc.max_header_bytes",
            self.max_header_bytes,
            1_024..=1024 * 1024,
        )?;
        within("grpc.max_timeout_ms", self.max_timeout_ms, 10..=3_600_000)?;
        within(
            "grpc.default_timeout_ms",
            self.default_timeout_ms,
            10..=self.max_timeout_ms,
        )?;
        within("grpc.position_wait_ms", self.position_wait_ms, 0..=60_000)?;
        within(
            "grpc.handshake_timeout_ms",
            self.handshake_timeout_ms,
            10..=60_000,
        )?;
        within(
            "grpc.max_connection_age_s",
            self.max_connection_age_s,
            1..=86_400,
        )?;
        if let Some(tls) = &self.tls {
            readable("grpc.tls.certificate_file", Some(&tls.certificate_file))?;
            readable("grpc.tls.key_file", Some(&tls.key_file))?;
        }
        Ok(())
    }
}

/// The plain HTTP listener: health, metrics, public JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port; port 0 takes a free one. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Further connections are closed at once. Default 1000.
    pub max_connections: usize,
    /// Of them of one address (of IPv6: of one network of 64 bits), so that probes from others find room. Set it higher where
    /// all come through one proxy. Default: a quarter of them.
    pub max_connections_per_address: Option<usize>,
    /// A request's head must be complete, also the next one on a connection, and its answer begun, by then; in three times
    /// as long the answer must have been taken. Otherwise the connection is closed. Default 10 s.
    pub timeout_ms: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8_080)),
            max_connections: 1_000,
            max_connections_per_address: None,
            timeout_ms: 10_000,
        }
    }
}

impl Http {
    /// How many connections one address may hold.
    pub(crate) fn connections_of_an_address(&self) -> usize {
        self.max_connections_per_address
            .unwrap_or(self.max_connections.div_ceil(4))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within("http.max_connections", self.max_connections, 1..=100_000)?;
        within(
            "http.max_connections_per_address",
            self.connections_of_an_address(),
            1..=100_000,
        )?;
        within("http.timeout_ms", self.timeout_ms, 10..=600_000)
    }
}

/// The projection's storage.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Projection {
    /// Memory for rows as they are on disk, in MiB: as much for those that are read as for those that were written, which it
    /// lets go of together. What allocating costs comes on top. Default 256.
    pub cache_mib: u64,
    /// How often it is flushed to disk; after a crash it resumes from the last flush. Default 3000 ms.
    pub flush_interval_ms: u64,
}

impl Default for Projection {
    fn default() -> Self {
        Self {
            cache_mib: 256,
            flush_interval_ms: 3_000,
        }
    }
}

impl Projection {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within("projection.cache_mib", self.cache_mib, 16..=1_048_576)?;
        within(
            "projection.flush_interval_ms",
            self.flush_interval_ms,
            10..=600_000,
        )
    }
}

/// Who may call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// `jwt` (default) or `development`.
    pub mode: AuthMode,
    /// JSON Web Key Set with the Ed25519 keys whose tokens are accepted; several while keys are rotated.
    pub key_set_file: Option<PathBuf>,
    /// What `iss` must be. Default `traffic`.
    pub issuer: String,
    /// What `aud` must contain. Default `traffic`.
    pub audience: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// Every caller of a method that is not public brings a token.
    Jwt,
    /// A caller without a token is `developer` with all scopes and no district. Only on loopback addresses.
    Development,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            mode: AuthMode::Jwt,
            key_set_file: None,
            issuer: "traffic".to_owned(),
            audience: "traffic".to_owned(),
        }
    }
}

impl Auth {
    pub(super) fn check(&self, listening: &[SocketAddr]) -> Result<(), ConfigError> {
        readable("auth.key_set_file", self.key_set_file.as_deref())?;
        match self.mode {
            AuthMode::Jwt if self.key_set_file.is_none() => Err(ConfigError::key(
                "auth.key_set_file",
                "is required when auth.mode is `jwt`",
            )),
            AuthMode::Development => match listening.iter().find(|a| !a.ip().is_loopback()) {
                None => Ok(()),
                Some(address) => Err(ConfigError::key(
                    "auth.mode",
                    format!(
                        "`development` is only for loopback addresses, but {address} is one to listen on"
                    ),
                )),
            },
            AuthMode::Jwt => Ok(()),
        }
    }
}

/// What one client may send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a second, on average, of one actor (without a token: of one address) on one replica. Default 1000.
    pub requests_per_second: u32,
    /// Requests at once after a pause. Default 2000.
    pub burst: u32,
    /// Clients remembered; beyond it the longest unseen are forgotten and start afresh. Default 10000.
    pub clients: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_second: 1_000,
            burst: 2_000,
            clients: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        within(
            "limits.requests_per_second",
            self.requests_per_second,
            1..=10_000_000,
        )?;
        within("limits.burst", self.burst, 1..=10_000_000)?;
        within("limits.clients", self.clients, 1..=10_000_000)
    }
}

/// Logs, traces and metrics.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// Base URL of an OTLP collector that takes http/protobuf, e.g. `http://collector:4318`. Default: none.
    pub otlp_endpoint: Option<String>,
    /// A level or a filter such as `info,chassis=debug`. Default `info`.
    pub log: String,
    /// Share of traces begun here that are sampled, 0 to 1. Default 1.
    pub sampling: f64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            log: "info".to_owned(),
            sampling: 1.0,
        }
    }
}

impl Telemetry {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Some(endpoint) = &self.otlp_endpoint
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            return Err(ConfigError::key(
                "telemetry.otlp_endpoint",
                "must start with http:// or https://",
            ));
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log) {
            return Err(ConfigError::key(
                "telemetry.log",
                format!("must be a level or a filter such as `info,chassis=debug`: {error}"),
            ));
        }
        if !(0.0..=1.0).contains(&self.sampling) {
            return Err(ConfigError::key(
                "telemetry.sampling",
                format!("must be between 0 and 1, is {}", self.sampling),
            ));
        }
        Ok(())
    }
}

/// Data for legal day counting.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    /// A holiday table that replaces the shipped one.
    pub holidays: Option<PathBuf>,
}

impl Calendar {
    /// The table in force.
    ///
    /// # Errors
    /// The file cannot be read or says something that is not a holiday table.
    pub fn table(&self) -> Result<crate::domain::HolidayTable, ConfigError> {
        let Some(path) = &self.holidays else {
            return Ok(crate::domain::HolidayTable::shipped());
        };
        std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| crate::domain::HolidayTable::parse(&text))
            .map_err(|problem| {
                // A parser shows the place over several lines; the answer is one sentence.
                let problem = problem.trim().replace('\n', " ");
                ConfigError::key(
                    "calendar.holidays",
                    format!("{}: {problem}", path.display()),
                )
            })
    }
}

/// Keys for personal data; without them a service that holds personal data does not start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sealing {
    /// Base64 of 32 bytes: wraps every person's key.
    pub master_key: Option<Secret>,
    /// A file that holds it instead.
    pub master_key_file: Option<PathBuf>,
    /// Names the master key in what it wraps, so that it can be replaced. 1 to 32 characters. Default `1`.
    pub master_key_id: Option<String>,
    /// Earlier master keys by their ids, base64, for keys wrapped under them. None has the id of the current one, unless it is
    /// the same key.
    pub retired_master_keys: BTreeMap<String, Secret>,
    /// Base64 of 32 bytes: makes a person's reference from their identity. Must never change.
    pub person_key: Option<Secret>,
    /// A file that holds it instead.
    pub person_key_file: Option<PathBuf>,
}

/// The keys of [`Sealing`], read.
#[derive(Clone)]
pub struct SealingKeys {
    pub person: Zeroizing<[u8; 32]>,
    /// Id of the master key that wraps new keys.
    pub current: String,
    /// All master keys by id, the current one too.
    pub masters: BTreeMap<String, Zeroizing<[u8; 32]>>,
}

impl std::fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKeys")
            .field("current", &self.current)
            .field("masters", &self.masters.keys())
            .finish_non_exhaustive()
    }
}

impl Sealing {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let untouched = self.master_key.is_none()
            && self.master_key_file.is_none()
            && self.person_key.is_none()
            && self.person_key_file.is_none()
            && self.retired_master_keys.is_empty();
        if untouched {
            return Ok(());
        }
        self.keys().map(drop)
    }

    /// # Errors
    /// A key is missing or is not 32 bytes in base64, or two keys have one id.
    pub fn keys(&self) -> Result<SealingKeys, ConfigError> {
        let current = self.master_key_id.clone().unwrap_or_else(|| "1".to_owned());
        if !(1..=32).contains(&current.len()) {
            return Err(ConfigError::key(
                "sealing.master_key_id",
                "must have 1 to 32 characters",
            ));
        }
        let mut masters = BTreeMap::new();
        for (id, key) in &self.retired_master_keys {
            let path = format!("sealing.retired_master_keys.{id}");
            masters.insert(id.clone(), key_bytes(&path, key.expose())?);
        }
        let master = one_of(
            "sealing.master_key",
            self.master_key.as_ref(),
            self.master_key_file.as_deref(),
        )?;
        // Of two keys under one id one is lost, and with it the key of every person that it wraps.
        if masters
            .get(&current)
            .is_some_and(|retired| **retired != *master)
        {
            return Err(ConfigError::key(
                format!("sealing.retired_master_keys.{current}"),
                "has the id of the current master key but is another key; give each its own id",
            ));
        }
        masters.insert(current.clone(), master);
        let person = one_of(
            "sealing.person_key",
            self.person_key.as_ref(),
            self.person_key_file.as_deref(),
        )?;
        Ok(SealingKeys {
            person,
            current,
            masters,
        })
    }
}

/// The key that signs credentials which officers check offline.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    /// An Ed25519 private key: PEM, PKCS#8.
    pub signing_key: Option<Secret>,
    /// A file that holds it instead.
    pub signing_key_file: Option<PathBuf>,
}

impl Credentials {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.pem().map(drop)
    }

    /// The key's PEM text, if one is configured.
    ///
    /// # Errors
    /// Both are set, the file cannot be read, or it is no private key.
    pub fn pem(&self) -> Result<Option<Secret>, ConfigError> {
        let pem = text_of(
            "credentials.signing_key",
            self.signing_key.as_ref(),
            self.signing_key_file.as_deref(),
        )?;
        let Some(pem) = pem else {
            return Ok(None);
        };
        jsonwebtoken::EncodingKey::from_ed_pem(pem.expose().as_bytes()).map_err(|_| {
            ConfigError::key(
                "credentials.signing_key",
                "must be an Ed25519 private key in PKCS#8 PEM",
            )
        })?;
        Ok(Some(pem))
    }
}

fn one_of(
    key: &str,
    inline: Option<&Secret>,
    file: Option<&Path>,
) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
    match text_of(key, inline, file)? {
        Some(text) => key_bytes(key, text.expose()),
        None => Err(ConfigError::key(
            key,
            "is required (or its `_file`): base64 of 32 bytes",
        )),
    }
}

pub(super) fn text_of(
    key: &str,
    inline: Option<&Secret>,
    file: Option<&Path>,
) -> Result<Option<Secret>, ConfigError> {
    match (inline, file) {
        (Some(_), Some(_)) => Err(ConfigError::key(
            key,
            "is set both directly and by `_file`; keep one",
        )),
        (Some(text), None) => Ok(Some(text.clone())),
        (None, Some(path)) => std::fs::read_to_string(path)
            .map(|text| Some(Secret::new(text)))
            .map_err(|error| {
                ConfigError::key(
                    format!("{key}_file"),
                    format!("cannot read {}: {error}", path.display()),
                )
            }),
        (None, None) => Ok(None),
    }
}

fn key_bytes(key: &str, text: &str) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
    let mut bytes = Zeroizing::new([0; 32]);
    match STANDARD.decode(text.trim()).map(Zeroizing::new) {
        Ok(decoded) if decoded.len() == bytes.len() => {
            bytes.copy_from_slice(&decoded);
            Ok(bytes)
        }
        _ => Err(ConfigError::key(key, "must be base64 of exactly 32 bytes")),
    }
}

pub(super) fn within<N: PartialOrd + std::fmt::Display>(
    key: &str,
    value: N,
    range: RangeInclusive<N>,
) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (low, high) = (range.start(), range.end());
    Err(ConfigError::key(
        key,
        format!("must be between {low} and {high}, is {value}"),
    ))
}

pub(super) fn readable(key: &str, path: Option<&Path>) -> Result<(), ConfigError> {
    let Some(path) = path else {
        return Ok(());
    };
    std::fs::File::open(path)
        .map(drop)
        .map_err(|error| ConfigError::key(key, format!("cannot read {}: {error}", path.display())))
}
