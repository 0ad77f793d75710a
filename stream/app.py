"""The Faust app: wiring only.

`create_app` opens nothing. For Faust's own command line, `stream.app.app` is made from the environment when it is
first asked for: `faust -A stream.app worker`.
"""

import logging
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

import faust

from config.settings import (
    LabellingSettings,
    OnlineSettings,
    RegistrySettings,
    StreamSettings,
    TopicSettings,
)
from config.tracing import TraceSettings
from models.behaviour import behaviour_problems
from models.commands.stores import registry_store, serving_store
from models.contracts import CHALLENGER, Predictor
from models.following import FollowedPredictor, Follower
from models.loading import load_predictor
from models.polling import Poller
from models.records import ModelChange
from models.selection import Selection
from models.shadow import Shadow
from monitoring.recording import count_careful, record_change, show_model
from monitoring.tracing.sampling import Sampler
from monitoring.tracing.spans import Tracer, open_tracer
from stream.commands.cluster import kafka_of_settings
from stream.commands.home import home_folder
from stream.compiled.unpacking import load_unpack
from stream.kafka.connection import KafkaConnection
from stream.learning.wiring import Limits, learn_online
from stream.topics import Cluster, Topics, declare_topics, ensure_topics
from stream.tracing import TweetTraces
from stream.transport.chunked_app import ChunkedApp, ChunkOptions
from stream.transport.credentials import broker_credentials
from stream.transport.transactions import Transactions
from stream.worker.agent import register_classifier
from stream.worker.model_changes import publish_change
from stream.worker.rights import check_topics_and_group, check_transactions

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 8_388_608  # above any record a broker takes by default, so that the broker is the judge
COMMIT_INTERVAL_SECONDS = 0.25  # what was delivered since the last commit is repeated after a crash
# Of a produce request; Kafka's own clients wait as long. Faust's 20 minutes would be lost where a connection breaks on its
# way and nobody is told.
ANSWER_SECONDS = 30.0
GATHERED_CHUNKS = 12  # with transactions, times as many are on their way: they gather while one is committed
POLL_CHUNKS = 16  # of all partitions together that come with one poll; more would only wait in memory


def create_app(
    settings: StreamSettings,
    *,
    cluster: Cluster,
    topics: Topics,
    predictor: Predictor,
    selection: Selection | None,
    traces: TweetTraces | None,
) -> faust.App:
    """Wire topics and agents; open nothing."""
    app = ChunkedApp(
        settings.group,
        chunks=ChunkOptions(
            topics=frozenset({topics.raw.name, topics.feedback.name}),
            patient_topics=frozenset({topics.feedback.name}),  # a handful of labels costs as much as a hundred
            unpack={topics.raw.name: load_unpack()} if settings.compiled else {},
            size=settings.chunk_size_tweets,
            fetch_max_wait_ms=settings.fetch_max_wait_ms,
            isolation_level=settings.isolation_level,
        ),
        kafka=cluster.kafka,
        broker=[f"tickertape://{server}" for server in cluster.kafka.servers],
        broker_credentials=broker_credentials(cluster.kafka),
        store="memory://",
        datadir=cluster.datadir,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=settings.fetch_max_bytes,
        broker_max_poll_records=settings.chunk_size_tweets * POLL_CHUNKS,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.session_timeout_seconds / 5,
        broker_commit_interval=COMMIT_INTERVAL_SECONDS,
        stream_buffer_maxsize=settings.buffer_chunks,
        stream_wait_empty=True,
        producer_acks=-1,
        producer_linger=0,
        producer_request_timeout=ANSWER_SECONDS,
        producer_compression_type=None if settings.compression == "none" else settings.compression,
        producer_max_batch_size=min(settings.batch_max_bytes, cluster.most_bytes(besides=topics.raw.name)),
        producer_max_request_size=MAX_REQUEST_BYTES,
    )
    if settings.delivery == "exactly_once":
        _commit_with_outputs(app, settings, topics)
    register_classifier(
        app,
        cluster=cluster,
        topics=topics,
        predictor=predictor,
        selection=selection,
        is_compiled=settings.compiled,
        chunks_in_flight=settings.chunks_in_flight * (1 if app.transactions is None else GATHERED_CHUNKS),
        traces=traces,
    )
    return app


def _commit_with_outputs(app: ChunkedApp, settings: StreamSettings, topics: Topics) -> None:
    """Have the offsets of tweets committed with their outputs."""
    app.transactions = transactions = Transactions(
        lambda transactional_id: app.producer.transactional(transactional_id),  # noqa: PLW0108  # not made before it runs
        topic=topics.raw.name,
        group=settings.group,
        max_batch_bytes=app.conf.producer_max_batch_size,
        fenced_seconds=settings.session_timeout_seconds,
    )
    app.when_chunks_must_end.append(transactions.hurry)


