"""The AsyncAPI document says what the processes really write and read, to the byte."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from api.publisher import SOURCE
from config.settings import TopicSettings
from models.contest_records import ChallengerLead, ContestDecision, DriftAlarm
from models.errors import MalformedRecordError
from models.evaluation.intervals import Interval
from models.events import event_headers
from models.feedback import EVENT_TYPE, Feedback, LabelledTweet, Why
from models.online.corrections import StoredSnapshot
from models.online.prequential import Figure, HeadStandings, Standing
from models.online.report import LearningEvent, LearningReport
from models.records import ModelChange
from models.selection import Selection
from models.taxonomy import Label, Sentiment
from monitoring.drift.records import Cause, DriftEvent, Kind
from stream.asyncapi.document import asyncapi_document
from stream.asyncapi.messages import MESSAGES, Message
from stream.changes import change_headers
from stream.classify import classify
from stream.codecs import decode_feedback, decode_tweet, encode
from stream.dead_letters import refused
from stream.framing import Outputs
from stream.learning.writing import write_events, write_report, write_snapshot, write_verdicts
from stream.letters.marks import Mark, mark_headers
from stream.topics import Topics, declare_topics
from stream.watching.ledger import drift_headers
from tickertape import main

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


FIGURE = Figure(0.5, Interval(0.25, 0.75))
STANDING = Standing(20.0, FIGURE, FIGURE, FIGURE, {"Macro": 0.5, "IPO": None})
EVENTS = (
    ContestDecision("topic", "online", "batch", "it is better", 40),
    DriftAlarm("sentiment", 0.75, 0.5, 12.5, 41),
    ChallengerLead("topic", "online", "it is better", 42, "8"),
)
CAUSE = Cause(Kind.TEXT, "term", "tariff", "short", 0.002, 0.084, 3.1, (3.82, Interval(3.2, 4.41)), ("1",))


@pytest.fixture
def written(make_record: Any, make_raw_record: Any, fixed_predictor: Any, make_drift_event: Any) -> list[Record]:
    """At least one record of every message, as the processes write it."""
    tweet = make_record(41, headers=[("traceparent", b"00-" + b"ab" * 16 + b"-" + b"cd" * 8 + b"-01")])
    raw = Record("raw", b"1", tweet.value, texts(tweet.headers))
    answer = classify(
        [tweet, make_raw_record(value=b"{", offset=42)],
        partition=3,
        topics=TOPICS,
        predictor=fixed_predictor,
        time=1_767_225_600.25,
        selection=Selection(per_minute=100_000, random_share=1, uncertain_share=0),
    )
    given = Feedback("1", "desk-7", "2026-01-31T09:35:00Z", Label.EARNINGS, Sentiment.BULLISH)
    labelled = LabelledTweet("1", "up", Label.IPO, None, "desk-7", "2026-01-31T09:35:00Z", Why.RANDOM, 0.5, 7)
    unknown = refused(
        make_raw_record(value=encode(given), offset=8),
        MalformedRecordError("unknown_tweet", "it has no text"),
        topic=TOPICS.feedback.name,
        partition=0,
        time=1_767_225_600.25,
    )
    events = [LearningEvent("tickertape", "7", 40, event, NOW) for event in EVENTS]
    standings = HeadStandings({"batch": STANDING}, {"batch": STANDING})
    report = LearningReport("tickertape", "7", 40, {"topic": "online"}, {"topic": standings}, NOW)
    window: DriftEvent = make_drift_event(42, causes=(CAUSE,), opened=("term=tariff",))
    changes = [
        ModelChange(outcome, "tickertape", "8", "7", reasons, NOW)  # type: ignore[arg-type]  # both are outcomes
        for outcome, reasons in (("swapped", ()), ("refused", ("it fails",)))
    ]
    return [
        raw,
        *read_back(answer.outputs),
        Record("feedback", b"1", encode(given), texts(event_headers(source=SOURCE, kind=EVENT_TYPE))),
        *read_back(write_verdicts([labelled, unknown], topics=TOPICS, partition=0)),
        *read_back([write_snapshot(StoredSnapshot("ab12", 7, b"NumPy"), topics=TOPICS)]),
        *(Record("metrics", b"tickertape", encode(change), texts(change_headers(change))) for change in changes),
        Record(
            "redriven",
            b"tweets.raw-3-42",
            encode(Mark("3:0", "invalid_json", 2, NOW)),
            texts(mark_headers("tweets.raw-3-42", attempt=2)),
        ),
        *read_back(write_events(events, topics=TOPICS)),
        *read_back([write_report(report, topics=TOPICS)]),
        Record("drift", window.reference.encode(), encode(window), texts(drift_headers(window))),
    ]


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


def test_every_message_is_written_as_documented(written: list[Record]) -> None:
    found = {message_of(record).name: misfits(record, message_of(record).name) for record in written}

    assert found == {message.name: [] for message in MESSAGES}


def test_the_bytes_of_every_message_are_those_of_the_golden_records(written: list[Record]) -> None:
    golden = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]

    assert [record.shown() for record in written] == golden


def test_every_golden_record_is_read_and_written_back_to_the_same_bytes() -> None:
    for line in GOLDEN.read_text(encoding="utf-8").splitlines():
        golden = json.loads(line)
        record = Record(golden["channel"], None, golden["value"].encode(), golden["headers"])
        message = message_of(record)
        if message.record is not None and message.name != "tweet":
            assert encode(msgspec.json.decode(golden["value"], type=message.record)) == record.value


def test_record_without_one_of_its_fields_or_headers_is_refused(written: list[Record]) -> None:
    taken = []
    for record in written:
        name = message_of(record).name
        headers = DOCUMENT["components"]["messages"][name]["headers"]
        for header in headers.get("required", []):
            rest = {one: text for one, text in record.headers.items() if one != header}
            if not misfits(Record(record.channel, None, record.value, rest), name):
                taken.append(f"{name} without header {header}")
        if message_of(record).record is not None and name not in {"tweet", "feedback"}:
            fields = json.loads(record.value or b"")
            for field in fields:
                rest = {one: value for one, value in fields.items() if one != field}
                if PAYLOADS[name].is_valid(rest):
                    taken.append(f"{name} without {field}")

    assert taken == []


@pytest.mark.parametrize("value", [None, [], {}, "x", 1, {"id": None}, {"text": 1}, {"event": {"event": "none"}}])
@pytest.mark.parametrize("name", [message.name for message in OF_JSON])
def test_value_that_is_no_such_record_is_refused(name: str, value: Any) -> None:
    assert not PAYLOADS[name].is_valid(value)


@pytest.mark.parametrize(
    ("channel", "field", "value"),
    [
        ("classified", "label", "Sports"),
        ("classified", "label_score", 1.5),
        ("classified", "labels", {"Macro": -0.5}),
        ("classified", "sentiment", "up"),
        ("classified", "sentiment_score", -1.5),
        ("classified", "tickers", "AAPL"),
        ("classified", "classified_at", "yesterday"),
        ("sentiment", "sentiment_score", 2),
        ("to_label", "why", "because"),
        ("to_label", "probability", 0),
        ("feedback", "label", "Sports"),
        ("feedback", "source", " "),
        ("feedback", "tweet_id", "x"),
        ("feedback", "labelled_at", "2026-01-31"),
        ("labelled", "feedback_offset", -1),
        ("drift", "outcome", "maybe"),
        ("drift", "causes", [{}]),
        ("raw", "id", 7),
        ("raw", "text", " \n"),
        ("raw", "text", "x" * 25_001),
        ("raw", "created_at", "today"),
    ],
)
def test_hostile_value_of_a_field_is_refused(written: list[Record], channel: str, field: str, value: Any) -> None:
    record = next(record for record in written if record.channel == channel)
    fields = json.loads(record.value or b"") | {field: value}

    assert not PAYLOADS[message_of(record).name].is_valid(fields)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("ce_type", "tickertape.tweet.classified.v2"),
        ("ce_source", "/somebody"),
        ("ce_specversion", "0.3"),
        ("content-type", "text/plain"),
        ("traceparent", "00-ab-cd-01"),
    ],
)
def test_hostile_header_is_refused(written: list[Record], header: str, text: str) -> None:
    record = next(record for record in written if record.channel == "classified")

    assert not HEADERS["classified_tweet"].is_valid(record.headers | {header: text})


@pytest.mark.parametrize(("header", "text"), [("reason", "none"), ("offset", "-1"), ("attempt", "")])
def test_hostile_header_of_a_dead_letter_is_refused(written: list[Record], header: str, text: str) -> None:
    record = next(record for record in written if record.channel == "dead_letter")

    assert not HEADERS["dead_letter"].is_valid(record.headers | {header: text})


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
