import json
import logging
import logging.config
from collections.abc import Iterator

import pytest

from config.logs import logging_config

logger = logging.getLogger("test.logs")


@pytest.fixture(autouse=True)
def restored_root() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def test_text_line_ends_with_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", as_json=False))

    logger.info("partitions_assigned", extra={"partitions": [0, 1], "topic": "t"})

    assert capsys.readouterr().err.endswith("INFO    test.logs partitions_assigned partitions=[0, 1] topic=t\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_field_can_not_begin_a_line_or_drive_the_terminal(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    logging.config.dictConfig(logging_config("INFO", as_json=as_json))

    logger.error("request_failed", extra={"path": "/a\n2026-01-01 INFO forged\r\x1b[2J\u2028\ud800"})

    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert written.isascii()
    assert "\x1b" not in written


def test_json_line_is_one_object_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", as_json=True))

    logger.warning("tweets_refused", extra={"reason": "invalid_json", "count": 3})

    (line,) = capsys.readouterr().err.splitlines()
    entry = json.loads(line)
    assert entry.pop("time")
    assert entry == {
        "level": "warning",
        "logger": "test.logs",
        "event": "tweets_refused",
        "reason": "invalid_json",
        "count": 3,
    }


def test_json_line_keeps_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", as_json=True))

    try:
        int("seen")
    except ValueError:
        logger.exception("failed")

    assert "ValueError: invalid literal" in json.loads(capsys.readouterr().err)["exception"]


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("WARNING", as_json=False))

    logger.info("quiet")

    assert capsys.readouterr().err == ""


def test_lines_of_the_exporter_of_traces_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("DEBUG", as_json=False))

    logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter").error("Failed to export")

    assert capsys.readouterr().err == ""


def test_client_of_kafka_that_repeats_itself_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    logging.config.dictConfig(logging_config("INFO", as_json=False))

    for _ in range(100):
        logging.getLogger("aiokafka.cluster").error("Topic %s not found in cluster metadata", "tweets.raw")

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("Topic tweets.raw not found in cluster metadata")
