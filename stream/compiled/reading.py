"""The compiled way to read a chunk and to write its answers, around the two kernels."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from models.compiled.kernel import pack
from models.compiled.layout import PackedTexts
from models.contracts import Predictor, TextPredictor
from models.predictions import OpinionColumns, Predictions
from models.records import Tweet
from stream.codecs import decode_tweet
from stream.compiled.kernels import load_scan, load_write
from stream.compiled.layout import LEFT, PLAIN, TAKEN, WRITTEN, Batches, Chunk, Opinion, Packed, Said, Topic, Values
from stream.dead_letters import DeadLetter, Record
from stream.fetched import OFFSET, VALUE, VALUE_END, FetchedRecords
from stream.framing import AnyOutputs, FramedOutputs, Outputs, encode_header_name, encode_headers, record_content
from stream.headers import ID_HEADER, AnswerHeaders
from stream.reading import PlainReading, Refuse
from stream.topics import Topics
from stream.tracing import HEADER
from stream.writing import answer_ending

_NO_OPINION = Opinion(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0))


class CompiledReader:
    """Reads chunks.

    Args:
        max_batch_bytes: largest batch to write.
    """

    def __init__(self, *, max_batch_bytes: int) -> None:
        self.scan, self.write = load_scan(), load_write()
        self.max_batch_bytes = max_batch_bytes

    def __call__(self, records: Sequence[Record], refuse: Refuse) -> "CompiledReading":
        """Read the records of a chunk."""
        return CompiledReading(self, records, refuse)

    def takes(self, values: Sequence[bytes]) -> int:
        """Count the values that are not left to the plain way."""
        return int((self.scan(_values(values)).states == TAKEN).sum())


class CompiledReading:
    """Implements `stream.reading.Reading` for predictors that need texts alone."""

    def __init__(self, reader: CompiledReader, records: Sequence[Record], refuse: Refuse) -> None:
        self._reader, self._records = reader, records
        self._values, self._offsets = _columns(records)
        self._scanned = reader.scan(self._values)
        states = self._scanned.states
        left = np.flatnonzero(states == LEFT).tolist()
        self._plain = PlainReading([records[place] for place in left], refuse)
        self.letters: dict[int, DeadLetter] = {left[place]: letter for place, letter in self._plain.letters.items()}
        self._written = [left[place] for place in self._plain.places]
        states[self._written] = WRITTEN
        self.places: Sequence[int] = np.flatnonzero(states).tolist()

    def tweet(self, number: int) -> Tweet:
        """Give one of the tweets."""
        return decode_tweet(self._records[self.places[number]].value)

    def predict(self, predictor: Predictor) -> Predictions:
        """Classify the tweets.

        Args:
            predictor: a `TextPredictor`.
        """
        return cast("TextPredictor", predictor).predict_texts(PackedTexts(self._texts(), len(self.places)))

    def write(
        self, predictions: Predictions, headers: AnswerHeaders, *, topics: Topics, classified_at: str
    ) -> list[AnyOutputs]:
        """Write the answers, see `Reading`; those to what was left to the plain way are written by it."""
        of_plain = self._plain.write(
            predictions.take([bisect_left(self.places, place) for place in self._written]),
            headers,
            topics=topics,
            classified_at=classified_at,
        )
        chunk = Chunk(
            offsets=self._offsets,
            id_header=_bytes(encode_header_name(ID_HEADER)),
            id_prefix=_bytes(headers.id_prefix),
            header_count=headers.shared_count,
            traces=self._traces(headers),
            ending=_bytes(answer_ending(predictions.model, classified_at)),
            max_bytes=self._reader.max_batch_bytes,
        )
        given = [Topic(_bytes(outputs.shared_headers), self._of_plain(outputs)) for outputs in of_plain]
        batches = self._reader.write(self._values, self._scanned, _said(predictions), chunk, *given)
        return [
            FramedOutputs(outputs.topic, _slices(its_batches))
            for outputs, its_batches in zip(of_plain, batches, strict=True)
        ]

    def _texts(self) -> npt.NDArray[np.uint8]:
        """Join the texts that were taken with those that were left, in the order of their records."""
        texts = self._scanned.texts
        if not self._written:
            return texts
        ends = np.where(self._scanned.states == TAKEN, self._scanned.spans[:, PLAIN, 1] + 1, 0)
        behind = np.maximum.accumulate(ends)[self._written].tolist()  # where the text before each ends
        pieces = []
        begin = 0
        for number, end in enumerate(behind):
            pieces += [texts[begin:end], pack([self._plain.tweet(number).text])]
            begin = end
        return np.concatenate([*pieces, texts[begin:]])

    def _traces(self, headers: AnswerHeaders) -> Packed:
        if not headers.traceparents:
            return Packed(_bytes(b""), np.zeros(len(self._records), dtype=np.int64))
        found = map(headers.traceparents.get, self._offsets.tolist())
        return _packed([encode_headers([(HEADER, value)]) if value else b"" for value in found])

    def _of_plain(self, outputs: Outputs) -> Packed:
        ends = np.zeros(len(self._records), dtype=np.int64)
        contents = [
            record_content(*columns, outputs.shared_headers)
            for columns in zip(outputs.keys, outputs.values, outputs.headers, strict=True)
        ]
        ends[self._written] = [len(content) for content in contents]
        return Packed(_bytes(b"".join(contents)), np.cumsum(ends))


def _columns(records: Sequence[Record]) -> tuple[Values, npt.NDArray[np.int64]]:
    """Give the values and the offsets of records."""
    if isinstance(records, FetchedRecords):
        table = records.table
        return Values(records.content, table[VALUE], table[VALUE_END]), table[OFFSET]
    values = _values([record.value or b"" for record in records])
    return values, np.array([record.offset for record in records], dtype=np.int64)


def _values(contents: Sequence[bytes]) -> Values:
    content, ends = _packed(contents)
    begins = np.zeros_like(ends)
    begins[1:] = ends[:-1]
    return Values(content, begins, ends)


def _bytes(content: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(content, dtype=np.uint8)


def _packed(contents: Sequence[bytes]) -> Packed:
    return Packed(_bytes(b"".join(contents)), np.cumsum(np.fromiter(map(len, contents), np.int64, len(contents))))


def _said(predictions: Predictions) -> Said:
    opinions = predictions.opinions
    return Said(
        np.ascontiguousarray(predictions.answers()),
        *map(np.ascontiguousarray, predictions.columns),  # type: ignore[arg-type]  # mypy takes them for all alike
        predictions.disputes(),  # type: ignore[call-arg]  # as above
        _NO_OPINION if opinions is None else _opinion(opinions.batch),
        _NO_OPINION if opinions is None else _opinion(opinions.online),
    )


def _opinion(said: OpinionColumns) -> Opinion:
    return Opinion._make(map(np.ascontiguousarray, said))


def _slices(batches: Batches) -> list[tuple[memoryview, int]]:
    content = batches.content.data
    return [(content[begin:end], count) for begin, end, count in batches.bounds.tolist()]
