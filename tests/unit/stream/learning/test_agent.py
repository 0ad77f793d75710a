"""When feedback is acknowledged, and when snapshots are made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from config.settings import TopicSettings
from models.errors import BrokerAwayError, BrokerError, DeliveryError
from models.scorer import Scorer
from monitoring.metrics import exposition
from stream.framing import Outputs
from stream.learning.agent import SnapshotKeeper, register_learner
from stream.topics import declare_topics

Make = Callable[..., Any]
TOPICS = declare_topics(TopicSettings())
SOON_SECONDS = 0.01
NEVER_SECONDS = 60.0


@dataclass
class HeldProducer:
    """Keeps what was sent, and delivers nothing of a topic that is held back until it is let go."""

    held: set[str] = field(default_factory=set)
    sent: list[str] = field(default_factory=list)
    outputs: list[Outputs] = field(default_factory=list)
    partitions: dict[str, int | None] = field(default_factory=dict)
    waiting: list["asyncio.Future[None]"] = field(default_factory=list)

    async def send_batches(self, outputs: Outputs, *, partition: int | None) -> list[Awaitable[Any]]:
        self.sent.append(outputs.topic)
        self.outputs.append(outputs)
        self.partitions[outputs.topic] = partition
        delivery: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if outputs.topic in self.held:
            self.waiting.append(delivery)
        else:
            delivery.set_result(None)
        return [delivery]


@dataclass
class Chunk:
    """The event of a chunk."""

    is_acknowledged: bool = False

    def ack(self) -> None:
        self.is_acknowledged = True


@pytest.fixture
def producer() -> HeldProducer:
    return HeldProducer()


@pytest.fixture
def start(scorer: Scorer, archive: Any, make_learner: Make, producer: HeldProducer) -> Make:
    """Start a keeper of snapshots that holds the topic of feedback."""

    @asynccontextmanager
    async def started(snapshot_seconds: float = SOON_SECONDS, *, is_holder: bool = True) -> AsyncIterator[Any]:
        learner = make_learner(lambda: scorer, archive)
        keeper = SnapshotKeeper(learner, topics=TOPICS, snapshot_seconds=snapshot_seconds, retry_seconds=SOON_SECONDS)
        keeper.is_holder = is_holder
        async with keeper.started(producer):
            yield keeper

    return started


async def wait_until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 -- what is waited for are fakes
            await asyncio.sleep(0.001)


async def some_snapshots_later() -> None:
    await asyncio.sleep(SOON_SECONDS * 10)


async def test_feedback_is_acknowledged_once_its_snapshot_is_delivered(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    producer.held.add(TOPICS.online.name)
    chunk = Chunk()
    async with start() as keeper:
        await keeper.take(chunk, [make_feedback(0)], partition=0)
        await wait_until(lambda: bool(producer.waiting))
        await some_snapshots_later()
        was_acknowledged = chunk.is_acknowledged
        producer.waiting[0].set_result(None)
        await wait_until(lambda: chunk.is_acknowledged)

    assert not was_acknowledged
    assert producer.sent == [TOPICS.labelled.name, TOPICS.online.name]
    assert producer.partitions == {TOPICS.labelled.name: 0, TOPICS.online.name: 0}


async def test_what_became_of_feedback_names_the_partition_that_it_came_from(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    async with start(NEVER_SECONDS) as keeper:
        await keeper.take(Chunk(), [make_feedback(8)], partition=3)

    (labelled,) = producer.outputs
    assert f"{TOPICS.feedback.name}-3-8".encode() in labelled.headers[0]


@pytest.mark.parametrize(
    ("topic", "value"), [(TOPICS.labelled.name, None), (TOPICS.dead_letter.name, b"{")], ids=["labelled", "dead letter"]
)
async def test_no_snapshot_is_sent_before_what_became_of_its_feedback_is_delivered(
    start: Make, producer: HeldProducer, make_feedback: Make, make_raw_feedback: Make, topic: str, value: bytes | None
) -> None:
    producer.held.add(topic)
    record = make_feedback(0) if value is None else make_raw_feedback(value, 0)
    async with start() as keeper:
        taking = asyncio.create_task(keeper.take(Chunk(), [record], partition=0))
        await wait_until(lambda: bool(producer.waiting))
        await some_snapshots_later()
        sent_before = list(producer.sent)
        producer.waiting[0].set_result(None)
        await taking
        await wait_until(lambda: TOPICS.online.name in producer.sent)

    assert sent_before == [topic]


async def test_nothing_else_is_learned_before_what_became_of_a_chunk_is_delivered(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    producer.held.add(TOPICS.labelled.name)
    async with start(NEVER_SECONDS) as keeper:
        first = asyncio.create_task(keeper.take(Chunk(), [make_feedback(0)], partition=0))
        await wait_until(lambda: bool(producer.waiting))
        second = asyncio.create_task(keeper.take(Chunk(), [make_feedback(1, tweet_id="2")], partition=0))
        await some_snapshots_later()
        sent_before = len(producer.sent)
        producer.held.clear()
        producer.waiting[0].set_result(None)
        await asyncio.gather(first, second)

    assert (sent_before, len(producer.sent)) == (1, 2)


async def test_chunk_that_teaches_nothing_new_is_acknowledged_without_another_snapshot(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    first, repeat = Chunk(), Chunk()
    async with start() as keeper:
        await keeper.take(first, [make_feedback(0)], partition=0)
        await wait_until(lambda: first.is_acknowledged)
        await keeper.take(repeat, [make_feedback(0)], partition=0)
        await wait_until(lambda: repeat.is_acknowledged)

    assert producer.sent == [TOPICS.labelled.name, TOPICS.online.name, TOPICS.metrics.name]  # the last is a report


async def test_figures_of_learning_are_hidden_once_another_may_learn(start: Make, make_feedback: Make) -> None:
    def shown() -> bool:
        return "\ntickertape_learning_accuracy{" in exposition().decode()

    async with start() as keeper:
        await keeper.take(Chunk(), [make_feedback(0)], partition=0)
        await wait_until(shown)

        await keeper.let_go()

    assert not shown()


async def test_refused_feedback_is_one_line_however_many_chunks_it_comes_in(
    start: Make, make_raw_feedback: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with start(NEVER_SECONDS) as keeper:
        for offset in range(20):
            await keeper.take(Chunk(), [make_raw_feedback(b"{", offset)], partition=0)

    (line,) = [record for record in caplog.records if record.getMessage() == "feedback_refused"]
    assert vars(line)["invalid_json"] == 20


async def test_no_snapshot_is_made_while_nothing_is_learned(start: Make, producer: HeldProducer) -> None:
    async with start():
        await some_snapshots_later()

    assert producer.sent == []


async def test_no_snapshot_is_made_by_who_does_not_hold_the_feedback(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    async with start(is_holder=False) as keeper:
        await keeper.take(Chunk(), [make_feedback(0)], partition=0)
        await some_snapshots_later()

    assert TOPICS.online.name not in producer.sent


async def test_snapshots_do_not_wait_for_their_time_when_others_wait_for_them(start: Make, make_feedback: Make) -> None:
    before, after = Chunk(), Chunk()
    async with start(NEVER_SECONDS) as keeper:
        await keeper.take(before, [make_feedback(0)], partition=0)
        keeper.hurry()
        await wait_until(lambda: before.is_acknowledged)
        await keeper.take(after, [make_feedback(1, tweet_id="2")], partition=0)  # was begun before
        await wait_until(lambda: after.is_acknowledged)

    assert (before.is_acknowledged, after.is_acknowledged) == (True, True)


async def test_feedback_that_is_let_go_is_not_acknowledged_and_learned_from_the_topics_next_time(
    start: Make, producer: HeldProducer, make_feedback: Make
) -> None:
    chunk, again = Chunk(), Chunk()
    async with start(NEVER_SECONDS) as keeper:
        await keeper.take(chunk, [make_feedback(0)], partition=0)
        await keeper.let_go()
        keeper.hurry()
        await some_snapshots_later()
        keeper.is_holder = True
        await keeper.take(again, [make_feedback(0)], partition=0)
        await wait_until(lambda: again.is_acknowledged)

    assert not chunk.is_acknowledged
    assert producer.sent == [TOPICS.labelled.name, TOPICS.labelled.name, TOPICS.online.name]


@pytest.mark.parametrize("topic", [TOPICS.labelled.name, TOPICS.online.name])
async def test_failed_delivery_ends_the_learning_and_acknowledges_nothing(
    start: Make, producer: HeldProducer, make_feedback: Make, topic: str
) -> None:
    producer.held.add(topic)
    chunk = Chunk()

    async def learning() -> None:
        async with start() as keeper:
            taking = keeper.take(chunk, [make_feedback(0)], partition=0)
            failing = asyncio.create_task(fail_when_sent())
            await taking
            await failing
            await asyncio.Event().wait()

    async def fail_when_sent() -> None:
        await wait_until(lambda: bool(producer.waiting))
        producer.waiting[0].set_exception(OSError("broker gone"))

    with pytest.raises(DeliveryError, match=r"could not be delivered \(OSError: broker gone\).*learned again"):
        await asyncio.wait_for(learning(), timeout=10)
    assert not chunk.is_acknowledged


def waits(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the errors of the lines that say that the learner waits."""
    return [vars(record)["error"] for record in caplog.records if record.getMessage() == "learner_waits_for_kafka"]


