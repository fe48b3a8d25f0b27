//! The phrases of an article that might be tags, with what the article says of each.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::statistics::WordStatistics;
use super::words::{
    AFTER_NOUN, CONNECTOR, DETERMINER, ROLE, STOP, Sentence, TITLE, Token, Words, phrase_key,
};

/// Longest phrase that is no name, in words.
const MAX_WORDS: usize = 4;
/// Longest name, in words.
const MAX_NAME_WORDS: usize = 6;
/// So many words to the left are a word's company.
const COMPANY: usize = 3;

/// A phrase with its counts in the article.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Its identity.
    pub key: u64,
    /// Tokens of its first occurrence.
    pub shown: Range<usize>,
    /// Tokens of all occurrences.
    pub occurrences: Vec<Range<usize>>,
    /// Sentence of the first.
    pub first_sentence: usize,
    /// Sentences that have it.
    pub n_sentences: usize,
    /// Sentence of the last.
    pub last_sentence: usize,
    /// Occurrences whose every word is a name's.
    pub n_names: usize,
    /// Occurrences that are a whole run of names.
    pub n_runs: usize,
    /// Occurrences within a longer run.
    pub n_cut: usize,
    /// Occurrences in the title.
    pub n_title: usize,
    /// Occurrences in headings of the body.
    pub n_headings: usize,
    /// Whether one of the first three sentences has it.
    pub is_early: bool,
    /// Determiners before it and ends after it.
    pub n_noun_places: usize,
    /// Times that longer candidates hold it: the most frequent one's count, and how many there are.
    pub nested: (usize, usize),
    /// The full name of which this is the surname.
    pub full_name: Option<usize>,
    /// Mentions by surname.
    pub n_surname: usize,
}

/// All candidates of an article.
#[derive(Debug, Default)]
pub struct Candidates {
    /// In the order of their first occurrences.
    pub list: Vec<Candidate>,
    /// How many stems stand near a stem.
    pub company: HashMap<u64, u32>,
}

/// Finds the candidates.
pub fn candidates(words: &Words, statistics: &WordStatistics) -> Candidates {
    let mut found = Candidates::default();
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut pairs: HashSet<(u64, u64)> = HashSet::new();
    let cases = cases(words);
    let mut in_run: Vec<Option<(usize, usize)>> = vec![None; words.tokens.len()];
    for (number, sentence) in words.sentences.iter().enumerate() {
        let names: Vec<bool> = sentence
            .tokens
            .clone()
            .map(|i| is_name(words, sentence, i, &cases, statistics))
            .collect();
        let runs = runs(words, sentence, &names);
        for run in &runs {
            in_run[run.clone()].fill(Some((run.start, run.end)));
        }
        count_company(words, sentence, &mut pairs, &mut found.company);
        let mut spans: Vec<Range<usize>> = runs.clone();
        spans.extend(phrases(words, sentence, &names).filter(|span| !runs.contains(span)));
        for span in spans {
            let key = phrase_key(words.stems_of(span.clone()));
            if words.stems_of(span.clone()).is_empty() {
                continue;
            }
            let place = *places.entry(key).or_insert_with(|| {
                found.list.push(Candidate {
                    key,
                    shown: span.clone(),
                    first_sentence: number,
                    last_sentence: usize::MAX,
                    ..Candidate::default()
                });
                found.list.len() - 1
            });
            let is_run = runs.contains(&span);
            let candidate = &mut found.list[place];
            if is_run && candidate.n_runs == 0 && !sentence.is_heading {
                candidate.shown = span.clone();
            }
            let all_names = span
                .clone()
                .all(|i| names[i - sentence.tokens.start] || words.tokens[i].is(CONNECTOR));
            candidate.n_names += usize::from(all_names);
            candidate.n_runs += usize::from(is_run);
            let is_cut = |run: (usize, usize)| run.0 < span.start || run.1 > span.end;
            candidate.n_cut += usize::from(
                in_run[span.start].is_some_and(is_cut) || in_run[span.end - 1].is_some_and(is_cut),
            );
            candidate.n_title += usize::from(sentence.is_title);
            candidate.n_headings += usize::from(sentence.is_heading && !sentence.is_title);
            candidate.is_early |= number < 4;
            if candidate.last_sentence != number {
                candidate.n_sentences += 1;
                candidate.last_sentence = number;
            }
            let before =
                span.start > sentence.tokens.start && words.tokens[span.start - 1].is(DETERMINER);
            let after = span.end == sentence.tokens.end || words.tokens[span.end].is(AFTER_NOUN);
            candidate.n_noun_places += usize::from(before) + usize::from(after);
            candidate.occurrences.push(span);
        }
    }
    count_nested(words, &places, &mut found.list);
    join_surnames(words, &mut found.list);
    found
}

/// How often each word stands within sentences with a capital, and without.
fn cases(words: &Words) -> HashMap<u64, (u32, u32)> {
    let mut cases: HashMap<u64, (u32, u32)> = HashMap::new();
    for sentence in words.sentences.iter().filter(|s| !s.is_heading) {
        for token in words.tokens[sentence.tokens.clone()].iter().skip(1) {
            if token.is_word {
                let (capital, small) = cases.entry(token.lower).or_default();
                *(if token.is_capital { capital } else { small }) += 1;
            }
        }
    }
    cases
}

fn is_name(
    words: &Words,
    sentence: &Sentence,
    i: usize,
    cases: &HashMap<u64, (u32, u32)>,
    statistics: &WordStatistics,
) -> bool {
    let token = &words.tokens[i];
    if !token.is_word || !token.is_capital {
        return false;
    }
    if !sentence.is_heading && i > sentence.tokens.start {
        return true;
    }
    // Here every word has a capital: what the rest of the article does decides, then what is usual.
    match cases.get(&token.lower) {
        Some((capital, small)) if capital > small => true,
        Some((_, small)) if *small > 0 => false,
        _ => !token.is(STOP) && statistics.usage(token.lower).capital > 0.6,
    }
}

