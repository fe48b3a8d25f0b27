"""Writes a labelled corpus of any size as JSON lines: the same articles for the same seed.

Words are drawn independently, so that far more distinct word pairs occur than in written language: for
counting terms this is the hard case. Three words in ten come from the topic's own vocabulary, the others
from a common one, both by Zipf's law. Topics are of unequal size, the smallest a tenth of the largest,
and one label in twenty is wrong.
"""

import argparse
import json

import numpy

N_TOPICS = 12
N_COMMON_WORDS = 200_000
N_TOPIC_WORDS = 5_000
TOPIC_SHARE = 0.3
WRONG_LABELS = 0.05
ZIPF_EXPONENT = 1.05
TITLE_WORDS = 8
CHUNK_ARTICLES = 2_000
CONSONANTS = "bcdfghjklmnprstvz"
VOWELS = "aeiou"


def spell(number):
    """A word of its own for every number, short for small ones, as frequent words are."""
    syllables = [c + v for c in CONSONANTS for v in VOWELS]
    word = ""
    while True:
        number, syllable = divmod(number, len(syllables))
        word += syllables[syllable]
        if number == 0:
            return word
        number -= 1


def zipf_cumulative(n_words):
    weights = 1.0 / numpy.arange(1, n_words + 1) ** ZIPF_EXPONENT
    return numpy.cumsum(weights / weights.sum())


def articles(n_articles, n_words, seed):
    """Yields (label, words) for each article."""
    rng = numpy.random.default_rng(seed)
    words = numpy.array([spell(i) for i in range(N_COMMON_WORDS)], dtype=object)
    of_topic = [numpy.random.default_rng(t).permutation(N_COMMON_WORDS)[:N_TOPIC_WORDS] for t in range(N_TOPICS)]
    of_topic = numpy.array(of_topic)
    common, own = zipf_cumulative(N_COMMON_WORDS), zipf_cumulative(N_TOPIC_WORDS)
    sizes = numpy.linspace(1.0, 0.1, N_TOPICS)
    sizes = numpy.cumsum(sizes / sizes.sum())
    for start in range(0, n_articles, CHUNK_ARTICLES):
        n = min(CHUNK_ARTICLES, n_articles - start)
        # `random` is below 1, and the last sum may be too: the last place is the limit.
        topics = numpy.minimum(numpy.searchsorted(sizes, rng.random(n)), N_TOPICS - 1)
        wrong = rng.random(n) < WRONG_LABELS
        labels = numpy.where(wrong, rng.integers(0, N_TOPICS, n), topics)
        drawn = rng.random((n, n_words))
        ids = numpy.minimum(numpy.searchsorted(common, drawn), N_COMMON_WORDS - 1)
        own_ids = numpy.minimum(numpy.searchsorted(own, drawn), N_TOPIC_WORDS - 1)
        is_own = rng.random((n, n_words)) < TOPIC_SHARE
        ids = numpy.where(is_own, of_topic[topics[:, None], own_ids], ids)
        for label, row in zip(labels, ids):
            yield int(label), words[row].tolist()


def write(path, n_articles, n_words, seed):
    with open(path, "w", encoding="utf-8") as out:
        for label, words in articles(n_articles, n_words, seed):
            row = {
                "title": " ".join(words[:TITLE_WORDS]),
                "text": " ".join(words[TITLE_WORDS:]),
                "label": f"topic-{label:02}",
            }
            out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--articles", type=int, required=True)
    parser.add_argument("--words", type=int, default=200, help="per article, the title's included")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    write(args.out, args.articles, args.words, args.seed)
