"""The recording of the demo is drawn from what a terminal was sent."""

import re

from tests.docs.record_demo import PICTURE, drawn, last_screen


def test_what_was_drawn_again_is_seen_as_it_was_at_last() -> None:
    written = "start\n1 tweet\r\x1b[2K2 tweets\nof 3\r\x1b[2K\x1b[1A\x1b[2K4 tweets\nof 5\nend\n"

    assert last_screen(written) == "start\n4 tweets\nof 5\nend\n"


def test_colours_are_kept_and_no_server_is_asked() -> None:
    picture = drawn("\x1b[32m+0.98 bullish\x1b[0m  $AAPL beats\n")

    assert "bullish" in picture
    assert "@font-face" not in picture
    assert re.findall(r"(?:src|href)=\"?(\S+)", picture) == []


def test_picture_of_the_docs_asks_no_server_and_shows_answers() -> None:
    picture = PICTURE.read_text(encoding="utf-8")

    assert "url(http" not in picture
    assert "tweets/s" in picture
    assert "nothing" in picture
