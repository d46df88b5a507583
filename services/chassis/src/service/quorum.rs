//! Leaves a server of the bus that has lost the others.
//!
//! Cut off from the majority it keeps its clients' connections and stores nothing of theirs. The client looks for another
//! server only when its connection is lost.

use crate::journal::Journal;
use async_nats::Client;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the leader of the journal is asked for.
const EVERY: Duration = Duration::from_secs(1);
/// Asked in vain so often in a row, at most three seconds each, the client connects anew: more than an election takes.
const IN_VAIN: u32 = 4;

/// Looks for the journal's leader until stopped.
pub(super) async fn keep(client: Client, journal: Arc<dyn Journal>, stopping: CancellationToken) {
    let mut in_vain = 0;
    loop {
        let asked = async {
            tokio::time::sleep(EVERY).await;
            // Without a connection the client is looking for a server already.
            journal.extent().await.is_ok() || !journal.is_connected()
        };
        let answered = tokio::select! {
            biased;
            answered = asked => answered,
            () = stopping.cancelled() => return,
        };
        in_vain = if answered { 0 } else { in_vain + 1 };
        if in_vain == IN_VAIN {
            tracing::warn!("the bus does not know the journal's leader; trying another server");
            // It fails only when the client has ended.
            let _ = client.force_reconnect().await;
            in_vain = 0;
        }
    }
}
