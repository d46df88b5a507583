//! A stream of changes of availability that can be resumed: read from the projection as fast as its client takes it.

use super::{Api, convert};
use crate::domain::refusal::ParkingRefusal;
use crate::read_model::{self, AvailabilityRow};
use chassis::domain::Rejection;
use chassis::server::{Failure, to_timestamp};
use futures::{Stream, stream};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;
use tonic::Status;
use traffic_proto::parking::v1 as proto;

/// Changes read at a time for one watcher; it is read on only as fast as it takes them.
const READ_AHEAD: usize = 256;
/// A silent watch says this often that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// The changes after a position, of one zone or bay if given. Ends with the first error.
pub(super) fn changes(
    api: Api,
    zone: Option<String>,
    bay: Option<String>,
    read_until: u64,
) -> impl Stream<Item = Result<proto::WatchAvailabilityResponse, Status>> + Send {
    let applied = api.core.projection.watch_applied();
    let watch = Watch {
        api,
        zone,
        bay,
        read_until,
        waiting: VecDeque::new(),
        applied,
    };
    stream::unfold(Some(watch), |watch| async { watch?.next().await })
}

/// A watch: where it stands, and what it has read ahead.
struct Watch {
    api: Api,
    zone: Option<String>,
    bay: Option<String>,
    /// Everything up to here has been read.
    read_until: u64,
    waiting: VecDeque<proto::WatchAvailabilityResponse>,
    applied: watch::Receiver<u64>,
}

impl Watch {
    async fn next(
        mut self,
    ) -> Option<(
        Result<proto::WatchAvailabilityResponse, Status>,
        Option<Self>,
    )> {
        loop {
            if let Some(next) = self.waiting.pop_front() {
                return Some((Ok(next), Some(self)));
            }
            self.applied.mark_unchanged();
            match self.read().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(failure) => return Some((Err(failure.into()), None)),
            }
            match tokio::time::timeout(SIGN_OF_LIFE, self.applied.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => {
                    let life = proto::WatchAvailabilityResponse {
                        position: self.read_until,
                        change: None,
                    };
                    return Some((Ok(life), Some(self)));
                }
            }
        }
    }

    /// Reads what has come; whether there may be more.
    async fn read(&mut self) -> Result<bool, Failure> {
        let after = self.read_until;
        // What is applied now is certainly among what the read sees.
        let applied = self.api.core.projection.applied();
        let rows = self
            .api
            .core
            .projection
            .read(move |view| read_model::changes_after(view, after, READ_AHEAD))
            .await?
            .map_err(|forgotten| {
                Failure::from(Rejection::from(ParkingRefusal::PositionForgotten {
                    oldest: forgotten.oldest,
                }))
            })?;
        let full = rows.len() == READ_AHEAD;
        for ((position, _), row) in rows {
            self.read_until = self.read_until.max(position);
            if self.wants(&row) {
                self.waiting.push_back(to_change(position, &row));
            }
        }
        if !full {
            self.read_until = self.read_until.max(applied);
        }
        Ok(full || !self.waiting.is_empty())
    }

    fn wants(&self, row: &AvailabilityRow) -> bool {
        self.zone.as_ref().is_none_or(|zone| *zone == row.zone)
            && self.bay.as_ref().is_none_or(|bay| *bay == row.bay)
    }
}

fn to_change(position: u64, row: &AvailabilityRow) -> proto::WatchAvailabilityResponse {
    proto::WatchAvailabilityResponse {
        position,
        change: Some(proto::AvailabilityChange {
            bay: format!("bays/{}", row.bay),
            zone: format!("zones/{}", row.zone),
            availability: convert::availability(row.availability).into(),
            change_time: Some(to_timestamp(row.since)),
        }),
    }
}
