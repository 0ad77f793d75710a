from collections.abc import Callable

import msgspec
import pytest

from models.records import ClassifiedTweet, ModelVersion
from models.taxonomy import Label, Sentiment


@pytest.fixture
def make_classified() -> Callable[..., ClassifiedTweet]:
    def make(**overrides: object) -> ClassifiedTweet:
        tweet = ClassifiedTweet(
            id="1",
            text="$TSLA up 4%",
            created_at="2026-01-01T00:00:00Z",
            tickers=("TSLA",),
            label=Label.STOCK_MOVEMENT,
            label_score=0.75,
            labels={Label.STOCK_MOVEMENT: 0.75},
            sentiment=Sentiment.BULLISH,
            sentiment_score=0.5,
            answered_by="batch",
            model=ModelVersion("tickertape", "1"),
            classified_at="2026-01-01T00:00:00.000Z",
        )
        return msgspec.structs.replace(tweet, **overrides)

    return make
