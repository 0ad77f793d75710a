"""Answer over HTTP: POST /predict and POST /feedback, the live page at /, the documentation at /docs.

Listens on 127.0.0.1:8000 if nothing else is said (API_HOST, API_PORT). Where other machines can reach it, it asks for keys
(API_KEYS_FILE), or has to be told that it need not (API_OPEN). Until the model is loaded, /health/ready answers 503.
Feedback needs Kafka (KAFKA_BOOTSTRAP_SERVERS), the rest does not. Ends on Ctrl-C or SIGTERM, after the requests in
progress are answered; with --workers, SIGHUP lets new processes with the code that is there now take over. Other settings
come from the environment: see docs/reference/settings.md.
"""

import argparse
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.commands import parts
from api.commands.access import check_access
from config import settings as settings_module
from config.access import AccessSettings
from config.api import ApiSettings
from config.commands import DONE, configure_logging
from config.drift import DriftSettings
from config.settings import (
    ModelSettings,
    OnlineSettings,
    ProjectSettings,
    TopicSettings,
)
from config.tracing import TraceSettings
from models.errors import TickertapeError
from monitoring.tracing.spans import require_opentelemetry
from stream.commands.cluster import kafka_of_settings

if TYPE_CHECKING:
    from fastapi import FastAPI


logger = logging.getLogger(__name__)

FACTORY = f"{__name__}:app_from_environment"
PACKAGES = ("api", "config", "models", "monitoring")
MAX_PORT = 65_535
MAX_WORKERS = 64
WAIT_FOR_MODEL_SECONDS = 30.0  # a registry on another continent gives a model in a few


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the address, and one way to run in other processes."""
    parser.add_argument("--host", help="address to listen on (API_HOST)")
    parser.add_argument("--port", type=_port, help="port to listen on, 0 for any free one (API_PORT)")
    processes = parser.add_mutually_exclusive_group()
    processes.add_argument(
        "--workers",
        type=_workers,
        nargs="?",
        const=None,
        default=1,
        metavar="N",
        help="processes that share the port; API_WORKERS if no number is given (default: one process)",
    )
    processes.add_argument("--reload", action="store_true", help="start again when a source file changes")
    parser.add_argument(
        "--quality",
        choices=["fast", "careful"],
        help="who answers: the fast model alone, or also its teacher where it is least sure (MODEL_QUALITY)",
    )
    parser.add_argument("--json", action="store_true", help="when ready, write one JSON object to standard output")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the server takes over; the frame then exits 0
    if arguments.quality:
        settings_module.set_for_this_process(MODEL_QUALITY=arguments.quality)
    project, settings, access = ProjectSettings(), ApiSettings(), AccessSettings()
    _configure_logging(project)
    host = settings.host if arguments.host is None else arguments.host
    port = settings.port if arguments.port is None else arguments.port
    workers = settings.workers if arguments.workers is None else arguments.workers
    for group in (ModelSettings, kafka_of_settings, TopicSettings, OnlineSettings, DriftSettings):
        group()  # a wrong setting ends here, not in each process that is started
    if TraceSettings().is_on:
        require_opentelemetry()  # as above

    from api.serving import server  # noqa: PLC0415  # FastAPI costs half a second that `--help` need not pay
    from api.serving.uvicorn_server import Proxy  # noqa: PLC0415  # as above

    with server.listen(host, port) as listener:
        check_access(access, host, is_loopback=server.is_loopback(listener))
        proxy = Proxy(access.root_path, access.proxies)
        settings_module.set_for_this_process(API_WORKERS=str(workers))  # what each process takes its share of
        url = server.url_of(listener)
        limits = parts.connection_limits(settings)
        server.allow_open_files(limits)
        server.announce_when_ready(listener, partial(_announce, url, as_json=arguments.json))
        if arguments.reload:
            root = Path(__file__).parents[2]
            folders = [root / package for package in PACKAGES]
            server.serve_and_reload(listener, FACTORY, limits, folders=folders, proxy=proxy)
        elif workers > 1:
            from api.serving.supervisor import serve_in_processes  # noqa: PLC0415  # as above
            from api.serving.workers import Plan  # noqa: PLC0415  # as above

            serve_in_processes(listener, Plan(preload, app_of_process, workers, limits, proxy))
        else:
            server.serve(listener, partial(parts.open_app, settings), limits, proxy=proxy)
    return DONE


def app_from_environment() -> "FastAPI":
    """Build the application in a process that reloads when a source file changes."""
    project, settings = ProjectSettings(), ApiSettings()
    _configure_logging(project)
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    return parts.open_app(
        settings,
        _end_without_model,
        processes=settings.workers,
        wait_for_model_seconds=WAIT_FOR_MODEL_SECONDS,
    )


def preload() -> None:
    """Load the code of the processes that share a port, before they are forked."""
    _configure_logging(ProjectSettings())
    parts.load_code()


def app_of_process(metrics: Callable[[], bytes]) -> "FastAPI":
    """Build the application in one of the processes that share a port.

    Args:
        metrics: shows those of all.
    """
    settings = ApiSettings()
    return parts.open_app(
        settings,
        _end_without_model,
        processes=settings.workers,
        wait_for_model_seconds=WAIT_FOR_MODEL_SECONDS,
        metrics=metrics,
    )


def _configure_logging(project: ProjectSettings) -> None:
    configure_logging(project.log_level, as_json=project.log_json)
    # It writes forty lines a second while Kafka is away; the publisher writes one for each request.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    from api.request_ids import AddRequestId  # noqa: PLC0415  # Starlette costs time that `--help` need not pay

    for handler in logging.getLogger().handlers:
        handler.addFilter(AddRequestId())


def _announce(url: str, ready: dict[str, Any], *, as_json: bool) -> None:
    model = ready["model"]
    try:
        sys.stderr.write(
            f"ready: {url}/ the live page, {url}/docs the API (model {model['name']} {model['version']})\n"
        )
        sys.stderr.flush()
        if as_json:
            sys.stdout.write(json.dumps({"url": url, "docs": f"{url}/docs", "model": model}) + "\n")
            sys.stdout.flush()
    except OSError:  # who started us does not read any more; clients still do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes here at exit


def _end_without_model(exc: Exception) -> None:
    from api.serving.uvicorn_server import NO_MODEL  # noqa: PLC0415  # see `run`

    expected = isinstance(exc, TickertapeError)
    logger.error("model_not_loaded", exc_info=None if expected else exc, extra={"error": str(exc)})
    logging.shutdown()
    os._exit(NO_MODEL)  # this is a thread, and nothing is in progress: no request can have been answered


def _end_with_parent() -> None:
    """Stop this process if the one that watches the files was killed; nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _port(word: str) -> int:
    return _number(word, least=0, most=MAX_PORT)


def _workers(word: str) -> int:
    return _number(word, least=1, most=MAX_WORKERS)


def _number(word: str, *, least: int, most: int) -> int:
    if not (word.isascii() and word.isdigit() and least <= int(word) <= most):
        raise argparse.ArgumentTypeError(f"{word!r} is no number from {least} to {most}")
    return int(word)
