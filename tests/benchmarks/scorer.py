"""Print how fast the scorer alone is, from text in memory to probabilities and the top three labels of both heads.

    python tests/benchmarks/scorer.py

Beside it, on the same texts: the plain definition that the kernel is tested against, and what one would write first
with scikit-learn. The texts are those in TICKERTAPE_DATA_DIR, else the few that lie beside the tests. One core; times
are this thread's processor time, so that other work on the machine counts little; sides alternate, medians of rounds.
"""

import csv
import gzip
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numba import int64, njit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from models.compiled.answering import answer, empty_answers
from models.compiled.folding import GROWTH, PADDING_BYTES, fold
from models.compiled.gathering import add_rows, known_rows
from models.compiled.hashing import IDS_PER_BYTE, hash_text
from models.compiled.kernel import pack
from models.compiled.layout import Answers
from models.predictor import pretrained_predictor
from models.records import Tweet
from models.reference import reference_probabilities
from models.weights import COLUMNS

TEXTS = 20_000
CHUNKS = (500, 2_000)
SLOW_TEXTS = 2_000  # enough for a side that does a few thousand a second
SINGLE_TEXTS = 10_000
ROUNDS = 7
TOP_K = 3
BESIDE = Path(__file__).parents[1] / "data" / "labelled"

Texts = Sequence[str]


def main() -> None:
    texts = read_texts(TEXTS)
    size = statistics.mean(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    print(f"{platform.machine()}, Python {platform.python_version()}, {len(set(texts)):,} texts of {size:.0f} bytes")
    started = time.perf_counter()
    predictor = pretrained_predictor(TOP_K)
    print(f"load the model and its kernel: {time.perf_counter() - started:.2f} s")

    sides: list[tuple[str, Texts, int, Callable[[Texts], object]]] = []
    for chunk in CHUNKS:
        sides += [
            (f"bytes ready, arrays out, chunks of {chunk:,}", texts, chunk, score_packed(texts, chunk)),
            (
                f"texts to arrays, chunks of {chunk:,}",
                texts,
                chunk,
                lambda one: predictor.scorer.answers(one, top_k=TOP_K),
            ),
            (
                f"tweets to records, chunks of {chunk:,}",
                texts,
                chunk,
                lambda one: list(predictor.predict([*map(Tweet, one)])),
            ),
        ]
    slow = texts[:SLOW_TEXTS]
    sides += [
        ("tweets to records, one by one", texts, 1, lambda one: list(predictor.predict([*map(Tweet, one)]))),
        ("scikit-learn, chunks of 2,000", slow, 2_000, scikit_learn()),
        ("scikit-learn, one by one", slow[:500], 1, scikit_learn()),
        ("the plain definition", slow[:500], 500, lambda one: reference_probabilities(predictor.scorer.weights, one)),
    ]
    table(sides)
    steps(texts)
    latency([Tweet(text) for text in texts[:SINGLE_TEXTS]], lambda tweets: list(predictor.predict(tweets)))


def score_packed(texts: Texts, chunk: int) -> Callable[[Texts], object]:
    """Score from UTF-8 that lies in memory already, as a pass that reads Kafka's bytes itself would."""
    scorer = pretrained_predictor(TOP_K).scorer
    ready = {texts[start]: pack(texts[start : start + chunk]) for start in range(0, len(texts), chunk)}
    return lambda one: scorer._kernel(ready[one[0]], len(one), scorer.rows, scorer._heads, TOP_K)


def scikit_learn() -> Callable[[Texts], object]:
    """Two pipelines of words and pairs, the way most tutorials build them, with probabilities of neither."""
    heads = []
    for name in ("topic_train.csv", "sent_train.csv"):
        rows = labelled(name)
        head = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC())
        heads.append(head.fit([text for text, _ in rows], [label for _, label in rows]))
    return lambda one: [np.argsort(head.decision_function(one))[:, -TOP_K:] for head in heads]


