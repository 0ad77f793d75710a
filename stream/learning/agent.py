"""The agent that learns, and when feedback is acknowledged: once a snapshot that contains it is delivered."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from models.errors import BrokerAwayError, DeliveryError
from monitoring.recording import count_feedback, hide_learning, show_learning
from stream.framing import Outputs
from stream.learning.learner import Learned, Learner
from stream.learning.writing import write_events, write_report, write_snapshot, write_verdicts
from stream.topics import Topics
from stream.transport.chunked_app import ChunkedApp
from stream.transport.delivery import Event, Producer
from stream.worker.refusals import RefusalLog

logger = logging.getLogger(__name__)

REPORT_SECONDS = 10.0  # least time between two reports: the figures of a thousand labels move slowly
RETRY_SECONDS = 1.0  # after no broker has answered for the seconds that a client tries by itself

Answer = TypeVar("Answer")


def register_learner(app: ChunkedApp, learner: Learner, *, topics: Topics, snapshot_seconds: float) -> None:
    """Let whoever holds the topic of feedback learn from it, a chunk at a time."""
    feedback = app.topic(
        topics.feedback.name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    keeper = SnapshotKeeper(learner, topics=topics, snapshot_seconds=snapshot_seconds)

    async def learn_labels(stream: Any) -> None:  # noqa: ANN401  # faust has no usable types
        async with keeper.started(app.producer):
            async for event in stream.noack().events():
                await keeper.take(event, event.message.value, partition=event.message.partition)

    app.agent(feedback, name="learn")(learn_labels)

    async def begin(_: Any, assigned: set[Any], **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        keeper.is_holder = any(tp.topic == topics.feedback.name for tp in assigned)
        if keeper.is_holder:
            logger.info("feedback_held", extra={"topic": topics.feedback.name})

    async def end(*_: Any, **_kwargs: Any) -> None:  # noqa: ANN401  # as above
        await keeper.let_go()

    app.on_partitions_assigned.connect(begin, weak=False)
    app.on_partitions_revoked.connect(end, weak=False)
    app.when_chunks_must_end.append(keeper.hurry)


class SnapshotKeeper:
    """Makes snapshots of what was learned, and acknowledges the feedback in them once they are delivered.

    Attributes:
        is_holder: whether this process holds the topic of feedback; only then snapshots are made.
    """

    def __init__(
        self, learner: Learner, *, topics: Topics, snapshot_seconds: float, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        """Hold the parts.

        Args:
            learner: is asked in threads, as it may take its time.
            topics: where labelled tweets, dead letters and snapshots go.
            snapshot_seconds: least time between two snapshots.
            retry_seconds: how long to wait before a learner that no broker answers tries again.
        """
        self.is_holder = False
        self._learner = learner
        self._topics = topics
        self._snapshot_seconds = snapshot_seconds
        self._retry_seconds = retry_seconds
        self._is_cut_off = False
        self._waiting: list[Event] = []
        self._lock = asyncio.Lock()  # what is learned, and which feedback waits for its snapshot, change together
        self._is_due = asyncio.Event()
        self._is_hurried = False
        self._has_news, self._report_due = False, 0.0
        self._refusals = RefusalLog(logger, "feedback_refused")

    def started(self, producer: Producer) -> Self:
        """Use a producer from now on; the context in which snapshots are made."""
        self._producer = producer
        return self

    async def __aenter__(self) -> Self:
        """Begin to make snapshots."""
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._keeping = self._tasks.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """End; feedback that no delivered snapshot has stays unacknowledged."""
        self._keeping.cancel()
        self._refusals.tell()
        try:
            await self._tasks.__aexit__(kind, error, at)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def take(self, event: Event, records: Sequence[Any], *, partition: int) -> None:
        """Learn from a chunk of feedback and deliver what became of it; while no broker answers, try again.

        A chunk that is let go meanwhile is left to whoever holds the feedback then.

        Raises:
            DeliveryError: it could not be delivered.
            BrokerError: the learner may not read its topics, or they are not there.
        """
        while True:
            try:
                await self._learn(event, records, partition=partition)
            except BrokerAwayError:
                await asyncio.sleep(self._retry_seconds)
                if self.is_holder:
                    continue
            return

    async def _learn(self, event: Event, records: Sequence[Any], *, partition: int) -> None:
        async with self._lock:
            learned = await self._asked(partial(self._learner.learn, records, partition=partition, time=time.time()))
            self._refusals.add(learned.refused)
            _tell(learned)
            outputs = write_verdicts(learned.verdicts, topics=self._topics, partition=partition)
            outputs += write_events(learned.events, topics=self._topics)
            with _told():  # before anything else is learned, as that may be from what is in the topics
                await self._deliver(outputs)
            self._waiting.append(event)
        if self._is_hurried:
            self._is_due.set()

    def hurry(self) -> None:
        """Make snapshots at once until `let_go`: a stop or a rebalance waits for the feedback to be acknowledged."""
        self._is_hurried = True
        self._is_due.set()

    async def let_go(self) -> None:
        """Forget what was learned, as another may hold the feedback by now."""
        if self.is_holder:
            logger.info("feedback_let_go", extra={"topic": self._topics.feedback.name})
        self.is_holder = self._is_hurried = self._has_news = False
        hide_learning()
        async with self._lock:
            self._waiting.clear()
            self._learner.forget()

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._is_due.wait(), self._snapshot_seconds)
            self._is_due.clear()
            with suppress(BrokerAwayError):  # told, and tried again the next time
                if self.is_holder:
                    await self._snapshot()
                if self._has_news and time.monotonic() >= self._report_due:
                    await self._report()

    async def _snapshot(self) -> None:
        async with self._lock:
            snapshot = await self._asked(self._learner.snapshot)
            waiting, self._waiting = self._waiting, []
        if snapshot is not None:
            with _told():
                await self._deliver([write_snapshot(snapshot, topics=self._topics)])
            self._has_news = True
        for event in waiting:
            event.ack()

    async def _report(self) -> None:
        self._has_news, self._report_due = False, time.monotonic() + REPORT_SECONDS
        report = await self._asked(partial(self._learner.report, time=time.time()))
        if self.is_holder:  # else another learns by now
            show_learning(report)
        with _told():
            await self._deliver([write_report(report, topics=self._topics)])

    async def _asked(self, question: Callable[[], Answer]) -> Answer:
        """Ask the learner in a thread; that no broker answers it is logged once."""
        try:
            answer = await asyncio.to_thread(question)
        except BrokerAwayError as exc:
            if not self._is_cut_off:
                logger.warning("learner_waits_for_kafka", extra={"error": str(exc)})
            self._is_cut_off = True
            raise
        self._is_cut_off = False
        return answer

    async def _deliver(self, outputs: Sequence[Outputs]) -> None:
        """Send records and wait until they are there; the topics that only the learner writes have one partition."""
        of_one_partition = {self._topics.labelled.name, self._topics.online.name}
        for its_outputs in outputs:
            partition = 0 if its_outputs.topic in of_one_partition else None
            for delivery in await self._producer.send_batches(its_outputs, partition=partition):
                await delivery


def _tell(learned: Learned) -> None:
    """Count what became of feedback, and log what the contest says of it."""
    refused = learned.refused
    count_feedback({"learned": len(learned.verdicts) - sum(refused.values()), **refused})
    for told in learned.events:
        logger.warning(told.kind, extra={"version": told.version, **msgspec.structs.asdict(told.event)})


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except Exception as exc:  # whatever it is, the feedback must not be committed
        raise DeliveryError(
            f"what was learned could not be delivered ({type(exc).__name__}: {exc}); "
            "its feedback stays uncommitted and is learned again after a restart"
        ) from exc
