//! Whether a client has said which protocol it speaks.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

/// How every client of HTTP/2 begins (RFC 9113, 3.4). Until that much has come, or something else,
/// hyper waits for the rest, without end.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A socket that tells when its client's protocol is known.
#[derive(Debug)]
pub(super) struct Watched<S> {
    socket: S,
    /// So many bytes of the preface have come.
    n_come: usize,
    /// Dropped as soon as it is known.
    unknown: Option<oneshot::Sender<()>>,
}

/// Completes once the protocol is known, or the socket is gone.
#[derive(Debug)]
pub(super) struct Known(oneshot::Receiver<()>);

/// Watches a socket of which nothing has been read.
pub(super) fn watch<S>(socket: S) -> (Watched<S>, Known) {
    let (unknown, known) = oneshot::channel();
    let watched = Watched {
        socket,
        n_come: 0,
        unknown: Some(unknown),
    };
    (watched, Known(known))
}

impl Known {
    /// Completes if the protocol is not known in time; never if it is.
    pub(super) async fn overdue(self, patience: Duration) {
        if tokio::time::timeout(patience, self.0).await.is_ok() {
            std::future::pending().await
        }
    }
}

impl<S> Watched<S> {
    fn look_at(&mut self, come: &[u8]) {
        let rest = &PREFACE[self.n_come..];
        let n_same = come.len().min(rest.len());
        self.n_come += n_same;
        if come[..n_same] != rest[..n_same] || self.n_come == PREFACE.len() {
            self.unknown = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if self.unknown.is_some() {
            self.look_at(&buffer.filled()[n_before..]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the protocol is known after these pieces.
    fn is_known(pieces: &[&[u8]]) -> bool {
        let (mut watched, _known) = watch(());
        for piece in pieces {
            if watched.unknown.is_some() {
                watched.look_at(piece);
            }
        }
        watched.unknown.is_none()
    }

    #[test]
    fn a_protocol_is_known_by_a_whole_preface_or_another_beginning() {
        assert!(!is_known(&[]));
        assert!(!is_known(&[b"PRI * ", b"HTTP/2.0\r\n"]));
        assert!(is_known(&[PREFACE]));
        assert!(is_known(&[&PREFACE[..5], &PREFACE[5..], b"more"]));
        assert!(is_known(&[b"P", b"OST / HTTP/1.1"]));
        assert!(is_known(&[b"GET"]));
    }
}
