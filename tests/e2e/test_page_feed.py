"""The page shows what the feed says: tweets, charts and tables, in a bounded number of elements."""

from collections.abc import Callable
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]

PIXELS = """id => {
  const canvas = document.querySelector(`#${id} canvas`);
  return canvas ? canvas.toDataURL() : "";
}"""


def past(minutes: range) -> list[dict[str, Any]]:
    """The history of a server that has run for some minutes."""
    return [
        {
            "at": f"2026-01-31T09:{minute:02}:00.000Z",
            "tweets_per_second": 100.0 + minute,
            "latency_p50_ms": 3.0,
            "labels": {"Macro": 3, "IPO": 1},
            "sentiments": {"bearish": 1, "neutral": 2, "bullish": 1},
            "batch_accuracy": None,
            "online_accuracy": None,
            "served_accuracy": None,
        }
        for minute in minutes
    ]


def test_a_tweet_appears_with_all_that_was_answered(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))

    opened = open_page(fake.url)

    row = opened.page.locator("#tweets li")
    expect(row).to_have_count(1)
    expect(row.locator(".feeling")).to_have_text("\u25b2 bullish +0.84")
    expect(row.locator(".topic")).to_have_text("Earnings 93%")
    expect(row.locator("button.ticker")).to_have_text("$AAPL")
    expect(row.locator(".by")).to_have_text("batch pretrained-1ea10ba5")
    expect(row.locator(".text")).to_have_text("Tweet number 1: $AAPL beats estimates")
    expect(opened.page.locator("#state-word")).to_have_text("Live")
    expect(opened.page.locator("#notices")).to_be_empty()
    assert opened.complaints == []


