"""Router: GET /, the live page, and its files."""

import re

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.page_files import PageFile, page_files
from api.routes.drift import REPORT_POLICY

# All comes from this server and no text becomes markup: not even a script of ours may try (trusted types).
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_INDEX_HEADERS = {
    **_HEADERS,
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
}
_FILE_HEADERS = {**_HEADERS, "cache-control": "public, max-age=31536000, immutable"}
FRAME = "report.html"
_FRAME_HEADERS = {
    **_HEADERS,
    "content-security-policy": f"{REPORT_POLICY}; frame-ancestors 'self'",
    "cache-control": "no-cache",  # the policy may change where the file does not
}

_NEVER = re.compile(r"0(\.0*)?")

router = APIRouter(include_in_schema=False)


@router.get("/")
def index(request: Request) -> Response:
    """Show the stream as it comes."""
    return _answer(request, page_files().index, _INDEX_HEADERS)


@router.get("/page/{digest}/{name}")
def file(digest: str, name: str, request: Request) -> Response:
    """Give one of the page's files; its address changes with its content, so a browser may keep it for ever."""
    files = page_files()
    if digest != files.digest or name not in files.named:
        raise HTTPException(404)
    return _answer(request, files.named[name], _FRAME_HEADERS if name == FRAME else _FILE_HEADERS)


def _answer(request: Request, found: PageFile, headers: dict[str, str]) -> Response:
    headers = {**headers, "etag": found.etag}
    if found.etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Tell whether the header names gzip, and not as what must not come.

    >>> _takes_gzip("br, gzip;q=0.5"), _takes_gzip("gzip; q=0, identity"), _takes_gzip("")
    (True, False, False)
    """
    for part in accepted.lower().split(","):
        name, _, quality = part.replace(" ", "").partition(";q=")
        if name == "gzip":
            return _NEVER.fullmatch(quality) is None
    return False
