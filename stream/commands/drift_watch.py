"""Watch the feed for drift: compare window after window of classified tweets with a reference.

Reads the classified tweets, compares every 500 of them, and these with the 4,500 before, with the reference of the model
that answered. What became of each window goes to the topic tweets.drift, to the log, to Prometheus (DRIFT_METRICS_PORT)
and, where something moved, as a report into DRIFT_REPORTS_DIR and to people (DRIFT_WEBHOOK_URL). One such process is
enough for all partitions; a second one is refused. It goes on where the last one stood: each window is told once.
Where nothing was told yet, it begins with what comes from now on. Ends on Ctrl-C or SIGTERM.
Settings come from the environment: see docs/reference/settings.md.
"""

import argparse
import logging
from contextlib import ExitStack
from pathlib import Path

import config.settings as settings_module
from config.commands import DONE, configure_logging
from config.drift import DriftSettings
from config.settings import ProjectSettings, StreamSettings, TopicSettings
from models.commands.stores import registry_store
from models.loading import RegistryStore
from monitoring.alerting.webhook import Webhook
from monitoring.drift.accuracies import EvaluatedAccuracies
from monitoring.drift.records import DriftEvent
from monitoring.drift.references.sources import references_of
from monitoring.drift.reports.registry_log import RegistryLog
from monitoring.drift.reports.reporter import Reporter
from monitoring.drift.reports.store import ReportStore
from monitoring.drift.text_watch import TextWatch
from monitoring.serving import serve_metrics
from stream.commands.cluster import kafka_of_settings
from stream.drift.session import Services, WatchOptions, watch_without_end
from stream.drift.telling import Alerts
from stream.drift.watch import Rules
from stream.topics import declare_topics

REPORT_FILE = Path(settings_module.__file__).with_name("run.json")
CLOSE_SECONDS = 0.5  # what takes longer to be told is not waited for

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where to begin; all else comes from the environment."""
    parser.add_argument(
        "--from-beginning",
        action="store_true",
        help="where nothing was told yet: begin with what the topic holds already, and skip none of it",
    )


def run(arguments: argparse.Namespace) -> int:
    """Watch until Ctrl-C or SIGTERM."""
    project, drift = ProjectSettings(), DriftSettings()
    configure_logging(project.log_level, as_json=project.log_json)
    store = registry_store(top_k=1)
    references = references_of(Path(drift.reference).expanduser() if drift.reference else None, store)
    options = _options(drift, from_beginning=arguments.from_beginning)
    if drift.metrics_port:
        serve_metrics(drift.metrics_port)
    with ExitStack() as stack:
        services = Services(
            references=references,
            accuracies=EvaluatedAccuracies(REPORT_FILE, store),
            texts=TextWatch(drift.text_every_windows),
            reports=Reporter(ReportStore(drift.reports_dir, drift.kept_reports), _registry_log(store, stack)),
            alerts=_alerts(drift, stack),
        )
        try:
            watch_without_end(options, services)
        except KeyboardInterrupt:
            logger.info("watch_ended")
    return DONE


def _options(drift: DriftSettings, *, from_beginning: bool) -> WatchOptions:
    stream = StreamSettings()
    return WatchOptions(
        kafka=kafka_of_settings(),
        topics=declare_topics(TopicSettings()),
        group=f"{stream.group}.drift",
        isolation_level=stream.isolation_level,
        rules=Rules(drift.window_tweets, drift.window_seconds, drift.max_lag_tweets),
        long_windows=drift.long_windows,
        malformed_share=drift.malformed_share,
        tweets_per_second=drift.tweets_per_second,
        from_beginning=from_beginning,
    )


def _registry_log(store: RegistryStore, stack: ExitStack) -> RegistryLog | None:
    """Log reports to the registry, where there is one."""
    if not store.is_there:
        return None
    log = RegistryLog(store.add_drift)
    stack.callback(log.close, CLOSE_SECONDS)
    return log


class _Nobody:
    """Implements `stream.drift.telling.Alerts` where no webhook is set."""

    def tell(self, event: DriftEvent) -> None:
        """Do nothing."""


def _alerts(drift: DriftSettings, stack: ExitStack) -> Alerts:
    url = drift.webhook_url.get_secret_value()
    if not url:
        return _Nobody()
    webhook = Webhook(url, body=drift.webhook_format, quiet_seconds=drift.quiet_seconds)
    webhook.start()
    stack.callback(webhook.close, CLOSE_SECONDS)
    return webhook
