//! The classifier's requests, whose articles and lists are counted before they are read: two million empty ones are
//! 4 kB on the wire, and ten thousand times as much as messages.
//!
//! All requests of the contract have their article or articles in field 1 and their options in field 2.

use std::marker::PhantomData;

use bytes::{Buf, Bytes};
use prost::encoding::{
    DecodeContext, WireType, check_wire_type, decode_key, decode_varint, skip_field,
};
use prost::{DecodeError, Message};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use super::classify::{CheckedOptions, ClassifyError};
use super::convert;
use super::pb;
use super::status;
use crate::pipeline::options::{MAX_LISTED_TAGS, TagListError};

const ARTICLES: u32 = 1;
const OPTIONS: u32 = 2;

/// An article as it was sent, and what was found wrong with it while it was read.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) article: Option<pb::Article>,
    pub(super) fault: Option<ClassifyError>,
}

impl From<Option<pb::Article>> for Sent {
    fn from(article: Option<pb::Article>) -> Self {
        Self {
            article,
            fault: None,
        }
    }
}

impl From<ClassifyError> for Sent {
    fn from(fault: ClassifyError) -> Self {
        Self {
            article: None,
            fault: Some(fault),
        }
    }
}

impl Sent {
    /// The article of a batch that has these bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut article = Reading::<pb::Article>::default();
        let read = article.merge(bytes);
        let fault = read.err().or_else(|| article.too_many());
        Self {
            article: article.message,
            fault,
        }
    }
}

/// A request as it is read from the wire.
pub(super) trait Requested: Sized + Send + 'static {
    /// Reads a message.
    ///
    /// # Errors
    /// The bytes are no message.
    fn read(message: Bytes, max_articles: usize) -> Result<Self, ClassifyError>;
}

/// A request with one article and its options.
#[derive(Debug)]
pub(super) struct One {
    pub(super) article: Sent,
    pub(super) options: CheckedOptions,
    /// Of the message, in bytes.
    pub(super) size_bytes: usize,
}

impl Requested for One {
    fn read(message: Bytes, _: usize) -> Result<Self, ClassifyError> {
        let mut article = Reading::<pb::Article>::default();
        let mut options = Reading::default();
        each_sub_message(&message, |number, bytes| match number {
            ARTICLES => article.merge(bytes),
            _ => options.merge(bytes),
        })?;
        Ok(Self {
            size_bytes: message.len(),
            options: options.checked(),
            article: Sent {
                fault: article.too_many(),
                article: article.message,
            },
        })
    }
}

/// A batch, whose articles are read one by one when it is their turn.
#[derive(Debug)]
pub(super) struct Batch {
    /// How many there are; of more than a batch may have, none is kept.
    pub(super) n_articles: usize,
    /// The bytes of each, for [`Sent::read`].
    pub(super) articles: Vec<Bytes>,
    pub(super) options: CheckedOptions,
}

impl Requested for Batch {
    fn read(message: Bytes, max_articles: usize) -> Result<Self, ClassifyError> {
        let (mut n_articles, mut articles) = (0, Vec::new());
        let mut options = Reading::default();
        each_sub_message(&message, |number, bytes| {
            if number == OPTIONS {
                return options.merge(bytes);
            }
            n_articles += 1;
            if n_articles <= max_articles {
                articles.push(message.slice_ref(bytes));
            }
            Ok(())
        })?;
        Ok(Self {
            n_articles,
            articles,
            options: options.checked(),
        })
    }
}

impl Requested for pb::GetModelRequest {
    fn read(message: Bytes, _: usize) -> Result<Self, ClassifyError> {
        Self::decode(message).map_err(|error| status::unreadable("", &error))
    }
}

/// Goes through a request's articles and options.
fn each_sub_message<'a>(
    mut message: &'a [u8],
    mut take: impl FnMut(u32, &'a [u8]) -> Result<(), ClassifyError>,
) -> Result<(), ClassifyError> {
    let unreadable = |error| status::unreadable("", &error);
    while let Some(field) = Field::next(&mut message).map_err(unreadable)? {
        if matches!(field.number, ARTICLES | OPTIONS) {
            take(field.number, field.sub_message().map_err(unreadable)?)?;
        }
    }
    Ok(())
}

