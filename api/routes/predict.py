"""Router: POST /predict."""

from functools import partial

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import check_headers
from api.classifying import answered, classified
from api.codecs import decode_request, encode_answer
from api.dependencies import PredictorDep, process_state
from api.openapi.documentation import PREDICT_ANSWERS, PREDICT_BODY, PREDICT_PARAMETERS
from api.openapi.schemas import PredictAnswer
from api.options import ONLINE, chosen, read_options
from api.request_errors import InvalidQueryError
from models.choosing import with_top_k
from models.contracts import Predictor
from models.explain import explain, explainable
from models.explanations import ExplainedTweet
from models.following import answering, asks_teacher

EXPLAINED_TERMS = 10  # more say little, and the answer grows with each

router = APIRouter(tags=["predict"])


@router.post(
    "/predict",
    summary="Classify texts or tweets",
    response_model=PredictAnswer,
    responses=PREDICT_ANSWERS,
    openapi_extra={"requestBody": PREDICT_BODY, "parameters": PREDICT_PARAMETERS},
)
async def predict(request: Request, predictor: PredictorDep) -> Response:
    """Give topic, sentiment and tickers of each text, in the order they were sent."""
    state = await process_state(request)  # see `current_predictor`
    check_headers(request.headers)
    options = read_options(request)
    if options.explain and options.model == ONLINE:
        raise InvalidQueryError("explain is 'true' with model 'online': what was learned has no terms; explain batch")
    asked = await chosen(options.model, predictor, state)
    if options.top_k is not None:
        asked = with_top_k(asked, options.top_k)
    answer = await answered(
        request,
        state,
        partial(explained_answer_to if options.explain else answer_to, predictor=asked, max_texts=state.max_texts),
        may_take_long=options.explain or asks_teacher(asked),
    )
    return Response(answer, media_type="application/json")


def answer_to(body: bytes, *, predictor: Predictor, max_texts: int) -> bytes:
    """Answer the body of one request with the body of its answer.

    Args:
        body: see `api.codecs.decode_request`.
        predictor: answers all texts at once.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape.
    """
    return encode_answer(classified(decode_request(body, max_texts=max_texts), predictor))


def explained_answer_to(body: bytes, *, predictor: Predictor, max_texts: int) -> bytes:
    """Do the same and add to each answer the terms that carried it.

    Args:
        body: see `answer_to`.
        predictor: see `answer_to`.
        max_texts: see `answer_to`.

    Raises:
        ModelNotExplainableError: the predictor's answers are not sums over terms.
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape.
    """
    # A swap between answer and explanation would explain another model's answer; and a teacher has no terms.
    linear = explainable(answering(predictor))
    return encode_answer(
        [
            ExplainedTweet(
                **msgspec.structs.asdict(answer), explanation=explain(linear.scorer, answer.text, top=EXPLAINED_TERMS)
            )
            for answer in classified(decode_request(body, max_texts=max_texts), linear)
        ]
    )
