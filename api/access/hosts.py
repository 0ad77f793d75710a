"""Answer only who asks for this server by a name of its own, so that no page of another server passes for one of ours."""

import ipaddress
import re

from starlette.types import ASGIApp, Receive, Scope, Send

from api.request_errors import HostRefusedError

_HOST = re.compile(rb"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(:[0-9]*)?")


class HostGate:
    """ASGI middleware that refuses requests for hosts of other names.

    A page can make a browser believe that its server's name is an address of ours, and then asks here as if it came from
    here. The request still says the page's name. Addresses, `localhost` and requests without a host are always let in: no
    other server's page has such a name.

    Args:
        app: what is protected.
        names: further ones that are ours, in lower case.
    """

    def __init__(self, app: ASGIApp, *, names: frozenset[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it is meant for this server.

        Raises:
            HostRefusedError: it names another host, or several.
        """
        if scope["type"] == "http":
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) > 1 or (hosts and not self._is_ours(hosts[0])):
                raise HostRefusedError(
                    f"this server is not {hosts[-1].decode('latin-1')!r:.100}: ask for localhost or an address, or name "
                    "the host in API_ALLOWED_HOSTS"
                )
        await self._app(scope, receive, send)

    def _is_ours(self, host: bytes) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].decode("latin-1").lower().removesuffix(".")
        return name == "localhost" or name in self._names or _is_address(name.strip("[]"))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
