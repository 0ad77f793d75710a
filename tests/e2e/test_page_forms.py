"""Trying a text and correcting an answer, by pointer and by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

Build = Callable[..., dict[str, Any]]
Open = Callable[..., Any]


def focused(page: Any) -> str:
    """What the keyboard is on: its id, or its class."""
    name: str = page.evaluate("document.activeElement.id || document.activeElement.className")
    return name


def test_a_correction_goes_out_as_feedback_of_the_page(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    text = "<b>$AAPL</b> \u202ebeats\u0007 estimates"
    fake.send("state", build_tick(1, build_tweet(1, text=text), history=[]))
    opened = open_page(fake.url)
    opened.page.get_by_role("button", name="Correct the answer Earnings").click()
    dialog = opened.page.get_by_role("dialog")

    dialog.get_by_label("Topic").select_option("M&A | Investments")
    dialog.get_by_label("Sentiment").select_option("bearish")
    dialog.get_by_role("button", name="Send").click()

    expect(dialog).to_be_hidden()
    expect(opened.page.locator("#summary")).to_have_text("The correction was taken.")
    assert fake.feedback == [
        {
            "feedback": [
                {
                    "tweet_id": "1790000000000000001",
                    "text": text,
                    "source": "page",
                    "label": "M&A | Investments",
                    "sentiment": "bearish",
                }
            ]
        }
    ]
    assert opened.complaints == []


def test_one_of_topic_and_sentiment_is_enough_and_none_is_too_little(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    page.get_by_role("button", name="Correct the answer Earnings").click()
    dialog = page.get_by_role("dialog")

    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a topic, a sentiment, or both.")
    dialog.get_by_label("Sentiment").select_option("neutral")
    dialog.get_by_role("button", name="Send").click()

    expect(dialog).to_be_hidden()
    ((given,),) = [body["feedback"] for body in fake.feedback]
    assert {"label", "sentiment"} & given.keys() == {"sentiment"}


def test_a_correction_that_was_not_taken_stays_open_and_says_why(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1, text="refuse this"), history=[]))
    page = open_page(fake.url).page
    page.get_by_role("button", name="Correct the answer Earnings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Topic").select_option("IPO")

    dialog.get_by_role("button", name="Send").click()

    expect(dialog.get_by_role("alert")).to_have_text("Kafka does not answer: send all again")
    assert dialog.get_by_label("Topic").input_value() == "IPO"
    fake.stop()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_have_text("The API does not answer. Try again in a moment.")
    fake.start()


def test_an_answer_comes_with_the_terms_that_carried_it(fake: Any, open_page: Open, build_tick: Build) -> None:
    fake.send("state", build_tick(1, history=[]))
    page = open_page(fake.url).page

    page.get_by_label("Text of the tweet").fill("$AAPL raises its dividend")
    page.get_by_role("button", name="Classify").click()

    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".topic")).to_contain_text("Dividend")
    expect(answer.locator("caption").first).to_have_text("Topic: Dividend before Financials")
    expect(answer.locator("tbody").first.locator("tr")).to_have_text(["dividend+0.90", "cut\u22120.30"])
    expect(answer.locator("tbody").last.locator("svg").last).to_have_attribute("aria-label", "against it")


def test_an_answer_that_cannot_be_explained_is_given_without(fake: Any, open_page: Open, build_tick: Build) -> None:
    fake.explains = False
    fake.send("state", build_tick(1, history=[]))
    page = open_page(fake.url).page

    page.get_by_label("Text of the tweet").fill("$AAPL raises its dividend")
    page.get_by_label("Text of the tweet").press("Control+Enter")

    expect(page.get_by_role("region", name="Answer")).to_contain_text("This model's answers can't be explained.")
    expect(page.get_by_role("region", name="Answer").locator("table")).to_have_count(0)


def test_the_keyboard_reaches_all_and_a_dialog_gives_it_back(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    expect(page.locator("#tweets li")).to_have_count(1)

    walked = []
    for _ in range(9):
        page.keyboard.press("Tab")
        walked.append(focused(page))
    assert walked == ["skip", "", "filter", "pause", "stream", "ticker", "quiet", "try-text", "try-send"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert focused(page) == "correct-label"
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused(page) == "quiet"


def test_a_list_in_which_the_keyboard_stands_does_not_move(
    fake: Any, open_page: Open, build_tick: Build, build_tweet: Build
) -> None:
    fake.send("state", build_tick(1, build_tweet(1), history=[]))
    page = open_page(fake.url).page
    page.locator("#stream").focus()
    page.keyboard.press("Tab")

    fake.send("tick", build_tick(2, build_tweet(2), tweets_per_second=77.0))

    expect(page.locator("#rate")).to_have_text("77")
    expect(page.locator("#shown")).to_have_text("Held while it is in use, 1 newer")
    assert focused(page) == "ticker"
    page.locator("#filter").focus()
    expect(page.locator("#tweets li")).to_have_count(2)
