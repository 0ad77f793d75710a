"""What is told at once: alarms that opened and closed, whatever the format."""

import msgspec

from models.records import ModelVersion
from monitoring.drift.records import DriftEvent, Kind


class Alarm(msgspec.Struct, frozen=True):
    """One alarm that opened; holds no tweet text.

    Attributes:
        name: of its cause, as `label=IPO` or `text_characters`.
        kind: what kind of thing moved; None where the event did not say, as `before`, `after` and `score`.
        column: what moved.
        item: which label, ticker, hour or term; None for a column of numbers.
        before: in the reference: a share, 0 to 1, or of numbers the median.
        after: in the window, the same.
        score: how unlikely by accident; 1 is the threshold.
        window: number of the window that showed it.
        tweets: how many it has.
        first_at: `classified_at` of the first of them.
        last_at: `classified_at` of the last.
        report: path of the window's report in the API; None where none was made.
        replay: the command that reads these tweets again.
    """

    name: str
    kind: Kind | None
    column: str
    item: str | None
    before: float | None
    after: float | None
    score: float | None
    window: int
    tweets: int
    first_at: str
    last_at: str
    report: str | None
    replay: str


class Message(msgspec.Struct, frozen=True):
    """What is told at once.

    Attributes:
        opened: alarms, the largest score first.
        closed: names of alarms.
        passed_count: alarms that opened and closed before they were told, since the last message.
        open_count: how many are open now, told or not.
        reference: id of what the last window was compared with.
        model: the version that answered.
        time: when the last window was judged, ISO 8601 in UTC.
    """

    opened: tuple[Alarm, ...]
    closed: tuple[str, ...]
    passed_count: int
    open_count: int
    reference: str
    model: ModelVersion
    time: str

    @property
    def headline(self) -> str:
        """Say in a line what it is about.

        >>> Message((), ("label=IPO",), 0, 0, "0a1b2c3d", ModelVersion("tickertape", "7"), "").headline
        'Drift: 1 alarm closed'
        """
        parts = [
            f"{count} {'alarm' if count == 1 else 'alarms'} {verb}"
            for count, verb in ((len(self.opened), "opened"), (len(self.closed), "closed"))
            if count
        ]
        return f"Drift: {', '.join(parts)}"


def alarm_of(name: str, event: DriftEvent) -> Alarm:
    """Describe an alarm by the event that told it."""
    column, _, item = name.partition("=")
    cause = next((cause for cause in event.causes if cause.name == name), None)
    return Alarm(
        name=name,
        kind=None if cause is None else cause.kind,
        column=column,
        item=item or None,
        before=None if cause is None else cause.before,
        after=None if cause is None else cause.after,
        score=None if cause is None else cause.score,
        window=event.window.number,
        tweets=event.window.tweets,
        first_at=event.window.first_at,
        last_at=event.window.last_at,
        report=None if event.report is None else f"/drift/{event.report}/report",
        replay=event.replay,
    )
