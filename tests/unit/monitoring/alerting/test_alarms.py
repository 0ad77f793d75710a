"""Which alarms are told, when and together, by a clock that the test moves."""

from collections.abc import Callable

import msgspec
import pytest

from monitoring.alerting.alarms import MESSAGES, Alarms
from monitoring.alerting.messages import Message, alarm_of
from monitoring.drift.records import DriftEvent, Kind

MakeEvent = Callable[..., DriftEvent]
QUIET = 100.0


@pytest.fixture
def alarms() -> Alarms:
    return Alarms(QUIET)


def told(message: Message | None) -> tuple[set[str], set[str]] | None:
    """The names that a message opens and closes."""
    return None if message is None else ({alarm.name for alarm in message.opened}, set(message.closed))


def after(alarms: Alarms, event: DriftEvent, *, at: float) -> tuple[set[str], set[str]] | None:
    alarms.take(event)
    return told(alarms.message(at))


def test_alarm_is_told_once_while_it_is_open_and_when_it_closes(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    messages = [
        after(alarms, make_drift_event(1), at=0),
        after(alarms, make_drift_event(2, "label=IPO", opened=("label=IPO",)), at=1),
        after(alarms, make_drift_event(3, "label=IPO"), at=500),
        after(alarms, make_drift_event(4, closed=("label=IPO",)), at=501),
        after(alarms, make_drift_event(5), at=502),
    ]

    assert messages == [None, ({"label=IPO"}, set()), None, (set(), {"label=IPO"}), None]


def test_what_was_open_before_the_start_is_not_told_but_its_closing_is(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    first = after(alarms, make_drift_event(8, "old=1", "new=1", opened=("new=1",), closed=("older=1",)), at=0)
    second = after(alarms, make_drift_event(9, "new=1", closed=("old=1",)), at=1)

    assert first == ({"new=1"}, {"older=1"})
    assert second == (set(), {"old=1"})


def test_alarm_that_opens_again_waits_for_the_end_of_its_quiet_period(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    after(alarms, make_drift_event(1, "a", opened=("a",)), at=0)
    after(alarms, make_drift_event(2, closed=("a",)), at=10)

    again = after(alarms, make_drift_event(3, "a", opened=("a",)), at=20)

    assert again is None
    assert alarms.wait_seconds(20) == 80
    assert told(alarms.message(99)) is None
    assert told(alarms.message(100)) == ({"a"}, set())


def test_alarm_that_opens_again_after_the_quiet_period_is_told_at_once(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    after(alarms, make_drift_event(1, "a", opened=("a",)), at=0)
    after(alarms, make_drift_event(2, closed=("a",)), at=10)

    assert after(alarms, make_drift_event(3, "a", opened=("a",)), at=100) == ({"a"}, set())


def test_alarm_that_comes_and_goes_while_it_waits_is_counted_in_the_next_message(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    after(alarms, make_drift_event(1, "a", opened=("a",)), at=0)
    after(alarms, make_drift_event(2), at=1)
    for _ in range(2):
        alarms.take(make_drift_event(3, "a"))
        alarms.take(make_drift_event(4))

    alarms.take(make_drift_event(5, "b"))
    message = alarms.message(20)

    assert message is not None
    assert (told(message), message.passed_count) == (({"b"}, set()), 2)


def test_alarm_that_opens_again_before_its_closing_was_told_is_not_told(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    after(alarms, make_drift_event(1), at=0)
    after(alarms, make_drift_event(2, "a"), at=1)
    alarms.take(make_drift_event(3))
    alarms.take(make_drift_event(4, "a"))

    assert alarms.message(500) is None
    assert alarms.wait_seconds(500) is None


def test_flood_of_alarms_is_told_in_one_message_after_the_first_three(
    alarms: Alarms, make_drift_event: MakeEvent
) -> None:
    names = [f"term={letter}" for letter in "abcdefghij"]
    after(alarms, make_drift_event(0), at=0)

    messages = [
        after(alarms, make_drift_event(number, *names[:number]), at=number) for number in range(1, len(names) + 1)
    ]

    assert messages == [({name}, set()) for name in names[:MESSAGES]] + [None] * 7
    assert alarms.wait_seconds(10) == 91
    assert alarms.message(100.5) is None
    assert told(alarms.message(101)) == (set(names[MESSAGES:]), set())
    assert alarms.wait_seconds(101) is None


def test_closings_leave_one_message_to_alarms_that_open(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    after(alarms, make_drift_event(1), at=0)
    after(alarms, make_drift_event(2, "a", "b"), at=0)
    after(alarms, make_drift_event(3, "b"), at=1)

    closing = after(alarms, make_drift_event(4), at=2)
    opening = after(alarms, make_drift_event(5, "c"), at=3)

    assert closing is None
    assert opening == ({"c"}, {"b"})


def test_closing_that_waits_is_told_when_there_is_room(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    after(alarms, make_drift_event(1), at=0)
    after(alarms, make_drift_event(2, "a", "b"), at=0)
    after(alarms, make_drift_event(3, "b"), at=1)
    alarms.take(make_drift_event(4))

    assert alarms.wait_seconds(2) == 98
    assert told(alarms.message(100)) == (set(), {"b"})


def test_event_that_is_missing_costs_figures_and_no_alarm(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    after(alarms, make_drift_event(1), at=0)

    alarms.take(make_drift_event(3, "label=IPO", causes=()))
    message = alarms.message(0)

    assert message is not None
    (alarm,) = message.opened
    assert (alarm.name, alarm.column, alarm.item) == ("label=IPO", "label", "IPO")
    assert (alarm.kind, alarm.before, alarm.after, alarm.score) == (None, None, None, None)


def test_alarms_of_a_former_reference_are_told_closed(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    after(alarms, make_drift_event(7, "a", opened=("a",)), at=0)

    assert after(alarms, make_drift_event(1, reference="ffff"), at=1) == (set(), {"a"})


def test_nothing_waits_without_a_quiet_period(make_drift_event: MakeEvent) -> None:
    alarms = Alarms(0.0)
    names = [f"term={letter}" for letter in "abcdef"]

    messages = [after(alarms, make_drift_event(n, *names[:n], opened=names[:n][-1:]), at=0) for n in range(1, 7)]

    assert messages == [({name}, set()) for name in names]


def test_rest_is_all_that_waits_whatever_the_rules_say(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    after(alarms, make_drift_event(1), at=0)
    after(alarms, make_drift_event(2, "a", "b"), at=0)
    after(alarms, make_drift_event(3, "b"), at=1)
    after(alarms, make_drift_event(4, "a"), at=2)

    assert told(alarms.rest(3)) == ({"a"}, {"b"})
    assert alarms.rest(3) is None


def test_what_was_told_is_forgotten_after_its_quiet_period(alarms: Alarms, make_drift_event: MakeEvent) -> None:
    for number in range(1000):
        alarms.take(make_drift_event(number, f"term={number}"))
        alarms.message(number * QUIET)

    assert len(alarms._told_at) == 1


def test_message_says_where_it_comes_from_and_what_matters_most_first(make_drift_event: MakeEvent) -> None:
    alarms = Alarms(QUIET)
    event = make_drift_event(7, "a=1", "b=2", opened=("a=1", "b=2"))
    strong = msgspec.structs.replace(event.causes[1], score=9.5, kind=Kind.PREDICTION)

    alarms.take(msgspec.structs.replace(event, causes=(event.causes[0], strong)))
    message = alarms.message(0)

    assert message is not None
    assert [alarm.name for alarm in message.opened] == ["b=2", "a=1"]
    assert message.opened[0] == alarm_of("b=2", msgspec.structs.replace(event, causes=(strong,)))
    assert (message.open_count, message.reference, message.time) == (2, event.reference, event.time)
    assert message.headline == "Drift: 2 alarms opened"


def test_alarm_without_a_report_has_no_path(make_drift_event: MakeEvent) -> None:
    assert alarm_of("a", make_drift_event(7, "a", report=None)).report is None
    assert alarm_of("a", make_drift_event(7, "a")).report == "/drift/0a1b2c3d-00000007/report"
