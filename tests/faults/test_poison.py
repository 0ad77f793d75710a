"""Ten thousand records that are no tweets, of every kind, among good ones: each is told from the others, and nothing stops."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient

from models.errors import MalformedRecordError
from models.tweets import Reason
from stream.codecs import decode_tweet
from stream.feed.malformed import spoil
from stream.kafka.connection import KafkaConnection
from stream.topics import ensure_topics

pytestmark = pytest.mark.integration

Cluster = Any  # the fixtures' own classes stand in the conftest.py of tests/integration
StartWorker = Callable[..., Any]
Headers = list[tuple[str, bytes | None]]

GOOD_EVERY = 5
LARGE, LARGE_COUNT = 60_000, 8  # bytes from which on a kind comes only so often
START = b'{"id":"1","text":"$AAPL up"'
DEEP = 100_000
LIMIT_SECONDS = 3


class Sent(NamedTuple):
    """A record of the input, and why it must be refused; None where our rules let it be a tweet."""

    value: bytes | None
    reason: Reason | None
    key: bytes | None = b"1"
    headers: Headers | None = None


# What is right of each is written down here, and not asked of the decoder.
KINDS: dict[str, tuple[bytes | None, Reason | None]] = {
    "nothing": (b"", Reason.INVALID_JSON),
    "tombstone": (None, Reason.NULL_VALUE),
    "null": (b"null", Reason.NOT_AN_OBJECT),
    "number": (b"42", Reason.NOT_AN_OBJECT),
    "text": (b'"tweet"', Reason.NOT_AN_OBJECT),
    "list of a tweet": (b"[" + START + b"}]", Reason.NOT_AN_OBJECT),
    "list without an end": (b"[" * DEEP, Reason.NOT_AN_OBJECT),
    "empty object": (b"{}", Reason.MISSING_FIELD),
    "no data": (b'{"data":null}', Reason.MISSING_FIELD),
    "list of data": (b'{"data":[]}', Reason.WRONG_TYPE),
    "byte order mark": (b"\xef\xbb\xbf" + START + b"}", Reason.INVALID_JSON),
    "UTF-16": ((START + b"}").decode().encode("utf-16"), Reason.NOT_UTF8),
    "gzip": (gzip.compress(START + b"}", mtime=0), Reason.NOT_UTF8),
    "overlong slash": (b'{"id":"1","text":"\xc0\xaf"}', Reason.NOT_UTF8),
    "surrogate as bytes": (b'{"id":"1","text":"a\xed\xa0\x80b"}', Reason.NOT_UTF8),
    "surrogate as bytes where nobody reads": (START + b',"x":"\xed\xa0\x80"}', Reason.NOT_UTF8),
    "half a surrogate pair": (b'{"id":"1","text":"a\\ud83db"}', Reason.INVALID_JSON),
    "the other half": (b'{"id":"1","text":"a\\udc00b"}', Reason.INVALID_JSON),
    "NUL as a byte": (b'{"id":"1","text":"a\x00b"}', Reason.INVALID_JSON),
    "control character": (b'{"id":"1","text":"a\x1fb"}', Reason.INVALID_JSON),
    "unknown escape": (b'{"id":"1","text":"\\x41"}', Reason.INVALID_JSON),
    "not a number": (START + b',"x":NaN}', Reason.INVALID_JSON),
    "something behind the end": (START + b"}}", Reason.INVALID_JSON),
    "two tweets": (START + b"}\n" + START + b"}", Reason.INVALID_JSON),
    "comma too many": (START + b",}", Reason.INVALID_JSON),
    "JavaScript": (b"{id:'1',text:'a'}", Reason.INVALID_JSON),
    "deep lists": (START + b',"x":' + b"[" * DEEP + b"]" * DEEP + b"}", Reason.INVALID_JSON),
    "deep objects": (START + b',"x":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}", Reason.INVALID_JSON),
    "deep text": (b'{"id":"1","text":' + b"[" * DEEP + b"]" * DEEP + b"}", Reason.WRONG_TYPE),
    "number as id": (b'{"id":1,"text":"a"}', Reason.WRONG_TYPE),
    "huge number as id": (b'{"id":1e999,"text":"a"}', Reason.WRONG_TYPE),
    "five thousand digits as id": (b'{"id":' + b"9" * 5_000 + b',"text":"a"}', Reason.WRONG_TYPE),
    "long id": (b'{"id":"' + b"9" * 20 + b'","text":"a"}', Reason.INVALID_ID),
    "digits of another script": ('{"id":"\u0661\u0662","text":"a"}'.encode(), Reason.INVALID_ID),
    "white space as text": ('{"id":"1","text":"\u00a0\u2003"}'.encode(), Reason.EMPTY_TEXT),
    "empty text behind a good one": (b'{"id":"1","text":"a","text":""}', Reason.EMPTY_TEXT),
    "a megabyte of text": (b'{"id":"1","text":"' + b"a" * 1_000_000 + b'"}', Reason.TEXT_TOO_LONG),
    # Odd, but tweets.
    "NUL as an escape": (b'{"id":"1","text":"$AAPL\\u0000up"}', None),
    "same key twice": (b'{"id":"x","id":"1","text":"","text":"$AAPL up"}', None),
    "huge number where nobody reads": (START + b',"x":1e999999,"y":' + b"9" * 10_000 + b"}", None),
    "a megabyte where nobody reads": (START + b',"x":"' + b"a" * 1_000_000 + b'"}', None),
    "fifty thousand keys": (START + b"".join(b',"k%d":1' % number for number in range(50_000)) + b"}", None),
    "data and flat": (b'{"data":{"id":"1","text":"$AAPL up"},"id":"x","text":""}', None),
    "escaped key": (b'{"\\u0069d":"1","text":"$AAPL up"}', None),
    "white space around": (b" \r\n\t" + START + b"} \n", None),
}
HEADERS: list[Headers] = [
    [],
    [("traceparent", b"\xff\x00")],
    [("traceparent", None)],
    [("attempt", b"-1")],
    [("attempt", b"9" * 400)],
    [("attempt", None)],
    [("ce_id", b"tweets.raw-0-0"), ("ce_id", None), ("ce_type", b"x" * 5_000)],
    [("h" * 2_000, b"\x00" * 2_000)],
    [("many", b"1")] * 300,
]


def good(number: int) -> bytes:
    return json.dumps({"id": str(number), "text": f"$AAPL beats Q{number} estimates"}).encode()


def poison(random: Random) -> Iterator[Sent]:
    """Give records of every kind without end; the large ones a few times."""
    tweet = {
        "id": "2007000000000000001",
        "text": "$AAPL Apple beats estimates",
        "created_at": "2026-01-05T14:30:00.000Z",
    }
    left = dict.fromkeys(KINDS, LARGE_COUNT)
    while True:
        for name, (value, reason) in KINDS.items():
            if value is None or len(value) < LARGE or left[name]:
                left[name] -= 1
                yield Sent(value, reason)
        for reason in Reason:
            yield Sent(spoil(tweet, reason, random), reason)
        for _ in range(20):
            yield fuzzed(json.dumps(tweet).encode(), random)
        yield Sent(b"\xff" + random.randbytes(random.randrange(2_000)), Reason.NOT_UTF8, key=random.randbytes(40))


def fuzzed(value: bytes, random: Random) -> Sent:
    """Change some bytes of a tweet; what comes of it, nobody can tell beforehand, so the decoder is asked here."""
    changed = bytearray(value)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(changed))
        changed[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
    try:
        decode_tweet(bytes(changed))
    except MalformedRecordError as exc:
        return Sent(bytes(changed), Reason(exc.reason))
    return Sent(bytes(changed), None)


def mixed(count: int, random: Random) -> Iterator[Sent]:
    """Give so many poisonous records with good tweets between them, and odd headers on both."""
    for number, bad in enumerate(islice(poison(random), count)):
        yield bad._replace(headers=random.choice(HEADERS))
        if number % GOOD_EVERY == 0:
            yield Sent(good(number), None, headers=random.choice(HEADERS))


async def publish(cluster: Cluster, records: Iterator[Sent]) -> dict[tuple[int, int], Sent]:
    """Send to the partitions in turn; gives what stands at each partition and offset."""
    producer = AIOKafkaProducer(bootstrap_servers=cluster.servers, max_request_size=2_000_000, linger_ms=5)
    await producer.start()
    sent = list(records)
    futures = [
        await producer.send(
            cluster.topics.raw.name, key=one.key, value=one.value, headers=one.headers or [], partition=number % 4
        )
        for number, one in enumerate(sent)
    ]
    places = await asyncio.gather(*futures)
    await producer.stop()
    return {(place.partition, place.offset): one for place, one in zip(places, sent, strict=True)}


def origin(row: Any) -> tuple[int, int]:
    partition, offset = row.headers["ce_id"].decode().rsplit("-", 2)[1:]
    return int(partition), int(offset)


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_every_poisonous_record_is_told_from_the_tweets_and_nothing_stops(
    cluster: Cluster, start_worker: StartWorker, count: int
) -> None:
    worker = start_worker()

    sent = await publish(cluster, mixed(count, Random(count)))
    cluster.wait_until_answered(len(sent))

    letters = {origin(row): row for row in cluster.read(cluster.topics.dead_letter.name)}
    wrong = {place: one.reason for place, one in sent.items() if one.reason}
    assert {place: row.headers["reason"].decode() for place, row in letters.items()} == wrong
    assert set(wrong.values()) == set(Reason)
    assert [
        place for place, row in letters.items() if (row.key, row.value) != (sent[place].key, sent[place].value)
    ] == []
    classified = {origin(row) for row in cluster.read(cluster.topics.classified.name)}
    assert classified == sent.keys() - wrong.keys()
    assert cluster.fault() == ""
    assert worker.stop() == 0
    assert worker.log.count("partitions_assigned") == 1
    assert "Traceback" not in worker.log


def test_worker_without_a_topic_for_dead_letters_waits_says_so_and_loses_nothing(
    cluster: Cluster, start_worker: StartWorker
) -> None:
    worker = start_worker(STREAM_STALL_SECONDS=LIMIT_SECONDS, ONLINE_ENABLED="false")
    cluster.publish([(b"1", good(1)), (b"2", b"{")])
    cluster.wait_until_answered(2)
    start = cluster.ends(cluster.topics.raw.name)

    admin = KafkaAdminClient(bootstrap_servers=cluster.servers)
    admin.delete_topics([cluster.topics.dead_letter.name])
    admin.close()
    cluster.publish([(b"3", b"{"), *((b"4", good(number)) for number in range(100))])
    worker.wait_for("worker_waits_for_kafka")
    ensure_topics(KafkaConnection(cluster.servers), (cluster.topics.dead_letter,))
    cluster.wait_until_right(start=start)

    assert f"worker_waits_for_kafka topics=['{cluster.topics.dead_letter.name}']" in worker.log
