"""An audit that found nothing because it could not look does not pass for one that looked."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """Give the program."""
    spec = importlib.util.spec_from_file_location("audit", Path(__file__).parents[1] / "security" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(*packages: dict[str, object]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


CLEAN = {"name": "clean", "version": "1", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found on PyPI and could not be audited: unknown (1)"}
WEAK = {
    "name": "weak",
    "version": "1",
    "vulns": [
        {"id": "PYSEC-1", "fix_versions": ["2", "3"], "aliases": [], "description": ""},
        {"id": "PYSEC-2", "fix_versions": [], "aliases": [], "description": ""},
    ],
}


def test_weakness_is_a_failure_that_says_what_mends_it(audit: ModuleType) -> None:
    said, code = audit.verdict(audit.judged(report(CLEAN, UNKNOWN, WEAK)))

    assert code == 1
    assert said.splitlines() == [
        "KNOWN WEAKNESSES:",
        "weak 1: PYSEC-1, mended in 2, 3",
        "weak 1: PYSEC-2, mended in no version yet",
    ]


def test_package_that_is_not_known_is_named(audit: ModuleType) -> None:
    assert audit.verdict(audit.judged(report(CLEAN, UNKNOWN))) == (
        "1 packages have no known weakness; NOT AUDITED: unknown",
        0,
    )


@pytest.mark.parametrize("text", ["", "no answer", "[]", "{}", report(), report(UNKNOWN)])
def test_nothing_audited_is_said_aloud(audit: ModuleType, text: str) -> None:
    said, code = audit.verdict(audit.judged(text))

    assert said.startswith("NO PACKAGE WAS AUDITED")
    assert code == 0
