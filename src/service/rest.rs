//! The calls over plain HTTP: JSON in, JSON out, by the same way as over gRPC.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, LengthLimitError, Limited, StreamBody};
use prost::Message;
use tonic::body::Body;
use tonic::{Code, Status};

use super::asked::skim;
use super::call::Call;
use super::classify::{ClassifyError, classify_at};
use super::convert;
use super::deadline;
use super::front::Arriving;
use super::grpc;
use super::json::Json;
use super::lifecycle::{Lifecycle, Stop};
use super::pb;
use super::plain;
use super::status;
use super::stopping::Stopping;
use super::window;

const JSON_TYPE: &str = "application/json";
const LINES_TYPE: &str = "application/x-ndjson";
/// An answer of at most so many bytes, as a message, is written where its call is handled.
const MAX_INLINE_BYTES: usize = 64 << 10;

/// `POST /v1/classify`: a `ClassifyRequest`, answered with a `ClassifyResponse`.
pub(super) async fn classify(
    request: Request<Arriving>,
    json: &Json,
) -> Result<Response<Body>, Status> {
    let call = request.body().call();
    let limit_bytes = call.shared.config.max_message_bytes;
    let mut body = request.into_body();
    let read = Limited::new(&mut body, limit_bytes).collect().await;
    let bytes = match read {
        Ok(read) => read.to_bytes(),
        Err(error) => {
            skim(body, limit_bytes);
            return Err(unread(&*error, limit_bytes));
        }
    };
    let request: pb::ClassifyRequest = json
        .read("ClassifyRequest", &bytes)
        .map_err(|error| status::bad_json(&error))?;
    let options = convert::options(request.options);
    let response = grpc::classify(&call, request.article.into(), options)
        .await
        .map_err(|error| status::of_error(&error))?;
    if response.encoded_len() <= MAX_INLINE_BYTES {
        return answer(json, "ClassifyResponse", &response);
    }
    // A page's text and its places; to write them would keep other calls waiting.
    let json = json.clone();
    let written = move || answer(&json, "ClassifyResponse", &response);
    // This fails only when the runtime stops.
    let written = tokio::task::spawn_blocking(written).await;
    written.unwrap_or_else(|_| Err(status::of_error(&ClassifyError::Fault)))
}

/// `GET /v1/model`: a `GetModelResponse`.
pub(super) fn model(call: &Call, json: &Json) -> Result<Response<Body>, Status> {
    answer(json, "GetModelResponse", &grpc::model(call))
}

/// `POST /v1/classify:batch`: a `StreamClassifyRequest` in each line, answered in order with a
/// `StreamClassifyResponse` in each line, as the lines come. At the deadline the answer ends with an
/// error in the place of the next.
pub(super) fn lines(
    request: Request<Arriving>,
    json: &Json,
    lifecycle: &Lifecycle,
) -> Response<Body> {
    let call = request.body().call();
    let config = &call.shared.config;
    let max_messages = config.stream_window.get();
    let (reader, writer) = (json.clone(), json.clone());
    let own = Arc::clone(&call);
    let answers = json_lines(
        request.into_body(),
        config.max_message_bytes,
        Stopping::of(Arc::clone(&call), lifecycle.clone()),
    )
    .enumerate()
    .map(move |(index, line)| {
        let size_bytes = line.as_ref().map_or(0, Bytes::len);
        let answer = answer_line(index as u64, Arc::clone(&own), reader.clone(), line);
        (size_bytes, answer)
    });
    let answers = window::answers(answers, max_messages).map(Ok);
    let own = Arc::clone(&call);
    let answers = deadline::until(answers, call)
        .enumerate()
        .map(move |(index, answer)| {
            answer.unwrap_or_else(|status| {
                own.code.get_or_init(|| status.code());
                refused(index as u64, &status)
            })
        })
        .map(move |answer| Ok::<_, Status>(Frame::data(write_line(&writer, &answer))));
    let mut response = plain::with_type(StatusCode::OK, LINES_TYPE, String::new());
    *response.body_mut() = Body::new(StreamBody::new(answers));
    response
}

fn answer<M: Message>(json: &Json, name: &str, message: &M) -> Result<Response<Body>, Status> {
    let text = json
        .write(name, message)
        .map_err(|error| status::unwritten(&error))?;
    Ok(plain::with_type(StatusCode::OK, JSON_TYPE, text))
}

