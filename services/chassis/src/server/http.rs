//! The plain HTTP listener: liveness, readiness, metrics, and the public JSON that a service adds.

use super::listener::{self, Places};
use super::position::Readiness;
use crate::config;
use crate::telemetry::Telemetry;
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How long answers in flight may take once the listener closes. It closes last, so few are.
const GRACE: Duration = Duration::from_secs(2);
/// Largest block of request headers in bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// How many timeouts may pass from the head of one request to that of the next: one until the answer begins, one for the
/// client to take it, one until it asks again.
const PATIENCE: u32 = 3;

/// All routes: the server's own, and `routes` of the service, each bounded in time and safe from panics.
pub(super) fn router(
    routes: Router,
    readiness: Arc<dyn Readiness>,
    drain: CancellationToken,
    telemetry: Telemetry,
    timeout: Duration,
) -> Router {
    let ready = move || async move {
        let ready = if drain.is_cancelled() {
            Err("shutting down".to_owned())
        } else {
            readiness.ready()
        };
        match ready {
            Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
            Err(waiting_for) => (StatusCode::SERVICE_UNAVAILABLE, format!("{waiting_for}\n")),
        }
    };
    let metrics = move || async move {
        match telemetry.prometheus() {
            Ok(text) => ([("content-type", "text/plain; version=0.0.4")], text).into_response(),
            Err(error) => {
                tracing::error!(%error, "metrics cannot be shown");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(routes)
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            bounded(request, next, timeout)
        }))
}

async fn bounded(request: Request, next: Next, timeout: Duration) -> Response {
    let handling = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(timeout, handling).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let failure = super::guard::panicked(panic.as_ref());
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{failure}\n")).into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "took too long\n").into_response(),
    }
}

/// Tells that the process lives and is not ready, while there is nothing else to tell yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Waiting {
    /// `None` if the address is not free, which is for the server to report, or to be chosen by the system.
    pub(crate) async fn begin(config: &config::Http, why: &'static str) -> Option<Self> {
        if config.listen.port() == 0 {
            return None;
        }
        let listener = TcpListener::bind(config.listen).await.ok()?;
        let router = Router::new()
            .route("/healthz", get(|| async { "alive\n" }))
            .route(
                "/readyz",
                get(move || async move { (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")) }),
            );
        let stop = CancellationToken::new();
        let serving = serve(listener, router, config.clone(), stop.clone());
        Some(Self {
            stop,
            task: AbortOnDropHandle::new(tokio::spawn(serving)),
        })
    }

    /// Frees the address.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

/// Serves until `stop`, then finishes what is in flight.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    config: config::Http,
    stop: CancellationToken,
) {
    let places = Places::new(config.max_connections, config.connections_of_an_address());
    let timeout = Duration::from_millis(config.timeout_ms);
    let graceful = GracefulShutdown::new();
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Counts also while a connection waits for its next request.
        .header_read_timeout(timeout)
        .max_buf_size(LARGEST_HEAD);
    loop {
        let (stream, _, place) = tokio::select! {
            accepted = listener::accept(&listener, &places) => accepted,
            () = stop.cancelled() => break,
        };
        let asked = Arc::new(Notify::new());
        let service = service_fn({
            let asked = Arc::clone(&asked);
            let routes = TowerToHyperService::new(router.clone());
            move |request: hyper::Request<Incoming>| {
                asked.notify_one();
                routes.call(request)
            }
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            drive(connection, &asked, timeout * PATIENCE).await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("http connections cut off at shutdown");
    }
}

/// Serves a connection until it ends, or until nothing has been `asked` on it for `longest`: a client that does not take
/// its answer must not keep its place from those who probe whether the process lives.
async fn drive(connection: impl Future, asked: &Notify, longest: Duration) {
    let mut connection = pin!(connection);
    loop {
        tokio::select! {
            // A client that goes away in the middle is nobody's fault.
            _ = &mut connection => return,
            () = asked.notified() => {}
            () = tokio::time::sleep(longest) => {
                tracing::debug!("http connection closed: its client is too slow");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep, timeout};

    #[tokio::test(start_paused = true)]
    async fn a_connection_lasts_as_long_as_it_is_used() {
        const LONGEST: Duration = Duration::from_secs(30);
        let asked = Notify::new();
        let begun = Instant::now();
        let using = async {
            for _ in 0..10 {
                sleep(Duration::from_secs(29)).await;
                asked.notify_one();
            }
        };
        tokio::join!(drive(std::future::pending::<()>(), &asked, LONGEST), using);
        assert_eq!(begun.elapsed().as_secs(), 290 + 30);

        let ended = drive(std::future::ready(()), &asked, LONGEST);
        let ended = timeout(Duration::from_secs(1), ended).await;
        assert!(ended.is_ok(), "a client that is done is not waited for");
    }
}
