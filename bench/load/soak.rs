//! Everything that clients do to a server, well-behaved or not, for as long as told: single calls, batches,
//! streams, pages, plain HTTP, health checks, calls that are cancelled, readers that are slow, connections
//! that break off, bytes that are no protocol. Each loop of calls is a connection of its own, renewed now and
//! then.
//!
//! ```sh
//! cargo run --release --example soak -- --address 127.0.0.1:50051 --pid PID --minutes 30
//! ```
//!
//! One line of JSON: what was done how often, what went otherwise than it should have, and how the server's
//! memory changed from the first fifth of the time on, by least squares.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use copydesk::service::pb;
use copydesk::service::pb::article_result::Outcome;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Whatever takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Calls on one connection before it is renewed.
const CALLS_A_CONNECTION: usize = 200;
const PATH: &str = "/copydesk.v1.ClassifierService/Classify";

#[derive(Debug, Parser)]
struct Args {
    #[arg(long, default_value = "127.0.0.1:50051")]
    address: String,
    /// The server's process, whose memory is watched.
    #[arg(long)]
    pid: u32,
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    #[arg(long, default_value_t = 24)]
    connections: usize,
    /// Between two calls of one connection.
    #[arg(long, default_value_t = 20)]
    pause_ms: u64,
}

/// What a connection does again and again.
#[derive(Debug, Clone, Copy)]
enum Habit {
    Single,
    Batch,
    Stream,
    Model,
    Page,
    Json,
    Cancel,
    SlowReader,
    Reset,
    BadInput,
    Oversize,
    Garbage,
}

const HABITS: [Habit; 12] = [
    Habit::Single,
    Habit::Batch,
    Habit::Stream,
    Habit::Model,
    Habit::Page,
    Habit::Json,
    Habit::Cancel,
    Habit::SlowReader,
    Habit::Reset,
    Habit::BadInput,
    Habit::Oversize,
    Habit::Garbage,
];

/// What was seen: how often each habit was followed, and what was not as it should be.
#[derive(Debug, Default)]
struct Seen {
    done: BTreeMap<String, u64>,
    wrong: BTreeMap<String, u64>,
}

type Outcomes = Result<(), Box<dyn Error + Send + Sync>>;

fn article(number: usize) -> pb::Article {
    const SENTENCES: [&str; 4] = [
        "The bank raised its main interest rate and warned of inflation in the months ahead. ",
        "The striker scored twice before the break and the visitors went home without a point. ",
        "Parliament votes on the budget tomorrow, and the minister expects a narrow majority. ",
        "Doctors in Norrvik asked for more beds as the hospital filled up during the winter. ",
    ];
    let n_sentences = 1 + number % 40;
    pb::Article {
        id: number.to_string(),
        title: format!("Headline number {number}"),
        body: (number..number + n_sentences)
            .map(|n| SENTENCES[n % SENTENCES.len()])
            .collect(),
        ..pb::Article::default()
    }
}

fn single(article: pb::Article) -> pb::ClassifyRequest {
    pb::ClassifyRequest {
        article: Some(article),
        options: None,
    }
}

fn in_stream(article: pb::Article) -> pb::StreamClassifyRequest {
    pb::StreamClassifyRequest {
        article: Some(article),
        options: None,
    }
}

/// A page of some 40 kB, which is read on a thread of its own.
fn page(number: usize) -> pb::Article {
    let paragraphs: String = (0..60)
        .map(|n| format!("<p>{}</p>", article(number + n).body))
        .collect();
    pb::Article {
        body: format!(
            "<html><body><nav><a href='/'>Home</a></nav><article><h1>A page</h1>{paragraphs}</article></body></html>"
        ),
        ..pb::Article::default()
    }
}

fn expect(holds: bool, what: &str) -> Outcomes {
    match holds {
        true => Ok(()),
        false => Err(what.into()),
    }
}

fn expect_code<T>(answer: Result<T, Status>, code: Code) -> Outcomes {
    match answer {
        Ok(_) => Err("an answer instead of an error".into()),
        Err(status) if status.code() == code => Ok(()),
        Err(status) => Err(status.into()),
    }
}

