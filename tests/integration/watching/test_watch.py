"""The drift process against a real Kafka: each window is told once, whatever happens."""

from typing import Any

import pytest

pytestmark = pytest.mark.integration


def test_every_full_window_is_told_once_and_a_rest_is_not(watching: Any, make_feed: Any) -> None:
    watching.publish(make_feed().tweets(1750))

    process = watching.start("--from-beginning")
    events = watching.wait_for_events(3)
    code = process.stop()

    assert code == 0
    assert watching.events() == events
    assert [(event.window.number, event.window.tweets) for event in events] == [(1, 500), (2, 500), (3, 500)]
