//! Waiting until the suite has nothing left to do: every event published, every policy done with what it listens to.

use super::subscriber::Subscriber;
use super::tally::Tally;
use crate::failure::Failure;
use async_nats::Client;
use async_nats::jetstream;
use chassis::published::EVENTS;
use futures::TryStreamExt;
use std::time::Duration;

/// How often it is looked whether there is still something to do.
const GLANCE: Duration = Duration::from_millis(100);
/// After this long without an event those that are missing are not waited for any longer: they are lost.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// Waits for it. Events that do not come are for the comparison of totals to find.
///
/// # Errors
/// The bus does not answer.
pub(super) async fn reached(
    bus: &Client,
    subscriber: &Subscriber,
    sent: &Tally,
) -> Result<(), Failure> {
    let stream = jetstream::new(bus.clone())
        .get_stream(EVENTS)
        .await
        .map_err(Failure::failed)?;
    loop {
        let consumers: Vec<_> = stream
            .consumers()
            .try_collect()
            .await
            .map_err(Failure::failed)?;
        let waiting: u64 = consumers
            .iter()
            // Those of policies: they outlive their readers.
            .filter(|consumer| consumer.config.durable_name.is_some())
            .map(|consumer| consumer.num_pending + consumer.num_ack_pending as u64)
            .sum();
        let all_came = subscriber.events().holds_events_of(sent);
        let silent = subscriber.newest().elapsed() > SILENCE;
        if waiting == 0 && (all_came || silent) {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
}
