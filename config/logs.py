"""Logging configuration as a pure dict; applied by the doors only."""

import json
import logging
from typing import Any

from config.repeats import RepeatFilter

REPEAT_SECONDS = 10.0  # a client that finds no broker says so a hundred times a second
# What every LogRecord carries anyway; all else came in through `extra` and is a field of the event.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FieldsFormatter(logging.Formatter):
    """Text lines: time, level, logger, event, then `key=value` fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Append the record's extra fields to the event; none of them can begin a line or drive the terminal."""
        line = super().format(record)
        fields = " ".join(f"{key}={_on_one_line(str(value))}" for key, value in _fields(record).items())
        return f"{line} {fields}" if fields else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; values that JSON lacks become strings."""
        entry: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def logging_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """Build the argument of `logging.config.dictConfig`; logs go to standard error.

    >>> logging_config("INFO", as_json=False)["root"]["level"]
    'INFO'
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": FieldsFormatter, "fmt": "%(asctime)s %(levelname)-7s %(name)s %(message)s"},
            "json": {"()": JsonFormatter},
        },
        "filters": {"repeats": {"()": RepeatFilter, "libraries": ["aiokafka", "kafka"], "seconds": REPEAT_SECONDS}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "text",
                "filters": ["repeats"],
            },
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"level": level, "handlers": ["stderr"]},
        # Libraries that log every connection and rebalance step; what matters of it the project logs itself.
        "loggers": {
            "aiokafka": {"level": "WARNING"},
            # Warns ten times a second while a new cluster makes its own topics.
            "aiokafka.consumer.group_coordinator": {"level": "ERROR"},
            "kafka": {"level": "CRITICAL"},  # it logs each failed connection five times; callers raise one BrokerError
            "faust": {"level": "WARNING"},
            "great_expectations": {"level": "WARNING"},  # hundreds of lines about its own classes
            "mode": {"level": "WARNING"},
            # A line for each span that is lost; `monitoring.tracing` listens there and tells of them once in a while.
            "opentelemetry": {"handlers": ["nowhere"], "propagate": False},
        },
    }


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _on_one_line(text: str) -> str:
    r"""Escape what is not printed.

    >>> print(_on_one_line("/a\nERROR b"))
    /a\nERROR b
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
