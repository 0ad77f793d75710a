# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds and warns while it loads
"""From labelled tweets to an answer: train, register in a real MLflow store, load the champion back, predict."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

from models.data.dataset import LabelledTweets, read_split
from models.errors import ModelCorruptError, ModelError, ModelNotFoundError
from models.loading import RegistryStore, load_predictor
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import Tweet
from models.scorer import Scorer
from models.training.arguments import TrainingArguments

if TYPE_CHECKING:
    from models.training.challenger import Destination
    from models.training.report import Report

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),  # SQLAlchemy complains of what MLflow calls
]

LABELLED = Path(__file__).parents[1] / "data" / "labelled"
NAME, ALIAS = "tickertape-test", "challenger"


def ignore_progress(step: str, done: int, total: int) -> None:
    """Progress is shown by the command alone."""


class Trained(NamedTuple):
    """One training: its folder, where it went, its report, and the steps it told of."""

    folder: Path
    destination: "Destination"
    report: "Report"
    steps: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, make_registry: Callable[[Path], str]) -> Trained:
    """A champion trained on the project's own labelled tweets."""
    from models.training.challenger import Destination, train_challenger

    folder = tmp_path_factory.mktemp("registry")
    destination = Destination(make_registry(folder), NAME, folder / "export")
    steps: list[tuple[str, int, int]] = []
    arguments = TrainingArguments(seed=11)
    split = read_split(LABELLED, held_out_share=arguments.held_out_share, seed=arguments.seed)
    report = train_challenger(split, arguments, destination, distiller=None, progress=lambda *step: steps.append(step))
    return Trained(folder, destination, report, steps)


def load(destination: "Destination", alias: str = ALIAS) -> ScorerPredictor:
    return load_predictor(RegistryStore(destination.tracking_uri, NAME, alias, 3))


def test_champion_loaded_by_its_alias_answers_as_the_exported_files_do(trained: Trained) -> None:
    folder, destination, report, _ = trained
    tweets = [Tweet("Brent crude oil falls as OPEC raises output"), Tweet("Euro slides against the dollar")]

    champion = load(destination)

    assert (champion.model.name, champion.model.version) == (NAME, report.model_version)
    exported = pretrained_predictor(3, folder=folder / "export").predict(tweets)
    assert [answer.labels for answer in champion.predict(tweets)] == [answer.labels for answer in exported]
    assert {answer.model.version for answer in champion.predict(tweets)} == {report.model_version}


def test_own_labelled_tweets_are_learnt(trained: Trained) -> None:
    _, _, report, _ = trained

    assert report.held_out == "split off"
    assert report.labels.accuracy > 0.5  # 0.05 by chance
    assert report.sentiments.accuracy > 0.5  # 0.33 by chance


def test_version_keeps_its_report(trained: Trained) -> None:
    from models import registry

    folder, destination, report, _ = trained
    store = registry.existing_store(tracking_uri=destination.tracking_uri, model_name=NAME)

    written = json.loads(registry.load_file(store, report.model_version, path=registry.REPORT_FILE) or b"")

    assert written["run_id"] == report.run_id
    assert written["arguments"]["seed"] == 11
    assert written["data_sha256"] == report.data_sha256
    assert written["labels"]["macro_f1"] == report.labels.macro_f1
    assert written["weights_sha256"] == (folder / "export" / "weights.sha256").read_text().split()[0]


def test_run_keeps_parameters_metrics_and_files(trained: Trained) -> None:
    from mlflow import MlflowClient

    _, destination, report, _ = trained

    run = MlflowClient(tracking_uri=destination.tracking_uri).get_run(report.run_id)

    assert run.data.params["data_sha256"] == report.data_sha256
    assert run.data.params["seed"] == "11"
    assert run.data.params["code_version"].startswith("0.")
    assert len(run.data.params["environment_lock_sha256"]) == 64
    assert run.data.metrics["fit_features"] == report.features
    assert run.data.metrics["labels_accuracy"] == pytest.approx(report.labels.accuracy)
    assert run.info.status == "FINISHED"


def test_model_has_a_signature_and_an_input_example(trained: Trained, tmp_path: Path) -> None:
    from mlflow.artifacts import download_artifacts
    from mlflow.models import Model

    _, destination, report, _ = trained
    uri = f"runs:/{report.run_id}/model"

    folder = Path(download_artifacts(uri, dst_path=str(tmp_path), tracking_uri=destination.tracking_uri))

    model = Model.load(folder / "MLmodel")
    assert model.signature.inputs.input_names() == ["text"]
    assert "sentiment_score" in model.signature.outputs.input_names()
    assert list(model.load_input_example(str(folder)).columns) == ["text"]


def test_every_step_of_the_training_is_told(trained: Trained) -> None:
    _, _, _, steps = trained

    assert [(done, total) for _, done, total in steps] == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


@pytest.mark.slow
def test_equal_seed_and_data_give_equal_weights(trained: Trained) -> None:
    from models.training.trainer import train
    from models.weights import encode_weights, sha256_of

    _, _, report, _ = trained
    split = read_split(LABELLED, held_out_share=0.15, seed=11)

    again = train(split, TrainingArguments(seed=11), teach=None, progress=ignore_progress)

    assert sha256_of(encode_weights(again.weights)) == report.weights_sha256


