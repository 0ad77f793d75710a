"""Schemathesis makes requests of the OpenAPI document, right and wrong ones, and holds the answers to it."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitoring.metrics import REFUSALS, REFUSED

CONFIG = Path(__file__).with_name("schemathesis.toml")
RUN_SECONDS = 3600  # of a deep run; it only ends one that hangs
PLENTY, FEW = 1e9, 0.5  # requests a second

Guard = Callable[..., AbstractContextManager[Any]]


def hold_to_document(api: Any, folder: Path, *options: str, examples: int) -> None:
    """Make requests of an API's document, and fail with what is wrong with the answers."""
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "--no-color"]
    bounds = ["--generation-deterministic", "--max-examples", str(examples), "--request-timeout", "120"]
    run = subprocess.run(
        [*program, "run", f"{api.url}/openapi.json", *bounds, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"Tested: {sum(map(len, api.document['paths'].values()))}" in run.stdout
    assert httpx.get(f"{api.url}/health/ready").status_code == httpx.codes.OK


@pytest.mark.slow
@pytest.mark.timeout(RUN_SECONDS)
def test_no_request_is_a_fault_of_the_server_or_gets_an_answer_that_is_not_documented(
    served: Any, schemathesis_examples: int, tmp_path: Path
) -> None:
    hold_to_document(served, tmp_path, examples=schemathesis_examples)


def refused(
    guard: Guard, folder: Path, *options: str, roles: str, requests_per_second: float, examples: int
) -> set[str]:
    """Make requests with a key, all of them answered as the document says; gives the reasons of those that were refused."""
    counts = {reason: REFUSED.labels(reason) for reason in REFUSALS}
    before = {reason: count._value.get() for reason, count in counts.items()}
    with guard(requests_per_second=requests_per_second) as api:
        key = f"Authorization: Bearer {api.shown[roles]}"
        hold_to_document(api, folder, "--header", key, *options, examples=examples)
    return {reason for reason, count in counts.items() if count._value.get() > before[reason]}


def test_with_a_key_of_one_role_every_answer_is_one_that_the_document_tells_of(guard: Guard, tmp_path: Path) -> None:
    quick = ["--phases", "examples,fuzzing"]

    reasons = refused(guard, tmp_path, *quick, roles="predict", requests_per_second=PLENTY, examples=1)

    assert reasons == {"role", "no_key", "unknown_key"}


@pytest.mark.slow
@pytest.mark.timeout(RUN_SECONDS)
@pytest.mark.parametrize(
    ("roles", "requests_per_second", "expected"),
    [
        ("read", PLENTY, {"role", "no_key", "unknown_key"}),
        ("predict", PLENTY, {"role", "no_key", "unknown_key"}),
        ("feedback", PLENTY, {"role", "no_key", "unknown_key"}),
        ("all", PLENTY, {"no_key", "unknown_key"}),
        ("unknown", PLENTY, {"unknown_key"}),
        ("all", FEW, {"rate"}),
    ],
)
def test_with_a_key_every_refusal_is_one_that_the_document_tells_of(
    guard: Guard,
    schemathesis_examples: int,
    tmp_path: Path,
    roles: str,
    requests_per_second: float,
    expected: set[str],
) -> None:
    reasons = refused(
        guard, tmp_path, roles=roles, requests_per_second=requests_per_second, examples=schemathesis_examples
    )

    assert reasons >= expected
