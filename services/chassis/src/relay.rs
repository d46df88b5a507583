//! The relay: publishes what a service's commits mean to others, each event once and in order.
//!
//! It resumes after the last event of its service on the stream, which names the commit it came from. Every publish is
//! fenced: it names the last event that the relay knows of, always by the same subject filter. A relay that another has
//! overtaken is refused at its next publish, so nothing is published twice, however late it wakes up. If the journal does
//! not hold that commit, it was set back behind its own events: what it writes now would bear the names of events that
//! others know already, so the relay publishes nothing until an operator has restored an older `EVENTS`.
//!
//! ```text
//!   journal   1  2  3  4  5          EVENTS   .. permits-2-1  parking-9-1  permits-3-1
//!                   └── resume here <─────────────────────────────────────────┘ last of `events.permits.>`
//! ```

use crate::bus::{Away, Bus, Message, PublishError};
use crate::commit::Metadata;
use crate::journal::{Journal, Position, Stored, Unavailable};
use crate::lease::Lease;
use crate::published::{COMMIT_ID, Place, Publications, PublishedEvent};
use crate::random;
use crate::service::Samples;
use crate::telemetry::{self, SPANS};
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
/// How long giving back the lease may take.
const RELEASE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);
/// What lasts is looked at again after this time, still holding the lease.
const HALTED: Duration = Duration::from_secs(5);

pub(crate) struct Relay {
    pub(crate) service: &'static str,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) publications: Publications,
    pub(crate) samples: Arc<Samples>,
}

/// Why the relay begins again.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("{0}")]
    Bus(String),
    #[error("commit {position} cannot be read: {why}")]
    Unreadable { position: Position, why: String },
    #[error(
        "commit {published}, whose events are published, is not in the journal: it was restored from a backup older than \
         that of EVENTS; restore an EVENTS that is older than the journal"
    )]
    SetBack { published: Position },
}

