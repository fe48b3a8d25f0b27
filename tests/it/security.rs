//! Keys and certificates: the wrong ones are refused, and the others are served.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use copydesk::service::{
    ApiKey, Exposure, ProbeConfig, ProbeError, Role, ServerConfig, TlsConfig, hash, pb, probe,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{TestServer, article, pipeline, soon};
use crate::wire::{CLASSIFY, Sent, Wire, classify_frame, framed, get, post, raw};

fn key(name: &str, role: Role, articles_per_second: Option<u32>) -> ApiKey {
    ApiKey {
        name: name.into(),
        sha256: hash(&format!("cdk_{name}")),
        roles: vec![role],
        articles_per_second,
    }
}

async fn server_with_keys() -> TestServer {
    let config = ServerConfig {
        keys: vec![
            key("desk", Role::Classify, None),
            key("watch", Role::Observe, None),
            key("slow", Role::Classify, Some(1)),
        ],
        reflection: Exposure::Keyed,
        ..ServerConfig::default()
    };
    TestServer::start_with(pipeline(), config).await
}

async fn classify(server: &TestServer, headers: &[(&str, &str)]) -> Status {
    let mut wire = Wire::connect(server.address()).await;
    let frame = classify_frame(article(0));
    wire.call(CLASSIFY, headers, Sent::Whole(frame))
        .await
        .status
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().expect("an ErrorInfo").reason.clone()
}

#[tokio::test]
async fn only_a_known_key_of_the_right_role_may_call() {
    let server = server_with_keys().await;
    let none = classify(&server, &[]).await;
    assert_eq!(
        (none.code(), reason(&none).as_str()),
        (Code::Unauthenticated, "NO_KEY")
    );
    let wrong = classify(&server, &[("authorization", "Bearer cdk_desk2")]).await;
    assert_eq!(
        (wrong.code(), reason(&wrong).as_str()),
        (Code::Unauthenticated, "WRONG_KEY")
    );
    let role = classify(&server, &[("authorization", "Bearer cdk_watch")]).await;
    assert_eq!(
        (role.code(), reason(&role).as_str()),
        (Code::PermissionDenied, "WRONG_ROLE")
    );
    assert!(role.message().contains("classify"), "{role}");
    for right in [
        ("authorization", "Bearer cdk_desk"),
        ("x-api-key", "cdk_desk"),
    ] {
        assert_eq!(classify(&server, &[right]).await.code(), Code::Ok);
    }
}

#[tokio::test]
async fn a_refusal_neither_waits_for_its_message_nor_resets_its_call() {
    let server = server_with_keys().await;
    let mut wire = Wire::connect(server.address()).await;
    let mut sender = wire.sender.clone();
    let (response, mut message) = sender
        .send_request(crate::wire::request(CLASSIFY, &[]), false)
        .expect("sent");
    let response = soon(response).await.expect("an answer");
    let status = Status::from_header_map(response.headers()).expect("a status");
    assert_eq!(status.code(), Code::Unauthenticated);
    // A reset would have come before the answer to a later call.
    let frame = classify_frame(article(0));
    let later = wire.call(CLASSIFY, &[], Sent::Whole(frame.clone())).await;
    assert_eq!(later.status.code(), Code::Unauthenticated);
    message.send_data(frame, true).expect("not reset");
}

#[tokio::test]
async fn plain_http_asks_for_keys_too() {
    let server = server_with_keys().await;
    let address = server.address();
    let request = r#"{"article": {"body": "Parliament."}}"#;
    let refused = post(address, "/v1/classify", "", request).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    assert!(
        refused.contains("www-authenticate: Bearer\r\n"),
        "{refused}"
    );
    let taken = post(address, "/v1/classify", "x-api-key: cdk_desk\r\n", request).await;
    assert!(taken.starts_with("HTTP/1.1 200"), "{taken}");
    for path in ["/metrics", "/v1/openapi.json"] {
        let refused = get(address, path).await;
        assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    }
    let health = get(address, "/healthz").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let head =
        "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: cdk_watch\r\n\r\n";
    let metrics = raw(address, head.as_bytes()).await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
}