async def test_feedback_waits_for_a_broker_that_does_not_answer_and_is_learned_when_one_does(
    start: Make, archive: Any, make_feedback: Make, caplog: pytest.LogCaptureFixture
) -> None:
    archive.refusals = [BrokerAwayError("no Kafka answers")] * 3
    chunk = Chunk()
    async with start() as keeper:
        await keeper.take(chunk, [make_feedback(0)], partition=0)
        await wait_until(lambda: chunk.is_acknowledged)

    assert archive.refusals == []
    assert waits(caplog) == ["no Kafka answers"]


async def test_learner_without_feedback_waits_for_a_broker_too_and_says_each_time_once(
    start: Make, archive: Any, make_feedback: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chunk = Chunk()
    async with start() as keeper:
        for away in ("first", "second"):
            archive.refusals = [BrokerAwayError(away)] * 3
            await keeper.let_go()
            keeper.is_holder = True
            await wait_until(lambda: not archive.refusals)
            await some_snapshots_later()
        await keeper.take(chunk, [make_feedback(0)], partition=0)
        await wait_until(lambda: chunk.is_acknowledged)

    assert waits(caplog) == ["first", "second"]


async def test_feedback_that_is_let_go_while_it_waits_for_a_broker_is_left_to_who_holds_it_then(
    start: Make, archive: Any, producer: HeldProducer, make_feedback: Make
) -> None:
    archive.refusals = [BrokerAwayError("no Kafka answers")] * 1_000
    chunk = Chunk()
    async with start(NEVER_SECONDS) as keeper:
        taking = asyncio.create_task(keeper.take(chunk, [make_feedback(0)], partition=0))
        await wait_until(lambda: len(archive.refusals) < 999)
        await keeper.let_go()
        await asyncio.wait_for(taking, timeout=10)

    assert (chunk.is_acknowledged, producer.sent) == (False, [])


async def test_learner_that_is_refused_its_topics_ends(start: Make, archive: Any, make_feedback: Make) -> None:
    archive.refusals = [BrokerError("Kafka does not let this user in")]

    async with start(NEVER_SECONDS) as keeper:
        with pytest.raises(BrokerError, match="does not let this user in"):
            await keeper.take(Chunk(), [make_feedback(0)], partition=0)


class Signal:
    """Stands for a signal of Faust; keeps who listens."""

    def __init__(self) -> None:
        self.listeners: list[Any] = []

    def connect(self, listener: Any, *, weak: bool) -> None:
        assert not weak  # or nobody keeps it
        self.listeners.append(listener)

    async def send(self, *arguments: Any) -> None:
        for listener in self.listeners:
            await listener(self, *arguments)


class RegisteredApp:
    """The part of a Faust app that a learner is registered with."""

    def __init__(self, producer: HeldProducer) -> None:
        self.producer = producer
        self.topics: list[tuple[str, dict[str, Any]]] = []
        self.agents: dict[str, tuple[Any, Any]] = {}
        self.on_partitions_assigned, self.on_partitions_revoked = Signal(), Signal()
        self.when_chunks_must_end: list[Callable[[], None]] = []

    def topic(self, name: str, **options: Any) -> str:
        self.topics.append((name, options))
        return f"topic {name}"

    def agent(self, topic: Any, *, name: str) -> Callable[[Any], None]:
        return lambda function: self.agents.update({name: (topic, function)})


class FeedbackStream:
    """A Faust stream with one chunk, that goes on without end."""

    def __init__(self, event: Any) -> None:
        self._event = event

    def noack(self) -> "FeedbackStream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        yield self._event
        await asyncio.Event().wait()


@dataclass
class FeedbackEvent(Chunk):
    message: Any = None


async def test_who_is_given_the_topic_of_feedback_learns_from_it_until_it_goes(
    scorer: Scorer,
    archive: Any,
    make_learner: Make,
    make_feedback: Make,
    producer: HeldProducer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="stream.learning.agent")
    app: Any = RegisteredApp(producer)
    learner = make_learner(lambda: scorer, archive)
    event = FeedbackEvent(message=SimpleNamespace(value=[make_feedback(0)], partition=0))
    register_learner(app, learner, topics=TOPICS, snapshot_seconds=SOON_SECONDS)
    topic, learn_labels = app.agents["learn"]

    learning = asyncio.create_task(learn_labels(FeedbackStream(event)))
    await wait_until(lambda: TOPICS.labelled.name in producer.sent)
    await some_snapshots_later()
    sent_by_no_holder = list(producer.sent)
    await app.on_partitions_assigned.send({TP(TOPICS.feedback.name, 0)})
    await wait_until(lambda: event.is_acknowledged)
    await app.on_partitions_revoked.send({TP(TOPICS.feedback.name, 0)})
    await app.on_partitions_assigned.send({TP(TOPICS.raw.name, 0)})
    learning.cancel()
    await asyncio.wait([learning])

    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    assert app.topics == [(TOPICS.feedback.name, raw)]
    assert topic == f"topic {TOPICS.feedback.name}"
    assert sent_by_no_holder == [TOPICS.labelled.name]
    assert producer.sent[:2] == [TOPICS.labelled.name, TOPICS.online.name]
    told = [(record.getMessage(), vars(record).get("topic")) for record in caplog.records]
    assert told == [("feedback_held", TOPICS.feedback.name), ("feedback_let_go", TOPICS.feedback.name)]


async def test_end_of_a_worker_does_not_wait_for_the_next_snapshot(
    scorer: Scorer, archive: Any, make_learner: Make, make_feedback: Make, producer: HeldProducer
) -> None:
    app: Any = RegisteredApp(producer)
    event = FeedbackEvent(message=SimpleNamespace(value=[make_feedback(0)], partition=0))
    register_learner(app, make_learner(lambda: scorer, archive), topics=TOPICS, snapshot_seconds=NEVER_SECONDS)
    await app.on_partitions_assigned.send({TP(TOPICS.feedback.name, 0)})
    learning = asyncio.create_task(app.agents["learn"][1](FeedbackStream(event)))
    await wait_until(lambda: TOPICS.labelled.name in producer.sent)

    (hurry,) = app.when_chunks_must_end
    hurry()

    await wait_until(lambda: event.is_acknowledged)
    learning.cancel()
    await asyncio.wait([learning])
