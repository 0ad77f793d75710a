"""The compiled kernel and the plain definition give the same ids and the same answers, on any bytes."""

import csv
import gzip
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import njit

from models.compiled import folding, hashing
from models.compiled.folding import GROWTH, PADDING_BYTES
from models.compiled.hashing import IDS_PER_BYTE
from models.compiled.kernel import load_kernel, pack
from models.compiled.layout import Answers, heads_of, rows_of
from models.features import feature_ids, terms
from models.predictor import pretrained_predictor
from models.reference import reference_probabilities, reference_scores
from models.scorer import Scorer
from models.taxonomy import LABELS
from models.text import utf8_of
from models.weights import COLUMNS, Weights

fold = njit(folding.fold.py_func)
hash_text = njit(hashing.hash_text.py_func)

GUARD = 0xEE  # stands behind every buffer and must stay there

# What the rules look at, so that random texts meet all of them, whole, cut and one within the other.
PIECES = (
    *'aefhmtwpkZ019_!?:"$@&+-%.,;#</\t\n\x00\x01 é£€«“”—\u2212…→🚀\ufe0f\ufeff\ud83d',
    *("http", "www.", "t.co/", "pic.twitter.com/", "pic.twitter.co", "HTTPS://", "&quot;", "&#34;", "&amp;", "&#39;"),
    *("million", "billion", "trillion", "trillions", "bn", "mm", "tn", "$TSLA", "$brk.b", "1,234.5", "+3%", "3rd"),
)
NOT_UTF8 = (
    b"\xe0\x82\xac",
    b"\xf0\x82\x82\xac",
    b"\xc1\xa0",
    b"\xf8\x9f\x80\x80",
    b"\xfc\x9f\x80\x80",
    b"\xed\xa0\xbd",
)
texts = st.lists(st.sampled_from(PIECES) | st.characters(codec=None), max_size=40).map("".join)
broken = st.lists(
    st.sampled_from([piece.encode("utf-8", "surrogatepass") for piece in PIECES])
    | st.binary(max_size=3)
    | st.sampled_from(
        [b"\xc2", b"\xe2", b"\xe2\x80", b"\xef", b"\xef\xb8", b"\xf0", b"\xf0\x9f", b"\xf0\x9f\x9a", *NOT_UTF8]
    ),
    max_size=40,
).map(b"".join)

EDGES = (
    "",
    "!" * 25_000,
    '"' * 10_000,
    "a " * 12_500,
    "a" * 25_000,
    "aaaaa " * 4_000,
    "é" * 25_000,
    "\u2190" * 25_000,
    "🚀" * 25_000,
    "@a" * 12_500,
    "$a" * 12_500,
    "$ 1" * 8_000,
    "1,1." * 6_250,
    "&a;" * 8_000,
    "&quot;" * 4_000,
    "http" * 6_250,
    "éhttp" * 5_000,
    "\ud83d" * 10_000,
    "\x00" * 10_000,
)


def guarded(size: int, dtype: type[np.generic]) -> tuple[np.ndarray, np.ndarray]:
    whole = np.full(size + 64, GUARD, dtype=dtype)
    return whole[:size], whole[size:]


def kernel_ids(utf8: bytes) -> set[int]:
    """Fold and hash in buffers of exactly the stated sizes; fails if anything is written behind them."""
    folded, behind_folded = guarded(GROWTH * len(utf8) + 2 * PADDING_BYTES, np.uint8)
    ids, behind_ids = guarded(IDS_PER_BYTE * len(utf8), np.int32)
    count = hash_text(folded, fold(np.frombuffer(utf8, dtype=np.uint8), 0, len(utf8), folded), ids)
    assert count == len(terms(utf8)) <= len(ids)
    assert (behind_folded == GUARD).all()
    assert (behind_ids == GUARD).all()
    return set(ids[:count].tolist())


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return pretrained_predictor(3).scorer


@given(texts)
@settings(max_examples=1000, deadline=None)
def test_kernel_hashes_any_text_as_the_definition_does(text: str) -> None:
    assert kernel_ids(utf8_of(text)) == feature_ids(text)


@given(broken)
@settings(max_examples=1000, deadline=None)
def test_kernel_hashes_any_bytes_as_the_definition_does(utf8: bytes) -> None:
    assert kernel_ids(utf8) == feature_ids(utf8)


@pytest.mark.parametrize("utf8", [*NOT_UTF8, b"\xe2", b"\xe2\x80", b"\xf0\x9f\x9a", b"\xff", b"\xbf\xbf"])
def test_bytes_that_are_no_character_stay_a_word(utf8: bytes) -> None:
    assert kernel_ids(b"a " + utf8) == feature_ids(b"a " + utf8)


@pytest.mark.parametrize("text", EDGES, ids=lambda text: ascii(text[:6]))
def test_kernel_stays_in_its_buffers_on_the_texts_that_fill_them(text: str) -> None:
    assert kernel_ids(utf8_of(text)) == feature_ids(text)


def test_every_pair_of_pieces_is_hashed_alike() -> None:
    unlike = [
        pair for pair in product(PIECES, PIECES) if kernel_ids(utf8_of("".join(pair))) != feature_ids("".join(pair))
    ]

    assert unlike == []


@pytest.mark.slow
def test_every_character_is_folded_alike() -> None:
    words = ["a" + "".join(letters) for letters in product(ascii_lowercase, repeat=2)]
    characters = list(map(chr, range(0x110000)))
    # Some hundred in a text take less time than one by one; each has a word of its own, so that none stands for another.
    texts = [
        " ".join(f"{word}{one}5%" for word, one in zip(words, characters[start : start + len(words)], strict=False))
        for start in range(0, len(characters), len(words))
    ]

    unlike = [text for text in texts if kernel_ids(utf8_of(text)) != feature_ids(text)]

    assert unlike == []


