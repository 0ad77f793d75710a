"""What OpenAPI says of keys and limits, where they are in force."""

from typing import Any

from api.access.rules import is_open, roles_for
from api.access.wiring import Access
from api.openapi import examples
from api.openapi.documentation import problem_answer
from api.paths import is_of_protocol
from api.protocols.documentation import error_answer

_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key, as `tickertape keys new` made it. The roles of a path stand at the path.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}
NO_KEY = examples.problem(
    401, "Unauthorized", "this server asks for a key: send `Authorization: Bearer KEY` or `X-API-Key: KEY`"
)
ROLE_MISSING = examples.problem(403, "Forbidden", "this key may read; this path is for keys with the role predict")
MISDIRECTED = examples.problem(
    421,
    "Misdirected Request",
    "this server is not 'desk.example': ask for localhost or an address, or name the host in API_ALLOWED_HOSTS",
)
TOO_MUCH = examples.problem(
    429,
    "Too Many Requests",
    "more than 500 texts a second were asked for (API_RATE_TEXTS_PER_SECOND): come back in 2 s",
)
_TOO_MUCH_HEADERS = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    "RateLimit": {"description": "What is left, and the seconds until all is back.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "What may be asked for, in how many seconds.", "schema": {"type": "string"}},
}


def describe_access(document: dict[str, Any], access: Access) -> dict[str, Any]:
    """Add keys, limits and names to the document of an API; without any it stays as it is.

    Args:
        document: is changed.
        access: what is in force.
    """
    if access.keys is not None:
        document["components"]["securitySchemes"] = _SCHEMES
    for path, operations in document["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            if access.hosts is not None:
                answers["421"] = _answer(path, "The request asks for a server of another name.", MISDIRECTED)
            if is_open(path):
                continue
            if access.keys is not None:
                roles = sorted(roles_for(path))
                operation["security"] = [{scheme: [role]} for role in roles for scheme in _SCHEMES]
                answers["401"] = _answer(path, "No key was sent, or none that is known here.", NO_KEY)
                answers["403"] = _answer(path, f"The key has not the role {' or '.join(roles)}.", ROLE_MISSING)
            if access.accounts is not None:
                too_much = _answer(path, "The client has asked for more than it may.", TOO_MUCH)
                answers["429"] = too_much | {"headers": _TOO_MUCH_HEADERS}
    return document


def _answer(path: str, description: str, example: dict[str, Any]) -> dict[str, Any]:
    if is_of_protocol(path):
        return error_answer(description, example)
    return problem_answer(description, example | {"instance": path})
