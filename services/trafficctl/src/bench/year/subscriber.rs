//! Another agency: it reads every published event from the first on, and notes when each came.

use super::tally::{self, Tally};
use crate::bench::measure;
use crate::failure::Failure;
use crate::time::now;
use async_nats::Client;
use async_nats::jetstream;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use chassis::published::{EVENTS, ReceivedEvent};
use futures::StreamExt;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::task::JoinHandle;

/// A subscription that reads on until it is dropped.
pub(super) struct Subscriber {
    seen: Arc<Mutex<Seen>>,
    reading: JoinHandle<Failure>,
}

struct Seen {
    events: Tally,
    count: u64,
    /// From the decision in the service to the subscriber; the commit's way to the disk is in it. Microseconds.
    latencies: Histogram<u64>,
    newest: Instant,
}

/// How long events took to a subscriber.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Delay {
    pub(super) events: u64,
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
}

impl Subscriber {
    pub(super) async fn begin(bus: Client) -> Result<Self, Failure> {
        let consumer = jetstream::new(bus)
            .get_stream_no_info(EVENTS)
            .await
            .map_err(Failure::failed)?
            .create_consumer(OrderedConfig {
                deliver_policy: DeliverPolicy::All,
                ..OrderedConfig::default()
            })
            .await
            .map_err(Failure::failed)?;
        let mut messages = consumer.messages().await.map_err(Failure::failed)?;
        let seen = Arc::new(Mutex::new(Seen {
            events: Tally::default(),
            count: 0,
            latencies: measure::histogram()?,
            newest: Instant::now(),
        }));
        let noted = Arc::clone(&seen);
        let reading = tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                let event = match message {
                    Ok(message) => {
                        ReceivedEvent::parse(message.headers.as_ref(), message.payload.clone())
                    }
                    Err(why) => return Failure::failed(why),
                };
                match event {
                    Ok(event) => lock(&noted).note(&event),
                    Err(why) => return Failure::failed(why),
                }
            }
            Failure::failed("the subscription ended")
        });
        Ok(Self { seen, reading })
    }

    /// How many events of each type have come.
    pub(super) fn events(&self) -> Tally {
        self.seen().events.clone()
    }

    pub(super) fn count(&self) -> u64 {
        self.seen().count
    }

    /// When the newest event came, or when the subscription began.
    pub(super) fn newest(&self) -> Instant {
        self.seen().newest
    }

    /// How long the events since the last time that this was asked took.
    pub(super) fn take_delay(&self) -> Delay {
        let mut seen = self.seen();
        let latencies = &mut seen.latencies;
        let delay = Delay {
            events: latencies.len(),
            p50_us: latencies.value_at_quantile(0.5),
            p99_us: latencies.value_at_quantile(0.99),
        };
        latencies.reset();
        delay
    }

    /// # Errors
    /// It has stopped reading.
    pub(super) async fn end(self) -> Result<(), Failure> {
        if self.reading.is_finished() {
            let why = self.reading.await.map_err(Failure::failed)?;
            return Err(Failure::failed(format!("the subscriber: {why}")));
        }
        self.reading.abort();
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn note(&mut self, event: &ReceivedEvent) {
        let took = now().duration_since(event.time).as_micros();
        self.latencies
            .saturating_record(u64::try_from(took).unwrap_or(1).max(1));
        self.events.add(tally::event(&event.type_name), 1);
        self.count += 1;
        self.newest = Instant::now();
    }
}
