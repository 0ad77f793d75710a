"""The requests and answers that the documentation shows; a test sends and compares every one."""

from typing import Any

REQUEST_ID = "5b8aa5d5a2f64d0c9b1e4cbf0c1a2d3e"

ONE_TEXT = {"text": "$TSLA deliveries beat estimates, shares up 4% premarket"}
MANY_TEXTS = {
    "texts": [
        {"text": "Fed holds rates, Powell sees no cut before autumn"},
        {"text": "$XOM raises its dividend by 5%", "id": "1790000000000000001"},
    ]
}
FULL_TWEET = {
    "texts": [
        {
            "data": {
                "id": "1790000000000000002",
                "text": "Goldman cuts $AAPL to neutral, target $195",
                "created_at": "2026-01-31T09:30:00.000Z",
                "author_id": "2244994945",
                "lang": "en",
                "edit_history_tweet_ids": ["1790000000000000002"],
                "entities": {"cashtags": [{"start": 13, "end": 18, "tag": "AAPL"}]},
            },
            "matching_rules": [{"id": "1", "tag": "finance"}],
        }
    ]
}

PLAIN_TEXTS = {"texts": ["Fed holds rates, Powell sees no cut before autumn", "$XOM raises its dividend by 5%"]}

REQUESTS: dict[str, dict[str, Any]] = {
    "one": {"summary": "One text", "value": ONE_TEXT},
    "many": {"summary": "Several texts", "value": PLAIN_TEXTS},
    "many-with-ids": {"summary": "Several texts with what is known of them", "value": MANY_TEXTS},
    "tweet": {"summary": "A tweet as X API v2 streams it", "value": FULL_TWEET},
}

ONE_LABEL = {"feedback": [{"tweet_id": "1790000000000000002", "label": "Analyst Update"}]}
MANY_LABELS = {
    "feedback": [
        {"tweet_id": "1790000000000000002", "label": "Analyst Update", "sentiment": "bearish"},
        {
            "tweet_id": "1790000000000000003",
            "sentiment": "bullish",
            "text": "$XOM raises its dividend by 5%",
            "source": "desk-7",
            "labelled_at": "2026-01-31T09:35:00Z",
        },
    ]
}

FEEDBACK_REQUESTS: dict[str, dict[str, Any]] = {
    "sent-out": {"summary": "A tweet that was sent out for labelling", "value": ONE_LABEL},
    "many": {"summary": "Several tweets; one brings its text", "value": MANY_LABELS},
}

FEEDBACK_ANSWER = {"accepted": 2}

ANSWER = {
    "predictions": [
        {
            "id": "1790000000000000002",
            "text": "Goldman cuts $AAPL to neutral, target $195",
            "created_at": "2026-01-31T09:30:00.000Z",
            "tickers": ["AAPL"],
            "label": "Analyst Update",
            "label_score": 0.93,
            "labels": {"Analyst Update": 0.93, "Stock Commentary": 0.03, "Company | Product News": 0.01},
            "sentiment": "bearish",
            "sentiment_score": -0.81,
            "answered_by": "batch",
            "sentiment_answered_by": "batch",
            "opinions": {},
            "model": {"name": "tickertape", "version": "7", "online_version": 0},
            "classified_at": "2026-01-31T09:30:00.412Z",
        }
    ]
}

DRIFT_EVENT: dict[str, Any] = {
    "window": {
        "number": 42,
        "tweets": 500,
        "long_tweets": 5000,
        "dead_letters": 1,
        "start": {"0": 10250, "1": 10248},
        "end": {"0": 10500, "1": 10498},
        "skipped": 0,
        "first_at": "2026-01-31T09:30:00.412Z",
        "last_at": "2026-01-31T09:41:17.020Z",
    },
    "reference": "0a1b2c3d",
    "model": {"name": "tickertape", "version": "7", "online_version": 0},
    "outcome": "drift",
    "kinds": ["prediction", "text"],
    "scores": {"label": 2.4, "text_characters": 0.3, "term": 3.1},
    "causes": [
        {
            "kind": "text",
            "column": "term",
            "item": "tariff",
            "window": "short",
            "before": 0.002,
            "after": 0.084,
            "score": 3.1,
            "log_odds": [3.82, {"low": 3.2, "high": 4.41}],
            "examples": ["1790000000000000002", "1790000000000000003"],
        },
        {
            "kind": "prediction",
            "column": "label",
            "item": "Macro",
            "window": "short",
            "before": 0.12,
            "after": 0.26,
            "score": 2.4,
            "log_odds": [0.95, {"low": 0.7, "high": 1.19}],
            "examples": ["1790000000000000002"],
        },
    ],
    "opened": ["term=tariff"],
    "closed": [],
    "open": {"label=Macro": 42, "term=tariff": 42},
    "report": "0a1b2c3d-00000042",
    "replay": "tickertape tail --topic classified --from 0:10250,1:10248 --to 0:10500,1:10498 --json",
    "time": "2026-01-31T09:41:19.300Z",
}
DRIFT_EVENTS = {"events": [DRIFT_EVENT]}


