"""The agent that classifies: chunks of tweets in, their answers out, each chunk acknowledged once those are delivered."""

import asyncio
import gc
import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from models.contracts import Predictor
from models.following import asks_teacher
from models.selection import Selection
from monitoring.recording import count_to_label
from stream.compiled.reading import CompiledReader
from stream.framing import AnyOutputs
from stream.reading import PlainReading
from stream.topics import Cluster, Topics
from stream.tracing import TracedEvent, TweetTraces
from stream.transport.chunked_app import ChunkedApp
from stream.transport.delivery import ChunkOutputs, Deliveries, send
from stream.worker.classify import ReadTexts, classify
from stream.worker.counting import CountedChunk
from stream.worker.progress import watch_partitions
from stream.worker.refusals import RefusalLog

logger = logging.getLogger(__name__)


def register_classifier(
    app: ChunkedApp,
    *,
    cluster: Cluster,
    topics: Topics,
    predictor: Predictor,
    selection: Selection | None,
    is_compiled: bool,
    chunks_in_flight: int,
    traces: TweetTraces | None,
) -> None:
    """Route chunks of the input topic through `classify` and acknowledge each once its outputs are delivered."""
    read_texts = (
        _reader(cluster, topics, max_batch_bytes=app.conf.producer_max_batch_size) if is_compiled else PlainReading
    )
    raw = app.topic(topics.raw.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def classify_tweets(stream: Any) -> None:  # noqa: ANN401  # faust has no usable types
        with RefusalLog(logger, "tweets_refused") as refusals:
            async with Deliveries(limit=chunks_in_flight) as deliveries:
                async for event in stream.noack().events():
                    partition = event.message.partition
                    work = partial(
                        classify,
                        event.message.value,
                        partition=partition,
                        topics=topics,
                        predictor=predictor,
                        time=time.time(),
                        selection=selection,
                        read_texts=read_texts,
                        begin_spans=None
                        if traces is None
                        else partial(traces.begin, partition=partition, fetched_at=event.message.fetched_at),
                    )
                    # A teacher takes its time: meanwhile deliveries and heartbeats go on.
                    answer = await asyncio.to_thread(work) if asks_teacher(predictor) else work()
                    app.answered += 1
                    refusals.add(answer.refused)
                    count_to_label(answer.to_label)
                    chunk = _chunk(event.message, answer.outputs, _route(partition, cluster, topics))
                    pending = await send(chunk, app.producer if app.transactions is None else app.transactions)
                    counted = CountedChunk(event, answer)
                    await deliveries.add(TracedEvent(counted, answer.spans) if answer.spans else counted, pending)

    app.agent(raw, name="classify")(classify_tweets)

    async def begin(_: Any, assigned: set[Any], **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        _exempt_from_collection()
        mine = sorted(tp.partition for tp in assigned if tp.topic == topics.raw.name)
        logger.info("partitions_assigned", extra={"topic": topics.raw.name, "partitions": mine})

    app.on_partitions_assigned.connect(begin, weak=False)
    watch_partitions(app, topics.raw.name)


def _exempt_from_collection() -> None:
    """Let the garbage collector pass over all that lives by now: looking at it held up the stream for 80 ms at a time."""
    gc.collect()
    gc.freeze()


def _chunk(message: Any, outputs: Sequence[AnyOutputs], partitions: Mapping[str, int | None]) -> ChunkOutputs:  # noqa: ANN401  # faust has no usable types
    return ChunkOutputs(
        message.tp,
        first_offset=message.value[0].offset,
        next_offset=message.offset + 1,
        generation=message.generation_id,
        outputs=outputs,
        partitions=partitions,
    )


def _reader(cluster: Cluster, topics: Topics, *, max_batch_bytes: int) -> ReadTexts:
    """Choose how records are read: the compiled way frames a chunk's answers for one partition."""
    partitions = {cluster.topics[topic.name].partitions for topic in (topics.raw, topics.classified, topics.sentiment)}
    return CompiledReader(max_batch_bytes=max_batch_bytes) if len(partitions) == 1 else PlainReading


def _route(partition: int, cluster: Cluster, topics: Topics) -> dict[str, int | None]:
    """Choose the output partitions: the input's own, which keeps the order, where the counts are equal."""
    inputs = cluster.topics[topics.raw.name].partitions
    return {name: partition if topic.partitions == inputs else None for name, topic in cluster.topics.items()}