impl Interrupted {
    /// Only an operator or another version can mend it.
    fn is_lasting(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::SetBack { .. })
    }
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
        let replica = random::id().to_string();
        let job = format!("relay.{}", self.service);
        while !stopping.is_cancelled() {
            let mut lease = Lease::new(Arc::clone(&self.bus), job.clone(), replica.clone());
            tokio::select! {
                biased;
                () = self.hold(&mut lease) => {}
                () = stopping.cancelled() => {}
            }
            let _ = tokio::time::timeout(RELEASE, lease.release()).await;
            tokio::select! {
                biased;
                () = tokio::time::sleep(PAUSE) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    async fn hold(&self, lease: &mut Lease) {
        // Until another is seen to relay, what this replica has not published is unpublished, and its lag is told.
        // Whether it is halted, the other tells.
        let another_relays = || {
            self.samples.relaying.store(false, Ordering::Relaxed);
            self.samples.relay_halted.store(false, Ordering::Relaxed);
        };
        if lease.acquire(another_relays).await.is_err() {
            return;
        }
        self.samples.relaying.store(true, Ordering::Relaxed);
        tokio::select! {
            biased;
            () = lease.keep() => {}
            () = self.relay_on() => {}
        }
    }

    /// Publishes until something is in the way that may be gone in a moment; what lasts it looks at again and again.
    async fn relay_on(&self) {
        loop {
            let why = self.relay().await;
            let halted = why.is_lasting();
            self.samples.relay_halted.store(halted, Ordering::Relaxed);
            if halted {
                tracing::error!(service = self.service, %why, "relay halted");
                tokio::time::sleep(HALTED).await;
                continue;
            }
            if matches!(why, Interrupted::Publish(PublishError::Fenced)) {
                tracing::info!(service = self.service, %why, "relay begins again");
            } else {
                tracing::warn!(service = self.service, %why, "relay begins again");
            }
            return;
        }
    }

    /// Publishes until something is in the way.
    async fn relay(&self) -> Interrupted {
        let (mut last, commit_id) = match self.last().await {
            Ok(last) => last,
            Err(why) => return why,
        };
        match self.is_held(last.position, commit_id).await {
            Ok(true) => {}
            Ok(false) => {
                return Interrupted::SetBack {
                    published: last.position,
                };
            }
            Err(Unavailable(why)) => return Interrupted::Bus(why),
        }
        self.samples.relayed.store(last.position, Ordering::Relaxed);
        self.samples.relay_halted.store(false, Ordering::Relaxed);
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

    /// Whether the journal holds this commit, or held it before it was purged.
    async fn is_held(
        &self,
        position: Position,
        commit_id: Option<Uuid>,
    ) -> Result<bool, Unavailable> {
        let extent = self.journal.extent().await?;
        match commit_id {
            Some(commit_id) if position >= extent.first => {
                Ok(self.journal.commit_at(position).await? == Some(commit_id))
            }
            _ => Ok(position <= extent.last),
        }
    }

    /// Publishes all of `outgoing` or nothing.
    async fn publish(&self, last: &mut Last, outgoing: Vec<Outgoing>) -> Result<(), Interrupted> {
        let Some(newest) = outgoing.last().map(|outgoing| outgoing.place.position) else {
            return Ok(());
        };
        debug_assert!(
            outgoing.is_sorted_by(|one, next| one.place < next.place)
                && outgoing
                    .iter()
                    .all(|one| one.place.position > last.position),
            "events go out once and in the order of their commits"
        );
        let messages = outgoing
            .into_iter()
            .map(|outgoing| Message {
                subject: outgoing.event.nats_subject(self.service),
                headers: outgoing
                    .event
                    .headers(self.service, outgoing.place, &outgoing.metadata),
                payload: outgoing.event.data,
            })
            .collect();
        // Whatever goes wrong here, what was stored is found by asking for the last event again.
        last.sequence = self
            .bus
            .publish(&self.fence(), last.sequence, messages)
            .await?;
        last.position = newest;
        Ok(())
    }

    /// The last event, and the commit that it came from; older versions published events without that.
    async fn last(&self) -> Result<(Last, Option<Uuid>), Interrupted> {
        let newest = self
            .bus
            .newest(&self.fence())
            .await
            .map_err(|Away(why)| Interrupted::Bus(why))?;
        let Some(newest) = newest else {
            return Ok((Last::default(), None));
        };
        let place = newest
            .headers
            .get("ce-sequence")
            .and_then(|text| Place::of_sequence(text.as_str()))
            .ok_or_else(|| Interrupted::Bus("the last event has no sequence".into()))?;
        let commit_id = newest.headers.get(COMMIT_ID);
        let last = Last {
            sequence: newest.sequence,
            position: place.position,
        };
        Ok((last, commit_id.and_then(|text| text.as_str().parse().ok())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::model::Model;
    use crate::projection::tests::journal;
    use async_nats::HeaderMap;
    use bytes::Bytes;

    #[tokio::test(start_paused = true)]
    async fn of_halted_relays_one_says_so_and_after_the_repair_none() {
        let bus = Model::new();
        let repaired = bus.backup();
        let mut headers = HeaderMap::new();
        headers.insert("ce-sequence", "0000000000000005-001");
        let beyond = Message {
            subject: "events.test.of_a_commit_that_is_lost".into(),
            headers,
            payload: Bytes::new(),
        };
        let published = bus.publish("events.test.>", 0, vec![beyond]).await;
        assert_eq!(published.expect("published"), 1);
        let stopping = CancellationToken::new();
        let start = || {
            let samples = Arc::new(Samples::default());
            let relay = Relay {
                service: "test",
                bus: Arc::new(bus.clone()),
                journal: Arc::new(journal()),
                publications: Publications::new(),
                samples: Arc::clone(&samples),
            };
            let running = tokio::spawn(relay.run(stopping.clone()));
            (samples, running)
        };
        let relays = [start(), start()];
        let halted = || {
            let halted = relays.iter().map(|(samples, _)| &samples.relay_halted);
            halted
                .filter(|halted| halted.load(Ordering::Relaxed))
                .count()
        };
        for second in 0..20 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(halted(), 1, "after {second} s");
        }
        bus.set_back(&repaired);
        tokio::time::sleep(Duration::from_secs(15)).await;
        assert_eq!(halted(), 0);
        stopping.cancel();
        for (_, running) in relays {
            running.await.expect("no panic");
        }
    }
}
