"""`Webhook`: tells of alarms in a thread of its own, so that who watches the feed never waits."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Literal

from monitoring.alerting.alarms import Alarms
from monitoring.alerting.generic import generic_body
from monitoring.alerting.messages import Message
from monitoring.alerting.receiving import Answer, Receiver
from monitoring.alerting.slack import slack_body
from monitoring.drift.recording import count_alert
from monitoring.drift.records import DriftEvent

logger = logging.getLogger(__name__)

Format = Literal["slack", "generic"]

MOST_EVENTS = 100  # that wait for a slow receiver: hours of windows
PAUSES_SECONDS = (2.0, 30.0)  # before the second and the third try: over a hiccup, and over a restart
LONGEST_PAUSE_SECONDS = 60.0  # whatever `Retry-After` says
_BODIES: dict[Format, Callable[[Message], bytes]] = {"slack": slack_body, "generic": generic_body}


class Webhook:
    """Posts alarms that opened and closed to one address; `monitoring.alerting.alarms` has the rules.

    What is told once is not told again, as far as this process lives: what the one before told is known from the events.
    A message that fails is tried three times and then given up; it is logged and counted, and the event says the same.

    Args:
        url: where to; empty is no address.
        body: `slack` or `generic`.
        quiet_seconds: the quiet period.
        clock: seconds; must not go back.
        pauses_seconds: before each further try.

    Raises:
        WebhookError: the address is none.
    """

    def __init__(
        self,
        url: str,
        *,
        body: Format,
        quiet_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        pauses_seconds: Sequence[float] = PAUSES_SECONDS,
    ) -> None:
        self._receiver = Receiver(url)
        self._body = _BODIES[body]
        self._alarms = Alarms(quiet_seconds)
        self._clock = clock
        self._pauses_seconds = pauses_seconds
        self._events: queue.SimpleQueue[DriftEvent | None] = queue.SimpleQueue()  # None is the end
        self._is_ending = threading.Event()
        self._has_dropped = False
        self._thread = threading.Thread(target=self._run, name="tell-alarms", daemon=True)

    def start(self) -> None:
        """Begin to post; a daemon thread, as a receiver that hangs must not keep the process from ending."""
        self._thread.start()

    def tell(self, event: DriftEvent) -> None:
        """Hand over an event, at once; where `MOST_EVENTS` wait it is dropped and counted."""
        if self._events.qsize() < MOST_EVENTS:
            self._events.put(event)
            return
        count_alert("dropped")
        if not self._has_dropped:
            self._has_dropped = True
            logger.warning("alert_events_dropped", extra={"waiting": MOST_EVENTS})

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Tell what waits, each message in one try, and end; what is not told in this time is left."""
        self._is_ending.set()
        self._events.put(None)
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            logger.warning("alerts_left_untold")

    def _run(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=self._alarms.wait_seconds(self._clock()))
            except queue.Empty:
                pass
            else:
                if event is None:
                    break
                self._alarms.take(event)
            self._send(self._alarms.message(self._clock()))
        self._send(self._alarms.rest(self._clock()))

    def _send(self, message: Message | None) -> None:
        if message is None:
            return
        fields: dict[str, object] = {"opened": len(message.opened), "closed": len(message.closed)}
        try:
            answer, tries = self._deliver(self._body(message))
        except Exception as exc:  # noqa: BLE001  # the thread's edge; its text could hold the address
            count_alert("failed")
            logger.error("alert_not_sent", extra={**fields, "error": type(exc).__name__})  # noqa: TRY400  # as above
            return
        if answer.reason == "delivered":
            count_alert("delivered")
            logger.info("alert_sent", extra={**fields, "tries": tries})
        else:
            count_alert("failed")
            why = {"reason": answer.reason, "status": answer.status, "tries": tries}
            logger.error("alert_not_sent", extra={**fields, **why})

    def _deliver(self, body: bytes) -> tuple[Answer, int]:
        answer, tries = self._receiver.post(body), 1
        for pause in self._pauses_seconds:
            if not answer.may_pass:
                break
            if self._is_ending.wait(max(pause, min(answer.retry_after_seconds, LONGEST_PAUSE_SECONDS))):
                break
            answer, tries = self._receiver.post(body), tries + 1
        return answer, tries
