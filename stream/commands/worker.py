"""Classify tweets from Kafka to Kafka.

Reads the input topic, writes a classified tweet and its sentiment for each, or a dead letter with the reason. Start as
many workers as you like: they share the partitions. Ends on Ctrl-C or SIGTERM, after its tweets are delivered.
Settings come from the environment: see docs/reference/settings.md.
"""

import argparse

from config.commands import DONE, FAILED, configure_logging
from config.settings import ProjectSettings, StreamSettings
from models.errors import TickertapeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A worker takes its settings from the environment alone, so that every worker of a group is alike."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Run one worker until it is told to stop."""
    del arguments
    project = ProjectSettings()
    configure_logging(project.log_level, as_json=project.log_json)

    import faust  # noqa: PLC0415  # half a second that `--help` need not pay

    from monitoring.metrics import serve_metrics  # noqa: PLC0415  # as above
    from stream.app import app_from_environment  # noqa: PLC0415  # as above

    app = app_from_environment()
    if port := StreamSettings().metrics_port:
        serve_metrics(port)
    worker = faust.Worker(app, override_logging=False, quiet=True, redirect_stdouts=False)
    worker.spinner = None  # it writes to the terminal even when quiet
    try:
        worker.execute_from_commandline()
    except SystemExit as exc:
        if isinstance(worker.crash_reason, TickertapeError):
            raise worker.crash_reason from None
        return DONE if exc.code in (None, DONE) else FAILED
    return FAILED
