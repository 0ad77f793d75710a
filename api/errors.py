"""Project exception -> problem+json (RFC 9457), in one table."""

import json
import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.openapi.schemas import FieldProblem, Problem
from api.paths import is_of_protocol, route_path
from api.request_errors import (
    BodyTooLargeError,
    BodyTooSlowError,
    FeedbackNotDeliveredError,
    HostRefusedError,
    InvalidBodyError,
    InvalidQueryError,
    KeyRefusedError,
    LiveUnavailableError,
    MalformedBodyError,
    ModelNotReadyError,
    ModelUnavailableError,
    OverloadedError,
    RateLimitedError,
    RefusedError,
    ReportNotFoundError,
    RoleMissingError,
    TickerNotFoundError,
    UnknownModelError,
    UnsupportedBodyError,
)
from api.request_ids import current_request_id
from models.errors import DriftReportNotFoundError, ModelNotExplainableError, TickertapeError

logger = logging.getLogger(__name__)

STATUS_OF: dict[type[TickertapeError], HTTPStatus] = {
    MalformedBodyError: HTTPStatus.BAD_REQUEST,
    KeyRefusedError: HTTPStatus.UNAUTHORIZED,
    RoleMissingError: HTTPStatus.FORBIDDEN,
    ReportNotFoundError: HTTPStatus.NOT_FOUND,
    DriftReportNotFoundError: HTTPStatus.NOT_FOUND,
    BodyTooSlowError: HTTPStatus.REQUEST_TIMEOUT,
    BodyTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedBodyError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HostRefusedError: HTTPStatus.MISDIRECTED_REQUEST,
    InvalidBodyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidQueryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimitedError: HTTPStatus.TOO_MANY_REQUESTS,
    ModelNotExplainableError: HTTPStatus.NOT_IMPLEMENTED,
    UnknownModelError: HTTPStatus.NOT_FOUND,
    TickerNotFoundError: HTTPStatus.NOT_FOUND,
    LiveUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelNotReadyError: HTTPStatus.SERVICE_UNAVAILABLE,
    OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    FeedbackNotDeliveredError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The status of every exception that a request can end in; any other is a fault of ours: 500."""

_HEADERS_OF: dict[HTTPStatus, dict[str, str]] = {
    # Closing tells the client to stop sending what nobody reads.
    HTTPStatus.REQUEST_TIMEOUT: {"connection": "close"},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"connection": "close"},
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {"accept": "application/json", "accept-encoding": "identity"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"retry-after": "1"},
}
# RFC 9110's names; those of Python 3.11 are older.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class Problems:
    """ASGI middleware that turns every exception into problem+json.

    Args:
        app: what may raise.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer in its place if it raises before the answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except ClientDisconnect:
            logger.debug("client_left")
        except Exception as exc:  # the edge: whatever it is, the client gets a problem and we get a log line
            if has_begun:
                raise
            await problem_response(Request(scope), exc)(scope, receive, send)


async def handle_http_exception(request: Request, exc: Exception) -> Response:
    """Answer what the router itself raises: no such route, no such method."""
    return problem_response(request, exc)


def problem_response(request: Request, exc: Exception) -> Response:
    """Describe a failed request; what is no fault of the client is logged and not described.

    Args:
        request: gives the `instance`, the path without its query.
        exc: a `RequestError`, an `HTTPException`, or anything else, which is a 500.
    """
    headers: dict[str, str] = {}
    fields: list[FieldProblem] | None = None
    if isinstance(exc, HTTPException):
        status, detail, headers = HTTPStatus(exc.status_code), _describe(request, exc), dict(exc.headers or {})
    elif isinstance(exc, TickertapeError) and type(exc) in STATUS_OF:
        status, detail = STATUS_OF[type(exc)], str(exc)
        headers = exc.headers if isinstance(exc, RefusedError) else _HEADERS_OF.get(status, {})
        if isinstance(exc, InvalidBodyError):
            fields = [FieldProblem(field=field, reason=reason, detail=text) for field, reason, text in exc.fields]
    else:
        status, detail = (
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "the request could not be answered; the server's log says why",
        )
        logger.error("request_failed", exc_info=exc, extra={"method": request.method, "path": request.url.path})
    if is_of_protocol(route_path(request.scope)):
        return Response(
            json.dumps({"error": detail}), status_code=status, headers=headers, media_type="application/json"
        )
    problem = Problem(
        title=_TITLES.get(status, status.phrase),
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=current_request_id() or None,
        errors=fields,
    )
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=status, headers=headers, media_type="application/problem+json")


def _describe(request: Request, exc: HTTPException) -> str:
    if exc.status_code == HTTPStatus.NOT_FOUND:
        docs = f"{request.scope.get('root_path', '')}/docs"
        return f"no such path: {request.url.path}; {docs} lists those that are there"
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (exc.headers or {}).get("Allow", "")
        return f"{request.url.path} does not take {request.method}, it takes {allowed}"
    return str(exc.detail)
