"""The challenger is followed beside the version that answers, and its trouble is nobody else's."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from models.contracts import Predictor
from models.errors import ModelCorruptError, ModelNotFoundError
from models.predictor import ScorerPredictor, pretrained_predictor
from models.records import ModelVersion
from models.shadow import Shadow
from models.taxonomy import Label

FakeStore = Any  # the class stands in conftest.py, which tests can't import


@pytest.fixture(scope="module")
def versions() -> dict[str, ScorerPredictor]:
    scorer = pretrained_predictor(1).scorer
    return {number: ScorerPredictor(scorer, ModelVersion("tickertape", number), 1) for number in "12"}


@pytest.fixture
def store(versions: dict[str, ScorerPredictor], make_store: Callable[..., FakeStore]) -> FakeStore:
    return make_store("2", {**versions})


@pytest.fixture
def shadow(store: FakeStore) -> Shadow:
    """The shadow of version 1, which answers."""
    return Shadow(store, answering=lambda: "1")


def version(shadow: Shadow) -> str | None:
    challenger = shadow.challenger()
    return None if challenger is None else challenger.model.version


def test_nobody_is_there_before_the_first_look(shadow: Shadow) -> None:
    assert shadow.challenger() is None


def test_version_of_the_alias_is_loaded_once(shadow: Shadow, store: FakeStore) -> None:
    shadow.poll()
    shadow.poll()

    assert version(shadow) == "2"
    assert store.loaded == ["2"]


@pytest.mark.parametrize("alias", [None, "1"])
def test_alias_that_is_gone_or_names_the_version_that_answers_is_no_challenger(
    shadow: Shadow, store: FakeStore, alias: str | None
) -> None:
    shadow.poll()
    store.alias = alias

    shadow.poll()

    assert version(shadow) is None


def test_challenger_that_answers_by_now_is_none_before_the_next_look(store: FakeStore) -> None:
    answering = ["1"]
    shadow = Shadow(store, answering=lambda: answering[-1])
    shadow.poll()

    answering.append("2")

    assert version(shadow) is None


def test_registry_that_can_not_be_reached_leaves_the_challenger_and_is_told_once(
    shadow: Shadow, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    shadow.poll()
    store.alias = ModelNotFoundError("no answer")

    shadow.poll()
    shadow.poll()

    assert version(shadow) == "2"
    assert caplog.messages == ["challenger_not_scored"]


def test_files_that_come_late_are_looked_for_again(
    shadow: Shadow, store: FakeStore, versions: dict[str, ScorerPredictor]
) -> None:
    store.versions["2"] = ModelNotFoundError("no files yet")
    shadow.poll()
    store.versions["2"] = versions["2"]

    shadow.poll()

    assert version(shadow) == "2"


def test_damaged_version_is_refused_for_good_and_told_once(
    shadow: Shadow, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    shadow.poll()
    store.alias, store.versions["3"] = "3", ModelCorruptError("sha256")

    shadow.poll()
    shadow.poll()

    assert version(shadow) is None
    assert store.loaded == ["2", "3"]
    assert caplog.messages == ["challenger_not_scored"]


def test_model_without_weights_is_no_challenger(
    shadow: Shadow, store: FakeStore, make_fixed_predictor: Callable[..., Predictor], caplog: pytest.LogCaptureFixture
) -> None:
    store.versions["2"] = make_fixed_predictor(ModelVersion("tickertape", "2"), {Label.MACRO: 1.0})

    shadow.poll()

    assert version(shadow) is None
    assert "no weights of its own" in caplog.records[0].error  # type: ignore[attr-defined] -- an extra field


def test_thread_looks_at_once_and_again(shadow: Shadow, store: FakeStore) -> None:
    has_looked = [threading.Event(), threading.Event()]
    versions = iter(has_looked)

    def load(wanted: str) -> Predictor:
        next(versions).set()
        store.alias = "4"
        return ScorerPredictor(pretrained_predictor(1).scorer, ModelVersion("tickertape", wanted), 1)

    store.load = load  # type: ignore[method-assign] -- it counts here
    shadow.start(poll_seconds=0.001)
    shadow.start(poll_seconds=0.001)

    assert all(event.wait(30) for event in has_looked)
    shadow.stop()
