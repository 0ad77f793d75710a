"""Which role a request needs: one table for the gate and for the documentation."""

import re

from api.access.keys import Role
from api.paths import is_of_protocol

OPEN = frozenset(
    {
        "/",
        "/docs",
        "/openapi.json",
        "/health",
        "/health/live",
        "/health/ready",
        "/ping",
        "/v2/health/live",
        "/v2/health/ready",
    }
)
"""Paths that anyone may ask for: they tell no more than the source and whether the model is loaded."""
OPEN_BELOW = ("/docs/assets/", "/page/")

_READ = frozenset({Role.READ})
_PREDICT = frozenset({Role.PREDICT})
_READ_OR_PREDICT = frozenset({Role.READ, Role.PREDICT})
_INFER = re.compile(r"/v2/models/[^/]+(/versions/[^/]+)?/infer")
_ROLES = {
    "/predict": _PREDICT,
    "/invocations": _PREDICT,
    "/feedback": frozenset({Role.FEEDBACK}),
    "/version": frozenset(Role),
}


def is_open(path: str) -> bool:
    """Tell whether a path needs no key.

    Args:
        path: without the prefix of a proxy, as routes have it.
    """
    return path in OPEN or path.startswith(OPEN_BELOW)


def roles_for(path: str) -> frozenset[Role]:
    """Give the roles of which a key needs one; a path that nobody thought of is for readers.

    Args:
        path: one that is not open, or the template of its route.

    >>> [role.value for path in ("/v2/models/{name}/infer", "/models") for role in roles_for(path)]
    ['predict', 'read']
    """
    roles = _ROLES.get(path)
    if roles is not None:
        return roles
    if is_of_protocol(path):
        return _PREDICT if _INFER.fullmatch(path) else _READ_OR_PREDICT  # clients ask for the model before they infer
    return _READ
