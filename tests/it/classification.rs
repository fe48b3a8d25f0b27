//! What the pipeline answers, and when it warns.

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Classification, Options, Pipeline, TagKind, TagSource, Warning};
use copydesk::text::{Article, ArticleDraft, ContentFormat};

use crate::corpora::{desk, trained};

fn draft(body: &str) -> ArticleDraft {
    ArticleDraft {
        body: body.into(),
        ..ArticleDraft::default()
    }
}

fn classify(pipeline: &Pipeline, draft: ArticleDraft, options: OptionsDraft) -> Classification {
    let options = Options::new(options).unwrap();
    pipeline.classify(&Article::new(draft).unwrap(), &options)
}

fn answer(body: &str) -> Classification {
    classify(trained(), draft(body), OptionsDraft::default())
}

#[test]
fn the_built_in_model_knows_its_topics() {
    let pipeline = Pipeline::built_in().unwrap();
    let articles = [
        (
            "Politics",
            "The prime minister lost a confidence vote in parliament after two coalition parties withdrew their support, and the opposition called for early elections.",
        ),
        (
            "Sports",
            "The striker scored twice in the second half as the visitors won the cup final, and the coach praised the goalkeeper for a late penalty save.",
        ),
        (
            "Disasters",
            "A magnitude 6.8 earthquake struck the coast before dawn, killing at least thirty people, and rescuers searched collapsed buildings for survivors.",
        ),
        (
            "Economy",
            "The central bank raised interest rates as inflation stayed high, and shares of the largest lenders and retailers fell on the stock exchange.",
        ),
        (
            "Health",
            "Doctors at the hospital said the new vaccine cut infections among patients by half, and the health ministry will offer it to older people.",
        ),
    ];
    for (topic, text) in articles {
        let answer = classify(&pipeline, draft(text), OptionsDraft::default());
        assert_eq!(&*answer.topics[0].topic, topic, "{:?}", &answer.topics[..3]);
        assert!(answer.warnings.is_empty(), "{:?}", answer.warnings);
        assert_eq!(answer.language.unwrap().as_str(), "en");
    }
}

#[test]
fn control_characters_and_line_ends_do_not_change_an_answer() {
    let plain = answer("The coach praised the striker after the final\nand the fans sang.");
    let messy = answer(
        "The coach\0 praised\u{7} the striker after the final\r\nand the fans\u{85}sang.\u{1b}",
    );
    assert_eq!(plain.topics, messy.topics);
}

#[test]
fn unknown_words_yield_the_base_rates() {
    let answer = answer("Zzyxgh qwrtpl vbnmkj xzcvwq hjklpo wqertz");
    assert!(answer.warnings.contains(&Warning::NoKnownTerms));
    let n = desk().len() as f32;
    for score in &answer.topics {
        let of_topic = desk().iter().filter(|a| *a.label == *score.topic).count() as f32;
        assert!((score.probability - of_topic / n).abs() < 1e-6);
    }
    assert!(answer.tags.is_empty());
}

#[test]
fn a_foreign_article_is_marked() {
    let german = "Der Bundestag hat am Donnerstag nach langer Debatte den Haushalt für das kommende \
                  Jahr beschlossen, und die Opposition kritisierte die Pläne der Regierung.";
    let found = answer(german);
    assert_eq!(found.language.unwrap().as_str(), "de");
    assert!(found.warnings.contains(&Warning::UnsupportedLanguage));
    let given = classify(
        trained(),
        ArticleDraft {
            language: "pt-BR".into(),
            ..draft("The coach praised the team.")
        },
        OptionsDraft::default(),
    );
    assert_eq!(given.language.unwrap().as_str(), "pt-BR");
    assert!(given.warnings.contains(&Warning::UnsupportedLanguage));
}

#[test]
fn short_texts_and_whole_pages_are_marked() {
    assert_eq!(answer("Cup final tonight").warnings, [Warning::ShortText]);
    let page = ArticleDraft {
        format: ContentFormat::PageText,
        ..draft("Home Sport News The striker scored in the final of the cup on Sunday.")
    };
    let answer = classify(trained(), page, OptionsDraft::default());
    assert!(answer.warnings.contains(&Warning::LowExtractionQuality));
}

#[test]
fn ten_megabytes_of_one_word_are_answered() {
    let word = "xqzw".repeat(10 * 1024 * 1024 / 4);
    assert_eq!(answer(&word).warnings[..1], [Warning::NoKnownTerms]);
    let many = "goal ".repeat(10 * 1024 * 1024 / 5);
    assert!(!answer(&many).topics.is_empty());
}

#[test]
fn any_script_is_answered() {
    for text in [
        "北京市议会周四投票通过了新的预算案",
        "سيصوت مجلس المدينة يوم الخميس",
        "המועצה תצביע ביום חמישי",
        "สภาเมืองลงมติเมื่อวันพฤหัสบดี",
        "नगर परिषद ने गुरुवार को मतदान किया",
        "🏆⚽🔥",
        "Ⅷ ½ ﷺ e\u{301}\u{301}\u{301}",
    ] {
        let sum: f32 = answer(text).topics.iter().map(|t| t.probability).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{text}");
    }
}

#[test]
fn options_limit_topics_and_tags() {
    let article = desk().into_iter().find(|a| !a.tags.is_empty()).unwrap();
    let all = OptionsDraft {
        min_tag_confidence: Some(0.0),
        max_tags: Some(100),
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    };
    let run = |options| classify(trained(), draft(&article.text), options);
    let everything = run(all.clone());
    assert_eq!(everything.tags.len(), trained().manifest().tags.len());
    assert!(
        everything
            .tags
            .is_sorted_by(|a, b| a.confidence >= b.confidence)
    );

    let best = everything.tags[0].label.to_string();
    let denied = run(OptionsDraft {
        deny_tags: vec![best.to_uppercase()],
        ..all.clone()
    });
    assert_eq!(denied.tags[..], everything.tags[1..]);
    let existing = ArticleDraft {
        existing_tags: vec![best],
        ..draft(&article.text)
    };
    assert_eq!(
        classify(trained(), existing, all.clone()).tags[..],
        everything.tags[1..]
    );

    assert_eq!(
        run(OptionsDraft {
            max_tags: Some(2),
            ..all.clone()
        })
        .tags
        .len(),
        2
    );
    assert!(
        run(OptionsDraft {
            max_tags: Some(0),
            ..all.clone()
        })
        .tags
        .is_empty()
    );
    let own = run(OptionsDraft {
        tag_source: TagSource::Keyphrases,
        ..all.clone()
    });
    assert!(own.tags.iter().all(|tag| tag.kind == TagKind::Keyphrase));
    assert_eq!(
        run(OptionsDraft {
            max_topics: 1,
            ..all
        })
        .topics[..],
        everything.topics[..1]
    );
}
