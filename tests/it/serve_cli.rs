//! `copydesk serve` and `copydesk health` as programs.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};

use copydesk::service::hash;
use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use copydesk::service::pb::{ClassifyRequest, GetModelRequest};
use tempfile::NamedTempFile;

use crate::program::{copydesk, run, stderr};
use crate::support::{article, model_bytes, soon, stream_request};
use crate::wire::{HELLO, get, post};

fn model_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    let bytes = model_bytes().expect("a model");
    file.write_all(&bytes).expect("written");
    file
}

/// What `copydesk serve` says that does not start with these flags. One that serves nevertheless is ended, and
/// fails the test.
fn refusal(flags: &[&str]) -> String {
    let model = model_file();
    let mut command = copydesk();
    command.args(["serve", "--listen", "127.0.0.1:0", "--model"]);
    command.arg(model.path()).args(flags);
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    while errors.read_line(&mut said).expect("a line") > 0 {
        if said.contains("serving") {
            child.kill().expect("it runs");
        }
    }
    let status = child.wait().expect("it ended");
    assert_eq!(status.code(), Some(1), "{flags:?}: {said}");
    assert!(!said.contains("serving"), "{flags:?}: {said}");
    said
}

/// A running `copydesk serve`, ended with the test.
struct Server {
    child: Child,
    errors: BufReader<ChildStderr>,
    first_line: String,
    _model: NamedTempFile,
}

impl Server {
    /// Starts one on a free port and waits until it says that it serves.
    fn start(change: impl FnOnce(&mut Command)) -> Self {
        let model = model_file();
        let mut command = copydesk();
        command.args(["serve", "--listen", "127.0.0.1:0", "--model"]);
        command.arg(model.path()).stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("the program runs");
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut first_line = String::new();
        errors.read_line(&mut first_line).expect("a line");
        Self {
            child,
            errors,
            first_line,
            _model: model,
        }
    }

    fn address(&self) -> &str {
        let (_, address) = self.first_line.rsplit_once(" on ").expect("an address");
        address.trim_end()
    }

