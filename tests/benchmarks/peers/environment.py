"""The peers' own virtual environment: made from `peers.lock`, with the project beside the peers."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
LOCK = HERE / "peers.lock"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps")


def continue_in(folder: Path) -> None:
    """Go on with this same command inside the environment, which is made first where it is missing or old."""
    python = folder / "bin" / "python"
    if Path(sys.prefix).resolve() == folder.resolve():
        return
    stamp, wanted = folder / "lock.sha256", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        sys.stderr.write(f"setting up {folder} for the peers (once)\n")
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, *PIP, "--require-hashes", "--requirement", LOCK], check=True)
        subprocess.run([python, *PIP, "--no-build-isolation", "--editable", PROJECT], check=True)
        stamp.write_text(wanted, encoding="ascii")
    os.execv(python, [str(python), *sys.argv])  # noqa: S606  # our own interpreter and arguments
