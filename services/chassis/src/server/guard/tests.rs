use super::*;
use crate::clock::ManualClock;
use crate::server::tokens::{Audience, Claims, TokenIssuer};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use jiff::Timestamp;
use std::convert::Infallible;
use tower::service_fn;

/// When tokens are checked here, in Unix seconds.
const NOW: i64 = 1_000_000;
/// A stream that is public, also for callers with a token.
const STREAM: &str = "/traffic.parking.v1.ParkingAvailabilityService/WatchAvailability";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const LIST: &str = "/grpc.health.v1.Health/List";
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// A message stream in which nothing comes and which does not end.
struct Endless;

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}

/// A handler that never answers.
async fn silent(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    std::future::pending().await
}

/// A handler that answers at once, without an end.
async fn endless(_: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::new(Endless)))
}

async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, Status>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

struct World {
    admission: Arc<Admission>,
    issuer: TokenIssuer,
}

impl World {
    fn new() -> Self {
        let issuer = TokenIssuer::generate("k1").unwrap();
        let keys = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(keys.path(), issuer.key_set().to_string()).unwrap();
        let auth = config::Auth {
            key_set_file: Some(keys.path().to_owned()),
            ..config::Auth::default()
        };
        let clock = ManualClock::starting_at(Timestamp::from_second(NOW).unwrap());
        let services = ["traffic.parking.v1.ParkingAvailabilityService"];
        let methods = Methods::declared(traffic_proto::DESCRIPTORS, services)
            .unwrap()
            .with_infrastructure();
        let admission = Admission::new(
            "traffic.parking",
            &methods,
            Authenticator::new(&auth, Arc::new(clock)).unwrap(),
            Arc::new(()),
            &config::Grpc::default(),
            &config::Limits::default(),
            &Telemetry::start(&config::Telemetry::default(), "parking").unwrap(),
            CancellationToken::new(),
        );
        Self {
            admission: Arc::new(admission),
            issuer,
        }
    }

    fn token(&self, exp: i64) -> String {
        let claims = Claims {
            sub: "partner:cityworks".to_owned(),
            iss: "traffic".to_owned(),
            aud: Audience::One("traffic".to_owned()),
            exp,
            nbf: None,
            scope: String::new(),
            districts: Vec::new(),
            channel: None,
        };
        format!("Bearer {}", self.issuer.sign(&claims).unwrap())
    }

    /// What a call whose request goes on for ever ends with, and after how many seconds.
    async fn end_of<S>(&self, handler: S, path: &str, headers: &[(&str, &str)]) -> (Code, u64)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let begun = Instant::now();
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::new(Endless)).unwrap();
        let mut guard = GuardLayer(Arc::clone(&self.admission)).layer(handler);
        let (head, mut body) = guard.call(request).await.unwrap().into_parts();
        let mut last = head.headers;
        while let Some(frame) = next(&mut body).await {
            if let Ok(trailers) = frame.unwrap().into_trailers() {
                last = trailers;
            }
        }
        let code = Code::from_bytes(last[Status::GRPC_STATUS].as_bytes());
        (code, begun.elapsed().as_secs())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_a_minute_after_its_token_or_sooner_if_it_asks_to() {
    let world = World::new();
    let token = world.token(NOW + 1);
    for (timeout, ended) in [
        (None, (Code::Unauthenticated, 61)),
        (Some("1H"), (Code::Unauthenticated, 61)),
        (Some("5S"), (Code::DeadlineExceeded, 5)),
    ] {
        let mut headers = vec![("authorization", token.as_str())];
        headers.extend(timeout.map(|timeout| ("grpc-timeout", timeout)));
        // As a handler that answers in the end, and as one that streams.
        let answer = world.end_of(service_fn(silent), STREAM, &headers).await;
        assert_eq!(answer, ended, "{timeout:?}");
        let stream = world.end_of(service_fn(endless), STREAM, &headers).await;
        assert_eq!(stream, ended, "{timeout:?}");
    }
    let without_token = world.end_of(service_fn(endless), STREAM, &[]);
    let day = Duration::from_secs(86_400);
    let ended = tokio::time::timeout(day, without_token).await;
    assert!(ended.is_err(), "what is public needs no token: {ended:?}");
}

#[tokio::test(start_paused = true)]
async fn what_health_and_reflection_are_asked_ends_by_itself() {
    let world = World::new();
    let [v1, v1alpha] = REFLECTION;
    for (path, seconds) in [
        (CHECK, 10),
        (LIST, 10),
        (WATCH, 600),
        (v1, 10),
        (v1alpha, 10),
    ] {
        for (timeout, seconds) in [("10H", seconds), ("3S", 3)] {
            let headers = [("grpc-timeout", timeout)];
            let ended = world.end_of(service_fn(silent), path, &headers).await;
            assert_eq!(ended, (Code::DeadlineExceeded, seconds), "{path}");
        }
        let ended = world.end_of(service_fn(silent), path, &[]).await;
        assert_eq!(ended, (Code::DeadlineExceeded, seconds), "{path}");
    }
    for (path, seconds) in [(WATCH, 600), (v1, 10), (v1alpha, 10)] {
        let ended = world.end_of(service_fn(endless), path, &[]).await;
        assert_eq!(ended, (Code::DeadlineExceeded, seconds), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_reflection_leaves_to_a_task_ends_with_its_call() {
    let world = World::new();
    let (read, mut told) = tokio::sync::mpsc::channel(1);
    let leaving = service_fn(move |request: Request<Body>| {
        let read = read.clone();
        tokio::spawn(async move {
            let is_over = next(&mut request.into_body()).await.is_none();
            let _ = read.send(is_over).await;
        });
        endless(Request::default())
    });
    let ended = world.end_of(leaving, REFLECTION[0], &[]).await;
    assert_eq!(ended, (Code::DeadlineExceeded, 10));
    let read = tokio::time::timeout(Duration::from_secs(1), told.recv()).await;
    assert_eq!(read.unwrap(), Some(true), "the task has read to the end");
}

#[tokio::test]
async fn health_and_reflection_have_their_own_room_and_each_address_its_share_of_it() {
    let world = World::new();
    let own = &world.admission.infrastructure;
    let call = || Call {
        admission: Arc::clone(&world.admission),
        served: Arc::clone(&world.admission.methods[WATCH]),
        started: Instant::now(),
        slot: None,
        share: None,
        code: Code::Ok,
        span: tracing::Span::none(),
    };
    let admitted = |address: [u8; 4]| {
        let mut call = call();
        own.admit(&mut call, Some(address.into())).map(|()| call)
    };
    let mut held = Vec::new();
    for host in 0..4 {
        for _ in 0..MOST_OF_INFRASTRUCTURE_BY_ADDRESS {
            held.push(admitted([10, 0, 0, host]).unwrap());
        }
        let refused = admitted([10, 0, 0, host]).unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable, "its share is taken");
    }
    assert_eq!(held.len(), MOST_OF_INFRASTRUCTURE);
    assert!(admitted([10, 0, 0, 4]).is_err(), "all are taken");
    held.pop();
    assert!(admitted([10, 0, 0, 4]).is_ok());
    assert_eq!(world.admission.streaming.taken.load(Ordering::Relaxed), 0);
}
