//! The calls over plain HTTP and for browsers.

use copydesk::service::{ServerConfig, pb};
use http::Request;
use prost::Message;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{TestServer, article, pipeline, soon};
use crate::wire::{Wire, classify_frame, get, post, raw};

/// The JSON of an answer with its head.
fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

fn lines(answer: &str) -> Vec<Value> {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    // Chunk sizes stand between the lines.
    let is_json = |line: &&str| line.starts_with('{');
    body.lines()
        .filter(is_json)
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn an_article_is_classified_over_http() {
    let server = TestServer::start().await;
    let request = json!({
        "article": { "body": "Parliament met, and parliament voted." },
        "options": { "maxTopics": 1 },
    });
    let answer = post(server.address(), "/v1/classify", "", &request.to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let found = &body(&answer)["classification"];
    assert_eq!(found["topic"], "Politics");
    assert_eq!(found["topics"][0]["iptcCode"], "medtop:00000001");
    assert_eq!(found["tags"][0]["kind"], "TAG_KIND_VOCABULARY");
}

#[tokio::test]
async fn what_is_wrong_is_told_in_json() {
    let server = TestServer::start().await;
    for (request, status, field) in [
        ("{", "HTTP/1.1 400", ""),
        (r#"{"artikel": {}}"#, "HTTP/1.1 400", "artikel"),
        (
            r#"{"article": {"body": "x", "format": "HTML"}}"#,
            "HTTP/1.1 400",
            "article.format",
        ),
        ("{}", "HTTP/1.1 400", "article"),
        (
            r#"{"article": {"body": " "}}"#,
            "HTTP/1.1 400",
            "article.body",
        ),
    ] {
        let answer = post(server.address(), "/v1/classify", "", request).await;
        assert!(answer.starts_with(status), "{request}: {answer}");
        let error = body(&answer);
        assert_eq!(error["status"], "INVALID_ARGUMENT");
        assert_eq!(error["field"], field);
        assert_eq!(error["reason"], "INVALID_REQUEST");
    }
    let late = "grpc-timeout: 0n\r\n";
    let request = r#"{"article": {"body": "Parliament."}}"#;
    let answer = post(server.address(), "/v1/classify", late, request).await;
    assert!(answer.starts_with("HTTP/1.1 504"), "{answer}");
    let answer = get(server.address(), "/v1/classify").await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[tokio::test]
async fn the_limit_holds_over_http() {
    let config = ServerConfig {
        max_message_bytes: 100,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let of_size = |size: usize| {
        let frame = r#"{"article":{"body":""}}"#.len();
        format!(r#"{{"article":{{"body":"{}"}}}}"#, "x".repeat(size - frame))
    };
    let fits = post(server.address(), "/v1/classify", "", &of_size(100)).await;
    assert!(fits.starts_with("HTTP/1.1 200"), "{fits}");
    let refused = post(server.address(), "/v1/classify", "", &of_size(101)).await;
    assert!(refused.starts_with("HTTP/1.1 413"), "{refused}");
    assert!(
        body(&refused)["message"]
            .as_str()
            .unwrap()
            .contains("100 bytes")
    );
    let batch = format!("{}\n{}\n{}", of_size(100), of_size(150), of_size(100));
    let answers = lines(&post(server.address(), "/v1/classify:batch", "", &batch).await);
    assert!(answers[0]["result"]["classification"].is_object());
    assert!(answers[1]["result"]["error"].is_object(), "{answers:?}");
}

#[tokio::test]
async fn lines_are_answered_in_order_and_a_bad_one_in_its_place() {
    let server = TestServer::start().await;
    let good = |id: usize| {
        let sent = article(id);
        json!({ "article": { "id": sent.id, "body": sent.body } }).to_string()
    };
    let batch = [good(0), "{".into(), String::new(), good(2), "{}".into()].join("\n");
    let answer = post(server.address(), "/v1/classify:batch", "", &batch).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answers = lines(&answer);
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert_eq!(answers[0]["result"]["articleId"], "article-0");
    assert_eq!(answers[1]["result"]["error"]["code"], 3);
    assert_eq!(answers[2]["result"]["classification"]["topic"], "Sports");
    assert_eq!(answers[2]["result"]["index"], "2");
    assert_eq!(answers[3]["result"]["error"]["field"], "article");
}

#[tokio::test]
async fn a_bad_line_has_the_field_at_fault() {
    let server = TestServer::start().await;
    let batch = "{\"article\": {\"body\": 7}}\n{\n";
    let answers = lines(&post(server.address(), "/v1/classify:batch", "", batch).await);
    let error = |index: usize| &answers[index]["result"]["error"];
    assert_eq!(error(0)["field"], "article.body");
    let message = error(1)["message"].as_str().expect("a message");
    assert!(message.ends_with("line 1 column 1"), "{message}");
}

#[tokio::test]
async fn a_line_is_answered_before_the_next_is_sent() {
    let server = TestServer::start().await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /v1/classify:batch HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut said = String::new();
    for number in 0..3 {
        let line = "{\"article\": {\"body\": \"Inflation.\"}}\n";
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        socket.write_all(chunk.as_bytes()).await.unwrap();
        while said.matches("\"Economy\",\"confidence\"").count() <= number {
            let mut bytes = [0; 4_096];
            let n_read = soon(socket.read(&mut bytes)).await.unwrap();
            assert!(n_read > 0, "{said}");
            said.push_str(std::str::from_utf8(&bytes[..n_read]).unwrap());
        }
    }
}

#[tokio::test]
async fn the_model_and_the_calls_describe_themselves_over_http() {
    let server = TestServer::start().await;
    let model = body(&get(server.address(), "/v1/model").await);
    assert_eq!(model["model"]["version"]["name"], "test-model");
    assert_eq!(model["model"]["trainedAt"], "2023-11-14T22:13:20Z");
    let document = body(&get(server.address(), "/v1/openapi.json").await);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["security"], json!([]));
    let article = &document["components"]["schemas"]["Article"]["properties"];
    assert_eq!(article["existingTags"]["items"]["type"], "string");
    // Every reference leads somewhere.
    let schemas = &document["components"]["schemas"];
    let text = document.to_string();
    for (_, rest) in text
        .match_indices("#/components/schemas/")
        .map(|(at, p)| text.split_at(at + p.len()))
    {
        let name: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        assert!(schemas[&name].is_object(), "{name}");
    }
}

/// A preflight of a browser; the head of the answer in lower case.
async fn preflight(server: &TestServer, origin: &str) -> String {
    let request = format!(
        "OPTIONS /copydesk.v1.ClassifierService/Classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: {origin}\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type,x-grpc-web\r\n\r\n"
    );
    raw(server.address(), request.as_bytes())
        .await
        .to_lowercase()
}

#[tokio::test]
async fn only_pages_of_the_origins_given_may_call() {
    let config = ServerConfig {
        cors_origins: vec!["https://cms.example".into()],
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let allowed = preflight(&server, "https://cms.example").await;
    assert!(
        allowed.contains("access-control-allow-origin: https://cms.example"),
        "{allowed}"
    );
    assert!(
        allowed.contains("access-control-allow-headers: content-type,x-grpc-web"),
        "{allowed}"
    );
    let other = preflight(&server, "https://elsewhere.example").await;
    assert!(!other.contains("access-control-allow-origin"), "{other}");
}

/// A gRPC-Web call; the bytes of the answer.
async fn web(server: &TestServer, headers: &str, sent: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /copydesk.v1.ClassifierService/Classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/grpc-web+proto\r\n{headers}content-length: {}\r\n\r\n",
        sent.len()
    );
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn a_browser_is_answered() {
    let server = TestServer::start().await;
    let answer = web(&server, "", &classify_frame(article(1))).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("grpc-status:0"), "{text}");
    assert!(text.contains("Economy"), "{text}");
    let refused = web(
        &server,
        "grpc-timeout: 0n\r\n",
        &pb::ClassifyRequest::default().encode_to_vec(),
    )
    .await;
    let text = String::from_utf8_lossy(&refused);
    assert!(text.contains("grpc-status: 4"), "{text}");
}

#[tokio::test]
async fn a_browsers_body_that_is_no_base64_is_its_mistake() {
    let server = TestServer::start().await;
    let sent = "no base64!";
    let request = format!(
        "POST /copydesk.v1.ClassifierService/Classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/grpc-web-text\r\ncontent-length: {}\r\n\r\n{sent}",
        sent.len()
    );
    let answer = raw(server.address(), request.as_bytes()).await;
    assert!(answer.contains("grpc-status: 3"), "{answer}");
}

#[tokio::test]
async fn a_wrong_path_or_method_is_told_in_json_too() {
    let server = TestServer::start().await;
    let address = server.address();
    let nothing = get(address, "/nothing").await;
    assert!(nothing.starts_with("HTTP/1.1 404"), "{nothing}");
    assert_eq!(body(&nothing)["reason"], "NO_SUCH_PATH");
    let posted = post(address, "/v1/model", "", "{}").await;
    for (answer, allowed) in [
        (get(address, "/v1/classify").await, "allow: POST\r\n"),
        (posted, "allow: GET, HEAD\r\n"),
    ] {
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
        assert!(answer.contains(allowed), "{answer}");
        assert_eq!(body(&answer)["reason"], "WRONG_METHOD");
    }
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let server = TestServer::start().await;
    let head = async |path: &str| {
        let request = format!("HEAD {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        raw(server.address(), request.as_bytes()).await
    };
    for path in ["/v1/model", "/v1/openapi.json", "/metrics", "/healthz"] {
        let answer = head(path).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{path}: {answer}");
    }
    let whole = get(server.address(), "/v1/model").await;
    let length = |answer: &str| {
        let line = answer.lines().find(|l| l.starts_with("content-length"));
        line.expect("a length").to_owned()
    };
    assert_eq!(length(&head("/v1/model").await), length(&whole));
    assert!(head("/v1/classify").await.starts_with("HTTP/1.1 405"));

    let wire = Wire::connect(server.address()).await;
    let mut sender = soon(wire.sender.ready()).await.expect("open");
    let request = Request::head("http://copydesk.test/v1/model").body(());
    let (response, _) = sender
        .send_request(request.expect("a request"), true)
        .expect("sent");
    let response = soon(response).await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(
        format!(
            "content-length: {}",
            response.headers()["content-length"].to_str().unwrap()
        ),
        length(&whole)
    );
    assert!(soon(response.into_body().data()).await.is_none());
}

#[tokio::test]
async fn a_packed_body_is_told_to_come_as_it_is() {
    let server = TestServer::start().await;
    let request = r#"{"article": {"body": "Parliament."}}"#;
    for path in ["/v1/classify", "/v1/classify:batch"] {
        let packed = "content-encoding: gzip\r\n";
        let answer = post(server.address(), path, packed, "\u{1f}").await;
        assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
        assert!(answer.contains("accept-encoding: identity\r\n"), "{answer}");
        let error = body(&answer);
        assert_eq!(error["reason"], "WRONG_ENCODING");
        assert!(error["message"].as_str().unwrap().contains("gzip"));
        let as_it_is = "content-encoding: Identity\r\n";
        let answer = post(server.address(), path, as_it_is, request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_answered_before_it_ends_and_not_reset() {
    const LIMIT: usize = 100_000;
    let config = ServerConfig {
        max_message_bytes: LIMIT,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let wire = Wire::connect(server.address()).await;
    let mut sender = wire.sender.clone();
    let request = http::Request::post("http://copydesk.test/v1/classify");
    let request = request.body(()).expect("a request");
    let (response, mut text) = sender.send_request(request, false).expect("sent");
    let spaces = |n_bytes| bytes::Bytes::from(vec![b' '; n_bytes]);
    text.send_data(spaces(LIMIT + 1), false).expect("sent");
    let response = soon(response).await.expect("an answer");
    assert_eq!(response.status(), 413);
    // A reset would have come before the answer to a later call.
    let later = http::Request::get("http://copydesk.test/healthz");
    let later = later.body(()).expect("a request");
    let (later, _) = sender.send_request(later, true).expect("sent");
    assert_eq!(soon(later).await.expect("an answer").status(), 200);
    text.send_data(spaces(LIMIT / 2), true).expect("not reset");
}
