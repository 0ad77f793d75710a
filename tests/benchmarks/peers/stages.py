"""Where our worker's time goes: each stage alone, in one process, on chunks of real tweets as a fetch brings them."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from peers.answering import TOP_K
from peers.feed import Feed

from config.settings import StreamSettings, TopicSettings
from models.predictor import pretrained_predictor
from models.records import utc_timestamp
from stream.compiled.reading import CompiledReader
from stream.compiled.unpacking import load_unpack
from stream.fetched import Unpack
from stream.headers import AnswerHeaders
from stream.reading import PlainReading
from stream.topics import declare_topics
from stream.transport.stored_batches import KeptRecords, StoredBatch, records_of
from stream.worker.classify import ReadTexts, classify

TWEETS = 50_000
NO_ID = -1
NOW = 1_767_225_600.25


def measure(feed: Feed, *, rounds: int) -> list[tuple[str, float]]:
    """Time the stages of both ways; gives of each its name and the microseconds that a tweet takes, median of the rounds."""
    settings = StreamSettings()
    size = settings.chunk_size_tweets
    tweets = list(feed.looped(TWEETS))
    fetched = [_batch(tweets[at : at + size]) for at in range(0, TWEETS, size)]
    compiled = CompiledReader(max_batch_bytes=settings.batch_max_bytes)
    ways: dict[str, tuple[Unpack | None, ReadTexts]] = {
        "compiled": (load_unpack(), compiled),
        "plain": (None, PlainReading),
    }
    return [
        (f"{name}: {title}", took)
        for name, way in ways.items()
        for title, took in _stages(fetched, *way, rounds=rounds)
    ] + [("share of the tweets that the compiled way takes, percent", _share(fetched, compiled))]


def _stages(
    fetched: Sequence[bytes], unpack: Unpack | None, read_texts: ReadTexts, *, rounds: int
) -> list[tuple[str, float]]:
    settings, topics, predictor = StreamSettings(), declare_topics(TopicSettings()), pretrained_predictor(TOP_K)
    records = [_records(content, unpack) for content in fetched]
    readings = [read_texts(chunk, _never) for chunk in records]
    predicted = [reading.predict(predictor) for reading in readings]

    def write(place: int) -> Any:
        headers = AnswerHeaders(topics, 0, model=predictor.model, traceparents={})
        return readings[place].write(predicted[place], headers, topics=topics, classified_at=utc_timestamp(NOW))

    def answer(chunk: Sequence[Any]) -> Any:
        return classify(chunk, partition=0, topics=topics, predictor=predictor, time=NOW, read_texts=read_texts).outputs

    def frame(outputs: Sequence[Any]) -> list[bytes]:
        batches = [one.batches(timestamp_ms=0, max_bytes=settings.batch_max_bytes) for one in outputs]
        return [batch.content for of_topic in batches for batch in of_topic]

    steps: list[tuple[str, Callable[[Any], object], Sequence[Any]]] = [
        ("unpack the fetched batches, checksums checked", lambda content: _records(content, unpack), fetched),
        ("read: JSON to texts, ids and tickers", lambda chunk: read_texts(chunk, _never), records),
        ("score both heads", lambda reading: reading.predict(predictor), readings),
        ("write both answers", write, range(len(fetched))),
        ("all of classify: the three above, and headers", answer, records),
    ]
    took = [(title, _microseconds(step, inputs, rounds)) for title, step, inputs in steps]
    outputs = [answer(chunk) for chunk in records]
    return [*took, ("frame the record batches, checksums", _microseconds(frame, outputs, rounds))]


def _share(fetched: Sequence[bytes], compiled: CompiledReader) -> float:
    values = [record.value for content in fetched for record in _records(content, None)]
    taken = sum(compiled.takes(values[at : at + 500]) for at in range(0, len(values), 500))
    return 100 * taken / len(values)


def _never(record: Any, why: Any) -> Any:
    raise AssertionError(f"{record.offset} is no tweet: {why}")


def _batch(chunk: Sequence[tuple[bytes, bytes]]) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, 0, NO_ID, NO_ID, NO_ID, 2**30)
    for place, (key, value) in enumerate(chunk):
        builder.append(place, 0, key, value, [])
    return bytes(builder.build())


def _records(content: bytes, unpack: Unpack | None) -> Sequence[Any]:
    batch = StoredBatch(*KeptRecords(content).next_stored(), wanted_from=0)
    assert batch.is_whole()
    return records_of([batch], unpack)


def _microseconds(step: Callable[[Any], object], inputs: Sequence[Any], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        for one in inputs:
            step(one)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[rounds // 2] / TWEETS * 1e6
