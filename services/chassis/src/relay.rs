//! The relay: publishes what a service's commits mean to others, each event once and in order.
//!
//! It resumes after the last event of its service on the stream, which names the commit it came from. Every publish is
//! fenced: it names the last event that the relay knows of, always by the same subject filter. A relay that another has
//! overtaken is refused at its next publish, so nothing is published twice, however late it wakes up.
//!
//! ```text
//!   journal   1  2  3  4  5          EVENTS   .. permits-2-1  parking-9-1  permits-3-1
//!                   └── resume here <─────────────────────────────────────────┘ last of `events.permits.>`
//! ```

use crate::commit::Metadata;
use crate::journal::{Journal, Position, Stored};
use crate::lease::Lease;
use crate::published::{EVENTS, Place, Publications, PublishedEvent};
use crate::service::Samples;
use crate::telemetry::{self, SPANS};
use async_nats::jetstream::{self, ErrorCode};
use async_nats::{Client, HeaderMap, Request};
use serde::Deserialize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Commits taken together; bounds a batch to `COMMITS * MOST_PER_COMMIT` events, of which at most `BATCH` are sent.
const COMMITS: usize = 256;
/// Events in one atomic batch (the server takes at most 1000).
const BATCH: usize = 500;
/// How long the first commit of a batch waits for others. Each write of events is synced to the disk that the journal is
/// synced to: publishing each commit by itself would make every command wait for the events of the one before.
const LINGER: Duration = Duration::from_millis(8);
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Relay {
    pub(crate) service: &'static str,
    pub(crate) client: Client,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) publications: Publications,
    pub(crate) replicas: usize,
    pub(crate) samples: Arc<Samples>,
}

/// Why the relay begins again.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error("another relay has published")]
    Fenced,
    #[error("{0}")]
    Bus(String),
    #[error("commit {position} cannot be read: {why}")]
    Unreadable { position: Position, why: String },
}

/// The last event of this service on the stream: its own sequence there, and where it came from.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    sequence: u64,
    position: Position,
}

struct Outgoing {
    event: PublishedEvent,
    metadata: Metadata,
    place: Place,
}

