"""Router: MLflow's scoring protocol, so that who calls `mlflow models serve` can call this."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import check_headers
from api.classifying import answered, classified
from api.dependencies import PredictorDep, ProcessStateDep
from api.protocols.documentation import INVOCATIONS_ANSWERS, INVOCATIONS_BODY, PING_ANSWERS
from api.protocols.invocations_codecs import decode_invocation, encode_invocation
from api.protocols.schemas import InvocationsAnswer
from models.contracts import Predictor
from models.following import asks_teacher

router = APIRouter(tags=["mlflow"])


@router.head("/health", include_in_schema=False)
@router.head("/ping", include_in_schema=False)
@router.get("/health", summary="The same as /ping", responses=PING_ANSWERS)
@router.get("/ping", summary="Whether requests are answered", responses=PING_ANSWERS)
async def ping(_predictor: PredictorDep) -> Response:
    """Answer 200 with an empty line, as MLflow's server does, once the model is loaded; 503 until then."""
    return Response("\n", media_type="application/json")


@router.post(
    "/invocations",
    summary="Classify the texts of a table",
    response_model=InvocationsAnswer,
    responses=INVOCATIONS_ANSWERS,
    openapi_extra={"requestBody": INVOCATIONS_BODY},
)
async def invocations(request: Request, state: ProcessStateDep, predictor: PredictorDep) -> Response:
    """Give topic and sentiment of each text, in the order they were sent, with the columns of the model's signature."""
    check_headers(request.headers)
    answer = await answered(
        request,
        state,
        partial(invocation_answer_to, predictor=predictor, max_texts=state.max_texts),
        may_take_long=asks_teacher(predictor),
    )
    return Response(answer, media_type="application/json")


def invocation_answer_to(body: bytes, *, predictor: Predictor, max_texts: int) -> bytes:
    """Answer the body of one request with the body of its answer.

    Args:
        body: see `api.protocols.invocations_codecs.decode_invocation`.
        predictor: answers all texts at once.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape.
    """
    return encode_invocation(classified(decode_invocation(body, max_texts=max_texts), predictor))
