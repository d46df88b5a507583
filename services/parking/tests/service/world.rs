//! A bus, replicas of parking on it, a clock that stands still, and clients with tokens.

use async_nats::HeaderMap;
use chassis::domain::Channel;
use chassis::server::to_timestamp;
use chassis::service::Service;
use chassis::testing::{self, Account, City};
use futures::StreamExt;
use jiff::Timestamp;
use parking::domain::bay::Bay;
use serde::Serialize;
use std::future::Future;
use std::ops::Deref;
use std::time::Duration;
use tempfile::TempDir;
use tonic::Request;
use tonic::transport::Channel as Connection;
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::parking_availability_service_client::ParkingAvailabilityServiceClient;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;

/// Nothing in a test takes longer, unless it is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// A city with parking.
pub(crate) struct World(City);

impl Deref for World {
    type Target = City;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// One replica and connections to it.
pub(crate) struct Replica {
    pub(crate) service: Service,
    _folder: TempDir,
    pub(crate) manage: ParkingManagementServiceClient<Connection>,
    pub(crate) sessions: ParkingSessionServiceClient<Connection>,
    pub(crate) availability: ParkingAvailabilityServiceClient<Connection>,
}

pub(crate) fn at(clock: &str) -> Timestamp {
    format!("2026-03-02T{clock}+08:00").parse().expect("a time")
}

pub(crate) fn stamp(at: Timestamp) -> Option<pbjson_types::Timestamp> {
    Some(to_timestamp(at))
}

impl World {
    pub(crate) async fn new() -> Self {
        Self(City::start_at("parking", &at("08:00:00").to_string()).await)
    }

    pub(crate) async fn replica(&self) -> Replica {
        let replica = self.0.replica(parking::start).await;
        let connection = replica.connect().await;
        let testing::Replica { service, folder } = replica;
        Replica {
            service,
            _folder: folder,
            manage: ParkingManagementServiceClient::new(connection.clone()),
            sessions: ParkingSessionServiceClient::new(connection.clone()),
            availability: ParkingAvailabilityServiceClient::new(connection),
        }
    }

    /// A request with the token of an officer of Mudan district, who has every scope of parking.
    pub(crate) fn officer<M>(&self, message: M) -> Request<M> {
        let scopes = "parking.read parking.manage parking.device parking.pay parking.officer";
        self.with_token(message, "officer:H1024", scopes, vec![371_702])
    }

    pub(crate) fn with_token<M>(
        &self,
        message: M,
        account: &str,
        scope: &'static str,
        districts: Vec<u32>,
    ) -> Request<M> {
        let account = Account {
            id: account.into(),
            scope,
            districts,
            channel: Some(Channel::Api),
        };
        let mut request = Request::new(message);
        self.bearer(&account).put_on(&mut request);
        request
    }

    /// A tariff, a zone `z` and bays `b0`, `b1`, ... six metres apart along a street to the east.
    pub(crate) async fn street(&self, replica: &mut Replica, bays: usize) {
        let tariff = proto::CreateTariffRequest {
            tariff_id: "class-1".into(),
            tariff: Some(proto::Tariff {
                display_name: "Sample".into(),
                versions: vec![sample_version()],
                ..Default::default()
            }),
            ..Default::default()
        };
        replica
            .manage
            .create_tariff(self.officer(tariff))
            .await
            .expect("a tariff");
        let zone = proto::CreateZoneRequest {
            zone_id: "z".into(),
            zone: Some(zone()),
            ..Default::default()
        };
        replica
            .manage
            .create_zone(self.officer(zone))
            .await
            .expect("a zone");
        let rows: Vec<_> = (0..bays)
            .map(|number| proto::ImportBaysRequest {
                bay_id: format!("b{number}"),
                bay: Some(bay(number, 5.0)),
            })
            .collect();
        let answer = replica
            .manage
            .import_bays(self.officer(futures::stream::iter(rows)))
            .await
            .expect("imported");
        assert_eq!(
            answer.get_ref().created_count,
            i64::try_from(bays).expect("few"),
            "{answer:?}"
        );
    }

    pub(crate) async fn ingest(
        &self,
        replica: &mut Replica,
        rows: Vec<proto::IngestReadingsRequest>,
    ) -> proto::IngestReadingsResponse {
        let answer = replica
            .sessions
            .ingest_readings(self.officer(futures::stream::iter(rows)))
            .await;
        answer.expect("ingested").into_inner()
    }

    /// Publishes an event as the permits service does.
    pub(crate) async fn publish<M: prost::Name + Serialize>(&self, position: u64, message: &M) {
        let name = M::NAME
            .chars()
            .enumerate()
            .flat_map(|(at, c)| {
                let gap = (at > 0 && c.is_ascii_uppercase()).then_some('_');
                gap.into_iter().chain([c.to_ascii_lowercase()])
            })
            .collect::<String>();
        let mut headers = HeaderMap::new();
        for (header, value) in [
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", format!("permits-{position}-1")),
            ("ce-source", "/traffic/permits".to_owned()),
            ("ce-type", M::full_name()),
            ("ce-subject", "permits/p1".to_owned()),
            ("ce-time", at("08:00:00").to_string()),
            ("ce-datacontenttype", "application/json".to_owned()),
            ("ce-sequence", format!("{position:016}-001")),
        ] {
            headers.insert(header, value.as_str());
        }
        let data = serde_json::to_vec(message).expect("JSON");
        let jetstream = self.bus.jetstream().await;
        jetstream
            .publish_with_headers(
                format!("events.permits.{name}.371702"),
                headers,
                data.into(),
            )
            .await
            .expect("sent")
            .await
            .expect("stored");
    }