/// A field of a message on the wire.
struct Field<'a> {
    number: u32,
    wire_type: WireType,
    /// With its key.
    whole: &'a [u8],
    value: &'a [u8],
}

impl<'a> Field<'a> {
    /// The next one of a message, if there is one.
    fn next(rest: &mut &'a [u8]) -> Result<Option<Self>, DecodeError> {
        if rest.is_empty() {
            return Ok(None);
        }
        let whole = *rest;
        let (number, wire_type) = decode_key(rest)?;
        let value = *rest;
        skip_field(wire_type, number, rest, DecodeContext::default())?;
        Ok(Some(Self {
            number,
            wire_type,
            whole: &whole[..whole.len() - rest.len()],
            value: &value[..value.len() - rest.len()],
        }))
    }

    /// What stands behind the length.
    fn sub_message(&self) -> Result<&'a [u8], DecodeError> {
        check_wire_type(WireType::LengthDelimited, self.wire_type)?;
        let mut bytes = self.value;
        decode_varint(&mut bytes)?;
        Ok(bytes)
    }
}

/// A message with lists of tags.
trait Listing: Message + Default {
    /// Where it stands in a request.
    const NAME: &'static str;
    /// The numbers and names of its lists.
    const LISTS: &'static [(u32, &'static str)];
}

impl Listing for pb::Article {
    const NAME: &'static str = "article";
    const LISTS: &'static [(u32, &'static str)] = &[(6, "article.existing_tags")];
}

impl Listing for pb::ClassifyOptions {
    const NAME: &'static str = "options";
    const LISTS: &'static [(u32, &'static str)] =
        &[(5, "options.deny_tags"), (8, "options.allow_tags")];
}

/// A message as far as it is read. Of its lists, what is over the limit is counted and left out.
#[derive(Debug, Default)]
struct Reading<M> {
    message: Option<M>,
    /// How many values each list was sent.
    n_listed: [usize; 2],
}

impl<M: Listing> Reading<M> {
    /// Reads the message, or more of it: what stands twice is one message.
    fn merge(&mut self, mut bytes: &[u8]) -> Result<(), ClassifyError> {
        let unreadable = |error| status::unreadable(M::NAME, &error);
        let message = self.message.get_or_insert_default();
        while let Some(field) = Field::next(&mut bytes).map_err(unreadable)? {
            let mut lists = M::LISTS.iter().zip(&mut self.n_listed);
            if let Some((_, n_listed)) = lists.find(|((number, _), _)| *number == field.number) {
                *n_listed += 1;
                if *n_listed > MAX_LISTED_TAGS {
                    continue;
                }
            }
            message.merge(field.whole).map_err(unreadable)?;
        }
        Ok(())
    }

    /// The first list that is over the limit.
    fn too_many(&self) -> Option<ClassifyError> {
        let mut lists = M::LISTS.iter().zip(self.n_listed);
        let (&(_, field), n_tags) = lists.find(|(_, n_listed)| *n_listed > MAX_LISTED_TAGS)?;
        Some(TagListError::TooMany { field, n_tags }.into())
    }
}

impl Reading<pb::ClassifyOptions> {
    fn checked(self) -> CheckedOptions {
        match self.too_many() {
            Some(error) => Err(error),
            None => convert::options(self.message),
        }
    }
}

/// Reads requests of a kind and writes their answers.
pub(super) struct Counted<R, A> {
    pub(super) max_articles: usize,
    /// How many messages a call may have.
    pub(super) max_messages: usize,
    pub(super) kinds: PhantomData<fn() -> (R, A)>,
}

impl<R: Requested, A: Message + Default + 'static> Codec for Counted<R, A> {
    type Encode = A;
    type Decode = R;
    type Encoder = ProstEncoder<A>;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<A, ()>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        Self { ..*self }
    }
}

