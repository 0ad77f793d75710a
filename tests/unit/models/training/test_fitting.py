# ruff: noqa: PLC0415 -- scikit-learn costs seconds, which only these tests pay
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as with_values

from models.calibration import FloatArray
from models.data.dataset import LabelledTweets
from models.features import feature_ids
from models.scorer import Scorer
from models.training.arguments import TrainingArguments
from models.training.soft_labels import NO_ORIGIN, FurtherTexts, SoftLabels
from models.weights import Weights

pytestmark = pytest.mark.training

LABELLED = LabelledTweets(("oil climbs", "gold climbs") * 30, np.array([6, 10] * 30))
FELT = LabelledTweets(("shares rally", "shares slump", "shares unchanged") * 20, np.array([2, 0, 1] * 20))
ARGUMENTS = TrainingArguments(fold_count=2)


def answers(label: int, sentiment: int, *, count: int) -> FloatArray:
    """A teacher that is sure of both heads."""
    one = np.full(23, 0.0)
    one[label] = one[20 + sentiment] = 1.0
    return np.tile(one, (count, 1))


def certain(tweets: LabelledTweets, *, offset: int) -> FloatArray:
    found = np.full((len(tweets), 23), 0.0)
    found[:, 6], found[:, 21] = 1.0, 1.0
    found[:, :20][:, 6] = 1.0
    if offset == 0:
        found[:, :20] = np.eye(20)[tweets.classes]
    else:
        found[:, 20:] = np.eye(3)[tweets.classes]
    return found


def soft_labels(further: tuple[str, ...] = (), thought: FloatArray | None = None) -> SoftLabels:
    texts = FurtherTexts(further, np.full((len(further), 2), NO_ORIGIN), np.ones((len(further), 2)))
    nothing = np.empty((0, 23))
    return SoftLabels(
        certain(LABELLED, offset=0), certain(FELT, offset=20), texts, nothing if thought is None else thought
    )


def fitted(given: SoftLabels | None) -> Weights:
    from models.training.fitting import fit

    return fit(LABELLED, FELT, given, ARGUMENTS, begin=lambda _: None)


def test_a_word_that_only_the_teacher_has_judged_is_learned() -> None:
    text = "palladium soars"

    without = Scorer(fitted(None)).probabilities([text]).labels[0]
    taught = fitted(soft_labels((text,) * 20, answers(10, 2, count=20)))
    learned = Scorer(taught).probabilities([text])

    assert without.argmax() != 10 or without.max() < 0.6
    assert learned.labels[0].argmax() == 10
    assert learned.sentiments[0].argmax() == 2


def test_tweets_of_the_other_head_teach_what_the_teacher_thinks_of_them() -> None:
    scores = Scorer(fitted(soft_labels())).probabilities(["shares slump"])

    assert scores.labels[0].argmax() == 6
    assert scores.sentiments[0].argmax() == 0


def test_what_is_thought_of_texts_without_weight_does_not_matter() -> None:
    texts = FurtherTexts(("oil climbs",) * 20, np.full((20, 2), NO_ORIGIN), np.zeros((20, 2)))

    one, other = (
        fitted(SoftLabels(certain(LABELLED, offset=0), certain(FELT, offset=20), texts, answers(label, 2, count=20)))
        for label in (6, 10)
    )

    assert (one.table == other.table).all()
    assert one.temperatures.tolist() == other.temperatures.tolist()


@pytest.mark.parametrize("given", [None, soft_labels()])
def test_given_scalings_are_kept_and_change_nothing_else(given: SoftLabels | None) -> None:
    from models.training.fitting import fit
    from models.training.scaling import scaled, unscaled

    found = fitted(given)
    kept = fit(LABELLED, FELT, given, ARGUMENTS, begin=lambda _: None, scalings=(unscaled(20), unscaled(3)))

    assert kept.temperatures.tolist() == [1.0, 1.0]
    assert (kept.table == found.table).all()
    twice = replace(unscaled(20), factors=np.full(20, 2.0)), unscaled(3)
    doubled = fit(LABELLED, FELT, given, ARGUMENTS, begin=lambda _: None, scalings=twice)
    assert doubled.scales.tolist() == scaled(kept, twice).scales.tolist()