#[tokio::test]
async fn a_key_that_has_used_up_its_rate_is_told_to_wait() {
    let server = server_with_keys().await;
    let slow = [("x-api-key", "cdk_slow")];
    let refused = soon(async {
        loop {
            let status = classify(&server, &slow).await;
            if status.code() != Code::Ok {
                return status;
            }
        }
    })
    .await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "RATE_LIMITED");
    assert!(refused.get_error_details().retry_info().is_some());
    // Another key is not held up.
    assert_eq!(
        classify(&server, &[("x-api-key", "cdk_desk")]).await.code(),
        Code::Ok
    );
}

#[tokio::test]
async fn what_is_keyed_is_for_every_key() {
    let config = ServerConfig {
        keys: vec![key("watch", Role::Observe, None)],
        health: Exposure::Keyed,
        reflection: Exposure::Keyed,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    for path in ["/healthz", "/readyz", "/v1/openapi.json", "/metrics"] {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: cdk_watch\r\n\r\n"
        );
        let answer = raw(server.address(), head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        let answer = get(server.address(), path).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn lines_end_at_the_deadline_though_their_articles_wait() {
    let server = server_with_keys().await;
    let batch = "{\"article\": {\"body\": \"Parliament.\"}}\n".repeat(5);
    let headers = "x-api-key: cdk_slow\r\ngrpc-timeout: 500m\r\n";
    let answer = post(server.address(), "/v1/classify:batch", headers, &batch).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The key lets one article through in the first second.
    assert!(
        answer.matches("\"classification\"").count() <= 1,
        "{answer}"
    );
    assert_eq!(answer.matches("\"error\"").count(), 1, "{answer}");
    assert!(answer.contains("\"code\":4"), "{answer}");
}

#[tokio::test]
async fn lines_that_are_no_articles_use_up_the_rate_too() {
    let server = server_with_keys().await;
    let headers = "x-api-key: cdk_slow\r\ngrpc-timeout: 500m\r\n";
    let batch = "no JSON\n".repeat(5);
    let answer = post(server.address(), "/v1/classify:batch", headers, &batch).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The key lets one line through in the first second, and the deadline's is the last.
    assert!(
        answer.matches("is no StreamClassifyRequest").count() <= 1,
        "{answer}"
    );
    assert!(answer.contains("\"code\":4"), "{answer}");
}

/// What the key for metrics is shown of a counter.
async fn counted(server: &TestServer, name: &str) -> u64 {
    let head =
        "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: cdk_watch\r\n\r\n";
    let metrics = raw(server.address(), head.as_bytes()).await;
    let start = format!("{name} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |number| number.parse().expect("a number"))
}

fn refused(reason: &str) -> String {
    format!("copydesk_refused_articles_total{{reason=\"{reason}\"}}")
}

#[tokio::test]
async fn articles_refused_for_their_key_are_counted() {
    let server = server_with_keys().await;
    classify(&server, &[]).await;
    classify(&server, &[("x-api-key", "cdk_watch")]).await;
    let slow = [("x-api-key", "cdk_slow")];
    soon(async { while classify(&server, &slow).await.code() == Code::Ok {} }).await;
    for reason in ["NO_KEY", "WRONG_ROLE", "RATE_LIMITED"] {
        assert_eq!(counted(&server, &refused(reason)).await, 1, "{reason}");
    }
}

#[tokio::test]
async fn articles_without_an_answer_by_the_deadline_are_counted() {
    let server = server_with_keys().await;
    let lines = "{\"article\": {\"body\": \"Parliament.\"}}\n".repeat(5);
    let headers = "x-api-key: cdk_slow\r\ngrpc-timeout: 500m\r\n";
    post(server.address(), "/v1/classify:batch", headers, &lines).await;
    let mut wire = Wire::connect(server.address()).await;
    let batch = pb::BatchClassifyRequest {
        articles: (0..40).map(article).collect(),
        options: None,
    };
    let headers = [("x-api-key", "cdk_slow"), ("grpc-timeout", "500m")];
    let path = "/copydesk.v1.ClassifierService/BatchClassify";
    let answer = wire.call(path, &headers, Sent::Whole(framed(&batch))).await;
    assert_eq!(answer.status.code(), Code::DeadlineExceeded);
    let n_late = counted(&server, &refused("DEADLINE_EXCEEDED")).await;
    let n_classified = counted(&server, "copydesk_confidence_count").await;
    assert_eq!(n_late + n_classified, 45, "{n_classified} classified");
}

#[tokio::test]
async fn what_is_asked_for_in_a_wrong_way_takes_nothing_of_the_rate() {
    let server = server_with_keys().await;
    let address = server.address();
    let key = "x-api-key: cdk_slow\r\n";
    let gzip = format!("{key}content-encoding: gzip\r\n");
    let head = format!("GET /v1/classify HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{key}\r\n");
    for (answer, status) in [
        (raw(address, head.as_bytes()).await, "HTTP/1.1 405"),
        (
            post(address, "/v1/classify", &gzip, "x").await,
            "HTTP/1.1 415",
        ),
        (post(address, CLASSIFY, key, "{}").await, "HTTP/1.1 415"),
    ] {
        assert!(answer.starts_with(status), "{answer}");
    }
    let packed = [("x-api-key", "cdk_slow"), ("grpc-encoding", "br")];
    let refused = classify(&server, &packed).await;
    assert_eq!(refused.code(), Code::Unimplemented, "{refused:?}");
    let taken = classify(&server, &[("x-api-key", "cdk_slow")]).await;
    assert_eq!(taken.code(), Code::Ok, "{taken:?}");
}

#[test]
fn what_is_refused_for_load_takes_nothing_of_the_rate() {
    // Pages are read by other threads; there is one, and it waits for the test.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build();
    runtime.expect("a runtime").block_on(async {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || wait.recv());
        let config = ServerConfig {
            max_in_flight: NonZeroUsize::MIN,
            keys: vec![
                key("desk", Role::Classify, None),
                key("watch", Role::Observe, None),
                key("slow", Role::Classify, Some(1)),
            ],
            ..ServerConfig::default()
        };
        let server = TestServer::start_with(pipeline(), config).await;
        let page = pb::Article {
            format: pb::ContentFormat::Html.into(),
            ..article(0)
        };
        let mut wire = Wire::connect(server.address()).await;
        let in_work = tokio::spawn(async move {
            let desk = [("x-api-key", "cdk_desk")];
            let frame = Sent::Whole(classify_frame(page));
            wire.call(CLASSIFY, &desk, frame).await.status
        });
        soon(async { while counted(&server, "copydesk_articles_in_flight").await == 0 {} }).await;
        let slow = [("x-api-key", "cdk_slow")];
        for _ in 0..3 {
            assert_eq!(reason(&classify(&server, &slow).await), "OVERLOADED");
        }
        drop(release);
        let answered = soon(in_work).await.expect("no panic");
        assert_eq!(answered.code(), Code::Ok, "{answered:?}");
        let taken = classify(&server, &slow).await;
        assert_eq!(taken.code(), Code::Ok, "{taken:?}");
    });
}

#[tokio::test]
async fn the_openapi_document_says_how_keys_are_sent() {
    let server = server_with_keys().await;
    let head = "GET /v1/openapi.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: cdk_desk\r\n\r\n";
    let answer = raw(server.address(), head.as_bytes()).await;
    let (_, document) = answer.split_once("\r\n\r\n").expect("a head");
    let document: serde_json::Value = serde_json::from_str(document).expect("JSON");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["bearer"]["scheme"], "Bearer");
    assert_eq!(schemes["apiKey"]["name"], "x-api-key");
    let needed = serde_json::json!([{ "bearer": [] }, { "apiKey": [] }]);
    assert_eq!(document["security"], needed);
    let answers = |path: &str, method: &str| document["paths"][path][method]["responses"].clone();
    for status in ["400", "401", "403", "413", "415", "429", "431"] {
        let error = &answers("/v1/classify", "post")[status];
        assert!(error["content"]["application/json"].is_object(), "{status}");
    }
    for status in ["401", "403"] {
        assert!(answers("/v1/classify:batch", "post")[status].is_object());
        assert!(answers("/v1/model", "get")[status].is_object());
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_there() {
    let config = ServerConfig {
        health: Exposure::Off,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let health = get(server.address(), "/healthz").await;
    assert!(health.starts_with("HTTP/1.1 501"), "{health}");
}

/// An authority, and a folder with the certificates of a server that it vouches for.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        let authority = Self { issuer, folder };
        let params = CertificateParams::new(vec!["copydesk.test".into()]).unwrap();
        authority.issue("server", params);
        authority
    }

    /// Writes a certificate and its key as `NAME.pem` and `NAME-key.pem`.
    fn issue(&self, name: &str, params: CertificateParams) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}-key.pem")), key.serialize_pem()).unwrap();
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A server's certificate of another serial number, and its key, in the place of the first.
    fn renew(&self, serial: u64) {
        let mut params = CertificateParams::new(vec!["copydesk.test".into()]).unwrap();
        params.serial_number = Some(serial.into());
        self.issue("server", params);
    }

    fn client(&self, name: &str) -> CertificateParams {
        CertificateParams::new(vec![name.into()]).unwrap()
    }

    async fn server(&self, client_authorities: Option<&str>) -> TestServer {
        let config = ServerConfig {
            tls: Some(TlsConfig {
                certificate: self.file("server.pem"),
                key: self.file("server-key.pem"),
                client_authorities: client_authorities.map(|name| self.file(name)),
                look_every: Duration::from_millis(5),
            }),
            ..ServerConfig::default()
        };
        TestServer::start_with(pipeline(), config).await
    }

    /// What the server's health is to a client that trusts this authority and shows a certificate
    /// out of a folder.
    async fn health(
        &self,
        server: &TestServer,
        shown: Option<(&Path, &str)>,
    ) -> std::io::Result<String> {
        self.get(server, shown, "/healthz").await
    }

    async fn get(
        &self,
        server: &TestServer,
        shown: Option<(&Path, &str)>,
        path: &str,
    ) -> std::io::Result<String> {
        let mut socket = self.connect(server, shown).await?;
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        socket.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        soon(socket.read_to_string(&mut answer)).await?;
        Ok(answer)
    }

    /// The certificate that a new connection is shown.
    async fn shown_by(&self, server: &TestServer) -> Vec<u8> {
        let socket = self.connect(server, None).await.expect("a connection");
        let (_, session) = socket.get_ref();
        let chain = session.peer_certificates().expect("a certificate");
        chain[0].to_vec()
    }

    async fn connect(
        &self,
        server: &TestServer,
        shown: Option<(&Path, &str)>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.file("ca.pem")).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            None => builder.with_no_client_auth(),
            Some((folder, name)) => {
                let chain =
                    CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap();
                let key =
                    PrivateKeyDer::from_pem_file(folder.join(format!("{name}-key.pem"))).unwrap();
                builder.with_client_auth_cert(vec![chain], key).unwrap()
            }
        };
        let name = ServerName::try_from("copydesk.test").unwrap();
        let socket = TcpStream::connect(server.address()).await?;
        let connector = TlsConnector::from(Arc::new(config));
        soon(connector.connect(name, socket)).await
    }
}

