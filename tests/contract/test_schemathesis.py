"""Schemathesis makes requests of the OpenAPI document, right and wrong ones, and holds the answers to it."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitoring.metrics import REFUSED

CONFIG = Path(__file__).with_name("schemathesis.toml")
RUN_SECONDS = 3600  # of a deep run; it only ends one that hangs
PLENTY, FEW = 1e9, 0.5  # requests a second

Guard = Callable[..., AbstractContextManager[Any]]


def conforms(api: Any, folder: Path, *options: str, examples: int) -> bool:
    """Make requests of an API's document; what is wrong with the answers is printed."""
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "--no-color"]
    bounds = ["--generation-deterministic", "--max-examples", str(examples), "--request-timeout", "120"]
    run = subprocess.run(
        [*program, "run", f"{api.url}/openapi.json", *bounds, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    print(run.stdout, run.stderr)
    is_whole = f"Tested: {sum(map(len, api.document['paths'].values()))}" in run.stdout
    return run.returncode == 0 and is_whole and httpx.get(f"{api.url}/health/ready").status_code == httpx.codes.OK


@pytest.mark.slow
@pytest.mark.timeout(RUN_SECONDS)
def test_no_request_is_a_fault_of_the_server_or_gets_an_answer_that_is_not_documented(
    served: Any, schemathesis_examples: int, tmp_path: Path
) -> None:
    assert conforms(served, tmp_path, examples=schemathesis_examples)


@pytest.mark.timeout(RUN_SECONDS)
@pytest.mark.parametrize(
    ("roles", "requests_per_second", "refusals"),
    [
        pytest.param("predict", PLENTY, {"role", "no_key"}),
        pytest.param("read", PLENTY, {"role", "no_key"}, marks=pytest.mark.slow),
        pytest.param("feedback", PLENTY, {"role", "no_key"}, marks=pytest.mark.slow),
        pytest.param("all", PLENTY, {"no_key"}, marks=pytest.mark.slow),
        pytest.param("unknown", PLENTY, {"unknown_key"}, marks=pytest.mark.slow),
        pytest.param("all", FEW, {"no_key", "rate"}, marks=pytest.mark.slow),
    ],
)
def test_with_keys_every_refusal_is_one_that_the_document_tells_of(
    guard: Guard,
    schemathesis_examples: int,
    tmp_path: Path,
    roles: str,
    requests_per_second: float,
    refusals: set[str],
) -> None:
    before = {reason: REFUSED.labels(reason)._value.get() for reason in refusals}

    with guard(requests_per_second=requests_per_second) as api:
        key = f"Authorization: Bearer {api.shown[roles]}"
        is_right = conforms(api, tmp_path, "--header", key, examples=schemathesis_examples)

    assert is_right
    assert {reason for reason in refusals if REFUSED.labels(reason)._value.get() > before[reason]} == refusals
