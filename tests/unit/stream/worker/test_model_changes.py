import logging

import pytest

from models.records import ModelChange
from stream.kafka.connection import KafkaConnection
from stream.worker.model_changes import change_headers, publish_change

CHANGE = ModelChange("refused", "tickertape", "3", "2", ("the sha256 is another",), "2026-01-01T00:00:00.000Z")


def test_headers_are_cloudevents_and_each_change_has_an_id_of_its_own() -> None:
    first, second = dict(change_headers(CHANGE)), dict(change_headers(CHANGE))

    assert first["ce_type"] == b"tickertape.model.refused.v1"
    assert (first["ce_source"], first["ce_specversion"]) == (b"/tickertape/worker", b"1.0")
    assert (first["content-type"], first["model-version"]) == (b"application/json", b"3")
    assert first["ce_id"] != second["ce_id"]


@pytest.mark.parametrize("servers", ["127.0.0.1:9", "nonsense"])
def test_change_that_kafka_does_not_take_is_a_log_line(servers: str, caplog: pytest.LogCaptureFixture) -> None:
    publish_change(CHANGE, topic="tweets.metrics", kafka=KafkaConnection(servers), timeout_seconds=0.2)

    (record,) = [record for record in caplog.records if record.name == "stream.worker.model_changes"]
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "model_change_not_published")
