# ruff: noqa: PLC0415 -- MLflow and scikit-learn are imported by the tests that use them: they cost seconds
"""A teacher goes with its version: from training to the registry, and from there to who serves."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.calibration import FloatArray
from models.careful.predictor import Care, CarefulPredictor
from models.data.dataset import LabelledTweets, read_split
from models.errors import ModelCorruptError
from models.loading import RegistryStore, load_predictor
from models.predictor import PRETRAINED, ScorerPredictor
from models.records import Tweet
from models.training.arguments import TrainingArguments
from models.training.soft_labels import NO_ORIGIN, FurtherTexts, SoftLabels
from models.weights import COLUMNS, WEIGHTS_FILE

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]

DATA = Path(__file__).parents[1] / "data"
TINY = (DATA / "teacher" / "tiny.onnx").read_bytes()
NAME, ALIAS = "tickertape-test", "challenger"
CARE = Care(share=1.0, tweets_per_second=1000, wait_seconds=10, count=lambda _outcome, _tweets: None)


class TinyDistiller:
    """Implements `models.training.soft_labels.Distillation` with a teacher of eight words that says little of labelled tweets."""

    def __init__(self) -> None:
        self.doubts: FloatArray = np.empty(0)

    def teach(self, labelled: LabelledTweets, with_sentiment: LabelledTweets) -> SoftLabels:
        evenly = np.concatenate([np.full(20, 1 / 20), np.full(3, 1 / 3)])
        nothing = FurtherTexts((), np.full((0, 2), NO_ORIGIN), np.ones((0, 2)))
        return SoftLabels(
            np.tile(evenly, (len(labelled), 1)),
            np.tile(evenly, (len(with_sentiment), 1)),
            nothing,
            np.empty((0, COLUMNS)),
        )

    def served(self, doubts: FloatArray) -> bytes:
        self.doubts = doubts
        return TINY


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    return RegistryStore(f"sqlite:///{tmp_path / 'mlflow.db'}", NAME, ALIAS, 3, care=CARE)


@pytest.fixture
def save(store: RegistryStore) -> Callable[[dict[str, bytes]], str]:
    """Register the shipped weights with some more files."""

    def register(files: dict[str, bytes]) -> str:
        from models import registry

        weights = (PRETRAINED / WEIGHTS_FILE).read_bytes()
        opened = registry.open_store(tracking_uri=store.tracking_uri, model_name=NAME)
        run = registry.TrainingRun({}, {}, {WEIGHTS_FILE: weights, **files})
        return registry.save_version(opened, run, model_alias=ALIAS).version

    return register


def test_training_with_a_teacher_registers_it_and_what_it_gives(store: RegistryStore, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    from models.registry import existing_store, load_file
    from models.training.challenger import Destination, train_challenger

    split, distiller = read_split(DATA / "labelled", held_out_share=0.15, seed=11), TinyDistiller()
    destination = Destination(store.tracking_uri, NAME, tmp_path / "export")

    report = train_challenger(
        split, TrainingArguments(seed=11, fold_count=2), destination, distiller=distiller, progress=lambda *_: None
    )

    careful = load_predictor(store)
    assert isinstance(careful, CarefulPredictor)
    (answer,) = careful.predict([Tweet("Fed rates")])
    assert (answer.answered_by, answer.model.version) == ("teacher", report.model_version)
    assert (np.diff(distiller.doubts) >= 0).all()
    registered = existing_store(tracking_uri=store.tracking_uri, model_name=NAME)
    points = json.loads(load_file(registered, report.model_version, path="evaluation/care.json") or b"")
    assert [point["share"] for point in points] == [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
    assert points[0]["labels"]["accuracy"] == report.labels.accuracy
    metrics = MlflowClient(tracking_uri=store.tracking_uri).get_run(report.run_id).data.metrics
    assert metrics["careful_10_labels_accuracy"] == points[2]["labels"]["accuracy"]
    assert sorted(path.name for path in (tmp_path / "export").iterdir()) == [
        "README.md",
        "weights.npz",
        "weights.sha256",
    ]


def test_version_without_a_teacher_is_answered_by_the_fast_model_with_a_word(
    store: RegistryStore, save: Callable[[dict[str, bytes]], str], caplog: pytest.LogCaptureFixture
) -> None:
    version = save({})

    predictor = load_predictor(store)

    assert isinstance(predictor, ScorerPredictor)
    (told,) = caplog.records
    assert (told.message, told.model) == ("no_teacher_fast_model_answers", version)  # type: ignore[attr-defined]
    assert "train --teacher" in told.reason  # type: ignore[attr-defined]


def test_without_the_extra_the_fast_model_answers_with_a_word(
    store: RegistryStore,
    save: Callable[[dict[str, bytes]], str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save({"teacher.onnx": TINY})
    monkeypatch.delitem(sys.modules, "models.careful.teacher", raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert isinstance(load_predictor(store), ScorerPredictor)
    assert "needs onnxruntime" in caplog.records[0].reason  # type: ignore[attr-defined]


def test_tampered_teacher_is_refused(
    store: RegistryStore, save: Callable[[dict[str, bytes]], str], tmp_path: Path
) -> None:
    save({"teacher.onnx": TINY})
    (stored,) = (tmp_path / "mlartifacts").rglob("teacher.onnx")
    stored.write_bytes(TINY[:-1])

    with pytest.raises(ModelCorruptError, match="sha256"):
        load_predictor(store)


def test_pretrained_model_has_no_teacher_and_says_so(store: RegistryStore, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(load_predictor(store), ScorerPredictor)
    assert "the pretrained model has no teacher" in caplog.records[0].reason  # type: ignore[attr-defined]
