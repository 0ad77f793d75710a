"""GET /performance, /args and /args/{arg}, from a report in a file."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from config import settings
from models.records import ModelVersion
from models.served_report import read_served_report

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]

LABELS = {"tweets": 10, "accuracy": 0.9, "classes": {"Macro": {"f1": 0.8}}}
SENTIMENTS = {"tweets": 5, "accuracy": 0.7, "classes": {"bullish": {"f1": 0.6}}}
REPORT: dict[str, Any] = {
    "run_id": "run-1",
    "model_name": "fixed",
    "model_version": "7",
    "weights_sha256": "5c16100a" + 56 * "0",
    "data_sha256": "d" * 64,
    "held_out": "published",
    "arguments": {"seed": 7, "held_out_share": 0.15},
    "labels": LABELS,
    "sentiments": SENTIMENTS,
    "weights_bytes": 12,
}


@pytest.fixture
def write_report(tmp_path: Path) -> Callable[[bytes], Path]:
    """Write a report file."""

    def write(content: bytes) -> Path:
        path = tmp_path / "run.json"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def report_file(write_report: Callable[[bytes], Path]) -> Path:
    return write_report(json.dumps(REPORT).encode())


async def get(serve_ready: Serve, report_file: Path, path: str) -> httpx.Response:
    async with serve_ready(report_file=report_file) as client:
        return await client.get(path)


@pytest.mark.parametrize(
    ("query", "performance"),
    [
        ("", {"labels": LABELS, "sentiments": SENTIMENTS}),
        ("?filter=sentiments", {"sentiments": SENTIMENTS}),
        ("?filter=overall", {"labels": {"tweets": 10, "accuracy": 0.9}, "sentiments": {"tweets": 5, "accuracy": 0.7}}),
        ("?filter=classes", {head: {"classes": REPORT[head]["classes"]} for head in ("labels", "sentiments")}),
    ],
)
async def test_performance_comes_from_the_report(
    serve_ready: Serve, report_file: Path, query: str, performance: dict[str, Any]
) -> None:
    response = await get(serve_ready, report_file, f"/performance{query}")

    assert response.json() == {
        "model_version": "7",
        "answering_version": "7",
        "is_of_answering_model": True,
        "run_id": "run-1",
        "data_sha256": "d" * 64,
        "held_out": "published",
        "performance": performance,
    }


async def test_arguments_come_from_the_report(serve_ready: Serve, report_file: Path) -> None:
    every, one = [await get(serve_ready, report_file, path) for path in ("/args", "/args/seed")]

    assert every.json()["args"] == {"seed": 7, "held_out_share": 0.15}
    assert one.json()["args"] == {"seed": 7}


async def test_report_of_another_version_says_so(serve_ready: Serve, write_report: Callable[[bytes], Path]) -> None:
    report_file = write_report(json.dumps(REPORT | {"model_version": "8"}).encode())

    response = await get(serve_ready, report_file, "/args")

    assert response.json()["model_version"] == "8"
    assert response.json()["answering_version"] == "7"
    assert response.json()["is_of_answering_model"] is False


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/performance?filter=speed", 422, "filter is 'speed': send one of labels, sentiments, overall, classes"),
        ("/performance?filter=", 422, "filter is '': send one of labels"),
        ("/args/speed", 404, "there is no argument 'speed': there are seed, held_out_share"),
    ],
)
async def test_unknown_name_is_told_what_there_is(
    serve_ready: Serve, report_file: Path, path: str, status: int, detail: str
) -> None:
    response = await get(serve_ready, report_file, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert detail in response.json()["detail"]


@pytest.mark.parametrize("path", ["/performance", "/args", "/args/seed"])
async def test_installation_without_report_answers_404_and_says_where_one_is(
    serve_ready: Serve, tmp_path: Path, path: str
) -> None:
    response = await get(serve_ready, tmp_path / "run.json", path)

    assert response.status_code == httpx.codes.NOT_FOUND
    assert "holds no report" in response.json()["detail"]


async def test_report_that_is_none_is_a_fault_of_the_server(
    serve_ready: Serve, write_report: Callable[[bytes], Path]
) -> None:
    response = await get(serve_ready, write_report(b"{"), "/args")

    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR


def test_pretrained_weights_are_known_by_their_hash(report_file: Path) -> None:
    report = read_served_report(report_file)

    assert report is not None
    assert report.is_of(ModelVersion("tickertape", "pretrained-5c16100a"))
    assert not report.is_of(ModelVersion("tickertape", "pretrained-5c16100b"))
    assert not report.is_of(ModelVersion("other", "7"))


def test_report_of_this_checkout_is_served() -> None:
    report = read_served_report(Path(settings.__file__).with_name("run.json"))

    assert report is not None
    assert "seed" in report.arguments
    assert 0 < report.labels["accuracy"] < 1
