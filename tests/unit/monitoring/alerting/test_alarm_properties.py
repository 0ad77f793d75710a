"""What holds of alarms whatever the feed does, by a clock that the test moves."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.alerting.alarms import MESSAGES, Alarms
from monitoring.alerting.messages import Message
from monitoring.drift.records import DriftEvent

QUIET = 8
_STEPS = st.lists(st.tuples(st.frozensets(st.sampled_from("abcd")), st.integers(0, 12)), min_size=1, max_size=40)


class Reader:
    """Somebody who believes what he is told, from what was open when he began."""

    def __init__(self, believes: frozenset[str]) -> None:
        self.believes = set(believes)
        self.messages_at: list[int] = []
        self.opened_at: dict[str, int] = {}

    def read(self, message: Message | None, now: int) -> None:
        assert message is not None
        opened = {alarm.name for alarm in message.opened}
        assert opened.isdisjoint(self.believes)
        assert self.believes.issuperset(message.closed)
        assert all(now - self.opened_at.get(name, now - QUIET) >= QUIET for name in opened)
        self.believes = (self.believes | opened) - set(message.closed)
        self.opened_at |= dict.fromkeys(opened, now)
        self.messages_at.append(now)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_nothing_is_told_twice_too_often_or_never(make_drift_event: Callable[..., DriftEvent], steps: list) -> None:
    alarms, now = Alarms(QUIET), 100
    reader = Reader(steps[0][0])
    for number, (names, seconds) in enumerate(steps):
        alarms.take(make_drift_event(number, *sorted(names)))
        if message := alarms.message(now):
            reader.read(message, now)
        end = now + seconds
        while (wait := alarms.wait_seconds(now)) is not None and now + wait <= end:
            assert wait > 0
            now += int(wait)
            reader.read(alarms.message(now), now)
        now = end

    assert all(
        later - first >= QUIET for first, later in zip(reader.messages_at, reader.messages_at[MESSAGES:], strict=False)
    )
    assert (alarms.wait_seconds(now) is None) == (reader.believes == steps[-1][0])
    if message := alarms.rest(now):
        reader.opened_at.clear()
        reader.read(message, now)
    assert reader.believes == steps[-1][0]
