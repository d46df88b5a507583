//! The answer of a streaming call: no faster than its client takes it, ended at its deadline, when the server drains, or
//! when its handler panics, and always with a status that has details. And a request that ends with its call.

use super::backlog::Backlog;
use super::errors::{DOMAIN, Failure};
use super::guard::{Call, Deadline, draining, panicked};
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::body::Body;
use tonic::{Code, Status};

pub(super) struct GuardedBody {
    inner: Body,
    /// `None` once the stream has ended.
    call: Option<Call>,
    backlog: Backlog,
    domain: Arc<str>,
    drain: Pin<Box<WaitForCancellationFutureOwned>>,
    deadline: Option<(Deadline, Pin<Box<Sleep>>)>,
}

impl GuardedBody {
    pub(super) fn new(
        inner: Body,
        call: Call,
        domain: Arc<str>,
        drain: CancellationToken,
        deadline: Option<Deadline>,
    ) -> Self {
        Self {
            inner,
            call: Some(call),
            backlog: Backlog::default(),
            domain,
            drain: Box::pin(drain.cancelled_owned()),
            deadline: deadline.map(|deadline| {
                let passing = tokio::time::sleep_until(deadline.at);
                (deadline, Box::pin(passing))
            }),
        }
    }

    fn end(&mut self, code: Code) {
        if let Some(mut call) = self.call.take() {
            call.ended(code);
        }
    }

    /// The last frame: a status with all its details.
    fn end_with(&mut self, failure: &Failure) -> Frame<Bytes> {
        self.end(failure.code());
        // What the handler still holds is not needed any more.
        self.inner = Body::empty();
        let mut trailers = HeaderMap::new();
        if failure
            .to_status(&self.domain)
            .add_header(&mut trailers)
            .is_err()
        {
            trailers.insert(
                Status::GRPC_STATUS,
                http::HeaderValue::from(Code::Internal as i32),
            );
        }
        Frame::trailers(trailers)
    }

    fn checked(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        let Some(trailers) = frame.trailers_ref() else {
            return frame.map_data(|data| self.backlog.hold(data));
        };
        let code = trailers
            .get(Status::GRPC_STATUS)
            .map_or(Code::Unknown, |code| Code::from_bytes(code.as_bytes()));
        if code != Code::Ok && !trailers.contains_key(Status::GRPC_STATUS_DETAILS) {
            let status = Status::from_header_map(trailers);
            let failure =
                Failure::from_bare_status(code, status.as_ref().map_or("", Status::message));
            return self.end_with(&failure);
        }
        self.end(code);
        frame
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(call) = &this.call else {
            return Poll::Ready(None);
        };
        if this.drain.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Ok(this.end_with(&draining()))));
        }
        if let Some((deadline, passing)) = &mut this.deadline
            && passing.as_mut().poll(cx).is_ready()
        {
            let failure = deadline.passed();
            return Poll::Ready(Some(Ok(this.end_with(&failure))));
        }
        if this.backlog.poll_room(cx).is_pending() {
            return Poll::Pending;
        }
        let inner = Pin::new(&mut this.inner);
        let span = &call.span;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            DOMAIN.sync_scope(Arc::clone(&this.domain), || {
                span.in_scope(|| inner.poll_frame(cx))
            })
        }));
        match polled {
            Err(panic) => Poll::Ready(Some(Ok(this.end_with(&panicked(panic.as_ref()))))),
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Some(Ok(frame)))) => Poll::Ready(Some(Ok(this.checked(frame)))),
            Ok(Poll::Ready(Some(Err(status)))) => {
                this.end(status.code());
                Poll::Ready(Some(Err(status)))
            }
            Ok(Poll::Ready(None)) => {
                this.end(Code::Ok);
                Poll::Ready(None)
            }
        }
    }
}

/// A request that ends at its call's deadline, whatever is still to come. Reflection leaves its requests to a task that reads
/// to their end: without this the task, and the stream in its connection, would outlive the call for as long as the client
/// likes.
pub(super) struct EndingBody {
    inner: Body,
    end: Pin<Box<Sleep>>,
}

impl EndingBody {
    pub(super) fn new(inner: Body, end: Instant) -> Self {
        Self {
            inner,
            end: Box::pin(tokio::time::sleep_until(end)),
        }
    }
}

impl HttpBody for EndingBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.end.as_mut().poll(cx).is_ready() {
            this.inner = Body::empty();
            return Poll::Ready(None);
        }
        Pin::new(&mut this.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
