"""What an application is given to keep strangers out, and the middleware that does it."""

from dataclasses import dataclass

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api.access.accounts import Accounts
from api.access.gate import KeyGate
from api.access.headers import NOT_STORED, SECURITY_HEADERS, SecurityHeaders
from api.access.hosts import HostGate
from api.access.key_source import KeySource
from api.access.rates import RateLimit

POLL_SECONDS = 1.0  # for so long a key that was revoked may go on


@dataclass(frozen=True)
class Access:
    """Who may ask, and how much; without anything, anyone and all they like.

    Attributes:
        keys: those in force; None where none is asked for.
        accounts: of the clients; None for no limit.
        origins: of other servers' pages whose scripts may ask and read answers, as `https://desk.example`.
        hosts: names of this server, beside `localhost` and addresses; None for whatever it is asked by.
    """

    keys: KeySource | None = None
    accounts: Accounts | None = None
    origins: tuple[str, ...] = ()
    hosts: frozenset[str] | None = None

    async def begin(self) -> None:
        """Read the keys, and read them again when they change."""
        if self.keys is not None:
            await to_thread.run_sync(self.keys.load)
            self.keys.start(poll_seconds=POLL_SECONDS)

    def end(self) -> None:
        """Read no more."""
        if self.keys is not None:
            self.keys.stop()

    def around_problems(self) -> list[Middleware]:
        """Give what every answer passes, also one that tells of a problem."""
        headers = SECURITY_HEADERS if self.keys is None else SECURITY_HEADERS | NOT_STORED
        wrapped = [Middleware(SecurityHeaders, headers=headers)]
        if self.origins:
            wrapped.append(
                Middleware(
                    CORSMiddleware,
                    allow_origins=self.origins,
                    allow_methods=("GET", "HEAD", "POST"),
                    allow_headers=("authorization", "x-api-key", "x-request-id"),
                    expose_headers=("x-request-id", "retry-after", "ratelimit", "ratelimit-policy"),
                )
            )
        return wrapped

    def inside_problems(self) -> list[Middleware]:
        """Give what may refuse a request."""
        return [
            *([] if self.hosts is None else [Middleware(HostGate, names=self.hosts)]),
            *([] if self.keys is None else [Middleware(KeyGate, keys=self.keys)]),
            *([] if self.accounts is None else [Middleware(RateLimit, accounts=self.accounts)]),
        ]
