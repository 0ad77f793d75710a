"""Open Evidently's own UI over the drift reports, in the browser.

The folder of reports (DRIFT_REPORTS_DIR) is shown as a project of Evidently's: each report with its figures, and the scores
of all columns over time. It holds the reports that are there; new ones appear while it runs. Evidently's usage statistics
are switched off, and nothing is asked from the network. It runs until Ctrl-C.

  python -m monitoring drift-ui
"""

import argparse
from pathlib import Path

from config.commands import DONE
from config.drift import DriftSettings
from config.settings import set_for_this_process
from models.errors import DriftError

PORT = 8001
LARGEST_PORT = 65_535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `drift-ui`."""
    parser.add_argument("--reports", type=Path, metavar="DIR", help="folder of the reports (DRIFT_REPORTS_DIR)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=PORT, help=f"port to listen on ({PORT})")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    set_for_this_process(DO_NOT_TRACK="1")
    try:
        from monitoring.drift.reports.workspace import show  # noqa: PLC0415  # imports take seconds, `--help` none
    except ModuleNotFoundError as exc:
        raise DriftError(f"drift-ui needs {exc.name}, which is not installed: run `make venv`") from exc

    show((arguments.reports or DriftSettings().reports_dir).expanduser(), host=arguments.host, port=arguments.port)
    return DONE


def _port(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= LARGEST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to {LARGEST_PORT}")
    return int(text)
