"""Headers by which browsers keep what they are given to whom it is for."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
}
NOT_STORED = {b"cache-control": b"no-store"}


class SecurityHeaders:
    """ASGI middleware that adds headers to every answer that does not have its own.

    Args:
        app: what answers.
        headers: by their names in lower case.
    """

    def __init__(self, app: ASGIApp, *, headers: dict[bytes, bytes]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                missing = self._headers.copy()
                own = list(message.get("headers", ()))
                for name, _ in own:
                    missing.pop(name.lower(), None)
                message["headers"] = own + list(missing.items())
            await send(message)

        await self._app(scope, receive, send_with_headers)