def test_rows_made_of_a_tweet_are_known_by_their_origin() -> None:
    from models.features import feature_rows
    from models.training import batch, fitting

    origins = np.array([[0, NO_ORIGIN], [59, 60], [61, 119], [NO_ORIGIN, NO_ORIGIN]])
    texts = FurtherTexts(("a", "b", "c", "d"), origins, np.ones((4, 2)))
    given = SoftLabels(certain(LABELLED, offset=0), certain(FELT, offset=20), texts, answers(0, 0, count=4))
    hashed = [batch.HashedTweets(*feature_rows(part)) for part in (LABELLED.texts, FELT.texts, texts.texts)]
    space = batch.feature_space(hashed[0].counts(), tweet_count=60, min_tweets=1)
    matrices = [space.matrix(part) for part in hashed]

    of_labels = fitting._origins(fitting._Head(0, LABELLED, matrices, given, ARGUMENTS), given)
    of_sentiments = fitting._origins(fitting._Head(1, FELT, matrices, given, ARGUMENTS), given)

    assert of_labels[-4:].tolist() == [[0, -1], [59, -1], [-1, -1], [-1, -1]]
    assert of_sentiments[-4:].tolist() == [[-1, -1], [-1, 0], [1, 59], [-1, -1]]
    assert of_labels[:2].tolist() == [[0, 0], [1, 1]]
    assert (of_sentiments[60:120] == -1).all()


@pytest.mark.parametrize(("power", "sentiment"), [(1.0, 2), (0.0, 1)])
def test_balance_power_decides_between_many_tweets_and_few(power: float, sentiment: int) -> None:
    from models.training.fitting import fit

    words = ("shares steady", "shares steady", "shares steady", "shares move", "shares move", "shares move")
    with_sentiment = LabelledTweets(
        words * 20, np.array([1, 1, 1, 1, 1, 2] * 20)
    )  # one of three that move is of the rare class
    arguments = with_values(ARGUMENTS, sentiment_balance_power=power)

    weights = fit(LABELLED, with_sentiment, None, arguments, begin=lambda _: None)

    assert Scorer(weights).probabilities(["shares move"]).sentiments[0].argmax() == sentiment


@pytest.mark.parametrize(("power", "sentiment"), [(1.0, 2), (0.0, 1)])
def test_a_student_of_a_teacher_has_a_balance_power_of_its_own(power: float, sentiment: int) -> None:
    from models.training.fitting import fit

    words = ("shares steady", "shares steady", "shares steady", "shares move", "shares move", "shares move")
    with_sentiment = LabelledTweets(words * 20, np.array([1, 1, 1, 1, 1, 2] * 20))
    texts = FurtherTexts((), np.empty((0, 2), dtype=np.int64), np.empty((0, 2)))
    given = SoftLabels(certain(LABELLED, offset=0), certain(with_sentiment, offset=20), texts, np.empty((0, 23)))
    arguments = with_values(ARGUMENTS, sentiment_balance_power=1 - power, taught_sentiment_balance_power=power)

    weights = fit(LABELLED, with_sentiment, given, arguments, begin=lambda _: None)

    assert Scorer(weights).probabilities(["shares move"]).sentiments[0].argmax() == sentiment


def test_features_of_a_student_stand_in_as_many_texts_as_a_teacher_asks_for() -> None:
    from models.training.fitting import fit

    arguments = with_values(ARGUMENTS, taught_min_texts_per_feature=40, min_tweets_per_feature=1)
    given = soft_labels(("palladium soars",) * 39, answers(10, 2, count=39))

    taught = fit(LABELLED, FELT, given, arguments, begin=lambda _: None)
    alone = fit(LABELLED, FELT, None, arguments, begin=lambda _: None)

    assert set(taught.ids.tolist()) < set(alone.ids.tolist())
    assert len(taught.ids) == len({*feature_ids("climbs"), *feature_ids("shares")})
