"""Feedback as it lies in its topic, and what learners left: in memory, at the seams that the real topics have."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from models.feedback import LabelledTweet, ToLabel
from models.online.corrections import StoredSnapshot
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import ModelVersion
from models.scorer import Scorer
from stream.learning.learner import Learner

TOPIC = "tweets.feedback"
MODEL = ModelVersion("tickertape", "7")
FEW = Path(__file__).parents[3] / "data" / "labelled" / "topic_train.csv"


@dataclass
class MemoryArchive:
    """Implements `stream.learning.archive.Archive` with lists."""

    stored: list[StoredSnapshot] = field(default_factory=list)
    tweets: list[LabelledTweet] = field(default_factory=list)
    reads: int = 0
    refusals: list[Exception] = field(default_factory=list)
    """What the next calls of `snapshots` raise."""

    def snapshots(self) -> list[StoredSnapshot]:
        if self.refusals:
            raise self.refusals.pop(0)
        return list({one.batch_sha256: one for one in sorted(self.stored, key=lambda one: one.offset)}.values())

    def labelled(self) -> Iterator[LabelledTweet]:
        self.reads += 1
        yield from self.tweets


@dataclass
class MemorySentOut:
    """Implements `stream.learning.sent_out.SentOut` with a dict."""

    tweets: dict[str, ToLabel] = field(default_factory=dict)

    def find(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        return {tweet_id: self.tweets[tweet_id] for tweet_id in tweet_ids if tweet_id in self.tweets}

    def glance(self, tweet_ids: Iterable[str]) -> dict[str, ToLabel]:
        return self.find(tweet_ids)


@dataclass
class FeedbackRecord:
    """A record of feedback as the learner gets it."""

    value: bytes | None
    offset: int
    key: bytes | None = b"1"
    headers: tuple[tuple[str, bytes], ...] = ()


@pytest.fixture(scope="session")
def make_feedback() -> Callable[..., FeedbackRecord]:
    """Build a record of good feedback whose fields can be overridden; None leaves a field out."""

    def make(offset: int = 0, **fields: Any) -> FeedbackRecord:
        good = {
            "tweet_id": "1",
            "label": "Earnings",
            "text": "$AAPL beats on earnings",
            "source": "desk",
            "labelled_at": "2026-01-02T03:04:05Z",
        }
        given = {name: value for name, value in (good | fields).items() if value is not None}
        return FeedbackRecord(msgspec.json.encode(given), offset)

    return make


@pytest.fixture(scope="session")
def make_raw_feedback() -> type[FeedbackRecord]:
    """Build a record of feedback from bytes."""
    return FeedbackRecord


@pytest.fixture(scope="session")
def texts() -> list[str]:
    with FEW.open(encoding="utf-8", newline="") as rows:
        return [row["text"] for row in csv.DictReader(rows)]


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    """The batch model that ships with the package."""
    return pretrained_predictor(1).scorer


@pytest.fixture(scope="session")
def other_scorer(scorer: Scorer) -> Scorer:
    """Another batch model."""
    return Scorer(replace(scorer.weights, biases=scorer.weights.biases + np.float32(0.5)))


@pytest.fixture
def archive() -> MemoryArchive:
    return MemoryArchive()


@pytest.fixture
def sent_out() -> MemorySentOut:
    return MemorySentOut()


@pytest.fixture(scope="session")
def make_archive() -> type[MemoryArchive]:
    return MemoryArchive


@pytest.fixture(scope="session")
def make_learner() -> Callable[..., Learner]:
    """Build a learner of the topic of feedback."""

    def make(
        batch: Callable[[], Scorer],
        archive: MemoryArchive,
        sent_out: MemorySentOut | None = None,
        *,
        remembered_labels: int = 1_000,
        challenger: Callable[[], ScorerPredictor | None] = lambda: None,
    ) -> Learner:
        return Learner(
            lambda: ScorerPredictor(batch(), MODEL, top_k=1),
            archive=archive,
            sent_out=sent_out or MemorySentOut(),
            topic=TOPIC,
            remembered_labels=remembered_labels,
            challenger=challenger,
        )

    return make
