"""Bring the published labelled files from the public hub into a folder: checked, atomic, and only what is missing."""

import http.client
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.data.published import FILES, SUMS_NAME, PublishedFile, check_content, file_sha256, format_sums, read_sums
from models.errors import DataError, DownloadError

MAX_FILE_BYTES = 64 << 20  # the largest file has 2.6 MB; a wrong server must not fill the disk
_READ_BYTES = 1 << 16
_SERVER_ERROR, _TOO_MANY_REQUESTS = 500, 429

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that came so far, and the bytes in all where the hub says so."""


class _TransientError(Exception):
    """The connection or the server failed in a way that may pass."""


@dataclass(frozen=True)
class Hub:
    """A server with the public data sets, and how patiently it is asked.

    Attributes:
        url: base address, http or https.
        timeout_seconds: longest silence before the connection counts as lost.
        retry_waits_seconds: pause before each further try after a server error or a lost connection.
    """

    url: str
    timeout_seconds: float = 30.0  # the hub answers within a second or two
    retry_waits_seconds: Sequence[float] = (1.0, 4.0)  # over a hiccup, but nobody waits for an outage to end

    def download(self, file: PublishedFile, target: Path, *, progress: Progress | None = None) -> None:
        """Write the file's bytes, as the hub sends them, to `target`.

        Raises:
            DownloadError: no connection, a refusal, a body that is cut off or too large, or a disk that is full.
        """
        url = file.url(self.url)
        _require_http(self.url)
        tries = len(self.retry_waits_seconds) + 1
        for number in range(tries):
            try:
                self._try_once(url, file.name, target, progress)
            except _TransientError as exc:
                if number == tries - 1:
                    advice = "check the network and proxy, or set TICKERTAPE_HUB_URL to a mirror"
                    raise DownloadError(f"can't download {url}: {exc}, {tries} times; {advice}") from exc
                time.sleep(self.retry_waits_seconds[number])
            else:
                return

    def _try_once(self, url: str, name: str, target: Path, progress: Progress | None) -> None:
        request = urllib.request.Request(url, headers={"User-Agent": "tickertape"})  # noqa: S310  # scheme was checked
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:  # noqa: S310  # as above
                _receive(response, target, lambda done, size: progress and progress(name, done, size))
        except urllib.error.HTTPError as exc:
            exc.close()
            answer = f"the hub answered {exc.code} {exc.reason}"
            if exc.code >= _SERVER_ERROR or exc.code == _TOO_MANY_REQUESTS:
                raise _TransientError(answer) from exc
            raise DownloadError(f"can't download {url}: {answer}; check TICKERTAPE_HUB_URL") from exc
        except (http.client.InvalidURL, UnicodeError) as exc:
            raise DownloadError(f"TICKERTAPE_HUB_URL is {self.url!r}: expected an http or https address") from exc
        except TimeoutError as exc:
            raise _TransientError(f"no answer for {self.timeout_seconds:g} s") from exc
        except urllib.error.URLError as exc:
            raise _TransientError(f"no connection ({exc.reason})") from exc
        except (http.client.HTTPException, OSError) as exc:
            raise _TransientError(f"the connection broke off ({type(exc).__name__})") from exc


@dataclass(frozen=True)
class Fetched:
    """One file that is now in the folder.

    Attributes:
        name: file name.
        rows: labelled tweets in it.
        size_bytes: its size.
        sha256: hash of its bytes.
        source: whether it was downloaded now or lay there.
    """

    name: str
    rows: int
    size_bytes: int
    sha256: str
    source: Literal["downloaded", "present"]


def fetch_files(
    folder: Path,
    hub: Hub,
    *,
    pinned: Mapping[str, str],
    files: Sequence[PublishedFile] = FILES,
    progress: Progress | None = None,
) -> Iterator[Fetched]:
    """Download what is missing, check all, keep the hashes in `SHA256SUMS`; yield each file when it is in place.

    A file that is there is checked and left alone, without any network.

    Args:
        folder: where the files go; made if missing.
        hub: where they come from.
        pinned: file name to the sha256 it must have, see `pinned_sums`; a file without one may have any bytes that
            hold the right columns, rows and labels.
        files: what to fetch, in this order.
        progress: told of each received block.

    Raises:
        DownloadError: the hub did not give the file, or the folder can't be written; nothing half-written is left.
        DataError: a file that lay there is not what it should be.
    """
    with _writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        path = folder / file.name
        if path.exists():
            fetched = _check_present(path, file, pinned.get(file.name))
        else:
            with _new_file(path) as partial:
                hub.download(file, partial, progress=progress)
                fetched = _check_download(partial, file, pinned.get(file.name))
        _record(folder, fetched)
        yield fetched


def pinned_sums(folder: Path, files: Sequence[PublishedFile] = FILES) -> dict[str, str]:
    """Return the sha256 each file must have: what the folder's `SHA256SUMS` says, else what the project knows."""
    known = {file.name: file.sha256 for file in files if file.sha256 is not None}
    return known | read_sums(folder)


