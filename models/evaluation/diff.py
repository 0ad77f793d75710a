"""What two models say of the same tweets: labels and sentiments that flip, and tickers whose sentiment moves."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from models.contracts import Predictor
from models.records import ModelVersion, Prediction, Tweet
from models.taxonomy import Label, Sentiment


class LabelFlip(msgspec.Struct, frozen=True):
    """So many tweets have the one label by A, and the other by B."""

    a: Label
    b: Label
    tweets: int


class SentimentFlip(msgspec.Struct, frozen=True):
    """So many tweets have the one sentiment by A, and the other by B."""

    a: Sentiment
    b: Sentiment
    tweets: int


class TickerMove(msgspec.Struct, frozen=True):
    """Mean sentiment scores, -1 to 1, of the tweets that name a ticker."""

    ticker: str
    tweets: int
    a: float
    b: float


class Example(msgspec.Struct, frozen=True):
    """One tweet whose label or sentiment flips; the text is None where it was not asked for."""

    id: str | None
    text: str | None
    label_a: Label
    label_b: Label
    sentiment_a: Sentiment
    sentiment_b: Sentiment


class Difference(msgspec.Struct, frozen=True):
    """What A and B say of the same tweets.

    Attributes:
        model_a: the versions of A.
        model_b: the versions of B.
        tweets: compared.
        labels: flips by pair of labels, most frequent first.
        sentiments: flips by pair of sentiments, most frequent first.
        tickers: those whose mean score moves, largest move first.
        examples: the first tweets that flip.
    """

    model_a: ModelVersion
    model_b: ModelVersion
    tweets: int
    labels: tuple[LabelFlip, ...]
    sentiments: tuple[SentimentFlip, ...]
    tickers: tuple[TickerMove, ...]
    examples: tuple[Example, ...]


class Comparison:
    """Ask two models the same tweets, chunk by chunk; keeps counts and sums, and tweets only as examples."""

    def __init__(self, a: Predictor, b: Predictor, *, example_count: int, with_texts: bool) -> None:
        """Keep the parts.

        Args:
            a: the one that answers now, say.
            b: the one that is to answer.
            example_count: most examples that are kept.
            with_texts: keep the examples' texts too.
        """
        self._a, self._b = a, b
        self._example_count, self._with_texts = example_count, with_texts
        self._tweets = 0
        self._labels: Counter[tuple[Label, Label]] = Counter()
        self._sentiments: Counter[tuple[Sentiment, Sentiment]] = Counter()
        self._tickers: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        self._examples: list[Example] = []

    def add(self, tweets: Sequence[Tweet]) -> None:
        """Compare the answers to some more tweets."""
        self._tweets += len(tweets)
        for tweet, a, b in zip(tweets, self._a.predict(tweets), self._b.predict(tweets), strict=True):
            if a.best_label is not b.best_label:
                self._labels[a.best_label, b.best_label] += 1
            if a.sentiment is not b.sentiment:
                self._sentiments[a.sentiment, b.sentiment] += 1
            if (a.best_label, a.sentiment) != (b.best_label, b.sentiment) and len(self._examples) < self._example_count:
                self._examples.append(self._example(tweet, a, b))
            for ticker in tweet.tickers:
                sums = self._tickers[ticker]
                sums[0] += 1
                sums[1] += a.sentiment_score
                sums[2] += b.sentiment_score

    def difference(self) -> Difference:
        """Give what was found so far."""
        moves = (TickerMove(name, int(n), a / n, b / n) for name, (n, a, b) in self._tickers.items() if a != b)
        return Difference(
            model_a=self._a.model,
            model_b=self._b.model,
            tweets=self._tweets,
            labels=tuple(LabelFlip(*pair, count) for pair, count in self._labels.most_common()),
            sentiments=tuple(SentimentFlip(*pair, count) for pair, count in self._sentiments.most_common()),
            tickers=tuple(sorted(moves, key=lambda move: (-abs(move.b - move.a), move.ticker))),
            examples=tuple(self._examples),
        )

    def _example(self, tweet: Tweet, a: Prediction, b: Prediction) -> Example:
        text = tweet.text if self._with_texts else None
        return Example(tweet.id, text, a.best_label, b.best_label, a.sentiment, b.sentiment)
