//! The one layer that every gRPC request passes: admission before the handler, bookkeeping after it.

use super::auth::{Authenticator, Caller, EXPIRED};
use super::body::{EndingBody, GuardedBody};
use super::errors::{DOMAIN, Failure};
use super::headers;
use super::listener::Peer;
use super::position::Positions;
use super::rate::{Client, RateLimiter};
use super::scopes::{Method, MethodKind, Methods};
use super::shares::{Share, Shares};
use crate::config;
use crate::telemetry::{SPANS, Telemetry, context_of};
use futures::FutureExt;
use http::{HeaderValue, Request, Response};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use std::any::Any;
use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Request metadata: answer only from a projection that has reached this position.
pub const MIN_POSITION: &str = "traffic-min-position";
/// Response metadata: the position the answer was read at, or that the command was written at.
pub const POSITION: &str = "traffic-position";

/// Suggested pause after an overload or a replica that is behind.
const RETRY_SOON: Duration = Duration::from_millis(200);
/// Calls of health and reflection in flight, of each kind. More than there are load balancers and callers that watch.
const MOST_OF_INFRASTRUCTURE: usize = 256;
/// Of them, of both kinds, from one address: nobody keeps all others from asking.
const MOST_OF_INFRASTRUCTURE_BY_ADDRESS: usize = 64;

/// Tells the caller at which position a command was written; without it the answer carries the position read.
pub fn set_position<T>(response: &mut tonic::Response<T>, position: u64) {
    response.metadata_mut().insert(POSITION, position.into());
}

/// What all requests of a server share.
#[derive(Debug)]
pub(super) struct Admission {
    domain: Arc<str>,
    methods: HashMap<Arc<str>, Arc<Served>>,
    authenticator: Authenticator,
    rate: RateLimiter,
    positions: Arc<dyn Positions>,
    anonymous: Arc<Caller>,
    unary: Room,
    streaming: Room,
    infrastructure: Infrastructure,
    default_timeout: Duration,
    max_timeout: Duration,
    position_wait: Duration,
    duration: Histogram<f64>,
    pub(super) drain: CancellationToken,
}

/// What health and reflection have of their own. Anybody may ask them, so they must not use up what the services need; and
/// whoever floods the services must not make them seem ill.
#[derive(Debug)]
struct Infrastructure {
    rate: RateLimiter,
    unary: Room,
    streaming: Room,
    shares: Shares,
}

/// A method and the attributes of its measurements, one set a status code, made once.
#[derive(Debug)]
struct Served {
    method: Arc<Method>,
    attributes: Vec<[KeyValue; 2]>,
}

const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

/// Calls in flight of one kind, up to a bound.
#[derive(Debug)]
struct Room {
    taken: Arc<AtomicUsize>,
    most: usize,
}

impl Room {
    fn new(most: usize) -> Self {
        Self {
            taken: Arc::default(),
            most,
        }
    }

    fn enter(&self) -> Option<Slot> {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&self.taken));
        // Dropping the slot gives back what was taken too much.
        (before < self.most).then_some(slot)
    }
}

