//! Load on parking: bays marked, vehicles that come and go, payments; and the city that other tests park in.

use super::{Contest, in_minutes, place};
use crate::load::{Desk, Role, Workload, position_of};
use crate::replica::{Client, Replica};
use rand::RngExt;
use tonic::{Code, Request, Status};
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;
use traffic_proto::parking::v1::{
    Bay, BayKind, CreateBayRequest, CreateTariffRequest, CreateZoneRequest, GeoPoint,
    ImportBaysRequest, IngestReadingsRequest, ListSessionsRequest, RatePeriod, RateStep,
    ReadingKind, RecordPaymentRequest, Session, SourceKind, Tariff, TariffVersion, Transfer, Zone,
    ZoneGrade,
};

/// The zone that [`city`] opens.
pub const ZONE: &str = "zones/suite";

/// A replica's management methods.
pub fn management(replica: &Replica) -> ParkingManagementServiceClient<Client> {
    ParkingManagementServiceClient::new(replica.client("officer:parking"))
}

/// A replica's methods of sessions.
pub fn sessions(replica: &Replica) -> ParkingSessionServiceClient<Client> {
    ParkingSessionServiceClient::new(replica.client("partner:parking"))
}

/// Opens zones with a tariff.
///
/// # Panics
/// If the service refuses.
pub async fn city(replica: &Replica, zones: &[&str]) {
    management(replica)
        .create_tariff(tariff())
        .await
        .expect("a tariff");
    for name in zones {
        management(replica)
            .create_zone(zone(name))
            .await
            .expect("a zone");
    }
}

/// The tariff of a [`zone`].
pub fn tariff() -> CreateTariffRequest {
    CreateTariffRequest {
        tariff_id: "suite".into(),
        tariff: Some(Tariff {
            display_name: "Sample tariff".into(),
            versions: vec![version()],
            ..Tariff::default()
        }),
        ..CreateTariffRequest::default()
    }
}

/// A zone under the [`tariff`].
pub fn zone(name: &str) -> CreateZoneRequest {
    CreateZoneRequest {
        zone_id: name.replacen("zones/", "", 1),
        zone: Some(Zone {
            display_name: "Sample zone".into(),
            grade: ZoneGrade::I.into(),
            district: "371702".into(),
            tariff: "tariffs/suite".into(),
            ..Zone::default()
        }),
        ..CreateZoneRequest::default()
    }
}

fn version() -> TariffVersion {
    let steps = |price_fen| {
        vec![RateStep {
            from_minutes: 0,
            until_minutes: 1_440,
            unit_minutes: 15,
            price_fen,
        }]
    };
    TariffVersion {
        effective_from: "2024-01-01".into(),
        source: "sample order 1".into(),
        day: Some(RatePeriod {
            begins_minute: 420,
            steps: steps(150),
        }),
        night: Some(RatePeriod {
            begins_minute: 1_260,
            steps: steps(50),
        }),
        cap_per_24_hours_fen: 6_000,
        large_vehicle_percent: 200,
        maximum_stay_minutes: 1_440,
    }
}

/// A bay so many metres east and north of the city's centre.
pub fn bay(east: f64, north: f64) -> Bay {
    let (longitude, latitude) = place(east, north);
    Bay {
        zone: ZONE.into(),
        position: Some(GeoPoint {
            latitude,
            longitude,
        }),
        kind: BayKind::Standard.into(),
        ..Bay::default()
    }
}

/// Marks bays, each with its id.
///
/// # Panics
/// If the service does not take them all.
pub async fn mark(replica: &Replica, bays: Vec<(String, Bay)>) {
    let count = bays.len();
    let rows = bays.into_iter().map(|(bay_id, bay)| ImportBaysRequest {
        bay_id,
        bay: Some(bay),
    });
    let answer = management(replica)
        .import_bays(tokio_stream::iter(rows.collect::<Vec<_>>()))
        .await
        .expect("bays are imported")
        .into_inner();
    assert_eq!(answer.problem_count, 0, "{:?}", answer.problems);
    assert_eq!(usize::try_from(answer.created_count), Ok(count));
}

