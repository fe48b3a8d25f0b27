//! Articles up and answers down one stream, both at the same time.
//!
//! ```text
//! copydesk serve &
//! cargo run --example stream                  # the files of examples/articles
//! tail -f headlines.txt | cargo run --example stream -- -    # each line of standard input
//! ```
//!
//! `COPYDESK_ADDRESS` names another server than 127.0.0.1:50051.

use std::path::Path;
use std::{env, fs, io, thread};

use anyhow::{Context, bail};
use copydesk::service::pb;
use copydesk::service::pb::article_result::Outcome;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/articles");

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let read = match env::args().nth(1).as_deref() {
        None => send_samples,
        Some("-") => send_lines,
        Some(other) => {
            bail!("give - for the lines of standard input, or nothing for the samples; not {other}")
        }
    };
    let mut client = connect().await?;
    // Few articles wait here: when the server falls behind, `send` waits and reading stops.
    let (sender, requests) = mpsc::channel(16);
    // Files and standard input block, so they are read on a thread of their own.
    let reading = thread::spawn(move || read(&sender));
    let mut responses = client
        .stream_classify(ReceiverStream::new(requests))
        .await?
        .into_inner();
    while let Some(response) = responses.message().await? {
        print(&response.result.unwrap_or_default());
    }
    match reading.join() {
        Ok(read) => read,
        Err(_) => bail!("reading failed"),
    }
}

type Sender = mpsc::Sender<pb::StreamClassifyRequest>;

/// Sends every sample article. Its first line is the headline.
fn send_samples(sender: &Sender) -> anyhow::Result<()> {
    let mut files = fs::read_dir(SAMPLES)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<io::Result<Vec<_>>>()
        })
        .context(SAMPLES)?;
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let (title, body) = text.split_once('\n').unwrap_or(("", &text));
        let article = pb::Article {
            id: name(&file),
            title: title.trim().to_owned(),
            body: body.trim().to_owned(),
            ..pb::Article::default()
        };
        send(sender, article)?;
    }
    Ok(())
}

/// Sends every line of standard input as an article.
fn send_lines(sender: &Sender) -> anyhow::Result<()> {
    for (line, number) in io::stdin().lines().zip(1..) {
        let body = line.with_context(|| format!("line {number} of standard input"))?;
        let article = pb::Article {
            id: format!("line {number}"),
            body,
            ..pb::Article::default()
        };
        send(sender, article)?;
    }
    Ok(())
}

fn send(sender: &Sender, article: pb::Article) -> anyhow::Result<()> {
    let request = pb::StreamClassifyRequest {
        article: Some(article),
        options: None, // the defaults: all topics, at most ten tags
    };
    sender
        .blocking_send(request)
        .context("the server has closed the stream")
}

fn name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

async fn connect() -> anyhow::Result<ClassifierServiceClient<Channel>> {
    let address = env::var("COPYDESK_ADDRESS").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
    ClassifierServiceClient::connect(format!("http://{address}"))
        .await
        .with_context(|| format!("no server answers at {address}: start one with `copydesk serve`"))
}

/// An article that the server refuses is an answer too: the stream goes on after it.
fn print(result: &pb::ArticleResult) {
    let id = &result.article_id;
    match &result.outcome {
        Some(Outcome::Classification(classification)) => {
            let tags: Vec<&str> = classification.tags.iter().map(|tag| &*tag.label).collect();
            println!(
                "{id:<16} {:<24} {:.2}  {}",
                classification.topic,
                classification.confidence,
                tags.join(", ")
            );
        }
        Some(Outcome::Error(error)) => println!("{id:<16} refused: {}", error.message),
        None => println!("{id:<16} no answer"),
    }
}
