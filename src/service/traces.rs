//! Traces: a span for each call, sent to a collector by OTLP. The span's parent is the caller's, out of
//! the W3C `traceparent` of the call's headers.
//!
//! A span is made when its call has ended and everything about it is known; until then a call carries
//! its parent alone, and without a collector not even that.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use http::uri::Scheme;
use http::{HeaderMap, Uri};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{
    Span, SpanKind, Status as SpanStatus, TraceContextExt, Tracer, TracerProvider,
};
use opentelemetry::{Context, Key, KeyValue};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, Span as SdkSpan,
    SpanData, SpanExporter, SpanProcessor,
};
use prometheus_client::metrics::counter::Counter;

use super::server::ServeError;

const SERVICE: &str = "copydesk";
/// How the library names what has no name.
const UNNAMED: &str = "unknown_service";
/// The variable that says how many spans may wait to be sent, and the number without it: the library's own.
const MAX_WAITING_VARIABLE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const MAX_WAITING: usize = 2_048;
/// Room for them is made at the start, half a kilobyte for each.
const MAX_WAITING_CEILING: usize = 1 << 16;
/// Stands where a secret was.
pub(crate) const REDACTED: &str = "redacted";

/// An address with its user, its password and its query blacked out, if it has them.
pub(crate) fn without_secrets(address: &str) -> String {
    let begin = address.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = address.split_at(begin);
    let (rest, query) = match rest.split_once('?') {
        Some((rest, _)) => (rest, format!("?{REDACTED}")),
        None => (rest, String::new()),
    };
    let end = rest.find(['/', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{REDACTED}{}{query}", &rest[at..]),
        None => format!("{scheme}{rest}{query}"),
    }
}

/// What is known of a call that has ended.
#[derive(Debug)]
pub(super) struct Ended<'a> {
    pub(super) method: &'static str,
    pub(super) code: &'static str,
    pub(super) is_fault: bool,
    pub(super) took: Duration,
    pub(super) articles: usize,
    pub(super) article_bytes: u64,
    pub(super) topic: Option<&'a String>,
}

