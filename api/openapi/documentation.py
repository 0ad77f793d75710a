"""OpenAPI with examples, and Swagger UI from this machine: the page works without network.

Swagger UI 5 (FastAPI writes OpenAPI 3.1, which version 4 can't show) comes from the files of `fastapi-offline`; its code
is not used.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

from api.live.schemas import LiveState
from api.openapi import examples, path_examples
from api.openapi.drift_schemas import DEFAULT_LIMIT, MAX_LIMIT
from api.openapi.schemas import FeedbackRequest, PredictRequest, Problem, Texts
from api.protocols.schemas import InferenceError, InferenceRequest, InvocationsRequest
from models.errors import ApiError
from models.taxonomy import LABELS

REFERENCE = "#/components/schemas/{model}"
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tickertape API</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/assets/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> has the same content.</noscript>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/assets/start.js"></script>
</body>
</html>
"""
# A file of its own, so that the page's policy needs no exception for scripts that stand in it.
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true,
  displayRequestDuration: true, validatorUrl: null,
});
"""
# Swagger UI sets styles at elements and shows its icons as data: images; all else comes from here.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def json_body(model: type[BaseModel], shown: dict[str, Any]) -> dict[str, Any]:
    """Describe a body that `api.codecs` and its like read."""
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": shown}}}


def problem_answer(description: str, example: dict[str, Any]) -> dict[str, Any]:
    """Describe an answer that is a problem."""
    schema = {"$ref": REFERENCE.format(model=Problem.__name__)}
    return {"description": description, "content": {"application/problem+json": {"schema": schema, "example": example}}}


def body_problems(path: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problems of every path that takes a body."""
    described = {
        400: ("The body is no JSON in UTF-8.", examples.MALFORMED),
        408: ("The body did not arrive in time.", examples.TOO_SLOW),
        413: ("The body has too many bytes.", examples.TOO_LARGE),
        415: ("The body is not sent as plain application/json.", examples.UNSUPPORTED),
        500: ("A fault of the server.", examples.FAILED),
    }
    return {status: problem_answer(text, {**shown, "instance": path}) for status, (text, shown) in described.items()}