fn assert_served(answer: std::io::Result<String>) {
    let answer = answer.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn encrypted_connections_are_served_and_plain_ones_are_not() {
    let authority = Authority::new();
    let server = authority.server(None).await;
    assert_served(authority.health(&server, None).await);
    let plain = get(server.address(), "/healthz").await;
    assert!(!plain.contains("HTTP/1.1 200"), "{plain}");
    let metrics = authority.get(&server, None, "/metrics").await;
    let metrics = metrics.expect("an answer");
    let failed = "copydesk_failed_handshakes_total 1\n";
    assert!(metrics.contains(failed), "{metrics}");
    // A client that trusts another authority does not go on.
    let stranger = Authority::new();
    assert!(stranger.health(&server, None).await.is_err());
    assert_served(authority.health(&server, None).await);
}

#[tokio::test]
async fn a_replaced_certificate_is_shown_to_new_connections() {
    let authority = Authority::new();
    let server = authority.server(None).await;
    let first = authority.shown_by(&server).await;
    let mut open = authority.connect(&server, None).await.expect("open");
    authority.renew(7);
    let file = authority.file("server.pem");
    let second = CertificateDer::from_pem_file(file).unwrap().to_vec();
    assert_ne!(first, second);
    soon(async { while authority.shown_by(&server).await != second {} }).await;
    // A connection that was open goes on.
    let head = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    open.write_all(head.as_bytes()).await.expect("still open");
    let mut answer = String::new();
    soon(open.read_to_string(&mut answer)).await.expect("text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Files that cannot be used change nothing.
    fs::write(authority.file("server.pem"), "no certificate").unwrap();
    assert_eq!(authority.shown_by(&server).await, second);
}

#[tokio::test]
async fn a_probe_asks_an_encrypted_server_too() {
    let authority = Authority::new();
    let server = authority.server(None).await;
    let mut config = ProbeConfig {
        address: format!("https://{}", server.address()),
        service: String::new(),
        timeout: Duration::from_secs(60),
        authorities: Some(authority.file("ca.pem")),
        server_name: Some("copydesk.test".into()),
        api_key: None,
    };
    probe(&config).await.expect("serving");
    // The address is not what the certificate is for.
    config.server_name = None;
    let error = probe(&config).await;
    assert!(matches!(error, Err(ProbeError::Unreachable { .. })));
    config.address = format!("http://{}", server.address());
    assert!(probe(&config).await.is_err());
}

#[tokio::test]
async fn only_a_valid_certificate_of_the_right_authority_may_connect() {
    let authority = Authority::new();
    authority.issue("client", authority.client("desk"));
    let mut expired = authority.client("gone");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    authority.issue("expired", expired);
    let stranger = Authority::new();
    stranger.issue("client", stranger.client("desk"));

    let server = authority.server(Some("ca.pem")).await;
    let own = authority.folder.path();
    assert_served(authority.health(&server, Some((own, "client"))).await);
    assert!(authority.health(&server, None).await.is_err());
    assert!(
        authority
            .health(&server, Some((own, "expired")))
            .await
            .is_err()
    );
    let foreign = Some((stranger.folder.path(), "client"));
    assert!(authority.health(&server, foreign).await.is_err());
    assert_served(authority.health(&server, Some((own, "client"))).await);
}

#[tokio::test]
async fn an_authority_that_is_withdrawn_vouches_for_nobody_any_more() {
    let authority = Authority::new();
    authority.issue("client", authority.client("desk"));
    let other = Authority::new();
    other.issue("client", other.client("desk"));
    let (first, second) = (authority.file("ca.pem"), other.file("ca.pem"));
    fs::copy(first, authority.file("clients.pem")).unwrap();
    let server = authority.server(Some("clients.pem")).await;
    let own = Some((authority.folder.path(), "client"));
    let others = Some((other.folder.path(), "client"));
    assert_served(authority.health(&server, own).await);
    assert!(authority.health(&server, others).await.is_err());

    fs::copy(second, authority.file("clients.pem")).unwrap();
    soon(async { while authority.health(&server, others).await.is_err() {} }).await;
    assert_served(authority.health(&server, others).await);
    assert!(authority.health(&server, own).await.is_err());
    // A file that cannot be used changes nothing.
    fs::write(authority.file("clients.pem"), "no authority").unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_served(authority.health(&server, others).await);
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let authority = Authority::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ServerConfig {
        tls: Some(TlsConfig {
            certificate: authority.file("missing.pem"),
            key: authority.file("server-key.pem"),
            client_authorities: None,
            look_every: TlsConfig::DEFAULT_LOOK_EVERY,
        }),
        ..ServerConfig::default()
    };
    let served = copydesk::service::serve(
        listener,
        Arc::new(pipeline()),
        config,
        std::future::pending(),
    );
    let error = soon(served).await.expect_err("no certificate");
    assert!(error.to_string().contains("missing.pem"), "{error}");
}

#[tokio::test]
async fn probes_and_metrics_have_a_port_of_their_own_if_told_to() {
    let server = TestServer::start_with_admin().await;
    let admin = server.admin.expect("a port");
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = get(admin, path).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        let answer = get(server.address(), path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let model = get(admin, "/v1/model").await;
    assert!(model.starts_with("HTTP/1.1 404"), "{model}");
    let mut client = server.client().await;
    soon(client.get_model(pb::GetModelRequest {}))
        .await
        .expect("served");
}
