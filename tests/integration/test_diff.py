"""A part of the input topic, read by its offsets and compared."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import BrokerError
from stream.kafka.connection import KafkaConnection
from stream.kafka.ranges import RangeReader
from tickertape import main

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in conftest.py, which tests can't import
COUNT = 40


@pytest.fixture
def sent(cluster: Cluster) -> dict[tuple[int, int], bytes]:
    """Tweets on all partitions: partition and offset -> value."""
    values = [json.dumps({"id": str(number), "text": f"$TSLA up {number}"}).encode() for number in range(COUNT)]
    places = cluster.publish([(str(number).encode(), value) for number, value in enumerate(values)])
    return dict(zip(places, values, strict=True))


def read(cluster: Cluster, start: dict[int, int], end: dict[int, int] | None) -> list[bytes | None]:
    reader = RangeReader(
        KafkaConnection(cluster.servers),
        cluster.topics.raw.name,
        start=start,
        end=end,
        isolation_level="read_committed",
    )
    return [record.value for records in reader.records() for record in records]


def test_range_gives_exactly_its_records(cluster: Cluster, sent: dict[tuple[int, int], bytes]) -> None:
    found = read(cluster, {0: 1, 1: 2}, {0: 4, 1: 2})

    assert found == [sent[0, 1], sent[0, 2], sent[0, 3]]


def test_range_without_an_end_goes_to_what_is_there(cluster: Cluster, sent: dict[tuple[int, int], bytes]) -> None:
    found = read(cluster, dict.fromkeys(range(4), 0), None)

    assert sorted(value or b"" for value in found) == sorted(sent.values())


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ({9: 0}, None, "has no partition 9"),
        ({0: 0}, {0: 1_000_000}, "holds the offsets 0 to"),
        ({0: 3}, {0: 2}, "asked for were 3 to 2"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_range_that_is_not_there_is_refused(
    cluster: Cluster, start: dict[int, int], end: dict[int, int] | None, message: str
) -> None:
    with pytest.raises(BrokerError, match=message):
        read(cluster, start, end)


def test_command_compares_the_range(
    cluster: Cluster,
    sent: dict[tuple[int, int], bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", cluster.servers)
    monkeypatch.setenv("TOPICS_PREFIX", cluster.prefix)
    monkeypatch.setenv("TICKERTAPE_HOME", str(tmp_path))

    code = main(["diff", "pretrained", "pretrained", "--from", "0:0,1:0,2:0,3:0", "--json"])

    assert code == 0
    assert json.loads(capsys.readouterr().out)["tweets"] == len(sent)
