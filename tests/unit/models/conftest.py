"""Small weights, labelled tweets that a machine can learn, the command line, and a web server that stands for the hub."""

import csv
import http.server
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from models.contracts import Predictor
from models.data.hub import Hub
from models.features import FEATURE_COUNT
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS
from models.weights import COLUMNS, Weights

Rows = list[tuple[str, int]]
CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]
FRONT_DOOR = "import sys; {before}from tickertape import main; sys.exit(main({words!r}))"
Answer = int | bytes | Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.fixture
def write_csv() -> Callable[[Path, Rows], Path]:
    """Write labelled tweets as the public sets do."""

    def write(path: Path, rows: Rows) -> Path:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *rows])
        return path

    return write


@pytest.fixture
def labelled_folder(tmp_path: Path, write_csv: Callable[[Path, Rows], Path]) -> Path:
    """A folder with ten tweets of each class, each class with words of its own."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    write_csv(folder / "topic_train.csv", learnable_rows("topic", len(LABELS)))
    write_csv(folder / "sent_train.csv", learnable_rows("mood", len(SENTIMENTS)))
    return folder


def learnable_rows(word: str, class_count: int) -> Rows:
    numerals = [chr(ord("a") + number) for number in range(20)]
    return [
        (f"{word}{numerals[column]} news item{numerals[row]} today https://example.org/{row}", column)
        for column in range(class_count)
        for row in range(10)
    ]


@pytest.fixture
def tickertape(tmp_path: Path) -> CommandLine:
    """Run the command line in a process of its own, in a folder without anything."""

    def call(*words: str, before: str = "") -> "subprocess.CompletedProcess[str]":
        code = FRONT_DOOR.format(words=list(words), before=before)
        environment = {"PYTHONPATH": ":".join(sys.path), "TICKERTAPE_HOME": str(tmp_path), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )

    return call


@pytest.fixture
def two_word_weights() -> Weights:
    """Weights that know two words: "good" speaks for column 0, "bad" for column 1, twice as rare."""
    ids = {word: crc32(word.encode()) % FEATURE_COUNT for word in ("good", "bad")}
    order = sorted(ids, key=ids.__getitem__)
    table = np.zeros((2, COLUMNS + 1), dtype=np.int8)
    table[order.index("good"), [0, -1]] = 100, 4
    table[order.index("bad"), [1, -1]] = 50, 12
    return Weights(
        ids=np.array([ids[word] for word in order], dtype=np.int32),
        table=table,
        scales=np.full(COLUMNS, 0.5, dtype=np.float32),
        biases=np.arange(COLUMNS, dtype=np.float32),
        temperatures=np.array([1.0, 2.0]),
    )


class Site:
    """A web server that gives, path by path, the answers it was told; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name that http.server calls
                site.asked.append(self.path)
                answers = site.answers.get(self.path, [404])
                give(self, answers.pop(0) if len(answers) > 1 else answers[0])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's own name
                """Keep standard error for the program under test."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def hub(self, *, timeout_seconds: float = 10, tries: int = 3) -> Hub:
        return Hub(self.url, timeout_seconds=timeout_seconds, retry_waits_seconds=(0,) * (tries - 1))


def give(request: http.server.BaseHTTPRequestHandler, answer: Answer) -> None:
    """Answer with a status, with a body, or as a function says."""
    if isinstance(answer, int):
        request.send_error(answer)
    elif isinstance(answer, bytes):
        request.send_response(200)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)
    else:
        answer(request)


@pytest.fixture
def direct_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach this machine's own server past any proxy that the environment names."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def site(direct_connection: None) -> Iterator[Site]:
    del direct_connection
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


@pytest.fixture(scope="session")
def pretrained_scorer() -> Scorer:
    """The batch model that ships with the package."""
    return pretrained_predictor(1).scorer


@pytest.fixture(scope="session")
def other_scorer(pretrained_scorer: Scorer) -> Scorer:
    """Another batch model."""
    weights = pretrained_scorer.weights
    return Scorer(replace(weights, biases=weights.biases + np.float32(0.5)))


@pytest.fixture(scope="session")
def tweet_texts() -> list[str]:
    """The texts of the small labelled set: 20 tweets of each topic."""
    with (Path(__file__).parents[2] / "data" / "labelled" / "topic_train.csv").open(
        encoding="utf-8", newline=""
    ) as rows:
        return [row["text"] for row in csv.DictReader(rows)]


@dataclass
class FakeStore:
    """Implements `models.contracts.ModelStore`: what it holds can be changed, and an exception in it is raised."""

    alias: str | Exception | None
    versions: dict[str, Predictor | Exception]
    loaded: list[str] = field(default_factory=list)
    model_name: str = "tickertape"

    def alias_version(self) -> str | None:
        if isinstance(self.alias, Exception):
            raise self.alias
        return self.alias

    def load(self, version: str) -> Predictor:
        self.loaded.append(version)
        found = self.versions[version]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def make_store() -> type[FakeStore]:
    """Build a registry from its alias and its versions."""
    return FakeStore
