"""The scorer without Kafka: texts in memory to the probabilities of both heads, in chunks and one by one."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from peers.answering import TOP_K
from peers.feed import Feed

from models.predictor import pretrained_predictor
from models.records import Tweet
from stream.codecs import decode_tweet

TWEETS = 50_000
CHUNK_TWEETS = 2_000
SINGLE_TWEETS = 5_000


@dataclass(frozen=True)
class ScorerSpeed:
    """What one core makes.

    Attributes:
        scored_per_second: texts to probabilities, in chunks.
        predicted_per_second: tweets to `Prediction` records, in chunks.
        single_p50_us: one text to probabilities.
        single_p99_us: the same.
    """

    scored_per_second: float
    predicted_per_second: float
    single_p50_us: float
    single_p99_us: float


def measure(feed: Feed, *, rounds: int) -> ScorerSpeed:
    """Time the pretrained model's scorer; medians of the rounds."""
    predictor = pretrained_predictor(TOP_K)
    tweets = [decode_tweet(value) for _, value in feed.looped(TWEETS)]
    texts = [tweet.text for tweet in tweets]
    scorer = predictor.scorer
    scorer.probabilities(texts[:CHUNK_TWEETS])
    singles = sorted(_seconds(scorer.probabilities, [[text] for text in texts[:SINGLE_TWEETS]]))
    return ScorerSpeed(
        scored_per_second=statistics.median(_rate(scorer.probabilities, texts) for _ in range(rounds)),
        predicted_per_second=statistics.median(
            _rate(lambda chunk: list(predictor.predict(chunk)), tweets) for _ in range(rounds)
        ),
        single_p50_us=singles[len(singles) // 2] * 1e6,
        single_p99_us=singles[int(len(singles) * 0.99)] * 1e6,
    )


def _rate(
    score: Callable[[Sequence[str]], object] | Callable[[Sequence[Tweet]], object], items: Sequence[object]
) -> float:
    chunks = [items[start : start + CHUNK_TWEETS] for start in range(0, len(items), CHUNK_TWEETS)]
    return len(items) / sum(_seconds(score, chunks))  # type: ignore[arg-type]  # each with its own kind of items


def _seconds(score: Callable[..., object], chunks: Sequence[object]) -> list[float]:
    seconds = []
    for chunk in islice(chunks, None):
        started = time.perf_counter()
        score(chunk)
        seconds.append(time.perf_counter() - started)
    return seconds