impl Relay {
    /// Relays until stopped.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        let jetstream = jetstream::new(self.client.clone());
        let replica = Uuid::new_v4().to_string();
        let job = format!("relay.{}", self.service);
        while !stopping.is_cancelled() {
            let opened = tokio::select! {
                opened = Lease::open(&jetstream, self.replicas, job.clone(), replica.clone()) => opened,
                () = stopping.cancelled() => return,
            };
            if let Ok(mut lease) = opened {
                tokio::select! {
                    () = self.hold(&mut lease) => {}
                    () = stopping.cancelled() => {}
                }
                self.samples.relaying.store(false, Ordering::Relaxed);
                let _ = tokio::time::timeout(ACK_TIMEOUT, lease.release()).await;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    async fn hold(&self, lease: &mut Lease) {
        if lease.acquire().await.is_err() {
            return;
        }
        self.samples.relaying.store(true, Ordering::Relaxed);
        tokio::select! {
            () = lease.keep() => {}
            interrupted = self.relay() => match interrupted {
                Interrupted::Unreadable { .. } => {
                    tracing::error!(service = self.service, why = %interrupted, "relay halted");
                    // Another version may be able to read it; hold on to the order and try again later.
                    tokio::time::sleep(PAUSE * 10).await;
                }
                _ => tracing::info!(service = self.service, why = %interrupted, "relay begins again"),
            },
        }
    }

    /// Publishes until something is in the way.
    async fn relay(&self) -> Interrupted {
        let mut last = match self.last().await {
            Ok(last) => last,
            Err(why) => return why,
        };
        self.samples.relayed.store(last.position, Ordering::Relaxed);
        let commits = self.journal.follow(last.position);
        let mut commits = pin!(commits.chunks_timeout(COMMITS, LINGER));
        while let Some(chunk) = commits.next().await {
            let mut outgoing = Vec::new();
            let mut reached = last.position;
            for stored in chunk {
                let stored = match stored {
                    Ok(stored) => stored,
                    Err(why) => return Interrupted::Bus(why.to_string()),
                };
                reached = stored.position;
                // The events of one commit go out together: resuming after one of them would lose the others.
                if outgoing.len() + crate::published::MOST_PER_COMMIT > BATCH
                    && let Err(why) = self.publish(&mut last, std::mem::take(&mut outgoing)).await
                {
                    return why;
                }
                if let Err(why) = self.map(&stored, &mut outgoing) {
                    return why;
                }
            }
            if let Err(why) = self.publish(&mut last, outgoing).await {
                return why;
            }
            self.samples.relayed.store(reached, Ordering::Relaxed);
        }
        Interrupted::Bus("the journal ended".into())
    }

    fn map(&self, stored: &Stored, outgoing: &mut Vec<Outgoing>) -> Result<(), Interrupted> {
        let (metadata, events) =
            self.publications
                .from(stored)
                .map_err(|why| Interrupted::Unreadable {
                    position: stored.position,
                    why: why.to_string(),
                })?;
        if let Some(metadata) = metadata {
            let span = tracing::debug_span!(target: SPANS, "relay", position = stored.position);
            let _entered = span.enter();
            if let Some(traceparent) = &metadata.traceparent {
                telemetry::link_to(traceparent);
            }
            for (index, event) in events.into_iter().enumerate() {
                let place = Place {
                    position: stored.position,
                    number: index + 1,
                };
                outgoing.push(Outgoing {
                    event,
                    metadata: metadata.clone(),
                    place,
                });
            }
        }
        Ok(())
    }

    /// The subject filter of the fence. Always this string: the server compares guards in flight by their text.
    fn fence(&self) -> String {
        format!("events.{}.>", self.service)
    }

    /// Publishes all of `outgoing` or nothing.
    async fn publish(&self, last: &mut Last, outgoing: Vec<Outgoing>) -> Result<(), Interrupted> {
        let Some(newest) = outgoing.last().map(|outgoing| outgoing.place.position) else {
            return Ok(());
        };
        let count = outgoing.len();
        let batch = Uuid::new_v4().simple().to_string();
        for (index, outgoing) in outgoing.into_iter().enumerate() {
            let subject = outgoing.event.nats_subject(self.service);
            let mut headers =
                outgoing
                    .event
                    .headers(self.service, outgoing.place, &outgoing.metadata);
            if index == 0 {
                headers.insert(
                    async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
                    last.sequence.to_string().as_str(),
                );
                headers.insert(
                    "Nats-Expected-Last-Subject-Sequence-Subject",
                    self.fence().as_str(),
                );
            }
            if count > 1 {
                headers.insert("Nats-Batch-Id", batch.as_str());
                headers.insert("Nats-Batch-Sequence", (index + 1).to_string().as_str());
            }
            let is_last = index + 1 == count;
            if !is_last {
                self.client
                    .publish_with_headers(subject, headers, outgoing.event.data)
                    .await
                    .map_err(|error| Interrupted::Bus(error.to_string()))?;
                continue;
            }
            if count > 1 {
                headers.insert("Nats-Batch-Commit", "1");
            }
            last.sequence = self.commit(subject, headers, outgoing.event.data).await?;
            last.position = newest;
        }
        Ok(())
    }

    async fn commit(
        &self,
        subject: String,
        headers: HeaderMap,
        data: bytes::Bytes,
    ) -> Result<u64, Interrupted> {
        let request = Request::new()
            .headers(headers)
            .payload(data)
            .timeout(Some(ACK_TIMEOUT));
        // Whatever goes wrong here, what was stored is found by asking for the last event again.
        let answer = self
            .client
            .send_request(subject, request)
            .await
            .map_err(|error| Interrupted::Bus(error.to_string()))?;
        let answer: Acknowledgement = serde_json::from_slice(&answer.payload)
            .map_err(|error| Interrupted::Bus(error.to_string()))?;
        match answer.error {
            None => Ok(answer.seq),
            Some(error) if [10071, 10164].contains(&error.err_code) => Err(Interrupted::Fenced),
            Some(error) => Err(Interrupted::Bus(format!(
                "{} ({})",
                error.description, error.err_code
            ))),
        }
    }

    /// Asks the stream's leader: direct reads may be behind.
    async fn last(&self) -> Result<Last, Interrupted> {
        let bus = |error: &dyn std::fmt::Display| Interrupted::Bus(error.to_string());
        let stream = jetstream::new(self.client.clone())
            .get_stream_no_info(EVENTS)
            .await
            .map_err(|error| bus(&error))?;
        let message = match stream.get_last_raw_message_by_subject(&self.fence()).await {
            Ok(message) => message,
            Err(error) if is_not_found(&error) => return Ok(Last::default()),
            Err(error) => return Err(bus(&error)),
        };
        let place = message
            .headers
            .get("ce-sequence")
            .and_then(|text| Place::of_sequence(text.as_str()))
            .ok_or_else(|| Interrupted::Bus("the last event has no sequence".into()))?;
        Ok(Last {
            sequence: message.sequence,
            position: place.position,
        })
    }
}

fn is_not_found(error: &jetstream::stream::LastRawMessageError) -> bool {
    matches!(
        error.kind(),
        jetstream::stream::LastRawMessageErrorKind::NoMessageFound
    ) || error
        .to_string()
        .contains(&ErrorCode::NO_MESSAGE_FOUND.0.to_string())
}

#[derive(Deserialize)]
struct Acknowledgement {
    #[serde(default)]
    seq: u64,
    error: Option<AckError>,
}

#[derive(Deserialize)]
struct AckError {
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}
