"""Classify tweets from Kafka to Kafka.

Reads the input topic, writes a classified tweet and its sentiment for each, or a dead letter with the reason. Start as
many workers as you like: they share the partitions. Ends on Ctrl-C or SIGTERM, after its tweets are delivered. One that
stands still for STREAM_STALL_SECONDS though tweets wait and Kafka is well says so and starts itself again.
Settings come from the environment: see docs/reference/settings.md.
"""

import argparse

from config.commands import DONE, FAILED, configure_logging
from config.settings import ProjectSettings, StreamSettings, TopicSettings, set_for_this_process
from models.errors import BrokerError, TickertapeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take who answers; all else comes from the environment, so that every worker of a group is alike."""
    parser.add_argument(
        "--quality",
        choices=["fast", "careful"],
        help="who answers: the fast model alone, or also its teacher where it is least sure (MODEL_QUALITY)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run one worker until it is told to stop."""
    if arguments.quality:
        set_for_this_process(MODEL_QUALITY=arguments.quality)
    project = ProjectSettings()
    configure_logging(project.log_level, as_json=project.log_json)

    import faust  # noqa: PLC0415  # half a second that `--help` need not pay
    from aiokafka.errors import KafkaError  # noqa: PLC0415  # as above

    from monitoring.recording import show_start  # noqa: PLC0415  # as above
    from monitoring.serving import serve_metrics  # noqa: PLC0415  # as above
    from stream.app import app_from_environment  # noqa: PLC0415  # as above
    from stream.kafka.errors import reason  # noqa: PLC0415  # as above
    from stream.topics import declare_topics  # noqa: PLC0415  # as above
    from stream.worker.stall_restart import restart_when_stalled  # noqa: PLC0415  # as above

    settings = StreamSettings()
    app = app_from_environment()
    watch = restart_when_stalled(
        app,
        limit_seconds=settings.stall_seconds,
        kafka=app.kafka,
        topic=declare_topics(TopicSettings()).raw.name,
    )
    show_start()
    if settings.metrics_port:
        serve_metrics(settings.metrics_port, readiness=watch.readiness)
    worker = faust.Worker(app, override_logging=False, quiet=True, redirect_stdouts=False)
    worker.spinner = None  # it writes to the terminal even when quiet
    try:
        worker.execute_from_commandline()
    except SystemExit as exc:
        if isinstance(worker.crash_reason, TickertapeError):
            raise worker.crash_reason from None
        if isinstance(worker.crash_reason, KafkaError):
            raise BrokerError(f"the worker can't go on: {reason(worker.crash_reason)}") from None
        return DONE if exc.code in (None, DONE) else FAILED
    return FAILED
