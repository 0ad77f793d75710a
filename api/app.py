"""`create_app`: the HTTP application; wiring only."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from api.access.documentation import describe_access
from api.access.wiring import Access
from api.counting import RequestCount
from api.dependencies import FeedbackPublisher, Follow, ProcessState
from api.errors import Problems, handle_http_exception
from api.limits import BodyLimit
from api.live import routes as live_routes
from api.live.hub import LiveFeed
from api.openapi import documentation
from api.protocols import inference, invocations
from api.request_ids import RequestIds
from api.routes import drift, feedback, health, learning, page, performance, predict, version
from api.tracing import RequestTraces, Traces
from api.versions import KeptVersions, VersionStore
from config.api import ApiSettings
from models.contracts import Predictor
from monitoring.drift.reports.store import ReportStore
from monitoring.metrics import exposition

logger = logging.getLogger(__name__)

_DESCRIPTION = """Topic, sentiment and tickers of finance tweets.

The answers are those of the stream: the same model, the same records, the same field names. Labels that are given to
tweets go to the stream, where the online model learns from them."""


def log_failure(exc: Exception) -> None:
    """Say that there is no model; the process stays, live but not ready."""
    logger.error("model_not_loaded", exc_info=exc)


def create_app(  # noqa: PLR0913  # the parts of one application, each named where it is wired
    settings: ApiSettings,
    *,
    load: Callable[[], Predictor],
    report_file: Path,
    publisher: FeedbackPublisher,
    reports: ReportStore,
    versions: VersionStore,
    live: LiveFeed | None = None,
    follow: Follow | None = None,
    traces: Traces | None = None,
    access: Access | None = None,
    on_load_failure: Callable[[Exception], None] = log_failure,
    wait_for_model_seconds: float = 0.0,
    metrics: Callable[[], bytes] = exposition,
) -> FastAPI:
    """Wire routes, limits and errors; nothing is loaded before the application's lifespan begins.

    Args:
        settings: the limits.
        load: gives the model; called once, in a thread of its own, while `/health/ready` answers 503.
        report_file: the champion's report, `config/run.json` in a checkout; need not be there.
        publisher: where feedback goes; closed at the end.
        reports: of the drift process; there need be none.
        versions: the registered versions that requests may ask for; asked in a thread.
        live: reads the topics from the start of the lifespan to its end; None where that is switched off.
        follow: begins to change the model when the registry's alias moves; None to keep the first.
        traces: makes spans of requests; closed at the end. None for none.
        access: who may ask, and how much; None for anyone and all they like.
        on_load_failure: called in that thread with what `load` or the first prediction raised.
        wait_for_model_seconds: longest time that connections wait for the model instead of being told 503. For
            processes that share a port: a client must not see which of them is ready.
        metrics: gives those of this process, or of all that share its port, in Prometheus' text format.
    """
    access = Access() if access is None else access
    state = ProcessState(
        max_texts=settings.max_texts,
        max_requests=settings.max_requests,
        body_timeout_seconds=settings.body_timeout_seconds,
        report_file=report_file,
        publisher=publisher,
        reports=reports,
        versions=KeptVersions(versions, most=settings.kept_versions),
        live=live,
        metrics=metrics,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loading = state.status.start_loading(load, on_load_failure, follow=follow)
        await access.begin()
        await to_thread.run_sync(loading.join, wait_for_model_seconds)
        if live is not None:
            live.start(state.status.model)
        yield
        if live is not None:
            await live.close()
        state.status.stop_following()
        access.end()
        await publisher.close()
        if traces is not None:
            await to_thread.run_sync(traces.tracer.close)

    app = _Application(
        title="Tickertape",
        version=version.API_VERSION,
        summary="Classify live finance tweets",
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own traces and logs say paths, queries and what exceptions say; ours are in `api.tracing`.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        middleware=[
            *([] if traces is None else [Middleware(RequestTraces, traces=traces)]),
            Middleware(RequestIds),
            Middleware(RequestCount),
            *access.around_problems(),
            Middleware(Problems),
            *access.inside_problems(),
            Middleware(BodyLimit, max_body_bytes=settings.max_body_bytes),
        ],
        exception_handlers={HTTPException: handle_http_exception},
    )
    app.state.process = state
    app.state.access = access
    for router in (
        predict.router,
        inference.router,
        invocations.router,
        feedback.router,
        performance.router,
        learning.router,
        drift.router,
        live_routes.router,
        health.router,
        version.router,
        page.router,
        documentation.router,
    ):
        app.include_router(router)
    return app


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Make the document at the first request for it, and keep it; the way FastAPI is extended."""
        if self.openapi_schema is None:
            state: ProcessState = self.state.process
            document = documentation.openapi_document(self, max_texts=state.max_texts)
            self.openapi_schema = describe_access(document, self.state.access)
        return self.openapi_schema