    /// The published events of parking, as type and JSON, until one is of `last` type.
    pub(crate) async fn published_until(&self, last: &str) -> Vec<(String, serde_json::Value)> {
        let jetstream = self.bus.jetstream().await;
        let stream = jetstream.get_stream("EVENTS").await.expect("the stream");
        let consumer = stream
            .create_consumer(async_nats::jetstream::consumer::pull::OrderedConfig {
                filter_subject: "events.parking.>".into(),
                ..Default::default()
            })
            .await
            .expect("a consumer");
        let mut messages = consumer.messages().await.expect("messages");
        let mut events = Vec::new();
        loop {
            let message = patiently(messages.next())
                .await
                .expect("no end")
                .expect("a message");
            let headers = message.headers.as_ref().expect("headers");
            let kind = headers.get("ce-type").expect("a type").as_str().to_owned();
            let data = serde_json::from_slice(&message.payload).expect("JSON");
            let is_last = kind.ends_with(last);
            events.push((kind, data));
            if is_last {
                return events;
            }
        }
    }
}

/// Waits, but not for ever.
pub(crate) async fn patiently<F: Future>(waiting: F) -> F::Output {
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("it takes too long")
}

impl Replica {
    /// Waits until the projection shows what is wanted.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        wanted: impl Fn() -> F,
    ) -> T {
        let mut applied = self.service.core.projection.watch_applied();
        patiently(async {
            loop {
                applied.mark_unchanged();
                if let Some(found) = wanted().await {
                    return found;
                }
                applied.changed().await.expect("the projection lives");
            }
        })
        .await
    }

    pub(crate) async fn bay(&self, id: &str) -> Bay {
        let found = self
            .service
            .core
            .projection
            .get::<Bay>(id)
            .await
            .expect("readable");
        (*found.expect("the bay exists").state).clone()
    }

    /// Waits until exactly these of the bays `b0` to `b<count-1>` are closed.
    pub(crate) async fn until_closed(&self, count: usize, closed: &[usize]) {
        self.until(|| async {
            for number in 0..count {
                let is_closed = self.bay(&format!("b{number}")).await.is_closed();
                if is_closed != closed.contains(&number) {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut socket = tokio::net::TcpStream::connect(self.service.running.http)
            .await
            .expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("answered");
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status");
        let body = answer.split_once("\r\n\r\n").expect("a body").1.to_owned();
        (status, body)
    }
}

pub(crate) fn sample_version() -> proto::TariffVersion {
    let step = |from_minutes, until_minutes, unit_minutes, price_fen| proto::RateStep {
        from_minutes,
        until_minutes,
        unit_minutes,
        price_fen,
    };
    proto::TariffVersion {
        effective_from: "2024-01-01".into(),
        source: "sample".into(),
        day: Some(proto::RatePeriod {
            begins_minute: 420,
            steps: vec![
                step(0, 15, 15, 0),
                step(15, 60, 15, 150),
                step(60, 10_080, 15, 225),
            ],
        }),
        night: Some(proto::RatePeriod {
            begins_minute: 1_260,
            steps: vec![step(0, 15, 15, 0), step(15, 10_080, 120, 100)],
        }),
        cap_per_24_hours_fen: 6_000,
        large_vehicle_percent: 200,
        maximum_stay_minutes: 10_080,
    }
}

pub(crate) fn zone() -> proto::Zone {
    proto::Zone {
        display_name: "Centre".into(),
        grade: proto::ZoneGrade::I.into(),
        district: "371702".into(),
        tariff: "tariffs/class-1".into(),
        ..Default::default()
    }
}

const LATITUDE: f64 = 35.24;

/// A point so many metres east and north of the street's beginning.
pub(crate) fn point(east: f64, north: f64) -> proto::GeoPoint {
    proto::GeoPoint {
        latitude: LATITUDE + north / 111_195.0,
        longitude: 115.47 + east / (111_195.0 * LATITUDE.to_radians().cos()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few bays")]
pub(crate) fn bay(number: usize, north: f64) -> proto::Bay {
    proto::Bay {
        zone: "zones/z".into(),
        position: Some(point(number as f64 * 6.0, north)),
        kind: proto::BayKind::Standard.into(),
        label: number.to_string(),
        ..Default::default()
    }
}

pub(crate) fn reading(
    bay: &str,
    sequence: u64,
    clock: &str,
    kind: proto::ReadingKind,
) -> proto::IngestReadingsRequest {
    proto::IngestReadingsRequest {
        bay: format!("bays/{bay}"),
        source: "sensor-1".into(),
        source_kind: proto::SourceKind::Sensor.into(),
        sequence,
        observe_time: stamp(at(clock)),
        kind: kind.into(),
        ..Default::default()
    }
}

pub(crate) fn plate_seen(
    bay: &str,
    sequence: u64,
    clock: &str,
    plate: &str,
) -> proto::IngestReadingsRequest {
    proto::IngestReadingsRequest {
        source: "camera-1".into(),
        source_kind: proto::SourceKind::Camera.into(),
        plate: plate.into(),
        ..reading(bay, sequence, clock, proto::ReadingKind::PlateSeen)
    }
}
