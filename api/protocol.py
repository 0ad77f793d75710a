"""HTTP as uvicorn speaks it, with a limit for what stands before a body.

Without one, a single request could fill the memory: its path and headers are kept until their end has come.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 65_536  # of path and headers together; other servers take 8 to 64 KiB
_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 27\r\nconnection: close\r\n\r\n"
    b"path and headers: too long."
)


class LimitedHeads(HttpToolsProtocol):
    """Ends connections whose request line and headers do not end."""

    _head_bytes = 0
    _is_in_body = False

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is too much."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self._is_in_body and not self.transport.is_closing():
            self.transport.write(_ANSWER)
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Count no more: what comes now is the body, which has a limit of its own."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Count the next request on this connection from here."""
        self._is_in_body = False
        self._head_bytes = 0
        super().on_message_complete()
