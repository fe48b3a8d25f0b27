//! Where every request comes in: what is the same for each, before and after its handler.
//!
//! A request is refused here, in this order, for what is wrong with its headers, its key, or the
//! server's load; otherwise its handler finds a [`Call`] in its extensions.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;

use super::activity::Activity;
use super::admission::Ticket;
use super::call::{Call, Pass, Shared};
use super::classify::ClassifyError;
use super::config::Exposure;
use super::deadline;
use super::handlers::Handlers;
use super::keys::{Caller, Role};
use super::metrics::Shed;
use super::record::{Record, Recorded};
use super::route::{Door, Route};
use super::status;
use crate::pipeline::Pipeline;

const REQUEST_ID: &str = "x-request-id";
/// More of a refused message is not read.
const SKIM_BYTES: usize = 512 << 10;
/// Nor is it waited for longer.
const SKIM_TIME: Duration = Duration::from_secs(1);
const MAX_REQUEST_ID_BYTES: usize = 64;

/// Takes the requests of all connections.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) shared: Arc<Shared>,
    pub(super) handlers: Handlers,
}

impl Front {
    /// Answers a request. What decides whether it is refused for load happens before this returns,
    /// on the connection's own task: calls that wait to be started are in flight already.
    pub(super) fn answer(
        self: &Arc<Self>,
        request: Request<Incoming>,
        activity: &Arc<Activity>,
        door: Door,
    ) -> impl Future<Output = Result<Response<Recorded>, Infallible>> + Send + use<> {
        let started = std::time::Instant::now();
        let (parts, body) = request.into_parts();
        let route = Route::through(door, parts.uri.path(), &parts.headers);
        let admitted = match door {
            Door::Admin => Ok(Pass::default()),
            Door::All | Door::Calls => self.admit(route, &parts.method, &parts.headers),
        };
        let (pass, refusal) = match admitted {
            Ok(pass) => (pass, None),
            Err(status) => (Pass::default(), Some(status)),
        };
        let call = Arc::new(Call::new(
            Arc::clone(&self.pipeline),
            Arc::clone(&self.shared),
            pass,
        ));
        let record = Record {
            route,
            call: Arc::clone(&call),
            request_id: request_id(&parts.headers),
            parent: self.shared.traces.parent(&parts.headers),
            started,
            open: activity.call(),
            code: None,
        };
        let body = Arriving { body, call };
        let front = Arc::clone(self);
        async move {
            let request = Request::from_parts(parts, body);
            let response = front.within_time(route, request, refusal).await;
            Ok(Recorded::response(response, record))
        }
    }

    /// Refuses a request for its headers or for load.
    fn admit(&self, route: Route, method: &Method, headers: &HeaderMap) -> Result<Pass, Status> {
        if method == Method::OPTIONS {
            // A browser asks what it may send, before it sends its key.
            return Ok(Pass::default());
        }
        let config = &self.shared.config;
        let size_bytes = metadata_bytes(headers);
        if size_bytes > config.max_metadata_bytes {
            return Err(status::metadata_too_large(
                size_bytes,
                config.max_metadata_bytes,
            ));
        }
        let timeout = deadline::timeout(headers).map_err(|error| status::bad_timeout(&error))?;
        let caller = self.caller(route, headers)?;
        let ticket = self.ticket(route, caller.as_deref())?;
        let timeout = match timeout {
            timeout if !route.is_single() => timeout,
            Some(timeout) => Some(timeout.min(config.call_timeout)),
            None => Some(config.call_timeout),
        };
        let deadline = deadline::from_now(timeout);
        Ok(Pass {
            deadline,
            caller,
            ticket,
        })
    }

    fn caller(&self, route: Route, headers: &HeaderMap) -> Result<Option<Arc<Caller>>, Status> {
        let config = &self.shared.config;
        let exposure = match route {
            Route::Health | Route::Healthz | Route::Readyz => config.health,
            Route::Reflection | Route::ReflectionAlpha | Route::OpenApi => config.reflection,
            Route::Unknown | Route::NotFound => Exposure::Open,
            _ => Exposure::Keyed,
        };
        let role = match route {
            Route::Metrics => Role::Observe,
            _ => Role::Classify,
        };
        match exposure {
            Exposure::Open => Ok(None),
            Exposure::Off => Err(status::switched_off()),
            Exposure::Keyed => self
                .shared
                .keys
                .admit(headers, role)
                .map_err(status::no_access),
        }
    }

    /// A single call uses up its key's rate and takes a permit; articles of others do so one by one.
    fn ticket(&self, route: Route, caller: Option<&Caller>) -> Result<Ticket, Status> {
        if !route.is_single() {
            return Ok(Ticket::default());
        }
        if let Some(Err(wait)) = caller.map(Caller::at_once) {
            self.shared.metrics.shed(Shed::RateLimited);
            return Err(status::rate_limited(wait));
        }
        let permit = self.shared.admission.at_once().map_err(|_| {
            self.shared.metrics.shed(Shed::Overloaded);
            status::of_error(&ClassifyError::Overloaded)
        })?;
        Ok(Ticket::new(permit))
    }

    /// The answer, or the word that there was no time for it. A stream's own deadline may be later:
    /// this one is for its beginning, which a slow sender could delay for ever.
    async fn within_time(
        &self,
        route: Route,
        request: Request<Arriving>,
        refusal: Option<Status>,
    ) -> Response<Body> {
        let call = request.body().call();
        let latest = Instant::now() + self.shared.config.call_timeout;
        let end = call
            .deadline
            .map_or(latest, |deadline| deadline.min(latest));
        let is_late = deadline::has_passed(call.deadline);
        let refusal = refusal.or_else(|| is_late.then(status::deadline_exceeded));
        let answer = self.handlers.answer(route, request, refusal);
        match tokio::time::timeout_at(end, answer).await {
            Ok(response) => response,
            Err(_) => self.handlers.refuse(route, status::deadline_exceeded()),
        }
    }
}

/// As HTTP/2 counts them, without its constant for each.
fn metadata_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// The caller's name for its call, if it can stand in a log.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_plain && text.len() <= MAX_REQUEST_ID_BYTES).then(|| text.to_owned())
}

/// A request's body, which tells its call when it has to be waited for.
#[derive(Debug)]
pub(super) struct Arriving {
    body: Incoming,
    call: Arc<Call>,
}

impl Arriving {
    /// Reads what is not wanted, if it comes soon and is not much, while its answer is sent already.
    /// A call that is answered with its message unread would be reset behind the answer; the client
    /// may see the reset instead. Until the reset is on its way the server counts the call as open
    /// and its client does not: the client's next call would be one too many for the connection, and
    /// be refused by HTTP/2 without a word of when to come back.
    pub(super) fn skim(mut self) {
        let mut rest = Box::pin(async move {
            let mut n_bytes = 0;
            while let (true, Some(Ok(frame))) = (n_bytes < SKIM_BYTES, self.body.frame().await) {
                n_bytes += frame.data_ref().map_or(0, bytes::Bytes::len);
            }
        });
        // Most messages are there before their call is looked at.
        if rest.as_mut().now_or_never().is_none() {
            tokio::spawn(tokio::time::timeout(SKIM_TIME, rest));
        }
    }

    /// The call that the body belongs to.
    pub(super) fn call(&self) -> Arc<Call> {
        Arc::clone(&self.call)
    }
}

impl http_body::Body for Arriving {
    type Data = bytes::Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_pending() {
            self.call.give_way();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
