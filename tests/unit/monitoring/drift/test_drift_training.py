from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.commands.training_options import training_arguments
from models.data.dataset import NO_TWEETS, HeadSplit, LabelledTweets, Split, read_split
from models.predictor import PRETRAINED, ScorerPredictor, pretrained_predictor
from models.records import ModelVersion
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.training.arguments import TrainingArguments
from models.training.fitting import fit
from models.training.scaling import unscaled
from models.weights import Weights
from monitoring.commands.drift_reference import make_labelled_reference
from monitoring.drift.comparing import compare
from monitoring.drift.describing import Description
from monitoring.drift.references.reference_file import REFERENCE_FILE, decode_reference, load_reference
from monitoring.drift.references.training import files_beside, labelled_reference
from monitoring.drift.windows import window_of

MODEL = ModelVersion("tickertape", "7")
LABELLED = Path(__file__).parents[3] / "data" / "labelled"


def labelled(texts: list[str]) -> LabelledTweets:
    return LabelledTweets(tuple(texts), np.arange(len(texts)) % 2)


@pytest.fixture(scope="module")
def split() -> Split:
    train = labelled([f"{'oil' if row % 2 else 'gold'} rises on day {chr(97 + row % 26)}bc" for row in range(60)])
    held_out = labelled([f"{'oil' if row % 2 else 'gold'} rises newly" for row in range(300)])
    return Split(
        labels=HeadSplit(train, held_out, NO_TWEETS),
        sentiments=HeadSplit(train, held_out, NO_TWEETS),
        is_published=False,
        data_sha256="0" * 64,
    )


@pytest.fixture(scope="module")
def weights(split: Split) -> Weights:
    scalings = (unscaled(len(LABELS)), unscaled(len(SENTIMENTS)))
    tweets = split.labels.train
    return fit(tweets, tweets, None, TrainingArguments(), begin=lambda _: None, scalings=scalings)


@pytest.mark.training
def test_a_model_goes_with_what_it_says_of_tweets_that_it_never_saw(split: Split, weights: Weights) -> None:
    reference = decode_reference(files_beside(split, weights, MODEL)[REFERENCE_FILE])

    assert (reference.model_name, reference.model_version, reference.tweets) == ("tickertape", "7", 300)
    assert reference.shares["label"].total() == 300
    assert len(reference.numbers["label_score"]) == 300
    assert reference.trained.count(b"rises") == 120
    assert reference.trained.count(b"newly") == 0
    assert set(reference.numbers["unseen_share"]) == {1 / 3}


@pytest.mark.training
def test_scores_of_tweets_that_were_learned_are_left_out(
    split: Split, weights: Weights, rows: Callable[..., list[Description]]
) -> None:
    reference = labelled_reference(split, ScorerPredictor(Scorer(weights), MODEL, 1))

    scores = compare(reference, window_of(rows(300, seed=1))).scores

    assert "label" in scores
    assert not {"label_score", "sentiment_score"} & set(scores)


def test_the_shipped_model_gets_a_reference_of_the_labelled_tweets_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_labelled_reference(LABELLED, output=tmp_path / "reference.npz")

    reference = load_reference(tmp_path / "reference.npz")
    arguments = training_arguments(seed=None)
    split = read_split(LABELLED, held_out_share=arguments.held_out_share, seed=arguments.seed)
    assert ModelVersion(reference.model_name, reference.model_version) == pretrained_predictor(1).model
    assert reference.tweets == len(split.labels.held_out)
    assert f"reference {reference.id} of tickertape" in capsys.readouterr().out


def test_the_shipped_reference_is_of_the_shipped_model() -> None:
    reference = load_reference(PRETRAINED / REFERENCE_FILE)

    assert ModelVersion(reference.model_name, reference.model_version) == pretrained_predictor(1).model
    assert reference.tweets > 2_000
