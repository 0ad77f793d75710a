"""Learners one after the other, and what may happen to them; for the tests of the learner."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.feedback import LabelledTweet
from models.online.corrections import StoredSnapshot
from models.online.snapshot import batch_sha256, decode_progress, decode_snapshot
from models.scorer import Scorer
from stream.learning.learner import Learner

Make = Callable[..., Any]


def learn(learner: Learner, records: list[Any]) -> list[Any]:
    return learner.learn(records, partition=0, time=0).verdicts


@dataclass
class Deployment:
    """Learners one after the other, their archive, and what is committed; anything may happen between two steps."""

    scorer: Scorer
    feedback: list[Any]
    archive: Any
    make_learner: Make
    remembered_labels: int
    other_scorer: Scorer | None = None
    committed: int = 0
    position: int = 0
    dead: list[int] = field(default_factory=list)
    learner: Learner = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.learner = self.make_learner(lambda: self.scorer, self.archive, remembered_labels=self.remembered_labels)
        self.position = self.committed

    def take(self, count: int, delivered: int | None = None) -> None:
        """Judge the next records, and deliver all or some of what became of them."""
        records = self.feedback[self.position : self.position + count]
        if not records:
            return
        for verdict in learn(self.learner, records)[:delivered]:
            if isinstance(verdict, LabelledTweet):
                self.archive.tweets.append(verdict)
            else:
                self.dead.append(verdict.offset)
        self.position += len(records)

    def snapshot(self) -> None:
        self._deliver_snapshot()
        self.committed = self.position

    def rebalance(self) -> None:
        self.learner.forget()
        self.position = self.committed

    def swap(self) -> None:
        assert self.other_scorer is not None
        self.scorer, self.other_scorer = self.other_scorer, self.scorer

    def die_while_delivering(self, count: int, delivered: int) -> None:
        self.take(count, delivered)
        self.start()

    def die_before_the_snapshot_is_delivered(self) -> None:
        self.learner.snapshot()
        self.start()

    def die_before_it_is_committed(self) -> None:
        self._deliver_snapshot()
        self.start()

    def let_go_while_delivering(self, count: int, delivered: int) -> None:
        self.take(count, delivered)
        self.rebalance()

    def _deliver_snapshot(self) -> None:
        snapshot = self.learner.snapshot()
        self.archive.stored += [] if snapshot is None else [snapshot]

    def finish(self) -> StoredSnapshot:
        self.take(len(self.feedback))
        self.snapshot()
        sha256 = batch_sha256(self.scorer.weights)
        (last,) = [one for one in self.archive.snapshots() if one.batch_sha256 == sha256]
        return last


def undisturbed(deployment: Deployment) -> Deployment:
    fresh = replace(deployment, archive=type(deployment.archive)(), committed=0, position=0, dead=[])
    fresh.finish()
    return fresh


def assert_same(snapshot: StoredSnapshot, expected: StoredSnapshot, scorer: Scorer) -> None:
    assert (snapshot.batch_sha256, snapshot.offset) == (expected.batch_sha256, expected.offset)
    pairs = zip(
        decode_snapshot(snapshot.content, batch=scorer.weights),
        decode_snapshot(expected.content, batch=scorer.weights),
        strict=True,
    )
    assert all((array == other).all() for array, other in pairs)
    progress, other = decode_progress(snapshot.content), decode_progress(expected.content)
    assert progress.offset == other.offset
    assert progress.remembered.ids.tolist() == other.remembered.ids.tolist()
    assert progress.remembered.truth.tolist() == other.remembered.truth.tolist()
    for state, its in zip(progress.figures, other.figures, strict=True):
        assert all(np.allclose(array, its_array) for array, its_array in zip(state, its, strict=True))
