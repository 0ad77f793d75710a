"""The alias is followed: with a store of ours in place of the registry, and predictors that always say the same."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from models.contracts import Predictor
from models.errors import ModelCorruptError, ModelNotFoundError
from models.following import MAX_REASONS, FollowedPredictor, Follower, answering
from models.records import ModelChange, ModelVersion, Tweet
from models.taxonomy import Label

TWEET = Tweet("$AAPL beats")


FakeStore = Any  # the class stands in conftest.py, which tests can't import


@pytest.fixture
def store(make_fixed_predictor: Callable[..., Predictor], make_store: Callable[..., FakeStore]) -> FakeStore:
    versions = {
        number: make_fixed_predictor(ModelVersion("tickertape", number), {Label.MACRO: 0.75}) for number in "123"
    }
    return make_store("1", {**versions})


@pytest.fixture
def followed(store: FakeStore) -> FollowedPredictor:
    return FollowedPredictor(store.load("1"))


@pytest.fixture
def changes() -> list[ModelChange]:
    return []


@pytest.fixture
def follower(store: FakeStore, followed: FollowedPredictor, changes: list[ModelChange]) -> Follower:
    """A follower whose gate refuses version 3."""
    store.loaded.clear()

    def gate(predictor: Predictor) -> tuple[str, ...]:
        return ("case 1 fails", "case 2 fails") if predictor.model.version == "3" else ()

    return Follower(followed, store, gate=gate, report=changes.append)


def outcomes(changes: list[ModelChange]) -> list[tuple[str, str, str]]:
    return [(change.outcome, change.version, change.previous_version) for change in changes]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "models.following"]


def test_version_that_the_alias_moves_to_answers(
    follower: Follower, followed: FollowedPredictor, store: FakeStore, changes: list[ModelChange]
) -> None:
    follower.poll()
    store.alias = "2"

    follower.poll()
    follower.poll()

    assert followed.model.version == "2"
    assert followed.predict([TWEET]).model.version == "2"
    assert outcomes(changes) == [("swapped", "2", "1")]
    assert store.loaded == ["2"]


def test_version_has_answered_before_it_is_swapped_in(follower: Follower, store: FakeStore) -> None:
    store.alias = "2"

    follower.poll()

    assert len(store.versions["2"].asked) == 1  # type: ignore[union-attr]  # the fixture's predictor keeps what it was asked


def test_call_in_progress_is_answered_by_the_version_that_began_it(
    followed: FollowedPredictor, store: FakeStore
) -> None:
    before = followed.predict([TWEET])

    followed.swap(store.load("2"))

    assert (before.model.version, before[0].model.version) == ("1", "1")
    assert followed.predict([TWEET]).model.version == "2"


@pytest.mark.parametrize(
    "failure",
    [ModelCorruptError("the sha256 is another"), ArithmeticError("odd"), None],
    ids=["corrupt", "fault", "gate"],
)
def test_bad_version_is_refused_once_and_the_old_one_goes_on(
    failure: Exception | None,
    follower: Follower,
    followed: FollowedPredictor,
    store: FakeStore,
    changes: list[ModelChange],
) -> None:
    if failure is not None:
        store.versions["3"] = failure
    store.alias = "3"

    follower.poll()
    follower.poll()

    assert followed.model.version == "1"
    assert outcomes(changes) == [("refused", "3", "1")]
    assert store.loaded == ["3"]
    assert changes[0].reasons in {
        ("the sha256 is another",),
        ("ArithmeticError: odd",),
        ("case 1 fails", "case 2 fails"),
    }


def test_refused_version_is_tried_again_when_the_alias_has_moved_away_and_back(
    follower: Follower, store: FakeStore, changes: list[ModelChange]
) -> None:
    for alias in ("3", "1", "3", "2"):
        store.alias = alias
        follower.poll()

    assert outcomes(changes) == [("refused", "3", "1"), ("refused", "3", "1"), ("swapped", "2", "1")]


def test_version_whose_files_come_late_is_refused_once_and_then_answers(
    follower: Follower, store: FakeStore, changes: list[ModelChange]
) -> None:
    good = store.versions["2"]
    store.versions["2"], store.alias = ModelNotFoundError("no such file"), "2"

    follower.poll()
    follower.poll()
    store.versions["2"] = good
    follower.poll()

    assert outcomes(changes) == [("refused", "2", "1"), ("swapped", "2", "1")]


def test_unreachable_registry_is_told_when_it_begins_and_when_it_ends(
    follower: Follower, followed: FollowedPredictor, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for alias in ("1", ModelNotFoundError("no answer"), TimeoutError(), "1", "1"):
        store.alias = alias
        follower.poll()

    assert events(caplog) == ["registry_unreachable", "alias_found_again"]
    assert followed.model.version == "1"


def test_alias_that_is_removed_keeps_the_version_with_one_warning(
    follower: Follower, followed: FollowedPredictor, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    for alias in ("1", None, None):
        store.alias = alias
        follower.poll()

    assert events(caplog) == ["alias_gone"]
    assert followed.model.version == "1"


def test_registry_that_is_not_there_yet_is_no_trouble(
    follower: Follower, followed: FollowedPredictor, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.alias = None
    follower.poll()
    assert events(caplog) == []

    store.alias = "2"
    follower.poll()

    assert followed.model.version == "2"


def test_long_list_of_reasons_is_cut(followed: FollowedPredictor, store: FakeStore, changes: list[ModelChange]) -> None:
    failures = tuple(f"case {number} fails" for number in range(100))
    store.alias = "2"

    Follower(followed, store, gate=lambda _: failures, report=changes.append).poll()

    assert changes[0].reasons == (*failures[:MAX_REASONS], "and 90 reasons more")


def test_thread_goes_on_when_a_report_fails(
    followed: FollowedPredictor, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    has_swapped_again = threading.Event()

    def report(change: ModelChange) -> None:
        if change.version == "3":
            has_swapped_again.set()
        store.alias = "3"
        raise OSError("no disk")

    store.alias = "2"
    follower = Follower(followed, store, gate=lambda _: (), report=report)

    follower.start(poll_seconds=0.001)
    assert has_swapped_again.wait(30)
    follower.stop()

    assert followed.model.version == "3"
    assert "model_change_not_reported" in caplog.messages


def test_predictor_that_answers_now_is_found_behind_the_followed_one(
    followed: FollowedPredictor, store: FakeStore
) -> None:
    second = store.load("2")

    followed.swap(second)

    assert answering(followed) is second
    assert answering(second) is second
