"""What OpenAPI says of the live feed."""

from typing import Any

from api.live import examples, frames
from api.live.schemas import LiveState
from api.openapi.documentation import REFERENCE, problem_answer

Answers = dict[int | str, dict[str, Any]]

LIVE_ANSWERS: Answers = {
    200: {
        "description": "Events without end. The first is `state`, with the data shown here; then comes a `tick` every "
        "API_LIVE_SECONDS, with the same members but `history`. `id` is the number of the tick.",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": REFERENCE.format(model=LiveState.__name__)},
                },
                "example": (
                    frames.RETRY + frames.event("state", 41, examples.STATE) + frames.event("tick", 42, examples.TICK)
                ).decode(),
            }
        },
    },
    503: problem_answer("The feed is switched off, or too many streams are open.", examples.SWITCHED_OFF),
}
TICKER_ANSWERS: Answers = {
    200: {"description": "What was read of it.", "content": {"application/json": {"example": examples.TICKER}}},
    404: problem_answer("No tweet of this ticker was read in the last 15 minutes.", examples.UNKNOWN_TICKER),
    503: problem_answer(
        "The feed is switched off, or Kafka is away.", {**examples.SWITCHED_OFF, "instance": "/tickers/XOM"}
    ),
}
