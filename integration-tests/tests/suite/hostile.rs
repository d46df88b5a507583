//! Clients that say nothing, flood or never end: a service keeps its memory within bounds and goes on serving others.
//!
//! `SUITE_CONNECTIONS` sets how many connections there are at once (3,000; more than the 2,000 that a service holds).

use futures::StreamExt;
use integration_tests::raw::{self, Shape};
use integration_tests::replica::{eventually, http_get};
use integration_tests::workloads::parking;
use integration_tests::{Replica, Service, Suite, times};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Streaming;
use tonic::transport::Channel;
use traffic_proto::operations::v1::GetProjectionRequest;
use traffic_proto::operations::v1::operations_service_client::OperationsServiceClient;
use traffic_proto::parking::v1::parking_availability_service_client::ParkingAvailabilityServiceClient;
use traffic_proto::parking::v1::parking_session_service_client::ParkingSessionServiceClient;
use traffic_proto::parking::v1::{
    IngestReadingsRequest, WatchAvailabilityRequest, WatchAvailabilityResponse,
};

/// Most that a service may grow by while it is attacked.
const GROWTH: u64 = 256 << 20;
/// How long a client that nobody reads from waits before it takes its socket for full.
const STALLED: Duration = Duration::from_secs(2);
/// An HTTP/2 client's first words: the preface and empty SETTINGS.
const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A service under attack, and somebody who only wants to be served.
struct Besieged {
    replica: Replica,
    before: u64,
}

impl Besieged {
    async fn new(suite: &Suite, service: Service) -> Self {
        Self::of(suite.replica(service).await).await
    }

    async fn of(replica: Replica) -> Self {
        let besieged = Self { before: 0, replica };
        besieged.serves_others().await;
        #[cfg(target_os = "linux")]
        assert!(besieged.replica.memory() > 0, "the kernel tells");
        Self {
            before: besieged.replica.memory(),
            ..besieged
        }
    }

    async fn serves_others(&self) {
        let mut operations = self.replica.operations();
        let answer = operations.get_projection(GetProjectionRequest::default());
        answer.await.expect("a call among attacks is served");
        let ready = http_get(self.replica.http_address(), "/readyz").await;
        assert_eq!(ready.expect("health is told among attacks").0, 200);
    }

    fn stayed_small(&self, attack: &str) {
        let grown = self.replica.memory().saturating_sub(self.before);
        println!("{attack}: grown by {} MiB", grown >> 20);
        assert!(grown <= GROWTH, "{attack}: grown by {grown} bytes");
    }
}

/// How many files this process may hold open; what it starts inherits it.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    line.and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        .unwrap_or(0)
}

