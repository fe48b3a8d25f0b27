//! The end of a call: its counters and its line in the log. A call ends once, however it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode, Version};
use http_body::{Frame, SizeHint};
use tonic::Code;
use tonic::body::Body;

use super::activity::OpenCall;
use super::call::Call;
use super::route::Route;
use super::traces::Ended;
use super::untaken;

const REQUEST_ID: &str = "x-request-id";
const MAX_REQUEST_ID_BYTES: usize = 64;
/// What HTTP/2 is handed it keeps until its client reads it, or the connection ends.
const PIECE_BYTES: usize = 32 << 10;

/// A call that has not ended. Dropped before it is told its code, it was cancelled by its client, or nobody took its
/// answer.
#[derive(Debug)]
pub(super) struct Record {
    route: Route,
    call: Arc<Call>,
    /// The caller's own name for the call.
    request_id: Option<String>,
    /// The caller's span.
    parent: Option<opentelemetry::Context>,
    started: Instant,
    open: OpenCall,
    code: Option<Code>,
    version: Version,
    /// By when the piece of its answer that was handed over last has to be taken.
    due: Option<tokio::time::Instant>,
}

impl Record {
    /// A call begins; those of probes are not counted.
    pub(super) fn begin(
        route: Route,
        call: Arc<Call>,
        head: &Parts,
        started: Instant,
        open: OpenCall,
    ) -> Self {
        if !route.is_probe() {
            call.shared.metrics.open_calls.inc();
        }
        Self {
            route,
            request_id: request_id(&head.headers),
            parent: call.shared.traces.parent(&head.headers),
            call,
            started,
            open,
            code: None,
            version: head.version,
            due: None,
        }
    }

    fn write(&self, code: Code) {
        let took = self.started.elapsed();
        let name = code_name(code);
        let metrics = &self.call.shared.metrics;
        metrics.call_ended(self.route.label(), name, took);
        let tally = &self.call.tally;
        let articles = tally.articles.load(Ordering::Relaxed);
        let refused = tally.refused.load(Ordering::Relaxed);
        let topic = tally.topic.get().filter(|_| articles == 1);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "copydesk::call",
                    method = self.route.label(),
                    code = name,
                    duration_us = took.as_micros() as u64,
                    articles,
                    refused = Some(refused).filter(|n| *n > 0),
                    article_bytes = tally.article_bytes.load(Ordering::Relaxed),
                    topic = topic.map(String::as_str),
                    caller = self.call.caller.as_ref().map(|caller| caller.name()),
                    request_id = self.request_id.as_deref(),
                    "call"
                )
            };
        }
        match code {
            _ if is_fault(code) => line!(error),
            _ if self.route.is_probe() => line!(debug),
            _ => line!(info),
        }
    }

    fn trace(&self, code: Code) {
        if self.route.is_probe() {
            return;
        }
        let tally = &self.call.tally;
        let ended = Ended {
            method: self.route.label(),
            code: code_name(code),
            is_fault: is_fault(code),
            took: self.started.elapsed(),
            articles: tally.articles.load(Ordering::Relaxed),
            article_bytes: tally.article_bytes.load(Ordering::Relaxed),
            topic: tally.topic.get(),
        };
        let traces = &self.call.shared.traces;
        traces.send(&ended, self.parent.as_ref());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.route.is_probe() {
            self.call.shared.metrics.open_calls.dec();
        }
        let code = self.code.unwrap_or_else(|| {
            if self.due.is_none_or(|due| tokio::time::Instant::now() < due) {
                self.open.was_cancelled();
            }
            self.call.abandoned()
        });
        self.write(code);
        self.trace(code);
    }
}

/// A frame of an answer, or why there is none.
type Piece = Result<Frame<Bytes>, tonic::Status>;

/// A response whose end is the end of its call.
#[derive(Debug)]
pub(super) struct Recorded {
    body: Body,
    /// What is left of a frame that is handed over in pieces.
    rest: Bytes,
    record: Option<Record>,
    call: Arc<Call>,
    version: Version,
}

impl Recorded {
    /// Watches a response. A gRPC status stands in the headers or comes last, and an error over plain HTTP
    /// has its code beside it. Where there is neither, an answer that says no, or nothing more, has said all
    /// by its HTTP status; any other by its end.
    pub(super) fn response(response: Response<Body>, mut record: Record) -> Response<Self> {
        let (parts, body) = response.into_parts();
        let is_over = http_body::Body::is_end_stream(&body);
        let has_said_all = is_over || parts.status != StatusCode::OK;
        let by_http = has_said_all.then(|| code_of_http(parts.status));
        let told = parts.extensions.get().copied();
        record.code = code_of(&parts.headers).or(told).or(by_http);
        let recorded = Self {
            body,
            rest: Bytes::new(),
            call: Arc::clone(&record.call),
            version: record.version,
            record: Some(record).filter(|_| !is_over),
        };
        Response::from_parts(parts, recorded)
    }

    /// Ends the call of an answer of which the head alone was asked for.
    pub(super) fn end_at_head(mut self) {
        self.end(None);
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) {
        if let Some(mut record) = self.record.take() {
            let told = record.call.code.get().copied();
            let code = trailers.and_then(code_of).or(told).or(record.code);
            // Plain HTTP that ended whole.
            record.code = Some(code.unwrap_or(Code::Ok));
        }
    }

    /// The next frame, of no more than [`PIECE_BYTES`].
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        if self.rest.is_empty() {
            let body = Pin::new(&mut self.body);
            let frame = ready!(http_body::Body::poll_frame(body, context));
            let data = frame.map(|frame| frame.map(Frame::into_data));
            match data {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(trailers))) => return Poll::Ready(Some(Ok(trailers))),
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None => return Poll::Ready(None),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE_BYTES));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    /// By when a frame that is handed over has to be taken. Of an answer over HTTP/1, what is behind the last one is
    /// the connection's next request.
    fn due(&self) -> Option<tokio::time::Instant> {
        let is_asked = self.record.is_some() || self.version == Version::HTTP_2;
        is_asked.then(|| self.call.due())
    }
}

impl http_body::Body for Recorded {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        untaken::due(None);
        let frame = ready!(this.poll_piece(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.end(Some(trailers));
                } else if this.is_end_stream() {
                    this.end(None);
                }
                let due = this.due();
                untaken::due(due);
                if let Some(record) = &mut this.record {
                    record.due = due;
                }
            }
            Some(Err(_)) => {}
            None => this.end(None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.rest.len() as u64 {
            0 => self.body.size_hint(),
            n_bytes => {
                let mut hint = SizeHint::new();
                hint.set_lower(n_bytes);
                hint
            }
        }
    }
}

/// The caller's name for its call, if it can stand in a log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && text.len() <= MAX_REQUEST_ID_BYTES).then(|| text.to_owned())
}

/// Whether the server is to blame, rather than its caller or its load.
fn is_fault(code: Code) -> bool {
    matches!(code, Code::Internal | Code::Unknown | Code::DataLoss)
}

/// The gRPC status that stands in headers or trailers.
pub(super) fn code_of(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get("grpc-status")?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// The code of an answer that is no error, or of `/readyz`.
fn code_of_http(status: StatusCode) -> Code {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ if status.is_success() => Code::Ok,
        _ => Code::Unknown,
    }
}

/// The code as the protocol's documents write it.
pub(super) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
