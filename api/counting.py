"""Count requests for Prometheus."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.recording import UNKNOWN_ROUTE, count_request

NO_ANSWER = "none"


class RequestCount:
    """ASGI middleware that counts each request when it has ended.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what became of it; `NO_ANSWER` where the client left before."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = NO_ANSWER
        started = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            seconds = time.perf_counter() - started
            # The router leaves the route that it found; paths that have none must not become label values.
            route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
            count_request(route=route, method=scope["method"], status=status, seconds=seconds)
