"""Where a training comes from: the version of the code, and the lock of the environment."""

import subprocess
from importlib import metadata
from pathlib import Path

from models.weights import sha256_of

_ROOT = Path(__file__).parents[2]
_LOCK = Path("requirements", "train.lock")
_MARK = "pyproject.toml"  # an installed package has none beside it
_PACKAGE = "tickertape"
_GIT_SECONDS = 10.0


def provenance(root: Path = _ROOT) -> dict[str, str]:
    """Give `code_version`, and in a checkout `environment_lock_sha256`.

    The version is the package's; in a git checkout the commit follows, and `local changes` where files that git knows
    differ from it, such as `0.1.0 9f2c4e1ab0d3, local changes`.
    """
    found = {"code_version": ", ".join(filter(None, [f"{metadata.version(_PACKAGE)}{_commit(root)}", _changes(root)]))}
    if (root / _MARK).exists() and (root / _LOCK).exists():
        found["environment_lock_sha256"] = sha256_of((root / _LOCK).read_bytes())
    return found


def _commit(root: Path) -> str:
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    return f" {commit}" if commit else ""


def _changes(root: Path) -> str:
    return "local changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else ""


def _git(root: Path, *words: str) -> str:
    if not (root / ".git").exists():  # git would look into the folders above, which are not ours
        return ""
    try:
        done = subprocess.run(  # noqa: S603  # fixed words
            ["git", "-C", str(root), *words],  # noqa: S607  # whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):  # no git here, or a folder that git does not trust
        return ""
    return done.stdout.strip()
