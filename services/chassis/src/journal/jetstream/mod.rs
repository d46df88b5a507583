//! The journal in a JetStream stream.
//!
//! ```text
//!   append of one  ──> publish with guard ──────────────────────────────┐
//!   append of many ──> publish 1 .. n-1 into a batch, publish n: commit ┴─> acknowledgement: position of the last
//!   successor      ──> STREAM.MSG.GET of the leader
//!   history        ──> direct get, pages of any replica; what comes after its last, from the leader
//!   follow         ──> ephemeral pull consumer, made anew after the last commit whenever it is lost
//! ```

mod follow;
mod history;
mod link;
mod stream;
mod wire;

pub use stream::{StreamConfig, ensure_stream};

use super::{AppendError, Entry, Extent, Journal, MAX_ENTRIES, Position, Stored, Unavailable};
use crate::domain::AggregateKey;
use async_nats::client::RequestErrorKind;
use async_nats::{Client, HeaderMap, Request};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use jiff::Timestamp;
use link::Link;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How long to wait for the answer to a read or an administrative request.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);

/// Why the journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The stream is there with other settings. It is left as it is: whether to change the stream or the configuration
    /// is for a person to decide.
    #[error("stream {stream} differs from the configuration in: {}", .settings.join("; "))]
    Differs {
        stream: String,
        /// Each as `name: has X, expected Y`.
        settings: Vec<String>,
    },
    /// The server will not have such a stream.
    #[error("stream {stream} cannot be made: {reason}")]
    Refused { stream: String, reason: String },
}

/// A service's journal in JetStream. Cheap to share behind an `Arc`; all use one connection.
#[derive(Debug)]
pub struct JetStreamJournal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    link: Link,
    stream: String,
    /// `permits.log.`
    prefix: String,
    ack_timeout: Duration,
    /// Of the stream as it was last asked for: to who follows it, another one under the same name is another journal.
    created: Mutex<Timestamp>,
}

impl JetStreamJournal {
    /// Opens the stream, making it if there is none.
    ///
    /// # Errors
    /// If the server does not answer, or has the stream with other settings.
    pub async fn open(client: Client, config: StreamConfig) -> Result<Self, OpenError> {
        let link = Link::watch(client.clone());
        let created = stream::ensure_stream(&client, &config).await?;
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                link,
                prefix: format!("{}.log.", config.service),
                stream: config.stream,
                ack_timeout: config.ack_timeout,
                created: Mutex::new(created),
            }),
        })
    }
}

impl Shared {
    fn subject(&self, key: &AggregateKey) -> String {
        let mut subject =
            String::with_capacity(self.prefix.len() + key.kind.len() + 1 + key.id.len());
        subject.push_str(&self.prefix);
        subject.push_str(key.kind);
        subject.push('.');
        subject.push_str(&key.id);
        subject
    }

    /// A request to JetStream whose answer is JSON.
    async fn ask<T: DeserializeOwned>(
        &self,
        subject: String,
        payload: String,
    ) -> Result<Result<T, wire::ApiError>, Unavailable> {
        let epoch = self.link.epoch();
        tokio::select! {
            biased;
            answer = ask(&self.client, subject, payload) => answer,
            () = self.link.lost(epoch) => Err(Unavailable("connection lost".into())),
        }
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        let subject = format!("$JS.API.STREAM.INFO.{}", self.stream);
        match self.ask::<wire::StreamInfo>(subject, String::new()).await? {
            Ok(info) => info.extent(),
            Err(error) => Err(Unavailable(error.to_string())),
        }
    }

    async fn found(&self, what: String) -> Result<Option<Stored>, Unavailable> {
        let subject = format!("$JS.API.STREAM.MSG.GET.{}", self.stream);
        match self.ask::<wire::Found>(subject, what).await? {
            Ok(found) => found.message.stored().map(Some),
            Err(error) if error.err_code == wire::NO_MESSAGE => Ok(None),
            Err(error) => Err(Unavailable(error.to_string())),
        }
    }

