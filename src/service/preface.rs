//! Whether a client has said which protocol it speaks.

use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::sync::oneshot;
use tokio_util::io::InspectReader;

/// How every client of HTTP/2 begins (RFC 9113, 3.4). Until that much has come, or something else,
/// hyper waits for the rest, without end.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How much of the preface has come.
#[derive(Debug)]
struct Beginning {
    n_come: usize,
    /// Dropped as soon as the protocol is known.
    unknown: Option<oneshot::Sender<()>>,
}

/// Completes once the protocol is known, or the socket is gone.
#[derive(Debug)]
pub(super) struct Known(oneshot::Receiver<()>);

/// Watches a socket of which nothing has been read.
pub(super) fn watch<S: AsyncRead>(socket: S) -> (InspectReader<S, impl FnMut(&[u8])>, Known) {
    let (mut beginning, known) = Beginning::new();
    let watched = InspectReader::new(socket, move |come: &[u8]| beginning.look_at(come));
    (watched, known)
}

impl Known {
    /// Completes if the protocol is not known in time; never if it is.
    pub(super) async fn overdue(self, patience: Duration) {
        if tokio::time::timeout(patience, self.0).await.is_ok() {
            std::future::pending().await
        }
    }
}

impl Beginning {
    fn new() -> (Self, Known) {
        let (unknown, known) = oneshot::channel();
        let beginning = Self {
            n_come: 0,
            unknown: Some(unknown),
        };
        (beginning, Known(known))
    }

    fn look_at(&mut self, come: &[u8]) {
        let rest = &PREFACE[self.n_come..];
        let n_same = come.len().min(rest.len());
        self.n_come += n_same;
        if come[..n_same] != rest[..n_same] || self.n_come == PREFACE.len() {
            self.unknown = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the protocol is known after these pieces.
    fn is_known(pieces: &[&[u8]]) -> bool {
        let (mut beginning, _known) = Beginning::new();
        for piece in pieces {
            beginning.look_at(piece);
        }
        beginning.unknown.is_none()
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
