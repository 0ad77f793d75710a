"""The reference that goes with a model: labelled tweets that were held out of its training, as it answers them."""

from collections.abc import Iterator, Sequence

from models.data.dataset import Split
from models.predictor import ScorerPredictor
from models.records import ModelVersion, Tweet, classified_tweet
from models.scorer import Scorer
from models.text import tickers, tokens
from models.weights import Weights
from monitoring.drift.describing import Description, describe, is_word
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import REFERENCE_FILE, encode_reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of

CHUNK_TWEETS = 2_000
SCORE_COLUMNS = ("label_score", "sentiment_score")


def files_beside(split: Split, measured: Weights, model: ModelVersion) -> dict[str, bytes]:
    """Give the reference as the file that is kept beside a model's weights; for arguments see `training_reference`."""
    return {REFERENCE_FILE: encode_reference(training_reference(split, measured, model))}


def training_reference(split: Split, measured: Weights, model: ModelVersion) -> Reference:
    """Make the reference of a model that was just trained.

    Args:
        split: what it was trained on, and what was held out.
        measured: the weights that never saw the held-out tweets.
        model: what the version is called.
    """
    predictor = ScorerPredictor(Scorer(measured), model, 1)
    return _reference(split, predictor, left_out=(), answered="as it answered before it learned them")


def labelled_reference(split: Split, predictor: ScorerPredictor) -> Reference:
    """Make a reference for a model that has learned the labelled tweets, so that its scores of them are too high.

    They are left out: drift of the scores is not seen with it.
    """
    return _reference(split, predictor, left_out=SCORE_COLUMNS, answered="without scores, as it learned them")


def _reference(split: Split, predictor: ScorerPredictor, *, left_out: Sequence[str], answered: str) -> Reference:
    learned = split.labels.train.texts + split.sentiments.train.texts
    vocabulary = Vocabulary.of({token for token in tokens(text) if is_word(token)} for text in learned)
    texts = split.labels.held_out.texts
    return reference_of(
        [window_of(list(_described(predictor, texts, vocabulary)))],
        trained=vocabulary,
        terms=vocabulary,
        model_name=predictor.model.name,
        model_version=predictor.model.version,
        source=f"{len(texts):,} labelled tweets, {answered}",
        left_out=left_out,
    )


def _described(predictor: ScorerPredictor, texts: Sequence[str], vocabulary: Vocabulary) -> Iterator[Description]:
    for start in range(0, len(texts), CHUNK_TWEETS):
        tweets = [Tweet(text, tickers=tickers(text)) for text in texts[start : start + CHUNK_TWEETS]]
        for tweet, prediction in zip(tweets, predictor.predict(tweets), strict=True):
            yield describe(classified_tweet(tweet, prediction, classified_at=""), vocabulary)
