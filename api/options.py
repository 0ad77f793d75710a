"""What the URL of a prediction may ask for, and the predictor that answers it."""

from dataclasses import dataclass

from fastapi import Request

from api.dependencies import ProcessState
from api.queries import not_allowed, whole_number
from api.request_errors import ModelUnavailableError, UnknownModelError
from models.choosing import batch_of, online_of
from models.contracts import Predictor
from models.following import FollowedPredictor
from models.taxonomy import LABELS

CHAMPION, BATCH, ONLINE = "champion", "batch", "online"
MAX_TOP_K = len(LABELS)
NAMED_VERSIONS = 20  # the newest; an answer need not hold the whole registry


@dataclass(frozen=True)
class Options:
    """What a request asks for.

    Attributes:
        explain: whether the terms that carried each answer are added.
        top_k: labels with their probability in each answer, 1 to `MAX_TOP_K`; None for as many as are set.
        model: `champion`, `batch`, `online` or a version.
    """

    explain: bool = False
    top_k: int | None = None
    model: str = CHAMPION


DEFAULT = Options()


def read_options(request: Request) -> Options:
    """Read the query of a URL; other parameters are ignored.

    Raises:
        InvalidQueryError: a parameter has a value that is not allowed.
    """
    if not request.scope["query_string"]:
        return DEFAULT
    query = request.query_params
    explain, top_k = query.get("explain", "false"), query.get("top_k")
    if explain not in {"true", "false"}:
        raise not_allowed("explain", explain, "true or false")
    return Options(
        explain=explain == "true",
        top_k=None if top_k is None else whole_number("top_k", top_k, most=MAX_TOP_K),
        model=query.get("model", CHAMPION),
    )


async def chosen(model: str, predictor: FollowedPredictor, state: ProcessState) -> Predictor:
    """Give the predictor that a word or a version names.

    Raises:
        UnknownModelError: there is none.
        ModelUnavailableError: the version can't be loaded now, or can't be used.
        OverloadedError: too many requests wait for a version.
    """
    if model == CHAMPION:
        return predictor
    batch = batch_of(predictor)
    if model in {BATCH, batch.model.version}:
        return batch
    found = online_of(predictor) if model == ONLINE else await _registered(model, state)
    if found is None:
        reason = ", as nothing was learned yet" if model == ONLINE else ""
        raise UnknownModelError(f"there is no model {model[:100]!r}{reason}: {await _what_there_is(predictor, state)}")
    return found


async def versions_of(predictor: FollowedPredictor, state: ProcessState) -> list[str]:
    """Give the versions that can be asked for, the oldest first; where the registry is away, the one that answers.

    Raises:
        OverloadedError: too many requests wait for the registry.
    """
    current = batch_of(predictor).model.version
    try:
        known = await state.versions.known()
    except ModelUnavailableError:
        known = ()
    return [*known] if current in known else [*known, current]


async def _registered(version: str, state: ProcessState) -> Predictor | None:
    is_number = version.isascii() and version.isdigit()
    return await state.versions.predictor(version) if is_number else None


async def _what_there_is(predictor: FollowedPredictor, state: ProcessState) -> str:
    versions = await versions_of(predictor, state)
    older = f" and {len(versions) - NAMED_VERSIONS} older ones" if len(versions) > NAMED_VERSIONS else ""
    words = [CHAMPION, BATCH] if online_of(predictor) is None else [CHAMPION, BATCH, ONLINE]
    return f"there are {', '.join([*words, *versions[-NAMED_VERSIONS:]])}{older}"
