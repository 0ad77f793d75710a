"""How long tweets take from Kafka to Kafka: the timestamps of answers and of the records that they answer."""

import re
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

from api.live.log import KafkaLog
from api.live.records import Record, header

PROBE_BYTES = 65_536
"""Of the inputs that a look reads to compare: some dozen tweets; larger batches come whole."""
MOST_ANSWERS = 500

_PLACE = re.compile(r"(\d{1,9})-(\d{1,18})", re.ASCII)

Place = tuple[int, int]
"""Partition and offset of an input."""


def answered_at(answers: Sequence[Record], topic: str) -> dict[Place, int]:
    """Tell when inputs were answered, in ms since 1970, by their places; those of other topics are left out.

    Args:
        answers: records of `tweets.classified`; `ce_id` names the input of each.
        topic: full name of the topic of inputs.
    """
    found: dict[Place, int] = {}
    for answer in answers[-MOST_ANSWERS:]:
        name, _, place = header(answer, "ce_id").rpartition(f"{topic}-")
        if not name and (match := _PLACE.fullmatch(place)):
            found.setdefault((int(match[1]), int(match[2])), answer.timestamp)
    return found


def latencies_of(answered: Mapping[Place, int], inputs: Sequence[Record], partition: int) -> list[float]:
    """Give the latencies of the inputs that were answered, in ms; a producer whose clock is ahead makes none below 0.

    Args:
        answered: see `answered_at`.
        inputs: records of one partition of the inputs.
        partition: its number.
    """
    pairs = ((answered.get((partition, one.offset)), one.timestamp) for one in inputs)
    return [float(max(out - came, 0)) for out, came in pairs if out is not None and came > 0]


async def measured(log: KafkaLog, answers: Sequence[Record], topic: str) -> list[float]:
    """Read some of the inputs of answers, and give their latencies in milliseconds.

    Args:
        log: where the inputs are.
        answers: of one partition.
        topic: full name of the topic of inputs.

    Raises:
        KafkaError: a broker is away.
    """
    answered = answered_at(answers, topic)
    known = set(log.partitions(topic))
    places = [(TopicPartition(topic, number), offset) for number, offset in answered]
    first = min((place for place in places if place[0] in known), key=lambda place: place[1], default=None)
    if first is None:
        return []
    partition, offset = first
    inputs = await log.records(partition, offset, most_bytes=PROBE_BYTES)
    return latencies_of(answered, inputs.records, partition.partition)
