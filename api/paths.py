"""The path that a request asks for, as routes have it: without the prefix of a proxy."""

from starlette._utils import get_route_path  # what the router itself asks: access must be decided on the same path
from starlette.types import Scope

PROTOCOL_PATH = "/v2"
"""Below it the Open Inference Protocol says what an error looks like, and it is not problem+json."""


def route_path(scope: Scope) -> str:
    """Give the path that the router compares with its routes."""
    return get_route_path(scope)


def is_of_protocol(path: str) -> bool:
    """Tell whether a path is one of the Open Inference Protocol.

    >>> is_of_protocol("/v2"), is_of_protocol("/v2/models/tickertape"), is_of_protocol("/v20")
    (True, True, False)
    """
    return path == PROTOCOL_PATH or path.startswith(f"{PROTOCOL_PATH}/")
