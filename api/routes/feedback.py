"""Router: POST /feedback."""

import time
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.rates import take_texts
from api.bodies import check_headers
from api.codecs import Accepted, decode_feedback, encode
from api.dependencies import INLINE_BODY_BYTES, ProcessStateDep
from api.limits import read_body
from api.openapi.documentation import FEEDBACK_ANSWERS, FEEDBACK_BODY
from api.openapi.schemas import FeedbackAnswer
from models.records import utc_timestamp

router = APIRouter(tags=["feedback"])


@router.post(
    "/feedback",
    summary="Give labels to tweets",
    status_code=202,
    response_model=FeedbackAnswer,
    responses=FEEDBACK_ANSWERS,
    openapi_extra={"requestBody": FEEDBACK_BODY},
)
async def feedback(request: Request, state: ProcessStateDep) -> Response:
    """Take what somebody says a tweet is; answered when Kafka has acknowledged all, and learned from after that."""
    check_headers(request.headers)
    with state.feedback_slots.taken():
        body = await read_body(request, timeout_seconds=state.body_timeout_seconds)
        read = partial(decode_feedback, body, max_texts=state.max_texts, labelled_at=utc_timestamp(time.time()))
        if len(body) <= INLINE_BODY_BYTES:
            given = read()
        else:
            given = await to_thread.run_sync(read, limiter=state.prediction_threads)
        take_texts(len(given))
        await state.publisher.publish(given)
    return Response(encode(Accepted(len(given))), status_code=202, media_type="application/json")
