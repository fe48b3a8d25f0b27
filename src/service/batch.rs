//! `BatchClassify`, whose articles are counted before they are read: two million empty ones are 4 kB on the wire,
//! and a hundred thousand times as much as messages.

use std::sync::Arc;

use bytes::Buf;
use http::{Request, Response};
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EnabledCompressionEncodings};
use tonic::codegen::BoxFuture;
use tonic::server::{Grpc, ServerStreamingService};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

use super::call::Call;
use super::classify::ClassifyError;
use super::grpc::Classifier;
use super::handlers::Message;
use super::pb;
use super::pb::classifier_service_server::ClassifierService;
use super::status;

/// The field of [`pb::BatchClassifyRequest`] that has the articles.
const ARTICLES: u32 = 1;

/// Answers a request as the generated server does, but for the counting.
pub(super) async fn answer<B: Message>(
    classifier: Classifier,
    encodings: EnabledCompressionEncodings,
    request: Request<B>,
) -> Response<Body> {
    let Some(call) = request.extensions().get::<Arc<Call>>() else {
        return status::no_call().into_http();
    };
    let max_message_bytes = call.shared.config.max_message_bytes;
    let codec = BatchCodec(Arc::clone(call));
    let mut grpc = Grpc::new(codec)
        .apply_compression_config(encodings, encodings)
        .apply_max_message_size_config(Some(max_message_bytes), None);
    grpc.server_streaming(Batches(classifier), request).await
}

struct Batches(Classifier);

impl ServerStreamingService<pb::BatchClassifyRequest> for Batches {
    type Response = pb::BatchClassifyResponse;
    type ResponseStream = <Classifier as ClassifierService>::BatchClassifyStream;
    type Future = BoxFuture<tonic::Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: tonic::Request<pb::BatchClassifyRequest>) -> Self::Future {
        let classifier = self.0.clone();
        Box::pin(async move { classifier.batch_classify(request).await })
    }
}

type Prost = ProstCodec<pb::BatchClassifyResponse, pb::BatchClassifyRequest>;

/// Reads the batches of a call that have as many articles as a batch may.
struct BatchCodec(Arc<Call>);

impl Codec for BatchCodec {
    type Encode = pb::BatchClassifyResponse;
    type Decode = pb::BatchClassifyRequest;
    type Encoder = ProstEncoder<Self::Encode>;
    type Decoder = BatchDecoder;

    fn encoder(&mut self) -> Self::Encoder {
        Prost::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BatchDecoder {
            call: Arc::clone(&self.0),
            messages: Prost::default().decoder(),
        }
    }
}

struct BatchDecoder {
    call: Arc<Call>,
    messages: ProstDecoder<pb::BatchClassifyRequest>,
}

impl Decoder for BatchDecoder {
    type Item = pb::BatchClassifyRequest;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let limit = self.call.shared.config.max_batch_articles;
        let n_articles = n_articles(message.chunk());
        if n_articles > limit {
            let error = ClassifyError::BatchTooLarge { n_articles, limit };
            // Those behind the first too many were never looked at.
            self.call.refuse(limit + 1, status::reason(&error));
            return Err(status::of_error(&error));
        }
        self.messages.decode(message)
    }
}

/// How many articles a message has, up to where it cannot be read.
fn n_articles(mut message: &[u8]) -> usize {
    let mut n_articles = 0;
    while let Ok((field, wire_type)) = decode_key(&mut message) {
        n_articles += usize::from(field == ARTICLES && wire_type == WireType::LengthDelimited);
        if skip_field(wire_type, field, &mut message, DecodeContext::default()).is_err() {
            break;
        }
    }
    n_articles
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn articles_are_counted_as_they_are_read() {
        let batch = pb::BatchClassifyRequest {
            articles: vec![pb::Article::default(); 5],
            options: Some(pb::ClassifyOptions {
                deny_tags: vec!["\n".into(); 7],
                ..pb::ClassifyOptions::default()
            }),
        };
        let bytes = batch.encode_to_vec();
        assert_eq!(n_articles(&bytes), 5);
        assert_eq!(n_articles(&bytes[..3]), 2);
        assert_eq!(n_articles(b""), 0);
    }
}
