"""The answers of the live feed that the documentation shows."""

from typing import Any

from api.openapi.examples import problem

_MODEL = {"name": "tickertape", "version": "7", "online_version": 120}
TWEET: dict[str, Any] = {
    "id": "1790000000000000002",
    "text": "Goldman cuts $AAPL to neutral, target $195",
    "created_at": "2026-01-31T09:30:00.000Z",
    "tickers": ["AAPL"],
    "label": "Analyst Update",
    "label_score": 0.97,
    "labels": {"Analyst Update": 0.97},
    "sentiment": "bearish",
    "sentiment_score": -0.92,
    "answered_by": "online",
    "sentiment_answered_by": "batch",
    "opinions": {},
    "model": _MODEL,
    "classified_at": "2026-01-31T09:30:00.412Z",
}
_FIGURE = {"accuracy": 0.84, "labels": 412.0}
TICK: dict[str, Any] = {
    "at": "2026-01-31T09:30:01.000Z",
    "broker": "connected",
    "model": _MODEL,
    "tweets_per_second": 200.0,
    "sampled_share": 1.0,
    "latency_ms": {"p50": 3.0, "p99": 9.0},
    "tweets": [TWEET],
    "labels": {"Analyst Update": 12, "Macro": 9},
    "sentiments": {"bearish": 5, "neutral": 13, "bullish": 3},
    "tickers": [{"ticker": "AAPL", "tweets": 41, "sentiment_score": -0.21, "bullish": 6, "bearish": 17, "neutral": 18}],
    "accuracy": {
        "at": "2026-01-31T09:29:57.100Z",
        "label": {"batch": _FIGURE, "online": _FIGURE, "served": _FIGURE},
        "sentiment": None,
    },
    "drift": {
        "state": "drift",
        "window": 42,
        "at": "2026-01-31T09:29:19.300Z",
        "causes": ["term=tariff: 0.002 to 0.084"],
        "report": "/drift/0a1b2c3d-00000042",
    },
    "dead_letters": {"not_utf8": 2},
    "events": [{"at": "2026-01-31T09:30:00.700Z", "type": "swapped", "text": "version 7 answers instead of 6"}],
}
POINT: dict[str, Any] = {
    "at": "2026-01-31T09:29:50.000Z",
    "tweets_per_second": 198.7,
    "latency_p50_ms": 3.0,
    "labels": {"Analyst Update": 118},
    "sentiments": {"bearish": 40, "neutral": 66, "bullish": 12},
    "batch_accuracy": 0.82,
    "online_accuracy": 0.79,
    "served_accuracy": 0.84,
}
STATE: dict[str, Any] = TICK | {"history": [POINT]}
_COUNTS = {"tweets": 41, "bearish": 17, "neutral": 18, "bullish": 6, "sentiment_score": -0.21, "sampled_share": 1.0}
TICKER: dict[str, Any] = {
    "ticker": "AAPL",
    "windows": [{"seconds": seconds} | _COUNTS for seconds in (60, 300, 900)],
    "tweets": [TWEET],
}


UNKNOWN_TICKER = problem(404, "Not Found", "no tweet of 'XOM' was read in the last 15 minutes", instance="/tickers/XOM")
SWITCHED_OFF = problem(
    503,
    "Service Unavailable",
    "the live feed of this server is switched off: start it with API_LIVE=true",
    instance="/live",
)
