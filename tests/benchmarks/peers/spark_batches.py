"""What Spark's Python processes run; a module of its own, as they import it by its name."""

from collections.abc import Iterator
from functools import cache

import pyarrow as pa
from peers.answering import Answerer, Place, answerer, task

SCHEMA = "topic string, key binary, value binary, headers array<struct<key: string, value: binary>>"

_HEADER = pa.struct([("key", pa.string()), ("value", pa.binary())])
_SCHEMA = pa.schema(
    [
        ("topic", pa.string()),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", pa.list_(_HEADER)),
    ]
)


@cache
def _answerer() -> Answerer:
    return answerer(task().topics)  # once in each of Spark's Python processes


def classify(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Answer batches with the columns value, partition and offset; gives two rows for each of theirs."""
    topics = task().topics
    for batch in batches:
        columns = batch.to_pydict()
        places = [Place(*place) for place in zip(columns["partition"], columns["offset"], strict=True)]
        rows = [
            {"topic": topic, "key": output.key, "value": value, "headers": [{"key": k, "value": v} for k, v in headers]}
            for output in _answerer()(columns["value"], places)
            for topic, value, headers in (
                (topics.classified.name, output.classified, output.classified_headers),
                (topics.sentiment.name, output.sentiment, output.sentiment_headers),
            )
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=_SCHEMA)
