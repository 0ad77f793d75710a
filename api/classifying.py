"""From a body to its answer: the one inference path of all routes that classify."""

import time
from collections.abc import Callable, Sequence

from anyio import to_thread
from fastapi import Request

from api.access.rates import take_texts
from api.dependencies import INLINE_BODY_BYTES, ProcessState
from api.limits import read_body
from models.contracts import Predictor
from models.records import ClassifiedTweet, Tweet, classified_tweet, utc_timestamp
from monitoring.recording import count_texts


def classified(tweets: Sequence[Tweet], predictor: Predictor) -> list[ClassifiedTweet]:
    """Give the answer to each tweet as the stream gives it, in the same order, all at one time."""
    classified_at = utc_timestamp(time.time())
    predictions = predictor.predict(tweets)
    count_texts(len(tweets))
    take_texts(len(tweets))
    return [
        classified_tweet(tweet, prediction, classified_at=classified_at)
        for tweet, prediction in zip(tweets, predictions, strict=True)
    ]


async def answered(
    request: Request, state: ProcessState, answer: Callable[[bytes], bytes], *, may_take_long: bool
) -> bytes:
    """Read the body of a request and answer it: at once if it is small, else in a thread.

    Args:
        request: whose headers were checked.
        state: has the limits.
        answer: makes the answer's body of the request's.
        may_take_long: also a small body goes to the thread.

    Raises:
        OverloadedError: too many are in progress.
        BodyTooSlowError: the body did not arrive in time.
    """
    with state.slots.taken():
        body = await read_body(request, timeout_seconds=state.body_timeout_seconds)
        if len(body) <= INLINE_BODY_BYTES and not may_take_long:
            return answer(body)
        return await to_thread.run_sync(answer, body, limiter=state.prediction_threads)