    async fn successor(
        &self,
        subject: &str,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        let what = format!(r#"{{"seq":{},"next_by_subj":"{subject}"}}"#, after + 1);
        self.found(what).await
    }

    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable> {
        let found = self.found(format!(r#"{{"seq":{position}}}"#)).await?;
        Ok(found.map(|stored| stored.commit_id))
    }

    async fn publish(&self, entry: &Entry, headers: HeaderMap) -> Result<Position, AppendError> {
        let request = Request::new()
            .headers(headers)
            .payload(entry.payload.clone())
            // We set the limit ourselves, below.
            .timeout(None);
        // Noted before sending: a connection lost from here on makes the outcome unknown.
        let epoch = self.link.epoch();
        let answer = tokio::select! {
            biased;
            answer = self.client.send_request(self.subject(&entry.key), request) => answer,
            () = self.link.lost(epoch) => return Err(AppendError::Unknown("connection lost".into())),
            () = tokio::time::sleep(self.ack_timeout) => {
                return Err(AppendError::Unknown("acknowledgement overdue".into()));
            }
        };
        match answer {
            Ok(message) => wire::acknowledgement(&message.payload),
            Err(error) => Err(match error.kind() {
                // Nobody was listening, so nobody stored it.
                RequestErrorKind::NoResponders => AppendError::Refused("no stream leader".into()),
                RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                    AppendError::Refused(error.to_string())
                }
                _ => AppendError::Unknown(error.to_string()),
            }),
        }
    }
}

/// A request to JetStream whose answer is JSON.
async fn ask<T: DeserializeOwned>(
    client: &Client,
    subject: String,
    payload: String,
) -> Result<Result<T, wire::ApiError>, Unavailable> {
    let request = Request::new()
        .payload(Bytes::from(payload))
        .timeout(Some(REQUEST_LIMIT));
    let answer = client
        .send_request(subject, request)
        .await
        .map_err(|error| Unavailable(error.to_string()))?;
    wire::parse(&answer.payload)
}

#[async_trait]
impl Journal for JetStreamJournal {
    async fn append(&self, entries: &[Entry]) -> Result<Position, AppendError> {
        let shared = &self.shared;
        if entries.len() > MAX_ENTRIES {
            let count = entries.len();
            return Err(AppendError::Refused(format!("{count} entries at once")));
        }
        if !self.is_connected() {
            return Err(AppendError::Refused("not connected".into()));
        }
        let Some((last, before)) = entries.split_last() else {
            return Err(AppendError::Refused("nothing to append".into()));
        };
        if before.is_empty() {
            return shared.publish(last, wire::guarded(last)).await;
        }
        let batch = Uuid::new_v4().simple().to_string();
        for (number, entry) in (1..).zip(before) {
            // No reply subject: the server checks everything at the commit and answers there.
            let sent = shared.client.publish_with_headers(
                shared.subject(&entry.key),
                wire::batched(entry, &batch, number),
                entry.payload.clone(),
            );
            // Without its commit the server abandons the batch.
            sent.await
                .map_err(|error| AppendError::Refused(error.to_string()))?;
        }
        let mut headers = wire::batched(last, &batch, entries.len() as u64);
        headers.insert(async_nats::header::NATS_BATCH_COMMIT, "1");
        shared.publish(last, headers).await
    }

    async fn successor(
        &self,
        key: &AggregateKey,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        let subject = self.shared.subject(key);
        self.shared.successor(&subject, after).await
    }

    async fn history(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Unavailable> {
        history::read(&self.shared, key, after, limit).await
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        let extent = self.shared.extent().await?;
        *self.shared.created.lock() = extent.created;
        Ok(extent)
    }

    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable> {
        self.shared.commit_at(position).await
    }

    fn follow(&self, after: Position) -> BoxStream<'static, Result<Stored, Unavailable>> {
        follow::follow(self.shared.clone(), after)
    }

    fn is_connected(&self) -> bool {
        self.shared.link.is_connected()
    }
}
