//! A small model, a server on a free port and articles to send.

use std::sync::Arc;
use std::time::Duration;

use copydesk::features::{TermCounts, TermParams};
use copydesk::model::table::TermRow;
use copydesk::model::{SplineCalibration, TermTable};
use copydesk::pipeline::manifest::{
    FORMAT_VERSION, Manifest, Metrics, TagEntry, TopicEntry, TrainingSummary,
};
use copydesk::pipeline::{ArtifactError, Pipeline};
use copydesk::service::pb;
use copydesk::service::pb::article_result::Outcome;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use copydesk::service::{Listeners, ServeError, ServerConfig, serve};
use copydesk::tags::LearntTags;
use copydesk::tags::vocabulary::{Calibration, LearntTagsParts, Posting};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

/// Topics in the order of their classes, and the word that each is known by.
pub(crate) const TOPICS: [(&str, &str); 3] = [
    ("Politics", "parliament"),
    ("Economy", "inflation"),
    ("Sports", "goalkeeper"),
];
/// Tags, each learnt from the word of the topic of the same place.
pub(crate) const TAGS: [&str; 3] = ["Legislation", "Central banks", "Football"];

/// No test waits longer for something that never happens.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the future gives, unless it hangs.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("the other side hangs")
}

fn hash_of(word: &str) -> u64 {
    let mut terms = TermCounts::default();
    terms.count("", word, &TermParams::default());
    terms.as_slice().first().expect("a word has a term").0
}

/// A model of [`TOPICS`] and [`TAGS`].
pub(crate) fn pipeline() -> Pipeline {
    let topics = TOPICS.map(|(name, _)| name);
    Pipeline::new(
        manifest(&topics, &TAGS),
        table(),
        SplineCalibration::identity(topics.len()),
        learnt_tags(&table()),
    )
}

/// A model that panics as soon as the answer names Sports: its manifest lacks that topic.
pub(crate) fn broken_pipeline() -> Pipeline {
    let table = table();
    let tags = learnt_tags(&table);
    Pipeline::new(
        manifest(&["Politics", "Economy"], &TAGS),
        table,
        SplineCalibration::identity(TOPICS.len()),
        tags,
    )
}

/// A model without topics.
pub(crate) fn tags_only_pipeline() -> Pipeline {
    let rows = TOPICS.map(|(_, word)| TermRow {
        hash: hash_of(word),
        weight: 1.0,
        class_weights: &[],
    });
    let table = TermTable::pack(&rows, Vec::new());
    let tags = learnt_tags(&table);
    Pipeline::new(
        manifest(&[], &TAGS),
        table,
        SplineCalibration::identity(0),
        tags,
    )
}

fn table() -> TermTable {
    let weights = [[6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]];
    let rows: Vec<_> = TOPICS
        .iter()
        .zip(&weights)
        .map(|((_, word), class_weights)| TermRow {
            hash: hash_of(word),
            weight: 1.0,
            class_weights,
        })
        .collect();
    TermTable::pack(&rows, vec![0.0; 3])
}

fn learnt_tags(table: &TermTable) -> LearntTags {
    let mut slots: Vec<(u32, u16)> = TOPICS
        .iter()
        .zip(0..)
        .map(|((_, word), tag)| (table.find(hash_of(word)).expect("packed") as u32, tag))
        .collect();
    slots.sort_unstable();
    let parts = LearntTagsParts {
        intercepts: vec![-3.0; 3],
        scales: vec![0.1; 3],
        slots: slots.iter().map(|(slot, _)| *slot).collect(),
        lengths: vec![1; 3],
        postings: slots
            .iter()
            .map(|&(_, tag)| Posting { tag, weight: 100 })
            .collect(),
        calibration: Calibration::default(),
    };
    LearntTags::new(TAGS.map(Arc::from).to_vec(), parts, table.capacity()).expect("parts agree")
}

fn manifest(topics: &[&str], tags: &[&str]) -> Manifest {
    let topics = topics.iter().zip(1..).map(|(name, n)| TopicEntry {
        name: (*name).into(),
        iptc_code: format!("medtop:{n:08}"),
        training_articles: 100 * n,
        f1: 0.5,
    });
    let tags = tags.iter().map(|label| TagEntry {
        label: (*label).into(),
        training_articles: 7,
    });
    Manifest {
        format_version: FORMAT_VERSION,
        digest: "0123456789abcdef".repeat(4),
        name: "test-model".into(),
        topics: topics.collect(),
        tags: tags.collect(),
        languages: vec!["en".into()],
        terms: TermParams::default(),
        review_threshold: 0.9,
        tag_calibration: Calibration::default(),
        training: TrainingSummary {
            articles: 600,
            seed: 1,
            c: 0.3,
            terms: 3,
            trained_at_unix_seconds: Some(1_700_000_000),
            data: "three words".into(),
            licence: "CC0-1.0".into(),
        },
        metrics: Metrics {
            accuracy: 0.75,
            macro_f1: 0.5,
            calibration_error: 0.25,
            ..Metrics::default()
        },
    }
}

