//! Guarded publishes as a client without the chassis makes them: one request, one acknowledgement; singly, and two subjects
//! in an atomic batch, which is what a command on two aggregates needs at least.

use super::measure::Worker;
use crate::failure::Failure;
use async_nats::{Client, HeaderMap, Request, jetstream};
use bytes::Bytes;
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

const STREAM: &str = "RAW";
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) struct RawLoad {
    client: Client,
    payload: Bytes,
}

impl RawLoad {
    /// A stream as the journal's, and payloads of the mean size of those that `like` holds.
    pub(super) async fn prepare(client: Client, like: &str) -> Result<Self, Failure> {
        let jetstream = jetstream::new(client.clone());
        let mut model = jetstream.get_stream(like).await.map_err(Failure::failed)?;
        let held = model.info().await.map_err(Failure::failed)?;
        let mean = held.state.bytes / held.state.messages.max(1);
        let config = jetstream::stream::Config {
            name: STREAM.to_owned(),
            subjects: vec!["raw.log.>".to_owned()],
            ..held.config.clone()
        };
        jetstream
            .create_stream(config)
            .await
            .map_err(Failure::failed)?;
        Ok(Self {
            client,
            payload: vec![b'x'; usize::try_from(mean).unwrap_or(1024)].into(),
        })
    }

    pub(super) fn payload_bytes(&self) -> usize {
        self.payload.len()
    }

    pub(super) fn pairs(&self) -> Pairs {
        Pairs {
            first: self.worker(),
            second: self.worker(),
        }
    }

    pub(super) fn worker(&self) -> Publisher {
        Publisher {
            client: self.client.clone(),
            subject: format!("raw.log.sample.{}", Uuid::new_v4().simple()),
            last: 0,
            payload: self.payload.clone(),
        }
    }
}

/// Publishes pairs, each in an atomic batch.
pub(super) struct Pairs {
    first: Publisher,
    second: Publisher,
}

impl Worker for Pairs {
    async fn step(&mut self) -> Result<(), String> {
        let batch = Uuid::new_v4().simple().to_string();
        let mut headers = self.first.guarded();
        headers.insert("Nats-Batch-Id", batch.as_str());
        headers.insert("Nats-Batch-Sequence", "1");
        self.first
            .client
            .publish_with_headers(
                self.first.subject.clone(),
                headers,
                self.first.payload.clone(),
            )
            .await
            .map_err(|error| error.to_string())?;
        let mut headers = self.second.guarded();
        headers.insert("Nats-Batch-Id", batch.as_str());
        headers.insert("Nats-Batch-Sequence", "2");
        headers.insert("Nats-Batch-Commit", "1");
        self.second.last = self.second.send(headers).await?;
        self.first.last = self.second.last - 1;
        Ok(())
    }
}

/// Publishes one after the other on a subject of its own, each guarded by the last.
pub(super) struct Publisher {
    client: Client,
    subject: String,
    last: u64,
    payload: Bytes,
}

#[derive(Deserialize)]
struct Acknowledgement {
    seq: u64,
}

impl Worker for Publisher {
    async fn step(&mut self) -> Result<(), String> {
        self.last = self.send(self.guarded()).await?;
        Ok(())
    }
}

impl Publisher {
    fn guarded(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(
            async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
            self.last.to_string().as_str(),
        );
        headers
    }

    /// Sends one message; answers its sequence.
    async fn send(&self, headers: HeaderMap) -> Result<u64, String> {
        let request = Request::new()
            .headers(headers)
            .payload(self.payload.clone())
            .timeout(Some(ACK_TIMEOUT));
        let answer = self
            .client
            .send_request(self.subject.clone(), request)
            .await
            .map_err(|error| error.to_string())?;
        let answer: Acknowledgement = serde_json::from_slice(&answer.payload)
            .map_err(|_| String::from_utf8_lossy(&answer.payload).into_owned())?;
        Ok(answer.seq)
    }
}