def _require_http(url: str) -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that is no number
        usable = False
    if not usable:
        raise DownloadError(f"TICKERTAPE_HUB_URL is {url!r}: expected an http or https address")


def _receive(response: http.client.HTTPResponse, target: Path, report: Callable[[int, int | None], object]) -> None:
    size = response.length  # None when the server does not say; counts down while we read
    done = 0
    with _writing_to(target.parent), target.open("wb") as stream:
        for block in _blocks(response):
            done += len(block)
            if done > MAX_FILE_BYTES:
                raise DownloadError(f"the hub sent more than {MAX_FILE_BYTES >> 20} MiB: check TICKERTAPE_HUB_URL")
            stream.write(block)
            report(done, size)
        stream.flush()
        os.fsync(stream.fileno())
    if size is not None and done < size:
        raise _TransientError(f"the connection broke off after {done:,} of {size:,} bytes")


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the body; a fault of the network is told apart from one of the disk here."""
    try:
        while block := response.read(_READ_BYTES):
            yield block
    except TimeoutError as exc:
        raise _TransientError("the hub fell silent in the middle of the file") from exc
    except (http.client.HTTPException, OSError) as exc:
        raise _TransientError(f"the connection broke off ({type(exc).__name__})") from exc


def _check_present(path: Path, file: PublishedFile, pinned: str | None) -> Fetched:
    try:
        check_content(path, file, shown_as=str(path))
        seen, size_bytes = file_sha256(path), path.stat().st_size
    except OSError as exc:
        raise DataError(f"{path} can't be read: {exc.strerror}") from exc
    except DataError as exc:
        raise DataError(f"{exc}; move it away to download it again") from exc
    if pinned not in {None, seen}:
        raise DataError(
            f"{path} has sha256 {seen}, expected {pinned}: move it away to download it again, "
            "or keep it with --accept-changed"
        )
    return Fetched(file.name, file.rows, size_bytes, seen, "present")


def _check_download(partial: Path, file: PublishedFile, pinned: str | None) -> Fetched:
    try:
        check_content(partial, file, shown_as=f"{file.name} from the hub")
    except DataError as exc:
        raise DownloadError(str(exc)) from exc
    seen = file_sha256(partial)
    if pinned not in {None, seen}:
        raise DownloadError(
            f"{file.name} from the hub has sha256 {seen}, expected {pinned}: its columns, rows and labels are right, "
            "but its bytes changed; take it with --accept-changed"
        )
    return Fetched(file.name, file.rows, partial.stat().st_size, seen, "downloaded")


def _record(folder: Path, fetched: Fetched) -> None:
    sums = read_sums(folder)
    if sums.get(fetched.name) == fetched.sha256:
        return  # a folder that can only be read is no trouble while nothing changes
    sums[fetched.name] = fetched.sha256
    with _writing_to(folder), _new_file(folder / SUMS_NAME) as partial:
        partial.write_text(format_sums(sums), encoding="utf-8")


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; what is there at the end becomes `path`, and an error leaves nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield partial
        with _writing_to(path.parent):
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DownloadError(f"can't write to {folder}: {exc.strerror or exc}") from exc
