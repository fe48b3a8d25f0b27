//! An open-loop load generator for the contract: calls start when they are due, whether or not earlier
//! ones are answered, and each is timed from when it was due. A closed loop would wait for a slow server
//! and leave out exactly the calls that it made wait ("coordinated omission").
//!
//! ```sh
//! cargo run --release --example load -- --address 127.0.0.1:50051 --rate 5000 --seconds 10
//! ```
//!
//! One line of JSON: what was offered, answered and refused, percentiles in microseconds, and the CPU time
//! of the server if its process is named by `--pid`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use copydesk::service::pb;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use futures_util::future::join_all;
use futures_util::stream;
use hdrhistogram::Histogram;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

/// Linux counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Call {
    /// One article a call, at the rate given.
    Classify,
    /// As many articles as the server takes, on one stream for each connection.
    StreamClassify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tags {
    /// Learnt tags, and names and phrases of the article.
    Any,
    /// Learnt tags.
    Vocabulary,
}

impl Tags {
    fn options(self) -> Option<pb::ClassifyOptions> {
        let tag_source = match self {
            Self::Any => return None,
            Self::Vocabulary => pb::TagSource::Vocabulary,
        };
        Some(pb::ClassifyOptions {
            tag_source: tag_source.into(),
            ..pb::ClassifyOptions::default()
        })
    }
}

#[derive(Debug, Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:50051")]
    address: String,
    #[arg(long, value_enum, default_value = "classify")]
    call: Call,
    /// Calls a second, of all connections together; with Classify only.
    #[arg(long, default_value_t = 1_000)]
    rate: u64,
    /// So many calls of each connection are open at any time instead, which says what a call costs a server
    /// that has no time to sleep; its times say nothing, as the loop is closed.
    #[arg(long)]
    in_flight: Option<usize>,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Length of each article that is made up here.
    #[arg(long, default_value_t = 3_000)]
    article_bytes: usize,
    /// Articles to send instead, as JSON lines with the fields title and text.
    #[arg(long)]
    articles: Option<PathBuf>,
    /// Which tags to ask for; names and phrases cost more than all the rest.
    #[arg(long, value_enum, default_value = "any")]
    tags: Tags,
    /// The server's process, whose CPU time is read from /proc.
    #[arg(long)]
    pid: Option<u32>,
}

/// What became of the calls.
#[derive(Debug)]
struct Tally {
    answered: Histogram<u64>,
    refused: Histogram<u64>,
    /// How long after it was due a call began: the generator's part of all times.
    late: Histogram<u64>,
    codes: BTreeMap<String, u64>,
    /// The first of each code.
    messages: BTreeMap<String, String>,
}

impl Tally {
    fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self {
            answered: Histogram::new(3)?,
            refused: Histogram::new(3)?,
            late: Histogram::new(3)?,
            codes: BTreeMap::new(),
            messages: BTreeMap::new(),
        })
    }

    fn count(&mut self, outcome: Result<(), tonic::Status>, took: Duration, late: Duration) {
        let (times, name) = match outcome {
            Ok(()) => (&mut self.answered, "Ok".to_owned()),
            Err(status) => {
                let name = format!("{:?}", status.code());
                let message = || format!("{}: {status:?}", status.message());
                self.messages.entry(name.clone()).or_insert_with(message);
                (&mut self.refused, name)
            }
        };
        // The histograms grow as they need to.
        let _ = times.record(micros(took));
        let _ = self.late.record(micros(late));
        *self.codes.entry(name).or_default() += 1;
    }

    fn add(&mut self, other: Self) -> Result<(), hdrhistogram::AdditionError> {
        self.answered.add(other.answered)?;
        self.refused.add(other.refused)?;
        self.late.add(other.late)?;
        for (name, n) in other.codes {
            *self.codes.entry(name).or_default() += n;
        }
        self.messages.extend(other.messages);
        Ok(())
    }
}

/// Text of the length asked for, of everyday words; each article another.
fn article(number: usize, length: usize) -> pb::Article {
    const WORDS: [&str; 24] = [
        "the", "minister", "of", "finance", "said", "that", "growth", "in", "the", "second",
        "quarter", "was", "slower", "than", "banks", "had", "expected", "while", "the", "team",
        "won", "its", "third", "match",
    ];
    let mut body = String::with_capacity(length + 16);
    let mut place = number;
    while body.len() < length {
        body.push_str(WORDS[place % WORDS.len()]);
        body.push(' ');
        place = place.wrapping_mul(5).wrapping_add(7);
        if place.is_multiple_of(11) {
            body.push_str(&format!("{} ", place % 97));
        }
    }
    body.truncate(length);
    pb::Article {
        title: format!("Headline number {number}"),
        body,
        ..pb::Article::default()
    }
}

/// The articles of a file, or some that are made up.
fn articles(args: &Args) -> Result<Arc<Vec<pb::Article>>, Box<dyn Error>> {
    let Some(file) = &args.articles else {
        let made_up = (0..64).map(|number| article(number, args.article_bytes));
        return Ok(Arc::new(made_up.collect()));
    };
    let mut articles = Vec::new();
    for line in fs::read_to_string(file)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        articles.push(pb::Article {
            title: text("title"),
            body: text("text"),
            ..pb::Article::default()
        });
    }
    Ok(Arc::new(articles))
}

type Client = ClassifierServiceClient<Channel>;

/// What a single call sends.
fn request(
    articles: &[pb::Article],
    options: Option<&pb::ClassifyOptions>,
    number: usize,
) -> pb::ClassifyRequest {
    pb::ClassifyRequest {
        article: Some(articles[number % articles.len()].clone()),
        options: options.cloned(),
    }
}

