"""The page before a real Kafka, worker, API and feed, each a process of its own."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer

from config.settings import BrokerSettings, TopicSettings, child_environment
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.demo import running_parts
from stream.kafka.connection import KafkaConnection
from stream.topics import declare_topics, ensure_topics

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.integration, pytest.mark.slow]

Open = Callable[..., Any]
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def kafka(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], EmbeddedKafka]]:
    """Give a function that starts the broker, again on its port and its data after it was stopped."""
    del chromium  # where there is none, no broker is started
    settings = BrokerSettings()
    folder = tmp_path_factory.mktemp("kafka")
    started: list[EmbeddedKafka] = []
    ports: list[int] = []

    def start() -> EmbeddedKafka:
        options = BrokerOptions(
            data_dir=folder,
            cache_dir=settings.cache_dir,
            port=ports[0] if ports else None,
            maven_repository=settings.maven_repository,
            jars_dir=settings.jars_dir,
        )
        broker = EmbeddedKafka(options)
        broker.start()
        started.append(broker)
        ports.append(int(broker.bootstrap_servers.rpartition(":")[2]))
        return broker

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture(scope="module")
def system(
    kafka: Callable[[], EmbeddedKafka], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[EmbeddedKafka, str]]:
    """Run everything; gives the broker and the page's address."""
    broker = kafka()
    topics = declare_topics(TopicSettings())
    ensure_topics(KafkaConnection(broker.bootstrap_servers), topics.all)
    folder = tmp_path_factory.mktemp("parts")
    environment = child_environment(KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap_servers, TICKERTAPE_HOME=str(folder))
    with running_parts(environment=environment, folder=folder, api_port=0, rate=25.0) as (_, url):
        yield broker, f"{url}/"


def newest(page: Any) -> str:
    text: str = page.locator("#tweets .text").first.inner_text()
    return text


def test_tweets_of_the_feed_appear_and_the_charts_move(system: tuple[EmbeddedKafka, str], open_page: Open) -> None:
    _, url = system
    opened = open_page(url)
    page = opened.page

    expect(page.locator("#state-word")).to_have_text("Live", timeout=PATIENCE_MS)
    expect(page.locator("#tweets li")).to_have_count(50, timeout=PATIENCE_MS)

    chart = "document.querySelector('#chart-rate canvas').toDataURL()"
    before, first = page.evaluate(chart), newest(page)
    page.wait_for_function(f"before => {chart} !== before", arg=before, timeout=PATIENCE_MS)
    page.wait_for_function("before => document.querySelector('#tweets .text').innerText !== before", arg=first)
    expect(page.locator("#rate")).to_have_text("25", timeout=PATIENCE_MS)
    expect(page.locator("#latency")).to_contain_text(" ms / ")
    expect(page.locator("#tickers tr")).to_have_count(20, timeout=PATIENCE_MS)
    expect(page.locator("#model")).to_contain_text("tickertape pretrained-")
    assert opened.complaints == []


def test_a_correction_arrives_on_the_topic_and_a_text_is_explained(
    system: tuple[EmbeddedKafka, str], open_page: Open
) -> None:
    broker, url = system
    page = open_page(url).page
    expect(page.locator("#tweets li").first).to_be_visible(timeout=PATIENCE_MS)

    page.get_by_role("button", name="Pause").click()
    page.locator("#tweets button.quiet").first.click()
    text = page.locator("#correct-text").inner_text()
    page.get_by_label("Topic").select_option("Politics")
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.locator("#summary")).to_have_text("The correction was taken.")
    page.get_by_label("Text of the tweet").fill("$AAPL beats estimates and raises its dividend")
    page.get_by_role("button", name="Classify").click()

    expect(page.locator("#try-answer .topic")).to_contain_text("Dividend")
    expect(page.locator("#try-answer tr").first).to_be_visible()
    consumer = KafkaConsumer(
        TopicSettings().feedback,
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=10_000,
    )
    given = json.loads(next(consumer).value)
    consumer.close()
    assert (given["label"], given["source"], " ".join(given["text"].split())) == ("Politics", "page", text)


def test_a_broker_that_is_restarted_is_said_and_found_again(
    kafka: Callable[[], EmbeddedKafka], system: tuple[EmbeddedKafka, str], open_page: Open
) -> None:
    broker, url = system
    opened = open_page(url)
    page = opened.page
    expect(page.locator("#state-word")).to_have_text("Live", timeout=PATIENCE_MS)

    broker.stop()
    expect(page.locator("#notices")).to_contain_text("Kafka does not answer.", timeout=PATIENCE_MS)
    expect(page.locator("#rate")).to_have_text("\u2013")
    last = newest(page)
    kafka()

    expect(page.locator("#state-word")).to_have_text("Live", timeout=PATIENCE_MS)
    page.wait_for_function(
        "before => document.querySelector('#tweets .text').innerText !== before", arg=last, timeout=PATIENCE_MS
    )
    assert opened.complaints == []
