//! What training makes of corpora that are not even: few articles of a topic, many scripts.

use copydesk::pipeline::{Options, Pipeline};
use copydesk::text::{Article, ArticleDraft};
use copydesk::train::corpus::LabelledArticle;
use copydesk::train::evaluate::Evaluation;
use copydesk::train::{KeyphraseData, Split, TrainParams, Trained, train};

use crate::corpora::{desk, desk_test};

fn trained(articles: Vec<LabelledArticle>, test: Vec<LabelledArticle>) -> Trained {
    let split = Split {
        train: articles,
        test,
    };
    let params = TrainParams::default();
    train(&split, &[], &KeyphraseData::default(), &params, &|_| {}).unwrap()
}

fn recall_of(evaluation: &Evaluation, topic: &str) -> f64 {
    let measures = evaluation.topics.iter().find(|t| t.name == topic);
    measures.map_or(0.0, |topic| topic.recall)
}

/// The desk with only the first `n_kept` articles of a topic.
fn desk_with_few(topic: &str, n_kept: usize) -> Vec<LabelledArticle> {
    let mut n_seen = 0;
    let mut articles = desk();
    articles.retain(|article| {
        n_seen += usize::from(article.label == topic);
        article.label != topic || n_seen <= n_kept
    });
    articles
}

#[test]
fn topics_of_few_articles_are_still_found() {
    let topics = ["Economy", "Politics", "Science & Tech", "Sports"];
    let recalls = topics.map(|topic| {
        let found = trained(desk_with_few(topic, 4), desk_test());
        recall_of(&found.evaluation, topic)
    });
    // One in twelve articles has the topic; who never answered with it would find none.
    assert!(recalls.iter().all(|recall| *recall > 0.0), "{recalls:?}");
    let mean = recalls.iter().sum::<f64>() / topics.len() as f64;
    assert!(mean >= 0.6, "{recalls:?}");
}

#[test]
fn few_articles_give_no_certainties() {
    for topic in ["Economy", "Sports"] {
        let found = trained(desk_with_few(topic, 4), desk_test()).evaluation;
        assert!(found.log_loss.unwrap() < 1.0, "{found:?}");
    }
}

#[test]
fn a_topic_of_one_article_is_learnt_and_takes_no_others_over() {
    let found = trained(desk_with_few("Sports", 1), desk_test());
    let topics = &found.pipeline.manifest().topics;
    assert_eq!(topics.len(), 4);
    assert!(recall_of(&found.evaluation, "Politics") >= 0.8);
    // Some fold's model has not seen the topic at all: its scores must still be numbers.
    for article in desk_test() {
        let answer = classified(&found.pipeline, &article.text);
        let sum: f32 = answer.iter().map(|(_, probability)| probability).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{answer:?}");
    }
}

/// Sixty articles of each of two topics, whose last word is told by their number, and as many texts without a topic, in
/// which "keeper" is always beside words of sports.
fn goals_and_banks(last_word: impl Fn(usize) -> &'static str) -> (Split, Vec<LabelledArticle>) {
    let article = |topic: &str, text: String| LabelledArticle {
        label: topic.into(),
        text,
        ..LabelledArticle::default()
    };
    let (mut articles, mut texts) = (Vec::new(), Vec::new());
    for (topic, words, other) in [
        (
            "Sports",
            ["goal", "striker", "league", "match", "coach"],
            "keeper",
        ),
        (
            "Economy",
            ["bank", "rates", "shares", "market", "profit"],
            "today",
        ),
    ] {
        for i in 0..60 {
            let (a, b, c) = (words[i % 5], words[(i / 5) % 5], words[(i / 12) % 5]);
            let last = last_word(i);
            articles.push(article(topic, format!("{a} {b} item{i} {c} {last}")));
            texts.push(article("", format!("{a} {b} {other} {c}")));
        }
    }
    let split = Split {
        test: articles.clone(),
        train: articles,
    };
    (split, texts)
}

/// "keeper" is once in an article of each topic, and in other texts always beside words of sports.
#[test]
fn words_of_few_articles_learn_from_words_in_the_same_company() {
    let (split, background) = goals_and_banks(|i| if i == 7 { "keeper" } else { "today" });
    let data = KeyphraseData {
        background,
        ..KeyphraseData::default()
    };
    let probability = |word_neighbours| {
        let params = TrainParams {
            word_neighbours,
            ..TrainParams::default()
        };
        let trained = train(&split, &[], &data, &params, &|_| {}).unwrap();
        let found = classified(&trained.pipeline, "keeper");
        let sports = found.iter().find(|(topic, _)| topic == "Sports");
        sports.map_or(0.0, |(_, probability)| *probability)
    };
    let (without, with) = (probability(0), probability(5));
    assert!((0.3..0.7).contains(&without), "{without}");
    assert!(with > 0.8, "{with}");
    assert_eq!(with, probability(5), "equal runs give equal models");
}

