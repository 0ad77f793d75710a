"""Registered versions that requests name: when they are loaded, how many stay, and what a registry that is away does."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from api.request_errors import ModelUnavailableError, OverloadedError
from api.versions import ASK_AGAIN_SECONDS, MAX_WAITING, KeptVersions
from models.errors import ModelCorruptError, ModelNotFoundError
from models.records import ModelVersion
from models.taxonomy import Label
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(versions: Any, make_fixed_predictor: Callable[..., Any]) -> Any:
    """A registry of three versions."""
    versions.held = {
        number: make_fixed_predictor(ModelVersion("tickertape", number), {Label.MACRO: 0.75}) for number in "123"
    }
    return versions


@pytest.fixture
def kept(store: Any, clock: Clock) -> KeptVersions:
    return KeptVersions(store, most=2, clock=clock)


async def test_a_version_is_loaded_once_and_has_answered_before_it_is_given(kept: KeptVersions, store: Any) -> None:
    first = await kept.predictor("2")
    again = await kept.predictor("2")

    assert first is again is store.held["2"]
    assert store.loaded == ["2"]
    assert len(store.held["2"].asked) == 1


async def test_of_too_many_versions_the_one_goes_that_was_not_asked_for_the_longest(
    kept: KeptVersions, store: Any
) -> None:
    for version in ("1", "2", "1", "3", "1", "2"):
        await kept.predictor(version)

    assert store.loaded == ["1", "2", "3", "2"]


async def test_requests_for_one_version_at_once_load_it_once(kept: KeptVersions, store: Any) -> None:
    found = await asyncio.gather(*(kept.predictor("3") for _ in range(MAX_WAITING)))

    assert {predictor.model.version for predictor in found if predictor} == {"3"}
    assert store.loaded == ["3"]


async def test_requests_for_more_versions_at_once_than_are_kept_are_all_answered(store: Any) -> None:
    kept = KeptVersions(store, most=1)

    found = await asyncio.gather(*(kept.predictor(version) for version in "12312312"))

    assert [predictor.model.version for predictor in found if predictor] == list("12312312")


async def test_a_version_that_is_not_there_is_none_and_the_registry_is_not_asked_each_time(
    kept: KeptVersions, store: Any, clock: Clock
) -> None:
    missing = [await kept.predictor("9") for _ in range(3)]
    store.held["9"] = store.held["1"]
    clock.now += ASK_AGAIN_SECONDS
    found = await kept.predictor("9")

    assert missing == [None] * 3
    assert found is store.held["1"]
    assert store.listed == 2


async def test_a_registry_that_does_not_answer_is_left_alone_for_a_while_and_what_is_kept_still_answers(
    kept: KeptVersions, store: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    held = await kept.predictor("1")
    clock.now += ASK_AGAIN_SECONDS
    store.failure = ModelNotFoundError("no answer from http://inner-address")
    for _ in range(3):
        with pytest.raises(ModelUnavailableError) as refused:
            await kept.predictor("2")
        assert "inner-address" not in str(refused.value)
    assert store.listed == 2
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "registry_unreachable"
    ]

    still = await kept.predictor("1")
    clock.now += ASK_AGAIN_SECONDS
    store.failure = None
    back = await kept.predictor("2")

    assert still is held
    assert back is store.held["2"]


async def test_a_version_without_files_holds_up_no_other(kept: KeptVersions, store: Any) -> None:
    store.held["2"] = ModelNotFoundError("no file")
    for _ in range(2):
        with pytest.raises(ModelUnavailableError):
            await kept.predictor("2")

    found = await kept.predictor("3")

    assert found is store.held["3"]
    assert store.loaded == ["2", "3"]


async def test_a_damaged_version_is_refused_and_its_reason_stays_in_the_log(
    kept: KeptVersions, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store.held["2"] = ModelCorruptError("sha256 of /inner/path is another")

    with pytest.raises(ModelUnavailableError, match="can't be used; the server's log says why"):
        await kept.predictor("2")

    [record] = caplog.records
    assert (record.getMessage(), vars(record)["version"]) == ("version_unusable", "2")


async def test_requests_beyond_a_few_do_not_wait_for_a_slow_registry(store: Any) -> None:
    may_answer = threading.Event()

    class Slow:
        def versions(self) -> tuple[str, ...]:
            may_answer.wait(30)
            return ("1",)

        def load(self, version: str) -> Any:
            return store.held[version]

    kept = KeptVersions(Slow(), most=1)
    waiting = [asyncio.create_task(kept.predictor("1")) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)

    with pytest.raises(OverloadedError):
        await kept.predictor("1")
    may_answer.set()
    found = await asyncio.gather(*waiting)

    assert found == [store.held["1"]] * MAX_WAITING
