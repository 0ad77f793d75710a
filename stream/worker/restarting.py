"""A process that begins again as if it had just been started."""

import os
import sys
from typing import NoReturn


def begin_again() -> NoReturn:
    """Replace this process by a new one of the same command; any thread may ask, whatever the others do.

    The new one has the process's id, its environment and its standard streams; what was open otherwise is closed, and
    nothing is tidied up. Where it can't begin, the process ends with 1.
    """
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # its own command
    finally:
        os._exit(1)
