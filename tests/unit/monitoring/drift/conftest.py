"""Drawn feeds: descriptions of tweets that never were."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from models.taxonomy import LABELS, SENTIMENTS
from monitoring.drift.describing import Description
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import Window, window_of

WORDS = [f"word{number}".encode() for number in range(200)]


def drawn(count: int, *, seed: int, is_feed: bool = True, **fixed: Any) -> list[Description]:
    """Draw descriptions from one and the same distribution; `fixed` fields are the same in all."""
    chance = random.Random(seed)
    return [
        Description(
            **{
                "id": str(place),
                "hour": chance.randrange(24) if is_feed else None,
                "key": chance.getrandbits(64),
                "label": str(chance.choice(LABELS[:6])),
                "sentiment": str(chance.choice(SENTIMENTS)),
                "label_score": chance.random(),
                "sentiment_score": chance.uniform(-1, 1),
                "text_characters": chance.randint(1, 280),
                "ticker_count": chance.randint(0, 4),
                "unseen_share": chance.random(),
                "delay_seconds": chance.expovariate(1) if is_feed else math.nan,
                "has_link": chance.random() < 0.5,
                "has_cashtag": chance.random() < 0.9,
                "has_mention": chance.random() < 0.3,
                "has_emoji": chance.random() < 0.05,
                "has_english": chance.random() < 0.8,
                "is_retweet": chance.random() < 0.25,
                "tickers": (chance.choice(["AAPL", "TSLA", "GOOG"]),),
                "words": tuple(chance.sample(WORDS, 8)),
                **fixed,
            }
        )
        for place in range(count)
    ]


@pytest.fixture
def rows() -> Callable[..., list[Description]]:
    return drawn


@pytest.fixture
def window() -> Callable[..., Window]:
    """A window of drawn tweets."""

    def make(count: int = 500, *, seed: int = 1, **fixed: Any) -> Window:
        return window_of(drawn(count, seed=seed, **fixed))

    return make


@pytest.fixture(scope="session")
def reference() -> Reference:
    """A reference of ten windows of a feed."""
    windows = [window_of(drawn(500, seed=1000 + number)) for number in range(10)]
    return reference_of(
        windows, trained=Vocabulary.of([WORDS]), model_name="tickertape", model_version="7", source="drawn"
    )


@pytest.fixture
def refer() -> Callable[[Sequence[Description]], Reference]:
    """Make a reference of descriptions."""

    def made(rows: Sequence[Description]) -> Reference:
        return reference_of(
            [window_of(rows)],
            trained=Vocabulary.of([[b"oil"]]),
            model_name="tickertape",
            model_version="7",
            source="a test",
        )

    return made
