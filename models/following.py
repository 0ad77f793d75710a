"""Follow the alias of the registry while the process runs: load its version, test it, swap it in or refuse it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from models.careful.predictor import CarefulPredictor, fast
from models.contracts import ModelStore, Predictor
from models.errors import ModelError, ModelNotFoundError, described
from models.online.corrections import Corrections, StoredSnapshot
from models.online.status import AnsweringChange, answering_changes
from models.polling import Poller
from models.predictions import Predictions
from models.records import ModelChange, ModelVersion, Tweet, utc_timestamp

logger = logging.getLogger(__name__)

WARM_UP = (Tweet(text="$TSLA up 3% after record deliveries"),)
KEPT_CHANGES = 20
MAX_REASONS = 10  # a model that is no good fails a hundred cases; the first say what is wrong

Gate = Callable[[Predictor], tuple[str, ...]]
Report = Callable[[ModelChange], None]


class FollowedPredictor:
    """Implements `models.contracts.Predictor` with the predictor that answers now.

    Each call is answered by one predictor as a whole, whatever is swapped meanwhile; its `Predictions.model` says by
    which. `model` says which would answer now, and may be another by the time that the answer is read.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._batch = self._current = predictor
        self._corrections = Corrections()
        self._changes: deque[AnsweringChange] = deque(maxlen=KEPT_CHANGES)
        self._lock = threading.Lock()  # model and snapshots are followed by two threads

    @property
    def current(self) -> Predictor:
        """The predictor that answers now."""
        return self._current

    @property
    def batch(self) -> Predictor:
        """The same without what was learned online."""
        return self._batch

    @property
    def model(self) -> ModelVersion:
        """The versions that answer now."""
        return self._current.model

    @property
    def snapshot(self) -> StoredSnapshot | None:
        """What was learned online for the batch model that answers now; None for nothing."""
        with self._lock:
            return self._corrections.fitting(self._batch)

    @property
    def answering_changes(self) -> tuple[AnsweringChange, ...]:
        """The last times that batch or online model came to answer instead of the other, oldest first."""
        with self._lock:
            return tuple(self._changes)

    def predict(self, tweets: Sequence[Tweet]) -> Predictions:
        """Classify n tweets by their texts, in the same order. Never raises for any text; n may be 0."""
        return self._current.predict(tweets)

    def swap(self, predictor: Predictor) -> None:
        """Let another predictor answer from the next call on; one assignment, safe from any thread."""
        with self._lock:
            self._batch = predictor
            self._correct()

    def correct(self, snapshot: StoredSnapshot) -> None:
        """Answer with a snapshot of the online model from the next call on, if it fits and is not an older one."""
        with self._lock:
            if self._corrections.keep(snapshot):
                self._correct()

    def _correct(self) -> None:
        before = self._current
        try:
            self._current = self._corrections.corrected(self._batch)
        except ModelError as exc:
            self._current = self._batch
            extra = {"model": self._batch.model.version, "error": str(exc)}
            logger.error("snapshot_refused", extra=extra)  # noqa: TRY400  # its message says all
        self._changes.extend(answering_changes(before, self._current))


def answering(predictor: Predictor) -> Predictor:
    """Give the one that answers now, so that several calls go to the same; any other predictor is itself."""
    return predictor.current if isinstance(predictor, FollowedPredictor) else predictor


def asks_teacher(predictor: Predictor) -> bool:
    """Tell whether the one that answers now may take as long as a teacher does."""
    return isinstance(answering(predictor), CarefulPredictor)


class Follower(Poller):
    """Looks at the alias again and again, in a thread of its own, and lets the version that it names answer.

    The version that answers goes on while another is loaded, when the other is refused, and while the registry can't
    be reached. What stays the same is logged once, not at each look.

    Args:
        predictor: gets each version that passes.
        store: the registry.
        gate: tests a loaded version; what it gives back are the reasons to refuse it.
        report: told of each change in the follower's thread; may take its time.
    """

    def __init__(self, predictor: FollowedPredictor, store: ModelStore, *, gate: Gate, report: Report) -> None:
        super().__init__("follow-model", failure="model_change_not_reported")
        self._predictor = predictor
        self._store = store
        self._gate = gate
        self._report = report
        self._is_alias_known = False
        self._trouble: str | None = None
        self._refused: str | None = None  # told, and not told again until the alias names another version
        self._is_refused_for_good = False

    def poll(self) -> None:
        """Look once, and change the model if the alias names another version."""
        try:
            version = self._store.alias_version()
        except Exception as exc:  # noqa: BLE001  # whatever it is, the version that answers goes on
            self._note("registry_unreachable", error=described(exc))
            return
        if version is None:
            self._refused = None
            if self._is_alias_known:
                self._note("alias_gone")
            return
        self._is_alias_known = True
        self._note(None)
        if version == self._predictor.model.version:
            self._refused = None
        elif version != self._refused or not self._is_refused_for_good:
            self._change_to(version)

    def _change_to(self, version: str) -> None:
        try:
            candidate = self._store.load(version)
            candidate.predict(WARM_UP)
            reasons = self._gate(fast(candidate))  # a teacher answers within a budget: now so, now otherwise
        except ModelNotFoundError as exc:  # perhaps the registry left us meanwhile: it may be there at the next look
            self._refuse(version, (described(exc),), for_good=False)
            return
        except Exception as exc:  # noqa: BLE001  # whatever is wrong with it, the version that answers goes on
            reasons = (described(exc),)
        if reasons:
            self._refuse(version, reasons, for_good=True)
            return
        change = self._change("swapped", version)
        self._predictor.swap(candidate)
        self._refused = None
        logger.info("model_swapped", extra=_fields(change))
        self._report(change)

    def _refuse(self, version: str, reasons: tuple[str, ...], *, for_good: bool) -> None:
        is_told = version == self._refused and not for_good
        self._refused, self._is_refused_for_good = version, for_good
        if is_told:
            return
        shown = reasons[:MAX_REASONS]
        if len(reasons) > MAX_REASONS:
            shown += (f"and {len(reasons) - MAX_REASONS} reasons more",)
        change = self._change("refused", version, reasons=shown)
        logger.error("model_refused", extra=_fields(change) | {"reasons": "; ".join(shown)})
        self._report(change)

    def _change(
        self, outcome: Literal["swapped", "refused"], version: str, *, reasons: tuple[str, ...] = ()
    ) -> ModelChange:
        return ModelChange(
            outcome=outcome,
            name=self._store.model_name,
            version=version,
            previous_version=self._predictor.model.version,
            reasons=reasons,
            time=utc_timestamp(time.time()),
        )

    def _note(self, trouble: str | None, **fields: str) -> None:
        """Log where a trouble begins and where it ends."""
        if trouble == self._trouble:
            return
        self._trouble = trouble
        answers = {"answers": self._predictor.model.version}
        if trouble is None:
            logger.info("alias_found_again", extra=answers)
        else:
            logger.warning(trouble, extra=fields | answers)


def _fields(change: ModelChange) -> dict[str, str]:
    return {"model": change.name, "version": change.version, "previous_version": change.previous_version}
