//! Keywords by yake-rust for `bench/tags/run.py`: JSON lines in, one JSON line out for each.

use std::io::{self, BufRead, Write};
use std::time::Instant;

use serde_json::{Value, json};
use yake_rust::{Config, StopWords, get_n_best};

const N_BEST: usize = 20;
/// The least of so many runs is an article's time.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stop_words = StopWords::predefined("en").ok_or("no English stop words")?;
    let config = Config::default();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let string = |name: &str| row[name].as_str().unwrap_or_default();
        let text = format!("{}\n{}", string("title"), string("text"));
        let (mut seconds, mut best) = (f64::INFINITY, Vec::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            best = get_n_best(N_BEST, &text, &stop_words, &config);
            seconds = seconds.min(started.elapsed().as_secs_f64());
        }
        let tags: Vec<Value> = best.iter().map(|item| json!([item.raw, item.score])).collect();
        writeln!(out, "{}", json!({ "tags": tags, "seconds": seconds }))?;
    }
    Ok(())
}
