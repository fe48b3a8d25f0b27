//! Where every request comes in: what is the same for each, before and after its handler.
//!
//! A request is refused here, in this order, for how it is asked, for what is wrong with its headers or its
//! key, or for the server's load; otherwise its handler finds a [`Call`] in its extensions.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::Status;

use super::activity::Activity;
use super::admission::Ticket;
use super::asked::{self, Asked, Protocol};
use super::call::{Call, Pass, Shared};
use super::classify::ClassifyError;
use super::config::Exposure;
use super::deadline;
use super::handlers::Handlers;
use super::keys::{Caller, NoAccess, Role};
use super::metrics::Shed;
use super::record::{Record, Recorded};
use super::route::{Door, Route};
use super::status;
use crate::pipeline::Pipeline;

/// Whose key the headers of a request have.
type Known = Result<Arc<Caller>, NoAccess>;

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
        let (mut parts, body) = request.into_parts();
        let route = Route::through(door, &parts.method, parts.uri.path(), &parts.headers);
        let protocol = Protocol::of(route, &parts);
        let known = self.shared.keys.caller(&parts.headers);
        let admitted = asked::rightly(route, protocol, &parts).and_then(|()| match door {
            Door::Admin => Ok(Pass::default()),
            Door::All | Door::Calls => self.admit(route, &parts.headers, &known),
        });
        let (pass, refusal) = match admitted {
            Ok(pass) => (pass, None),
            Err(status) => (Pass::default(), Some(status)),
        };
        let call = Arc::new(Call::new(
            Arc::clone(&self.pipeline),
            Arc::clone(&self.shared),
            known.ok(),
            Arc::clone(activity),
            pass,
        ));
        let open = activity.call();
        let record = Record::begin(route, Arc::clone(&call), &parts, started, open);
        let asked = self.asked(route, protocol, refusal, &call);
        parts.extensions.insert(Arc::clone(&call));
        let body = Arriving { body, call };
        let front = Arc::clone(self);
        async move {
            let request = Request::from_parts(parts, body);
            // Nine kilobytes, which would be moved with every task and wrapper around this one.
            let response = Box::pin(front.handlers.answer(&asked, request)).await;
            Ok(Recorded::response(response, record))
        }
    }

    /// Refuses a request for its headers or for load.
    fn admit(&self, route: Route, headers: &HeaderMap, known: &Known) -> Result<Pass, Status> {
        if route == Route::Preflight {
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
        self.open(route, known)?;
        let ticket = self.ticket(route, known)?;
        let is_callers_deadline = timeout.is_some();
        let timeout = match timeout {
            timeout if !route.is_single() => timeout,
            Some(timeout) => Some(timeout.min(config.call_timeout)),
            None => Some(config.call_timeout),
        };
        let deadline = deadline::from_now(timeout);
        Ok(Pass {
            deadline,
            is_callers_deadline,
            ticket,
        })
    }

    /// Refuses a caller for whom a route is not open.
    fn open(&self, route: Route, known: &Known) -> Result<(), Status> {
        let config = &self.shared.config;
        let exposure = match route {
            Route::Health | Route::Healthz | Route::Readyz => config.health,
            Route::Reflection | Route::ReflectionAlpha | Route::OpenApi => config.reflection,
            Route::Unknown | Route::NotFound => Exposure::Open,
            _ => Exposure::Keyed,
        };
        let role = match route {
            Route::Metrics => Some(Role::Observe),
            Route::Health | Route::Healthz | Route::Readyz => None,
            Route::Reflection | Route::ReflectionAlpha | Route::OpenApi => None,
            _ => Some(Role::Classify),
        };
        match exposure {
            Exposure::Open => Ok(()),
            Exposure::Off => Err(status::switched_off()),
            Exposure::Keyed => {
                let caller = known.as_deref().map_err(|error| *error);
                let admitted = self.shared.keys.admit(caller, role);
                admitted.map_err(status::no_access)
            }
        }
    }

    /// A single call takes a permit and uses up its key's rate; articles of others do so one by one.
    fn ticket(&self, route: Route, known: &Known) -> Result<Ticket, Status> {
        if !route.is_single() {
            return Ok(Ticket::default());
        }
        // The permit first: what is refused for load uses up nothing.
        let permit = self.shared.admission.at_once().map_err(|_| {
            self.shared.metrics.shed(Shed::Overloaded);
            status::of_error(&ClassifyError::Overloaded)
        })?;
        if let Ok(Err(wait)) = known.as_ref().map(|caller| caller.at_once()) {
            self.shared.metrics.shed(Shed::RateLimited);
            return Err(status::rate_limited(wait));
        }
        Ok(Ticket::new(permit))
    }

    /// A request with the time for its answer. Without a deadline of its caller's, the beginning of a batch or a
    /// stream has one all the same: a slow sender could delay it for ever.
    fn asked(
        &self,
        route: Route,
        protocol: Protocol,
        refusal: Option<Status>,
        call: &Arc<Call>,
    ) -> Asked {
        let latest = Instant::now() + self.shared.config.call_timeout;
        Asked {
            route,
            protocol,
            refusal: refusal.or_else(|| call.is_over().then(status::deadline_exceeded)),
            end: call.deadline.unwrap_or(latest),
            call: Arc::clone(call),
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

/// A request's body, which tells its call when it has to be waited for.
#[derive(Debug)]
pub(super) struct Arriving {
    body: Incoming,
    call: Arc<Call>,
}

impl Arriving {
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
