import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.abstention import Abstention
from models.behaviour import behaviour_problems
from models.errors import ModelCorruptError, ModelError, ModelNotFoundError
from models.loading import RegistryStore, load_predictor
from models.predictor import PRETRAINED, ScorerPredictor, pretrained_predictor
from models.records import ModelVersion, Tweet
from models.scorer import Scorer
from models.taxonomy import OTHER, Label, Sentiment
from models.weights import Weights


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the shipped model that a test may damage."""
    return shutil.copytree(PRETRAINED, tmp_path / "pretrained")


def test_prediction_holds_the_k_most_probable_labels_largest_first(two_word_weights: Weights) -> None:
    model = ModelVersion("tiny", "3")
    predictor = ScorerPredictor(Scorer(two_word_weights), model, 2)

    (prediction,) = predictor.predict([Tweet("good")])

    # scores: column 0 100 / 2 * 0.5 = 25, all others their bias 1 to 19; sentiments 20, 21, 22 at temperature 2
    assert prediction.label is Label.ANALYST_UPDATE
    assert list(prediction.labels) == [Label.ANALYST_UPDATE, Label.STOCK_MOVEMENT]
    assert prediction.label_score == prediction.labels[Label.ANALYST_UPDATE] == pytest.approx(0.996094, abs=1e-5)
    assert prediction.sentiment is Sentiment.NEUTRAL
    assert prediction.sentiment_score == pytest.approx(0.120872, abs=1e-6)  # softmax of 10, 10.5 and 11
    assert (prediction.answered_by, prediction.model) == ("batch", model)


def test_predictor_abstains_below_its_threshold(two_word_weights: Weights) -> None:
    model = ModelVersion("tiny", "3")
    tweets = [Tweet("good"), Tweet("nothing that is known")]  # 0.996 and 0.632 sure

    unsure = ScorerPredictor(Scorer(two_word_weights), model, 2, abstention=Abstention(below=0.9)).predict(tweets)

    assert [one.label for one in unsure] == [Label.ANALYST_UPDATE, OTHER]


def test_target_error_rate_chooses_the_threshold_by_the_curve_of_the_weights(two_word_weights: Weights) -> None:
    weights = replace(two_word_weights, coverage=np.array([[0.0, 1.0, 0.3], [0.9, 0.5, 0.1]]))
    abstention = Abstention(target_error_rate=0.2)

    predictor = ScorerPredictor(Scorer(weights), ModelVersion("tiny", "3"), 2, abstention=abstention)

    assert predictor.predict([Tweet("good")]).abstain_below == 0.9
    with pytest.raises(ModelError, match="carries no coverage curve"):
        ScorerPredictor(Scorer(two_word_weights), ModelVersion("tiny", "3"), 2, abstention=abstention)


def test_abstaining_model_is_tested_by_what_it_holds_most_probable() -> None:
    never_sure = pretrained_predictor(1, abstention=Abstention(below=1.0))

    assert behaviour_problems(never_sure) == behaviour_problems(pretrained_predictor(1))


def test_no_tweets_give_no_predictions() -> None:
    assert list(pretrained_predictor(3).predict([])) == []


@pytest.mark.parametrize("top_k", [0, 21, -1])
def test_top_k_outside_the_labels_is_refused(two_word_weights: Weights, top_k: int) -> None:
    with pytest.raises(ValueError, match=f"top_k is {top_k}, allowed are 1 to 20"):
        ScorerPredictor(Scorer(two_word_weights), ModelVersion("tiny", "3"), top_k)


def test_pretrained_model_abstains_where_it_is_told_to() -> None:
    (answer,) = pretrained_predictor(1, abstention=Abstention(below=1.0)).predict([Tweet("good morning everyone")])

    assert answer.label == OTHER


def test_pretrained_version_is_the_start_of_its_hash() -> None:
    sha256 = (PRETRAINED / "weights.sha256").read_text().split()[0]

    assert pretrained_predictor(1).model == ModelVersion("tickertape", f"pretrained-{sha256[:8]}")


def test_pretrained_weights_stay_small() -> None:
    assert (PRETRAINED / "weights.npz").stat().st_size <= 3_000_000


def test_tampered_pretrained_weights_are_refused(copied: Path) -> None:
    with (copied / "weights.npz").open("ab") as stream:
        stream.write(b"x")

    with pytest.raises(ModelCorruptError, match="expected"):
        pretrained_predictor(3, folder=copied)


@pytest.mark.parametrize("name", ["weights.npz", "weights.sha256"])
def test_missing_file_of_the_pretrained_model_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()

    with pytest.raises(ModelNotFoundError, match=name):
        pretrained_predictor(3, folder=copied)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_hash_file_without_a_hash_is_refused(copied: Path, content: bytes) -> None:
    (copied / "weights.sha256").write_bytes(content)

    with pytest.raises(ModelNotFoundError, match=r"weights\.sha256 states no sha256"):
        pretrained_predictor(3, folder=copied)


@pytest.mark.parametrize("tracking_uri", ["", "sqlite:///nowhere/mlflow.db"])
def test_without_a_registry_the_pretrained_model_answers(tracking_uri: str) -> None:
    predictor = load_predictor(RegistryStore(tracking_uri, "m", "champion", 3))

    assert predictor.model == pretrained_predictor(3).model


def test_pretrained_model_needs_neither_mlflow_nor_scikit_learn() -> None:
    code = (
        "import sys; sys.modules.update(mlflow=None, sklearn=None, scipy=None)\n"
        "from models.loading import RegistryStore, load_predictor\n"
        "print(load_predictor(RegistryStore('', 'm', 'c', 1)).model.version)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, pretrained_predictor(1).model.version), done.stderr


def test_registry_without_mlflow_says_what_to_do(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    database.touch()
    code = (
        "import sys; sys.modules.update(mlflow=None)\n"
        "from models.loading import RegistryStore, load_predictor\n"
        f"load_predictor(RegistryStore('sqlite:///{database}', 'm', 'c', 1))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("models.errors.ModelNotFoundError")
    assert "make venv" in last
