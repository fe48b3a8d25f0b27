//! The contract only grows. `proto/published.binpb` is the first version that clients were built on
//! (`buf build -o proto/published.binpb --exclude-source-info`); `buf breaking` holds more of it where buf
//! is installed.

use copydesk::service::pb;
use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, MessageDescriptor};

const PUBLISHED: &[u8] = include_bytes!("../../proto/published.binpb");
const PACKAGE: &str = "copydesk.v1";

fn pools() -> (DescriptorPool, DescriptorPool) {
    let pool = |bytes| DescriptorPool::decode(bytes).expect("descriptors");
    (pool(PUBLISHED), pool(pb::DESCRIPTORS))
}

/// All that bytes, JSON and generated code depend on.
fn shape(field: &FieldDescriptor) -> String {
    format!(
        "{} {} = {} [{}] {:?} {:?} {}",
        field.cardinality() as i32,
        field.name(),
        field.number(),
        field.json_name(),
        field.kind(),
        field
            .containing_oneof()
            .map(|oneof| oneof.name().to_owned()),
        field.supports_presence(),
    )
}

fn assert_message_kept(was: &MessageDescriptor, is: &MessageDescriptor) {
    for field in was.fields() {
        let now = is.get_field(field.number());
        let now = now.unwrap_or_else(|| panic!("{} is gone", field.full_name()));
        assert_eq!(shape(&field), shape(&now), "{}", field.full_name());
    }
}

fn assert_enum_kept(was: &EnumDescriptor, is: &EnumDescriptor) {
    for value in was.values() {
        let now = is.get_value(value.number());
        let now = now.unwrap_or_else(|| panic!("{} is gone", value.full_name()));
        assert_eq!(value.name(), now.name());
    }
}

#[test]
fn nothing_that_was_published_is_gone_or_means_something_else() {
    let (published, current) = pools();
    let mut n_messages = 0;
    for was in published.all_messages() {
        if was.package_name() != PACKAGE {
            continue;
        }
        let is = current.get_message_by_name(was.full_name());
        assert_message_kept(
            &was,
            &is.unwrap_or_else(|| panic!("{} is gone", was.full_name())),
        );
        n_messages += 1;
    }
    assert!(n_messages > 10, "{n_messages} messages are too few");
    for was in published.all_enums() {
        if was.package_name() == PACKAGE {
            let is = current.get_enum_by_name(was.full_name());
            assert_enum_kept(
                &was,
                &is.unwrap_or_else(|| panic!("{} is gone", was.full_name())),
            );
        }
    }
}

#[test]
fn every_call_that_was_published_is_still_called_so() {
    let (published, current) = pools();
    for was in published.services() {
        let is = current.get_service_by_name(was.full_name());
        let is = is.unwrap_or_else(|| panic!("{} is gone", was.full_name()));
        for call in was.methods() {
            let now = is.methods().find(|now| now.name() == call.name());
            let now = now.unwrap_or_else(|| panic!("{} is gone", call.full_name()));
            assert_eq!(call.input().full_name(), now.input().full_name());
            assert_eq!(call.output().full_name(), now.output().full_name());
            assert_eq!(
                (call.is_client_streaming(), call.is_server_streaming()),
                (now.is_client_streaming(), now.is_server_streaming())
            );
        }
    }
}