@pytest.mark.slow
def test_unknown_alias_is_answered_by_the_pretrained_model_with_a_warning(
    trained: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    _, destination, _, _ = trained

    predictor = load(destination, alias="nobody")

    assert predictor.model == pretrained_predictor(3).model
    assert [record.message for record in caplog.records] == ["alias_not_found_pretrained_answers"]


def test_tampered_version_is_refused(trained: Trained, make_registry: Callable[[Path], str], tmp_path: Path) -> None:
    from models import registry

    folder, _, _, _ = trained
    uri = make_registry(tmp_path)
    content = (folder / "export" / "weights.npz").read_bytes()
    store = registry.open_store(tracking_uri=uri, model_name=NAME)
    registry.save_version(store, registry.TrainingRun({}, {}, {"weights.npz": content}), model_alias=ALIAS)
    (stored,) = (tmp_path / "mlartifacts").rglob("weights.npz")
    stored.write_bytes(content[:-1])

    with pytest.raises(ModelCorruptError, match="expected"):
        load_predictor(RegistryStore(uri, NAME, ALIAS, 3))


@pytest.mark.slow
def test_version_whose_files_are_gone_is_an_error_and_no_older_model_answers(
    trained: Trained, make_registry: Callable[[Path], str], tmp_path: Path
) -> None:
    from models import registry

    folder, _, _, _ = trained
    uri = make_registry(tmp_path)
    content = (folder / "export" / "weights.npz").read_bytes()
    store = registry.open_store(tracking_uri=uri, model_name=NAME)
    registry.save_version(store, registry.TrainingRun({}, {}, {"weights.npz": content}), model_alias=ALIAS)
    next((tmp_path / "mlartifacts").rglob("weights.npz")).unlink()

    with pytest.raises(ModelNotFoundError, match="can't be used"):
        load_predictor(RegistryStore(uri, NAME, ALIAS, 3))


@pytest.mark.slow
def test_newest_training_takes_the_alias(
    trained: Trained, make_registry: Callable[[Path], str], tmp_path: Path
) -> None:
    from models import registry

    folder, _, _, _ = trained
    uri = make_registry(tmp_path)
    run = registry.TrainingRun({}, {}, {"weights.npz": (folder / "export" / "weights.npz").read_bytes()})
    store = registry.open_store(tracking_uri=uri, model_name=NAME)

    saved = [registry.save_version(store, run, model_alias=ALIAS).version for _ in range(2)]

    loaded = load_predictor(RegistryStore(uri, NAME, ALIAS, 3))
    assert saved == ["1", "2"]
    assert loaded.model.version == "2"


@pytest.mark.slow
@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "nonsense://x"])
def test_unreachable_registry_says_what_to_do(uri: str) -> None:
    with pytest.raises(ModelNotFoundError, match="check MLFLOW_TRACKING_URI"):
        load_predictor(RegistryStore(uri, NAME, ALIAS, 3))


@pytest.mark.slow
def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    database.write_bytes(b"no database at all, only words")

    with pytest.raises(ModelNotFoundError, match=r"mlflow\.db can't be used"):
        load_predictor(RegistryStore(f"sqlite:///{database}", NAME, ALIAS, 3))


@pytest.mark.slow
def test_export_that_can_t_be_written_says_so(make_registry: Callable[[Path], str], tmp_path: Path) -> None:
    from models.training.challenger import Destination, train_challenger

    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    destination = Destination(make_registry(tmp_path), NAME, blocked)
    split = read_split(LABELLED, held_out_share=0.15, seed=11)

    with pytest.raises(ModelError, match="blocked can't be written"):
        train_challenger(split, TrainingArguments(seed=11), destination, distiller=None, progress=ignore_progress)


@pytest.mark.slow
def test_published_validation_files_stay_unseen(tmp_path: Path) -> None:
    from models.training.trainer import train

    for name in ("topic", "sent"):
        lines = (LABELLED / f"{name}_train.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (tmp_path / f"{name}_train.csv").write_text("".join(lines), encoding="utf-8")
        (tmp_path / f"{name}_valid.csv").write_text("text,label\nSomething nobody wrote before,0\n", encoding="utf-8")
    split = read_split(tmp_path, held_out_share=0.15, seed=11)
    steps = []

    result = train(split, TrainingArguments(), teach=None, progress=lambda *step: steps.append(step))

    assert not result.is_refitted
    assert (result.label_tweets, result.labels.tweets) == (len(split.labels.train), 1)
    assert steps[-1] == ("done", 3, 3)


@pytest.mark.slow
@pytest.mark.parametrize("is_published", [True, False])
def test_newest_tweets_are_learned_in_the_end_and_measured_by_weights_that_have_not_seen_them(
    is_published: bool,  # noqa: FBT001 -- a case of the test
) -> None:
    from models.training.trainer import train

    read = read_split(LABELLED, held_out_share=0.15, seed=11)
    odd = tuple(f"zibbel wobbel{letter} plonk" for letter in "abcdefgh")
    newest = LabelledTweets(odd, np.full(len(odd), 9))
    split = replace(read, labels=replace(read.labels, newest=newest), is_published=is_published)
    steps: list[tuple[str, int, int]] = []

    result = train(split, TrainingArguments(seed=11), teach=None, progress=lambda *step: steps.append(step))

    said = [Scorer(weights).answers(odd, top_k=1).labels[:, 0] for weights in (result.weights, result.measured_weights)]
    assert (said[0] == 9).all()
    assert not (said[1] == 9).all()
    held_out = 0 if is_published else len(read.labels.held_out)
    assert result.label_tweets == len(read.labels.train) + held_out + len(odd)
    assert (steps[-1], result.is_refitted) == (("done", 5, 5), not is_published)
