//! The stream behind a journal: what it must be like, and making it if there is none.

use super::{OpenError, ask, wire};
use crate::journal::Unavailable;
use async_nats::Client;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What a service's stream must be like.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// `PERMITS`
    pub stream: String,
    /// `permits`: the prefix of the journal's subjects.
    pub service: String,
    /// What the stream holds, e.g. `permits.log.>`.
    pub subjects: String,
    /// 1, 3 or 5: how many copies the stream is made with. An operator may change that later.
    pub replicas: usize,
    /// Above this many bytes the stream takes no more; -1: no limit but the disk.
    pub max_bytes: i64,
    /// How long to wait for an acknowledgement before its outcome counts as unknown.
    pub ack_timeout: Duration,
}

impl StreamConfig {
    /// One replica, no limit of size, 2 s for an acknowledgement.
    pub fn new(stream: &str, service: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            service: service.to_owned(),
            subjects: format!("{service}.log.>"),
            replicas: 1,
            max_bytes: -1,
            ack_timeout: Duration::from_secs(2),
        }
    }

    /// The stream of published events: guarded and durable like a journal, filled by the relays of all services.
    pub fn events(stream: &str, replicas: usize) -> Self {
        Self {
            replicas,
            subjects: "events.>".to_owned(),
            ..Self::new(stream, "events")
        }
    }

    /// The settings that a journal rests on. The dedupe window is not among them: guards do its work.
    fn settings(&self) -> Map<String, Value> {
        let settings = json!({
            "subjects": [self.subjects],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "max_bytes": self.max_bytes,
            "max_msgs": -1,
            "max_msgs_per_subject": -1,
            "max_age": 0,
            "allow_direct": true,
            "allow_atomic": true,
            "deny_delete": true,
            "deny_purge": true,
        });
        match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }
}

/// Settings that must be absent or have their zero value: each would let commits vanish, change or go unacknowledged.
const FORBIDDEN: [&str; 8] = [
    "sealed",
    "no_ack",
    "allow_rollup_hdrs",
    "mirror",
    "sources",
    "subject_transform",
    "allow_msg_ttl",
    "max_msg_size",
];

/// Answers when the stream was created, after making it if need be.
///
/// # Errors
/// As [`super::JetStreamJournal::open`].
pub async fn ensure_stream(client: &Client, config: &StreamConfig) -> Result<Timestamp, OpenError> {
    let subject = format!("$JS.API.STREAM.INFO.{}", config.stream);
    let found = ask::<wire::StreamInfo>(client, subject, String::new()).await?;
    let info = match found {
        Ok(info) => info,
        Err(error) if error.err_code == wire::NO_STREAM => create(client, config).await?,
        Err(error) => return Err(Unavailable(error.to_string()).into()),
    };
    let copies = info.config.get("num_replicas").and_then(Value::as_u64);
    if copies.is_some_and(|copies| copies != config.replicas as u64) {
        let (stream, wanted) = (&config.stream, config.replicas);
        tracing::warn!(
            stream,
            copies,
            wanted,
            "the stream has another number of copies; `nats stream edit` changes it"
        );
    }
    let settings = differences(&config.settings(), &info.config);
    if settings.is_empty() {
        return Ok(info.created);
    }
    Err(OpenError::Differs {
        stream: config.stream.clone(),
        settings,
    })
}

async fn create(client: &Client, config: &StreamConfig) -> Result<wire::StreamInfo, OpenError> {
    let mut request = config.settings();
    request.insert("name".into(), config.stream.clone().into());
    request.insert("num_replicas".into(), config.replicas.into());
    // Another replica may be doing the same: with equal settings the server answers both the same.
    let subject = format!("$JS.API.STREAM.CREATE.{}", config.stream);
    let created = ask(client, subject, Value::Object(request).to_string()).await?;
    created.map_err(|error| OpenError::Refused {
        stream: config.stream.clone(),
        reason: error.to_string(),
    })
}

fn differences(expected: &Map<String, Value>, actual: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, expected) in expected {
        let actual = actual.get(name).unwrap_or(&Value::Null);
        // The server leaves out what is false or zero.
        if actual != expected && !(is_unset(actual) && is_unset(expected)) {
            found.push(format!("{name}: has {actual}, expected {expected}"));
        }
    }
    for name in FORBIDDEN {
        let actual = actual.get(name).unwrap_or(&Value::Null);
        if !is_unset(actual) {
            found.push(format!("{name}: has {actual}, expected none"));
        }
    }
    found
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        // -1 is how the server writes "no limit".
        Value::Number(number) => matches!(number.as_i64(), Some(0 | -1)),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) => false,
    }
}