@given(st.lists(texts, max_size=8))
@example([])
@example(["\x00", "", "good\x00bad", "\ud83d"])
@settings(deadline=None)
def test_kernel_scores_any_texts_as_the_definition_does(scorer: Scorer, texts: list[str]) -> None:
    answers = scorer.answers(texts, top_k=3)

    assert answers.scores == pytest.approx(reference_scores(scorer.weights, texts), abs=1e-12)
    assert answers.probabilities == pytest.approx(reference_probabilities(scorer.weights, texts), abs=1e-12)


@given(st.lists(texts, min_size=1, max_size=8), st.integers(1, len(LABELS)))
@settings(deadline=None)
def test_named_labels_are_the_most_probable_ones(scorer: Scorer, texts: list[str], top_k: int) -> None:
    answers = scorer.answers(texts, top_k=top_k)

    order = np.argsort(-answers.probabilities[:, : len(LABELS)], axis=1, kind="stable")[:, :top_k]
    chances = np.take_along_axis(answers.probabilities, order, axis=1)
    assert answers.labels.tolist() == order.tolist()
    assert answers.label_scores.tolist() == chances.round(6).tolist()
    assert answers.sentiments.tolist() == answers.probabilities[:, len(LABELS) :].argmax(axis=1).tolist()


def test_longest_texts_are_scored_as_the_definition_does(scorer: Scorer) -> None:
    answers = scorer.answers(EDGES, top_k=1)

    assert answers.scores == pytest.approx(reference_scores(scorer.weights, EDGES), abs=1e-9)


@pytest.mark.parametrize("byte", [127, -127])
@pytest.mark.parametrize("word_count", [127, 128, 129, 255, 256, 257, 513, 5_000])
def test_sums_of_many_extreme_rows_do_not_overflow(byte: int, word_count: int) -> None:
    text = " ".join(f"{chr(97 + number % 26)}x{number:b}".translate({48: 111, 49: 105}) for number in range(word_count))
    ids = np.array(sorted(feature_ids(text)), dtype=np.int32)
    table = np.full((len(ids), COLUMNS + 1), byte, dtype=np.int8)
    table[:, -1] = 127
    flat = np.ones(COLUMNS, dtype=np.float32)
    weights = Weights(ids=ids, table=table, scales=flat, biases=flat, temperatures=np.ones(2))

    scores = Scorer(weights).answers([text], top_k=1).scores

    assert scores == pytest.approx(np.full((1, COLUMNS), byte * len(ids) / np.sqrt(127 * len(ids)) + 1))


@pytest.mark.parametrize("text", ["good\x00bad", "\x00good bad", "good bad\x00\x00"])
def test_nul_cuts_words_and_not_texts(text: str, two_word_weights: Weights) -> None:
    scorer = Scorer(two_word_weights)

    answers = scorer.answers(["good", text, "bad"], top_k=1)

    alone = [scorer.answers([one], top_k=1).scores[0].tolist() for one in ("good", "good bad", "bad")]
    assert answers.scores.tolist() == alone


@pytest.mark.parametrize("content", [b"", b"good", b"good\x00", b"good\x00\x00\x00\x00"])
def test_texts_that_the_bytes_lack_are_empty(content: bytes, two_word_weights: Weights) -> None:
    rows, heads = rows_of(two_word_weights), heads_of(two_word_weights)

    answers = load_kernel()(np.frombuffer(content, dtype=np.uint8), 3, rows, heads, 1)

    expected = Scorer(two_word_weights).answers([content.split(b"\x00")[0].decode(), "", ""], top_k=1)
    assert answers.scores.tolist() == expected.scores.tolist()


@given(st.lists(texts, max_size=8))
def test_packed_texts_have_one_nul_each(texts: list[str]) -> None:
    content = pack(texts).tobytes()

    assert content.count(b"\0") == max(len(texts), 1)
    assert content == b"".join(utf8_of(text).replace(b"\0", b"\1") + b"\0" for text in texts or [""])


def test_kernel_takes_no_other_types() -> None:
    with pytest.raises(TypeError, match="No matching definition"):
        load_kernel()("text", 1, None, None, 1)  # type: ignore[arg-type]


def test_threads_get_the_same_answers_as_one_alone(scorer: Scorer) -> None:
    chunks = [[f"{word} {number}% $TSLA beats" for word in ("up", "down")] * 50 for number in range(64)]
    alone = [answered(scorer, chunk) for chunk in chunks]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda chunk: answered(scorer, chunk), chunks))

    assert together == alone


def answered(scorer: Scorer, texts: Sequence[str]) -> list[list[float]]:
    answers: Answers = scorer.answers(texts, top_k=3)
    return answers.scores.tolist()


@pytest.mark.slow
def test_every_known_tweet_gets_the_same_ids_and_answers(scorer: Scorer) -> None:
    folder = Path(os.environ.get("TICKERTAPE_DATA_DIR", "data"))
    tweets = read_all(folder)
    if not tweets:
        pytest.skip(f"{folder} has no tweets: set TICKERTAPE_DATA_DIR")

    unlike = [text for text in tweets if kernel_ids(utf8_of(text)) != feature_ids(text)]
    sample = tweets[::20]

    assert unlike == []
    scores = scorer.answers(sample, top_k=1).scores
    assert scores == pytest.approx(reference_scores(scorer.weights, sample), abs=1e-12)


def read_all(folder: Path) -> list[str]:
    """Read the texts of all files, each text once."""
    found: list[str] = []
    for path in sorted(folder.glob("*_train.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            found += [row["text"] for row in csv.DictReader(stream)]
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            found += [json.loads(line)["text"] for line in stream]
    return list(dict.fromkeys(found))