def table(sides: Sequence[tuple[str, Texts, int, Callable[[Texts], object]]]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name, *_ in sides}
    for _ in range(ROUNDS):
        for name, texts, chunk, score in sides:
            started = time.thread_time()
            for start in range(0, len(texts), chunk):
                score(texts[start : start + chunk])
            seconds[name].append((time.thread_time() - started) / len(texts))
    print(f"\n{'':<44}{'us a tweet':>12}{'tweets/s':>12}{'of scikit-learn':>17}")
    slowest = statistics.median(seconds["scikit-learn, chunks of 2,000"])
    for name, each in seconds.items():
        middle = statistics.median(each)
        print(f"{name:<44}{middle * 1e6:>12.2f}{1 / middle:>12,.0f}{slowest / middle:>16.1f}x")


def latency(tweets: Sequence[Tweet], predict: Callable[[list[Tweet]], object]) -> None:
    microseconds = []
    for tweet in tweets:
        started = time.perf_counter_ns()
        predict([tweet])
        microseconds.append((time.perf_counter_ns() - started) / 1_000)
    p50, p99 = np.percentile(microseconds, [50, 99])
    print(f"\none tweet, wall time: p50 {p50:.1f} us, p99 {p99:.1f} us")


STEPS = ("fold", "hash", "look up known rows", "sum rows", "scores to probabilities, top labels, sentiment")


@njit(nogil=True)
def kernel_until(last: int, content: Any, count: int, rows: Any, heads: Any) -> Answers:
    """As `answer_texts`, but each text only goes through the steps up to the last one."""
    folded = np.empty(GROWTH * len(content) + 2 * PADDING_BYTES, dtype=np.uint8)
    known = np.empty(IDS_PER_BYTE * len(content), dtype=np.int32)
    seen = np.zeros(len(rows.table) // 8 + 1, dtype=np.uint8)
    sums = np.empty(COLUMNS + 1, dtype=np.int64)
    answers = empty_answers(count, TOP_K, len(known))
    ids, starts = answers.ids, answers.starts
    start = int64(0)
    for place in range(count):
        end = start
        while content[end] != 0:
            end += 1
        stop = fold(content, start, end, folded)
        first = starts[place]
        starts[place + 1] = first + (hash_text(folded, stop, ids[first:]) if last >= 1 else 0)
        row_count = known_rows(ids[first : starts[place + 1]], rows, seen, known) if last >= 2 else 0
        if last >= 3:
            add_rows(known[:row_count], rows, sums)
        if last >= 4:
            answer(sums, heads, answers, place)
        start = end + 1
    return answers


def steps(texts: Texts) -> None:
    """Tell what each step of the kernel adds."""
    scorer = pretrained_predictor(TOP_K).scorer
    packed = [(pack(texts[start : start + 500]), 500) for start in range(0, len(texts) - 499, 500)]

    def microseconds(last: int) -> float:
        started = time.thread_time()
        for content, count in packed:
            kernel_until(last, content, count, scorer.rows, scorer._heads)
        return (time.thread_time() - started) / (500 * len(packed)) * 1e6

    microseconds(0)
    until = [statistics.median(microseconds(last) for _ in range(ROUNDS)) for last in range(len(STEPS))]
    print(f"\n{'step of the kernel':<52}{'us a tweet':>12}")
    for name, total, before in zip(STEPS, until, [0.0, *until[:-1]], strict=True):
        print(f"{name:<52}{total - before:>12.2f}")


def read_texts(count: int) -> list[str]:
    feed = Path(os.environ.get("TICKERTAPE_DATA_DIR", "data")) / "feed.jsonl.gz"
    if feed.exists():
        with gzip.open(feed, "rt", encoding="utf-8") as stream:
            return [json.loads(line)["text"] for line in islice(stream, count)]
    return list(islice(cycle(text for text, _ in labelled("topic_train.csv")), count))


def labelled(name: str) -> list[tuple[str, str]]:
    path = Path(os.environ.get("TICKERTAPE_DATA_DIR", "data")) / name
    with (path if path.exists() else BESIDE / name).open(encoding="utf-8", newline="") as stream:
        return [(row["text"], row["label"]) for row in csv.DictReader(stream)]


if __name__ == "__main__":
    main()
