"""Registered versions that requests ask for: loaded when the first one does, a few of them kept."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from anyio import CapacityLimiter, to_thread

from api.limits import RequestSlots
from api.request_errors import ModelUnavailableError
from models.contracts import Predictor
from models.errors import ModelError, ModelNotFoundError, described
from models.following import WARM_UP

logger = logging.getLogger(__name__)

MAX_WAITING = 8  # requests that wait for a version; each may hold a connection as long as the registry is slow
ASK_AGAIN_SECONDS = 5.0  # after the registry gave its versions, or did not answer

_Answer = TypeVar("_Answer")


class VersionStore(Protocol):
    """Where registered versions are; both functions may take seconds."""

    def versions(self) -> tuple[str, ...]:
        """Give the numbers of all, the oldest first; none where there is no registry.

        Raises:
            ModelNotFoundError: the registry can't be reached.
        """

    def load(self, version: str) -> Predictor:
        """Load one of them.

        Raises:
            ModelNotFoundError: the registry can't be reached, or lacks its files.
            ModelError: it can't be used.
        """


class KeptVersions:
    """The versions that were asked for last; belongs to one event loop, which waits for nothing.

    One is loaded at a time, in a thread. What the registry did not give is not asked for again in `ASK_AGAIN_SECONDS`.

    Args:
        store: the registry.
        most: versions that are kept, at least 1; of more, the one goes that was not asked for the longest.
        clock: gives seconds that only grow.
    """

    def __init__(self, store: VersionStore, *, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, Predictor] = OrderedDict()
        self._waiting = RequestSlots(MAX_WAITING)
        self._one_at_a_time = asyncio.Lock()
        self._threads = CapacityLimiter(1)  # its own: a slow registry must not hold up predictions
        self._known: tuple[str, ...] = ()
        self._known_until = float("-inf")
        self._silent_until: dict[str, float] = {}  # by version; the registry's list has the empty name

    async def known(self) -> tuple[str, ...]:
        """Give the numbers of all versions, the oldest first; may be some seconds old.

        Raises:
            ModelUnavailableError: the registry does not answer.
            OverloadedError: too many requests wait for it.
        """
        if self._clock() >= self._known_until:
            with self._waiting.taken():
                async with self._one_at_a_time:
                    if self._clock() >= self._known_until:
                        self._known = await self._asked(self._store.versions)
                        self._known_until = self._clock() + ASK_AGAIN_SECONDS
        return self._known

    async def predictor(self, version: str) -> Predictor | None:
        """Give the predictor of a version; None where there is no such version.

        Raises:
            ModelUnavailableError: the registry does not answer, or the version can't be used.
            OverloadedError: too many requests wait for one.
        """
        if version not in self._kept:
            if version not in await self.known():
                return None
            with self._waiting.taken():
                async with self._one_at_a_time:
                    if version not in self._kept:
                        self._kept[version] = await self._asked(partial(self._loaded, version), version=version)
                        while len(self._kept) > self._most:
                            self._kept.popitem(last=False)
        self._kept.move_to_end(version)
        return self._kept[version]

    async def _asked(self, ask: Callable[[], _Answer], *, version: str = "") -> _Answer:
        if self._clock() < self._silent_until.get(version, float("-inf")):
            raise ModelUnavailableError("the model registry did not answer just now: try again in some seconds")
        extra = {"version": version} if version else {}
        try:
            return await to_thread.run_sync(ask, limiter=self._threads)
        except ModelNotFoundError as exc:
            self._silent_until[version] = self._clock() + ASK_AGAIN_SECONDS
            logger.warning("registry_unreachable", extra=extra | {"error": described(exc)})
            raise ModelUnavailableError(
                "the model registry does not answer, or lacks the version's files; the server's log says why"
            ) from exc
        except ModelError as exc:
            logger.error("version_unusable", extra=extra | {"error": described(exc)})  # noqa: TRY400  # says all
            raise ModelUnavailableError("this version can't be used; the server's log says why") from exc

    def _loaded(self, version: str) -> Predictor:
        predictor = self._store.load(version)
        predictor.predict(WARM_UP)
        logger.info("version_loaded", extra={"version": version})
        return predictor
