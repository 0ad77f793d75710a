"""Router: the Open Inference Protocol v2, as KServe and other serving clients speak it."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import check_headers
from api.classifying import answered, classified
from api.dependencies import PredictorDep, ProcessStateDep
from api.options import CHAMPION, chosen, versions_of
from api.protocols.documentation import (
    INFER_ANSWERS,
    INFER_BODY,
    MODEL_ANSWERS,
    SERVER_READY_ANSWERS,
)
from api.protocols.inference_codecs import INPUT, OUTPUTS, decode_inference, encode_inference
from api.protocols.schemas import (
    InferenceAnswer,
    ModelMetadata,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
    TensorMetadata,
)
from api.request_errors import UnknownModelError
from api.routes.version import package_version
from models.choosing import with_top_k
from models.contracts import Predictor
from models.following import FollowedPredictor, asks_teacher

PLATFORM = "tickertape_weights"

router = APIRouter(prefix="/v2", tags=["open inference protocol"])


@router.get("/", include_in_schema=False)  # as the protocol's OpenAPI document writes it; its text has no slash
@router.get("", summary="The server")
async def get_server() -> ServerMetadata:
    """Name the server; it has no extensions."""
    return ServerMetadata(version=package_version())


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", summary="Whether the process runs")
async def live() -> ServerLive:
    """Answer as long as the event loop turns."""
    return ServerLive()


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", summary="Whether requests are answered", responses=SERVER_READY_ANSWERS)
async def ready(_predictor: PredictorDep) -> ServerReady:
    """Answer 200 once the model is loaded and has answered; 503 until then."""
    return ServerReady()


@router.get("/models/{name}", summary="A model", responses=MODEL_ANSWERS)
@router.get("/models/{name}/versions/{version}", summary="A version of a model", responses=MODEL_ANSWERS)
async def get_model(
    name: str, predictor: PredictorDep, state: ProcessStateDep, version: str = CHAMPION
) -> ModelMetadata:
    """Tell which versions can be asked for, and the tensors that go in and come out."""
    await _asked(name, version, predictor, state)
    return ModelMetadata(
        name=name,
        versions=await versions_of(predictor, state),
        platform=PLATFORM,
        inputs=[TensorMetadata(name=INPUT, datatype="BYTES", shape=[-1])],
        outputs=[
            TensorMetadata(name=output, datatype=kind.datatype, shape=[-1, -1] if kind.is_matrix else [-1])
            for output, kind in OUTPUTS.items()
        ],
    )


@router.get("/models/{name}/ready", summary="Whether a model answers", responses=MODEL_ANSWERS)
@router.get("/models/{name}/versions/{version}/ready", summary="Whether a version answers", responses=MODEL_ANSWERS)
async def get_model_ready(
    name: str, predictor: PredictorDep, state: ProcessStateDep, version: str = CHAMPION
) -> ModelReady:
    """Answer 200 once the version is loaded; this loads one that is not."""
    await _asked(name, version, predictor, state)
    return ModelReady(name=name)


@router.post(
    "/models/{name}/infer",
    summary="Classify texts by a model",
    response_model=InferenceAnswer,
    responses=INFER_ANSWERS,
    openapi_extra={"requestBody": INFER_BODY},
)
@router.post(
    "/models/{name}/versions/{version}/infer",
    summary="Classify texts by a version of a model",
    response_model=InferenceAnswer,
    responses=INFER_ANSWERS,
    openapi_extra={"requestBody": INFER_BODY},
)
async def infer(
    name: str, request: Request, predictor: PredictorDep, state: ProcessStateDep, version: str = CHAMPION
) -> Response:
    """Give topic and sentiment of each text, in the order they were sent, as a tensor for each field."""
    check_headers(request.headers)
    asked = await _asked(name, version, predictor, state)
    answer = await answered(
        request,
        state,
        partial(inference_answer_to, predictor=asked, max_texts=state.max_texts),
        may_take_long=asks_teacher(asked),
    )
    return Response(answer, media_type="application/json")


def inference_answer_to(body: bytes, *, predictor: Predictor, max_texts: int) -> bytes:
    """Answer the body of one request with the body of its answer.

    Args:
        body: see `api.protocols.inference_codecs.decode_inference`.
        predictor: answers all texts at once.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape.
    """
    asked = decode_inference(body, max_texts=max_texts)
    if asked.top_k is not None:
        predictor = with_top_k(predictor, asked.top_k)
    return encode_inference(asked, classified(asked.tweets, predictor))


async def _asked(name: str, version: str, predictor: FollowedPredictor, state: ProcessStateDep) -> Predictor:
    there = predictor.model.name
    if name != there:
        raise UnknownModelError(f"there is no model {name[:100]!r}: there is {there}")
    return await chosen(version, predictor, state)
