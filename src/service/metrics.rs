//! What the server counts, in the text format that Prometheus reads.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::pb;
use crate::pipeline::Manifest;

/// From an article's 30 µs to the longest stream that is of interest.
const CALL_SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0,
];
/// Stages are shorter than calls.
const STAGE_SECONDS: [f64; 10] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.001, 0.01, 0.1, 1.0,
];
const ARTICLE_BYTES: [f64; 8] = [
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
];
const CONFIDENCE: [f64; 9] = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabel {
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabel {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TopicLabel {
    topic: String,
}

/// A step of one article's way whose time is measured.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    /// Waiting for a permit; articles of batches and streams only.
    Wait,
    /// The request's fields become an article.
    Check,
    /// Waiting for a core.
    Core,
    /// The pipeline's work.
    Classify,
    /// The pipeline's answer becomes a message.
    Answer,
}

/// Why something was refused that was in itself in order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shed {
    /// As many articles in flight as the server takes.
    Overloaded,
    /// The caller's key has used up its rate.
    RateLimited,
    /// As many connections as the server holds.
    Connections,
    /// A connection that cancelled too many calls.
    Resets,
}

/// The stages' times, which are not looked up for every article.
#[derive(Debug)]
struct Stages {
    family: Family<StageLabel, Histogram, fn() -> Histogram>,
    wait: Histogram,
    check: Histogram,
    core: Histogram,
    classify: Histogram,
    answer: Histogram,
}

impl Stages {
    fn new() -> Self {
        let constructor: fn() -> Histogram = || Histogram::new(STAGE_SECONDS);
        let family = Family::new_with_constructor(constructor);
        let of = |stage| family.get_or_create_owned(&StageLabel { stage });
        Self {
            wait: of("wait"),
            check: of("check"),
            core: of("core"),
            classify: of("classify"),
            answer: of("answer"),
            family,
        }
    }

    fn of(&self, stage: Stage) -> &Histogram {
        match stage {
            Stage::Wait => &self.wait,
            Stage::Check => &self.check,
            Stage::Core => &self.core,
            Stage::Classify => &self.classify,
            Stage::Answer => &self.answer,
        }
    }
}

/// The counters of one server.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    call_seconds: Family<MethodLabel, Histogram, fn() -> Histogram>,
    stages: Stages,
    shed: Family<ReasonLabel, Counter>,
    topics: Family<TopicLabel, Counter>,
    article_bytes: Histogram,
    confidence: Histogram,
    needs_review: Counter,
    tags: Counter,
    refused_articles: Family<RefusalLabel, Counter>,
    articles_in_flight: Gauge,
    /// Counted where they are sent.
    pub(super) lost_spans: Counter,
    pub(super) failed_handshakes: Counter,
    pub(super) open_calls: Gauge,
    pub(super) connections: Gauge,
}

impl Metrics {
    pub(super) fn new(manifest: &Manifest) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("copydesk"),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(|| Histogram::new(CALL_SECONDS)),
            stages: Stages::new(),
            shed: Family::default(),
            topics: Family::default(),
            article_bytes: Histogram::new(ARTICLE_BYTES),
            confidence: Histogram::new(CONFIDENCE),
            needs_review: Counter::default(),
            tags: Counter::default(),
            refused_articles: Family::default(),
            articles_in_flight: Gauge::default(),
            lost_spans: Counter::default(),
            failed_handshakes: Counter::default(),
            open_calls: Gauge::default(),
            connections: Gauge::default(),
        };
        metrics.register(manifest);
        metrics
    }

    fn register(&mut self, manifest: &Manifest) {
        let r = &mut self.registry;
        r.register(
            "calls",
            "Calls that ended, by gRPC code",
            self.calls.clone(),
        );
        r.register(
            "call_duration_seconds",
            "From a call's headers to its last byte",
            self.call_seconds.clone(),
        );
        r.register(
            "open_calls",
            "Calls that have not ended, without probes",
            self.open_calls.clone(),
        );
        r.register(
            "stage_duration_seconds",
            "Time of one article by stage",
            self.stages.family.clone(),
        );
        r.register(
            "shed",
            "Calls and connections refused to protect the server",
            self.shed.clone(),
        );
        r.register(
            "articles_in_flight",
            "Permits that are out",
            self.articles_in_flight.clone(),
        );
        r.register(
            "article_bytes",
            "Title and body of classified articles",
            self.article_bytes.clone(),
        );
        r.register(
            "topics",
            "Classified articles by topic",
            self.topics.clone(),
        );
        r.register(
            "confidence",
            "Probability of the topic given",
            self.confidence.clone(),
        );
        r.register(
            "needs_review",
            "Classified articles that a person should look at",
            self.needs_review.clone(),
        );
        r.register("tags", "Tags suggested", self.tags.clone());
        r.register(
            "refused_articles",
            "Articles that were not classified, by the reason in google.rpc.ErrorInfo",
            self.refused_articles.clone(),
        );
        r.register(
            "lost_spans",
            "Spans that the collector did not take, or not soon enough",
            self.lost_spans.clone(),
        );
        r.register(
            "failed_handshakes",
            "Connections that ended before they were encrypted",
            self.failed_handshakes.clone(),
        );
        r.register("connections", "Open connections", self.connections.clone());
        let model = Info::new([
            ("name", manifest.name.clone()),
            ("version", manifest.version()),
        ]);
        r.register("model", "The model that answers", model);
    }

    /// Counts a call that ended.
    pub(super) fn call_ended(&self, method: &'static str, code: &'static str, took: Duration) {
        self.calls.get_or_create(&CallLabels { method, code }).inc();
        self.call_seconds
            .get_or_create(&MethodLabel { method })
            .observe(took.as_secs_f64());
    }

    /// Counts an article that was classified.
    pub(super) fn classified(&self, found: &pb::Classification, size_bytes: usize) {
        let topic = found.topic.clone();
        self.topics.get_or_create(&TopicLabel { topic }).inc();
        self.article_bytes.observe(size_bytes as f64);
        self.confidence.observe(found.confidence.into());
        self.needs_review.inc_by(found.needs_review.into());
        self.tags.inc_by(found.tags.len() as u64);
    }

    /// Counts articles that were not.
    pub(super) fn refused(&self, n_articles: usize, reason: &str) {
        let reason = reason.to_owned();
        let refused = self
            .refused_articles
            .get_or_create(&RefusalLabel { reason });
        refused.inc_by(n_articles as u64);
    }

    /// Counts the time of one article in a stage.
    pub(super) fn stage(&self, stage: Stage, took: Duration) {
        self.stages.of(stage).observe(took.as_secs_f64());
    }

    /// Counts something refused to protect the server.
    pub(super) fn shed(&self, reason: Shed) {
        let reason = match reason {
            Shed::Overloaded => "overloaded",
            Shed::RateLimited => "rate_limited",
            Shed::Connections => "connections",
            Shed::Resets => "resets",
        };
        self.shed.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// All of it as text. What is counted elsewhere is brought up to date first.
    pub(super) fn render(&self, articles_in_flight: usize) -> String {
        self.articles_in_flight
            .set(articles_in_flight.try_into().unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