#[derive(Debug)]
struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    #[expect(
        clippy::too_many_arguments,
        reason = "called once, where the server is put together"
    )]
    pub(super) fn new(
        domain: &str,
        methods: &Methods,
        authenticator: Authenticator,
        positions: Arc<dyn Positions>,
        grpc: &config::Grpc,
        limits: &config::Limits,
        telemetry: &Telemetry,
        drain: CancellationToken,
    ) -> Self {
        let meter = telemetry.meter();
        let unary = Room::new(grpc.max_requests);
        let streaming = Room::new(grpc.max_streams);
        let infrastructure = Infrastructure {
            rate: RateLimiter::new(limits),
            unary: Room::new(MOST_OF_INFRASTRUCTURE),
            streaming: Room::new(MOST_OF_INFRASTRUCTURE),
            shares: Shares::new(MOST_OF_INFRASTRUCTURE_BY_ADDRESS),
        };
        for (kind, room) in [
            ("unary", &unary),
            ("streaming", &streaming),
            ("infrastructure_unary", &infrastructure.unary),
            ("infrastructure_streaming", &infrastructure.streaming),
        ] {
            let taken = Arc::clone(&room.taken);
            meter
                .u64_observable_gauge("rpc.server.in_flight")
                .with_description("calls being handled")
                .with_callback(move |gauge| {
                    gauge.observe(
                        taken.load(Ordering::Relaxed) as u64,
                        &[KeyValue::new("kind", kind)],
                    );
                })
                .build();
        }
        let served = methods.iter().map(|method| {
            let attributes = CODES
                .iter()
                .map(|(_, code)| {
                    [
                        KeyValue::new("rpc.method", Arc::clone(&method.path)),
                        KeyValue::new("rpc.response.status_code", *code),
                    ]
                })
                .collect();
            let served = Served {
                method: Arc::clone(method),
                attributes,
            };
            (Arc::clone(&method.path), Arc::new(served))
        });
        Self {
            domain: domain.into(),
            methods: served.collect(),
            authenticator,
            rate: RateLimiter::new(limits),
            positions,
            anonymous: Arc::new(Caller::anonymous()),
            unary,
            streaming,
            infrastructure,
            default_timeout: Duration::from_millis(grpc.default_timeout_ms),
            max_timeout: Duration::from_millis(grpc.max_timeout_ms),
            position_wait: Duration::from_millis(grpc.position_wait_ms),
            duration: meter
                .f64_histogram("rpc.server.call.duration")
                .with_unit("s")
                .with_description("from the request's head to the end of the answer")
                .with_boundaries(vec![
                    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                    1.0, 2.5, 5.0, 10.0,
                ])
                .build(),
            drain,
        }
    }

    /// Everything that can be decided without waiting.
    fn admit<B>(&self, call: &mut Call, request: &mut Request<B>) -> Result<Admitted, Failure> {
        let method = Arc::clone(&call.served.method);
        let requested = headers::timeout(request.headers())?;
        let timeout = match method.kind {
            MethodKind::Unary => Some(
                requested
                    .unwrap_or(self.default_timeout)
                    .min(self.max_timeout),
            ),
            // A stream lasts as long as its client wants it to, but no longer than its token: see below.
            MethodKind::Streaming => requested,
        };
        let timeout = timeout.into_iter().chain(method.infrastructure).min();
        let given = timeout.map(|timeout| Deadline {
            at: call.started + timeout,
            of_token: false,
        });
        if method.infrastructure.is_some() {
            self.infrastructure.admit(call, peer(request))?;
            return Ok(Admitted {
                deadline: given,
                at_least: 0,
            });
        }
        let authorization = request.headers().get(http::header::AUTHORIZATION);
        let known = self
            .authenticator
            .caller(authorization.map(HeaderValue::as_bytes))?;
        let client = match &known {
            Some(known) => Client::Actor(&known.caller.actor.id),
            None => nobody(peer(request)),
        };
        self.rate
            .take(client)
            .map_err(|retry_after| Failure::RateLimited { retry_after })?;
        let left = known.as_ref().and_then(|known| known.left);
        let caller = match known {
            Some(known) => known.caller,
            None if method.public => Arc::clone(&self.anonymous),
            None => return Err(Failure::Unauthenticated("a token is required")),
        };
        let missing = method
            .required_scopes
            .iter()
            .find(|scope| !caller.has_scope(scope));
        if let Some(scope) = missing {
            return Err(Failure::PermissionDenied(
                format!("the token lacks the scope {scope}").into(),
            ));
        }
        let room = match method.kind {
            MethodKind::Unary => &self.unary,
            MethodKind::Streaming => &self.streaming,
        };
        call.slot = Some(room.enter().ok_or_else(overloaded)?);
        let at_least = headers::min_position(request.headers())?;
        request.extensions_mut().insert(caller);
        let end_of_token = left
            .filter(|_| method.kind == MethodKind::Streaming)
            .map(|left| Deadline {
                at: call.started + left,
                of_token: true,
            });
        let deadline = given
            .into_iter()
            .chain(end_of_token)
            .min_by_key(|deadline| deadline.at);
        Ok(Admitted { deadline, at_least })
    }

    /// Waits, if need be, until the projection has come to where the caller wants to read.
    async fn reach(&self, at_least: u64, deadline: Option<Deadline>) -> Result<(), Failure> {
        if self.positions.current() >= at_least {
            return Ok(());
        }
        let bound = Instant::now() + self.position_wait;
        let bound = deadline.map_or(bound, |deadline| deadline.at.min(bound));
        let reached = tokio::time::timeout_at(bound, self.positions.reached(at_least)).await;
        reached.map_err(|_| match deadline {
            Some(deadline) if deadline.at <= bound => deadline.passed(),
            _ => Failure::unavailable("this replica has not reached the position yet", RETRY_SOON),
        })
    }

    fn span(&self, served: &Served, headers: &http::HeaderMap) -> tracing::Span {
        let path: &str = &served.method.path;
        let span = tracing::debug_span!(
            target: SPANS,
            "rpc",
            otel.name = path.trim_start_matches('/'),
            otel.kind = "server",
            rpc.system = "grpc",
            rpc.grpc.status_code = tracing::field::Empty,
        );
        if !span.is_disabled()
            && let Some(parent) = headers
                .get("traceparent")
                .and_then(|value| value.to_str().ok())
        {
            // Fails only where no tracer is installed.
            let _ = span.set_parent(context_of(parent));
        }
        span
    }
}

