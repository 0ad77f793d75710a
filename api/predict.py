"""Router: POST /predict."""

import asyncio
import time

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.codecs import check_headers, decode_request, encode_answer
from api.dependencies import PredictorDep, ProcessStateDep
from api.documentation import PREDICT_ANSWERS, PREDICT_BODY
from api.schemas import PredictAnswer
from models.contracts import Predictor
from models.errors import BodyTooSlowError
from models.records import classified_tweet, utc_timestamp

# Up to this many bytes a request takes about a millisecond, less than a change of threads may cost the others.
INLINE_BODY_BYTES = 8192

router = APIRouter(tags=["predict"])


@router.post(
    "/predict",
    summary="Classify texts or tweets",
    response_model=PredictAnswer,
    responses=PREDICT_ANSWERS,
    openapi_extra={"requestBody": PREDICT_BODY},
)
async def predict(request: Request, state: ProcessStateDep, predictor: PredictorDep) -> Response:
    """Give topic, sentiment and tickers of each text, in the order they were sent."""
    check_headers(
        content_type=request.headers.get("content-type"), content_encoding=request.headers.get("content-encoding")
    )
    with state.slots.taken():
        body = await _body(request, state.body_timeout_seconds)
        if len(body) <= INLINE_BODY_BYTES:
            answer = answer_to(body, predictor=predictor, max_texts=state.max_texts)
        else:
            answer = await to_thread.run_sync(
                lambda: answer_to(body, predictor=predictor, max_texts=state.max_texts),
                limiter=state.prediction_threads,
            )
    return Response(answer, media_type="application/json")


async def _body(request: Request, timeout_seconds: float) -> bytes:
    # Without an end, a few slow clients could hold all slots.
    try:
        async with asyncio.timeout(timeout_seconds):
            return await request.body()
    except TimeoutError as exc:
        raise BodyTooSlowError(
            f"the body did not arrive in {timeout_seconds:g} seconds (API_BODY_TIMEOUT_SECONDS): send fewer texts at once"
        ) from exc


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
    return encode_answer(
        [
            classified_tweet(tweet, prediction, classified_at=classified_at)
            for tweet, prediction in zip(tweets, predictions, strict=True)
        ]
    )
