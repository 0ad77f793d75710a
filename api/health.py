"""Router: /health/live, /health/ready."""

from fastapi import APIRouter, Response

from api.dependencies import PredictorDep
from api.documentation import NOT_READY_ANSWER
from api.schemas import Live, ModelVersion, Ready

router = APIRouter(prefix="/health", tags=["health"])


@router.head("/live", include_in_schema=False)
@router.get("/live", summary="Whether the process runs")
async def live(response: Response) -> Live:
    """Answer 200 as long as the event loop turns; restart the process where this fails."""
    response.headers["cache-control"] = "no-store"
    return Live()


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="Whether requests are answered", responses=NOT_READY_ANSWER)
async def ready(response: Response, predictor: PredictorDep) -> Ready:
    """Answer 200 with the model's version once it is loaded and has answered; until then send no requests here."""
    response.headers["cache-control"] = "no-store"
    model = predictor.model
    return Ready(model=ModelVersion(name=model.name, version=model.version, online_version=model.online_version))
