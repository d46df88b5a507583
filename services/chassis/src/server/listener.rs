//! Accepts connections, no more than a bound, and drops those that connect and then say nothing.

use futures::Stream;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tonic::transport::server::Connected;

/// The shortest that an HTTP/2 client can begin with: its preface and an empty SETTINGS frame.
const SHORTEST_OPENING: usize = 24 + 9;
/// Pause after the system refused a connection (out of file handles), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Yields accepted connections for ever. When all `slots` are taken, a new connection is closed at once: its client
/// then tries another replica, instead of hanging in a queue.
pub(super) fn connections(
    listener: TcpListener,
    slots: Arc<Semaphore>,
    handshake: Duration,
    tls: bool,
) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold(listener, move |listener| {
        let slots = Arc::clone(&slots);
        async move {
            let (stream, peer, slot) = accept(&listener, &slots).await;
            let connection = Connection {
                stream,
                peer: Peer(peer),
                opening: Some(Opening {
                    deadline: Box::pin(tokio::time::sleep(handshake)),
                    // The end of a TLS handshake may carry the opening with it; then only the next bytes are seen.
                    missing: if tls { 1 } else { SHORTEST_OPENING },
                }),
                past_tls: AtomicBool::new(false),
                _slot: slot,
            };
            Some((Ok(connection), listener))
        }
    })
}

/// The next connection that finds a free slot.
pub(super) async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, IpAddr, OwnedSemaphorePermit) {
    loop {
        match listener.accept().await {
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            Ok((stream, peer)) => match Arc::clone(slots).try_acquire_owned() {
                Err(_) => tracing::debug!("connection closed: too many"),
                Ok(slot) => {
                    // Small answers must not wait for acknowledgements; a socket that refuses is about to fail.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip(), slot);
                }
            },
        }
    }
}

/// A TCP connection that fails unless its client has begun to speak in time, and that counts against the bound while
/// it lives. After the opening HTTP/2 pings watch over it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    peer: Peer,
    opening: Option<Opening>,
    past_tls: AtomicBool,
    _slot: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Opening {
    deadline: Pin<Box<Sleep>>,
    /// Bytes that must still come.
    missing: usize,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    /// tonic asks once TLS, if there is any, is established.
    fn connect_info(&self) -> Peer {
        self.past_tls.store(true, Ordering::Relaxed);
        self.peer
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some(opening) = &mut this.opening else {
            return Pin::new(&mut this.stream).poll_read(cx, buffer);
        };
        if opening.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if *this.past_tls.get_mut() {
            let read = buffer.filled().len() - before;
            opening.missing = opening.missing.saturating_sub(read);
            if opening.missing == 0 {
                this.opening = None;
            }
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