/// Says once that spans cannot be sent, and once that they can again. The library would say it of every
/// batch, or nothing.
#[derive(Debug)]
struct Watched {
    exporter: OtlpExporter,
    is_failing: AtomicBool,
    lost: Counter,
    /// Ended, and not yet on their way.
    waiting: Arc<AtomicUsize>,
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let n_spans = batch.len();
        self.waiting.fetch_sub(n_spans, Ordering::Relaxed);
        let sent = self.exporter.export(batch).await;
        let was_failing = self.is_failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Ok(()) if was_failing => tracing::info!("the collector takes spans again"),
            Ok(()) => {}
            Err(error) => {
                self.lost.inc_by(n_spans as u64);
                if !was_failing {
                    tracing::warn!(
                        %error,
                        "the collector does not take spans; they are lost until it does: see that it runs and that otlp_endpoint is its address"
                    );
                }
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Lets no more spans wait than the library has room for: it would drop them without a count.
#[derive(Debug)]
struct Bounded {
    processor: BatchSpanProcessor,
    max_waiting: usize,
    waiting: Arc<AtomicUsize>,
    lost: Counter,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut SdkSpan, context: &Context) {
        self.processor.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.max_waiting {
            self.processor.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.lost.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.processor.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.processor.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.processor.set_resource(resource);
    }
}

/// How many spans may wait, by what the environment says.
fn max_waiting(given: Option<String>) -> usize {
    let given = given.and_then(|number| number.parse().ok());
    let given: usize = given.unwrap_or(MAX_WAITING);
    if given > MAX_WAITING_CEILING {
        tracing::warn!(
            "{MAX_WAITING_VARIABLE} is {given}; {MAX_WAITING_CEILING}, the most there is, holds instead"
        );
    }
    given.clamp(1, MAX_WAITING_CEILING)
}

/// Sends spans, if there is a collector.
#[derive(Debug, Default)]
pub(super) struct Traces(Option<(SdkTracerProvider, SdkTracer)>);

impl Traces {
    /// Spans go to the collector at an address such as `http://127.0.0.1:4317`.
    pub(super) fn to(endpoint: Option<&str>, lost: &Counter) -> Result<Self, ServeError> {
        let Some(endpoint) = endpoint else {
            return Ok(Self::default());
        };
        let address = endpoint.parse::<Uri>().ok();
        if address.and_then(|a| a.into_parts().scheme) != Some(Scheme::HTTP) {
            return Err(ServeError::Endpoint {
                given: without_secrets(endpoint),
            });
        }
        let exporter = OtlpExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        let max_waiting = max_waiting(std::env::var(MAX_WAITING_VARIABLE).ok());
        let waiting = Arc::new(AtomicUsize::new(0));
        let watched = Watched {
            exporter,
            is_failing: AtomicBool::new(false),
            lost: lost.clone(),
            waiting: Arc::clone(&waiting),
        };
        let config = BatchConfigBuilder::default().with_max_queue_size(max_waiting);
        let processor = BatchSpanProcessor::builder(watched).with_batch_config(config.build());
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Bounded {
                processor: processor.build(),
                max_waiting,
                waiting,
                lost: lost.clone(),
            })
            .with_resource(resource())
            .build();
        let tracer = provider.tracer(SERVICE);
        Ok(Self(Some((provider, tracer))))
    }

    /// The caller's span, if spans are sent and it has one.
    pub(super) fn parent(&self, headers: &HeaderMap) -> Option<Context> {
        self.0.as_ref()?;
        Some(TraceContextPropagator::new().extract(&Headers(headers)))
            .filter(|context| context.span().span_context().is_valid())
    }

    /// Sends the span of a call.
    pub(super) fn send(&self, call: &Ended<'_>, parent: Option<&Context>) {
        let Some((_, tracer)) = &self.0 else {
            return;
        };
        let end = SystemTime::now();
        let mut attributes = vec![
            KeyValue::new("rpc.method", call.method),
            KeyValue::new("rpc.response.status_code", call.code),
            KeyValue::new("copydesk.articles", to_i64(call.articles as u64)),
            KeyValue::new("copydesk.article_bytes", to_i64(call.article_bytes)),
        ];
        attributes.extend(
            call.topic
                .map(|topic| KeyValue::new("copydesk.topic", topic.clone())),
        );
        let builder = tracer
            .span_builder(Cow::Borrowed(call.method))
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(call.took).unwrap_or(end))
            .with_attributes(attributes);
        let root = Context::new();
        let mut span = tracer.build_with_context(builder, parent.unwrap_or(&root));
        if call.is_fault {
            span.set_status(SpanStatus::error(call.code));
        }
        span.end_with_timestamp(end);
    }

    /// Sends what has not been sent, at the end of the server.
    pub(super) async fn finish(&self) {
        let Some((provider, _)) = &self.0 else {
            return;
        };
        let provider = provider.clone();
        let flushed = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if let Ok(Err(error)) = flushed {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// What the environment says of this process, by OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, and a name in any case.
fn resource() -> Resource {
    let given = Resource::builder().build();
    let name = given.get(&Key::from_static_str("service.name"));
    match name {
        Some(name) if !name.as_str().starts_with(UNNAMED) => given,
        _ => Resource::builder().with_service_name(SERVICE).build(),
    }
}

fn to_i64(number: u64) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_waiting_spans_ends_the_server() {
        let waiting = |given: &str| max_waiting(Some(given.into()));
        assert_eq!(max_waiting(None), MAX_WAITING);
        assert_eq!(waiting("many"), MAX_WAITING);
        assert_eq!(waiting("100"), 100);
        assert_eq!(waiting("0"), 1);
        assert_eq!(waiting("18446744073709551615"), MAX_WAITING_CEILING);
    }
}
