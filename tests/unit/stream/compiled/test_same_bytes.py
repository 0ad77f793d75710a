"""The compiled way gives the bytes of the plain way, whatever the records are, and takes nearly all of a real feed."""

import json
import zlib
from collections.abc import Iterable, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.settings import ProjectSettings, TopicSettings
from models.compiled.layout import PackedTexts, Texts
from models.predictions import ANSWERERS, Columns, OpinionColumns, Opinions, Predictions
from models.predictor import pretrained_predictor
from models.records import ModelVersion, Tweet
from models.selection import Selection
from models.taxonomy import LABELS, SENTIMENTS
from stream.compiled.reading import CompiledReader
from stream.compiled.unpacking import load_unpack
from stream.feed.files import read_records
from stream.fetched import OFFSET, FetchedRecords
from stream.reading import PlainReading
from stream.topics import declare_topics
from stream.tracing import HEADER
from stream.transport.stored_batches import KeptRecords, StoredBatch, records_of
from stream.worker.classify import Answer, classify

TOPICS = declare_topics(TopicSettings(prefix="t."))
FEED = ProjectSettings().data_dir / "feed.jsonl.gz"
TIME = 1_767_225_600.25
BATCH_BYTES = 3_000  # a few records each
COMPILED = CompiledReader(max_batch_bytes=BATCH_BYTES)
TOP_K = 3


