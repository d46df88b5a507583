//! Following the stream: every commit once and in order, over any loss of connections, consumers, servers and leaders.
//!
//! A pull consumer without acknowledgements, kept by the server in memory, delivers from the last commit we have. At most
//! [`WINDOW`] messages are asked for and not yet taken, which bounds what waits in memory here (a push consumer's flow
//! control bounds bytes on the server's terms, and the client drops what exceeds its own buffer). Whatever looks wrong
//! (a jump in the delivery numbers, silence, another connection) ends the consumer and starts the next.

use super::{Shared, wire};
use crate::journal::{Position, Stored, Unavailable};
use async_nats::{HeaderName, Message, Subscriber};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tracing::{debug, warn};
use uuid::Uuid;

/// Messages asked for and not yet taken: at most twice this.
const WINDOW: u64 = 2048;
/// Bytes a request lets the server send: bounds the memory where commits are large.
const WINDOW_BYTES: u64 = 8 << 20;
/// How often the server says that it lives while there is nothing to deliver.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// Silence this long means that the consumer is gone.
const SILENCE: Duration = Duration::from_millis(1250);
/// A request for messages is renewed after this time.
const REQUEST_LIFE: Duration = Duration::from_secs(30);
/// The server forgets a consumer that nobody has asked for this long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);
/// Pauses between attempts to make a consumer grow from the first to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// A new leader may know less for a moment: what looks like lost commits must look so this often in a row.
const LOSS_LOOKS: u32 = 8;

const PENDING: HeaderName = HeaderName::from_static("Nats-Pending-Messages");

pub(super) fn follow(
    shared: Arc<Shared>,
    after: Position,
) -> BoxStream<'static, Result<Stored, Unavailable>> {
    let created = *shared.created.lock();
    let follower = Follower {
        shared,
        created,
        last: after,
        last_id: None,
        source: None,
        ended: false,
    };
    let commits = stream::unfold(follower, |mut follower| async move {
        if follower.ended {
            return None;
        }
        let next = follower.next().await;
        follower.ended = next.is_err();
        Some((next, follower))
    });
    Box::pin(commits)
}

struct Follower {
    shared: Arc<Shared>,
    /// Which stream is followed.
    created: Timestamp,
    /// Position of the last commit yielded.
    last: Position,
    /// Its id; unknown before the first.
    last_id: Option<Uuid>,
    source: Option<Source>,
    ended: bool,
}

/// A consumer on the server and what we asked of it.
struct Source {
    shared: Arc<Shared>,
    name: String,
    inbox: String,
    messages: Subscriber,
    /// Deliveries so far.
    delivered: u64,
    /// Messages asked for and not yet received.
    outstanding: u64,
    epoch: u64,
}

