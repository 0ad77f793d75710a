"""The AsyncAPI document is one, and names what is set."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from config.settings import TopicSettings
from stream.asyncapi.document import asyncapi_document
from stream.topics import Topics, declare_topics
from tests.contract.asyncapi_records import (
    DOCUMENT,
    ROOT,
    TOPICS,
)
from tickertape import main


def test_document_is_asyncapi_3() -> None:
    with gzip.open(ROOT / "tests" / "data" / "asyncapi" / "3.0.0.json.gz") as stream:
        official = jsonschema.Draft7Validator(json.load(stream))

    assert [error.message for error in official.iter_errors(DOCUMENT)] == []
    assert [*official.iter_errors({**DOCUMENT, "operations": {"a": {"action": "read"}}})] != []


def test_document_of_the_documentation_is_that_of_the_default_settings() -> None:
    committed = json.loads((ROOT / "docs" / "reference" / "asyncapi.json").read_text(encoding="utf-8"))

    assert committed == DOCUMENT, "write it anew: tickertape asyncapi > docs/reference/asyncapi.json"


def test_every_topic_is_a_channel_with_its_name_and_how_it_is_kept() -> None:
    channels = DOCUMENT["channels"]

    assert set(channels) == set(Topics.__dataclass_fields__)
    assert {channel["address"] for channel in channels.values()} == {topic.name for topic in TOPICS.all}
    assert channels["online"]["bindings"]["kafka"]["topicConfiguration"] == {
        "cleanup.policy": ["compact"],
        "max.message.bytes": 8_388_608,
    }
    assert channels["feedback"]["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] == -1


def test_names_and_servers_are_those_that_are_set() -> None:
    topics = declare_topics(TopicSettings(prefix="desk.", raw="in"))

    document = asyncapi_document(topics, bootstrap_servers="a:9092, b:9093")

    assert document["channels"]["raw"]["address"] == "desk.in"
    assert [server["host"] for server in document["servers"].values()] == ["a:9092", "b:9093"]


def test_command_writes_the_document_with_the_names_that_are_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOPICS_PREFIX", "desk.")

    code = main(["asyncapi"])

    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["channels"]["drift"]["address"] == "desk.tweets.drift"
    assert document["components"] == DOCUMENT["components"]


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from (value for name, value in part.items() if name == "$ref")
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from references(inner)

    found = set(references(DOCUMENT))

    for one in found:
        part = DOCUMENT
        for name in one.removeprefix("#/").split("/"):
            part = part[name]
    assert len(found) > 60
