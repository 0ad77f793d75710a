"""Refuse requests of a client that asks for more than it may."""

import ipaddress
import math
from contextvars import ContextVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.accounts import Account, Accounts, Rate, Unit
from api.access.gate import KEY_NAME
from api.access.rules import is_open
from api.paths import route_path
from api.request_errors import RateLimitedError
from monitoring.recording import count_refused

IPV6_NETWORK_BITS = 64  # what one customer has: limits by address would be none
MAX_NAME_CHARACTERS = 64

_REQUESTS = frozenset({Unit.REQUESTS})
_UNITS = {"POST": frozenset(Unit)}  # only these have texts: whoever has used up its texts may still look


_current: ContextVar[Account | None] = ContextVar("account", default=None)


def take_texts(texts: int) -> None:
    """Take texts, or elements of feedback, off the account of the request that this code runs for, in any thread."""
    account = _current.get()
    if account is not None:
        account.take(Unit.TEXTS, texts)


class RateLimit:
    """ASGI middleware that refuses requests of a client that has asked for too much.

    Args:
        app: what is protected.
        accounts: of its clients.
    """

    def __init__(self, app: ASGIApp, *, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with what is left.

        Raises:
            RateLimitedError: too much; says when to come back.
        """
        if scope["type"] != "http" or is_open(route_path(scope)):
            await self._app(scope, receive, send)
            return
        account = self._accounts.of(client_of(scope))
        if (refusal := account.enter(_UNITS.get(scope["method"], _REQUESTS))) is not None:
            count_refused("rate")
            raise self._too_much(account, *refusal)

        async def send_with_rest(message: Message) -> None:
            if message["type"] == "http.response.start":
                rest = [(b"ratelimit-policy", self._accounts.policy), (b"ratelimit", account.header())]
                message["headers"] = [*message.get("headers", ()), *rest]
            await send(message)

        token = _current.set(account)
        try:
            await self._app(scope, receive, send_with_rest)
        finally:
            _current.reset(token)

    def _too_much(self, account: Account, rate: Rate, seconds: float) -> RateLimitedError:
        wait_seconds = max(1, math.ceil(seconds))
        return RateLimitedError(
            f"more than {rate.per_second:g} {rate.unit} a second were asked for ({rate.setting}): "
            f"come back in {wait_seconds} s",
            {
                "retry-after": str(wait_seconds),
                "ratelimit-policy": self._accounts.policy.decode(),
                "ratelimit": account.header().decode(),
            },
        )


def client_of(scope: Scope) -> str:
    """Name who asks: by its key, or where there are no keys by its address, of IPv6 by its network.

    >>> client_of({"client": ("2001:db8::7", 1)}), client_of({"client": ("::ffff:192.0.2.1", 1)})
    ('2001:db8::/64', '192.0.2.1')
    """
    if (name := scope.get(KEY_NAME)) is not None:
        return f"key {name}"
    host = (scope.get("client") or ("nobody", 0))[0]
    if ":" not in host:
        return str(host[:MAX_NAME_CHARACTERS])
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return str(host[:MAX_NAME_CHARACTERS])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), IPV6_NETWORK_BITS), strict=False))
