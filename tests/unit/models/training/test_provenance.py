import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from models.training.provenance import provenance

VERSION = metadata.version("tickertape")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout of one commit, with a lock."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "train.lock").write_text("numpy==2\n")
    (tmp_path / "pyproject.toml").write_text("")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)  # noqa: S607
    return tmp_path


def test_clean_checkout_names_its_commit_and_its_lock(checkout: Path) -> None:
    found = provenance(checkout)

    head = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert found == {
        "code_version": f"{VERSION} {head[:12]}",
        "environment_lock_sha256": "fd093a05d7bdc038841c0e712a3e501167d42625324203cf2b2b541ee37e4acd",
    }


def test_local_changes_are_marked(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("changed")

    assert provenance(checkout)["code_version"].endswith(", local changes")


def test_installed_package_names_its_version_alone(tmp_path: Path) -> None:
    assert provenance(tmp_path) == {"code_version": VERSION}
