//! The bus in JetStream: the stream `EVENTS`, its pinned consumers, and the bucket of leases.

use super::{
    Away, Bus, Delivery, LeaseEntry, Message, Newest, PublishError, Receipt, Subscription,
};
use crate::published::EVENTS;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PriorityPolicy, pull};
use async_nats::jetstream::stream::{LastRawMessageError, LastRawMessageErrorKind, Stream};
use async_nats::jetstream::{self, AckKind, Context, ErrorCode, kv};
use async_nats::{Client, Request};
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::Deserialize;
use std::fmt::Display;
use std::time::Duration;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The bucket of all leases.
const LEASES: &str = "LEASES";
/// Replicas of a service share their policies through this priority group.
const GROUP: &str = "replicas";
const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// One connection to the bus.
#[derive(Debug)]
pub struct JetStreamBus {
    client: Client,
    jetstream: Context,
    /// Of what has to be made here.
    replicas: usize,
    leases: OnceCell<kv::Store>,
}

impl JetStreamBus {
    pub fn new(client: Client, replicas: usize) -> Self {
        Self {
            jetstream: jetstream::new(client.clone()),
            client,
            replicas,
            leases: OnceCell::new(),
        }
    }

    async fn events(&self) -> Result<Stream<()>, Away> {
        self.jetstream
            .get_stream_no_info(EVENTS)
            .await
            .map_err(|error| away(&error))
    }

    async fn leases(&self) -> Result<&kv::Store, Away> {
        self.leases
            .get_or_try_init(|| async {
                if let Ok(store) = self.jetstream.get_key_value(LEASES).await {
                    return Ok(store);
                }
                let config = kv::Config {
                    bucket: LEASES.to_owned(),
                    description: "which replica does what only one should do".to_owned(),
                    history: 1,
                    max_value_size: 256,
                    num_replicas: self.replicas,
                    ..kv::Config::default()
                };
                self.jetstream
                    .create_key_value(config)
                    .await
                    .map_err(|error| away(&error))
            })
            .await
    }

    async fn acknowledged(&self, message: Message) -> Result<u64, PublishError> {
        let request = Request::new()
            .headers(message.headers)
            .payload(message.payload)
            .timeout(Some(ACK_TIMEOUT));
        let answer = self
            .client
            .send_request(message.subject, request)
            .await
            .map_err(|error| away(&error))?;
        let answer: Acknowledgement =
            serde_json::from_slice(&answer.payload).map_err(|error| away(&error))?;
        match answer.error {
            None => Ok(answer.seq),
            Some(error) if [10071, 10164].contains(&error.err_code) => Err(PublishError::Fenced),
            Some(error) => Err(Away(format!("{} ({})", error.description, error.err_code)).into()),
        }
    }
}

#[async_trait]
impl Bus for JetStreamBus {
    async fn newest(&self, fence: &str) -> Result<Option<Newest>, Away> {
        // Asks the stream's leader: direct reads may be behind.
        let newest = self
            .events()
            .await?
            .get_last_raw_message_by_subject(fence)
            .await;
        match newest {
            Ok(message) => Ok(Some(Newest {
                sequence: message.sequence,
                headers: message.headers,
            })),
            Err(error) if is_not_found(&error) => Ok(None),
            Err(error) => Err(away(&error)),
        }
    }

    async fn publish(
        &self,
        fence: &str,
        after: u64,
        messages: Vec<Message>,
    ) -> Result<u64, PublishError> {
        let count = messages.len();
        let batch = Uuid::new_v4().simple().to_string();
        let mut sequence = after;
        for (index, mut message) in messages.into_iter().enumerate() {
            if index == 0 {
                message.headers.insert(
                    async_nats::header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
                    after.to_string().as_str(),
                );
                message
                    .headers
                    .insert("Nats-Expected-Last-Subject-Sequence-Subject", fence);
            }
            if count > 1 {
                message.headers.insert("Nats-Batch-Id", batch.as_str());
                message
                    .headers
                    .insert("Nats-Batch-Sequence", (index + 1).to_string().as_str());
            }
            if index + 1 < count {
                self.client
                    .publish_with_headers(message.subject, message.headers, message.payload)
                    .await
                    .map_err(|error| away(&error))?;
                continue;
            }
            if count > 1 {
                message.headers.insert("Nats-Batch-Commit", "1");
            }
            sequence = self.acknowledged(message).await?;
        }
        Ok(sequence)
    }