/// No article of the archive has a keeper.
#[test]
fn articles_without_a_topic_teach_their_words() {
    let (split, unlabelled) = goals_and_banks(|_| "today");
    let data = KeyphraseData::default();
    let learnt = |unlabelled: &[LabelledArticle]| {
        let params = TrainParams {
            studies_archive: true,
            ..TrainParams::default()
        };
        train(&split, unlabelled, &data, &params, &|_| {}).unwrap()
    };
    let sports = |trained: &Trained| {
        let found = classified(&trained.pipeline, "keeper");
        let sports = found.into_iter().find(|(topic, _)| topic == "Sports");
        sports.map_or(0.0, |(_, probability)| probability)
    };
    let (without, with) = (learnt(&[]), learnt(&unlabelled));
    assert!(
        (0.3..0.7).contains(&sports(&without)),
        "{}",
        sports(&without)
    );
    assert!(sports(&with) > 0.8, "{}", sports(&with));
    assert_eq!((without.n_self_labelled, with.n_self_labelled), (0, 120));
    // What is said of the archive is said of it alone.
    assert_eq!(with.n_training_articles, 120);
    assert_eq!(with.study.as_ref().unwrap().n_judged, 240);
    assert_eq!(with.pipeline.manifest().training.articles, 120);
    assert_eq!(
        sports(&with),
        sports(&learnt(&unlabelled)),
        "equal runs give equal models"
    );
}

/// Topics with their probabilities, best first.
fn classified(pipeline: &Pipeline, text: &str) -> Vec<(String, f32)> {
    let draft = ArticleDraft {
        body: text.into(),
        ..ArticleDraft::default()
    };
    let answer = pipeline.classify(&Article::new(draft).unwrap(), &Options::default());
    let topics = answer.topics.iter();
    topics
        .map(|topic| (topic.topic.to_string(), topic.probability))
        .collect()
}

