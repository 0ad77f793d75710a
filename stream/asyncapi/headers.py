"""The headers of each message as JSON Schema; on the wire they are text in UTF-8."""

from models.feedback import FeedbackReason
from models.tweets import Reason
from stream.asyncapi.messages import Message
from stream.asyncapi.schemas import Schema, text_schema
from stream.learning.archive import OFFSET, OFFSET_HEADER

_TRACEPARENT = "traceparent"
_DEAD_LETTER = "dead_letter"
_ONLINE_MODEL = "online_model"


def header_schema(message: Message) -> Schema:
    """Give the headers of a message; others may stand beside them.

    Those of messages that your own programs send are described and not required.
    """
    properties = _traced(message) | _event(message) | _own(message)
    optional = {*properties} if not message.ce_sources else {_TRACEPARENT}
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _traced(message: Message) -> dict[str, Schema]:
    if message.ce_sources and "worker" not in message.writers:
        return {}
    pattern = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
    return {_TRACEPARENT: text_schema("W3C Trace Context: the input's, or the worker's span of it.", pattern=pattern)}


def _event(message: Message) -> dict[str, Schema]:
    if not message.ce_type:
        return {}
    sources = {"enum": [*message.ce_sources]} if message.ce_sources else {}
    return {
        "ce_id": text_schema("A repeat after a crash has the same, where one is possible.", minLength=1),
        "ce_source": text_schema("Who says so.", **sources),
        "ce_type": text_schema("What happened.", const=message.ce_type),
        "ce_specversion": text_schema("Of CloudEvents.", const="1.0"),
        "content-type": text_schema("Of the value.", const=message.content_type),
    } | ({"model-version": text_schema("Of the model that this is about.")} if message.version_header else {})


def _own(message: Message) -> dict[str, Schema]:
    if message.name == _ONLINE_MODEL:
        text = "The last record of `tweets.feedback` that is in it."
        return {OFFSET_HEADER: text_schema(text, pattern=f"^{OFFSET.pattern.decode()}$")}
    if message.name != _DEAD_LETTER:
        return {}
    number = "^[0-9]+$"
    return {
        "reason": text_schema("Why it can't be used.", enum=[*Reason, *FeedbackReason]),
        "error": text_schema("What was seen and what is allowed; holds no text of a tweet."),
        "topic": text_schema("Where the record came from."),
        "partition": text_schema("The same.", pattern=number),
        "offset": text_schema("The same.", pattern=number),
        "time": text_schema("When it was refused, ISO 8601 in UTC."),
        "attempt": text_schema("How often it has been tried.", pattern=number),
    }