/// A vehicle that came two hours ago and left ten minutes ago.
pub fn stay(bay: &str) -> Vec<IngestReadingsRequest> {
    let reading = |sequence, minutes, kind: ReadingKind| IngestReadingsRequest {
        bay: bay.to_owned(),
        source: format!("sensor-{}", bay.replacen("bays/", "", 1)),
        source_kind: SourceKind::Sensor.into(),
        sequence,
        observe_time: Some(in_minutes(minutes)),
        kind: kind.into(),
        ..IngestReadingsRequest::default()
    };
    vec![
        reading(1, -120, ReadingKind::Arrived),
        reading(2, -10, ReadingKind::Left),
    ]
}

/// A provider's payment of a session.
pub fn payment(session: &str, reference: &str, amount_fen: i64) -> RecordPaymentRequest {
    RecordPaymentRequest {
        session: session.to_owned(),
        payment: Some(Transfer {
            provider: "sample-pay".into(),
            reference: reference.to_owned(),
            amount_fen,
            transfer_time: Some(in_minutes(-1)),
        }),
        ..RecordPaymentRequest::default()
    }
}

/// Marks a bay; a vehicle stands there for a while; its driver pays, sometimes in two parts.
#[derive(Clone, Copy, Debug)]
pub struct Parking {
    /// Tells the bays of several loads on one suite apart.
    pub series: &'static str,
}

impl Parking {
    async fn mark(
        &self,
        desk: &mut Desk,
        bay_id: &str,
        (east, north): (f64, f64),
    ) -> Result<Bay, Status> {
        desk.command(
            Role::Officer,
            async |client, request_id| {
                let request = CreateBayRequest {
                    bay_id: bay_id.to_owned(),
                    bay: Some(bay(east, north)),
                    request_id,
                    ..CreateBayRequest::default()
                };
                ParkingManagementServiceClient::new(client)
                    .create_bay(request)
                    .await
            },
            |bay: &Bay| vec![bay.name.replacen("bays/", "bay/", 1)],
        )
        .await
    }
}

/// Metres along the kerb to the bay of this number.
fn along(number: u64) -> f64 {
    u32::try_from(number % 100_000).map_or(0.0, f64::from) * 6.0
}

impl Workload for Parking {
    async fn prepare(&self, replica: &Replica) {
        city(replica, &[ZONE]).await;
    }

    async fn story(&self, desk: &mut Desk, number: u64) {
        let bay_id = format!("{}-{number}", self.series);
        let name = format!("bays/{bay_id}");
        let marked = self.mark(desk, &bay_id, (along(number), 0.0)).await;
        marked.expect("a new bay can be marked");

        let readings = stay(&name);
        let seen = desk
            .ask(Role::Device, async |client| {
                let readings = tokio_stream::iter(readings.clone());
                ParkingSessionServiceClient::new(client)
                    .ingest_readings(readings)
                    .await
            })
            .await
            .expect("readings are taken");
        let position = position_of(&seen).max(seen.get_ref().position);
        let listed = desk
            .ask(Role::Partner, async |client| {
                let mut request = Request::new(ListSessionsRequest {
                    bay: name.clone(),
                    ..ListSessionsRequest::default()
                });
                request
                    .metadata_mut()
                    .insert("traffic-min-position", position.into());
                ParkingSessionServiceClient::new(client)
                    .list_sessions(request)
                    .await
            })
            .await
            .expect("sessions are listed")
            .into_inner();
        let [session] = listed.sessions.as_slice() else {
            panic!("one stay is one session: {listed:?}");
        };
        for part in 0..desk.rng.random_range(1..3) {
            let request = payment(&session.name, &format!("{bay_id}-{part}"), 100);
            let paid = desk
                .command(
                    Role::Partner,
                    async |client, request_id| {
                        let request = RecordPaymentRequest {
                            request_id,
                            ..request.clone()
                        };
                        ParkingSessionServiceClient::new(client)
                            .record_payment(request)
                            .await
                    },
                    |session: &Session| vec![session.name.replacen("sessions/", "session/", 1)],
                )
                .await;
            paid.expect("a payment is booked");
        }
    }
}

/// The number of a bay.
impl Contest for Parking {
    async fn claim(&self, desk: &mut Desk, value: u64) -> bool {
        let bay_id = format!("{}-claimed-{value}", self.series);
        match self.mark(desk, &bay_id, (along(value), 50.0)).await {
            Ok(_) => true,
            Err(status) if status.code() == Code::AlreadyExists => false,
            Err(status) => panic!("{}", crate::status::describe(&status)),
        }
    }
}
