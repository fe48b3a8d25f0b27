//! One article, one call.
//!
//! ```text
//! copydesk serve &
//! cargo run --example classify -- examples/articles/*.txt
//! ```
//!
//! Without a file it sends a short text of its own. `COPYDESK_ADDRESS` names another server than
//! 127.0.0.1:50051.

use std::{env, fs};

use anyhow::Context;
use copydesk::service::pb;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use tonic::transport::Channel;

const SHORT_TEXT: &str = "\
Striker's late goal wins the cup
The substitute scored in stoppage time and the team won the final in front of 50,000 fans.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let articles = articles()?;
    let mut client = connect().await?;
    for article in articles {
        let id = article.id.clone();
        let request = pb::ClassifyRequest {
            article: Some(article),
            options: None, // the defaults: all topics, at most ten tags
        };
        let response = client
            .classify(request)
            .await
            .map_err(|status| anyhow::anyhow!("{id}: {}", status.message()))?
            .into_inner();
        let classification = response.classification.unwrap_or_default();
        println!("{id}");
        println!(
            "  topic  {} ({:.0} %)",
            classification.topic,
            100.0 * classification.confidence
        );
        println!("  tags   {}", tags(&classification));
    }
    Ok(())
}

/// The files that the command line names, or the short text.
fn articles() -> anyhow::Result<Vec<pb::Article>> {
    let files: Vec<String> = env::args().skip(1).collect();
    if files.is_empty() {
        return Ok(vec![article("a short text", SHORT_TEXT)]);
    }
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            Ok(article(file, &text))
        })
        .collect()
}

/// A text whose first line is the headline.
fn article(id: &str, text: &str) -> pb::Article {
    let (title, body) = text.split_once('\n').unwrap_or(("", text));
    pb::Article {
        id: id.to_owned(),
        title: title.trim().to_owned(),
        body: body.trim().to_owned(),
        ..pb::Article::default()
    }
}

async fn connect() -> anyhow::Result<ClassifierServiceClient<Channel>> {
    let address = env::var("COPYDESK_ADDRESS").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
    ClassifierServiceClient::connect(format!("http://{address}"))
        .await
        .with_context(|| format!("no server answers at {address}: start one with `copydesk serve`"))
}

fn tags(classification: &pb::Classification) -> String {
    if classification.tags.is_empty() {
        return "none".to_owned();
    }
    let tags: Vec<String> = classification
        .tags
        .iter()
        .map(|tag| format!("{} ({:.0} %)", tag.label, 100.0 * tag.confidence))
        .collect();
    tags.join(", ")
}