NOT_READY_ANSWER: dict[int | str, dict[str, Any]] = {
    503: problem_answer("The model is being loaded.", {**examples.NOT_READY, "instance": "/health/ready"})
}
PREDICT_BODY = json_body(PredictRequest, examples.REQUESTS)
PREDICT_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "explain",
        "in": "query",
        "description": "Add to each answer the terms that carried it; slower.",
        "schema": {"type": "boolean", "default": False, "examples": [True]},
    },
    {
        "name": "top_k",
        "in": "query",
        "description": "Labels with their probability in each answer; API_TOP_K if left out.",
        "schema": {"type": "integer", "minimum": 1, "maximum": len(LABELS), "examples": [5]},
    },
    {
        "name": "model",
        "in": "query",
        "description": "Who answers: `champion` is who wins the contest, `batch` the registered model alone, `online` it "
        "with what was learned from late labels; a number is that version of the registry, alone.",
        "schema": {"type": "string", "default": "champion", "examples": ["batch"]},
    },
]
PREDICT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "One answer for each text.", "content": {"application/json": {"example": examples.ANSWER}}},
    **body_problems("/predict"),
    404: problem_answer("There is no such model.", examples.UNKNOWN_MODEL),
    422: problem_answer("The body is of another shape, or a text or parameter is not allowed.", examples.INVALID),
    501: problem_answer("The answers of this model can't be explained.", examples.NOT_EXPLAINABLE),
    503: problem_answer(
        "The model is being loaded, the version can't be loaded now, or too many requests are in progress.",
        examples.NOT_READY,
    ),
}
FEEDBACK_BODY = json_body(FeedbackRequest, examples.FEEDBACK_REQUESTS)
FEEDBACK_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Kafka has acknowledged every element; the learner reads them from there.",
        "content": {"application/json": {"example": examples.FEEDBACK_ANSWER}},
    },
    **body_problems("/feedback"),
    422: problem_answer("The body is of another shape, or a field is not allowed.", examples.INVALID_FEEDBACK),
    503: problem_answer(
        "Kafka has not acknowledged all, or too many requests are in progress: send all again.", examples.NO_KAFKA
    ),
}
_LOADING = problem_answer("The model is being loaded.", {**examples.NOT_READY, "instance": "/performance"})
PERFORMANCE_ANSWERS: dict[int | str, dict[str, Any]] = {
    404: problem_answer("This installation holds no report.", examples.NO_REPORT),
    422: problem_answer("The filter is none of the report's parts.", examples.UNKNOWN_FILTER),
    503: _LOADING,
}
MODELS_ANSWERS: dict[int | str, dict[str, Any]] = {
    503: problem_answer("The model is being loaded.", {**examples.NOT_READY, "instance": "/models"})
}
LEARNING_ANSWERS: dict[int | str, dict[str, Any]] = {
    404: problem_answer("Nothing was learned for the model that answers.", examples.NOTHING_LEARNED),
    503: problem_answer("The model is being loaded.", {**examples.NOT_READY, "instance": "/performance/online"}),
}
ARGUMENT_ANSWERS: dict[int | str, dict[str, Any]] = {
    404: problem_answer(
        "This installation holds no report, or the report no such argument.", examples.UNKNOWN_ARGUMENT
    ),
    503: _LOADING,
}
DRIFT_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "limit",
        "in": "query",
        "description": "Most events in the answer.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT, "examples": [5]},
    }
]
_DRIFT_EVENT = {"description": "The event.", "content": {"application/json": {"example": examples.DRIFT_EVENT}}}
_NO_SUCH_REPORT = problem_answer("No report of this id is kept.", examples.UNKNOWN_DRIFT_REPORT)
DRIFT_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The events, none where no report is kept.",
        "content": {"application/json": {"example": examples.DRIFT_EVENTS}},
    },
    422: problem_answer("The limit is not allowed.", examples.WRONG_LIMIT),
}
DRIFT_LATEST_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _DRIFT_EVENT,
    404: problem_answer("No report is kept.", examples.NO_DRIFT_REPORT),
}
DRIFT_EVENT_ANSWERS: dict[int | str, dict[str, Any]] = {200: _DRIFT_EVENT, 404: _NO_SUCH_REPORT}
DRIFT_PAGE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Evidently's page, some megabytes.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    },
    404: _NO_SUCH_REPORT,
}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> Response:
    """Show the API in Swagger UI."""
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


@router.get("/docs/assets/start.js")
async def start() -> Response:
    """Give the script that starts Swagger UI."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/assets/{name}")
async def asset(name: str) -> Response:
    """Give one of Swagger UI's files."""
    if name not in _ASSETS:
        raise HTTPException(404)
    return FileResponse(assets_folder() / name, media_type=_ASSETS[name], headers={"cache-control": "max-age=86400"})


def assets_folder() -> Path:
    """Find Swagger UI's files without running the package that carries them.

    Raises:
        ApiError: the package is not installed.
    """
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise ApiError("Swagger UI's files are not there: install the requirements again, fastapi-offline is missing")
    return Path(package.origin).parent / "static"


def openapi_document(app: FastAPI, *, max_texts: int) -> dict[str, Any]:
    """Describe the API in OpenAPI 3.1.

    FastAPI lists only the bodies that it reads itself, so those that `api.codecs` reads and writes are added.

    Args:
        app: the application with all its routes.
        max_texts: most texts or labels in one request, stated in the schema.
    """
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    read_here = (PredictRequest, FeedbackRequest, InferenceRequest, InvocationsRequest)
    for model in (*read_here, LiveState, InferenceError, Problem):
        schema = model.model_json_schema(ref_template=REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for methods in document["paths"].values():
        for operation in methods.values():  # FastAPI tells of a 422 for every parameter, in a shape of its own
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    path_examples.add_to(document)
    schemas[Texts.__name__]["properties"]["texts"]["maxItems"] = max_texts
    schemas[FeedbackRequest.__name__]["properties"]["feedback"]["maxItems"] = max_texts
    return document