/// A language with what its sports and its economy are about, and what is said of them.
struct Language {
    join: &'static str,
    sports: [[&'static str; 5]; 2],
    economy: [[&'static str; 5]; 2],
}

/// Three scripts without spaces, and three with.
const LANGUAGES: [Language; 6] = [
    // Chinese
    Language {
        join: "",
        sports: [
            ["主队", "守门员", "年轻前锋", "国家队", "教练"],
            [
                "在加时赛中赢得比赛。",
                "错过了关键的进球。",
                "将参加下周的决赛。",
                "因受伤缺席联赛。",
                "打破了球队的纪录。",
            ],
        ],
        economy: [
            ["中央银行", "出口企业", "财政部", "股票市场", "投资者"],
            [
                "预计利率将会上升。",
                "公布了季度利润。",
                "担心通货膨胀加剧。",
                "降低了增长预期。",
                "调整了税收政策。",
            ],
        ],
    },
    // Japanese
    Language {
        join: "は",
        sports: [
            [
                "代表チーム",
                "若い選手",
                "監督",
                "ゴールキーパー",
                "地元のクラブ",
            ],
            [
                "決勝で勝利した。",
                "試合を欠場した。",
                "得点を決めた。",
                "来季の優勝を目指す。",
                "連敗を止めた。",
            ],
        ],
        economy: [
            ["日銀", "輸出企業", "財務省", "株式市場", "投資家"],
            [
                "金利の引き上げを検討した。",
                "四半期の利益を発表した。",
                "物価の上昇を警戒した。",
                "成長率の見通しを下げた。",
                "円安の影響を受けた。",
            ],
        ],
    },
    // Thai
    Language {
        join: "",
        sports: [
            ["ทีมชาติ", "ผู้รักษาประตู", "กองหน้า", "โค้ช", "สโมสร"],
            [
                "ชนะการแข่งขันเมื่อคืนนี้",
                "ยิงประตูในนาทีสุดท้าย",
                "จะลงเล่นนัดชิงชนะเลิศ",
                "บาดเจ็บจากการแข่งขัน",
                "คว้าถ้วยรางวัล",
            ],
        ],
        economy: [
            ["ธนาคารกลาง", "ตลาดหุ้น", "กระทรวงการคลัง", "ผู้ส่งออก", "นักลงทุน"],
            [
                "ปรับขึ้นอัตราดอกเบี้ย",
                "รายงานกำไรรายไตรมาส",
                "กังวลเรื่องเงินเฟ้อ",
                "ลดภาษีนำเข้า",
                "คาดว่าเศรษฐกิจจะเติบโต",
            ],
        ],
    },
    // Arabic
    Language {
        join: " ",
        sports: [
            ["المنتخب", "حارس المرمى", "المدرب", "النادي", "المهاجم"],
            [
                "فاز بالمباراة النهائية.",
                "سجل هدفا في الدقيقة الأخيرة.",
                "يغيب عن البطولة بسبب الإصابة.",
                "يستعد للدوري.",
                "حطم الرقم القياسي.",
            ],
        ],
        economy: [
            [
                "البنك المركزي",
                "سوق الأسهم",
                "وزارة المالية",
                "المستثمرون",
                "المصدرون",
            ],
            [
                "رفع أسعار الفائدة.",
                "أعلن أرباح الربع الثالث.",
                "يخشى ارتفاع التضخم.",
                "خفض الضرائب.",
                "يتوقع نمو الاقتصاد.",
            ],
        ],
    },
    // Russian
    Language {
        join: " ",
        sports: [
            ["Сборная", "Вратарь", "Тренер", "Клуб", "Нападающий"],
            [
                "выиграл финальный матч.",
                "забил гол на последней минуте.",
                "пропустит турнир из-за травмы.",
                "готовится к чемпионату.",
                "побил рекорд лиги.",
            ],
        ],
        economy: [
            [
                "Центральный банк",
                "Фондовый рынок",
                "Министерство финансов",
                "Инвестор",
                "Экспортёр",
            ],
            [
                "повысил процентную ставку.",
                "опубликовал прибыль за квартал.",
                "опасается инфляции.",
                "снизил налог.",
                "ожидает роста экономики.",
            ],
        ],
    },
    // English
    Language {
        join: " ",
        sports: [
            [
                "The home side",
                "The goalkeeper",
                "The coach",
                "The young striker",
                "The club",
            ],
            [
                "won the final in extra time.",
                "missed the decisive penalty.",
                "will play in the cup next week.",
                "is out of the league with an injury.",
                "broke the team record.",
            ],
        ],
        economy: [
            [
                "The central bank",
                "The stock market",
                "The treasury",
                "The investors",
                "The exporters",
            ],
            [
                "expected higher interest rates.",
                "reported a quarterly profit.",
                "feared rising inflation.",
                "cut the growth forecast.",
                "welcomed lower taxes.",
            ],
        ],
    },
];

/// Every subject with every predicate of both topics, but that a seventh of the pairs is held out.
fn multilingual() -> (Vec<LabelledArticle>, Vec<LabelledArticle>) {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for language in &LANGUAGES {
        let topics = [("Sports", &language.sports), ("Economy", &language.economy)];
        for (label, [subjects, predicates]) in topics {
            for pair in 0..25 {
                let (first, second) = (pair / 5, pair % 5);
                let article = LabelledArticle {
                    text: [subjects[first], predicates[second]].join(language.join),
                    label: label.into(),
                    ..LabelledArticle::default()
                };
                let part = if pair % 7 == 3 { &mut test } else { &mut train };
                part.push(article);
            }
        }
    }
    (train, test)
}

#[test]
fn one_model_learns_many_languages_with_and_without_spaces() {
    let (articles, test) = multilingual();
    let unspaced: Vec<LabelledArticle> = test.iter().take(test.len() / 2).cloned().collect();
    let found = trained(articles.clone(), test);
    assert!(found.evaluation.accuracy >= 0.95, "{:?}", found.evaluation);
    // The scripts without spaces by themselves: nothing of the others helps them.
    let n_unspaced = articles.len() / 2;
    let alone = trained(articles[..n_unspaced].to_vec(), unspaced);
    assert!(alone.evaluation.accuracy >= 0.9, "{:?}", alone.evaluation);
}

#[test]
fn words_of_scripts_without_spaces_decide_wherever_they_stand() {
    let (articles, _) = multilingual();
    let pipeline = trained(articles, Vec::new()).pipeline;
    for (text, topic) in [
        ("昨天晚上守门员受伤了", "Sports"),
        ("专家认为通货膨胀和利率", "Economy"),
        ("昨夜の試合で選手が得点", "Sports"),
        ("วันนี้ดอกเบี้ยและเงินเฟ้อ", "Economy"),
    ] {
        let answer = classified(&pipeline, text);
        assert_eq!(answer[0].0, topic, "{text}: {answer:?}");
    }
}
