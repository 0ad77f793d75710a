"""Every Prometheus metric of worker, API and drift process, in one place: name, labels, and what it counts."""

from wsgiref.types import WSGIApplication

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
    make_wsgi_app,
)

from models.careful.predictor import OUTCOMES
from models.feedback import FeedbackReason, Why
from models.tweets import Reason
from monitoring.drift.records import Kind

CONTENT_TYPE = CONTENT_TYPE_LATEST
_LEARNING = ["head", "answerer"]
_TIMES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
TWEET_OUTCOMES = ("classified", "dead_lettered")
REFUSED_CONNECTIONS = (
    "malformed",
    "header_timeout",
    "headers_too_large",
    "too_many_connections",
    "answer_not_taken",
)
DRIFT_OUTCOMES = ("quiet", "drift", "too_few")
REFUSALS = ("no_key", "several_keys", "unknown_key", "role", "rate")

# Leaves out a second series for each counter, with the time of its start.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library types most of its functions, not this one

TWEETS = Counter("tickertape_tweets_total", "Tweets whose answer Kafka has acknowledged, by outcome.", ["outcome"])
DEAD_LETTERS = Counter(
    "tickertape_dead_letters_total", "Records of the input that are no tweet, by reason.", ["reason"]
)
CHUNK_TWEETS = Histogram("tickertape_chunk_tweets", "Tweets in a chunk.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500))
SCORER_SECONDS = Histogram(
    "tickertape_scorer_seconds",
    "Seconds that scoring a chunk took.",
    buckets=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
)
CHUNK_SECONDS = Histogram(
    "tickertape_chunk_seconds",
    "Seconds from taking a chunk off a fetch until Kafka has all its answers.",
    buckets=_TIMES,
)
DELIVERY_LATENCY_SECONDS = Histogram(
    "tickertape_delivery_latency_seconds",
    "Seconds from the Kafka timestamp of a chunk's first record until Kafka has all the chunk's answers.",
    buckets=(*_TIMES, 30, 60, 300, 1800),
)
LAG = Gauge("tickertape_lag_tweets", "Tweets of a partition held here whose answers are not committed.", ["partition"])
STALLED_SECONDS = Gauge(
    "tickertape_stalled_seconds", "Seconds without a commit while the partition has lag; 0 without lag.", ["partition"]
)
FETCH_AGE_SECONDS = Gauge("tickertape_fetch_age_seconds", "Seconds since Kafka last answered a fetch of the input.")
REBALANCES = Counter("tickertape_rebalances_total", "Times that partitions were assigned to this worker.")
WORKER_START_TIME_SECONDS = Gauge(
    "tickertape_worker_start_time_seconds", "When the worker last began, also by itself, in seconds since 1970."
)

REQUESTS = Counter(
    "tickertape_http_requests_total", "Requests that ended, by route, method and status.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "tickertape_http_request_seconds", "Seconds that a request took.", ["route"], buckets=(0.001, 0.002, *_TIMES)
)
REFUSED = Counter(
    "tickertape_http_refused_total", "Requests that were refused for their key or their rate, by reason.", ["reason"]
)
CONNECTIONS = Gauge("tickertape_http_connections", "Connections that are open.")
CONNECTIONS_REFUSED = Counter(
    "tickertape_http_connections_refused_total",
    "Connections that were ended before or after their request, by reason.",
    ["reason"],
)
TEXTS_PREDICTED = Counter("tickertape_texts_predicted_total", "Texts that were answered over HTTP.")

LIVE_STREAMS = Gauge("tickertape_live_streams", "Streams of the live feed that are open.")
LIVE_UNREADABLE = Counter("tickertape_live_unreadable_total", "Records that the live feed could not read.")

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

FEEDBACK = Counter(
    "tickertape_feedback_total", "Records of feedback that this process judged, by what became of them.", ["outcome"]
)
ONLINE_VERSION = Gauge(
    "tickertape_online_version", "Records of feedback behind the online model that takes part; 0 for none."
)
LEARNING_ACCURACY = Gauge(
    "tickertape_learning_accuracy", "Share of the last labels that was right, where this process learns.", _LEARNING
)
LEARNING_MACRO_F1 = Gauge(
    "tickertape_learning_macro_f1",
    "Mean F1 of the classes among the last labels, where this process learns.",
    _LEARNING,
)
LEARNING_LOG_LOSS = Gauge(
    "tickertape_learning_log_loss", "Mean log loss on the last labels, in nats, where this process learns.", _LEARNING
)
LEARNING_ANSWERS = Gauge(
    "tickertape_learning_online_answers", "1 where the online model answers, 0 where the batch model does.", ["head"]
)

DRIFT_WINDOWS = Counter("tickertape_drift_windows_total", "Windows of tweets that ended, by outcome.", ["outcome"])
DRIFT_DETECTED = Gauge("tickertape_drift_detected", "1 where the last window that was compared has drift.", ["kind"])
DRIFT_SCORE = Gauge(
    "tickertape_drift_score",
    "Distance of the last window that was compared from the reference, divided by its threshold: above 1 is drift.",
    ["column"],
)
DRIFT_LAG = Gauge("tickertape_drift_lag_tweets", "Classified tweets that the drift process has not read yet.")
DRIFT_SKIPPED = Counter(
    "tickertape_drift_skipped_tweets_total", "Classified tweets that the drift process could not read or passed over."
)
DRIFT_REPORT_SECONDS = Histogram(
    "tickertape_drift_report_seconds",
    "Seconds that it took to make a drift report.",
    buckets=(0.5, 1, 2.5, 5, 10, 20, 40, 80, 160),
)

ALERTS = Counter(
    "tickertape_drift_alerts_total",
    "Messages about drift alarms, and events that were dropped, by outcome.",
    ["outcome"],
)

for _tweet_outcome in TWEET_OUTCOMES:
    TWEETS.labels(_tweet_outcome)
for _reason in Reason:
    DEAD_LETTERS.labels(_reason)
for _refused_connection in REFUSED_CONNECTIONS:
    CONNECTIONS_REFUSED.labels(_refused_connection)
for _alert_outcome in ("delivered", "failed", "dropped"):
    ALERTS.labels(_alert_outcome)
for _window_outcome in DRIFT_OUTCOMES:
    DRIFT_WINDOWS.labels(_window_outcome)
for _refusal in REFUSALS:
    REFUSED.labels(_refusal)
for _kind in Kind:
    DRIFT_DETECTED.labels(_kind)
for _feedback_outcome in ("learned", *FeedbackReason):
    FEEDBACK.labels(_feedback_outcome)
for _why in Why:
    TWEETS_TO_LABEL.labels(_why)
for _outcome in OUTCOMES:
    CAREFUL_TWEETS.labels(_outcome)
for _outcome in ("swapped", "refused"):
    MODEL_CHANGES.labels(_outcome)  # a rate needs the zero before the first


def exposition() -> bytes:
    """Give all metrics of this process in Prometheus' text format, with the process's own memory, CPU and files."""
    return generate_latest()


def metrics_app() -> WSGIApplication:
    """Give a WSGI application that answers every path with the metrics of this process, as its client wants them written."""
    app: WSGIApplication = make_wsgi_app()
    return app