impl<R: Requested, A: 'static> Decoder for Counted<R, A> {
    type Item = R;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<R>, Status> {
        let Some(further) = self.max_messages.checked_sub(1) else {
            return Err(status::several_messages());
        };
        self.max_messages = further;
        let message = message.copy_to_bytes(message.remaining());
        let request = R::read(message, self.max_articles);
        request.map(Some).map_err(|error| status::of_error(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes behind their length, of less than 128.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len().try_into().unwrap();
        [&[number << 3 | 2, length], bytes].concat()
    }

    fn one(message: Vec<u8>) -> Result<One, ClassifyError> {
        One::read(message.into(), 1)
    }

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let article = pb::Article {
            id: "a".into(),
            body: "Parliament".into(),
            existing_tags: vec!["\n".into(); 7],
            ..pb::Article::default()
        };
        let batch = pb::BatchClassifyRequest {
            articles: vec![article.clone(); 5],
            options: None,
        };
        let read = Batch::read(batch.encode_to_vec().into(), 5).unwrap();
        assert_eq!((read.n_articles, read.articles.len()), (5, 5));
        for bytes in read.articles {
            assert_eq!(Sent::read(&bytes).article.as_ref(), Some(&article));
        }
        let few = Batch::read(batch.encode_to_vec().into(), 2).unwrap();
        assert_eq!((few.n_articles, few.articles.len()), (5, 2));
    }

    #[test]
    fn lists_are_counted_over_all_parts_of_a_message() {
        let message = |parts: usize| pb::ClassifyRequest {
            article: Some(pb::Article {
                existing_tags: vec![String::new(); parts * MAX_LISTED_TAGS / 2],
                ..pb::Article::default()
            }),
            options: None,
        };
        let parts = |n: usize| message(1).encode_to_vec().repeat(n);
        let fits = one(parts(2)).unwrap().article;
        assert!(fits.fault.is_none());
        assert_eq!(fits.article, message(2).article);
        let named = [parts(3), field(1, &field(1, b"name"))].concat();
        let over = one(named).unwrap().article;
        let article = over.article.unwrap();
        assert_eq!(article.id, "name");
        assert_eq!(article.existing_tags.len(), MAX_LISTED_TAGS);
        let said = over.fault.unwrap().to_string();
        assert!(
            said.contains("article.existing_tags has 1500 tags"),
            "{said}"
        );
    }

    /// A list that the contract gets later would else be read without being counted.
    #[test]
    fn every_list_of_the_contract_is_counted() {
        let pool = prost_reflect::DescriptorPool::decode(pb::DESCRIPTORS).unwrap();
        for (message, lists) in [
            ("Article", pb::Article::LISTS),
            ("ClassifyOptions", pb::ClassifyOptions::LISTS),
        ] {
            let name = format!("copydesk.v1.{message}");
            let message = pool.get_message_by_name(&name).unwrap();
            let repeated = message
                .fields()
                .filter(|field| field.is_list() || field.is_map());
            let repeated: Vec<u32> = repeated.map(|field| field.number()).collect();
            let counted: Vec<u32> = lists.iter().map(|(number, _)| *number).collect();
            assert_eq!(repeated, counted, "{name}");
        }
    }

    #[test]
    fn each_list_of_the_options_is_counted() {
        for (number, name) in pb::ClassifyOptions::LISTS {
            let value = field((*number).try_into().unwrap(), b"");
            let options = field(2, &value).repeat(MAX_LISTED_TAGS + 1);
            let error = one(options.clone()).unwrap().options.unwrap_err();
            assert_eq!(error.field(), Some(*name));
            let error = Batch::read(options.into(), 1).unwrap().options.unwrap_err();
            assert_eq!(error.field(), Some(*name));
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_told_with_their_field() {
        let text = one(field(1, &field(3, b"caf\xe9"))).unwrap_err();
        assert_eq!(text.field(), Some("article.body"));
        assert!(text.to_string().contains("UTF-8"), "{text}");
        let options = one(field(2, b"\x0f")).unwrap_err();
        assert_eq!(options.field(), Some("options"));
        for broken in [&b"\x08\x01"[..], b"\x0a\x05abc", b"\x0f", b"\x00"] {
            assert_eq!(one(broken.to_vec()).unwrap_err().field(), Some(""));
        }
    }
}