/// Whether the server ends the connection; whatever it says before does not matter.
async fn is_closed(socket: &mut TcpStream) -> bool {
    let mut buffer = [0; 4096];
    let closing = async { while matches!(socket.read(&mut buffer).await, Ok(1..)) {} };
    tokio::time::timeout(Duration::from_secs(30), closing)
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_there_is_room_for_do_not_hurt_those_who_are_served() {
    let connections = times("SUITE_CONNECTIONS", 3_000);
    if open_files() < connections + 1_000 {
        println!(
            "skipped: {connections} connections need a higher limit of open files (ulimit -n)"
        );
        return;
    }
    let suite = Suite::start().await;
    let mut replica = suite.unstarted(Service::Ledger);
    // All come from one address here.
    replica.set("TRAFFIC_GRPC__MAX_CONNECTIONS_PER_ADDRESS", "2000");
    replica.start().await;
    replica.until_ready().await;
    let besieged = Besieged::of(replica).await;
    let address = besieged.replica.grpc_address();
    let mut sockets = Vec::with_capacity(connections);
    for number in 0..connections {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The opening lets it stay, if there is room; otherwise it is closed already.
        let _ = socket.write_all(OPENING).await;
        sockets.push(socket);
        if number % 500 == 0 {
            besieged.serves_others().await;
        }
    }
    besieged.serves_others().await;
    besieged.stayed_small("connections");
    drop(sockets);
    eventually("a newcomer finds room again", || newcomer(address)).await;
}

async fn newcomer(address: SocketAddr) -> Option<()> {
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let channel = channel.connect().await.ok()?;
    let mut client = OperationsServiceClient::new(channel);
    // Without a token it is refused, but heard.
    let refused = client.get_projection(GetProjectionRequest::default()).await;
    let refused = refused.unwrap_err();
    (refused.code() == tonic::Code::Unauthenticated).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_half_spoken_connections_are_dropped() {
    let suite = Suite::start().await;
    let mut replica = suite.unstarted(Service::Ledger);
    replica.set("TRAFFIC_GRPC__HANDSHAKE_TIMEOUT_MS", "500");
    replica.set("TRAFFIC_HTTP__TIMEOUT_MS", "500");
    replica.start().await;
    replica.until_ready().await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(TcpStream::connect(replica.grpc_address()).await.unwrap());
        let mut half = TcpStream::connect(replica.grpc_address()).await.unwrap();
        half.write_all(&OPENING[..16]).await.unwrap();
        sockets.push(half);
        let mut slow = TcpStream::connect(replica.http_address()).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
        sockets.push(slow);
    }
    for socket in &mut sockets {
        assert!(is_closed(socket).await);
    }
    let ready = http_get(replica.http_address(), "/readyz").await;
    assert_eq!(ready.unwrap().0, 200);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
/// `:method GET`, `:scheme http`, `:path /`.
const REQUEST: &[u8] = &[0x82, 0x86, 0x84];

/// Sends `frames` after the opening, never reading, until the server has had enough or `most` bytes are gone.
async fn flood(address: SocketAddr, mut frames: impl FnMut(u32) -> Vec<u8>, most: usize) -> usize {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(OPENING).await.unwrap();
    let mut sent = 0;
    for number in 0.. {
        let bytes = frames(number);
        match tokio::time::timeout(STALLED, socket.write_all(&bytes)).await {
            Ok(Ok(())) => sent += bytes.len(),
            // Closed, or no longer read from.
            Ok(Err(_)) | Err(_) => break,
        }
        if sent >= most {
            break;
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_of_headers_resets_pings_and_settings_are_cut_off_or_cost_nothing() {
    const MOST: usize = 64 << 20;
    let suite = Suite::start().await;
    let besieged = Besieged::new(&suite, Service::Ledger).await;
    let address = besieged.replica.grpc_address();

    let endless_head = |number: u32| match number {
        0 => frame(HEADERS, 0, 1, REQUEST),
        // A literal header `x: yyy...`, again and again.
        _ => {
            let mut literal = vec![0x00, 1, b'x', 0x7f, 0x81, 0x7e];
            literal.resize(6 + 16_256, b'y');
            frame(CONTINUATION, 0, 1, &literal)
        }
    };
    let sent = flood(address, endless_head, MOST).await;
    assert!(sent < MOST, "a head without an end is cut off");
    besieged.serves_others().await;

    let resets = |number: u32| {
        let stream = number * 2 + 1;
        let mut bytes = frame(HEADERS, 0x4 | 0x1, stream, REQUEST);
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        bytes
    };
    let sent = flood(address, resets, MOST).await;
    assert!(sent < MOST, "resets without an end are cut off");
    besieged.serves_others().await;

    for one in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[])] {
        let many = one.repeat(1_000);
        flood(address, |_| many.clone(), MOST).await;
        besieged.serves_others().await;
    }
    besieged.stayed_small("floods of frames");
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_messages_are_refused_without_being_kept() {
    let suite = Suite::start().await;
    let besieged = Besieged::new(&suite, Service::Ledger).await;
    let message = bytes::Bytes::from(vec![b'x'; 32 << 20]);
    let unary = Shape {
        client_streams: false,
        server_streams: false,
    };
    let calls = (0..32).map(|_| {
        let client = besieged.replica.client("giant");
        let path = "/traffic.ledger.v1.LedgerService/GetAccount";
        raw::call(client, path, unary, message.clone())
    });
    let answers: Vec<_> = futures::stream::iter(calls)
        .buffer_unordered(16)
        .collect()
        .await;
    assert!(answers.iter().all(Result::is_err));
    besieged.serves_others().await;
    besieged.stayed_small("oversized messages");
}

/// Watches that are open and never read: nothing drives their connections any more.
struct NeverRead {
    /// `None` when it has been dropped.
    stopped: Option<tokio::runtime::Runtime>,
    _watches: Vec<Streaming<WatchAvailabilityResponse>>,
}

impl NeverRead {
    /// So many watches from the beginning, with room for all that the server could ever send.
    async fn open(address: SocketAddr, watches: usize) -> Self {
        const EACH: usize = 250;
        const ENDLESS: u32 = (1 << 31) - 1;
        let opening = tokio::task::spawn_blocking(move || {
            // Its connections are read from while it runs the block, and never again.
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let opened = runtime.block_on(async {
                let mut opened = Vec::with_capacity(watches);
                while opened.len() < watches {
                    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
                    let channel = endpoint
                        .initial_stream_window_size(ENDLESS)
                        .initial_connection_window_size(ENDLESS)
                        .connect()
                        .await
                        .unwrap();
                    let mut client = ParkingAvailabilityServiceClient::new(channel);
                    for _ in 0..EACH.min(watches - opened.len()) {
                        let request = WatchAvailabilityRequest {
                            after_position: Some(0),
                            ..WatchAvailabilityRequest::default()
                        };
                        opened.push(
                            client
                                .watch_availability(request)
                                .await
                                .unwrap()
                                .into_inner(),
                        );
                    }
                }
                opened
            });
            Self {
                stopped: Some(runtime),
                _watches: opened,
            }
        });
        opening.await.unwrap()
    }
}

impl Drop for NeverRead {
    fn drop(&mut self) {
        if let Some(runtime) = self.stopped.take() {
            runtime.shutdown_background();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_that_never_read_cost_a_bound_and_others_miss_nothing() {
    // Far more changes, of ids long enough, than the 64 KiB that are kept for each stream.
    const BAYS: usize = 4_000;
    const WATCHES: usize = 400;
    // Of a call: many small ones, for each has only so long for its answer.
    const AT_ONCE: usize = 250;
    let suite = Suite::start().await;
    let besieged = Besieged::new(&suite, Service::Parking).await;
    let replica = &besieged.replica;
    parking::city(replica, &[parking::ZONE]).await;
    let never_read = NeverRead::open(replica.grpc_address(), WATCHES).await;

    let id = |number| format!("a-bay-at-the-kerb-of-a-long-road-by-the-canal-{number}");
    let numbers: Vec<u32> = (0..).take(BAYS).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        let marked = numbers
            .iter()
            .map(|number| (id(number), parking::bay(f64::from(*number), 0.0)));
        parking::mark(replica, marked.collect()).await;
        // Each call brings one reading of each bay: of several at once only the last would be a change.
        let mut calls = [Vec::new(), Vec::new()];
        for number in numbers {
            let stay = parking::stay(&format!("bays/{}", id(number)));
            for (call, reading) in calls.iter_mut().zip(stay) {
                call.push(reading);
            }
        }
        for call in calls {
            let taken = parking::sessions(replica)
                .ingest_readings(tokio_stream::iter(call))
                .await
                .unwrap();
            let accepted = taken.get_ref().accepted_count;
            assert_eq!(usize::try_from(accepted), Ok(numbers.len()));
        }
    }
    besieged.serves_others().await;

    let mut reader = ParkingAvailabilityServiceClient::new(replica.anonymous());
    let request = WatchAvailabilityRequest {
        after_position: Some(0),
        ..WatchAvailabilityRequest::default()
    };
    let changes = reader
        .watch_availability(request)
        .await
        .unwrap()
        .into_inner();
    let changes = changes.filter_map(async |answer| answer.unwrap().change);
    let told: Vec<String> = changes
        .take(2 * BAYS)
        .map(|change| change.bay)
        .collect()
        .await;
    let bays: HashSet<&String> = told.iter().collect();
    assert_eq!(bays.len(), BAYS, "each bay is taken and left");
    besieged.serves_others().await;
    besieged.stayed_small("watchers that never read");
    drop(never_read);
    besieged.serves_others().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_an_end_does_not_hold_up_others() {
    // Taken by the service while it serves others: so many that what it kept of each would show.
    const READINGS: u64 = 500_000;
    const TIMES: u32 = 10;
    let suite = Suite::start().await;
    let besieged = Besieged::new(&suite, Service::Parking).await;
    let sent = Arc::new(AtomicU64::new(0));
    let endless: Vec<_> = (0..8)
        .map(|number| {
            let sent = Arc::clone(&sent);
            let client = besieged.replica.client(&format!("sensor-{number}"));
            let mut client = ParkingSessionServiceClient::new(client);
            let reading = IngestReadingsRequest {
                bay: "bays/nowhere".into(),
                source: "s".into(),
                ..IngestReadingsRequest::default()
            };
            tokio::spawn(async move {
                // Each call has only so long for its answer; where it ends, the next begins.
                loop {
                    let (sent, reading) = (Arc::clone(&sent), reading.clone());
                    let readings = std::iter::repeat_with(move || {
                        sent.fetch_add(1, Ordering::Relaxed);
                        reading.clone()
                    });
                    let _ = client.ingest_readings(tokio_stream::iter(readings)).await;
                }
            })
        })
        .collect();
    let mut served = 0;
    while served < TIMES || sent.load(Ordering::Relaxed) < READINGS {
        besieged.serves_others().await;
        served += 1;
    }
    println!("endless streams: served others {served} times");
    besieged.stayed_small("endless streams");
    for stream in endless {
        stream.abort();
    }
    besieged.serves_others().await;
}
