//! The model file: what is written comes back, and nothing else is taken for it.

use copydesk::pipeline::manifest::FORMAT_VERSION;
use copydesk::pipeline::{ArtifactError, Options, Pipeline};
use copydesk::text::{Article, ArticleDraft};
use proptest::prelude::*;

use crate::corpora::{desk, trained};

fn bytes() -> Vec<u8> {
    trained().to_bytes().unwrap()
}

fn article(text: &str) -> Article {
    Article::new(ArticleDraft {
        body: text.into(),
        ..ArticleDraft::default()
    })
    .unwrap()
}

#[test]
fn a_model_comes_back_as_it_was() {
    let pipeline = trained();
    let again = Pipeline::from_bytes(&bytes()).unwrap();
    assert_eq!(again.manifest().version(), pipeline.manifest().version());
    for labelled in desk() {
        let article = article(&labelled.text);
        let options = Options::default();
        assert_eq!(
            again.classify(&article, &options),
            pipeline.classify(&article, &options)
        );
    }
    assert_eq!(again.to_bytes().unwrap(), bytes());
}

#[test]
fn the_version_is_twelve_digits_of_the_digest() {
    let version = trained().manifest().version();
    let digits = version.strip_prefix("sha256:").unwrap();
    assert_eq!(digits.len(), 12);
    assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
}

#[test]
fn a_cut_file_never_loads() {
    let bytes = bytes();
    for sixteenth in 0..16 {
        let cut = &bytes[..bytes.len() * sixteenth / 16];
        assert!(Pipeline::from_bytes(cut).is_err(), "cut at {sixteenth}/16");
    }
    assert!(Pipeline::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(Pipeline::from_bytes(&longer).is_err());
}

#[test]
fn an_altered_byte_is_noticed_wherever_it_is() {
    let bytes = bytes();
    for place in (0..bytes.len()).step_by(bytes.len() / 200) {
        let mut altered = bytes.clone();
        altered[place] ^= 0x01;
        assert!(Pipeline::from_bytes(&altered).is_err(), "byte {place}");
    }
}

#[test]
fn an_altered_weight_is_a_digest_error() {
    let mut altered = bytes();
    let last = altered.len() - 1;
    altered[last] ^= 0x40;
    assert!(matches!(
        Pipeline::from_bytes(&altered),
        Err(ArtifactError::Digest { .. })
    ));
}

#[test]
fn a_later_format_says_what_to_do() {
    let mut later = bytes();
    let key = format!(r#"format_version\":{FORMAT_VERSION}"#);
    let at = later
        .windows(key.len())
        .position(|window| window == key.as_bytes())
        .unwrap();
    later[at + key.len() - 1] += 1;
    let error = Pipeline::from_bytes(&later).unwrap_err();
    assert!(matches!(error, ArtifactError::Version { found } if found == FORMAT_VERSION + 1));
    assert!(error.to_string().contains("use a newer program"), "{error}");
}

#[test]
fn another_programs_file_is_named_as_such() {
    let empty: Vec<(&str, safetensors::tensor::TensorView<'_>)> = Vec::new();
    let other = safetensors::serialize(empty, None).unwrap();
    assert!(matches!(
        Pipeline::from_bytes(&other),
        Err(ArtifactError::NoManifest)
    ));
    assert!(matches!(
        Pipeline::from_bytes(b"PK\x03\x04"),
        Err(ArtifactError::Container(_))
    ));
}

#[test]
fn the_built_in_model_has_its_topics_with_their_codes() {
    let pipeline = Pipeline::built_in().unwrap();
    let manifest = pipeline.manifest();
    assert_eq!(manifest.name, "news-en");
    assert_eq!(manifest.languages, ["en"]);
    assert_eq!(manifest.topics.len(), 12);
    assert!(
        manifest
            .topics
            .iter()
            .all(|t| t.iptc_code.starts_with("medtop:"))
    );
    let politics = manifest
        .topics
        .iter()
        .find(|t| t.name == "Politics")
        .unwrap();
    assert_eq!(politics.iptc_code, "medtop:11000000");
    assert!(!manifest.tags.is_empty());
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(Pipeline::from_bytes(&bytes).is_err());
    }

    #[test]
    fn any_text_is_answered(title in any::<String>(), body in any::<String>()) {
        let draft = ArticleDraft { title, body, ..ArticleDraft::default() };
        if let Ok(article) = Article::new(draft) {
            let answer = trained().classify(&article, &Options::default());
            let sum: f32 = answer.topics.iter().map(|t| t.probability).sum();
            prop_assert!((sum - 1.0).abs() < 1e-4);
            prop_assert!(answer.topics.is_sorted_by(|a, b| a.probability >= b.probability));
            prop_assert!(answer.tags.iter().all(|t| (0.0..=1.0).contains(&t.confidence)));
        }
    }
}
