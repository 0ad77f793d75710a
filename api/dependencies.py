"""What routes ask for: the state of this process, and the model in it."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Protocol

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.limits import RequestSlots
from api.live.hub import LiveFeed
from api.request_errors import ModelNotReadyError
from api.versions import KeptVersions
from models.contracts import Predictor
from models.feedback import Feedback
from models.following import KEPT_CHANGES, WARM_UP, FollowedPredictor
from models.following import Report as ReportChange
from models.records import ModelChange, ModelVersion
from monitoring.drift.reports.store import ReportStore
from monitoring.recording import record_change, show_model

logger = logging.getLogger(__name__)

# Up to this many bytes a request takes about a millisecond, less than a change of threads may cost the others.
INLINE_BODY_BYTES = 8192


class Following(Protocol):
    """A thread that changes what answers."""

    def stop(self) -> None:
        """Change it no more."""


Follow = Callable[[FollowedPredictor, ReportChange], Sequence[Following]]


class FeedbackPublisher(Protocol):
    """Where feedback goes."""

    async def publish(self, given: Sequence[Feedback]) -> None:
        """Deliver all, in their order, within a bounded time; returns when all have arrived.

        Raises:
            FeedbackNotDeliveredError: not all have arrived, or not for certain.
        """

    async def close(self) -> None:
        """Let go of connections."""


class ModelStatus:
    """The model of this process: absent until it is loaded and has answered once.

    Attributes:
        predictor: set by one assignment, from the thread that loads it.
        last_refusal: the version that was refused last, since the process started.
        changes: the last versions that the alias came to name, oldest first.
    """

    predictor: FollowedPredictor | None = None
    last_refusal: ModelChange | None = None
    changes: tuple[ModelChange, ...] = ()
    _following: Sequence[Following] = ()

    def start_loading(
        self, load: Callable[[], Predictor], on_failure: Callable[[Exception], None], *, follow: Follow | None
    ) -> threading.Thread:
        """Load in a thread of its own, so that the process answers `/health/live` and signals meanwhile.

        The thread is a daemon: a registry that doesn't answer must not keep the process from ending.

        Args:
            load: gives the model.
            on_failure: called in the thread with what `load` or the first prediction raised.
            follow: begins to change the model when the registry's alias moves; None to keep the first.
        """
        thread = threading.Thread(target=self._load, args=(load, on_failure, follow), name="load-model", daemon=True)
        thread.start()
        return thread

    def _load(
        self, load: Callable[[], Predictor], on_failure: Callable[[Exception], None], follow: Follow | None
    ) -> None:
        try:
            predictor = FollowedPredictor(load())
            predictor.predict(WARM_UP)
        except Exception as exc:  # noqa: BLE001  # the thread's edge: any failure means there will be no model
            on_failure(exc)
            return
        show_model(predictor.model)
        if follow is not None:
            self._following = follow(predictor, self._report)
        self.predictor = predictor
        logger.info("model_ready", extra={"model": predictor.model.name, "version": predictor.model.version})

    def model(self) -> ModelVersion | None:
        """Give the versions that answer now; None until they are loaded."""
        return None if self.predictor is None else self.predictor.model

    def stop_following(self) -> None:
        """Change the model no more."""
        for following in self._following:
            following.stop()

    def _report(self, change: ModelChange) -> None:
        record_change(change)
        self.changes = (*self.changes, change)[-KEPT_CHANGES:]
        if change.outcome == "refused":
            self.last_refusal = change


class ProcessState:
    """What lives as long as the application.

    Args:
        max_texts: most texts in one request.
        max_requests: most requests with a body at once.
        body_timeout_seconds: longest time that a body may take to arrive.
        report_file: the champion's report; need not be there.
        publisher: where feedback goes.
        reports: of the drift process; there need be none.
        versions: the registered versions that requests may ask for.
        live: what goes through the topics now; None where that is switched off.
        metrics: gives what `GET /metrics` answers.
    """

    def __init__(  # noqa: PLR0913  # what the routes share, each named once
        self,
        *,
        max_texts: int,
        max_requests: int,
        body_timeout_seconds: float,
        report_file: Path,
        publisher: FeedbackPublisher,
        reports: ReportStore,
        versions: KeptVersions,
        live: LiveFeed | None,
        metrics: Callable[[], bytes],
    ) -> None:
        self.status = ModelStatus()
        self.max_texts = max_texts
        self.body_timeout_seconds = body_timeout_seconds
        self.report_file = report_file
        self.publisher = publisher
        self.reports = reports
        self.versions = versions
        self.live = live
        self.metrics = metrics
        self.slots = RequestSlots(max_requests)
        # Feedback waits for Kafka; its slots are its own, so that it never takes those of predictions.
        self.feedback_slots = RequestSlots(max_requests)
        # Reading and writing records holds the interpreter's lock: a second thread would slow the first and the loop.
        self.prediction_threads = CapacityLimiter(1)


async def process_state(request: Request) -> ProcessState:
    """Give the state that the application was made with."""
    state: ProcessState = request.app.state.process
    return state


ProcessStateDep = Annotated[ProcessState, Depends(process_state)]


async def current_predictor(request: Request) -> FollowedPredictor:
    """Give the model that answers now.

    It takes the state itself: one more dependency costs FastAPI some microseconds in each request.

    Raises:
        ModelNotReadyError: it is still being loaded.
    """
    predictor = (await process_state(request)).status.predictor
    if predictor is None:
        raise ModelNotReadyError("the model is being loaded: try again in a moment")
    return predictor


PredictorDep = Annotated[FollowedPredictor, Depends(current_predictor)]
