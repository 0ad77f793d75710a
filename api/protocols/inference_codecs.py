"""Bytes <-> tensors of the Open Inference Protocol v2: one input `text`, an answer column by column.

The protocol: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from api.bodies import WrongElementError, WrongField, check_count, invalid, read_each, read_json
from api.codecs import text_alone
from models.records import ClassifiedTweet, Tweet
from models.taxonomy import LABELS
from models.tweets import Reason

INPUT = "text"
MAX_NAMED_OUTPUTS = 64  # each of the six may be named again; nobody has a reason to do so

_Column = Callable[[ClassifiedTweet], Any]


class OutputKind(NamedTuple):
    """An output tensor.

    Attributes:
        datatype: of the protocol; scores have six decimals, which FP32 lacks.
        is_matrix: of shape (n, k) with the k most probable labels; else (n,).
        column: gives its element, or elements, for one answer.
    """

    datatype: Literal["BYTES", "FP64"]
    is_matrix: bool
    column: _Column


OUTPUTS: dict[str, OutputKind] = {
    "label": OutputKind("BYTES", is_matrix=False, column=lambda answer: answer.label),
    "label_score": OutputKind("FP64", is_matrix=False, column=lambda answer: answer.label_score),
    "sentiment": OutputKind("BYTES", is_matrix=False, column=lambda answer: answer.sentiment),
    "sentiment_score": OutputKind("FP64", is_matrix=False, column=lambda answer: answer.sentiment_score),
    "labels": OutputKind("BYTES", is_matrix=True, column=lambda answer: list(answer.labels)),
    "label_scores": OutputKind("FP64", is_matrix=True, column=lambda answer: list(answer.labels.values())),
}
"""By name, in the order in which they are answered where a request names none."""


class _InputParameters(msgspec.Struct, frozen=True):
    content_type: Literal["str", "base64"] | None = None
    binary_data_size: int | None = None


class _Input(msgspec.Struct, frozen=True):
    name: str
    shape: Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=2)]
    datatype: str
    data: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    parameters: _InputParameters | None = None


class _Output(msgspec.Struct, frozen=True):
    name: str


class _Parameters(msgspec.Struct, frozen=True):
    top_k: Annotated[int, msgspec.Meta(ge=1, le=len(LABELS))] | None = None


class _InferenceRequest(msgspec.Struct, frozen=True):
    inputs: list[_Input]
    id: str | None = None
    parameters: _Parameters | None = None
    outputs: Annotated[list[_Output], msgspec.Meta(max_length=MAX_NAMED_OUTPUTS)] | None = None


class Inference(NamedTuple):
    """What a request asks for.

    Attributes:
        tweets: a text each.
        outputs: names of `OUTPUTS` that are answered, in this order.
        id: given back in the answer; None for none.
        top_k: labels in `labels` and `label_scores`; None for as many as are set.
    """

    tweets: list[Tweet]
    outputs: list[str]
    id: str | None
    top_k: int | None


class _Tensor(msgspec.Struct, frozen=True):
    name: str
    datatype: str
    shape: list[int]
    data: list[Any]


class _AnswerParameters(msgspec.Struct, frozen=True):
    online_version: int


class _InferenceAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    model_name: str
    model_version: str
    parameters: _AnswerParameters
    outputs: list[_Tensor]
    id: str | None = None


_decoder = msgspec.json.Decoder(_InferenceRequest)
_element_decoder: msgspec.json.Decoder[str | list[str]] = msgspec.json.Decoder(str | list[str])
_encoder = msgspec.json.Encoder()


def decode_inference(body: bytes, *, max_texts: int) -> Inference:
    """Read the body of an inference request.

    Args:
        body: JSON in UTF-8, an inference request object with one input `text` of datatype BYTES and shape [n] or [n, 1],
            its data flat or nested, its elements strings, or base64 of UTF-8 with the parameter `content_type`
            `base64`. Members and parameters that are not known are ignored.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape; names the first wrong field of each text.
    """
    return read_json(body, lambda content: _inference(_decoder.decode(content), max_texts))


def encode_inference(asked: Inference, answers: Sequence[ClassifiedTweet]) -> bytes:
    """Write the answer of an inference request.

    Args:
        asked: what was asked for.
        answers: of one model, at least one.
    """
    model = answers[0].model
    return _encoder.encode(
        _InferenceAnswer(
            model_name=model.name,
            model_version=model.version,
            parameters=_AnswerParameters(model.online_version),
            outputs=[_tensor(name, answers) for name in asked.outputs],
            id=asked.id,
        )
    )


def _inference(request: _InferenceRequest, max_texts: int) -> Inference:
    if [tensor.name for tensor in request.inputs] != [INPUT]:
        raise invalid([WrongField("inputs", "wrong_inputs", f"there is one input, {INPUT!r}: send it and no other")])
    outputs = list(OUTPUTS) if request.outputs is None else [output.name for output in request.outputs]
    for position, name in enumerate(outputs):
        if name not in OUTPUTS:
            detail = f"there is no such output: there are {', '.join(OUTPUTS)}"
            raise invalid([WrongField(f"outputs[{position}].name", "unknown_output", detail)])
    return Inference(
        tweets=_texts(request.inputs[0], max_texts),
        outputs=outputs,
        id=request.id,
        top_k=request.parameters.top_k if request.parameters else None,
    )


def _texts(tensor: _Input, max_texts: int) -> list[Tweet]:
    parameters = tensor.parameters or _InputParameters()
    if parameters.binary_data_size is not None:
        detail = "binary tensors are not read (the server's extensions are empty): send the texts in data"
        raise invalid([WrongField("inputs[0].parameters.binary_data_size", "unsupported", detail)])
    if tensor.datatype != "BYTES":
        raise invalid([WrongField("inputs[0].datatype", "wrong_datatype", "a text is BYTES")])
    if isinstance(tensor.data, msgspec.UnsetType):
        raise invalid([WrongField("inputs[0].data", Reason.MISSING_FIELD, "this field is required")])
    count = len(tensor.data)
    if tensor.shape not in ([count], [count, 1]):
        detail = f"data has {count} elements: its shape is [{count}] or [{count}, 1]"
        raise invalid([WrongField("inputs[0].shape", "wrong_shape", detail)])
    check_count("inputs[0].data", count, most=max_texts)
    read = _base64_tweet if parameters.content_type == "base64" else text_alone
    return read_each(tensor.data, lambda raw: read(_string(raw, tensor.shape)), place="inputs[0].data[{}]")


def _string(raw: msgspec.Raw, shape: list[int]) -> str:
    element = _element_decoder.decode(raw)
    if isinstance(element, str):
        return element
    if len(shape) == 1 or len(element) != 1:
        raise WrongElementError(WrongField("", "wrong_shape", "an element is one string"))
    return element[0]


def _base64_tweet(encoded: str) -> Tweet:
    try:
        return text_alone(base64.b64decode(encoded, validate=True).decode())
    except (binascii.Error, ValueError) as exc:  # also no ASCII, and no UTF-8 inside
        raise WrongElementError(WrongField("", "wrong_encoding", "this is no base64 of UTF-8")) from exc


def _tensor(name: str, answers: Sequence[ClassifiedTweet]) -> _Tensor:
    kind = OUTPUTS[name]
    rows = [kind.column(answer) for answer in answers]
    if not kind.is_matrix:
        return _Tensor(name, kind.datatype, [len(rows)], rows)
    flat = [element for row in rows for element in row]
    return _Tensor(name, kind.datatype, [len(rows), len(rows[0])], flat)
