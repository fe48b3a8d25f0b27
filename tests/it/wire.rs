//! Clients that do what no library would: raw sockets and single HTTP/2 frames.

use std::net::SocketAddr;

use bytes::{BufMut, Bytes, BytesMut};
use copydesk::service::pb;
use h2::client::SendRequest;
use http::{HeaderMap, Request};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::Status;

use crate::support::soon;

pub(crate) const CLASSIFY: &str = "/copydesk.v1.ClassifierService/Classify";

/// Bytes of an HTTP/2 client that says hello with empty settings and nothing more.
pub(crate) const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// An HTTP/2 connection, frame by frame.
pub(crate) struct Wire {
    pub(crate) sender: SendRequest<Bytes>,
    /// Completes when the connection is over.
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

/// An answer to the last byte.
pub(crate) struct Answer {
    pub(crate) status: Status,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.expect("a server listens");
        let (sender, connection) = soon(h2::client::handshake(socket)).await.expect("HTTP/2");
        Self {
            sender,
            connection: tokio::spawn(connection),
        }
    }

    /// Sends a call with these headers and the bytes of its message, all or the first of them.
    pub(crate) async fn call(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: Sent,
    ) -> Answer {
        let (mut sender, request) = (self.sender.clone(), request(path, headers));
        soon(futures_util::future::poll_fn(|context| {
            sender.poll_ready(context)
        }))
        .await
        .expect("an open connection");
        let (response, mut stream) = sender.send_request(request, false).expect("sent");
        match body {
            Sent::Whole(bytes) => stream.send_data(bytes, true).expect("sent"),
            Sent::Part(bytes) => stream.send_data(bytes, false).expect("sent"),
        }
        let response = soon(response).await.expect("an answer");
        let (parts, mut received) = response.into_parts();
        let mut body = BytesMut::new();
        while let Some(chunk) = soon(received.data()).await {
            body.extend_from_slice(&chunk.expect("no reset"));
        }
        let trailers = soon(received.trailers()).await.expect("no reset");
        let status = trailers
            .as_ref()
            .and_then(Status::from_header_map)
            .or_else(|| Status::from_header_map(&parts.headers))
            .expect("a gRPC status");
        Answer {
            status,
            headers: parts.headers,
            body: body.freeze(),
        }
    }
}

/// What is sent of a call's message.
pub(crate) enum Sent {
    Whole(Bytes),
    Part(Bytes),
}

pub(crate) fn request(path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post(format!("http://copydesk.test{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request")
}

/// The frame of a gRPC message.
pub(crate) fn framed(message: &impl Message) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.encoded_len().try_into().expect("short"));
    message.encode(&mut frame).expect("space");
    frame.freeze()
}

/// The frame of a request to classify an article.
pub(crate) fn classify_frame(article: pb::Article) -> Bytes {
    framed(&pb::ClassifyRequest {
        article: Some(article),
        options: None,
    })
}

/// Sends bytes over a socket of their own and reads until the server closes it.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.expect("a server listens");
    socket.write_all(bytes).await.expect("sent");
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = soon(socket.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A GET over plain HTTP/1.1; the answer with its head.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    raw(address, request.as_bytes()).await
}

/// A POST over plain HTTP/1.1; the answer with its head.
pub(crate) async fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    raw(address, request.as_bytes()).await
}