/// Runs of names, with the connectors between them and without the titles before them.
fn runs(words: &Words, sentence: &Sentence, names: &[bool]) -> Vec<Range<usize>> {
    let (first, tokens) = (sentence.tokens.start, &words.tokens);
    let is_name = |i: usize| i < sentence.tokens.end && names[i - first];
    let mut runs = Vec::new();
    let mut i = first;
    while i < sentence.tokens.end {
        if !is_name(i) {
            i += 1;
            continue;
        }
        let mut end = i + 1;
        while end < sentence.tokens.end {
            if is_name(end) || (tokens[end].is_number && is_name(end - 1)) {
                end += 1;
            } else if tokens[end].is_word
                && tokens[end].is(CONNECTOR)
                && is_name(end + 1)
                && is_name(end - 1)
            {
                end += 2;
            } else {
                break;
            }
        }
        let mut start = i;
        while start + 1 < end && tokens[start].is(STOP) {
            start += 1;
        }
        start = without_titles(tokens, start, end);
        let is_lone_stop = end - start == 1 && tokens[start].is(STOP | TITLE);
        if !is_lone_stop && end - start <= MAX_NAME_WORDS {
            runs.push(start..end);
        }
        i = end;
    }
    runs
}

fn without_titles(tokens: &[Token], start: usize, end: usize) -> usize {
    // "Russian Foreign Minister Sergey Lavrov": what stands before the last title goes with it.
    let last_title = (start..end.saturating_sub(1))
        .rev()
        .find(|&i| tokens[i].is(TITLE));
    let after_title = last_title.map_or(start, |i| i + 1);
    (after_title..end)
        .find(|&i| !(tokens[i].is(ROLE) && end - i > 2))
        .unwrap_or(start)
}

/// Phrases of up to four words without stop words at their ends.
fn phrases<'a>(
    words: &'a Words,
    sentence: &'a Sentence,
    names: &'a [bool],
) -> impl Iterator<Item = Range<usize>> + 'a {
    let (tokens, first) = (&words.tokens, sentence.tokens.start);
    sentence.tokens.clone().flat_map(move |start| {
        let token = &tokens[start];
        let begins =
            token.is_word && !token.is_number && !token.is(STOP) && token.end - token.start > 1;
        let is_title = token.is(TITLE) && names[start - first];
        let longest = (start..sentence.tokens.end)
            .take(if begins { MAX_WORDS } else { 0 })
            .take_while(|&i| tokens[i].is_word && (!tokens[i].is(STOP) || tokens[i].is(CONNECTOR)))
            .count();
        (1..=longest)
            .filter(move |&n| {
                n == 1 || !is_title || !names.get(start + 1 - first).is_some_and(|n| *n)
            })
            .map(move |n| start..start + n)
            .filter(move |span| !tokens[span.end - 1].is(STOP))
    })
}

fn count_company(
    words: &Words,
    sentence: &Sentence,
    pairs: &mut HashSet<(u64, u64)>,
    company: &mut HashMap<u64, u32>,
) {
    let stem = |i: usize| {
        let token = &words.tokens[i];
        (token.is_word && !token.is(STOP)).then(|| words.stems.get(token.stems.0 as usize).copied())
    };
    for i in sentence.tokens.clone() {
        let Some(Some(own)) = stem(i) else { continue };
        for other in sentence.tokens.start.max(i.saturating_sub(COMPANY))..i {
            let Some(Some(other)) = stem(other) else {
                continue;
            };
            if pairs.insert((own, other)) {
                *company.entry(own).or_default() += 1;
            }
            if pairs.insert((other, own)) {
                *company.entry(other).or_default() += 1;
            }
        }
    }
}

fn count_nested(words: &Words, places: &HashMap<u64, usize>, list: &mut [Candidate]) {
    for i in 0..list.len() {
        let (count, shown) = (list[i].occurrences.len(), list[i].shown.clone());
        if shown.len() < 2 || (count < 2 && list[i].n_runs == 0) {
            continue;
        }
        for start in shown.clone() {
            for end in start + 1..=shown.end {
                let key = phrase_key(words.stems_of(start..end));
                if let Some(&inner) = places.get(&key).filter(|&&inner| inner != i) {
                    let nested = &mut list[inner].nested;
                    *nested = (nested.0.max(count), nested.1 + 1);
                }
            }
        }
    }
}

/// Joins each surname to the most frequent full name that ends in it.
fn join_surnames(words: &Words, list: &mut [Candidate]) {
    let mut by_last: HashMap<u64, usize> = HashMap::new();
    for (i, candidate) in list.iter().enumerate() {
        let tokens = &words.tokens[candidate.shown.clone()];
        let is_person = candidate.n_runs > 0
            && (2..=3).contains(&tokens.len())
            && !tokens.iter().any(|t| t.is(ROLE | CONNECTOR));
        if let (true, Some(last)) = (is_person, words.stems_of(candidate.shown.clone()).last()) {
            let best = by_last.entry(*last).or_insert(i);
            if list[*best].n_runs < candidate.n_runs {
                *best = i;
            }
        }
    }
    for i in 0..list.len() {
        if list[i].shown.len() > 1 || list[i].n_runs == 0 {
            continue;
        }
        let stems = words.stems_of(list[i].shown.clone());
        let full = stems.last().and_then(|last| by_last.get(last)).copied();
        if let Some(full) = full.filter(|&full| full != i) {
            list[i].full_name = Some(full);
            list[full].n_surname += list[i].n_runs;
        }
    }
}
