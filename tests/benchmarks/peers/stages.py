"""Where our worker's time goes: each stage alone, in one process, on chunks of real tweets as a fetch brings them."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from peers.answering import TOP_K
from peers.feed import Feed

from config.settings import StreamSettings, TopicSettings
from models.predictor import pretrained_predictor
from models.records import utc_timestamp
from stream.classify import classify
from stream.codecs import decode_tweet
from stream.topics import declare_topics
from stream.writing import write_answers

TWEETS = 50_000
NO_ID = -1
NOW = 1_767_225_600.25


def measure(feed: Feed, *, rounds: int) -> list[tuple[str, float]]:
    """Time the stages; gives of each its name and the microseconds that a tweet takes, median of the rounds."""
    settings, topics, predictor = StreamSettings(), declare_topics(TopicSettings()), pretrained_predictor(TOP_K)
    tweets = list(feed.looped(TWEETS))
    chunks = [tweets[at : at + settings.chunk_size_tweets] for at in range(0, TWEETS, settings.chunk_size_tweets)]
    fetched = [_batch(chunk) for chunk in chunks]
    records = [_unpack(batch) for batch in fetched]
    decoded = [[decode_tweet(record.value) for record in chunk] for chunk in records]
    predicted = [predictor.predict(chunk) for chunk in decoded]

    def answer(chunk: Sequence[Any]) -> Any:
        return classify(chunk, partition=0, topics=topics, predictor=predictor, time=NOW)

    answers = [answer(chunk) for chunk in records]
    pairs = list(zip(decoded, predicted, strict=True))
    steps = [
        ("unpack the fetched batches, checksums checked", _unpack, fetched),
        ("JSON to tweets", lambda chunk: [decode_tweet(record.value) for record in chunk], records),
        ("score both heads", predictor.predict, decoded),
        ("write both answers as JSON", lambda pair: _write(*pair), pairs),
        ("all of classify: the three above, keys and headers", answer, records),
        ("frame the record batches of both topics, checksums", lambda one: _frame(one, settings), answers),
    ]
    return [(title, _microseconds(step, inputs, rounds)) for title, step, inputs in steps]


def _batch(chunk: Sequence[tuple[bytes, bytes]]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, NO_ID, NO_ID, NO_ID, 2**30)
    for place, (key, value) in enumerate(chunk):
        builder.append(place, 0, key, value, [])
    return bytes(builder.build())


def _unpack(content: bytes) -> list[Any]:
    batch = MemoryRecords(content).next_batch()
    assert batch is not None
    assert batch.validate_crc()
    return list(batch)


def _write(tweets: Sequence[Any], predictions: Any) -> list[Any]:
    return list(write_answers(tweets, predictions, classified_at=utc_timestamp(NOW)))


def _frame(answer: Any, settings: StreamSettings) -> list[Any]:
    return [list(outputs.batches(timestamp_ms=0, max_bytes=settings.batch_max_bytes)) for outputs in answer.outputs]


def _microseconds(step: Callable[[Any], object], inputs: Sequence[Any], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        for one in inputs:
            step(one)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[rounds // 2] / TWEETS * 1e6
