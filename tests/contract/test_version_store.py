"""What requests that name a version ask of a real MLflow registry."""

# ruff: noqa: PLC0415 -- MLflow is imported by the tests that use it: it costs seconds

from collections.abc import Callable
from pathlib import Path

import pytest

from api.request_errors import ModelUnavailableError
from api.versions import ASK_AGAIN_SECONDS, KeptVersions
from models.loading import RegistryStore
from models.predictor import PRETRAINED, pretrained_predictor
from models.records import Tweet
from models.weights import WEIGHTS_FILE

pytestmark = [
    pytest.mark.training,  # trains nothing, but needs MLflow
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
]

TWEETS = [Tweet("$TSLA shares surge 9%")]


@pytest.fixture
def store(tmp_path: Path, make_registry: Callable[[Path], str]) -> RegistryStore:
    """A registry of three versions, all with the shipped weights; the second one is damaged."""
    from models.registry import TrainingRun, open_store, save_version

    uri = make_registry(tmp_path)
    opened = open_store(tracking_uri=uri, model_name="tickertape")
    for version in (1, 2, 3):
        before = set(tmp_path.rglob(WEIGHTS_FILE))
        run = TrainingRun({}, {}, {WEIGHTS_FILE: (PRETRAINED / WEIGHTS_FILE).read_bytes()})
        save_version(opened, run, model_alias="champion")
        if version == 2:
            (file,) = set(tmp_path.rglob(WEIGHTS_FILE)) - before
            file.write_bytes(file.read_bytes()[:-1])
    return RegistryStore(uri, "tickertape", "champion", 3)


async def test_versions_answer_what_they_are_refused_for_or_are_unknown(store: RegistryStore, tmp_path: Path) -> None:
    now = 0.0
    kept = KeptVersions(store, most=1, clock=lambda: now)

    first = await kept.predictor("1")
    known, unknown = await kept.known(), await kept.predictor("4")
    with pytest.raises(ModelUnavailableError, match="can't be used"):
        await kept.predictor("2")
    (tmp_path / "mlflow.db").write_bytes(b"no database any more" * 1000)
    now += ASK_AGAIN_SECONDS
    with pytest.raises(ModelUnavailableError, match="does not answer"):
        await kept.predictor("3")
    still = await kept.predictor("1")

    assert (known, unknown) == (("1", "2", "3"), None)
    assert first is still is not None
    answer, shipped = first.predict(TWEETS)[0], pretrained_predictor(3).predict(TWEETS)[0]
    assert (answer.labels, answer.sentiment_score) == (shipped.labels, shipped.sentiment_score)
    assert (answer.model.name, answer.model.version) == ("tickertape", "1")


def test_there_are_no_versions_where_no_registry_or_model_is_yet(
    tmp_path: Path, make_registry: Callable[[Path], str]
) -> None:
    nowhere = RegistryStore(f"sqlite:///{tmp_path}/none.db", "tickertape", "champion", 3)
    empty = RegistryStore(make_registry(tmp_path), "tickertape", "champion", 3)

    assert nowhere.versions() == empty.versions() == ()