/// Why a consumer is given up.
struct Lost(&'static str);

impl Follower {
    /// The next commit; an error if the stream lacks it for ever.
    async fn next(&mut self) -> Result<Stored, Unavailable> {
        loop {
            let Some(source) = self.source.as_mut() else {
                self.source = Some(self.start().await?);
                continue;
            };
            match source.next().await {
                Ok(commit) if commit.position <= self.last => {}
                Ok(commit) if commit.position == self.last + 1 => {
                    self.last = commit.position;
                    self.last_id = Some(commit.commit_id);
                    return Ok(commit);
                }
                Ok(commit) => {
                    // The consumer's own numbers have no gap, so the stream has one.
                    return Err(Unavailable(format!(
                        "the stream lacks commits {} to {}",
                        self.last + 1,
                        commit.position - 1
                    )));
                }
                Err(Lost(reason)) => {
                    debug!(
                        stream = self.shared.stream,
                        after = self.last,
                        reason,
                        "consumer lost"
                    );
                    self.source = None;
                }
            }
        }
    }

    /// Makes a consumer, however long that takes.
    async fn start(&self) -> Result<Source, Unavailable> {
        let mut pause = BACKOFF.0;
        let mut losses = 0;
        loop {
            match self.loss().await {
                Ok(Some(loss)) if losses >= LOSS_LOOKS => return Err(Unavailable(loss)),
                Ok(Some(_)) => losses += 1,
                Ok(None) => match Source::start(self.shared.clone(), self.last).await {
                    Ok(source) => return Ok(source),
                    Err(error) => warn!(stream = self.shared.stream, %error, "no consumer yet"),
                },
                Err(error) => debug!(stream = self.shared.stream, %error, "stream away"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    /// What the stream lacks, if it does.
    async fn loss(&self) -> Result<Option<String>, Unavailable> {
        let extent = self.shared.extent().await?;
        let (first, last) = (extent.first, extent.last);
        if extent.created != self.created {
            return Ok(Some("the stream was made anew".into()));
        }
        if last < self.last {
            return Ok(Some(format!(
                "the stream ends at {last}, it had {}",
                self.last
            )));
        }
        if first > self.last + 1 {
            return Ok(Some(format!(
                "the stream lacks commits up to {}",
                first - 1
            )));
        }
        if let Some(known) = self.last_id
            && first <= self.last
            && self.shared.commit_at(self.last).await? != Some(known)
        {
            return Ok(Some(format!(
                "the stream holds another commit at {}: it was set back and has grown again",
                self.last
            )));
        }
        Ok(None)
    }
}

impl Source {
    async fn start(shared: Arc<Shared>, after: Position) -> Result<Self, Unavailable> {
        let name = format!("follow-{}", Uuid::new_v4().simple());
        // Before the consumer: a connection lost from here on makes it void.
        let epoch = shared.link.epoch();
        let config = serde_json::json!({
            "stream_name": shared.stream,
            "config": {
                "name": name,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": after + 1,
                "ack_policy": "none",
                "replay_policy": "instant",
                "max_waiting": 8,
                "num_replicas": 1,
                "mem_storage": true,
                "inactive_threshold": FORGOTTEN_AFTER.as_nanos() as u64,
            },
        });
        #[derive(Deserialize)]
        struct Created {}
        let subject = format!("$JS.API.CONSUMER.CREATE.{}.{name}", shared.stream);
        let created = shared.ask::<Created>(subject, config.to_string()).await?;
        created.map_err(|error| Unavailable(error.to_string()))?;

        let inbox = shared.client.new_inbox();
        let messages = shared.client.subscribe(inbox.clone()).await;
        let messages = messages.map_err(|error| Unavailable(error.to_string()))?;
        Ok(Self {
            shared,
            name,
            inbox,
            messages,
            delivered: 0,
            outstanding: 0,
            epoch,
        })
    }

    async fn next(&mut self) -> Result<Stored, Lost> {
        loop {
            if self.outstanding <= WINDOW {
                self.ask_for_more().await?;
            }
            let message = self.receive().await?;
            if let Some(status) = message.status {
                self.heed(status.as_u16(), &message)?;
                continue;
            }
            self.outstanding = self.outstanding.saturating_sub(1);
            let reply = message.reply.as_deref().unwrap_or_default();
            let delivery = wire::delivery(reply).ok_or(Lost("unreadable reply subject"))?;
            self.delivered += 1;
            if delivery.number != self.delivered {
                return Err(Lost("messages lost on the way"));
            }
            return Ok(wire::stored(
                &message.subject,
                message.headers.as_ref(),
                message.payload,
                delivery.position,
                delivery.stored_at,
            ));
        }
    }

    async fn receive(&mut self) -> Result<Message, Lost> {
        // Without this, a timer would be set for each message of a full buffer.
        if let std::task::Poll::Ready(message) = futures::poll!(self.messages.next()) {
            return message.ok_or(Lost("subscription ended"));
        }
        tokio::select! {
            biased;
            message = self.messages.next() => message.ok_or(Lost("subscription ended")),
            () = self.shared.link.lost(self.epoch) => Err(Lost("connection lost")),
            () = tokio::time::sleep(SILENCE) => Err(Lost("silence")),
        }
    }

    async fn ask_for_more(&mut self) -> Result<(), Lost> {
        let request = format!(
            r#"{{"batch":{WINDOW},"max_bytes":{WINDOW_BYTES},"expires":{},"idle_heartbeat":{}}}"#,
            REQUEST_LIFE.as_nanos(),
            HEARTBEAT.as_nanos()
        );
        let subject = format!(
            "$JS.API.CONSUMER.MSG.NEXT.{}.{}",
            self.shared.stream, self.name
        );
        let client = &self.shared.client;
        let asked = client.publish_with_reply(subject, self.inbox.clone(), request.into());
        asked.await.map_err(|_| Lost("connection closed"))?;
        self.outstanding += WINDOW;
        Ok(())
    }

    /// Status messages: a heartbeat, the end of a request, or the end of the consumer.
    fn heed(&mut self, status: u16, message: &Message) -> Result<(), Lost> {
        const HEARTBEAT: u16 = 100;
        const REQUEST_ENDED: [u16; 2] = [408, 409];
        if status == HEARTBEAT {
            return Ok(());
        }
        let headers = message.headers.as_ref();
        let unfulfilled = headers
            .and_then(|headers| headers.get(PENDING))
            .and_then(|value| value.as_str().parse::<u64>().ok());
        match unfulfilled {
            Some(count) if REQUEST_ENDED.contains(&status) => {
                self.outstanding = self.outstanding.saturating_sub(count);
                Ok(())
            }
            _ => Err(Lost("consumer ended")),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // Spares the server a consumer until it would forget it. Best effort: the connection may be the reason.
        let client = self.shared.client.clone();
        let subject = format!(
            "$JS.API.CONSUMER.DELETE.{}.{}",
            self.shared.stream, self.name
        );
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = client.publish(subject, bytes::Bytes::new()).await;
            });
        }
    }
}
