//! A TCP proxy that cuts, holds and refuses connections as a test says.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Bytes passed on at once, so that a cut falls between any two.
const CHUNK: usize = 16 * 1024;

/// What a proxy does with what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    Open,
    /// Nothing passes and nothing is told: a network that drops packets. What was sent meanwhile arrives afterwards.
    Held,
    /// Connections are broken and refused.
    Closed,
}

/// Passes bytes between clients and one server until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    /// Bytes until the next cut; negative: none is due.
    left: AtomicI64,
    cuts: AtomicU64,
    generation: watch::Sender<u64>,
    passage: watch::Sender<Passage>,
}

impl Proxy {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// If there is none.
    pub async fn start(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            left: AtomicI64::new(-1),
            cuts: AtomicU64::new(0),
            generation: watch::Sender::new(0),
            passage: watch::Sender::new(Passage::Open),
        });
        let accepting = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if accepting.is_closed() {
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(server).await else {
                    continue;
                };
                let _ = client.set_nodelay(true);
                let _ = upstream.set_nodelay(true);
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = upstream.into_split();
                let generation = *accepting.generation.borrow();
                let shared = accepting.clone();
                tokio::spawn(shared.pass(from_client, to_server, generation));
                let shared = accepting.clone();
                tokio::spawn(shared.pass(from_server, to_client, generation));
            }
        });
        Ok(Self {
            address,
            shared,
            listener: task.abort_handle(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections after so many more bytes, of both directions together.
    pub fn cut_after(&self, bytes: u32) {
        self.shared.left.store(i64::from(bytes), Ordering::SeqCst);
    }

    /// Opens, holds or closes it for all connections.
    pub fn set(&self, passage: Passage) {
        self.shared.passage.send_replace(passage);
        if passage == Passage::Closed {
            self.shared.cut();
        }
    }

    /// Cuts so far.
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.shared.cut();
    }
}

impl Shared {
    fn is_closed(&self) -> bool {
        *self.passage.borrow() == Passage::Closed
    }

    fn cut(&self) {
        self.generation.send_modify(|number| *number += 1);
    }

    async fn pass(self: Arc<Self>, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, born: u64) {
        let mut cut = self.generation.subscribe();
        let mut passage = self.passage.subscribe();
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = tokio::select! {
                read = from.read(&mut buffer) => read,
                _ = cut.wait_for(|now| *now != born) => return,
            };
            let Ok(read @ 1..) = read else {
                return;
            };
            tokio::select! {
                _ = passage.wait_for(|now| *now != Passage::Held) => {}
                _ = cut.wait_for(|now| *now != born) => return,
            }
            let (pass, cut_here) = self.count(read);
            if to.write_all(&buffer[..pass]).await.is_err() {
                return;
            }
            if cut_here {
                self.cut();
                self.cuts.fetch_add(1, Ordering::SeqCst);
                return;
            }
        }
    }

    /// How many of `read` bytes may pass, and whether the cut comes after them.
    fn count(&self, read: usize) -> (usize, bool) {
        let taken = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| match left {
                ..0 => None,
                left if left <= read as i64 => Some(-1),
                left => Some(left - read as i64),
            });
        match taken {
            Ok(left) if left <= read as i64 => (left as usize, true),
            _ => (read, false),
        }
    }
}
