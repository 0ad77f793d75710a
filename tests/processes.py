"""Processes, as tests look at them from outside."""

import subprocess
import sys
from pathlib import Path


def is_running(pid: int) -> bool:
    """Tell whether it runs; a process that nobody has waited for yet does not."""
    if sys.platform == "linux":  # slim containers have no ps
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    state = subprocess.run(["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() not in {"", "Z", "Zs"}
