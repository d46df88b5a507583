//! What sensors do: tell that a vehicle came, and that it left.

use super::measure::Worker;
use crate::connect::Connection;
use crate::failure::{Failure, describe};
use crate::parking_commands::bays;
use crate::time::now;
use crate::up::open_zones;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;
use traffic_proto::parking::v1::{
    Bay, BayKind, GeoPoint, ImportBaysRequest, IngestReadingsRequest, ReadingKind, SourceKind,
};

pub(super) struct ParkingLoad {
    clients: Vec<ParkingSessionServiceClient<Connection>>,
    /// Of all sensors: no reading may bear the number of another.
    sequence: Arc<AtomicU64>,
}

impl ParkingLoad {
    /// Marks a bay for every worker.
    pub(super) async fn prepare(
        managers: Vec<Connection>,
        devices: Vec<Connection>,
        count: usize,
    ) -> Result<Self, Failure> {
        let manager = managers
            .first()
            .cloned()
            .ok_or_else(|| Failure::failed("no connection"))?;
        mark_bays(manager, count).await?;
        Ok(Self {
            clients: devices
                .into_iter()
                .map(ParkingSessionServiceClient::new)
                .collect(),
            sequence: Arc::new(AtomicU64::new(1)),
        })
    }

    pub(super) fn readings(&self, number: usize) -> Sensor {
        Sensor {
            client: self.clients[number % self.clients.len()].clone(),
            bay: format!("bays/{}", bay(number)),
            source: format!("sensor-{number}"),
            sequence: Arc::clone(&self.sequence),
            taken: false,
        }
    }
}

/// Opens the sample's zones and marks so many bays along a road.
pub(super) async fn mark_bays(manager: Connection, count: usize) -> Result<(), Failure> {
    let zone = open_zones(manager.clone()).await?;
    let bays = (0..count).map(|number| ImportBaysRequest {
        bay_id: bay(number),
        bay: Some(Bay {
            zone: zone.clone(),
            position: Some(GeoPoint {
                latitude: 35.25,
                longitude: 115.48 + number as f64 * 1e-4,
            }),
            kind: BayKind::Standard.into(),
            ..Bay::default()
        }),
    });
    let marked = bays::import(manager, bays.collect(), |_| {}).await?;
    match marked.problems.first() {
        None => Ok(()),
        Some(problem) => Err(Failure::failed(format!(
            "bay {}: {}",
            problem.row, problem.message
        ))),
    }
}

/// The id of a bay, by its number.
pub(super) fn bay(number: usize) -> String {
    format!("bench-{number}")
}

/// One sensor in one bay, one reading a call.
pub(super) struct Sensor {
    client: ParkingSessionServiceClient<Connection>,
    bay: String,
    source: String,
    sequence: Arc<AtomicU64>,
    taken: bool,
}

impl Worker for Sensor {
    async fn step(&mut self) -> Result<(), String> {
        self.taken = !self.taken;
        let kind = if self.taken {
            ReadingKind::Arrived
        } else {
            ReadingKind::Left
        };
        let reading = IngestReadingsRequest {
            bay: self.bay.clone(),
            source: self.source.clone(),
            source_kind: SourceKind::Sensor.into(),
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed),
            observe_time: Some(chassis::operations::timestamp(now())),
            kind: kind.into(),
            ..IngestReadingsRequest::default()
        };
        let summary = self
            .client
            .ingest_readings(tokio_stream::iter([reading]))
            .await
            .map_err(|status| describe(&status))?
            .into_inner();
        match summary.problems.first() {
            None => Ok(()),
            Some(problem) => Err(format!("{}: {}", problem.reason, problem.message)),
        }
    }
}
