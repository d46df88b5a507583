//! A day of the parking bays: gateways tell what sensors and cameras see, drivers pay by their plates.

use super::city::{SESSIONS_A_BAY, shares};
use super::desk::Desk;
use super::drive::Story;
use super::found::pages;
use super::tally::Tally;
use crate::bench::parking_load::bay;
use crate::bench::requests::{in_minutes, request_id};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::invented::plate;
use tonic::Request;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;
use traffic_proto::parking::v1::{
    IngestReadingsRequest, IngestReadingsResponse, ListBaysRequest, ListSessionsRequest,
    PaymentReceived, ReadingKind, RecordPaymentRequest, Session, SessionCharged, SessionState,
    SourceKind, Transfer,
};

const BAYS: &str = "bays";
const SESSIONS: &str = "sessions";
/// What was paid, in fen.
const PAID: &str = "sessions: fen paid";
/// Bays whose sensors speak through one gateway.
const GATEWAY: u64 = 20;
/// Vehicles have plates above those of the year's violations.
const FIRST_VEHICLE: u64 = 10_000_000;
/// The day is told within the twelve hours that readings may be late. Minutes.
const DAY: i64 = 690;
const STAY: i64 = 50;

type Client = ParkingSessionServiceClient<Connection>;

pub(super) struct Gateways {
    bays: u64,
    devices: Vec<Client>,
    payers: Vec<Client>,
}

impl Gateways {
    pub(super) fn new(bays: u64, devices: Vec<Connection>, payers: Vec<Connection>) -> Self {
        let clients = |connections: Vec<Connection>| {
            connections
                .into_iter()
                .map(ParkingSessionServiceClient::new)
                .collect()
        };
        Self {
            bays,
            devices: clients(devices),
            payers: clients(payers),
        }
    }

    /// How many there are.
    pub(super) fn stories(bays: u64) -> u64 {
        bays.div_ceil(GATEWAY)
    }
}

/// One gateway's day: as often as a bay is taken, a stream of arrivals and one of departures.
impl Story for Gateways {
    async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
        let device = &self.devices[number as usize % self.devices.len()];
        let payer = &self.payers[number as usize % self.payers.len()];
        let bays = number * GATEWAY..((number + 1) * GATEWAY).min(self.bays);
        for turn in 0..SESSIONS_A_BAY {
            let start = turn as i64 * DAY / SESSIONS_A_BAY as i64 - DAY;
            let vehicle = |bay: u64| plate(FIRST_VEHICLE + bay * SESSIONS_A_BAY + turn);
            let arrivals = bays.clone().flat_map(|at| {
                let seen = IngestReadingsRequest {
                    plate: vehicle(at),
                    source: format!("camera-{at}"),
                    source_kind: SourceKind::Camera.into(),
                    ..reading(at, turn, start + 1, ReadingKind::PlateSeen)
                };
                [reading(at, turn * 2, start, ReadingKind::Arrived), seen]
            });
            ingest(desk, device, arrivals.collect()).await?;
            let departures = bays
                .clone()
                .map(|at| reading(at, turn * 2 + 1, start + STAY, ReadingKind::Left));
            let told = ingest(desk, device, departures.collect()).await?;
            for at in bays.clone() {
                desk.sent.event::<SessionCharged>();
                pay(desk, payer, vehicle(at), told.position).await?;
            }
        }
        desk.sent.add(BAYS, bays.end - bays.start);
        Ok(())
    }
}

/// What the sensor of a bay sees so many minutes from now.
fn reading(at: u64, sequence: u64, minutes: i64, kind: ReadingKind) -> IngestReadingsRequest {
    IngestReadingsRequest {
        bay: format!("bays/{}", bay(at as usize)),
        source: format!("sensor-{at}"),
        source_kind: SourceKind::Sensor.into(),
        sequence,
        observe_time: Some(in_minutes(minutes)),
        kind: kind.into(),
        ..IngestReadingsRequest::default()
    }
}

async fn ingest(
    desk: &mut Desk,
    device: &Client,
    readings: Vec<IngestReadingsRequest>,
) -> Result<IngestReadingsResponse, Failure> {
    let rows = readings.len() as u64;
    let answer = desk
        .rows(rows, readings, async |readings| {
            let readings = tokio_stream::iter(readings);
            device.clone().ingest_readings(readings).await
        })
        .await?;
    match answer.problems.first() {
        None => Ok(answer),
        Some(problem) => Err(Failure::failed(format!(
            "reading {}: {}",
            problem.row, problem.message
        ))),
    }
}

/// A driver looks up what the vehicle owes; most pay at once.
async fn pay(desk: &mut Desk, payer: &Client, plate: String, position: u64) -> Result<(), Failure> {
    let stay = ListSessionsRequest {
        plate,
        ..ListSessionsRequest::default()
    };
    let listed = desk
        .ask(stay, async |stay| {
            let mut request = Request::new(stay);
            let metadata = request.metadata_mut();
            metadata.insert("traffic-min-position", position.into());
            payer.clone().list_sessions(request).await
        })
        .await?;
    let [session] = listed.sessions.as_slice() else {
        let found = listed.sessions.len();
        return Err(Failure::failed(format!("one stay is {found} sessions")));
    };
    let owed = session.outstanding_fen;
    if owed > 0 && desk.random.in_a_thousand(shares::PARKING_UNPAID) {
        desk.sent
            .in_state(SESSIONS, SessionState::Payable.as_str_name());
        return Ok(());
    }
    if owed > 0 {
        let paid = payment(session, owed);
        desk.command(paid, async |r| payer.clone().record_payment(r).await)
            .await?;
        desk.sent.add(PAID, owed.unsigned_abs());
        desk.sent.event::<PaymentReceived>();
    }
    desk.sent
        .in_state(SESSIONS, SessionState::Settled.as_str_name());
    Ok(())
}

fn payment(session: &Session, amount_fen: i64) -> RecordPaymentRequest {
    RecordPaymentRequest {
        session: session.name.clone(),
        payment: Some(Transfer {
            provider: "sample-pay".to_owned(),
            reference: session.name.replacen("sessions/", "BENCH-", 1),
            amount_fen,
            transfer_time: Some(in_minutes(0)),
        }),
        request_id: request_id(),
        ..RecordPaymentRequest::default()
    }
}

/// Counts bays, sessions by their states, and what was paid.
pub(super) async fn find(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let management = &ParkingManagementServiceClient::new(connection.clone());
    pages(
        async |page_token| {
            let request = ListBaysRequest {
                page_size: 1_000,
                page_token,
                ..ListBaysRequest::default()
            };
            let page = management.clone().list_bays(request).await?.into_inner();
            Ok((page.bays, page.next_page_token))
        },
        |_| found.add(BAYS, 1),
    )
    .await?;
    let client = &ParkingSessionServiceClient::new(connection);
    pages(
        async |page_token| {
            let request = ListSessionsRequest {
                page_size: 1_000,
                page_token,
                ..ListSessionsRequest::default()
            };
            let page = client.clone().list_sessions(request).await?.into_inner();
            Ok((page.sessions, page.next_page_token))
        },
        |session| {
            found.in_state(SESSIONS, session.state().as_str_name());
            let paid: i64 = session.payments.iter().map(|paid| paid.amount_fen).sum();
            if paid > 0 {
                found.add(PAID, paid.unsigned_abs());
            }
        },
    )
    .await
}