class TextTeller:
    """Implements `TextPredictor` with answers that tell which text was asked for."""

    model = ModelVersion('na"me', "7", 12)

    def __init__(self, *, has_opinions: bool = True, abstain_below: float = 0.3) -> None:
        self._has_opinions = has_opinions
        self._abstain_below = abstain_below

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        return self._predict([tweet.text.encode().replace(b"\0", b"\1") for tweet in tweets])

    def predict_texts(self, texts: Texts) -> Predictions:
        assert isinstance(texts, PackedTexts)
        return self._predict(texts.content.tobytes().split(b"\0")[: texts.count])

    def _predict(self, texts: list[bytes]) -> Predictions:
        seeds = np.array([zlib.crc32(text) for text in texts], dtype=np.int64)
        scores = np.stack([seeds // 7 % 1_000_001, seeds // 11 % 10, seeds // 13 % 1_000_001], axis=-1) / 1e6
        columns = Columns(
            labels=np.stack([(seeds + place) % len(LABELS) for place in range(TOP_K)], axis=-1).reshape(-1, TOP_K),
            label_scores=scores.reshape(-1, TOP_K),
            sentiments=seeds // 3 % len(SENTIMENTS),
            sentiment_scores=(seeds // 17 % 2_000_001 - 1_000_000) / 1e6,
            answerers=seeds // 5 % len(ANSWERERS),
            sentiment_answerers=seeds // 23 % len(ANSWERERS),
        )
        opinions = Opinions(*(self._opinion(seeds // number) for number in (29, 31))) if self._has_opinions else None
        return Predictions(columns, model=self.model, abstain_below=self._abstain_below, opinions=opinions)

    def _opinion(self, seeds: Any) -> OpinionColumns:
        return OpinionColumns(seeds % 2, seeds % 101 / 1e6, seeds // 3 % 2, -(seeds % 101) / 1e6)


def records(values: Iterable[bytes | None], headers: Sequence[Sequence[tuple[str, bytes]]] = ()) -> list[Any]:
    own = dict(enumerate(headers))
    return [
        SimpleNamespace(key=b"key", value=value, headers=own.get(place, ()), offset=7 * place + 99_998)
        for place, value in enumerate(values)
    ]


def as_fetched(chunk: list[Any]) -> Any:
    """Give the same records as they come from Kafka: bytes of a batch, of which no object is made."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10**9)
    for place, record in enumerate(chunk):
        builder.append(place, 0, record.key, record.value, list(record.headers))
    batch, stored = KeptRecords(bytes(builder.build())).next_stored()
    fetched = records_of([StoredBatch(batch, stored, wanted_from=0)], load_unpack())
    assert isinstance(fetched, FetchedRecords)
    fetched.table[OFFSET] = [record.offset for record in chunk]
    return fetched


def framed(answer: Answer) -> list[tuple[str, list[bytes]]]:
    return [
        (outputs.topic, [batch.content for batch in outputs.batches(timestamp_ms=5, max_bytes=BATCH_BYTES)])
        for outputs in answer.outputs
    ]


def both_ways(chunk: list[Any], predictor: Any, **more: Any) -> tuple[Answer, Answer]:
    plain, compiled = (
        classify(records, partition=3, topics=TOPICS, predictor=predictor, time=TIME, read_texts=way, **more)
        for records, way in ((chunk, PlainReading), (as_fetched(chunk) if chunk else chunk, COMPILED))
    )
    return plain, compiled


def assert_same(chunk: list[Any], predictor: Any = None) -> None:
    plain, compiled = both_ways(chunk, predictor or TextTeller())
    assert framed(compiled) == framed(plain)
    assert (compiled.classified, compiled.refused) == (plain.classified, plain.refused)


# JSON as other programs may write it: any spaces, escapes, order of members, nesting, and members that nobody reads.
spaces = st.sampled_from(["", "", "", " ", "\n", "\t\r "])
characters = st.characters() | st.sampled_from('$$$"\\/\n\0\x1f\x7f aZ._09\u2028é🚀\ud83d\U00020000٣²')
texts = st.text(characters, max_size=30)
cashtags = st.from_regex(r"\$?[$ é🚀.]?\$[A-Za-z]{1,8}[._]?[A-Za-z]{0,4}[$ é🚀.1_a]?", fullmatch=True)
tweet_texts = texts | st.lists(cashtags | texts, max_size=4).map("".join)
numbers = st.sampled_from(
    ["0", "-0", "1.50", "1e5", "-1E-7", "12345678901234567890123", "01", "1.", ".5", "+1", "1e", "-", "NaN", "1e999"]
)
moments = st.sampled_from(
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789+01:00", "2026-01-02T03:04:05.1-0130"]
) | st.text("0123456789-+:.TZ", max_size=30)
ids = st.from_regex(r"[0-9]{1,20}", fullmatch=True) | texts


@st.composite
def strings(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    """Write a string with a way of escaping drawn for each character."""
    written = []
    for character in draw(values):
        way = draw(st.integers(0, 5))
        if way == 0:
            written.append(json.dumps(character)[1:-1])
        elif way == 1 and character in '/"\\':
            written.append("\\" + character)
        elif character in '"\\' or character < " ":
            written.append(json.dumps(character)[1:-1] if way < 5 else character)
        else:
            written.append(character)
    return '"' + "".join(written) + '"'


values = st.recursive(
    numbers | st.sampled_from(["true", "false", "null", "NULL", ""]) | strings(texts),
    lambda inner: (
        st.tuples(spaces, st.lists(inner, max_size=3)).map(
            lambda drawn: f"[{drawn[0]}{(',' + drawn[0]).join(drawn[1])}]"
        )
        | st.lists(st.tuples(strings(texts), inner), max_size=3).map(
            lambda members: "{" + ",".join(f"{name} :{value}" for name, value in members) + "}"
        )
    ),
    max_leaves=8,
)


@st.composite
def objects(draw: st.DrawFn, members: st.SearchStrategy[tuple[str, str]], most: int = 6) -> str:
    space = draw(spaces)
    drawn = draw(st.lists(members, max_size=most))
    return "{" + space + ("," + space).join(f"{name}{space}:{space}{value}" for name, value in drawn) + space + "}"


def member(name: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.just(f'"{name}"'), value)


tags = st.text("ABCdef019._-$é\\n", max_size=6)
entities = objects(
    member(
        "cashtags",
        st.lists(objects(member("tag", strings(tags)) | member("start", numbers), 3), max_size=4).map(
            lambda drawn: "[" + ", ".join(drawn) + "]"
        )
        | values,
    )
    | member("hashtags", values),
    3,
)
fields = (
    member("id", strings(ids))
    | member("text", strings(tweet_texts))
    | member("created_at", strings(moments) | st.just("null"))
    | member("entities", entities | values)
    | member("tex\\u0074", strings(tweet_texts))
    | st.tuples(strings(texts), values)
)
anything = objects(fields) | objects(fields | member("data", objects(fields) | values)) | values


@st.composite
def right_tweets(draw: st.DrawFn) -> str:
    """Write a tweet that has all it needs, most of the time."""
    its = [
        *draw(st.lists(st.tuples(strings(texts), values), max_size=2)),
        draw(member("id", st.from_regex(r'"[0-9]{1,19}"', fullmatch=True))),
        draw(member("text", strings(tweet_texts))),
        *draw(st.lists(member("entities", entities), max_size=1)),
        *draw(st.lists(member("created_at", strings(moments) | st.just("null")), max_size=1)),
    ]
    order = draw(st.permutations(its))
    space = draw(spaces)
    written = space + "{" + ("," + space).join(f"{name}:{space}{value}" for name, value in order) + "}" + space
    return f'{{"data":{written},"matching_rules":[]}}' if draw(st.booleans()) else written


def in_bytes(written: str) -> bytes:
    return written.encode("utf-8", "surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = bytearray(in_bytes(draw(right_tweets())))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        content[place : place + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


chunks = st.lists(st.none() | anything.map(in_bytes) | right_tweets().map(in_bytes) | damaged(), max_size=8)
TWEET = b'{"id":"1","text":"up"}'


@settings(deadline=None)
@given(chunks)
@example([])
@example([TWEET, None, b"", b'{"id":"1","text":"\\u0000"}', TWEET])
@example([b'{"data":null,"id":"1","text":"up"}', b'{"id":"1","data":{"id":"2","text":"up"}}'])
@example([b'{"id":"1","text":"up","entities":{"cashtags":[{"tag":"A_B"},{"tag":"a_b"},{"tag":"A.B"}]}}'])
@example([b'{"id":"1","text":"$BRK_B $brk.b $BRK.B"}'])
@example(['{"id":"1","text":"\U00020000$A $B\U00020000"}'.encode(), TWEET])
@example([b'{"id":"1","text":"%b"}' % (b"x" * 25_001), b'{"id":"1","text":"%b"}' % (b"x" * 25_000)])
@example([b'{"id":"1","text":"up","a":%b}' % (b"[" * depth + b"]" * depth) for depth in (59, 60, 61, 2_000)])
@example([b'{"id":"1","text":"up","entities":{"cashtags":[%b]}}' % b",".join([b'{"tag":"A"}'] * n) for n in (64, 65)])
def test_chunks_are_answered_with_the_same_bytes(chunk: list[bytes | None]) -> None:
    assert_same(records(chunk))


@settings(deadline=None)
@given(st.lists(right_tweets().map(in_bytes), min_size=1, max_size=6))
def test_tweets_are_answered_with_the_same_bytes_without_opinions(chunk: list[bytes]) -> None:
    assert_same(records(chunk), TextTeller(has_opinions=False, abstain_below=0))


@settings(deadline=None)
@given(st.lists(st.sampled_from([(), (("other", b"1"),), ((HEADER, b""),), ((HEADER, b"00-1"),)]), max_size=6))
def test_traces_go_on_in_the_headers_of_both_answers(headers: list[Sequence[tuple[str, bytes]]]) -> None:
    assert_same(records([TWEET] * len(headers), headers))


def test_tweets_chosen_for_labelling_are_the_same() -> None:
    values = [b'{"id":"%d","text":"tweet \\u0041 %d"}' % (number, number) for number in range(50)]

    outcomes = both_ways(
        records([*values, b"{", b'{"id":"7","text":"\\ud800\\udc00$A"}']), TextTeller(), selection=None
    )
    chosen = [
        classify(
            records(values),
            partition=3,
            topics=TOPICS,
            predictor=TextTeller(),
            time=TIME,
            selection=Selection(per_minute=100_000, random_share=1, uncertain_share=0),
            read_texts=way,
        )
        for way in (PlainReading, COMPILED)
    ]

    assert framed(outcomes[0]) == framed(outcomes[1])
    assert chosen[1].to_label == chosen[0].to_label == {"random": 50}
    assert framed(chosen[0]) == framed(chosen[1])


def test_a_predictor_that_needs_more_than_texts_is_answered_the_plain_way() -> None:
    teller = TextTeller()
    needs_tweets = SimpleNamespace(predict=teller.predict, model=teller.model)

    plain, compiled = both_ways(records([TWEET]), needs_tweets)

    assert framed(compiled) == framed(plain)


@pytest.mark.parametrize(
    "value",
    [
        TWEET,
        b' {\n"text" : "a \\"b\\" \\u00e9 \\ud83d\\ude80", "x": [1, {"y": [null, true, -1.5e3]}], "id": "12" }\n',
        b'{"data":{"id":"1","text":"up","entities":{"cashtags":[{"start":0,"tag":"AAPL"}]}},"includes":{"users":[]}}',
        '{"id":"1","text":"$AAPL…","created_at":"2026-01-02T03:04:05.000Z"}'.encode(),
    ],
)
def test_usual_tweets_are_taken(value: bytes) -> None:
    assert COMPILED.takes([value]) == 1


@pytest.mark.skipif(not FEED.exists(), reason=f"{FEED} is not there: set TICKERTAPE_DATA_DIR to a folder that has it")
def test_real_tweets_are_taken_and_answered_with_the_same_bytes() -> None:
    values = [value for _, value in islice(read_records(str(FEED), file_format="jsonl"), 20_000)]
    predictor = pretrained_predictor(TOP_K)

    for start in range(0, len(values), 500):
        assert_same(records(values[start : start + 500]), predictor)

    assert COMPILED.takes(values) >= 0.995 * len(values)
