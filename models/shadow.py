"""Follow the alias of the challenger: the version that is scored beside the one that answers, and never answers itself."""

import logging
from collections.abc import Callable

from models.careful.predictor import fast
from models.contracts import ModelStore, Predictor
from models.errors import ModelError, ModelNotFoundError, described
from models.polling import Poller
from models.predictor import ScorerPredictor

logger = logging.getLogger(__name__)


class Shadow(Poller):
    """Looks at an alias again and again and loads the version that it names, in a thread of its own.

    A version that can't be loaded, or a registry that can't be reached, is logged once and leaves what was there.

    Args:
        store: the registry; its alias names the challenger.
        answering: gives the version that answers now, which is no challenger.
    """

    def __init__(self, store: ModelStore, *, answering: Callable[[], str]) -> None:
        super().__init__("follow-challenger", failure="challenger_not_followed")
        self._store = store
        self._answering = answering
        self._loaded: ScorerPredictor | None = None
        self._refused: str | None = None
        self._trouble: str | None = None

    def challenger(self) -> ScorerPredictor | None:
        """Give the challenger that is loaded; None while there is none. Never waits."""
        loaded = self._loaded
        return None if loaded is None or loaded.model.version == self._answering() else loaded

    def poll(self) -> None:
        """Look once, and load the version that the alias names if it is another one."""
        try:
            version = self._store.alias_version()
            if version is None or version == self._answering():
                self._loaded = None
            elif version != self._refused and (self._loaded is None or self._loaded.model.version != version):
                self._load(version)
        except Exception as exc:  # noqa: BLE001  # whatever it is, labels are learned without a challenger
            self._note(described(exc))
        else:
            if version != self._refused:
                self._trouble = None

    def _load(self, version: str) -> None:
        try:
            self._loaded = _with_weights(fast(self._store.load(version)))
        except ModelNotFoundError:  # perhaps its files come later
            raise
        except Exception:
            self._refused, self._loaded = version, None
            raise
        logger.info("challenger_followed", extra={"version": version, "answers": self._answering()})

    def _note(self, error: str) -> None:
        if error != self._trouble:
            self._trouble = error
            logger.warning("challenger_not_scored", extra={"error": error, "answers": self._answering()})


def _with_weights(predictor: Predictor) -> ScorerPredictor:
    if not isinstance(predictor, ScorerPredictor):
        raise ModelError(f"version {predictor.model.version} has no weights of its own that could be compared")
    return predictor