impl Infrastructure {
    /// Health and reflection want no token: who asks is counted by address.
    fn admit(&self, call: &mut Call, address: Option<IpAddr>) -> Result<(), Failure> {
        self.rate
            .take(nobody(address))
            .map_err(|retry_after| Failure::RateLimited { retry_after })?;
        if let Some(address) = address {
            call.share = Some(self.shares.take(address).ok_or_else(overloaded)?);
        }
        let room = match call.served.method.kind {
            MethodKind::Unary => &self.unary,
            MethodKind::Streaming => &self.streaming,
        };
        call.slot = Some(room.enter().ok_or_else(overloaded)?);
        Ok(())
    }
}

struct Admitted {
    deadline: Option<Deadline>,
    at_least: u64,
}

/// When a call ends at the latest, and of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    /// It is the caller's token that ends then, and not the time for the call.
    of_token: bool,
}

impl Deadline {
    /// What the caller is told when it has passed.
    pub(super) fn passed(self) -> Failure {
        if self.of_token {
            Failure::Unauthenticated(EXPIRED)
        } else {
            Failure::DeadlineExceeded
        }
    }
}

/// Whom a call without a token is counted for.
fn nobody(address: Option<IpAddr>) -> Client<'static> {
    address.map_or(Client::Actor("anonymous"), Client::Address)
}

fn overloaded() -> Failure {
    Failure::unavailable("too many calls in flight", RETRY_SOON)
}

fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    let extensions = request.extensions();
    let plain = extensions.get::<Peer>().copied();
    let peer = plain.or_else(|| {
        extensions
            .get::<tonic::transport::server::TlsConnectInfo<Peer>>()
            .map(|info| *info.get_ref())
    });
    peer.map(|peer| peer.0)
}

/// One call from its head to its end: holds its slot, and measures it when it is dropped.
#[derive(Debug)]
pub(super) struct Call {
    admission: Arc<Admission>,
    served: Arc<Served>,
    started: Instant,
    slot: Option<Slot>,
    share: Option<Share>,
    /// What it ended with. A call that is dropped before that was cancelled.
    code: Code,
    pub(super) span: tracing::Span,
}

impl Call {
    pub(super) fn ended(&mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code as usize;
        self.span.record("rpc.grpc.status_code", code);
        self.admission.duration.record(
            self.started.elapsed().as_secs_f64(),
            &self.served.attributes[code],
        );
    }
}

