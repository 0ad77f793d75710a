"""Installing the jars: what is accepted, what is refused, what is downloaded."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import BrokerError, DownloadError
from stream.broker.jars import Jar, install_jars, read_lock
from stream.broker.options import Step

CONTENTS = {"one": b"first jar", "two": b"second jar", "three": b"third jar"}


@pytest.fixture
def jars() -> list[Jar]:
    return [
        Jar("org.example.parts", name, "1.0", hashlib.sha256(content).hexdigest(), len(content))
        for name, content in CONTENTS.items()
    ]


@pytest.fixture
def repository_dir(tmp_path: Path, jars: list[Jar]) -> Path:
    folder = tmp_path / "repository"
    for jar in jars:
        path = folder / jar.repository_path
        path.parent.mkdir(parents=True)
        path.write_bytes(CONTENTS[jar.artifact])
    return folder


@pytest.fixture
def repository(repository_dir: Path) -> Iterator[str]:
    handler = functools.partial(_QuietHandler, directory=str(repository_dir))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def test_lock_names_kafka_itself_in_the_version_we_say() -> None:
    kafka = [jar for jar in read_lock() if jar.artifact == "kafka_2.13"]

    assert [(jar.group, jar.version) for jar in kafka] == [("org.apache.kafka", "4.3.1")]


def test_lock_holds_one_version_of_each_jar() -> None:
    names = [(jar.group, jar.artifact) for jar in read_lock()]

    assert len(names) == len(set(names)) == 46


def test_every_kafka_jar_has_the_same_version() -> None:
    versions = {jar.version for jar in read_lock() if jar.group == "org.apache.kafka"}

    assert versions == {"4.3.1"}


def test_jars_come_from_the_given_repository_and_progress_reaches_the_whole(
    tmp_path: Path, jars: list[Jar], repository: str
) -> None:
    seen: list[tuple[Step, int, int]] = []

    paths = install_jars(tmp_path / "cache", repository=repository, jars=jars, progress=lambda *step: seen.append(step))

    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    total = sum(map(len, CONTENTS.values()))
    assert seen[0] == (Step.DOWNLOAD, 0, total)
    assert seen[-1] == (Step.DOWNLOAD, total, total)


def test_download_leaves_nothing_but_the_jars_and_a_lock(tmp_path: Path, jars: list[Jar], repository: str) -> None:
    (tmp_path / "cache" / "download-of-a-killed-process").mkdir(parents=True)

    install_jars(tmp_path / "cache", repository=repository, jars=jars)

    names = {path.name for path in (tmp_path / "cache").iterdir()}
    assert names == {"one-1.0.jar", "two-1.0.jar", "three-1.0.jar", "install.lock"}


def test_second_install_needs_no_network(tmp_path: Path, jars: list[Jar], repository: str) -> None:
    install_jars(tmp_path / "cache", repository=repository, jars=jars)

    paths = install_jars(tmp_path / "cache", repository="http://127.0.0.1:9", jars=jars)

    assert [path.name for path in paths] == ["one-1.0.jar", "two-1.0.jar", "three-1.0.jar"]


def test_corrupt_jar_in_the_cache_is_downloaded_again(tmp_path: Path, jars: list[Jar], repository: str) -> None:
    paths = install_jars(tmp_path / "cache", repository=repository, jars=jars)
    paths[1].write_bytes(b"damaged")

    install_jars(tmp_path / "cache", repository=repository, jars=jars)

    assert paths[1].read_bytes() == b"second jar"


def test_unreachable_repository_is_an_error_that_names_the_other_ways(tmp_path: Path, jars: list[Jar]) -> None:
    with pytest.raises(DownloadError) as failure:
        install_jars(tmp_path / "cache", repository="http://127.0.0.1:9", jars=jars)

    for way in ("http://127.0.0.1:9", "BROKER_MAVEN_REPOSITORY", "--jars DIR", "KAFKA_BOOTSTRAP_SERVERS", "compose"):
        assert way in str(failure.value)


def test_password_of_the_repository_is_not_shown(tmp_path: Path, jars: list[Jar]) -> None:
    with pytest.raises(DownloadError, match=r"http://127\.0\.0\.1:9 gave none") as failure:
        install_jars(tmp_path / "cache", repository="http://me:secret@127.0.0.1:9", jars=jars)

    assert "secret" not in str(failure.value)


def test_repository_that_lacks_a_jar_is_an_error_that_names_it(
    tmp_path: Path, jars: list[Jar], repository: str, repository_dir: Path
) -> None:
    (repository_dir / jars[2].repository_path).unlink()

    with pytest.raises(DownloadError, match=r"three-1\.0\.jar is missing .* http://127\.0\.0\.1:\d+ has none"):
        install_jars(tmp_path / "cache", repository=repository, jars=jars)


def test_repository_that_gives_another_file_is_refused_and_the_file_not_kept(
    tmp_path: Path, jars: list[Jar], repository: str, repository_dir: Path
) -> None:
    (repository_dir / jars[0].repository_path).write_bytes(b"<html>please log in</html>")

    with pytest.raises(DownloadError, match=f"the lock says {jars[0].sha256}"):
        install_jars(tmp_path / "cache", repository=repository, jars=jars)

    assert not (tmp_path / "cache" / "one-1.0.jar").exists()


@pytest.mark.parametrize("url", ["ftp://example.org/maven", "example.org", "http://", "http://[", "/srv/jars"])
def test_repository_that_is_no_http_url_is_an_error(tmp_path: Path, jars: list[Jar], url: str) -> None:
    with pytest.raises(DownloadError, match="BROKER_MAVEN_REPOSITORY is no URL"):
        install_jars(tmp_path / "cache", repository=url, jars=jars)


def test_cache_that_cannot_be_written_is_an_error_that_names_the_setting(tmp_path: Path, jars: list[Jar]) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BrokerError, match="BROKER_CACHE_DIR"):
        install_jars(tmp_path / "file" / "cache", jars=jars)


def test_jars_of_a_given_folder_are_used_where_they_are(tmp_path: Path, jars: list[Jar]) -> None:
    for jar in jars:
        (tmp_path / jar.file_name).write_bytes(CONTENTS[jar.artifact])

    paths = install_jars(tmp_path / "cache", jars_dir=tmp_path, jars=jars)

    assert paths == [tmp_path / "one-1.0.jar", tmp_path / "two-1.0.jar", tmp_path / "three-1.0.jar"]
    assert not (tmp_path / "cache").exists()


def test_given_folder_may_be_laid_out_as_a_maven_repository(
    tmp_path: Path, jars: list[Jar], repository_dir: Path
) -> None:
    paths = install_jars(tmp_path / "cache", jars_dir=repository_dir, jars=jars)

    assert paths[0] == repository_dir / "org" / "example" / "parts" / "one" / "1.0" / "one-1.0.jar"


def test_given_folder_that_lacks_jars_is_an_error_that_counts_them(tmp_path: Path, jars: list[Jar]) -> None:
    (tmp_path / "one-1.0.jar").write_bytes(CONTENTS["one"])

    with pytest.raises(BrokerError, match=r"lacks 2 of 3 jars, the first is two-1\.0\.jar"):
        install_jars(tmp_path / "cache", jars_dir=tmp_path, jars=jars)


def test_given_jar_that_is_corrupt_is_an_error_that_names_it(
    tmp_path: Path, jars: list[Jar], repository_dir: Path
) -> None:
    (repository_dir / jars[1].repository_path).write_bytes(b"damaged")

    with pytest.raises(BrokerError, match=r"two-1\.0\.jar in .* is corrupt or another build"):
        install_jars(tmp_path / "cache", jars_dir=repository_dir, jars=jars)


def test_given_folder_that_is_not_there_is_an_error(tmp_path: Path, jars: list[Jar]) -> None:
    with pytest.raises(BrokerError, match="is no folder: --jars takes a folder"):
        install_jars(tmp_path / "cache", jars_dir=tmp_path / "nowhere", jars=jars)
