"""Dark and light, desk and phone, with and without motion; and what axe finds in them."""

from collections.abc import Callable
from typing import Any

import pytest

axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def full(fake: Any, build_tick: Build, build_tweet: Build) -> str:
    """Give the address of a page with something in each of its panels."""
    figure = {"accuracy": 0.8364, "labels": 1204.4}
    head = {"batch": figure, "online": figure, "served": figure}
    feelings = ["bullish", "bearish", "neutral"]
    tweets = [build_tweet(number, sentiment=feelings[number % 3]) for number in range(12)]
    tickers = [
        {"ticker": name, "tweets": 9, "bearish": 3, "neutral": 2, "bullish": 1, "sentiment_score": score}
        for name, score in (("TSLA", -0.6), ("AAPL", 0.6), ("SPY", 0.0))
    ]
    shown = {
        "tickers": tickers,
        "accuracy": {"label": head, "sentiment": head},
        "drift": {
            "state": "drift",
            "window": 42,
            "at": "x",
            "causes": ["term=tariff"],
            "report": "/drift/0a1b2c3d-00000042",
        },
        "dead_letters": {"invalid_json": 3},
        "events": [{"at": "2026-01-31T09:30:00.000Z", "type": "swapped", "text": "Version 8 answers now."}],
        "labels": {"Macro": 3, "IPO": 2, "Earnings": 1},
        "sentiments": {"bearish": 1, "neutral": 1, "bullish": 1},
    }
    fake.send("state", build_tick(1, *tweets, history=[], **shown))
    fake.send("tick", build_tick(12, **shown))
    fake.send("tick", build_tick(24, **shown))
    url: str = fake.url
    return url


def wait_until_full(page: Any) -> None:
    expect(page.locator("#tweets li")).to_have_count(12)
    expect(page.locator("#chart-accuracy canvas")).to_be_visible()


def violations(page: Any) -> list[str]:
    found = axe_api.Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found.response["violations"]]


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(open_page: Open, full: str, scheme: str, viewport: dict[str, int]) -> None:
    page = open_page(full, color_scheme=scheme, viewport=viewport, bypass_csp=True, reduced_motion="reduce").page
    wait_until_full(page)
    page.get_by_label("Text of the tweet").fill("$AAPL raises its dividend")
    page.get_by_role("button", name="Classify").click()
    expect(page.locator("#try-answer table")).to_have_count(2)

    alone = violations(page)
    page.locator("#tweets button.quiet").first.click()
    with_dialog = violations(page)

    assert alone == []
    assert with_dialog == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_where_a_key_is_wanted_or_kafka_is_away(
    fake: Any, open_page: Open, build_tick: Build, scheme: str
) -> None:
    fake.key = "x"
    page = open_page(fake.url, color_scheme=scheme, bypass_csp=True).page
    expect(page.get_by_label("API key")).to_be_visible()

    with_key_form = violations(page)
    fake.key = ""
    fake.send("state", build_tick(1, history=[], broker="gone", model=None))
    page.get_by_label("API key").fill("x")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#notices .notice")).to_have_count(2)

    assert with_key_form == []
    assert violations(page) == []


def test_dark_and_light_are_the_visitors_choice_and_change_with_it(open_page: Open, full: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    chart = "document.querySelector('#chart-rate canvas').toDataURL()"
    page = open_page(full, color_scheme="dark").page
    wait_until_full(page)
    dark = (page.evaluate(background), page.evaluate(chart))

    page.emulate_media(color_scheme="light")

    page.wait_for_function(f"{background} === 'rgb(243, 244, 246)'")
    page.wait_for_function("before => document.querySelector('#chart-rate canvas').toDataURL() !== before", arg=dark[1])
    assert dark[0] == "rgb(12, 15, 19)"


@pytest.mark.parametrize("width", [320, 390, 600, 899, 1024, 1319])
def test_no_width_scrolls_sideways(open_page: Open, full: str, width: int) -> None:
    page = open_page(full, viewport={"width": width, "height": 844}).page
    wait_until_full(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_for_who_wants_no_motion(open_page: Open, full: str) -> None:
    moves = "getComputedStyle(document.querySelector('#tweets li')).animationName"
    still = open_page(full, reduced_motion="reduce").page
    moving = open_page(full, reduced_motion="no-preference").page
    wait_until_full(still)
    wait_until_full(moving)

    assert still.evaluate(moves) == "none"
    assert still.evaluate("document.getAnimations().length") == 0
    assert moving.evaluate(moves) == "come"
