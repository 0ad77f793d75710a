"""Schemathesis makes requests of the OpenAPI document, right and wrong ones, and holds the answers to it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

CONFIG = Path(__file__).with_name("schemathesis.toml")
RUN_SECONDS = 3600  # of a deep run; it only ends one that hangs


@pytest.mark.slow
@pytest.mark.timeout(RUN_SECONDS)
def test_no_request_is_a_fault_of_the_server_or_gets_an_answer_that_is_not_documented(
    served: Any, schemathesis_examples: int, tmp_path: Path
) -> None:
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "--no-color"]
    bounds = ["--generation-deterministic", "--max-examples", str(schemathesis_examples), "--request-timeout", "120"]

    run = subprocess.run(
        [*program, "run", f"{served.url}/openapi.json", *bounds],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"Tested: {sum(map(len, served.document['paths'].values()))}" in run.stdout
    assert httpx.get(f"{served.url}/health/ready").status_code == httpx.codes.OK