/// The bytes of [`pipeline`]'s model file.
pub(crate) fn model_bytes() -> Result<Vec<u8>, ArtifactError> {
    pipeline().to_bytes()
}

async fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// A server on a free port of this machine.
pub(crate) struct TestServer {
    /// What it serves. Each call that is open holds one more reference.
    pub(crate) pipeline: Arc<Pipeline>,
    address: std::net::SocketAddr,
    /// Where its metrics and probes are, if apart.
    pub(crate) admin: Option<std::net::SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl TestServer {
    /// Serves [`pipeline`] with the default bounds.
    pub(crate) async fn start() -> Self {
        Self::start_with(pipeline(), ServerConfig::default()).await
    }

    /// Serves a model within bounds.
    pub(crate) async fn start_with(pipeline: Pipeline, config: ServerConfig) -> Self {
        Self::start_on(free_port().await.into(), pipeline, config)
    }

    /// Serves [`pipeline`], with metrics and probes on a port of their own.
    pub(crate) async fn start_with_admin() -> Self {
        let listeners = Listeners {
            calls: free_port().await,
            admin: Some(free_port().await),
        };
        Self::start_on(listeners, pipeline(), ServerConfig::default())
    }

    fn start_on(listeners: Listeners, pipeline: Pipeline, config: ServerConfig) -> Self {
        let address = |listener: &TcpListener| listener.local_addr().expect("bound");
        let admin = listeners.admin.as_ref().map(address);
        let address = address(&listeners.calls);
        let pipeline = Arc::new(pipeline);
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A dropped server is a stopped one.
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listeners, Arc::clone(&pipeline), config, shutdown));
        Self {
            pipeline,
            address,
            admin,
            stop: Some(stop),
            serving,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    /// To set a connection up by hand.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::from_shared(format!("http://{}", self.address)).expect("an address")
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Channel {
        self.endpoint().connect().await.expect("a server listens")
    }

    /// A client with a connection of its own.
    pub(crate) async fn client(&self) -> ClassifierServiceClient<Channel> {
        ClassifierServiceClient::new(self.connect().await)
    }

    /// Gives the stop signal and keeps the handle to wait with.
    pub(crate) fn signal_stop(mut self) -> JoinHandle<Result<(), ServeError>> {
        self.send_stop();
        self.serving
    }

    /// What gives the stop signal, to be used elsewhere.
    pub(crate) fn take_stop(&mut self) -> oneshot::Sender<()> {
        self.stop.take().expect("not stopped before")
    }

    /// Gives the stop signal.
    pub(crate) fn send_stop(&mut self) {
        self.take_stop().send(()).expect("it serves");
    }

    /// Waits for the end that was asked for.
    pub(crate) async fn wait(self) {
        let served = self.serving.await;
        served.expect("no panic").expect("a clean stop");
    }
}

/// An article about the topic of this number, round and round.
pub(crate) fn article(number: usize) -> pb::Article {
    let (_, word) = TOPICS[number % TOPICS.len()];
    pb::Article {
        id: format!("article-{number}"),
        title: "A headline".into(),
        body: format!("Much was said about {word} today, and about {word} tomorrow."),
        ..pb::Article::default()
    }
}

/// The topic of [`article`].
pub(crate) fn topic(number: usize) -> &'static str {
    TOPICS[number % TOPICS.len()].0
}

/// A request for [`article`] in a stream.
pub(crate) fn stream_request(number: usize) -> pb::StreamClassifyRequest {
    pb::StreamClassifyRequest {
        article: Some(article(number)),
        options: None,
    }
}

/// The classification of a result that is no error.
pub(crate) fn classification(result: &pb::ArticleResult) -> &pb::Classification {
    match &result.outcome {
        Some(Outcome::Classification(classification)) => classification,
        other => panic!("no classification: {other:?}"),
    }
}

/// The error of a result that is one.
pub(crate) fn error(result: &pb::ArticleResult) -> &pb::ArticleError {
    match &result.outcome {
        Some(Outcome::Error(error)) => error,
        other => panic!("no error: {other:?}"),
    }
}
