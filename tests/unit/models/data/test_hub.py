"""The download from the hub, against a real HTTP server on this machine."""

import hashlib
import http.server
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.data.hub import Fetched, Hub, fetch_files, pinned_sums
from models.data.published import PublishedFile
from models.errors import DataError, DownloadError

pytestmark = pytest.mark.usefixtures("direct_connection")

Site = Any  # the fixture's own class stands in conftest.py, which tests can't import
Answer = int | bytes | Callable[[http.server.BaseHTTPRequestHandler], None]

CONTENT = b'text,label\n"$AAPL up, ""again""",1\nOil falls,0\n'
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = PublishedFile("small.csv", "owner/small", rows=2, labels=2, sha256=SHA256)
PATH = "/datasets/owner/small/resolve/main/small.csv"


def hang_up(request: http.server.BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def cut_short(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(len(CONTENT)))
    request.end_headers()
    request.wfile.write(CONTENT[:20])


def fetch(folder: Path, hub: Hub, *, file: PublishedFile = FILE, pinned: dict[str, str] | None = None) -> list[Fetched]:
    sums = pinned_sums(folder, [file]) if pinned is None else pinned
    return list(fetch_files(folder, hub, pinned=sums, files=[file]))


def test_missing_file_is_downloaded_checked_and_recorded(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [CONTENT]

    fetched = fetch(tmp_path / "new" / "data", site.hub())

    assert fetched == [Fetched("small.csv", 2, len(CONTENT), SHA256, "downloaded")]
    assert (tmp_path / "new/data/small.csv").read_bytes() == CONTENT
    assert (tmp_path / "new/data/SHA256SUMS").read_text() == f"{SHA256}  small.csv\n"


def test_second_run_needs_no_network(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [CONTENT]
    fetch(tmp_path, site.hub())

    again = fetch(tmp_path, Hub("http://127.0.0.1:1", retry_waits_seconds=()))

    assert [file.source for file in again] == ["present"]
    assert site.asked == [PATH]


def test_redirect_is_followed(site: Site, tmp_path: Path) -> None:
    def redirect(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()

    site.answers = {PATH: [redirect], "/elsewhere": [CONTENT]}

    fetched = fetch(tmp_path, site.hub())

    assert fetched[0].sha256 == SHA256


def test_progress_ends_at_the_announced_size(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [CONTENT]
    seen: list[tuple[str, int, int | None]] = []

    list(
        fetch_files(
            tmp_path,
            site.hub(),
            pinned={},
            files=[FILE],
            progress=lambda name, done, size: seen.append((name, done, size)),
        )
    )

    assert seen[-1] == ("small.csv", len(CONTENT), len(CONTENT))


@pytest.mark.parametrize("failure", [503, 429, hang_up, cut_short])
def test_passing_failure_is_tried_again(site: Site, tmp_path: Path, failure: Answer) -> None:
    site.answers[PATH] = [failure, failure, CONTENT]

    fetch(tmp_path, site.hub())

    assert (tmp_path / "small.csv").read_bytes() == CONTENT
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("answer", "tries", "message"),
    [
        (404, 1, "the hub answered 404 Not Found"),
        (401, 1, "the hub answered 401 Unauthorized"),
        (500, 3, "the hub answered 500 Internal Server Error, 3 times"),
        (hang_up, 3, "3 times; check the network"),
        (cut_short, 3, f"broke off after 20 of {len(CONTENT)} bytes"),
        (CONTENT[:30], 1, "small.csv from the hub"),
        (b"text,label\nOil falls,0\n", 1, "has 1 rows, expected 2"),
        (b"\n <!DOCTYPE html><p>Log in", 1, "is a web page, not CSV"),
        (b"version 1\noid sha256\n", 1, "does not begin with the columns text,label"),
        (b"", 1, "does not begin with the columns text,label"),
        (b"text,label\n\xff\xfe,0\nOil falls,0\n", 1, "is not UTF-8 CSV"),
        (b'text,label\n"Up"s,0\nOil falls,0\n', 1, "is not UTF-8 CSV"),
        (b"text,label\nUp,0\nOil falls,2\n", 1, "row 2: the label is none of 0 to 1"),
        (b"text,label\n  ,0\nOil falls,0\n", 1, "row 1: the text is empty"),
        (b"text,label\nUp,0,0\nOil falls,0\n", 1, "row 1: 3 fields, expected 2"),
    ],
)
def test_wrong_answer_is_refused_and_leaves_nothing(
    site: Site, tmp_path: Path, answer: Answer, tries: int, message: str
) -> None:
    site.answers[PATH] = [answer]

    with pytest.raises(DownloadError) as error:
        fetch(tmp_path, site.hub())

    assert message in str(error.value)
    assert len(site.asked) == tries
    assert list(tmp_path.iterdir()) == []


def test_endless_body_is_cut_off(site: Site, tmp_path: Path) -> None:
    def endless(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(bytes(1 << 20))
        except OSError:
            return

    site.answers[PATH] = [endless]

    with pytest.raises(DownloadError, match="more than 64 MiB"):
        fetch(tmp_path, site.hub())

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("headers_come_first", [False, True])
def test_silent_hub_is_given_up(site: Site, tmp_path: Path, *, headers_come_first: bool) -> None:
    woken = threading.Event()

    def silent(request: http.server.BaseHTTPRequestHandler) -> None:
        if headers_come_first:
            request.send_response(200)
            request.send_header("Content-Length", "100")
            request.end_headers()
            request.wfile.write(b"text,label")
        woken.wait(60)

    site.answers[PATH] = [silent]

    with pytest.raises(DownloadError, match=r"no answer for 0.2 s|fell silent"):
        fetch(tmp_path, site.hub(timeout_seconds=0.2, tries=1))

    woken.set()
    assert list(tmp_path.iterdir()) == []


def test_closed_port_is_named_in_the_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]  # bound but not listening: nobody answers, and nobody else gets it

        with pytest.raises(DownloadError, match=f"http://127.0.0.1:{port}/.*Connection refused.*TICKERTAPE_HUB_URL"):
            fetch(tmp_path, Hub(f"http://127.0.0.1:{port}", retry_waits_seconds=(0, 0)))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.example",
        "file:///etc",
        "http://[::1",
        "http://",
        "http://127.0.0.1:none",
        "http://a b",
        "http://ü/ü",
        f"http://{'x' * 70}.y",
    ],
)
def test_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="expected an http or https address"):
        fetch(tmp_path, Hub(url, retry_waits_seconds=()))


def test_changed_bytes_are_refused_until_they_are_accepted(site: Site, tmp_path: Path) -> None:
    changed = CONTENT.replace(b"again", b"twice")
    site.answers[PATH] = [changed]
    with pytest.raises(DownloadError, match=f"expected {SHA256}.*--accept-changed"):
        fetch(tmp_path, site.hub())

    accepted = fetch(tmp_path, site.hub(), pinned={})
    later = fetch(tmp_path, site.hub())

    assert [file.source for file in accepted + later] == ["downloaded", "present"]
    assert later[0].sha256 == hashlib.sha256(changed).hexdigest()


def test_file_of_unknown_hash_is_held_to_the_first_that_came(site: Site, tmp_path: Path) -> None:
    unknown = PublishedFile("small.csv", "owner/small", rows=2, labels=2)
    site.answers[PATH] = [CONTENT]
    fetch(tmp_path, site.hub(), file=unknown)
    (tmp_path / "small.csv").write_bytes(CONTENT.replace(b"falls", b"rises"))

    with pytest.raises(DataError, match=f"expected {SHA256}: move it away"):
        fetch(tmp_path, site.hub(), file=unknown)


def test_damaged_file_on_disk_is_refused_and_kept(site: Site, tmp_path: Path) -> None:
    (tmp_path / "small.csv").write_bytes(CONTENT[:-5])

    with pytest.raises(DataError, match=r"small\.csv.*move it away to download it again"):
        fetch(tmp_path, site.hub())

    assert (tmp_path / "small.csv").read_bytes() == CONTENT[:-5]
    assert site.asked == []


def test_damaged_sums_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "SHA256SUMS").write_text(f"{SHA256}  small.csv\nnonsense\n")

    with pytest.raises(DataError, match="line 2"):
        pinned_sums(tmp_path)


def test_folder_that_is_a_file_is_a_clear_error(site: Site, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")

    with pytest.raises(DownloadError, match=r"can't write to .*data"):
        fetch(tmp_path / "data", site.hub(), pinned={})
