import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from api.live import examples
from api.live.hub import LiveFeed
from api.live.reader import LiveTopics
from api.live.schemas import LiveState, LiveTick, TickerView
from api.openapi.examples import REQUEST_ID
from models.records import ModelVersion
from stream.kafka.connection import KafkaConnection

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


def feed_of(topics: LiveTopics, servers: str = "127.0.0.1:9", *, most_streams: int = 10) -> LiveFeed:
    return LiveFeed(KafkaConnection(servers), topics, seconds=0.02, sample_bytes=100_000, most_streams=most_streams)


@pytest.fixture
async def feed(topics: LiveTopics) -> AsyncIterator[LiveFeed]:
    feed = feed_of(topics)
    feed.start(lambda: ModelVersion("tickertape", "7"))
    yield feed
    await feed.close()


def data_of(frame: bytes) -> Any:
    return json.loads(frame.partition(b"data: ")[2])


async def tick_of(feed: LiveFeed) -> Any:
    viewer, _ = feed.join()
    await viewer.wake.wait()
    frame = feed.viewers.take(viewer)
    feed.viewers.leave(viewer)
    return data_of(frame)


async def test_before_anything_is_known_the_state_says_so(feed: LiveFeed) -> None:
    _, first = feed.join()

    state = data_of(first)
    assert first.startswith(b"id: 0\nevent: state\ndata: {")
    assert (state["broker"], state["tweets_per_second"], state["latency_ms"]) == ("connecting", None, None)
    assert state["model"] == {"name": "tickertape", "version": "7", "online_version": 0}
    assert (len(state["history"]), state["sampled_share"]) == (90, 1.0)
    assert state["drift"] == {"state": "unknown", "window": None, "at": None, "causes": [], "report": None}


async def test_without_a_kafka_ticks_come_and_say_that_it_is_gone(feed: LiveFeed) -> None:
    ticks = [await tick_of(feed) for _ in range(3)]

    assert ticks[-1]["broker"] == "gone"
    assert ticks[-1]["model"] == {"name": "tickertape", "version": "7", "online_version": 0}
    assert ticks[-1]["tweets_per_second"] is None


