"""The AsyncAPI document takes what the processes take, and what they can write."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import MalformedRecordError
from models.feedback import Feedback
from models.taxonomy import Label, Sentiment
from stream.asyncapi.messages import Message
from stream.codecs import decode_feedback, decode_tweet, encode
from tests.contract.asyncapi_records import (
    NOW,
    OF_JSON,
    PAYLOADS,
)


def made(kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912  # a case for each type
    """Values of a type, within what its schema says beside."""
    inspect = msgspec.inspect
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=rules):
            return ruled(rules, inner)
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: made(field.type) for field in fields})
        case inspect.UnionType(types=types):
            return st.one_of([made(one) for one in types])
        case inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.VarTupleType(item_type=item):
            return st.lists(made(item), max_size=2).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(made, items))
        case inspect.ListType(item_type=item):
            return st.lists(made(item), max_size=2)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(made(key), made(value), max_size=2)
        case inspect.StrType(pattern=pattern) if pattern:
            return st.from_regex(pattern.strip("^$"), fullmatch=True)
        case inspect.StrType():
            return st.text(max_size=5)
        case inspect.IntType(ge=least):
            return st.integers(least if least is not None else -(2**53), 2**53)
        case inspect.FloatType(gt=above, le=most):
            return st.floats(above, most, exclude_min=above is not None, allow_nan=False, allow_infinity=False)
        case inspect.NoneType():
            return st.none()
    raise AssertionError(kind)


def ruled(rules: dict[str, Any], kind: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    match rules:
        case {"enum": values}:
            return st.sampled_from(values)
        case {"minimum": least, "maximum": most}:
            return st.floats(least, most)
        case {"minLength": least, "maxLength": most}:
            return st.text(min_size=least, max_size=min(most, 20)).filter(lambda text: not text.isspace())
        case {"pattern": pattern}:
            return st.from_regex(pattern.strip("^$"), fullmatch=True)
    raise AssertionError((rules, kind))


RECORDS = [message for message in OF_JSON if message.name != "tweet"]


@pytest.mark.parametrize("message", RECORDS, ids=lambda message: message.name)
@settings(deadline=None)  # how long it takes says nothing
@given(data=st.data())
def test_every_record_that_can_be_made_is_written_as_documented(message: Message, data: st.DataObject) -> None:
    assert message.record is not None
    record = data.draw(made(msgspec.inspect.type_info(message.record)))
    if message.event is not None:
        record = msgspec.structs.replace(record, event=data.draw(made(msgspec.inspect.type_info(message.event))))
    if isinstance(record, Feedback) and record.label is None:
        record = msgspec.structs.replace(record, sentiment=Sentiment.NEUTRAL)
    record = msgspec.structs.replace(record, **message.constants)

    value = encode(record)

    assert [error.message for error in PAYLOADS[message.name].iter_errors(json.loads(value))] == []
    assert msgspec.json.decode(value, type=message.record) == record


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3))
_FIELDS = {
    "text": st.one_of(st.sampled_from(["x", "", " ", "\x1c", "$A up"]), st.none(), st.integers()),
    "id": st.one_of(_SCALARS, st.from_regex(r"[0-9]{1,20}", fullmatch=True)),
    "created_at": st.one_of(_SCALARS, st.just(NOW), st.just("2026-01-31T09:30:00+0100"), st.just("2026-01-31")),
    "entities": st.one_of(
        _SCALARS, st.fixed_dictionaries({}, optional={"cashtags": st.one_of(_SCALARS, st.just([{"tag": "A"}]))})
    ),
    "lang": _SCALARS,
}
_TWEETS = st.fixed_dictionaries({}, optional=_FIELDS)
_RAW = st.one_of(
    _SCALARS,
    _TWEETS,
    st.fixed_dictionaries({"id": st.just("1"), "text": st.just("x")}, optional={"created_at": _FIELDS["created_at"]}),
    st.fixed_dictionaries({"data": st.one_of(_SCALARS, _TWEETS)}, optional=_FIELDS),
)


@settings(deadline=None)  # how long it takes says nothing
@given(_RAW)
def test_a_tweet_is_read_where_the_document_takes_it_and_refused_where_not(value: Any) -> None:
    assert is_read(decode_tweet, value) == PAYLOADS["tweet"].is_valid(value)


_FEEDBACK = st.fixed_dictionaries(
    {"tweet_id": st.sampled_from(["1", "x"]), "source": st.sampled_from(["desk", "", " ", "x" * 201])},
    optional={
        "label": st.one_of(_SCALARS, st.sampled_from([*Label])),
        "sentiment": st.one_of(_SCALARS, st.sampled_from([*Sentiment])),
        "text": _FIELDS["text"],
        "labelled_at": st.sampled_from([NOW, "", "2026-01-31"]),
        "note": _SCALARS,
    },
)


@settings(deadline=None)  # how long it takes says nothing
@given(st.one_of(_SCALARS, _FEEDBACK))
def test_feedback_is_read_where_the_document_takes_it_and_refused_where_not(value: Any) -> None:
    assert is_read(decode_feedback, value) == PAYLOADS["feedback"].is_valid(value)


def is_read(decode: Any, value: Any) -> bool:
    try:
        decode(json.dumps(value).encode())
    except MalformedRecordError:
        return False
    return True
