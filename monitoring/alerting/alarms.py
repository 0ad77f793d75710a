"""Which alarms are told, when, and together with which others; knows neither formats nor the network."""

from collections import deque
from collections.abc import Sequence

from monitoring.alerting.messages import Alarm, Message, alarm_of
from monitoring.drift.records import DriftEvent

MESSAGES = 3  # in a quiet period: a second and a third trouble are told at once, a flood of them together


class Alarms:
    """Decides what is told.

    - An alarm is told when it opens, once, and when it closes.
    - Where it opens again within the quiet period since it was last told, it waits for the end of that, and is told then
      if it is still open.
    - At most `MESSAGES` messages go out in a quiet period, of which one is kept for alarms that open. What comes above
      that waits until the first of them is as long ago, and is told in one message.
    - An alarm that closes while it waits is only counted; one that opens again before its closing was told is not told.

    What is open is taken from each event as a whole, so that an event that is missing costs no more than its figures.
    Times are seconds of any clock that never goes back.

    Args:
        quiet_seconds: the quiet period.
    """

    def __init__(self, quiet_seconds: float) -> None:
        self._quiet_seconds = quiet_seconds
        self._last: DriftEvent | None = None
        self._waiting: dict[str, Alarm] = {}
        self._closed: dict[str, None] = {}  # in their order, without figures
        self._passed = 0
        self._told_at: dict[str, float] = {}
        self._sent_at: deque[float] = deque(maxlen=MESSAGES)

    def take(self, event: DriftEvent) -> None:
        """Note which alarms opened and closed; of the first event it believes what that says of those before."""
        before = set(self._last.open) if self._last else (set(event.open) | set(event.closed)) - set(event.opened)
        for name in event.open:
            if name in before:
                continue
            if name in self._closed:
                del self._closed[name]
            else:
                self._waiting[name] = alarm_of(name, event)
        for name in sorted(before - set(event.open)):
            if self._waiting.pop(name, None) is None:
                self._closed[name] = None
            else:
                self._passed += 1
        self._last = event

    def message(self, now: float) -> Message | None:
        """Give what is to be told now, which then counts as told; None where there is nothing."""
        due = [name for name in self._waiting if self._due_at(name) <= now]
        if self._last is None or not (due or self._closed) or self._free_at(closings_only=not due) > now:
            return None
        return self._told(self._last, due, now)

    def rest(self, now: float) -> Message | None:
        """Give all that waits, for the end of the process."""
        if self._last is None or not (self._waiting or self._closed):
            return None
        return self._told(self._last, list(self._waiting), now)

    def wait_seconds(self, now: float) -> float | None:
        """Give the time until there is something to tell if no event comes; None where nothing waits."""
        times = []
        if self._waiting:
            times.append(max(min(map(self._due_at, self._waiting)), self._free_at(closings_only=False)))
        if self._closed:
            times.append(self._free_at(closings_only=True))
        return max(0.0, min(times) - now) if times else None

    def _due_at(self, name: str) -> float:
        return self._told_at[name] + self._quiet_seconds if name in self._told_at else float("-inf")

    def _free_at(self, *, closings_only: bool) -> float:
        most = MESSAGES - 1 if closings_only else MESSAGES
        return self._sent_at[-most] + self._quiet_seconds if len(self._sent_at) >= most else float("-inf")

    def _told(self, last: DriftEvent, names: Sequence[str], now: float) -> Message:
        self._told_at = {name: at for name, at in self._told_at.items() if at + self._quiet_seconds > now}
        self._told_at.update(dict.fromkeys(names, now))
        self._sent_at.append(now)
        opened = [self._waiting.pop(name) for name in names]
        message = Message(
            opened=tuple(sorted(opened, key=lambda alarm: -(alarm.score or 0.0))),
            closed=tuple(self._closed),
            passed_count=self._passed,
            open_count=len(last.open),
            reference=last.reference,
            model=last.model,
            time=last.time,
        )
        self._closed.clear()
        self._passed = 0
        return message
