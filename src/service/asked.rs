//! What a request asks for, in which protocol, and whether and until when it is answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{Method, Request, Version, header};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Instant;
use tonic::Status;

use super::call::Call;
use super::route::{Route, content_type};
use super::status;

const GRPC_ENCODING: &str = "grpc-encoding";
/// More of a message that is refused for its headers is not read.
const SKIM_BYTES: usize = 512 << 10;
/// Nor is it waited for longer.
const SKIM_TIME: Duration = Duration::from_secs(1);

/// How a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Grpc,
    /// A browser's script asks, or a gRPC-Web client elsewhere.
    GrpcWeb,
    /// Also what asks for a gRPC call in none of gRPC's ways.
    Http,
}

impl Protocol {
    /// The protocol of a request. gRPC has calls by POST and names itself in the content type; over HTTP/1
    /// its status, which comes last, would be lost.
    pub(super) fn of(route: Route, head: &Parts) -> Self {
        if route.is_plain_http() || head.method != Method::POST {
            return Self::Http;
        }
        match content_type(&head.headers) {
            "application/grpc" | "application/grpc+proto" if head.version == Version::HTTP_2 => {
                Self::Grpc
            }
            "application/grpc-web"
            | "application/grpc-web+proto"
            | "application/grpc-web-text"
            | "application/grpc-web-text+proto" => Self::GrpcWeb,
            _ => Self::Http,
        }
    }
}

/// Refuses a request that is of another method than its route's, or whose body nobody can read: neither is
/// worth a place or a caller's rate. HTTP's encodings are named in any case, gRPC's in lower case.
pub(super) fn rightly(route: Route, protocol: Protocol, head: &Parts) -> Result<(), Status> {
    if route.method().is_some_and(|own| own != head.method) {
        return Err(status::wrong_method());
    }
    let is_http = protocol == Protocol::Http;
    if is_http && !route.is_plain_http() {
        return Err(status::wrong_type(
            content_type(&head.headers),
            head.version,
        ));
    }
    let header = match is_http {
        true => header::CONTENT_ENCODING.as_str(),
        false => GRPC_ENCODING,
    };
    let (Some(taken), Some(sent)) = (route.encodings(), head.headers.get(header)) else {
        return Ok(());
    };
    let is_taken = match is_http {
        true => sent.as_bytes().eq_ignore_ascii_case(taken.as_bytes()),
        false => taken.split(',').any(|one| sent == one),
    };
    match is_taken {
        true => Ok(()),
        false => Err(status::wrong_encoding(header, sent, taken)),
    }
}

/// A request on its way to its handler.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) route: Route,
    pub(super) protocol: Protocol,
    /// Why it does not get there.
    pub(super) refusal: Option<Status>,
    /// When its answer has to begin.
    pub(super) end: Instant,
    pub(super) call: Arc<Call>,
}

impl Asked {
    /// What the handler says, or the refusal, or the word that there was no time for an answer. It
    /// stands beneath what belongs to a protocol, so that whoever asks can read all three.
    pub(super) async fn by<B, F>(
        &self,
        request: Request<B>,
        handler: impl FnOnce(Request<B>) -> F,
    ) -> Result<F::Output, Status>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        F: Future,
    {
        if let Some(refusal) = &self.refusal {
            if !self.route.is_stream() {
                skim(request.into_body(), SKIM_BYTES);
            }
            return Err(refusal.clone());
        }
        let answer = tokio::time::timeout_at(self.end, handler(request)).await;
        answer.map_err(|_| status::deadline_exceeded())
    }

    /// Counts the article of a single call whose answer is a status, unless that is done. Another method
    /// than the call's sends none.
    pub(super) fn count(&self, status: &Status) {
        let is_counted = self.call.tally.articles.load(Ordering::Relaxed) > 0;
        if is_counted || !self.route.is_single() {
            return;
        }
        let reason = status::reason_of(status);
        if reason != status::WRONG_METHOD {
            self.call.refuse(1, &reason);
        }
    }
}

/// Reads what is not wanted, if it comes soon and is not much, while its answer is sent already.
/// A call that is answered with its message unread would be reset behind the answer; the client
/// may see the reset instead. Until the reset is on its way the server counts the call as open
/// and its client does not: the client's next call would be one too many for the connection, and
/// be refused by HTTP/2 without a word of when to come back.
pub(super) fn skim(mut body: impl Body<Data = Bytes> + Send + Unpin + 'static, max_bytes: usize) {
    let mut rest = Box::pin(async move {
        let mut n_bytes = 0;
        while let (true, Some(Ok(frame))) = (n_bytes < max_bytes, body.frame().await) {
            n_bytes += frame.data_ref().map_or(0, Bytes::len);
        }
    });
    // Most messages are there before their call is looked at.
    if rest.as_mut().now_or_never().is_none() {
        tokio::spawn(tokio::time::timeout(SKIM_TIME, rest));
    }
}
