"""Router: /health/live, /health/ready, /metrics."""

import msgspec
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from api.dependencies import PredictorDep, ProcessStateDep
from api.openapi.documentation import NOT_READY_ANSWER
from api.openapi.model_schemas import Live, Ready, Refusal
from api.openapi.schemas import ModelVersion
from monitoring.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", summary="Whether the process runs")
async def live(response: Response) -> Live:
    """Answer 200 as long as the event loop turns; restart the process where this fails."""
    response.headers["cache-control"] = "no-store"
    return Live()


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", summary="Whether requests are answered", responses=NOT_READY_ANSWER)
async def ready(response: Response, state: ProcessStateDep, predictor: PredictorDep) -> Ready:
    """Answer 200 with the version that answers once it is loaded and has answered; until then send no requests here."""
    response.headers["cache-control"] = "no-store"
    refusal = state.status.last_refusal
    return Ready(
        model=ModelVersion(**msgspec.structs.asdict(predictor.model)),
        last_refusal=None
        if refusal is None
        else Refusal(version=refusal.version, reasons=list(refusal.reasons), time=refusal.time),
    )


@router.get("/metrics", summary="Metrics for Prometheus", response_class=PlainTextResponse)
def metrics(state: ProcessStateDep) -> Response:
    """Answer in Prometheus' text format; where processes share the port, for all, by the label `process`."""
    return Response(state.metrics(), media_type=CONTENT_TYPE)
