"""Print how fast the HTTP API answers: one tweet a request at a fixed rate, and requests of a thousand tweets.

    python tests/benchmarks/http_api.py

Beside it, in the same run and turn and turn about: `make rest-prod`'s two processes; a plain FastAPI application with
scikit-learn; MLflow's model server with the same scikit-learn model, and with our scorer. The tweets are those in
TICKERTAPE_DATA_DIR. Latency counts from the moment that a request is due, so a server that falls behind shows it.
Load and server share the machine; each figure is the median of rounds. Only right answers count: 200 with an answer to each
text. `cores` is the processor time that the server took a second while it answered requests of a thousand: a figure that is
too good to be true shows there.
"""

import argparse
import json
import logging
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import psutil
from peers.http_load import Connection, Request, as_many, at_rate, post
from peers.http_model import Pipelines, PipelinesInMlflow, ScorerInMlflow
from scorer import labelled, read_texts

from stream.broker.probe import free_ports

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
TEXTS = 20_000
BATCH = 1_000
CONNECTIONS, BATCH_CONNECTIONS = 32, 4
WARM_UP_SECONDS = 2.0
START_SECONDS = 120.0

Body = Callable[[Sequence[str]], bytes]


@dataclass(frozen=True)
class Contestant:
    """A server.

    Attributes:
        name: in the table.
        words: of its command, `PORT` for the port.
        path: where texts go.
        body: writes a request's body.
        environment: beside the present one.
    """

    name: str
    words: Sequence[str]
    path: str
    body: Body
    environment: dict[str, str]


@dataclass(frozen=True)
class Figures:
    """What one round found; times in milliseconds."""

    p50: float
    p99: float
    begun_p99: float
    answers_a_second: float
    tweets_a_second: float
    cores: float
    megabytes: float
    failures: int


def main() -> None:
    arguments = parsed()
    texts = read_texts(TEXTS)
    size = statistics.mean(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    print(
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; tweets of {size:.0f} bytes"
    )
    print(f"{arguments.rate:g} requests/s on {CONNECTIONS} connections; thousands on {BATCH_CONNECTIONS}")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="mlflow")
    with tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder:
        contestants = [one for one in made(Path(folder)) if not arguments.only or one.name in arguments.only]
        found: dict[str, list[Figures]] = {one.name: [] for one in contestants}
        for number in range(arguments.rounds):
            for contestant in contestants if number % 2 == 0 else reversed(contestants):
                found[contestant.name].append(measured(contestant, texts, arguments, Path(folder)))
    table(found)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--rate", type=float, default=300.0, help="requests a second of one tweet each")
    parser.add_argument("--only", nargs="*", help="names of the table")
    return parser.parse_args()


def made(folder: Path) -> list[Contestant]:
    """Fit the scikit-learn model and save what the servers load."""
    pipelines = Pipelines(labelled("topic_train.csv"), labelled("sent_train.csv"))
    (folder / "pipelines").write_bytes(pickle.dumps(pipelines))
    mlflow.pyfunc.save_model(folder / "sklearn", python_model=PipelinesInMlflow(pipelines))
    mlflow.pyfunc.save_model(folder / "scorer", python_model=ScorerInMlflow())
    python = [sys.executable, "-m"]
    serve = [*python, "tickertape", "serve", "--port", "PORT"]
    paths = {
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(HERE)]),
        "PATH": os.pathsep.join(
            [str(Path(sys.executable).parent), os.environ["PATH"]]
        ),  # MLflow starts uvicorn by name
    }
    ours = paths | {"TICKERTAPE_HOME": str(folder)}
    plain = [*python, "uvicorn", "peers.plain_api:app", "--port", "PORT", "--log-level", "warning", "--no-access-log"]

    def mlflow_server(model: str) -> list[str]:
        return [*python, "mlflow", "models", "serve", "-m", str(folder / model), "-p", "PORT", "--env-manager", "local"]

    return [
        Contestant("tickertape", serve, "/predict", texts_body, ours),
        Contestant("tickertape-2", [*serve, "--workers", "2"], "/predict", texts_body, ours),
        Contestant(
            "fastapi-sklearn", plain, "/predict", texts_body, paths | {"BENCH_PIPELINES": str(folder / "pipelines")}
        ),
        Contestant("mlflow-sklearn", mlflow_server("sklearn"), "/invocations", table_body, paths),
        Contestant("mlflow-scorer", mlflow_server("scorer"), "/invocations", table_body, paths),
    ]


