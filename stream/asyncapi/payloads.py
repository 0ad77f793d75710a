"""The value of each message as JSON Schema."""

from stream.asyncapi.messages import MESSAGES, Message
from stream.asyncapi.schemas import Schema, record_schemas, reference

_TWEET = "tweet"
_FEEDBACK = "feedback"


def component_schemas() -> dict[str, Schema]:
    """Give the schemas that payloads refer to, by name."""
    return record_schemas([message.record for message in MESSAGES if message.record is not None])


def payload_schema(message: Message) -> Schema:
    """Give the value of a message."""
    if message.record is None:
        return {"description": f"{message.summary} Bytes, not JSON."}
    if message.name == _TWEET:
        return _tweet()
    record = reference(message.record)
    narrowed: dict[str, Schema] = {name: {"const": value} for name, value in message.constants.items()}
    if message.event is not None:
        narrowed["event"] = reference(message.event)
    if message.name == _FEEDBACK:
        some = [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("label", "sentiment")]
        return {"allOf": [record, {"anyOf": some}]}
    return {"allOf": [record, {"properties": narrowed}]} if narrowed else record


def _tweet() -> Schema:
    """Say what `stream.codecs.decode_tweet` takes: `data` wins where both shapes are there, and an id is needed."""
    record, fields = ({"$ref": f"#/components/schemas/{name}"} for name in ("TweetRecord", "TweetFields"))
    with_id = {"required": ["id"], "properties": {"id": {"type": "string"}}}
    return {
        "anyOf": [
            {
                "title": "in data",
                "allOf": [record, {"required": ["data"], "properties": {"data": {"type": "object", **with_id}}}],
            },
            {"title": "flat", "allOf": [fields, with_id, {"not": {"required": ["data"]}}]},
        ]
    }
