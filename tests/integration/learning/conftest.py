"""What people say of tweets, what learners made of it, and what they should have made of it."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from models.feedback import LabelledTweet
from models.online.snapshot import batch_sha256, decode_progress, decode_snapshot
from models.online.training import OnlineTraining
from models.predictor import pretrained_predictor
from models.scorer import Scorer
from stream.codecs import decode_labelled

TIMEOUT_SECONDS = 60.0
REMEMBERED_LABELS = 20_000  # the default of the worker


def feedback(tweet_id: object, **fields: Any) -> bytes:
    good = {"tweet_id": str(tweet_id), "source": "desk", "labelled_at": "2026-01-02T03:04:05Z"}
    return json.dumps(good | fields).encode()


@dataclass(frozen=True)
class Learning:
    """The learner's side of a cluster."""

    cluster: Any

    @property
    def topics(self) -> Any:
        return self.cluster.topics

    def say(self, values: Sequence[bytes | None]) -> None:
        """Publish feedback."""
        self.cluster.publish([(b"1", value) for value in values], topic=self.topics.feedback.name)

    @contextlib.contextmanager
    def saying(self, values: Sequence[bytes | None], *, per_second: float) -> Iterator[threading.Thread]:
        """Publish feedback slowly from a thread; waits for its end."""
        thread = threading.Thread(target=self._say_slowly, args=(values, per_second))
        thread.start()
        try:
            yield thread
        finally:
            thread.join()

    def _say_slowly(self, values: Sequence[bytes | None], per_second: float) -> None:
        producer = KafkaProducer(bootstrap_servers=self.cluster.servers, acks="all")
        begin = time.monotonic()
        for number, value in enumerate(values):
            time.sleep(max(0.0, begin + number / per_second - time.monotonic()))
            producer.send(self.topics.feedback.name, key=b"1", value=value)
        producer.close()

    def labelled(self) -> list[LabelledTweet]:
        return [decode_labelled(row.value) for row in self.cluster.read(self.topics.labelled.name)]

    def letters(self) -> Counter[tuple[int, str]]:
        """Count the dead letters of each record of feedback by its offset and reason."""
        start = f"{self.topics.feedback.name}-0-"
        return Counter(
            (int(row.headers["ce_id"].decode().removeprefix(start)), row.headers["reason"].decode())
            for row in self.cluster.read(self.topics.dead_letter.name)
        )

    def accounted(self) -> int:
        """Count the records of feedback that were labelled or refused; repeats count again."""
        counted = (self.topics.labelled, self.topics.dead_letter)
        partitions = [TopicPartition(topic.name, number) for topic in counted for number in range(topic.partitions)]
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self.cluster.servers)) as consumer:
            return sum(consumer.end_offsets(partitions).values())

    def committed(self) -> int:
        group = f"{self.cluster.prefix}group"
        consumer = KafkaConsumer(bootstrap_servers=self.cluster.servers, group_id=group, enable_auto_commit=False)
        with contextlib.closing(consumer):
            return consumer.committed(TopicPartition(self.topics.feedback.name, 0)) or 0

    def wait_until(self, is_so: Callable[[], bool], *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not is_so():
            assert time.monotonic() < deadline, (
                f"not so after {timeout_seconds} s: {self.accounted()} accounted, {self.committed()} committed"
            )
            time.sleep(0.05)

    def wait_until_committed(self, count: int) -> None:
        self.wait_until(lambda: self.committed() >= count)

    def snapshots(self) -> dict[str, tuple[int, bytes]]:
        """Give the offset and the bytes of the snapshot of most feedback of each batch model."""
        rows = [row for row in self.cluster.read(self.topics.online.name) if row.headers]
        found = [(row.key.decode(), int(row.headers["feedback-offset"]), row.value) for row in rows]
        return {key: (offset, value) for key, offset, value in sorted(found, key=lambda one: one[1])}

    def assert_learned(self, tweets: Sequence[LabelledTweet], *, offset: int, scorer: Scorer | None = None) -> None:
        """Check that the last snapshot is what a learner has that nothing ever happened to."""
        scorer = scorer or pretrained_predictor(1).scorer
        reference = OnlineTraining(scorer, remembered_labels=REMEMBERED_LABELS)
        reference.relearn(tweets)
        stored_offset, content = self.snapshots()[batch_sha256(scorer.weights)]
        progress = decode_progress(content)
        assert (stored_offset, progress.offset) == (offset, offset)
        for name, array in decode_snapshot(content, batch=scorer.weights)._asdict().items():
            assert np.array_equal(array, getattr(reference.weights, name)), f"{name} differ"
        assert progress.remembered.ids.tolist() == reference.memory.arrays().ids.tolist()
        assert progress.remembered.truth.tolist() == reference.memory.arrays().truth.tolist()


@pytest.fixture
def learning(cluster: Any) -> Learning:
    return Learning(cluster)


@pytest.fixture
def make_feedback() -> Callable[..., bytes]:
    """Write feedback of a tweet; the other fields can be overridden."""
    return feedback
