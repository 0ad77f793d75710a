"""Records as a consumer reads them, and what the AsyncAPI document says against them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
from aiokafka.record.memory_records import MemoryRecords
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from config.settings import TopicSettings
from stream.asyncapi.document import asyncapi_document
from stream.asyncapi.messages import MESSAGES, Message
from stream.framing import Outputs
from stream.topics import declare_topics

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden.jsonl"
TOPICS = declare_topics(TopicSettings.model_construct())
DOCUMENT = asyncapi_document(TOPICS, bootstrap_servers="127.0.0.1:9092")
URI = "urn:asyncapi"
REGISTRY = Registry().with_resource(URI, Resource(DOCUMENT, DRAFT7))
NOW = "2026-01-31T09:30:00.412Z"
OF_JSON = [message for message in MESSAGES if message.record is not None]


@dataclass(frozen=True)
class Record:
    """A record as a consumer reads it; its channel is the topic's name in the document."""

    channel: str
    key: bytes | None
    value: bytes | None
    headers: dict[str, str]

    def shown(self) -> dict[str, Any]:
        """As the file of golden records has it; an id that is another each time is left out."""
        headers = {name: text for name, text in self.headers.items() if name != "ce_id" or len(text) != 32}
        texts = [None if part is None else part.decode() for part in (self.key, self.value)]
        return {"channel": self.channel, "key": texts[0], "headers": headers, "value": texts[1]}


def absolute(schema: Any) -> Any:
    """A part of the document whose references lead into the document."""
    if isinstance(schema, list):
        return [absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: URI + value if name == "$ref" and isinstance(value, str) else absolute(value)
        for name, value in schema.items()
    }


def validator(name: str, part: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(absolute(DOCUMENT["components"]["messages"][name][part]), registry=REGISTRY)


PAYLOADS = {message.name: validator(message.name, "payload") for message in MESSAGES}
HEADERS = {message.name: validator(message.name, "headers") for message in MESSAGES}


def misfits(record: Record, name: str) -> list[str]:
    """What is wrong with a record by the document's message of this name."""
    message = DOCUMENT["components"]["messages"][name]
    value = json.loads(record.value or b"null") if message["contentType"] == "application/json" else None
    errors = [*HEADERS[name].iter_errors(record.headers), *PAYLOADS[name].iter_errors(value)]
    return [f"{error.json_path}: {error.message}" for error in errors]


def message_of(record: Record) -> Message:
    """The message that a record is, by its channel and its type."""
    named = [message for message in MESSAGES if message.topic == record.channel]
    (found,) = [message for message in named if message.ce_type == record.headers.get("ce_type", "")]
    return found


def channel_of(topic: str) -> str:
    (name,) = [name for name, channel in DOCUMENT["channels"].items() if channel["address"] == topic]
    return str(name)


def texts(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


def read_back(outputs: Sequence[Outputs]) -> list[Record]:
    return [
        Record(channel_of(some.topic), record.key, record.value, texts(record.headers))
        for some in outputs
        for batch in some.batches(timestamp_ms=0, max_bytes=1_000_000)
        for record in MemoryRecords(batch.content).next_batch()
    ]