    async fn subscribe(
        &self,
        subscription: &Subscription,
    ) -> Result<BoxStream<'static, Result<Delivery, Away>>, Away> {
        let config = pull::Config {
            durable_name: Some(subscription.name.clone()),
            filter_subjects: subscription.subjects.clone(),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: subscription.ack_wait,
            max_ack_pending: i64::try_from(subscription.in_flight).unwrap_or(i64::MAX),
            num_replicas: self.replicas,
            priority_policy: PriorityPolicy::PinnedClient,
            priority_groups: vec![GROUP.to_owned()],
            priority_timeout: subscription.pinned_for,
            ..pull::Config::default()
        };
        let consumer = self
            .events()
            .await?
            .create_consumer(config)
            .await
            .map_err(|error| away(&error))?;
        let messages = consumer
            .stream()
            .group(GROUP)
            .max_messages_per_batch(subscription.in_flight)
            // Only a request shows the server that the pinned replica is there: not its acknowledgements.
            .expires(subscription.pinned_for / 2)
            .heartbeat(subscription.pinned_for / 5)
            .messages()
            .await
            .map_err(|error| away(&error))?;
        let deliveries = messages.map(|message| {
            let message = message.map_err(|error| away(&error))?;
            Ok(Delivery {
                subject: message.subject.to_string(),
                headers: message.headers.clone(),
                payload: message.payload.clone(),
                receipt: Box::new(message),
            })
        });
        Ok(deliveries.boxed())
    }

    async fn backlog(&self, subscription: &str) -> Result<u64, Away> {
        let info = self.events().await?.consumer_info(subscription).await;
        info.map(|info| info.num_pending + info.num_ack_pending as u64)
            .map_err(|error| away(&error))
    }

    async fn lease(&self, job: &str) -> Result<LeaseEntry, Away> {
        let entry = self.leases().await?.entry(job).await;
        let entry = entry.map_err(|error| away(&error))?;
        Ok(entry.map_or_else(LeaseEntry::default, |entry| LeaseEntry {
            revision: entry.revision,
            held: entry.operation == kv::Operation::Put,
        }))
    }

    async fn claim_lease(&self, job: &str, holder: &str, after: u64) -> Result<Option<u64>, Away> {
        let value = holder.to_owned().into_bytes().into();
        match self.leases().await?.update(job, value, after).await {
            Ok(revision) => Ok(Some(revision)),
            Err(error) if error.kind() == kv::UpdateErrorKind::WrongLastRevision => Ok(None),
            Err(error) => Err(away(&error)),
        }
    }

    async fn release_lease(&self, job: &str, held: u64) -> Result<(), Away> {
        self.leases()
            .await?
            .delete_expect_revision(job, Some(held))
            .await
            .map_err(|error| away(&error))
    }

    fn is_connected(&self) -> bool {
        self.client.connection_state() == async_nats::connection::State::Connected
    }

    async fn flush(&self) {
        let _ = self.client.flush().await;
    }
}

#[async_trait]
impl Receipt for jetstream::Message {
    async fn done(&self) {
        let _ = self.ack().await;
    }

    async fn progress(&self) {
        let _ = self.ack_with(AckKind::Progress).await;
    }

    async fn put_off(&self, by: Duration) {
        let by = (!by.is_zero()).then_some(by);
        let _ = self.ack_with(AckKind::Nak(by)).await;
    }

    async fn hopeless(&self) {
        let _ = self.ack_with(AckKind::Term).await;
    }
}

fn away(error: &dyn Display) -> Away {
    Away(error.to_string())
}

fn is_not_found(error: &LastRawMessageError) -> bool {
    matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound)
        || error
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
