"""Router: GET /models, who answers now; GET /performance/online, how batch and online model do on the labels that came."""

import msgspec
from fastapi import APIRouter

from api.dependencies import PredictorDep, ProcessStateDep
from api.openapi.documentation import LEARNING_ANSWERS, MODELS_ANSWERS
from api.openapi.model_schemas import AnsweringChange, ModelChange, Models, OnlinePerformance
from api.openapi.schemas import ModelVersion
from api.request_errors import ReportNotFoundError
from models.online.status import answering_of, online_status

router = APIRouter(tags=["model"])


@router.get("/models", summary="Who answers now, and what changed", responses=MODELS_ANSWERS)
def get_models(predictor: PredictorDep, state: ProcessStateDep) -> Models:
    """Give the versions that answer, which of batch and online model does for each head, and the last changes."""
    return Models(
        model=ModelVersion(**msgspec.structs.asdict(predictor.model)),
        answering=answering_of(predictor.current),
        answering_changes=[AnsweringChange(**msgspec.structs.asdict(change)) for change in predictor.answering_changes],
        model_changes=[
            ModelChange(**(msgspec.structs.asdict(change) | {"reasons": list(change.reasons)}))
            for change in state.status.changes
        ],
    )


@router.get("/performance/online", summary="How the models do on the labels that came", responses=LEARNING_ANSWERS)
def get_online_performance(predictor: PredictorDep) -> OnlinePerformance:
    """Give the figures of the last labels, each scored before it was learned.

    Raises:
        ReportNotFoundError: nothing was learned for the model that answers.
    """
    snapshot = predictor.snapshot
    if snapshot is None:
        raise ReportNotFoundError(
            f"nothing was learned yet for {predictor.model.name} {predictor.model.version}, or this process can't read "
            "the snapshots in Kafka (KAFKA_BOOTSTRAP_SERVERS)"
        )
    return OnlinePerformance(**msgspec.to_builtins(online_status(snapshot)))
