//! What a streaming answer has handed over and its client has not taken yet: bounded, however much a client lets itself
//! be sent.

use bytes::Bytes;
use futures::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// Most that waits for one client, in bytes; the frame that reaches it still goes out whole.
///
/// HTTP/2's own bound, 400 KiB of each stream in hyper, counts only what is in the frames: of frames with one short message
/// each, several times as much is held.
const MOST: usize = 64 << 10;
/// What a frame takes beside its bytes, at most: its places in queues that grow by doubling, and the page its bytes are in.
const BESIDES: usize = 2 << 10;

/// What one stream has handed over.
#[derive(Clone, Default)]
pub(super) struct Backlog(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    /// In bytes, with what each frame takes besides.
    size: AtomicUsize,
    /// The stream, when it waits for room.
    stream: AtomicWaker,
}

impl Backlog {
    /// Ready when one more frame may be handed over.
    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        self.0.stream.register(cx.waker());
        // Again: what was taken in between has woken nobody.
        if self.has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn has_room(&self) -> bool {
        self.0.size.load(Ordering::Acquire) < MOST
    }

    /// The same bytes, which count until the transport lets go of them.
    pub(super) fn hold(&self, bytes: Bytes) -> Bytes {
        let size = bytes.len() + BESIDES;
        self.0.size.fetch_add(size, Ordering::AcqRel);
        Bytes::from_owner(Held {
            bytes,
            size,
            backlog: self.clone(),
        })
    }
}

/// Bytes on their way.
struct Held {
    bytes: Bytes,
    size: usize,
    backlog: Backlog,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let waiting = &self.backlog.0;
        waiting.size.fetch_sub(self.size, Ordering::AcqRel);
        waiting.stream.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::{ArcWake, waker};
    use std::sync::atomic::AtomicBool;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl ArcWake for Woken {
        fn wake_by_ref(woken: &Arc<Self>) {
            woken.0.store(true, Ordering::SeqCst);
        }
    }

    /// Hands over frames of so many bytes until there is no room.
    fn filled(backlog: &Backlog, cx: &Context<'_>, bytes: usize) -> Vec<Bytes> {
        (0..10_000)
            .take_while(|_| backlog.poll_room(cx).is_ready())
            .map(|_| backlog.hold(Bytes::from(vec![7; bytes])))
            .collect()
    }

    #[test]
    fn what_a_client_has_not_taken_is_bounded_whatever_the_size_of_its_frames() {
        let waker = waker(Arc::new(Woken::default()));
        let cx = Context::from_waker(&waker);
        for (bytes, most) in [(1, 32), (100, 31), (16 << 10, 4), (1 << 20, 1)] {
            let frames = filled(&Backlog::default(), &cx, bytes).len();
            assert_eq!(frames, most, "frames of {bytes} bytes");
        }
    }

    #[test]
    fn a_stream_goes_on_once_its_client_has_taken_something() {
        let woken = Arc::new(Woken::default());
        let waker = waker(Arc::clone(&woken));
        let cx = Context::from_waker(&waker);
        let backlog = Backlog::default();
        let mut frames = filled(&backlog, &cx, 100);
        assert!(backlog.poll_room(&cx).is_pending());
        assert!(!woken.0.load(Ordering::SeqCst));

        let first = frames.remove(0);
        let again = first.clone();
        drop(first);
        assert!(backlog.poll_room(&cx).is_pending(), "a part is still held");
        assert_eq!(again, vec![7; 100]);
        drop(again);
        assert!(woken.0.load(Ordering::SeqCst));
        drop(frames);
        assert!(backlog.poll_room(&cx).is_ready());
    }
}