@pytest.mark.parametrize("servers", ["127.0.0.1:9", "nonsense", "a:b:c"])
async def test_a_kafka_that_stays_away_is_one_line_in_the_log(
    topics: LiveTopics, servers: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.hub.RETRY_SECONDS", 0.0)
    feed = feed_of(topics, servers)
    feed.start(lambda: None)
    for _ in range(5):
        await tick_of(feed)
    await feed.close()

    [event] = [record for record in caplog.records if record.name == "api.live.hub"]
    assert (event.levelno, event.getMessage(), event.kafka) == (logging.WARNING, "live_kafka_gone", servers)


async def test_a_kafka_that_never_answers_holds_up_no_tick(topics: LiveTopics) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system takes connections, and nobody answers
        feed = feed_of(topics, f"127.0.0.1:{silent.getsockname()[1]}")
        feed.start(lambda: None)
        ticks = [await tick_of(feed) for _ in range(3)]
        await feed.close()

    assert [tick["broker"] for tick in ticks] == ["connecting"] * 3


async def test_clients_that_come_before_the_next_tick_share_their_first_event(topics: LiveTopics) -> None:
    feed = feed_of(topics)
    feed.start(lambda: None)

    states = [feed.join()[1] for _ in range(5)]

    assert len({id(state) for state in states}) == 1
    await feed.close()


async def test_a_fault_of_ours_is_logged_once_and_the_feed_goes_on(
    topics: LiveTopics, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Any) -> None:
        raise LookupError("a fault")

    monkeypatch.setattr("api.live.hub.RETRY_SECONDS", 0.0)
    monkeypatch.setattr("api.live.log.KafkaLog.open", fail)
    feed = feed_of(topics)
    feed.start(lambda: None)
    ticks = [await tick_of(feed) for _ in range(4)]
    await feed.close()

    assert ticks[-1]["broker"] == "gone"
    events = [record.getMessage() for record in caplog.records if record.name == "api.live.hub"]
    assert events == ["live_feed_failed"]


async def test_a_feed_that_is_switched_off_is_a_problem_that_says_so(client: httpx.AsyncClient) -> None:
    answers = [await client.get(path) for path in ("/live", "/tickers/TSLA")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert {answer.json()["detail"] for answer in answers} == {
        "the live feed of this server is switched off: start it with API_LIVE=true"
    }


async def test_a_ticker_is_not_known_without_a_kafka(serve_ready: Serve, topics: LiveTopics) -> None:
    async with serve_ready(live=feed_of(topics)) as client:
        answer = await client.get("/tickers/TSLA")

    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["detail"].startswith("the live feed has nothing to tell, as Kafka is ")


async def test_a_ticker_is_found_by_each_of_its_names(serve_ready: Serve, topics: LiveTopics, make_answer: Any) -> None:
    feed = feed_of(topics)
    async with serve_ready(live=feed) as client:
        feed._picture.take_rate(10, 10.0, 1.0)
        feed._picture.take_tweets([make_answer(), make_answer(sentiment="bearish", sentiment_score=-1)], covered=2)
        answers = [await client.get(f"/tickers/{name}") for name in ("TSLA", "$tsla", "%24Tsla")]
        feed._picture.broker = "connected"
        unknown = [await client.get(f"/tickers/{name}") for name in ("XOM", "$", "%00", "x" * 5_000)]

    assert [answer.status_code for answer in answers] == [200] * 3
    [view] = {answer.text: answer.json() for answer in answers}.values()
    assert view["ticker"] == "TSLA"
    assert view["windows"][0] == {
        "seconds": 60,
        "tweets": 2,
        "bearish": 1,
        "neutral": 0,
        "bullish": 1,
        "sentiment_score": -0.25,
        "sampled_share": 0.2,
    }
    assert [tweet["sentiment"] for tweet in view["tweets"]] == ["bullish", "bearish"]
    assert [answer.status_code for answer in unknown] == [404] * 4
    assert unknown[0].json()["detail"] == "no tweet of 'XOM' was read in the last 15 minutes"
    assert len(unknown[-1].json()["detail"]) < 100


async def test_a_stream_too_many_is_a_problem(serve_ready: Serve, topics: LiveTopics) -> None:
    feed = feed_of(topics, most_streams=1)
    async with serve_ready(live=feed) as client:
        feed.join()
        answer = await client.get("/live")

    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.json()["detail"] == "1 streams are open (API_LIVE_STREAMS): try again later"
    assert answer.headers["retry-after"] == "1"


def test_the_examples_fit_the_schemas() -> None:
    shown = [(LiveTick, examples.TICK), (LiveState, examples.STATE), (TickerView, examples.TICKER)]

    assert [model.model_validate(example, strict=False).model_dump(mode="json") for model, example in shown] == [
        example for _, example in shown
    ]


async def test_the_document_shows_the_events_as_they_are_sent(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()

    content = document["paths"]["/live"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]
    parts = content["text/event-stream"]["example"].split("\n\n")
    assert [part.splitlines()[:2] for part in parts[1:3]] == [["id: 41", "event: state"], ["id: 42", "event: tick"]]
    assert data_of(parts[2].encode()) == examples.TICK


async def test_the_examples_of_problems_are_what_is_answered(
    serve_ready: Serve, client: httpx.AsyncClient, topics: LiveTopics
) -> None:
    headers = {"x-request-id": REQUEST_ID}
    feed = feed_of(topics)
    async with serve_ready(live=feed) as other:
        feed._picture.broker = "connected"
        unknown = await other.get("/tickers/XOM", headers=headers)

    off = await client.get("/live", headers=headers)

    assert [unknown.json(), off.json()] == [examples.UNKNOWN_TICKER, examples.SWITCHED_OFF]