def texts_body(texts: Sequence[str]) -> bytes:
    return json.dumps({"texts": list(texts)}, ensure_ascii=False).encode("utf-8", "replace")


def table_body(texts: Sequence[str]) -> bytes:
    table = {"dataframe_split": {"columns": ["text"], "data": [[text] for text in texts]}}
    return json.dumps(table, ensure_ascii=False).encode("utf-8", "replace")


def measured(contestant: Contestant, texts: Sequence[str], arguments: Any, folder: Path) -> Figures:
    ones = [post(contestant.path, contestant.body([text]), texts=1) for text in texts]
    chunks = [list(islice(cycle(texts), begin, begin + BATCH)) for begin in range(0, len(texts), BATCH)]
    thousands = [post(contestant.path, contestant.body(chunk), texts=len(chunk)) for chunk in chunks]
    with serving(contestant, ones[0], folder) as (port, process):
        as_many(port, ones, seconds=WARM_UP_SECONDS, connections=1)
        single = at_rate(port, ones, per_second=arguments.rate, seconds=arguments.seconds, connections=CONNECTIONS)
        answers, failures = as_many(port, ones, seconds=arguments.seconds, connections=CONNECTIONS)
        everything = [process, *process.children(recursive=True)]
        begun, used = time.perf_counter(), processor_seconds(everything)
        batches, lost = as_many(port, thousands, seconds=arguments.seconds, connections=BATCH_CONNECTIONS)
        cores = (processor_seconds(everything) - used) / (time.perf_counter() - begun)
        megabytes = sum(one.memory_full_info().pss for one in everything) / 1e6
    p50, p99 = np.percentile(single.answered, [50, 99]) * 1e3
    return Figures(
        float(p50),
        float(p99),
        float(np.percentile(single.begun, 99)) * 1e3,
        answers,
        batches * BATCH,
        cores,
        megabytes,
        single.failures + failures + lost,
    )


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (one.cpu_times() for one in processes))


@contextmanager
def serving(contestant: Contestant, request: Request, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Run the server for the time of the block, once it has answered."""
    [port] = free_ports(1)
    words = [str(port) if word == "PORT" else word for word in contestant.words]
    with (folder / f"{contestant.name}.log").open("ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, env=os.environ | contestant.environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port, request):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit((folder / f"{contestant.name}.log").read_text(errors="replace"))
            time.sleep(0.2)
        yield port, psutil.Process(process.pid)
    finally:
        everything = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        process.wait()
        for one in everything:  # MLflow leaves its server behind
            if one.is_running():
                one.terminate()


def answers(port: int, request: Request) -> bool:
    try:
        return Connection(port).ask(request)
    except OSError:
        return False


def table(found: dict[str, list[Figures]]) -> None:
    print(
        f"\n{'':<18}{'p50 ms':>9}{'p99 ms':>9}{'late p99':>10}{'requests/s':>12}{'tweets/s':>11}{'cores':>7}{'MB':>7}{'failed':>8}"
    )
    for name, rounds in found.items():
        middle = {field: statistics.median(getattr(one, field) for one in rounds) for field in Figures.__annotations__}
        print(
            f"{name:<18}{middle['p50']:>9.2f}{middle['p99']:>9.2f}{middle['begun_p99']:>10.2f}"
            f"{middle['answers_a_second']:>12,.0f}{middle['tweets_a_second']:>11,.0f}{middle['cores']:>7.2f}{middle['megabytes']:>7.0f}"
            f"{sum(one.failures for one in rounds):>8}"
        )


if __name__ == "__main__":
    main()
