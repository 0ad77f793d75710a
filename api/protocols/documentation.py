"""What OpenAPI says of the protocols that serving clients speak."""

from typing import Any

from api.openapi import examples
from api.openapi.documentation import REFERENCE, body_problems, json_body, problem_answer
from api.protocols import examples as protocol_examples
from api.protocols.schemas import InferenceError, InferenceRequest, InvocationsRequest

Answers = dict[int | str, dict[str, Any]]


def error_answer(description: str, problem: dict[str, Any]) -> dict[str, Any]:
    """Give the answer of the Open Inference Protocol that stands for a problem."""
    schema = {"$ref": REFERENCE.format(model=InferenceError.__name__)}
    content = {"application/json": {"schema": schema, "example": {"error": problem["detail"]}}}
    return {"description": description, "content": content}


_NO_SUCH_MODEL = error_answer("There is no such model or version.", examples.UNKNOWN_MODEL)
_NOT_READY = error_answer("The model is being loaded.", examples.NOT_READY)
_UNAVAILABLE = error_answer(
    "The model is being loaded, the version can't be loaded now, or too many requests are in progress.",
    examples.NOT_READY,
)

SERVER_READY_ANSWERS: Answers = {503: _NOT_READY}
MODEL_ANSWERS: Answers = {404: _NO_SUCH_MODEL, 503: _UNAVAILABLE}
INFER_BODY = json_body(InferenceRequest, protocol_examples.INFERENCES)
INFER_ANSWERS: Answers = {
    200: {
        "description": "A tensor for each output.",
        "content": {"application/json": {"example": protocol_examples.INFERENCE_ANSWER}},
    },
    400: error_answer("The body is no JSON in UTF-8.", examples.MALFORMED),
    404: _NO_SUCH_MODEL,
    408: error_answer("The body did not arrive in time.", examples.TOO_SLOW),
    413: error_answer("The body has too many bytes.", examples.TOO_LARGE),
    415: error_answer("The body is not sent as plain application/json.", examples.UNSUPPORTED),
    422: error_answer("The body is of another shape, or a text or parameter is not allowed.", examples.INVALID),
    500: error_answer("A fault of the server.", examples.FAILED),
    503: _UNAVAILABLE,
}
PING_ANSWERS: Answers = {
    200: {"description": "An empty line.", "content": {"application/json": {}}},
    503: problem_answer("The model is being loaded.", {**examples.NOT_READY, "instance": "/ping"}),
}
INVOCATIONS_BODY = json_body(InvocationsRequest, protocol_examples.INVOCATIONS)
INVOCATIONS_ANSWERS: Answers = {
    200: {
        "description": "A row for each text.",
        "content": {"application/json": {"example": protocol_examples.INVOCATIONS_ANSWER}},
    },
    **body_problems("/invocations"),
    422: problem_answer(
        "The body is of another shape, or a text is not allowed.",
        examples.problem(
            422,
            "Unprocessable Content",
            "the body: a body holds one of dataframe_split, dataframe_records, instances, inputs",
            instance="/invocations",
        ),
    ),
    503: problem_answer(
        "The model is being loaded, or too many requests are in progress.",
        {**examples.NOT_READY, "instance": "/invocations"},
    ),
}
