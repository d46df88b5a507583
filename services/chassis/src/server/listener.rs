//! Accepts connections, no more than a bound in all and of one address, and drops those that connect and then say nothing.

use super::shares::{Share, Shares};
use futures::Stream;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
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

/// The address a request came from; of IPv6 the network of 64 bits, for one host has all addresses of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

impl Peer {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Self(Ipv6Addr::from_bits(network).into())
            }
        }
    }
}

/// Places for connections: in all, and of them for one address.
#[derive(Clone, Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    shares: Shares,
}

/// The place of one connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _share: Share,
}

impl Places {
    pub(super) fn new(most: usize, most_of_an_address: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most)),
            shares: Shares::new(most_of_an_address),
        }
    }

    fn take(&self, peer: Peer) -> Option<Place> {
        Some(Place {
            _share: self.shares.take(peer.0)?,
            _permit: Arc::clone(&self.free).try_acquire_owned().ok()?,
        })
    }
}

/// Yields accepted connections for ever. When there is no place, a new connection is closed at once: its client then
/// tries another replica, instead of hanging in a queue.
pub(super) fn connections(
    listener: TcpListener,
    places: Places,
    handshake: Duration,
    tls: bool,
) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold(listener, move |listener| {
        let places = places.clone();
        async move {
            let (stream, peer, place) = accept(&listener, &places).await;
            let connection = Connection {
                stream,
                peer,
                opening: Some(Opening {
                    deadline: Box::pin(tokio::time::sleep(handshake)),
                    // The end of a TLS handshake may carry the opening with it; then only the next bytes are seen.
                    missing: if tls { 1 } else { SHORTEST_OPENING },
                }),
                past_tls: AtomicBool::new(false),
                _place: place,
            };
            Some((Ok(connection), listener))
        }
    })
}

/// The next connection that finds a place.
pub(super) async fn accept(listener: &TcpListener, places: &Places) -> (TcpStream, Peer, Place) {
    loop {
        match listener.accept().await {
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
            Ok((stream, address)) => {
                let peer = Peer::of(address.ip());
                let Some(place) = places.take(peer) else {
                    tracing::debug!("connection closed: too many, in all or of its address");
                    continue;
                };
                // Small answers must not wait for acknowledgements; a socket that refuses is about to fail.
                let _ = stream.set_nodelay(true);
                return (stream, peer, place);
            }
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
    _place: Place,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_counted_once_whichever_of_its_addresses_it_uses() {
        let counted = |text: &str| Peer::of(text.parse().unwrap()).0.to_string();
        assert_eq!(counted("192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:2::7"), "2001:db8:1:2::");
        assert_eq!(counted("2001:db8:1:3::7"), "2001:db8:1:3::");
    }

    #[test]
    fn a_place_that_one_bound_refuses_is_not_counted_by_the_other() {
        let [one, other] = [[10_u8, 0, 0, 1], [10, 0, 0, 2]].map(|address| Peer(address.into()));
        let places = Places::new(2, 1);
        let (first, second) = (places.take(one), places.take(other));
        assert!(first.is_some() && second.is_some());
        drop(first);
        assert!(places.take(other).is_none(), "it has its share");
        let again = places.take(one);
        assert!(again.is_some(), "the refused one took no place");
        let third = Peer([10, 0, 0, 3].into());
        assert!(places.take(third).is_none(), "all are taken");
        drop(second);
        assert!(places.take(third).is_some(), "nor did it take its share");
    }
}
