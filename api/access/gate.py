"""Let in who shows a key that has the role; all others are told what is missing."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.key_source import KeySource
from api.access.keys import ApiKey
from api.access.rules import is_open, roles_for
from api.paths import route_path
from api.request_errors import KeyRefusedError, RoleMissingError
from monitoring.recording import count_refused

KEY_NAME = "tickertape.key"
"""Where the scope of a request has the name of its key."""
_REALM = 'Bearer realm="tickertape"'
_HOW = "send `Authorization: Bearer KEY` or `X-API-Key: KEY`"


class KeyGate:
    """ASGI middleware that refuses requests before anything of them is read but their path and headers.

    Args:
        app: what is protected.
        keys: those in force.
    """

    def __init__(self, app: ASGIApp, *, keys: KeySource) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it may pass.

        Raises:
            KeyRefusedError: it shows no key, several, or one that is unknown.
            RoleMissingError: its key has none of the roles that its path needs.
        """
        if scope["type"] == "http" and not is_open(path := route_path(scope)):
            key = self._key(shown_keys(scope["headers"]))
            if not key.roles & (needed := roles_for(path)):
                count_refused("role")
                words = " or ".join(sorted(needed))
                raise RoleMissingError(
                    f"this key may {', '.join(sorted(key.roles))}; this path is for keys with the role {words}",
                    {"www-authenticate": f'{_REALM}, error="insufficient_scope", scope="{" ".join(sorted(needed))}"'},
                )
            scope[KEY_NAME] = key.name
        await self._app(scope, receive, send)

    def _key(self, shown: list[bytes]) -> ApiKey:
        if not shown:
            count_refused("no_key")
            raise KeyRefusedError(f"this server asks for a key: {_HOW}", {"www-authenticate": _REALM})
        if len(shown) > 1:
            count_refused("several_keys")
            raise KeyRefusedError(
                f"{len(shown)} keys were sent: {_HOW}, once",
                {"www-authenticate": f'{_REALM}, error="invalid_request"'},
            )
        key = self._keys.ring.find(shown[0])
        if key is None:
            count_refused("unknown_key")
            raise KeyRefusedError(
                "the key is none that this server knows: it is mistyped, or was revoked",
                {"www-authenticate": f'{_REALM}, error="invalid_token"'},
            )
        return key


def shown_keys(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """Give what a request shows as its key, also what is none; other schemes than Bearer are a proxy's affair.

    Args:
        headers: names in lower case.

    >>> shown_keys([(b"authorization", b"bearer  a "), (b"x-api-key", b"b"), (b"authorization", b"Basic c")])
    [b'a', b'b']
    """
    shown = []
    for name, value in headers:
        if name == b"x-api-key":
            shown.append(value.strip(b" \t"))
        elif name == b"authorization":
            scheme, _, rest = value.strip(b" \t").partition(b" ")
            if scheme.lower() == b"bearer":
                shown.append(rest.strip(b" \t"))
    return shown
