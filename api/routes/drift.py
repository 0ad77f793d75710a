"""Router: GET /drift, /drift/latest, /drift/{id}, /drift/{id}/report: what the drift process kept of its windows."""

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from api.codecs import encode
from api.dependencies import ProcessStateDep
from api.openapi.documentation import (
    DRIFT_ANSWERS,
    DRIFT_EVENT_ANSWERS,
    DRIFT_LATEST_ANSWERS,
    DRIFT_PAGE_ANSWERS,
    DRIFT_PARAMETERS,
)
from api.openapi.drift_schemas import DEFAULT_LIMIT, MAX_LIMIT
from api.openapi.drift_schemas import DriftEvent as DocumentedEvent
from api.openapi.drift_schemas import DriftEvents as DocumentedEvents
from api.queries import whole_number
from models.errors import DriftReportNotFoundError
from monitoring.drift.records import DriftEvent

# Evidently's page is one file with its scripts, styles and fonts in it, and asks no server for anything. Its scripts can't
# be told from others by their hashes without reading them from the same page. So the page may run them, and nothing else:
# the sandbox gives it an origin of its own, from which it reaches neither this API nor what a browser keeps for it.
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'; sandbox allow-scripts allow-downloads"
)
PAGE_HEADERS = {
    "content-security-policy": f"{REPORT_POLICY}; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "accept-ranges": "none",
}

router = APIRouter(tags=["drift"])


class DriftEvents(msgspec.Struct, frozen=True):
    """The answer of `GET /drift`."""

    events: tuple[DriftEvent, ...]


@router.get(
    "/drift",
    summary="What became of the last windows that have a report",
    response_model=DocumentedEvents,
    responses=DRIFT_ANSWERS,
    openapi_extra={"parameters": DRIFT_PARAMETERS},
)
def get_events(request: Request, state: ProcessStateDep) -> Response:
    """Give the events of the reports that are kept, the newest first."""
    limit = whole_number("limit", request.query_params.get("limit", str(DEFAULT_LIMIT)), most=MAX_LIMIT)
    return _json(DriftEvents(tuple(state.reports.events()[:limit])))


@router.get(
    "/drift/latest",
    summary="What became of the last window that has a report",
    response_model=DocumentedEvent,
    responses=DRIFT_LATEST_ANSWERS,
)
def get_latest(state: ProcessStateDep) -> Response:
    """Give the newest event that has a report.

    Raises:
        DriftReportNotFoundError: none has.
    """
    events = state.reports.events()
    if not events:
        raise DriftReportNotFoundError(
            "no drift report is kept here: run `tickertape drift`, which writes the first one when a window has moved, "
            "or set DRIFT_REPORTS_DIR of this server to the folder it writes to"
        )
    return _json(events[0])


@router.get(
    "/drift/{id}", summary="What became of one window", response_model=DocumentedEvent, responses=DRIFT_EVENT_ANSWERS
)
def get_event(id: str, state: ProcessStateDep) -> Response:  # noqa: A002  # the parameter's name in the path
    """Give the event of one report.

    Raises:
        DriftReportNotFoundError: none of this id is kept.
    """
    return _json(state.reports.event(id))


@router.get(
    "/drift/{id}/report",
    summary="The report of one window as a page",
    response_class=Response,
    responses=DRIFT_PAGE_ANSWERS,
)
def get_page(id: str, request: Request, state: ProcessStateDep) -> Response:  # noqa: A002  # as above
    """Give Evidently's page, for a browser.

    Raises:
        DriftReportNotFoundError: none of this id is kept.
    """
    path = state.reports.html(id)
    try:
        stat = path.stat()
    except FileNotFoundError as exc:  # a newer report pushed it out just now
        raise DriftReportNotFoundError(f"the drift report {id} is not kept any more") from exc
    # The page is given whole: a range that is none would be answered by Starlette, in no problem's shape.
    request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    return FileResponse(path, media_type="text/html", headers=PAGE_HEADERS, stat_result=stat)


def _json(record: msgspec.Struct) -> Response:
    return Response(encode(record), media_type="application/json", headers={"cache-control": "no-store"})