fn unread(error: &(dyn std::error::Error + Send + Sync + 'static), limit_bytes: usize) -> Status {
    if error.is::<LengthLimitError>() {
        status::body_too_large(limit_bytes)
    } else {
        status::cut_off()
    }
}

/// Why there is no further line.
#[derive(Debug)]
enum BadLine {
    TooLong { limit_bytes: usize },
    CutOff,
    Stopping { why: Stop, n_taken: u64 },
}

async fn answer_line(
    index: u64,
    call: Arc<Call>,
    json: Json,
    line: Result<Bytes, BadLine>,
) -> pb::StreamClassifyResponse {
    let line = match line {
        Ok(line) => line,
        Err(bad) => {
            let status = bad.status();
            call.refuse_unread(&status);
            return refused(index, &status);
        }
    };
    call.take(1);
    // A line that is no request waits for its turn as every article does.
    let (sent, options) =
        match json.read::<pb::StreamClassifyRequest>("StreamClassifyRequest", &line) {
            Ok(request) => (request.article.into(), convert::options(request.options)),
            Err(error) => (ClassifyError::from(error).into(), convert::options(None)),
        };
    let result = classify_at(index, call, sent, options).await;
    pb::StreamClassifyResponse {
        result: Some(result),
    }
}

/// The answer in the place of one that cannot be given.
fn refused(index: u64, status: &Status) -> pb::StreamClassifyResponse {
    let result = pb::ArticleResult {
        article_id: String::new(),
        index,
        outcome: Some(convert::refusal(status)),
    };
    pb::StreamClassifyResponse {
        result: Some(result),
    }
}

impl BadLine {
    /// What a call ends with whose last line it is. Of one that breaks off, nobody may read the line.
    fn code(&self) -> Code {
        match self {
            Self::CutOff => Code::Cancelled,
            _ => self.status().code(),
        }
    }

    fn status(&self) -> Status {
        match self {
            Self::TooLong { limit_bytes } => status::body_too_large(*limit_bytes),
            Self::CutOff => status::cut_off(),
            Self::Stopping { why, n_taken } => status::stopping(*why, *n_taken),
        }
    }
}

fn write_line(json: &Json, answer: &pb::StreamClassifyResponse) -> Bytes {
    let mut line = json
        .write("StreamClassifyResponse", answer)
        .unwrap_or_default();
    line.push('\n');
    line.into()
}

/// What is left of a body to be read in lines.
struct Lines {
    body: Arriving,
    unread: BytesMut,
    /// So many bytes of `unread` hold no end of line.
    searched: usize,
    n_taken: u64,
    limit_bytes: usize,
    stop: Stopping,
}

/// The lines of a body that are not empty. A line over the limit, a body that breaks off and a stop are the last: what
/// follows has no place to begin at.
fn json_lines(
    body: Arriving,
    limit_bytes: usize,
    stop: Stopping,
) -> impl Stream<Item = Result<Bytes, BadLine>> + Send + 'static {
    let lines = Lines {
        body,
        unread: BytesMut::new(),
        searched: 0,
        n_taken: 0,
        limit_bytes,
        stop,
    };
    stream::unfold(Some(lines), |open| async move {
        let mut lines = open?;
        match lines.next().await? {
            Ok(line) => Some((Ok(line), Some(lines))),
            Err(bad) => {
                // The answer ends whole, with a line that says why.
                let call = lines.body.call();
                call.code.get_or_init(|| bad.code());
                Some((Err(bad), None))
            }
        }
    })
}

impl Lines {
    async fn next(&mut self) -> Option<Result<Bytes, BadLine>> {
        loop {
            if let Some(line) = self.take_line() {
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Some(self.within_limit(line));
            }
            let limit_bytes = self.limit_bytes;
            if self.unread.len() > limit_bytes {
                return Some(Err(BadLine::TooLong { limit_bytes }));
            }
            let frame = match self.stop.or(self.body.frame()).await {
                Ok(frame) => frame,
                Err(why) => {
                    let n_taken = self.n_taken;
                    return Some(Err(BadLine::Stopping { why, n_taken }));
                }
            };
            match frame {
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.unread.extend_from_slice(&bytes);
                    }
                }
                Some(Err(_)) => return Some(Err(BadLine::CutOff)),
                None => return self.last(),
            }
        }
    }

    fn within_limit(&mut self, line: Bytes) -> Result<Bytes, BadLine> {
        let limit_bytes = self.limit_bytes;
        if line.trim_ascii_end().len() > limit_bytes {
            return Err(BadLine::TooLong { limit_bytes });
        }
        self.n_taken += 1;
        self.stop.put_off();
        Ok(line)
    }

    fn take_line(&mut self) -> Option<Bytes> {
        let found = self.unread[self.searched..]
            .iter()
            .position(|b| *b == b'\n');
        let Some(at) = found else {
            self.searched = self.unread.len();
            return None;
        };
        let line = self.unread.split_to(self.searched + at + 1);
        self.searched = 0;
        Some(line.freeze())
    }

    /// The last line may have no end.
    fn last(&mut self) -> Option<Result<Bytes, BadLine>> {
        let line = self.unread.split().freeze();
        self.searched = 0;
        let is_blank = line.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then(|| self.within_limit(line))
    }
}