def app_from_environment() -> faust.App:
    """Build the app from the environment's settings: load the model, create the topics that are missing.

    Raises:
        BrokerError: no Kafka answers, it does not let us in, a right is missing, or it refuses to create a topic.
        ModelError: the model can't be loaded.
        SettingsError: a file that a setting names can't be used.
        TracingError: traces are asked for, and can't be made.
    """
    registry, datadir = RegistrySettings(), home_folder("faust")
    settings, kafka = StreamSettings(), kafka_of_settings()
    selection = _selection(LabellingSettings())
    topics = declare_topics(TopicSettings())
    trace = TraceSettings()
    tracer = _tracer(trace)
    store = serving_store(top_k=settings.top_k, count=count_careful)
    predictor = FollowedPredictor(load_predictor(store))
    show_model(predictor.model)
    check_topics_and_group(kafka, topics, group=settings.group, learns=OnlineSettings().enabled)
    cluster = Cluster(kafka=kafka, topics=ensure_topics(kafka, topics.all), datadir=str(datadir))
    if settings.delivery == "exactly_once":
        check_transactions(cluster, topics.raw.name, group=settings.group)
    logger.info(
        "worker_starts",
        extra={"kafka": kafka.bootstrap_servers, "group": settings.group, "model": predictor.model.version},
    )
    traces = None
    if tracer is not None:
        sampler = Sampler(trace.traces_sampler_arg)
        traces = TweetTraces(tracer, sampler=sampler, topic=topics.raw.name, group=settings.group)
    app = create_app(settings, cluster=cluster, topics=topics, predictor=predictor, selection=selection, traces=traces)
    if tracer is not None:
        app.add_context(closing(tracer))  # closed when agents and Kafka have ended
    online = OnlineSettings()
    if online.enabled:
        limits = Limits(
            snapshot_seconds=online.snapshot_seconds,
            remembered_labels=online.remembered_labels,
            kept_tweets=LabellingSettings().kept_tweets,
        )
        shadow = Shadow(
            replace(registry_store(top_k=1), model_alias=CHALLENGER), answering=lambda: predictor.model.version
        )
        learn_online(
            app,
            predictor,
            kafka=kafka,
            topics=topics,
            states=cluster.topics,
            limits=limits,
            challenger=shadow.challenger,
        )
        if registry.poll_seconds:
            _follow(app, shadow, poll_seconds=registry.poll_seconds, holding=topics.feedback.name)
    if registry.poll_seconds:
        report = partial(_report_change, topic=topics.metrics.name, kafka=kafka)
        follower = Follower(predictor, store, gate=behaviour_problems, report=report)
        _follow(app, follower, poll_seconds=registry.poll_seconds)
    return app


def _selection(settings: LabellingSettings) -> Selection | None:
    """Give what chooses the tweets for labelling; None where nothing is to be chosen."""
    if not settings.per_minute:
        return None
    return Selection(
        per_minute=settings.per_minute,
        random_share=settings.random_share,
        uncertain_share=settings.uncertain_share,
    )


def _tracer(settings: TraceSettings) -> Tracer | None:
    """Begin to export spans; None where nobody asks for them."""
    if not settings.is_on:
        return None
    return open_tracer(
        endpoint=settings.exporter_otlp_endpoint,
        headers=settings.headers,
        service_name=settings.service_name or "tickertape-worker",
        max_queued_spans=settings.bsp_max_queue_size,
    )


def _follow(app: faust.App, poller: Poller, *, poll_seconds: float, holding: str | None = None) -> None:
    """Begin to follow the registry when the worker runs, not when somebody else looks at the app.

    Args:
        app: the worker's.
        poller: looks at the registry.
        poll_seconds: time between two looks.
        holding: begin only when the worker holds this topic; None to begin at once.
    """

    async def begin(_: Any, assigned: set[Any], **_kwargs: Any) -> None:  # noqa: ANN401  # faust's signature
        if holding is None or any(tp.topic == holding for tp in assigned):
            poller.start(poll_seconds=poll_seconds)

    app.on_partitions_assigned.connect(begin, weak=False)


def _report_change(change: ModelChange, *, topic: str, kafka: KafkaConnection) -> None:
    record_change(change)
    publish_change(change, topic=topic, kafka=kafka)


def __getattr__(name: str) -> faust.App:
    if name == "app":  # asked for by `faust -A stream.app`; importing this module still opens nothing
        return app_from_environment()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