/// Puts [`Guard`] before the services.
#[derive(Clone, Debug)]
pub(super) struct GuardLayer(pub(super) Arc<Admission>);

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;
    fn layer(&self, inner: S) -> Guard<S> {
        Guard {
            inner,
            admission: Arc::clone(&self.0),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Guard<S> {
    inner: S,
    admission: Arc<Admission>,
}

impl<S> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: std::fmt::Display + Send,
{
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Self::Error>> + Send>>;

    /// The services behind are always ready: bounds are kept here.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let admission = Arc::clone(&self.admission);
        let Some(served) = admission.methods.get(request.uri().path()).map(Arc::clone) else {
            let response = Failure::Unimplemented
                .to_status(&admission.domain)
                .into_http();
            return Box::pin(std::future::ready(Ok(response)));
        };
        let mut call = Call {
            span: admission.span(&served, request.headers()),
            admission: Arc::clone(&admission),
            served,
            started: Instant::now(),
            slot: None,
            share: None,
            code: Code::Cancelled,
        };
        let inner = self.inner.clone();
        let span = call.span.clone();
        let handling = async move {
            let response = match admission.admit(&mut call, &mut request) {
                Err(failure) => Err(failure),
                Ok(admitted) => handle(&admission, inner, request, &call, &admitted)
                    .await
                    .map(|response| (response, admitted.deadline)),
            };
            Ok(match response {
                Ok((response, deadline)) => finish(&admission, call, response, deadline),
                Err(failure) => {
                    call.ended(failure.code());
                    failure.to_status(&admission.domain).into_http()
                }
            })
        };
        if span.is_disabled() {
            Box::pin(handling)
        } else {
            Box::pin(handling.instrument(span))
        }
    }
}

/// Runs the handler within the deadline, and survives its panic.
async fn handle<S>(
    admission: &Admission,
    mut inner: S,
    request: Request<Body>,
    call: &Call,
    admitted: &Admitted,
) -> Result<Response<Body>, Failure>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Error: std::fmt::Display,
{
    if admitted.at_least > 0 {
        admission
            .reach(admitted.at_least, admitted.deadline)
            .await?;
    }
    let request = match admitted.deadline {
        Some(deadline) if call.served.method.infrastructure.is_some() => {
            request.map(|body| Body::new(EndingBody::new(body, deadline.at)))
        }
        _ => request,
    };
    // Before the handler reads: what it reads then is this new or newer.
    let position = admission.positions.current();
    let handler = AssertUnwindSafe(async {
        std::future::poll_fn(|cx| inner.poll_ready(cx)).await?;
        inner.call(request).await
    })
    .catch_unwind();
    let handler = DOMAIN.scope(Arc::clone(&admission.domain), handler);
    let streaming = call.served.method.kind == MethodKind::Streaming;
    let bounded = async {
        match admitted.deadline {
            None => Ok(handler.await),
            Some(deadline) => tokio::time::timeout_at(deadline.at, handler)
                .await
                .map_err(|_| deadline.passed()),
        }
    };
    let outcome = if streaming {
        tokio::select! {
            outcome = bounded => outcome?,
            () = admission.drain.cancelled() => return Err(draining()),
        }
    } else {
        bounded.await?
    };
    let mut response = match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return Err(Failure::internal(error)),
        Err(panic) => return Err(panicked(panic.as_ref())),
    };
    response
        .headers_mut()
        .entry(POSITION)
        .or_insert_with(|| HeaderValue::from(position));
    Ok(response)
}

pub(super) fn draining() -> Failure {
    Failure::unavailable("this replica is shutting down", RETRY_SOON)
}

pub(super) fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Failure::internal(format_args!("handler panicked: {text}"))
}

/// Notes how the call ended, or sees to it that its stream will.
fn finish(
    admission: &Arc<Admission>,
    mut call: Call,
    response: Response<Body>,
    deadline: Option<Deadline>,
) -> Response<Body> {
    // An error, and only an error, has its status in the head.
    if let Some(code) = response.headers().get(Status::GRPC_STATUS) {
        let code = Code::from_bytes(code.as_bytes());
        let bare =
            code != Code::Ok && !response.headers().contains_key(Status::GRPC_STATUS_DETAILS);
        if !bare {
            call.ended(code);
            return response;
        }
        let status = Status::from_header_map(response.headers());
        let failure = Failure::from_bare_status(code, status.as_ref().map_or("", Status::message));
        call.ended(failure.code());
        return failure.to_status(&admission.domain).into_http();
    }
    if call.served.method.kind == MethodKind::Unary {
        call.ended(Code::Ok);
        return response;
    }
    let drain = admission.drain.clone();
    let domain = Arc::clone(&admission.domain);
    response.map(|body| Body::new(GuardedBody::new(body, call, domain, drain, deadline)))
}

#[cfg(test)]
mod tests;