def problem(status: int, title: str, detail: str, *, instance: str = "/predict") -> dict[str, Any]:
    """Write a problem as the API answers it, without `errors`."""
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "request_id": REQUEST_ID,
    }


NOTHING_LEARNED = problem(
    404,
    "Not Found",
    "nothing was learned yet for tickertape 7, or this process can't read the snapshots in Kafka "
    "(KAFKA_BOOTSTRAP_SERVERS)",
    instance="/performance/online",
)
NO_DRIFT_REPORT = problem(
    404,
    "Not Found",
    "no drift report is kept here: run `tickertape drift`, which writes the first one when a window has moved, "
    "or set DRIFT_REPORTS_DIR of this server to the folder it writes to",
    instance="/drift/latest",
)
UNKNOWN_DRIFT_REPORT = problem(
    404,
    "Not Found",
    "there is no drift report '0a1b2c3d-00000007'; an id is like 0a1b2c3d-00000042",
    instance="/drift/0a1b2c3d-00000007",
)
WRONG_LIMIT = problem(
    422, "Unprocessable Content", "limit is '0': send a whole number from 1 to 100", instance="/drift"
)
MALFORMED = problem(400, "Bad Request", "the body is not JSON: Input data was truncated")
TOO_SLOW = problem(
    408,
    "Request Timeout",
    "the body did not arrive in 30 seconds (API_BODY_TIMEOUT_SECONDS): send fewer texts at once",
)
TOO_LARGE = problem(
    413,
    "Content Too Large",
    "the body has more than 4194304 bytes (API_MAX_BODY_BYTES): send fewer texts at once",
)
UNSUPPORTED = problem(415, "Unsupported Media Type", "content-type is 'text/plain': send application/json")
INVALID = {
    **problem(422, "Unprocessable Content", "texts[1].text: text must hold more than white space"),
    "errors": [
        {"field": "texts[1].text", "reason": "empty_text", "detail": "text must hold more than white space"},
    ],
}
INVALID_FEEDBACK = {
    **problem(
        422,
        "Unprocessable Content",
        "feedback[1].sentiment: sentiment is none of bearish, bullish, neutral",
        instance="/feedback",
    ),
    "errors": [
        {
            "field": "feedback[1].sentiment",
            "reason": "unknown_sentiment",
            "detail": "sentiment is none of bearish, bullish, neutral",
        },
    ],
}
FAILED = problem(500, "Internal Server Error", "the request could not be answered; the server's log says why")
NOT_EXPLAINABLE = problem(
    501,
    "Not Implemented",
    "the answers of tickertape 7 are not those of a linear scorer and can't be explained; ask without explanation",
)
NOT_READY = problem(503, "Service Unavailable", "the model is being loaded: try again in a moment")
NO_KAFKA = problem(
    503,
    "Service Unavailable",
    "no feedback was taken, as no Kafka answers: start one with `tickertape broker`, "
    "or set KAFKA_BOOTSTRAP_SERVERS of this server to yours; then send all again",
    instance="/feedback",
)
NO_REPORT = problem(
    404,
    "Not Found",
    "this installation holds no report of the model (config/run.json of a checkout): train or promote one there",
    instance="/performance",
)
UNKNOWN_MODEL = problem(404, "Not Found", "there is no model '8': there are champion, batch, 6, 7")
UNKNOWN_FILTER = problem(
    422,
    "Unprocessable Content",
    "filter is 'losses': send one of labels, sentiments, overall, classes",
    instance="/performance",
)
UNKNOWN_ARGUMENT = problem(
    404,
    "Not Found",
    "there is no argument 'speed': there are seed, held_out_share",
    instance="/args/speed",
)
