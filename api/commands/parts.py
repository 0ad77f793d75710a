"""The application with its real parts, as settings say: model, registry, Kafka, reports, traces."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.commands.access import open_access
from config import settings as settings_module
from config.access import AccessSettings
from config.api import ApiSettings
from config.drift import DriftSettings
from config.settings import KafkaSettings, OnlineSettings, RegistrySettings, TopicSettings
from config.tracing import TraceSettings
from models.contracts import Predictor
from monitoring.metrics import exposition
from monitoring.tracing.sampling import Sampler
from monitoring.tracing.spans import open_tracer
from stream.commands.cluster import kafka_of_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.dependencies import Following
    from api.live.hub import LiveFeed
    from api.serving.guarding import ConnectionLimits
    from api.tracing import Traces
    from models.following import FollowedPredictor, Report
    from models.loading import RegistryStore
    from stream.kafka.connection import KafkaConnection

# Those that are imported late, so that `--help` and one process need not wait for them.
_CODE = (
    "aiokafka",
    "api.app",
    "api.publisher",
    "api.tracing",
    "models.behaviour",
    "models.loading",
    "stream.learning.following",
    "uvloop",
)
REPORT_FILE = Path(settings_module.__file__).with_name("run.json")


def open_app(
    settings: ApiSettings,
    on_load_failure: Callable[[Exception], None],
    *,
    processes: int = 1,
    wait_for_model_seconds: float = 0.0,
    metrics: Callable[[], bytes] = exposition,
) -> "FastAPI":
    """Build the application with its parts; nothing is connected or loaded before it starts.

    Args:
        settings: the limits.
        on_load_failure: see `api.app.create_app`.
        processes: that share the port.
        wait_for_model_seconds: see `api.app.create_app`.
        metrics: see `api.app.create_app`.
    """
    from api.app import create_app  # noqa: PLC0415  # late, as `_CODE` says
    from api.publisher import KafkaPublisher  # noqa: PLC0415  # as above
    from monitoring.drift.reports.store import ReportStore  # noqa: PLC0415  # as above

    kafka, topics, drift = kafka_of_settings(), TopicSettings(), DriftSettings()
    return create_app(
        settings,
        load=partial(_load, settings),
        report_file=REPORT_FILE,
        publisher=KafkaPublisher(kafka=kafka, topic=topics.prefix + topics.feedback),
        reports=ReportStore(drift.reports_dir, drift.kept_reports),
        versions=replace(_store(settings), care=None),  # of who is named the fast model answers: no teacher is kept
        live=_live(settings, kafka) if settings.live else None,
        follow=partial(_follow, settings, kafka),
        traces=_traces(TraceSettings()),
        access=open_access(AccessSettings(), processes=processes),
        on_load_failure=on_load_failure,
        wait_for_model_seconds=wait_for_model_seconds,
        metrics=metrics,
    )


def _live(settings: ApiSettings, kafka: "KafkaConnection") -> "LiveFeed":
    from api.live.hub import LiveFeed  # noqa: PLC0415  # as above
    from api.live.reader import LiveTopics  # noqa: PLC0415  # as above

    topics = TopicSettings()
    names = (topics.raw, topics.classified, topics.metrics, topics.drift, topics.dead_letter)
    return LiveFeed(
        kafka,
        LiveTopics(*(topics.prefix + name for name in names)),
        seconds=settings.live_seconds,
        sample_bytes=settings.live_sample_bytes,
        most_streams=settings.live_streams,
    )


def connection_limits(settings: ApiSettings) -> "ConnectionLimits":
    """Give what connections may cost one process."""
    from api.serving.guarding import ConnectionLimits  # noqa: PLC0415  # as above

    return ConnectionLimits(
        max_connections=settings.max_connections,
        max_header_bytes=settings.max_header_bytes,
        header_timeout_seconds=settings.header_timeout_seconds,
        keep_alive_seconds=settings.keep_alive_seconds,
        send_timeout_seconds=settings.send_timeout_seconds,
    )


def load_code() -> None:
    """Import and compile all that an application needs once it runs, so that processes that are forked now share it.

    Nothing is connected and no thread begins: neither would live on in a fork.
    """
    for module in _CODE:
        importlib.import_module(module)
    if _store(ApiSettings()).is_there:
        importlib.import_module("models.registry")
    from models.compiled.kernel import load_kernel  # noqa: PLC0415  # as above
    from models.compiled.residual import load_adjust  # noqa: PLC0415  # as above

    load_kernel()
    load_adjust()


def _traces(settings: TraceSettings) -> "Traces | None":
    if not settings.is_on:
        return None
    from api.tracing import Traces  # noqa: PLC0415  # as above

    tracer = open_tracer(
        endpoint=settings.exporter_otlp_endpoint,
        headers=settings.headers,
        service_name=settings.service_name or "tickertape-api",
        max_queued_spans=settings.bsp_max_queue_size,
    )
    return Traces(tracer, Sampler(settings.traces_sampler_arg))


def _load(settings: ApiSettings) -> Predictor:
    from models.loading import load_predictor  # noqa: PLC0415  # as above

    return load_predictor(_store(settings))


def _follow(
    settings: ApiSettings, kafka: "KafkaConnection", predictor: "FollowedPredictor", report: "Report"
) -> "list[Following]":
    """Begin to change what answers: with the registry's alias, and with what the learner learns."""
    following: list[Following] = []
    if poll_seconds := RegistrySettings().poll_seconds:
        from models.behaviour import behaviour_problems  # noqa: PLC0415  # as above
        from models.following import Follower  # noqa: PLC0415  # as above

        follower = Follower(predictor, _store(settings), gate=behaviour_problems, report=report)
        follower.start(poll_seconds=poll_seconds)
        following.append(follower)
    if (online := OnlineSettings()).enabled:
        from stream.learning.following import SnapshotFollower  # noqa: PLC0415  # as above

        topics = TopicSettings()
        snapshots = SnapshotFollower(kafka, topics.prefix + topics.online, predictor=predictor)
        if KafkaSettings().is_given:  # else there may be none, and nobody should wait for it
            snapshots.poll()
        snapshots.start(poll_seconds=online.snapshot_seconds / 2)
        following.append(snapshots)
    return following


def _store(settings: ApiSettings) -> "RegistryStore":
    from models.commands.stores import serving_store  # noqa: PLC0415  # as above
    from monitoring.recording import count_careful  # noqa: PLC0415  # as above

    return serving_store(top_k=settings.top_k, count=count_careful)