    /// Sends a signal; gives the exit code and what was said after the first line.
    fn stop_with(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args([signal, &id]).status();
        assert!(kill.expect("kill runs").success());
        let code = self.child.wait().expect("it ends").code();
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).expect("text");
        (code, rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Does nothing to one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_says_in_one_line_what_it_serves_and_where() {
    let server = Server::start(|_| {});
    let line = &server.first_line;
    let start = "copydesk: serving test-model sha256:";
    assert!(line.starts_with(start), "{line}");
    assert!(line.contains(" (3 topics, 3 tags) on 127.0.0.1:"), "{line}");
    assert!(!server.address().ends_with(":0"), "{line}");
}

#[test]
fn health_is_the_exit_status() {
    let server = Server::start(|_| {});
    let healthy = run(&["health", "--address", server.address()]);
    assert_eq!(healthy.status.code(), Some(0), "{}", stderr(&healthy));
    let with_scheme = format!("http://{}", server.address());
    let healthy = run(&["health", "--address", &with_scheme]);
    assert_eq!(healthy.status.code(), Some(0), "{}", stderr(&healthy));
    let encrypted = format!("https://{}", server.address());
    let unvouched = run(&["health", "--address", &encrypted]);
    assert_eq!(unvouched.status.code(), Some(1));
    let said = stderr(&unvouched);
    assert!(said.contains("--authorities"), "{said}");
    let service = "copydesk.v1.ClassifierService";
    let healthy = run(&[
        "health",
        "--address",
        server.address(),
        "--service",
        service,
    ]);
    assert_eq!(healthy.status.code(), Some(0), "{}", stderr(&healthy));
    let unknown = run(&["health", "--address", server.address(), "--service", "x.Y"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("x.Y"), "{}", stderr(&unknown));
}

#[test]
fn health_that_is_keyed_is_asked_with_a_key_out_of_a_file() {
    let made = run(&["key", "--name", "probe"]);
    let shown = stderr(&made);
    let key = shown.lines().find(|line| line.starts_with("cdk_"));
    let key = key.expect("a key");
    let entry = String::from_utf8_lossy(&made.stdout).into_owned();
    let settings = settings_file(&format!("health = \"keyed\"\n{entry}"));
    let server = Server::start(|command| {
        command.arg("--config").arg(settings.path());
    });
    let asked = |key: Option<&str>| {
        let file = settings_file(key.unwrap_or_default());
        let mut command = copydesk();
        command.args(["health", "--address", server.address()]);
        if key.is_some() {
            command.env("COPYDESK_API_KEY_FILE", file.path());
        }
        let output = command.output().expect("the program runs");
        (output.status.code(), stderr(&output))
    };
    assert_eq!(asked(Some(&format!("{key}\n"))), (Some(0), String::new()));
    for (key, named) in [
        (None, "--api-key-file"),
        (Some("cdk_0"), "not known here"),
        (Some(shown.as_str()), "one line"),
        (Some("\n"), "one line"),
    ] {
        let (code, said) = asked(key);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(named), "{said}");
    }
    let missing = run(&["health", "--api-key-file", "/no/such.key"]);
    assert!(stderr(&missing).contains("/no/such.key"));
}

#[test]
fn health_of_nobody_is_1_and_says_where_it_looked() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    let output = run(&["health", "--address", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

#[test]
fn signals_stop_it_gracefully() {
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(|_| {});
        let (code, said) = server.stop_with(signal);
        assert_eq!(code, Some(0), "{signal}: {said}");
    }
}

#[tokio::test]
async fn a_signal_ends_idle_connections_and_open_calls() {
    let server = Server::start(|command| {
        command.env("COPYDESK_DRAIN_TIMEOUT_SECONDS", "0");
    });
    let address = format!("http://{}", server.address());
    let mut client = soon(ClassifierServiceClient::connect(address))
        .await
        .unwrap();
    soon(client.get_model(GetModelRequest {})).await.unwrap();
    let open = soon(client.stream_classify(futures_util::stream::pending())).await;
    let mut responses = open.expect("a stream").into_inner();
    let stopped = tokio::task::spawn_blocking(move || server.stop_with("-TERM"));
    assert!(soon(responses.message()).await.is_err());
    let (code, said) = soon(stopped).await.expect("no panic");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn flags_that_cannot_be_read_exit_with_2() {
    for args in [
        ["serve", "--listen", "nowhere"].as_slice(),
        &["serve", "--stream-window", "0"],
        &["serve", "--max-message-bytes", "0"],
        &["serve", "--no-such-flag"],
        &["health", "--timeout-seconds", "0"],
        &["no-such-command"],
        &[],
    ] {
        assert_eq!(run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn settings_of_the_environment_are_read_and_checked() {
    let output = copydesk()
        .arg("serve")
        .env("COPYDESK_LISTEN", "nowhere")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let output = copydesk()
        .arg("health")
        .env("COPYDESK_LOG", "copydesk=loud")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("COPYDESK_LOG"));
    let output = copydesk()
        .arg("health")
        .env("COPYDESK_LOG_FORMAT", "xml")
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("xml"));
}

#[test]
fn a_model_that_cannot_be_used_is_named() {
    let missing = run(&["serve", "--model", "/no/such/model.safetensors"]);
    assert_eq!(missing.status.code(), Some(1));
    let said = stderr(&missing);
    assert!(said.contains("/no/such/model.safetensors"), "{said}");

    let cut = model_file();
    let bytes = fs::read(cut.path()).expect("a file");
    fs::write(cut.path(), &bytes[..bytes.len() / 2]).expect("written");
    let path = cut.path().to_str().expect("UTF-8");
    let output = run(&["serve", "--model", path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(path), "{}", stderr(&output));
}

#[test]
fn a_server_that_cannot_start_does_not_say_that_it_serves() {
    let tls = [
        "--tls-certificate",
        "/no/such/cert.pem",
        "--tls-key",
        "/no/such/key.pem",
    ];
    let collector = ["--otlp-endpoint", "no address"];
    for (args, named) in [(&tls[..], "cert.pem"), (&collector[..], "collector")] {
        let said = refusal(args);
        assert!(said.contains(named), "{said}");
    }
}

#[test]
fn an_origin_that_no_browser_sends_is_named() {
    for (origins, named) in [
        ("https://a.example/path", "https://a.example/path"),
        ("https://a.example/", "https://a.example/"),
        ("http://localhost:3000,a.example", "a.example"),
        ("*,https://a.example", "*"),
        ("https://*.example", "https://*.example"),
        ("https://A.example", "https://A.example"),
        ("https://a.example:443", "https://a.example:443"),
        ("https://me@a.example", "https://me@a.example"),
        ("https://a.example:", "https://a.example:"),
        ("null", "null"),
    ] {
        let flags = origins.split(',').flat_map(|one| ["--cors-origins", one]);
        let said = refusal(&flags.collect::<Vec<_>>());
        assert!(
            said.contains(&format!("cors_origins has {named:?}")),
            "{said}"
        );
        assert!(said.contains("such as https://cms.example"), "{said}");
    }
}

#[test]
fn a_collector_that_cannot_be_sent_to_is_told_without_its_password() {
    for (given, shown) in [
        (
            "https://me:pw@collector:4317",
            "https://redacted@collector:4317",
        ),
        (
            "http://me:p w@collector:4317",
            "http://redacted@collector:4317",
        ),
        ("collector:4317", "collector:4317"),
        ("grpc://collector:4317", "grpc://collector:4317"),
        ("", ""),
    ] {
        let said = refusal(&["--otlp-endpoint", given]);
        assert!(
            said.contains(&format!("otlp_endpoint is {shown:?}")),
            "{said}"
        );
        assert!(said.contains("http://127.0.0.1:4317"), "{said}");
    }
}

#[test]
fn a_misspelt_level_of_the_log_is_named() {
    let mut command = copydesk();
    command.args(["serve", "--print-config"]);
    let output = command
        .env("COPYDESK_LOG", "inof")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("\"inof\", which is no level"), "{said}");
}

#[test]
fn an_address_in_use_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let model = model_file();
    let path = model.path().to_str().expect("UTF-8");
    let output = run(&["serve", "--listen", &address, "--model", path]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains(&address), "{said}");
    assert!(said.contains("with --listen"), "{said}");
    let said = refusal(&["--admin-listen", &address]);
    assert!(said.contains("with --admin-listen"), "{said}");
}

/// Resident memory of a process, in bytes.
#[cfg(target_os = "linux")]
fn resident_bytes(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS:"))
        .expect("a line");
    let kilobytes = line.split_whitespace().nth(1).expect("a number");
    1024 * kilobytes.parse::<u64>().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_thousand_articles_in_one_stream_leave_memory_flat() {
    const ARTICLES: usize = 100_000;
    const MAY_GROW_BYTES: u64 = 16 << 20;
    let server = Server::start(|_| {});
    let mut client = ClassifierServiceClient::connect(format!("http://{}", server.address()))
        .await
        .expect("it listens");
    let requests = tokio_stream::iter((0..ARTICLES).map(stream_request));
    let mut responses = client
        .stream_classify(requests)
        .await
        .expect("a stream")
        .into_inner();
    let mut warm = 0;
    for number in 0..ARTICLES {
        let response = soon(responses.message())
            .await
            .expect("no status")
            .expect("an answer");
        assert_eq!(response.result.expect("a result").index, number as u64);
        if number == ARTICLES / 10 {
            warm = resident_bytes(server.child.id());
        }
    }
    assert_eq!(soon(responses.message()).await.expect("no status"), None);
    let now = resident_bytes(server.child.id());
    assert!(
        now < warm + MAY_GROW_BYTES,
        "{warm} bytes after a tenth, {now} at the end"
    );
}

#[tokio::test]
async fn ten_thousand_idle_connections_leave_room_for_others() {
    // Fewer where the system allows no more.
    let n_files = rlimit::increase_nofile_limit(u64::MAX).expect("a limit");
    let n_idle = 10_000.min(n_files.saturating_sub(500));
    let server = Server::start(|command| {
        // These clients answer no ping, and on a slow machine they are long in coming.
        command.env("COPYDESK_KEEPALIVE_INTERVAL_SECONDS", "3600");
    });
    let mut idle = Vec::new();
    for _ in 0..n_idle {
        let mut socket = TcpStream::connect(server.address()).expect("accepted");
        socket.write_all(HELLO).expect("sent");
        idle.push(socket);
    }
    let address = format!("http://{}", server.address());
    let connected = soon(ClassifierServiceClient::connect(address)).await;
    let mut client = connected.expect("a connection");
    let request = ClassifyRequest {
        article: Some(article(0)),
        options: None,
    };
    soon(client.classify(request)).await.expect("served");
    let metrics = get(server.address().parse().expect("one"), "/metrics").await;
    // Whether the two that are served are counted yet is a matter of moments.
    let open = metrics
        .lines()
        .find_map(|line| line.strip_prefix("copydesk_connections "));
    let n_open: u64 = open.expect("a gauge").parse().expect("a number");
    assert!(n_open >= n_idle, "{n_open} open, {n_idle} idle");
}

fn settings_file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

/// What `serve --print-config` says, with a file and further arguments.
fn printed(text: &str, args: &[&str], environment: &[(&str, &str)]) -> std::process::Output {
    let file = settings_file(text);
    copydesk()
        .args(["serve", "--print-config", "--config"])
        .arg(file.path())
        .args(args)
        .envs(environment.iter().copied())
        .output()
        .expect("the program runs")
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let text = "stream_window = 2\nmax_in_flight = 2\nmax_connections = 2\n";
    let environment = [
        ("COPYDESK_MAX_IN_FLIGHT", "3"),
        ("COPYDESK_MAX_CONNECTIONS", "3"),
    ];
    let output = printed(text, &["--max-connections", "4"], &environment);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in [
        "stream_window = 2",
        "max_in_flight = 3",
        "max_connections = 4",
        "drain_delay_seconds = 0",
    ] {
        assert!(said.lines().any(|l| l == line), "{line}: {said}");
    }
    // What is printed is a settings file itself.
    let again = printed(&said, &[], &[]);
    assert_eq!(String::from_utf8_lossy(&again.stdout), said);
}

#[test]
fn a_key_or_value_of_the_file_that_is_wrong_is_named() {
    for (text, named) in [
        ("max_in_flihgt = 1", "max_in_flihgt"),
        ("max_in_flight = 0", "max_in_flight"),
        ("max_in_flight = \"many\"", "max_in_flight"),
        ("stream_window_bytes = 2147483648", "stream_window_bytes"),
        ("max_message_bytes = 4294967296", "max_message_bytes"),
        ("max_article_bytes = 16777217", "max_article_bytes"),
        ("listen = \"nowhere\"", "listen"),
        ("listen =", "TOML"),
    ] {
        let output = printed(text, &[], &[]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(
            stderr(&output).contains(named),
            "{text}: {}",
            stderr(&output)
        );
    }
    let missing = run(&["serve", "--config", "/no/such/file.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("/no/such/file.toml"));
}

#[test]
fn a_list_is_an_array_in_the_file_and_said_to_be_one() {
    let output = printed("cors_origins = [\"https://a\", \"https://b,c\"]", &[], &[]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = "cors_origins = [\"https://a\", \"https://b,c\"]";
    assert!(said.lines().any(|l| l == line), "{said}");
    for name in ["cors_origins", "deny_tags", "tag_aliases", "vocabulary"] {
        let output = printed(&format!("{name} = \"one,another\""), &[], &[]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = stderr(&output);
        assert!(said.contains(&format!(".toml: {name}: ")), "{said}");
        assert!(said.contains("an array of strings, such as ["), "{said}");
        assert!(!said.contains("comma"), "{said}");
    }
}

#[test]
fn causes_are_said_once() {
    let file = settings_file("junk");
    let name = file.path().to_str().expect("a path");
    let encrypted = ["serve", "--tls-certificate", "/no/such.pem", "--tls-key"];
    let encrypted = [&encrypted[..], &["/no/such.pem", "--listen", "127.0.0.1:0"]].concat();
    for (args, cause) in [
        (&["serve", "--model", name][..], "header too small"),
        (&["evaluate", "--data", "/no/such.csv"], "No such file"),
        (&["health", "--address", "127.0.0.1:1"], "connect error"),
        (&encrypted, "No such file"),
    ] {
        let said = stderr(&run(args));
        assert_eq!(said.matches(cause).count(), 1, "{said}");
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let classify = ["classify", "examples/articles/health.txt"];
    let serve = ["serve", "--print-config"];
    let health = ["health", "--address", "127.0.0.1:1"];
    let evaluate = ["evaluate", "--data", "tests/data/desk-test.jsonl"];
    for args in [&classify[..], &serve, &health, &evaluate] {
        let names = "MODEL MAX_TAGS MIN_TAG_CONFIDENCE TAG_SOURCE VOCABULARY VOCABULARY_LANGUAGE DENY_TAGS JSON INPUT \
            CONFIG LISTEN MAX_IN_FLIGHT OTLP_ENDPOINT HEALTH TIMEOUT_SECONDS AUTHORITIES DATA_FORMAT LABEL_FIELD REPORT";
        let names = names.split_whitespace();
        let unset = names.map(|name| (format!("COPYDESK_{name}"), ""));
        let output = copydesk().args(args).envs(unset).output();
        let (output, usual) = (output.expect("the program runs"), run(args));
        assert_eq!(stderr(&output), stderr(&usual));
        assert_eq!(output.stdout, usual.stdout, "{args:?}");
    }
}

#[test]
fn a_switch_in_the_environment_is_written_as_people_write_one() {
    for (value, is_set) in [
        ("1", true),
        ("yes", true),
        ("on", true),
        ("0", false),
        ("off", false),
    ] {
        let output = copydesk()
            .args(["classify", "examples/articles/health.txt"])
            .env("COPYDESK_JSON", value)
            .output()
            .expect("the program runs");
        assert_eq!(output.stdout.starts_with(b"{"), is_set, "{value}");
    }
    let output = copydesk()
        .arg("classify")
        .env("COPYDESK_JSON", "ture")
        .output();
    let output = output.expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    let named = "COPYDESK_JSON is \"ture\"; write true, yes, on or 1";
    assert!(said.contains(named), "{said}");
}

#[test]
fn a_time_of_zero_that_would_let_nothing_pass_is_refused() {
    for name in [
        "call_timeout_seconds",
        "header_timeout_seconds",
        "idle_timeout_seconds",
        "max_age_seconds",
        "keepalive_interval_seconds",
        "keepalive_timeout_seconds",
    ] {
        let output = printed(&format!("{name} = 0"), &[], &[]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = stderr(&output);
        assert!(said.contains(name), "{name}: {said}");
        let flag = format!("--{}", name.replace('_', "-"));
        let output = printed("", &[&flag, "0"], &[]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let said = stderr(&output);
        assert!(said.contains(&flag), "{flag}: {said}");
    }
    let output = printed("drain_timeout_seconds = 0", &[], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn the_reference_of_settings_is_current() {
    let output = run(&["serve", "--print-reference"]);
    let written = fs::read_to_string("docs/settings.md").expect("the page");
    assert!(
        String::from_utf8_lossy(&output.stdout) == written,
        "docs/settings.md is out of date: make it anew with `just settings`"
    );
}

#[test]
fn help_tells_the_defaults() {
    let output = run(&["serve", "--help"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("COPYDESK_MAX_IN_FLIGHT"), "{said}");
    assert!(said.contains("[default: 256]"), "{said}");
}

#[test]
fn a_key_is_shown_once_and_its_hash_is_not_printed() {
    let made = run(&[
        "key",
        "--name",
        "cms",
        "--roles",
        "classify,observe",
        "--articles-per-second",
        "5",
    ]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let entry = String::from_utf8_lossy(&made.stdout).into_owned();
    let shown = stderr(&made);
    let key = shown
        .lines()
        .find(|line| line.starts_with("cdk_"))
        .expect("a key");
    assert!(!entry.contains(key));
    let output = printed(&entry, &[], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("name = \"cms\"") && said.contains("redacted"),
        "{said}"
    );
    let digits = entry.split_once("sha256 = \"").expect("a hash").1;
    assert!(!said.contains(&digits[..64]));
    let wrong = printed(&entry.replace(&digits[..64], "abc"), &[], &[]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("cms"), "{}", stderr(&wrong));
}

#[test]
fn a_password_of_the_collector_is_not_printed() {
    for (address, shown) in [
        ("http://me:p@ss@host:4317/x", "http://redacted@host:4317/x"),
        ("http://host:4317/a@b", "http://host:4317/a@b"),
        ("http://host:4317?key=s@1", "http://host:4317?redacted"),
    ] {
        let output = printed(&format!("otlp_endpoint = \"{address}\""), &[], &[]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = format!("otlp_endpoint = \"{shown}\"");
        assert!(said.lines().any(|l| l == line), "{said}");
    }
}

#[tokio::test]
async fn a_call_is_one_line_of_the_log_and_its_text_is_not_in_it() {
    let server = Server::start(|command| {
        command.env("COPYDESK_LOG", "info");
        command.env("COPYDESK_LOG_FORMAT", "json");
    });
    let address = format!("http://{}", server.address());
    let mut client = soon(ClassifierServiceClient::connect(address))
        .await
        .unwrap();
    let mut request = tonic::Request::new(ClassifyRequest {
        article: stream_request(1).article,
        options: None,
    });
    request
        .metadata_mut()
        .insert("x-request-id", "abc-1".parse().unwrap());
    soon(client.classify(request)).await.expect("an answer");
    drop(client);
    let (_, said) = server.stop_with("-TERM");
    let lines: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &serde_json::Value| line["target"] == "copydesk::call")
        .collect();
    assert_eq!(lines.len(), 1, "{said}");
    let line = &lines[0];
    assert_eq!(line["method"], "Classify");
    assert_eq!(line["code"], "OK");
    assert_eq!(line["topic"], "Economy");
    assert_eq!(line["articles"], 1);
    assert_eq!(line["request_id"], "abc-1");
    assert!(line["article_bytes"].as_u64() > Some(20), "{line}");
    assert!(!said.contains("inflation"), "{said}");
}

#[test]
fn keys_that_cannot_be_told_apart_are_refused() {
    let entry = |key, name, role| key_entry(key, name, role);
    let no_roles = key_entry("cdk_1", "desk", "classify").replace("[\"classify\"]", "[]");
    for (text, named) in [
        (
            entry("cdk_1", "desk", "classify") + &entry("cdk_2", "desk", "classify"),
            "two are named \"desk\"",
        ),
        (
            entry("cdk_1", "desk", "classify") + &entry("cdk_1", "watch", "observe"),
            "\"desk\" and \"watch\" have the same sha256",
        ),
        (no_roles, "\"desk\" has no roles"),
    ] {
        let output = printed(&text, &[], &[]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        let said = stderr(&output);
        assert!(said.contains(named), "{text}: {said}");
    }
}

/// The lines of a settings file for a key.
#[tokio::test]
async fn a_call_that_is_cut_at_the_stop_has_its_line_in_the_log() {
    let server = Server::start(|command| {
        command.args(["--drain-timeout-seconds", "0"]);
    });
    let address = server.address().parse().expect("an address");
    let wire = crate::wire::Wire::connect(address).await;
    let mut sender = wire.sender.clone();
    let classify = crate::wire::request(crate::wire::CLASSIFY, &[]);
    let (_response, _unfinished) = sender.send_request(classify, false).expect("sent");
    let open = "copydesk_open_calls 1\n";
    soon(async { while !get(address, "/metrics").await.contains(open) {} }).await;
    let stopped = tokio::task::spawn_blocking(|| server.stop_with("-TERM"));
    let (code, said) = soon(stopped).await.expect("no panic");
    assert_eq!(code, Some(0), "{said}");
    let line = said
        .lines()
        .find(|line| line.contains("method=\"Classify\""));
    let line = line.unwrap_or_else(|| panic!("no line: {said}"));
    assert!(line.contains("CANCELLED"), "{line}");
}

fn key_entry(key: &str, name: &str, role: &str) -> String {
    let digits: String = hash(key).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[api_keys]]\nname = \"{name}\"\nsha256 = \"{digits}\"\nroles = [\"{role}\"]\narticles_per_second = 1\n"
    )
}

#[tokio::test]
async fn the_log_says_whose_call_was_refused() {
    let keys = [
        key_entry("cdk_1", "desk", "classify"),
        key_entry("cdk_2", "watch", "observe"),
    ];
    let settings = settings_file(&keys.concat());
    let server = Server::start(|command| {
        command.arg("--config").arg(settings.path());
        command.env("COPYDESK_LOG", "info");
    });
    let address = server.address().parse().expect("one");
    let body = r#"{"article": {"body": "Parliament."}}"#;
    let ask = async |headers: &str| post(address, "/v1/classify", headers, body).await;
    let role = ask("x-api-key: cdk_2\r\n").await;
    assert!(role.starts_with("HTTP/1.1 403"), "{role}");
    let limited = async {
        loop {
            let answer = ask("x-api-key: cdk_1\r\n").await;
            if !answer.starts_with("HTTP/1.1 200") {
                return answer;
            }
        }
    };
    let limited = soon(limited).await;
    assert!(limited.starts_with("HTTP/1.1 429"), "{limited}");
    let headers = format!("x-api-key: cdk_1\r\nx: {}\r\n", "v".repeat(9_000));
    let large = ask(&headers).await;
    assert!(large.starts_with("HTTP/1.1 431"), "{large}");
    let (_, said) = server.stop_with("-TERM");
    for (code, caller, times) in [
        ("PERMISSION_DENIED", "watch", 1),
        ("RESOURCE_EXHAUSTED", "desk", 2),
    ] {
        let lines: Vec<_> = said.lines().filter(|line| line.contains(code)).collect();
        assert_eq!(lines.len(), times, "{said}");
        let caller = format!("caller=\"{caller}\"");
        assert!(lines.iter().all(|line| line.contains(&caller)), "{said}");
    }
}

#[tokio::test]
async fn spans_have_the_name_that_the_environment_gives() {
    let (collector, mut spans) = crate::traces::collector().await;
    let server = Server::start(|command| {
        command.args(["--otlp-endpoint", &collector]);
        command.env("OTEL_SERVICE_NAME", "night-desk");
    });
    get(server.address().parse().expect("one"), "/v1/model").await;
    let stopped = tokio::task::spawn_blocking(|| server.stop_with("-TERM"));
    let sent = soon(spans.recv()).await.expect("spans");
    soon(stopped).await.expect("no panic");
    assert!(crate::traces::holds(&sent, b"night-desk"));
}

#[tokio::test]
async fn a_collector_that_is_away_is_told_of_once() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let collector = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let server = Server::start(|command| {
        command.args(["--otlp-endpoint", &collector]);
        // How long spans are gathered before they are sent, in milliseconds.
        command.env("OTEL_BSP_SCHEDULE_DELAY", "10");
        // Nobody reads the log until the end, and it would lose lines.
        command.env("COPYDESK_LOG", "warn");
    });
    let address = server.address().parse().expect("one");
    let lost = async || -> u64 {
        get(address, "/v1/model").await;
        let metrics = get(address, "/metrics").await;
        let mut lines = metrics.lines();
        let lost = lines.find_map(|line| line.strip_prefix("copydesk_lost_spans_total "));
        lost.expect("a counter").parse().expect("a number")
    };
    let more_than = async |n| {
        loop {
            let n_lost = lost().await;
            if n_lost > n {
                return n_lost;
            }
        }
    };
    let first = soon(more_than(0)).await;
    soon(more_than(first)).await;
    let (_, said) = server.stop_with("-TERM");
    let told = said.matches("the collector does not take spans").count();
    assert_eq!(told, 1, "{said}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_sets_nothing_is_told() {
    let server = Server::start(|command| {
        command.env("COPYDESK_TLS_CLIENT_AUTHORITES", "clients.pem");
        command.env("COPYDESK_SERVICE_HOST", "10.0.0.1");
    });
    assert!(
        server.first_line.contains("serving"),
        "{}",
        server.first_line
    );
    let (_, said) = server.stop_with("-TERM");
    let told = "COPYDESK_TLS_CLIENT_AUTHORITES is set and is no setting";
    assert!(said.contains(told), "{said}");
    assert!(!said.contains("COPYDESK_SERVICE_HOST"), "{said}");
}

#[cfg(unix)]
#[test]
fn fewer_files_than_connections_are_told() {
    let server = Server::start(|command| {
        command.args(["--max-connections", "9000000000"]);
    });
    let (_, said) = server.stop_with("-TERM");
    let told = "max_connections is 9000000000, and this process may have";
    assert!(said.contains(told), "{said}");
}