struct Connection {
    address: String,
    channel: Channel,
    client: ClassifierServiceClient<Channel>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let channel = endpoint.connect().await?;
        Ok(Self {
            address: address.to_owned(),
            client: ClassifierServiceClient::new(channel.clone())
                .max_encoding_message_size(64 << 20),
            channel,
        })
    }

    async fn follow(&mut self, habit: Habit, number: usize) -> Outcomes {
        match habit {
            Habit::Single => self.single(article(number)).await,
            Habit::Page => self.single(page(number)).await,
            Habit::Batch => self.batch(number).await,
            Habit::Stream => self.stream(number, Duration::ZERO).await,
            Habit::SlowReader => self.stream(number, Duration::from_millis(10)).await,
            Habit::Model => self.model().await,
            Habit::Json => self.json(number).await,
            Habit::Cancel => self.cancel(number).await,
            Habit::Reset => self.reset(number).await,
            Habit::BadInput => self.bad_input().await,
            Habit::Oversize => self.oversize().await,
            Habit::Garbage => self.garbage(number).await,
        }
    }

    async fn single(&mut self, article: pb::Article) -> Outcomes {
        let answer = self.client.classify(single(article)).await?.into_inner();
        let topic = answer.classification.unwrap_or_default().topic;
        expect(!topic.is_empty(), "an answer without a topic")
    }

    /// Every fifth article is none.
    async fn batch(&mut self, number: usize) -> Outcomes {
        let is_bad = |n: usize| n % 5 == 4;
        let articles = (0..20).map(|n| match is_bad(n) {
            true => pb::Article::default(),
            false => article(number + n),
        });
        let request = pb::BatchClassifyRequest {
            articles: articles.collect(),
            options: None,
        };
        let mut answers = self.client.batch_classify(request).await?.into_inner();
        for n in 0..20 {
            let answer = answers.message().await?.ok_or("a batch that ends early")?;
            let result = answer.result.unwrap_or_default();
            expect(result.index == n as u64, "an answer out of order")?;
            let is_error = matches!(result.outcome, Some(Outcome::Error(_)));
            expect(is_error == is_bad(n), "an error where none was, or none")?;
        }
        expect(answers.message().await?.is_none(), "a batch without end")
    }

    async fn stream(&mut self, number: usize, pause: Duration) -> Outcomes {
        const N_ARTICLES: usize = 200;
        let requests = stream::iter((number..number + N_ARTICLES).map(article).map(in_stream));
        let mut answers = self.client.stream_classify(requests).await?.into_inner();
        for n in 0..N_ARTICLES {
            tokio::time::sleep(pause).await;
            let answer = answers.message().await?.ok_or("a stream that ends early")?;
            let result = answer.result.unwrap_or_default();
            expect(result.index == n as u64, "an answer out of order")?;
            expect(
                result.article_id == (number + n).to_string(),
                "another's answer",
            )?;
        }
        expect(answers.message().await?.is_none(), "a stream without end")
    }

    async fn model(&mut self) -> Outcomes {
        self.client.get_model(pb::GetModelRequest {}).await?;
        let mut health = HealthClient::new(self.channel.clone());
        health.check(HealthCheckRequest::default()).await?;
        Ok(())
    }

    async fn json(&self, number: usize) -> Outcomes {
        let body = json!({"article": {"body": article(number).body}}).to_string();
        let length = body.len();
        let answer = self
            .raw(format!("POST /v1/classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes())
            .await?;
        expect(answer.starts_with(b"HTTP/1.1 200"), "no 200 to JSON")
    }

    /// Calls and streams that are given up before they are answered. A client that only dropped its
    /// answers would send on without reading, and its stalled streams would fill their connection:
    /// the stream is cancelled once its requests end too.
    async fn cancel(&mut self, number: usize) -> Outcomes {
        let call = self.client.classify(single(article(number)));
        let _ = tokio::time::timeout(Duration::from_micros(200), call).await;
        let (_held, given_up) = oneshot::channel::<()>();
        let requests = stream::iter((0..).map(article).map(in_stream)).take_until(given_up);
        let mut answers = self.client.stream_classify(requests).await?.into_inner();
        for _ in 0..number % 7 {
            answers.message().await?;
        }
        Ok(())
    }

    /// Streams that are reset before, in and behind their message, and a socket that closes on one.
    async fn reset(&self, number: usize) -> Outcomes {
        let socket = TcpStream::connect(&self.address).await?;
        let (mut sender, connection) = h2::client::handshake(socket).await?;
        let connection = tokio::spawn(connection);
        for n in 0..5 {
            sender = sender.ready().await?;
            let request = http::Request::post(format!("http://x{PATH}"))
                .header("content-type", "application/grpc")
                .body(())?;
            let (_, mut message) = sender.send_request(request, false)?;
            if (number + n).is_multiple_of(2) {
                message.send_data(Bytes::from_static(&[0, 0, 0, 1, 0, 10]), false)?;
            }
            message.send_reset(h2::Reason::CANCEL);
            tokio::task::yield_now().await;
        }
        connection.abort();
        Ok(())
    }

    async fn bad_input(&mut self) -> Outcomes {
        let empty = self.client.classify(single(pb::Article::default())).await;
        expect_code(empty, Code::InvalidArgument)?;
        let unknown = pb::Article {
            format: 99,
            ..article(0)
        };
        let unknown = self.client.classify(single(unknown)).await;
        expect_code(unknown, Code::InvalidArgument)
    }

    async fn oversize(&mut self) -> Outcomes {
        let long = pb::Article {
            body: "long ".repeat(1 << 20),
            ..pb::Article::default()
        };
        let answer = self.client.classify(single(long)).await;
        expect_code(answer, Code::ResourceExhausted)
    }

    async fn garbage(&self, number: usize) -> Outcomes {
        let bytes: Vec<u8> = (0..300).map(|n| (number * 31 + n * 17) as u8).collect();
        // Whether it is answered or cut is the server's choice.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.raw(&bytes)).await;
        let half = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x04\x99\x99\x99\x99";
        let mut socket = TcpStream::connect(&self.address).await?;
        socket.write_all(half).await?;
        Ok(())
    }

    async fn raw(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut socket = TcpStream::connect(&self.address).await?;
        socket.write_all(bytes).await?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

async fn habitually(args: Arc<Args>, place: usize, seen: Arc<Mutex<Seen>>, end: Instant) {
    let habit = HABITS[place % HABITS.len()];
    let mut connection = None;
    let mut number = place * 1_000;
    while Instant::now() < end {
        number += 1;
        if connection.is_none() || number.is_multiple_of(CALLS_A_CONNECTION) {
            connection = Connection::open(&args.address).await.ok();
        }
        let outcome = match &mut connection {
            None => Err("no connection".into()),
            Some(connection) => {
                let call = connection.follow(habit, number);
                let timed = tokio::time::timeout(PATIENCE, call).await;
                timed.unwrap_or_else(|_| Err("it hangs".into()))
            }
        };
        {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            *seen.done.entry(format!("{habit:?}")).or_default() += 1;
            if let Err(error) = outcome {
                let text: String = format!("{habit:?}: {error}").chars().take(300).collect();
                *seen.wrong.entry(text).or_default() += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(args.pause_ms)).await;
    }
}

/// Resident memory of the server in MiB, out of /proc/PID/status.
fn memory_mib(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024.0)
}

/// The slope of a line through the points by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|p| p.0), mean(|p| p.1));
    let above: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let below: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    above / below
}

async fn watch(pid: u32, started: Instant, end: Instant) -> Vec<(f64, f64)> {
    let mut memory = Vec::new();
    while Instant::now() < end {
        tokio::time::sleep(LOOK_EVERY.min(end - Instant::now())).await;
        let hours = started.elapsed().as_secs_f64() / 3_600.0;
        memory.extend(memory_mib(pid).map(|mib| (hours, mib)));
    }
    memory
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Arc::new(Args::parse());
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(args.minutes * 60.0);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let loops: Vec<_> = (0..args.connections)
        .map(|place| tokio::spawn(habitually(Arc::clone(&args), place, Arc::clone(&seen), end)))
        .collect();
    let memory = watch(args.pid, started, end).await;
    stream::iter(loops)
        .for_each(|one| async {
            // A loop that panicked is missing from what was done.
            let _ = one.await;
        })
        .await;
    let settled = &memory[memory.len() / 5..];
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    let line = json!({
        "minutes": args.minutes,
        "connections": args.connections,
        "done": seen.done,
        "wrong": seen.wrong,
        "memory_mib_first": settled.first().map(|point| point.1),
        "memory_mib_last": settled.last().map(|point| point.1),
        "memory_mib_max": settled.iter().map(|point| point.1).fold(0.0, f64::max),
        "memory_mib_per_hour": slope(settled),
    });
    println!("{line}");
    Ok(())
}
