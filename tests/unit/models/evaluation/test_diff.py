from collections.abc import Callable, Sequence

import pytest

from models.evaluation.diff import Comparison, Example, LabelFlip, TickerMove
from models.predictor import pretrained_predictor
from models.records import ModelVersion, Prediction, Tweet
from models.taxonomy import Label, Sentiment

Answer = tuple[Label, Sentiment, float]
BULLISH, BEARISH = Sentiment.BULLISH, Sentiment.BEARISH


class ScriptedPredictor:
    """Implements what a comparison asks of a predictor: an answer for each text, by a table."""

    def __init__(self, version: str, answers: dict[str, Answer]) -> None:
        self.model = ModelVersion("tickertape", version)
        self._answers = answers

    def predict(self, tweets: Sequence[Tweet]) -> list[Prediction]:
        return [self._prediction(*self._answers[tweet.text]) for tweet in tweets]

    def _prediction(self, label: Label, sentiment: Sentiment, score: float) -> Prediction:
        return Prediction(label, 1.0, {label: 1.0}, sentiment, score, "batch", "batch", {}, self.model)


TWEETS = [
    Tweet("up", id="1", tickers=("AAPL",)),
    Tweet("down", id="2", tickers=("AAPL", "TSLA")),
    Tweet("flat", id="3", tickers=("MSFT",)),
]
A = {
    "up": (Label.MACRO, BULLISH, 0.5),
    "down": (Label.MACRO, BULLISH, 0.25),
    "flat": (Label.IPO, BULLISH, 0.1),
}
B = {
    "up": (Label.EARNINGS, BULLISH, 0.5),
    "down": (Label.EARNINGS, BEARISH, -0.75),
    "flat": (Label.IPO, BULLISH, 0.1),
}


@pytest.fixture
def compare() -> Callable[..., Comparison]:
    def build(*, example_count: int = 10, with_texts: bool = False) -> Comparison:
        a, b = ScriptedPredictor("1", A), ScriptedPredictor("2", B)
        return Comparison(a, b, example_count=example_count, with_texts=with_texts)  # type: ignore[arg-type]

    return build


def test_flips_are_counted_by_pair_over_all_chunks(compare: Callable[..., Comparison]) -> None:
    comparison = compare()
    comparison.add(TWEETS[:1])
    comparison.add(TWEETS[1:])

    difference = comparison.difference()

    assert difference.tweets == 3
    assert difference.labels == (LabelFlip(Label.MACRO, Label.EARNINGS, 2),)
    assert [(flip.a, flip.b, flip.tweets) for flip in difference.sentiments] == [(BULLISH, BEARISH, 1)]
    assert (difference.model_a.version, difference.model_b.version) == ("1", "2")


def test_tickers_that_move_are_listed_the_largest_move_first(compare: Callable[..., Comparison]) -> None:
    comparison = compare()
    comparison.add(TWEETS)

    assert comparison.difference().tickers == (
        TickerMove("TSLA", 1, 0.25, -0.75),
        TickerMove("AAPL", 2, 0.375, -0.125),
    )


def test_examples_are_the_first_that_flip_and_carry_no_text_unasked(compare: Callable[..., Comparison]) -> None:
    comparison = compare(example_count=1)
    comparison.add(TWEETS)

    assert comparison.difference().examples == (Example("1", None, Label.MACRO, Label.EARNINGS, BULLISH, BULLISH),)


def test_examples_carry_the_text_when_asked(compare: Callable[..., Comparison]) -> None:
    comparison = compare(with_texts=True)
    comparison.add(TWEETS)

    assert [example.text for example in comparison.difference().examples] == ["up", "down"]


def test_model_does_not_differ_from_itself() -> None:
    predictor = pretrained_predictor(1)
    comparison = Comparison(predictor, predictor, example_count=10, with_texts=False)
    comparison.add([Tweet("$AAPL beats estimates", tickers=("AAPL",)), Tweet("Gold falls")])

    difference = comparison.difference()

    assert difference.tweets == 2
    assert (difference.labels, difference.sentiments, difference.tickers, difference.examples) == ((), (), (), ())
