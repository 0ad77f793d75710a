"""GitHub's workflows run what is here: the script of CI, verbs of `make`, actions of a named version."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import tickertape

ROOT = Path(tickertape.__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
VERSIONED = re.compile(r"[\w.-]+/[\w./-]+@v\d+(\.\d+)*")


def jobs_of(path: Path) -> dict[str, dict[str, Any]]:
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return jobs


def steps_of(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs_of(path).values() for step in job.get("steps", [])]


def test_ci_runs_the_script_of_ci() -> None:
    runs = [step["run"] for step in steps_of(ROOT / ".github" / "workflows" / "ci.yml") if "run" in step]

    assert runs == [".ci/run"]


def test_release_waits_for_ci() -> None:
    jobs = jobs_of(ROOT / ".github" / "workflows" / "release.yml")

    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert (jobs["packages"]["needs"], jobs["image"]["needs"]) == ("ci", "packages")
    assert jobs["release"]["needs"] == ["packages", "image"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_verb_of_a_workflow_is_one_of_make(path: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = {verb for step in steps_of(path) for verb in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}

    assert used - verbs == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_has_a_version_and_every_job_an_end(path: Path) -> None:
    actions = [step["uses"] for step in steps_of(path) if "uses" in step]

    assert [action for action in actions if not VERSIONED.fullmatch(action)] == []
    assert [name for name, job in jobs_of(path).items() if "steps" in job and "timeout-minutes" not in job] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_nothing_but_read_where_a_job_does_not_say_so(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert workflow["permissions"] == {"contents": "read"}
