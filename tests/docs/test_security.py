"""What SECURITY.md promises is held by tests that there are, and by the locks."""

import ast
import re
from pathlib import Path

import pytest

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
PAGE = ROOT / "SECURITY.md"
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
LOCKS = sorted(ROOT.glob("requirements/*.lock"))
PACKAGE = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+(?: ;[^\\]*)? \\$", re.IGNORECASE)


def controls(text: str) -> list[str]:
    """Give the rows of the tables that name a test for each control."""
    tables = text.partition("\n## Controls\n")[2].partition("\n## ")[0]
    rows = [line for line in tables.splitlines() if line.startswith("| ")]
    return [row for row in rows if row not in {"| control | test |", "| --- | --- |"}]


def missing_tests(text: str) -> list[str]:
    """Name the tests that the text names and that are not there."""
    named = NAMED_TEST.findall(text)
    return [f"{path}::{name}" for path, name in named if name not in names_of_tests(ROOT / path)]


def names_of_tests(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(path.read_bytes()).body if isinstance(node, functions)}


def test_every_control_names_a_test_that_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")

    rows = controls(text)

    assert len(rows) >= 30
    assert [row for row in rows if not NAMED_TEST.search(row)] == []
    assert missing_tests(text) == []


def test_a_test_that_is_not_there_is_noticed() -> None:
    text = "`tests/docs/test_security.py::test_nothing` and `tests/nowhere.py::test_it`"

    assert missing_tests(text) == ["tests/docs/test_security.py::test_nothing", "tests/nowhere.py::test_it"]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_has_hashes_and_no_lock_names_a_host(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    packages = [place for place, line in enumerate(lines) if line and not line.startswith((" ", "#"))]

    assert len(packages) >= 1
    assert [lines[place] for place in packages if not PACKAGE.match(lines[place])] == []
    assert [lines[place] for place in packages if "--hash=sha256:" not in lines[place + 1]] == []
    assert [line for line in lines if "://" in line or "--index" in line or "@ " in line] == []