def test_figures_tables_and_charts_follow_the_ticks(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    ticker = {"ticker": "TSLA", "tweets": 12, "bearish": 9, "neutral": 2, "bullish": 1, "sentiment_score": -0.61}
    figure = {"accuracy": 0.8364, "labels": 1204.4}
    fake.send("state", build_tick(1, build_tweet(1), history=past(range(28, 30))))
    page = open_page(fake.url).page
    expect(page.locator("#chart-labels canvas")).to_be_visible()
    before = {name: page.evaluate(PIXELS, f"chart-{name}") for name in ("rate", "latency", "labels")}

    fake.send(
        "tick",
        build_tick(
            12,
            build_tweet(2),
            tweets_per_second=1234.5,
            latency_ms={"p50": 20.0, "p99": 12_345.0},
            tickers=[ticker],
            accuracy={"label": {"batch": figure, "online": figure, "served": figure}, "sentiment": None},
            drift={
                "state": "drift",
                "window": 42,
                "at": "x",
                "causes": ["term=tariff"],
                "report": "/drift/0a1b2c3d-00000042",
            },
            dead_letters={"invalid_json": 3, "empty_text": 1},
            events=[{"at": "2026-01-31T09:30:00.000Z", "type": "swapped", "text": "Version 8 answers now."}],
        ),
    )

    expect(page.locator("#rate")).to_have_text("1,235")
    expect(page.locator("#latency")).to_have_text("20 ms / 12 s")
    expect(page.locator("#dead")).to_have_text("4")
    expect(page.locator("#tickers tr")).to_have_text("$TSLA12\u25bc \u22120.61")
    expect(page.locator("#tickers svg")).to_have_attribute("aria-label", "9 bearish, 2 neutral, 1 bullish")
    expect(page.locator("#accuracy tr").first).to_have_text("batch83.6% of 1,204\u2013")
    expect(page.locator("#dead-letters tr").first).to_have_text("invalid json3")
    expect(page.locator("#drift").get_by_role("button", name="report")).to_be_visible()
    expect(page.locator("#drift-causes")).to_have_text("Drift: term=tariff")
    expect(page.locator("#events li")).to_contain_text("Version 8 answers now.")
    expect(page.locator("#chart-accuracy output")).to_have_text("batch 83.6%, online 83.6%, served 83.6%")
    after = {name: page.evaluate(PIXELS, f"chart-{name}") for name in before}
    assert [name for name in before if not before[name] or before[name] == after[name]] == []


def test_the_history_of_the_server_fills_the_charts_at_once(fake: Any, open_page: Open, build_tick: Build) -> None:
    fake.send("state", build_tick(1, history=past(range(15, 30))))

    page = open_page(fake.url).page

    expect(page.locator("#chart-rate output")).to_have_text("129")
    expect(page.locator("#chart-sentiments output")).to_have_text("bearish 25%, neutral 50%, bullish 25%")
    expect(page.locator("#chart-labels .legend")).to_have_text("MacroIPOothers")
    expect(page.locator("#chart-accuracy")).to_be_hidden()


def test_hours_of_a_busy_feed_leave_no_more_elements_than_its_first_minute(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    def feed(ticks: range) -> None:
        for number in ticks:
            tweets = [build_tweet(20 * number + more) for more in range(20)]
            tickers = [
                {"ticker": f"T{one}", "tweets": 1, "bearish": 0, "neutral": 1, "bullish": 0, "sentiment_score": 0}
                for one in range(number, number + 20)
            ]
            event = {"at": "2026-01-31T09:30:00.000Z", "type": "swapped", "text": f"Event {number}."}
            more = {"dead_letters": {f"reason_{number}": 1}, "labels": {f"Label {number % 30}": 9}}
            fake.send(
                "tick",
                build_tick(10 * number, *tweets, tickers=tickers, events=[event], tweets_per_second=number, **more),
            )

    fake.send("state", build_tick(0, history=[]))
    page = open_page(fake.url).page
    feed(range(1, 60))
    expect(page.locator("#rate")).to_have_text("59")
    elements = page.evaluate("document.querySelectorAll('*').length")

    feed(range(60, 600))

    expect(page.locator("#rate")).to_have_text("599")
    expect(page.locator("#tweets li")).to_have_count(50)
    expect(page.locator("#events li")).to_have_count(20)
    assert page.evaluate("document.querySelectorAll('*').length") <= elements + 20


def test_only_some_tweets_of_a_busy_feed_are_shown_and_it_says_so(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#stream-empty")).to_be_visible()

    fake.send("tick", build_tick(2, *[build_tweet(number) for number in range(1, 21)], tweets_per_second=200.0))

    expect(page.locator("#tweets .text")).to_have_text(
        [f"Tweet number {n}: $AAPL beats estimates" for n in (20, 19, 18)]
    )
    expect(page.locator("#shown")).to_have_text("3 of 200 a second")


def test_a_paused_list_stays_and_goes_on_with_the_newest(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    page.get_by_role("button", name="Pause").click()

    fake.send("tick", build_tick(2, build_tweet(2), build_tweet(3), tweets_per_second=77.0))

    expect(page.locator("#rate")).to_have_text("77")
    expect(page.locator("#shown")).to_have_text("Paused, 2 newer")
    expect(page.locator("#tweets li")).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#tweets li")).to_have_count(3)
    expect(page.locator("#tweets .text").first).to_contain_text("number 3")


def test_a_filter_leaves_the_tweets_that_have_its_word(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    other = build_tweet(2, text="Fed holds rates", tickers=[], label="Macro", sentiment="neutral")
    fake.send("state", build_tick(1, build_tweet(1), other, history=[]))
    page = open_page(fake.url).page

    page.get_by_label("Show only tweets with").fill("macro")

    expect(page.locator("#tweets .text")).to_have_text(["Fed holds rates"])
    page.get_by_label("Show only tweets with").fill("$aap")
    expect(page.locator("#tweets .text")).to_have_text(["Tweet number 1: $AAPL beats estimates"])
    page.get_by_label("Show only tweets with").fill("nothing has this")
    expect(page.locator("#stream-empty")).to_have_text("No tweet with that among the last ones.")


def test_a_ticker_opens_its_last_minutes(fake: Any, open_page: Open, build_tick: Build, build_tweet: Build) -> None:
    window = {
        "seconds": 60,
        "tweets": 3,
        "bearish": 1,
        "neutral": 0,
        "bullish": 2,
        "sentiment_score": 0.4,
        "sampled_share": 1,
    }
    fake.tickers["AAPL"] = {"ticker": "AAPL", "windows": [window], "tweets": [build_tweet(1), build_tweet(2)]}
    fake.send("state", build_tick(1, build_tweet(1), build_tweet(9, tickers=["BRK/B"]), history=[]))
    page = open_page(fake.url).page

    page.locator("#tweets button.ticker").last.click()

    dialog = page.get_by_role("dialog")
    expect(dialog.locator("h2")).to_have_text("$AAPL")
    expect(page.locator("#ticker-windows tr")).to_have_text("1 min3\u25b2 +0.40")
    expect(page.locator("#ticker-tweets .text").first).to_contain_text("number 2")
    dialog.get_by_role("button", name="Close").click()
    page.locator("#tweets button.ticker").first.click()
    expect(page.locator("#ticker-problem")).not_to_be_empty()


def test_the_live_regions_stay_silent_while_all_is_well(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#state-word")).to_have_text("Live")
    page.evaluate("""() => {
      window.spoken = 0;
      const count = new MutationObserver((changes) => { window.spoken += changes.length; });
      for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live]"))
        count.observe(region, { childList: true, characterData: true, subtree: true });
    }""")

    for number in range(2, 40):
        fake.send("tick", build_tick(number, build_tweet(number), tweets_per_second=number))
    expect(page.locator("#rate")).to_have_text("39")

    assert page.evaluate("window.spoken") == 0
