"""Every Prometheus metric of worker and API, in one place: name, labels, and what it counts."""

from collections.abc import Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)

from models.careful.predictor import OUTCOMES
from models.errors import ApiError
from models.feedback import Why
from models.records import ModelChange, ModelVersion

CONTENT_TYPE = CONTENT_TYPE_LATEST

# Leaves out a second series for each counter, with the time of its start.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types most of its functions, not this one

MODEL_CHANGES = Counter(
    "tickertape_model_changes_total", "Versions that the alias named since the start, by outcome.", ["outcome"]
)
MODEL_INFO = Gauge("tickertape_model_info", "1 for the version that answers.", ["name", "version"])

CAREFUL_TWEETS = Counter(
    "tickertape_careful_tweets_total", "Tweets that the fast model was unsure of, by what the teacher did.", ["outcome"]
)

TWEETS_TO_LABEL = Counter(
    "tickertape_tweets_to_label_total", "Tweets sent out for labelling, by what they were chosen for.", ["why"]
)

for _why in Why:
    TWEETS_TO_LABEL.labels(_why)
for _outcome in OUTCOMES:
    CAREFUL_TWEETS.labels(_outcome)
for _outcome in ("swapped", "refused"):
    MODEL_CHANGES.labels(_outcome)  # a rate needs the zero before the first


def record_change(change: ModelChange) -> None:
    """Count a change of the model, and show the version that answers if it is another."""
    MODEL_CHANGES.labels(change.outcome).inc()
    if change.outcome == "swapped":
        show_model(ModelVersion(change.name, change.version))


def count_careful(outcome: str, tweets: int) -> None:
    """Count tweets that the fast model was unsure of; see `models.careful.predictor.OUTCOMES`."""
    CAREFUL_TWEETS.labels(outcome).inc(tweets)


def count_to_label(tweets: Mapping[Why, int]) -> None:
    """Count tweets that are sent out for labelling, by what they were chosen for."""
    for why, count in tweets.items():
        TWEETS_TO_LABEL.labels(why).inc(count)


def show_model(model: ModelVersion) -> None:
    """Show the version that answers from now on."""
    MODEL_INFO.clear()
    MODEL_INFO.labels(model.name, model.version).set(1)


def exposition() -> bytes:
    """Give all metrics of this process in Prometheus' text format, with the process's own memory, CPU and files."""
    return generate_latest()


def serve_metrics(port: int) -> None:
    """Answer `GET /metrics` on a port, on all addresses, in a thread that ends with the process.

    Raises:
        ApiError: the port is in use or not allowed.
    """
    try:
        start_http_server(port)
    except OSError as exc:
        raise ApiError(
            f"can't show metrics on port {port}: {exc.strerror}; give each worker a STREAM_METRICS_PORT of its own"
        ) from exc