async fn classify(args: &Args, clients: &[Client]) -> Result<Tally, Box<dyn Error>> {
    let articles = articles(args)?;
    let options = args.tags.options();
    let tally = Arc::new(Mutex::new(Tally::new()?));
    let mut due = due_calls(args.rate, args.rate * args.seconds);
    let mut calls = JoinSet::new();
    while let Some((number, due)) = due.recv().await {
        let mut client = clients[number % clients.len()].clone();
        let (tally, articles) = (Arc::clone(&tally), Arc::clone(&articles));
        let options = options.clone();
        calls.spawn(async move {
            let late = due.elapsed();
            let request = request(&articles, options.as_ref(), number);
            let answer = client.classify(request).await;
            let (outcome, took) = (answer.map(|_| ()), due.elapsed());
            tally
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .count(outcome, took, late);
        });
        while calls.try_join_next().is_some() {}
    }
    while calls.join_next().await.is_some() {}
    let tally = Arc::into_inner(tally).ok_or("a call still runs")?;
    Ok(tally.into_inner()?)
}

/// The numbers of the calls, each when it is due, and when that was. A thread of its own sleeps in between:
/// the runtime's timer counts in milliseconds, and would add one or two of them to the times of the server.
fn due_calls(rate: u64, n_calls: u64) -> mpsc::UnboundedReceiver<(usize, Instant)> {
    let (send, receive) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let started = Instant::now();
        for number in 0..n_calls {
            let due = started + Duration::from_secs_f64(number as f64 / rate as f64);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if send.send((number as usize, due)).is_err() {
                return;
            }
        }
    });
    receive
}

/// A loop for each of the calls that are open at a time.
async fn classify_in_turn(
    args: &Args,
    clients: &[Client],
    in_flight: usize,
) -> Result<Tally, Box<dyn Error>> {
    let articles = articles(args)?;
    let options = args.tags.options();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let loops = (0..in_flight * clients.len()).map(|first| {
        let mut client = clients[first % clients.len()].clone();
        let (articles, options) = (&articles, options.as_ref());
        async move {
            let mut tally = Tally::new()?;
            let mut number = first;
            while Instant::now() < end {
                let started = Instant::now();
                let answer = client.classify(request(articles, options, number)).await;
                tally.count(answer.map(|_| ()), started.elapsed(), Duration::ZERO);
                number += 1;
            }
            Ok::<_, Box<dyn Error>>(tally)
        }
    });
    let mut all = Tally::new()?;
    for tally in join_all(loops).await {
        all.add(tally?)?;
    }
    Ok(all)
}

async fn stream_classify(args: &Args, clients: &[Client]) -> Result<Tally, Box<dyn Error>> {
    let articles = articles(args)?;
    let options = args.tags.options();
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let streams = clients.iter().cloned().map(|mut client| {
        let (articles, options) = (Arc::clone(&articles), options.clone());
        async move {
            let requests = (0..)
                .take_while(move |_| Instant::now() < end)
                .map(move |n: usize| pb::StreamClassifyRequest {
                    article: Some(articles[n % articles.len()].clone()),
                    options: options.clone(),
                });
            let mut responses = client
                .stream_classify(stream::iter(requests))
                .await?
                .into_inner();
            let mut n_answered = 0_u64;
            while responses.message().await?.is_some() {
                n_answered += 1;
            }
            Ok::<_, tonic::Status>(n_answered)
        }
    });
    let mut tally = Tally::new()?;
    for answered in join_all(streams).await {
        *tally.codes.entry("Ok".to_owned()).or_default() += answered?;
    }
    Ok(tally)
}

/// CPU seconds of a process: user and system time of /proc/PID/stat, behind the name in brackets.
fn cpu_seconds(pid: Option<u32>) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid?)).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |n: usize| fields.split_whitespace().nth(n)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// Resident memory of a process, out of /proc/PID/status.
fn memory_mib(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024.0)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

fn percentiles(times: &Histogram<u64>) -> serde_json::Value {
    json!({
        "n": times.len(),
        "p50": times.value_at_quantile(0.5),
        "p99": times.value_at_quantile(0.99),
        "p999": times.value_at_quantile(0.999),
        "max": times.max(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut clients = Vec::new();
    for _ in 0..args.connections {
        let endpoint = Endpoint::from_shared(format!("http://{}", args.address))?.tcp_nodelay(true);
        clients.push(ClassifierServiceClient::new(endpoint.connect().await?));
    }
    let cpu_before = cpu_seconds(args.pid);
    let started = Instant::now();
    let tally = match args.call {
        Call::Classify => match args.in_flight {
            Some(in_flight) => classify_in_turn(&args, &clients, in_flight).await?,
            None => classify(&args, &clients).await?,
        },
        Call::StreamClassify => stream_classify(&args, &clients).await?,
    };
    let seconds = started.elapsed().as_secs_f64();
    let n_ok = tally.codes.get("Ok").copied().unwrap_or_default();
    let cpu = cpu_seconds(args.pid)
        .zip(cpu_before)
        .map(|(after, before)| after - before);
    let is_open_loop = args.call == Call::Classify && args.in_flight.is_none();
    let line = json!({
        "call": format!("{:?}", args.call),
        "offered_per_second": is_open_loop.then_some(args.rate),
        "ok_per_second": n_ok as f64 / seconds,
        "codes": tally.codes,
        "messages": tally.messages,
        "answered_us": percentiles(&tally.answered),
        "refused_us": percentiles(&tally.refused),
        "began_late_us": percentiles(&tally.late),
        "server_cpu_seconds": cpu,
        "ok_per_cpu_second": cpu.map(|cpu| n_ok as f64 / cpu),
        "server_memory_mib": args.pid.and_then(memory_mib),
    });
    println!("{line}");
    Ok(())
}
