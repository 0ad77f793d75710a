"""The AsyncAPI document: topics as channels, records as messages, processes as operations."""

from typing import Any

from stream.asyncapi.headers import header_schema
from stream.asyncapi.messages import MESSAGES, Message
from stream.asyncapi.payloads import component_schemas, payload_schema
from stream.topics import LATEST_OF_KEY, Topics, TopicSpec

VERSION = "1"
"""Of the messages; another one breaks readers, as the `.v1` of their types says."""
KAFKA_BINDING = "0.5.0"
_DESCRIPTION = (
    "What Tickertape reads from Kafka and writes to it. Values are JSON in UTF-8 where nothing else is said; headers are "
    "CloudEvents 1.0 in Kafka's binary mode, as text. Readers pass over fields and headers that they do not know."
)


def asyncapi_document(topics: Topics, *, bootstrap_servers: str) -> dict[str, Any]:
    """Describe the topics in AsyncAPI 3.0.

    Args:
        topics: as the settings name and keep them.
        bootstrap_servers: comma-separated host:port list.
    """
    hosts = [host.strip() for host in bootstrap_servers.split(",")]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tickertape", "version": VERSION, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {f"kafka{number or ''}": {"host": host, "protocol": "kafka"} for number, host in enumerate(hosts)},
        "channels": {name: _channel(name, getattr(topics, name)) for name in _channel_names()},
        "operations": _operations(),
        "components": {
            "messages": {message.name: _message(message) for message in MESSAGES},
            "schemas": component_schemas(),
        },
    }


def _channel_names() -> list[str]:
    return list(dict.fromkeys(message.topic for message in MESSAGES))


def _channel(name: str, topic: TopicSpec) -> dict[str, Any]:
    kept: dict[str, Any] = (
        {"cleanup.policy": ["compact"]}
        if topic.retention_ms == LATEST_OF_KEY
        else {"cleanup.policy": ["delete"], "retention.ms": topic.retention_ms}
    )
    if topic.max_message_bytes is not None:
        kept["max.message.bytes"] = topic.max_message_bytes
    return {
        "address": topic.name,
        "messages": {
            message.name: {"$ref": f"#/components/messages/{message.name}"}
            for message in MESSAGES
            if message.topic == name
        },
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "replicas": topic.replication_factor,
                "topicConfiguration": kept,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "name": message.name,
        "title": message.name.replace("_", " "),
        "summary": message.summary,
        "contentType": message.content_type,
        "headers": header_schema(message),
        "payload": payload_schema(message),
        "bindings": {"kafka": {"key": {"type": "string", "description": message.key}, "bindingVersion": KAFKA_BINDING}},
    }


def _operations() -> dict[str, Any]:
    """Give what each process does with each topic; `you` are the programs of others."""
    found: dict[str, Any] = {}
    for message in MESSAGES:
        for action, verb, processes in (("receive", "reads", message.readers), ("send", "writes", message.writers)):
            for process in processes:
                channel = f"#/channels/{message.topic}"
                operation = found.setdefault(
                    f"{process}_{verb}_{message.topic}",
                    {"action": action, "channel": {"$ref": channel}, "messages": []},
                )
                operation["messages"].append({"$ref": f"{channel}/messages/{message.name}"})
    return dict(sorted(found.items()))
