"""Router: POST /predict."""

import time

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.bodies import check_headers
from api.codecs import ExplainedTweet, decode_request, encode_answer
from api.dependencies import INLINE_BODY_BYTES, PredictorDep, ProcessStateDep
from api.documentation import PREDICT_ANSWERS, PREDICT_BODY, PREDICT_PARAMETERS
from api.limits import read_body
from api.schemas import PredictAnswer
from models.contracts import Predictor
from models.errors import InvalidQueryError
from models.explain import explain, explainable
from models.following import answering, asks_teacher
from models.records import classified_tweet, utc_timestamp
from monitoring.recording import count_texts

EXPLAINED_TERMS = 10  # more say little, and the answer grows with each

router = APIRouter(tags=["predict"])


@router.post(
    "/predict",
    summary="Classify texts or tweets",
    response_model=PredictAnswer,
    responses=PREDICT_ANSWERS,
    openapi_extra={"requestBody": PREDICT_BODY, "parameters": PREDICT_PARAMETERS},
)
async def predict(request: Request, state: ProcessStateDep, predictor: PredictorDep) -> Response:
    """Give topic, sentiment and tickers of each text, in the order they were sent."""
    check_headers(
        content_type=request.headers.get("content-type"), content_encoding=request.headers.get("content-encoding")
    )
    is_explained = bool(request.scope["query_string"]) and _asks_to_explain(request)
    with state.slots.taken():
        body = await read_body(request, timeout_seconds=state.body_timeout_seconds)
        if len(body) <= INLINE_BODY_BYTES and not is_explained and not asks_teacher(predictor):
            answer = answer_to(body, predictor=predictor, max_texts=state.max_texts)
        else:
            to_answer = explained_answer_to if is_explained else answer_to
            answer = await to_thread.run_sync(
                lambda: to_answer(body, predictor=predictor, max_texts=state.max_texts),
                limiter=state.prediction_threads,
            )
    return Response(answer, media_type="application/json")


def _asks_to_explain(request: Request) -> bool:
    value = request.query_params.get("explain", "false")
    if value not in {"true", "false"}:
        raise InvalidQueryError(f"explain is {value[:100]!r}: send true or false")
    return value == "true"


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
    tweets = decode_request(body, max_texts=max_texts)
    classified_at = utc_timestamp(time.time())
    predictions = predictor.predict(tweets)
    count_texts(len(tweets))
    return encode_answer(
        [
            classified_tweet(tweet, prediction, classified_at=classified_at)
            for tweet, prediction in zip(tweets, predictions, strict=True)
        ]
    )


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
    tweets = decode_request(body, max_texts=max_texts)
    classified_at = utc_timestamp(time.time())
    predictions = linear.predict(tweets)
    count_texts(len(tweets))
    return encode_answer(
        [
            ExplainedTweet(
                **msgspec.structs.asdict(classified_tweet(tweet, prediction, classified_at=classified_at)),
                explanation=explain(linear.scorer, tweet.text, top=EXPLAINED_TERMS),
            )
            for tweet, prediction in zip(tweets, predictions, strict=True)
        ]
    )
