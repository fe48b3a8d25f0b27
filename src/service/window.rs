//! How much of a stream is in work: so many messages, and so many bytes of them.

use std::task::Poll;

use futures_util::FutureExt;
use futures_util::stream::{self, FuturesOrdered, Stream, StreamExt};

/// A stream whose unanswered messages have so many bytes together is not read on.
const MAX_BYTES: usize = 1 << 20;

/// The answers to messages, in order. Each message comes as its size in bytes and the answer to be; further ones are
/// read while less than so many, and less than [`MAX_BYTES`] of them, are unanswered.
pub(super) fn answers<F: Future + Send>(
    messages: impl Stream<Item = (usize, F)> + Send,
    max_messages: usize,
) -> impl Stream<Item = F::Output> + Send
where
    F::Output: Send,
{
    let mut messages = Box::pin(messages.fuse());
    let mut open = FuturesOrdered::new();
    let mut n_bytes = 0;
    stream::poll_fn(move |context| {
        while open.len() < max_messages && n_bytes < MAX_BYTES {
            let Poll::Ready(Some((size, answer))) = messages.as_mut().poll_next(context) else {
                break;
            };
            n_bytes += size;
            open.push_back(answer.map(move |answer| (size, answer)));
        }
        match open.poll_next_unpin(context) {
            Poll::Ready(Some((size, answer))) => {
                n_bytes -= size;
                Poll::Ready(Some(answer))
            }
            Poll::Ready(None) if messages.is_done() => Poll::Ready(None),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// How many messages of a size are read while none is answered.
    fn n_read(size: usize) -> usize {
        let n_read = AtomicUsize::new(0);
        let messages = stream::iter(0..100).map(|_| {
            n_read.fetch_add(1, Ordering::Relaxed);
            (size, pending::<()>())
        });
        assert!(answers(messages, 32).next().now_or_never().is_none());
        n_read.load(Ordering::Relaxed)
    }

    #[test]
    fn large_messages_are_read_one_by_one() {
        assert_eq!(n_read(1_000), 32);
        assert_eq!(n_read(MAX_BYTES / 4), 4);
        assert_eq!(n_read(MAX_BYTES - 1), 2);
        assert_eq!(n_read(4 * MAX_BYTES), 1);
    }

    #[test]
    fn all_are_answered_in_order() {
        let messages = stream::iter(0..100).map(|number| (MAX_BYTES, ready(number)));
        let answered = answers(messages, 32).collect::<Vec<_>>();
        assert_eq!(answered.now_or_never(), Some((0..100).collect()));
    }
}
