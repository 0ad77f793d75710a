"""What strangers wrote stays text: it runs nothing, hides nothing, turns nothing around and breaks no layout."""

from collections.abc import Callable
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]

MARKUP = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<svg onload='window.pwned = 1'><a href='javascript:window.pwned=1'>x</a></svg>",
    '"><iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    "</li></ol><style>body { display: none }</style>",
    "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1}",
    "javascript:window.pwned=1 https://evil.example/?q=<x>",
]
SHOWN = [
    ("a\u202eb\u2066c\u200fd", "abcd"),
    ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
    ("null\u0000 bell\u0007 escape\u001b[31m", "null\u2400 bell\u2407 escape\u241b[31m"),
    ("one\r\n\ntwo\tthree\u2028four", "one two three four"),
    ("lone \ud800 surrogate", "lone \ufffd surrogate"),
    ("Z\u0300\u0301\u0302\u0303\u0304 stack", "Z\u0300\u0301 stack"),
    ("\U0001f468\u200d\U0001f469\u200d\U0001f467 family", "\U0001f468\u200d\U0001f469\u200d\U0001f467 family"),
    ("\u05d0\u05e4\u05dc $AAPL \u05e2\u05d5\u05dc\u05d4", "\u05d0\u05e4\u05dc $AAPL \u05e2\u05d5\u05dc\u05d4"),
    ("x" * 25_000, "x" * 400 + "\u2026"),
    ("\U0001f680" * 1_000, "\U0001f680" * 400 + "\u2026"),
]


def elements_of(page: Any) -> set[str]:
    names: list[str] = page.evaluate("[...document.querySelectorAll('#tweets *')].map(one => one.localName)")
    return set(names)


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_any_field_is_shown_as_it_is_and_does_nothing(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build, text: str
) -> None:
    ticker = {"ticker": text, "tweets": 1, "bearish": 0, "neutral": 1, "bullish": 0, "sentiment_score": 0.0}
    tweet = build_tweet(1, text=text, label=text, tickers=[text], answered_by=text, sentiment=text, classified_at=text)
    fake.send(
        "state",
        build_tick(
            1,
            tweet,
            history=[],
            tickers=[ticker],
            labels={text: 1},
            model={"name": text, "version": text, "online_version": 0},
            drift={"state": text, "window": 1, "at": text, "causes": [text], "report": text},
            dead_letters={text: 1},
            events=[{"at": text, "type": text, "text": text}],
        ),
    )

    opened = open_page(fake.url)

    page = opened.page
    expect(page.locator("#tweets .text")).to_have_text(text)
    expect(page.locator("#events li")).to_contain_text(text[:20])
    page.locator("#tweets button.quiet").click()
    expect(page.locator("#correct-text")).to_have_text(text)
    assert page.evaluate("window.pwned") is None
    assert elements_of(page) == {"li", "div", "time", "span", "button", "bdi", "p"}
    assert page.evaluate("[...document.links].map(one => one.getAttribute('href'))") == ["#stream", "docs"]
    assert opened.complaints == []


@pytest.mark.parametrize(("text", "shown"), SHOWN, ids=[ascii(shown)[1:20] for _, shown in SHOWN])
def test_characters_that_hide_or_turn_text_are_taken_out_or_made_visible(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build, text: str, shown: str
) -> None:
    fake.send("state", build_tick(1, build_tweet(1, text=text), history=[]))

    opened = open_page(fake.url)

    found = opened.page.locator("#tweets .text bdi")
    expect(found).to_have_attribute("dir", "auto")
    assert found.evaluate("one => one.textContent") == shown
    assert found.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"
    assert opened.complaints == []


def test_a_text_that_turns_direction_leaves_what_stands_beside_it(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    place = "[...document.querySelectorAll('#tweets button.ticker, #tweets .by')].map(e => Math.round(e.getBoundingClientRect().x))"
    fake.send("state", build_tick(1, build_tweet(1, tickers=["AAPL", "TSLA"]), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#tweets li")).to_have_count(1)
    plain = page.evaluate(place)

    fake.end_streams()
    hostile = build_tweet(1, text="\u202e\u202e$AAPL \u05d0", tickers=["\u202eAAPL", "TSLA"])
    fake.send("state", build_tick(1, hostile, history=[]))

    expect(page.locator("#tweets .text")).to_have_text("$AAPL \u05d0")
    assert page.evaluate(place) == plain


@pytest.mark.parametrize("width", [320, 390, 1024, 1440])
def test_a_giant_word_breaks_and_nothing_scrolls_sideways(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build, width: int
) -> None:
    giant = "W" * 3_000
    ticker = {"ticker": giant, "tweets": 10**9, "bearish": 0, "neutral": 1, "bullish": 0, "sentiment_score": 0.0}
    fake.send(
        "state",
        build_tick(
            1,
            build_tweet(1, text=giant, label=giant, tickers=[giant] * 9, answered_by=giant),
            history=[],
            tickers=[ticker],
            tweets_per_second=1e9,
            model={"name": giant, "version": giant, "online_version": 10**9},
            drift={"state": "drift", "window": 1, "at": "", "causes": [giant], "report": None},
            dead_letters={giant: 10**9},
            events=[{"at": "", "type": giant, "text": giant}],
        ),
    )

    page = open_page(fake.url, viewport={"width": width, "height": 800}).page

    expect(page.locator("#tweets li")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for region in page.locator(".scroll:visible").all():
        assert region.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
    page.locator("#tweets button.quiet").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.get_by_role("dialog").evaluate("one => one.scrollWidth - one.clientWidth") <= 0


def test_the_pages_policy_stops_a_script_that_came_in_all_the_same(
    fake: Any, open_page: Open, build_tick: Build
) -> None:
    fake.send("state", build_tick(1, history=[]))
    opened = open_page(fake.url)

    inserted = opened.page.evaluate("""() => {
      try { document.body.innerHTML = "<p>x</p>"; return "taken"; } catch (error) { return error.name; }
    }""")
    opened.page.evaluate("""() => {
      const script = document.createElement("script");
      try { script.text = "window.pwned = 1"; } catch { /* as above */ }
      document.body.append(script);
      const link = document.createElement("link");
      link.rel = "stylesheet"; link.href = "https://evil.example/x.css";
      document.head.append(link);
    }""")

    assert inserted == "TypeError"
    expect(opened.page.locator("h1")).to_have_text("Tickertape")
    assert opened.page.evaluate("window.pwned") is None
    assert any("style-src" in complaint for complaint in opened.complaints)
