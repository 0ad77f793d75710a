"""The download from the hub, against a real HTTP server on this machine."""

import hashlib
import http.server
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tickertape
from models.errors import DataError, DownloadError
from models.hub import Fetched, Hub, fetch_files, pinned_sums
from models.published import FILES, PublishedFile

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]

CONTENT = b'text,label\n"$AAPL up, ""again""",1\nOil falls,0\n'
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = PublishedFile("small.csv", "owner/small", rows=2, labels=2, sha256=SHA256)
PATH = "/datasets/owner/small/resolve/main/small.csv"


class Site:
    """A web server that gives, path by path, the answers it was told; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                site.asked.append(self.path)
                answers = site.answers.get(self.path, [status(404)])
                (answers.pop(0) if len(answers) > 1 else answers[0])(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name
                """Keep standard error for the program under test."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def hub(self, *, timeout_seconds: float = 10, tries: int = 3) -> Hub:
        return Hub(self.url, timeout_seconds=timeout_seconds, retry_waits_seconds=(0,) * (tries - 1))


@pytest.fixture(autouse=True)
def _direct_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach this machine's own server past any proxy that the environment names."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


def body(content: bytes, *, length: int | None = None) -> Answer:
    """Answer 200 with `content`, announcing `length` bytes."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.end_headers()
        request.wfile.write(content)

    return answer


def status(code: int) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_error(code)

    return answer


def hang_up(request: http.server.BaseHTTPRequestHandler) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)


def fetch(folder: Path, hub: Hub, *, file: PublishedFile = FILE, pinned: dict[str, str] | None = None) -> list[Fetched]:
    sums = pinned_sums(folder, [file]) if pinned is None else pinned
    return list(fetch_files(folder, hub, pinned=sums, files=[file]))


def labelled(rows: int, labels: int) -> bytes:
    return ("text,label\n" + "".join(f"Tweet {row},{row % labels}\n" for row in range(rows))).encode()


def test_missing_file_is_downloaded_checked_and_recorded(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [body(CONTENT)]

    fetched = fetch(tmp_path / "new" / "data", site.hub())

    assert fetched == [Fetched("small.csv", 2, len(CONTENT), SHA256, "downloaded")]
    assert (tmp_path / "new/data/small.csv").read_bytes() == CONTENT
    assert (tmp_path / "new/data/SHA256SUMS").read_text() == f"{SHA256}  small.csv\n"


def test_second_run_needs_no_network(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [body(CONTENT)]
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

    site.answers = {PATH: [redirect], "/elsewhere": [body(CONTENT)]}

    fetched = fetch(tmp_path, site.hub())

    assert fetched[0].sha256 == SHA256


def test_progress_ends_at_the_announced_size(site: Site, tmp_path: Path) -> None:
    site.answers[PATH] = [body(CONTENT)]
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


@pytest.mark.parametrize("failure", [status(503), status(429), hang_up, body(CONTENT[:20], length=len(CONTENT))])
def test_passing_failure_is_tried_again(site: Site, tmp_path: Path, failure: Answer) -> None:
    site.answers[PATH] = [failure, failure, body(CONTENT)]

    fetch(tmp_path, site.hub())

    assert (tmp_path / "small.csv").read_bytes() == CONTENT
    assert len(site.asked) == 3


@pytest.mark.parametrize(
    ("answer", "tries", "message"),
    [
        (status(404), 1, "the hub answered 404 Not Found"),
        (status(401), 1, "the hub answered 401 Unauthorized"),
        (status(500), 3, "the hub answered 500 Internal Server Error, 3 times"),
        (hang_up, 3, "3 times; check the network"),
        (body(CONTENT[:20], length=len(CONTENT)), 3, f"broke off after 20 of {len(CONTENT)} bytes"),
        (body(CONTENT[:30]), 1, "small.csv from the hub"),
        (body(b"text,label\nOil falls,0\n"), 1, "has 1 rows, expected 2"),
        (body(b"\n <!DOCTYPE html><p>Log in"), 1, "is a web page, not CSV"),
        (body(b"version 1\noid sha256\n"), 1, "does not begin with the columns text,label"),
        (body(b""), 1, "does not begin with the columns text,label"),
        (body(b"text,label\n\xff\xfe,0\nOil falls,0\n"), 1, "is not UTF-8 CSV"),
        (body(b'text,label\n"Up"s,0\nOil falls,0\n'), 1, "is not UTF-8 CSV"),
        (body(b"text,label\nUp,0\nOil falls,2\n"), 1, "row 2: the label is none of 0 to 1"),
        (body(b"text,label\n  ,0\nOil falls,0\n"), 1, "row 1: the text is empty"),
        (body(b"text,label\nUp,0,0\nOil falls,0\n"), 1, "row 1: 3 fields, expected 2"),
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
    site.answers[PATH] = [body(changed)]
    with pytest.raises(DownloadError, match=f"expected {SHA256}.*--accept-changed"):
        fetch(tmp_path, site.hub())

    accepted = fetch(tmp_path, site.hub(), pinned={})
    later = fetch(tmp_path, site.hub())

    assert [file.source for file in accepted + later] == ["downloaded", "present"]
    assert later[0].sha256 == hashlib.sha256(changed).hexdigest()


def test_file_of_unknown_hash_is_held_to_the_first_that_came(site: Site, tmp_path: Path) -> None:
    unknown = PublishedFile("small.csv", "owner/small", rows=2, labels=2)
    site.answers[PATH] = [body(CONTENT)]
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


def serve_all(site: Site) -> None:
    for file in FILES:
        site.answers[file.url("")] = [body(labelled(file.rows, file.labels))]


def test_command_fetches_all_four_files_and_later_runs_check_them_offline(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_all(site)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", site.url)
    monkeypatch.setenv("TICKERTAPE_DATA_DIR", str(tmp_path))

    first = tickertape.main(["fetch-data", "--accept-changed", "--json"])
    downloaded = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", "http://127.0.0.1:1")
    second = tickertape.main(["fetch-data"])
    text = capsys.readouterr().out

    assert (first, second) == (0, 0)
    assert downloaded["folder"] == str(tmp_path)
    assert [(file["name"], file["rows"], file["source"]) for file in downloaded["files"]] == [
        ("topic_train.csv", 16990, "downloaded"),
        ("topic_valid.csv", 4117, "downloaded"),
        ("sent_train.csv", 9543, "downloaded"),
        ("sent_valid.csv", 2388, "downloaded"),
    ]
    assert all(file["sha256"] in text for file in downloaded["files"])
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)  # noqa: S607  # coreutils


def test_command_refuses_changed_training_file_in_one_line(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_all(site)
    monkeypatch.setenv("TICKERTAPE_HUB_URL", site.url)

    code = tickertape.main(["fetch-data", "--data-dir", str(tmp_path)])

    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert output.err.startswith("tickertape fetch-data: topic_train.csv from the hub has sha256 ")
    assert output.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_a_folder_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        tickertape.main(["fetch-data", "--data-dir", ""])

    assert ended.value.code == 2
    assert "the name of the folder is empty" in capsys.readouterr().err


# A limit on the size of files stands for a full disk: the write fails in the middle in the same way.
FULL_DISK = """
import resource, sys, tickertape
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(tickertape.main(sys.argv[1:]))
"""


def test_full_disk_leaves_nothing_half_written(site: Site, tmp_path: Path) -> None:
    serve_all(site)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY

    ended = subprocess.run(
        [sys.executable, "-c", FULL_DISK, "fetch-data", "--accept-changed", "--data-dir", str(tmp_path)],
        env={"TICKERTAPE_HUB_URL": site.url},
        cwd=Path(tickertape.__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == f"tickertape fetch-data: can't write to {tmp_path}: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_interrupt_fails_and_leaves_nothing_half_written(site: Site, tmp_path: Path) -> None:
    reached = threading.Event()
    woken = threading.Event()

    def stall(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"text,label\n")
        reached.set()
        woken.wait(60)

    site.answers[FILES[0].url("")] = [stall]
    process = subprocess.Popen(
        [sys.executable, "-m", "tickertape", "fetch-data", "--data-dir", str(tmp_path)],
        env={"TICKERTAPE_HUB_URL": site.url},
        cwd=Path(tickertape.__file__).parent,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reached.wait(60)
    while not list(tmp_path.glob(".*.part")):  # the interrupt shall come while the file is being written
        assert process.poll() is None
        time.sleep(0.01)

    process.send_signal(2)
    error = process.communicate(timeout=60)[1]

    woken.set()
    assert process.returncode == 1
    assert error.startswith("tickertape fetch-data: interrupted: 0 of 4 files are in ")
    assert list(tmp_path.iterdir()) == []
