"""The headers of what answers a chunk: CloudEvents in Kafka's binary mode.

`ce_id` names the input, so that a repeat is recognised.
"""

from collections.abc import Mapping

from models.records import ModelVersion
from stream.dead_letters import DeadLetter
from stream.framing import encode_headers, varint
from stream.topics import Topics
from stream.tracing import HEADER

ID_HEADER = "ce_id"
SOURCE = b"/tickertape/worker"
CLASSIFIED_TYPE = b"tickertape.tweet.classified.v1"
SENTIMENT_TYPE = b"tickertape.tweet.sentiment.v1"
TO_LABEL_TYPE = b"tickertape.tweet.to-label.v1"
DEAD_LETTER_TYPE = b"tickertape.tweet.dead-letter.v1"
JSON = b"application/json"
BYTES = b"application/octet-stream"


class AnswerHeaders:
    """What the headers of one chunk's records share, made once, and what is each record's own.

    Attributes:
        id_prefix: of `ce_id`, before the offset.
        classified: encoded, what all records of that topic share.
        sentiment: the same.
        to_label: the same.
        shared_count: how many headers those are, and `ce_id`.
        traceparents: of the records that have one, by offset.
    """

    def __init__(
        self, topics: Topics, partition: int, *, model: ModelVersion, traceparents: Mapping[int, bytes]
    ) -> None:
        shared = [("ce_source", SOURCE), ("ce_specversion", b"1.0"), ("model-version", model.version.encode())]
        of_answers = [("content-type", JSON), *shared]
        self.id_prefix = f"{topics.raw.name}-{partition}-".encode()
        self.classified = encode_headers([("ce_type", CLASSIFIED_TYPE), *of_answers])
        self.sentiment = encode_headers([("ce_type", SENTIMENT_TYPE), *of_answers])
        self.to_label = encode_headers([("ce_type", TO_LABEL_TYPE), *of_answers])
        self.shared_count = 1 + 1 + len(of_answers)
        self.traceparents = traceparents
        self._of_letters = [("ce_type", DEAD_LETTER_TYPE), ("content-type", BYTES), *shared]

    def own(self, offset: int) -> bytes:
        """Give what stands before the shared headers of an answer: their count, and those that are its own."""
        return self._begin(offset, self.shared_count)

    def of_letter(self, letter: DeadLetter) -> bytes:
        """Give all headers of a dead letter."""
        more = self._of_letters + letter.headers()
        return self._begin(letter.offset, 1 + len(more)) + encode_headers(more)

    def _begin(self, offset: int, count: int) -> bytes:
        own = [(ID_HEADER, self.id_prefix + b"%d" % offset)]
        if traceparent := self.traceparents.get(offset):
            own.append((HEADER, traceparent))
        return varint(count - 1 + len(own)) + encode_headers(own)
