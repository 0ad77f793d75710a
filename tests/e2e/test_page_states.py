"""Each state of the system is one that the page names, and comes out of by itself."""

from collections.abc import Callable
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]


@pytest.mark.parametrize(
    ("fields", "word", "sentence"),
    [
        ({"broker": "gone"}, "Not live", "Kafka does not answer."),
        ({"broker": "connecting"}, "Connecting", "The API is connecting to Kafka."),
        ({"broker": "missing-topics"}, "Waiting", "Start a worker: tickertape worker"),
        ({}, "Waiting", "No tweets yet."),
    ],
)
def test_what_the_feed_waits_for_is_said(
    fake: Any, open_page: Open, build_tick: Build, fields: dict[str, Any], word: str, sentence: str
) -> None:
    fake.send("state", build_tick(1, history=[], tweets_per_second=None, latency_ms=None, **fields))

    opened = open_page(fake.url)

    expect(opened.page.locator("#state-word")).to_have_text(word)
    expect(opened.page.locator("#notices")).to_contain_text(sentence)
    expect(opened.page.locator("#rate")).to_have_text("\u2013")
    assert opened.complaints == []


def test_a_missing_model_is_said_beside_the_stream(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[], model=None))

    page = open_page(fake.url).page

    expect(page.locator("#model")).to_have_text("none")
    expect(page.locator("#notices")).to_contain_text("The API has no model")
    expect(page.locator("#tweets li")).to_have_count(1)
    fake.send("tick", build_tick(2))
    expect(page.locator("#notices")).to_be_empty()


def test_kafka_that_goes_and_comes_back_is_seen_on_the_same_stream(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#state-word")).to_have_text("Live")

    fake.send("tick", build_tick(2, broker="gone", tweets_per_second=None))
    expect(page.locator("#state-word")).to_have_text("Not live")
    fake.send("tick", build_tick(3, build_tweet(3)))

    expect(page.locator("#state-word")).to_have_text("Live")
    expect(page.locator("#tweets li")).to_have_count(2)


def test_an_api_that_goes_is_said_and_found_again(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    fake.send_raw("retry: 20000\n\n")
    page = open_page(fake.url).page
    expect(page.locator("#state-word")).to_have_text("Live")

    fake.stop()
    expect(page.locator("#state-word")).to_have_text("Not live")
    expect(page.locator("#notices")).to_contain_text("The API does not answer. What is shown is the last that came.")
    expect(page.locator("#notices")).to_contain_text("Trying again in")
    expect(page.locator("#tweets li")).to_have_count(1)
    fake.start()
    page.get_by_role("button", name="Try now").click()

    expect(page.locator("#state-word")).to_have_text("Live")
    expect(page.locator("#notices")).to_be_empty()


def test_it_comes_back_without_a_click(fake: Any, open_page: Open, build_tick: Build, build_tweet: Build) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#tweets li")).to_have_count(1)

    fake.end_streams()
    fake.send("state", build_tick(5, build_tweet(5), build_tweet(6), history=[], tweets_per_second=55.0))

    expect(page.locator("#rate")).to_have_text("55")
    expect(page.locator("#tweets li")).to_have_count(2)


def test_an_api_that_gives_no_feed_says_why(fake: Any, open_page: Open, build_tick: Build, build_tweet: Build) -> None:
    fake.refusal = (503, "the live feed of this server is switched off: start it with API_LIVE=true")
    page = open_page(fake.url).page
    expect(page.locator("#notices")).to_contain_text(
        "The API gives no feed. the live feed of this server is switched off"
    )

    fake.refusal = None
    fake.send("state", build_tick(1, build_tweet(1), history=[]))

    expect(page.locator("#state-word")).to_have_text("Live")


def test_frames_that_are_none_are_passed_over(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    fake.send_raw(": nothing new\n\nevent: tick\ndata: {\n\nevent: other\ndata: 1\n\ndata: {}\n\n")
    fake.send_raw("event: tick\nid: 7\ndata: {}\n\n")
    fake.send("tick", build_tick(3, build_tweet(3), tweets_per_second=33.0))

    opened = open_page(fake.url)

    expect(opened.page.locator("#rate")).to_have_text("33")
    expect(opened.page.locator("#tweets li")).to_have_count(2)
    assert opened.complaints == []


def test_a_key_is_asked_for_kept_in_the_tab_and_sent(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.key = "tt_secret"
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#notices")).to_contain_text("This API wants a key. send a key")

    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Use this key").click()
    expect(page.get_by_role("button", name="Forget the key")).to_be_visible()
    page.get_by_label("API key").fill("tt_secret")
    page.get_by_role("button", name="Use this key").click()

    expect(page.locator("#state-word")).to_have_text("Live")
    expect(page.get_by_label("API key")).to_be_hidden()
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [1, 0, ""]
    page.reload()
    expect(page.locator("#state-word")).to_have_text("Live")


def test_a_revoked_key_is_asked_for_again_where_it_is_used(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#state-word")).to_have_text("Live")
    fake.key = "tt_new"

    page.get_by_label("Text of the tweet").fill("$AAPL up")
    page.get_by_role("button", name="Classify").click()

    expect(page.get_by_label("API key")).to_be_visible()
    expect(page.locator("#try-problem")).to_have_text("send a key")


def test_a_key_that_may_not_do_a_thing_can_be_changed_for_another(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    page.route("**/predict*", lambda route: route.fulfill(status=403, json={"detail": "this key lacks predict"}))

    page.get_by_label("Text of the tweet").fill("$AAPL up")
    page.get_by_role("button", name="Classify").click()

    expect(page.locator("#try-problem")).to_have_text("this key lacks predict")
    expect(page.get_by_label("API key")).to_be_visible()


def test_without_the_plotting_code_the_figures_stay(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    opened = open_page("about:blank")
    opened.page.route("**/uplot.iife.min.js", lambda route: route.abort())

    opened.page.goto(fake.url)

    expect(opened.page.locator("#no-charts")).to_be_visible()
    expect(opened.page.locator("#rate")).to_have_text("2.0")
    expect(opened.page.locator("#tweets li")).to_have_count(1)


def test_all_works_behind_the_prefix_of_a_proxy(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.stop()
    fake.prefix = "/desk/tape/"
    fake.start()
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    fake.send("tick", build_tick(2, build_tweet(2)))

    opened = open_page(fake.url)

    expect(opened.page.locator("#state-word")).to_have_text("Live")
    expect(opened.page.locator("#chart-rate canvas")).to_be_visible()
    opened.page.get_by_label("Text of the tweet").fill("$AAPL up")
    opened.page.get_by_role("button", name="Classify").click()
    expect(opened.page.locator("#try-answer")).to_contain_text("Dividend")
    assert opened.complaints == []
