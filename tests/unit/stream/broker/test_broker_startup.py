"""Java's start-up cache: only a whole one that fits is found, and only one process makes it."""

import os
from pathlib import Path

import pytest

from models.errors import BrokerError
from stream.broker.startup import KEPT_CACHES, StartUpCache, discard


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "kafka.jar"
    path.write_bytes(b"jar")
    return path


@pytest.fixture
def cache(tmp_path: Path, jar: Path) -> StartUpCache:
    return StartUpCache(tmp_path / "start-up", [jar])


def _make(cache: StartUpCache, content: bytes = b"archive") -> Path:
    with cache.claim() as private:
        assert private is not None
        made = private / "made"
        made.write_bytes(content)
        return cache.publish(made)


def test_nothing_is_found_before_it_is_made(cache: StartUpCache) -> None:
    assert cache.find() is None


def test_published_cache_is_found_and_the_private_folder_is_gone(cache: StartUpCache, tmp_path: Path) -> None:
    path = _make(cache)

    assert cache.find() == path
    assert path.read_bytes() == b"archive"
    assert list((tmp_path / "start-up").glob("making-*/")) == []


def test_damaged_cache_is_not_found(cache: StartUpCache) -> None:
    path = _make(cache)
    path.write_bytes(b"arch1ve")

    assert cache.find() is None


def test_cache_made_for_another_jar_is_not_found(cache: StartUpCache, jar: Path, tmp_path: Path) -> None:
    _make(cache)
    jar.write_bytes(b"other jar")

    assert StartUpCache(tmp_path / "start-up", [jar]).find() is None


def test_cache_made_for_an_older_copy_of_the_jar_is_not_found(cache: StartUpCache, jar: Path, tmp_path: Path) -> None:
    _make(cache)
    os.utime(jar, (1, 1))

    assert StartUpCache(tmp_path / "start-up", [jar]).find() is None


def test_only_one_makes_the_cache_at_a_time(cache: StartUpCache) -> None:
    with cache.claim() as first, cache.claim() as second:
        assert first is not None
        assert second is None


def test_cache_that_is_there_is_not_made_again(cache: StartUpCache) -> None:
    _make(cache)

    with cache.claim() as private:
        assert private is None


def test_leftover_of_a_killed_process_is_removed(cache: StartUpCache, tmp_path: Path) -> None:
    leftover = tmp_path / "start-up" / "making-leftover"
    leftover.mkdir(parents=True)

    with cache.claim():
        assert not leftover.exists()


def test_only_the_newest_caches_are_kept(tmp_path: Path) -> None:
    made = []
    for number in range(KEPT_CACHES + 2):
        jar = tmp_path / f"{number}.jar"
        jar.write_bytes(b"jar")
        made.append(_make(StartUpCache(tmp_path / "start-up", [jar])))
        os.utime(made[-1], (number, number))

    assert not made[0].exists()
    assert [path.exists() for path in made[-KEPT_CACHES:]] == [True] * KEPT_CACHES


def test_discarded_cache_is_gone_and_may_be_discarded_twice(cache: StartUpCache) -> None:
    path = _make(cache)

    discard(path)
    discard(path)

    assert cache.find() is None


def test_folder_that_cannot_be_written_is_an_error(tmp_path: Path, jar: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with (
        pytest.raises(BrokerError, match="start-up cache can't be written"),
        StartUpCache(tmp_path / "file" / "start-up", [jar]).claim(),
    ):
        pass
